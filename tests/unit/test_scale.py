"""The simulation of a hosted fleet: what it must say whatever the costs are."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.benchmarks.kit.scale import Costs, Habits, Machines, cores_needed, monday, most_accounts

COSTS = Costs(
    look=0.010,
    look_database=0.002,
    note=0.010,
    note_database=0.004,
    commits=3,
    commits_of_note=4,
    dispatch=0.0001,
    listening_bytes=100e3,
    stored_bytes=40e3,
    answer=0.3,
)
SMALL = st.integers(1, 40).map(lambda times: times * 500)
CORES = st.integers(1, 30)


@settings(max_examples=10, deadline=None)
@given(SMALL, CORES)
def test_with_more_cores_nothing_waits_longer(accounts: int, cores: int):
    fewer, more = (monday(accounts, COSTS, Machines(worker_cores=number)) for number in (cores, cores + 1))
    assert more.latest <= fewer.latest
    assert more.late <= fewer.late


@settings(max_examples=10, deadline=None)
@given(SMALL, CORES)
def test_no_resource_is_used_beyond_what_there_is_of_it(accounts: int, cores: int):
    day = monday(accounts, COSTS, Machines(worker_cores=cores, database_cores=2, commits=500))
    assert max(day.workers, day.database, day.commits) <= 1 + 1e-9


def test_the_cores_needed_are_enough_and_one_fewer_is_not():
    needed = cores_needed(50_000, COSTS)
    assert needed > 1
    assert monday(50_000, COSTS, Machines(worker_cores=needed)).latest <= 300
    assert monday(50_000, COSTS, Machines(worker_cores=needed - 1)).latest > 300


@pytest.mark.parametrize(
    ("costs", "machines", "gives_way"),
    [
        (COSTS, Machines(worker_cores=4), "the workers' cores"),
        (replace(COSTS, look_database=0.02), Machines(worker_cores=400), "the database's cores"),
        (replace(COSTS, commits=50), Machines(worker_cores=400, database_cores=400), "the database's transactions"),
        (replace(COSTS, listening_bytes=5e6), Machines(worker_cores=400), "the listeners' memory"),
    ],
)
def test_what_is_scarcest_gives_way_first(costs: Costs, machines: Machines, gives_way: str):
    accounts, first = most_accounts(costs, machines)
    assert accounts > 0
    assert first == gives_way


def test_what_is_due_at_one_minute_takes_fewer_cores_when_it_is_spread():
    at_once = cores_needed(100_000, COSTS, Habits(spread=10, digests=3))
    spread = cores_needed(100_000, COSTS, Habits(spread=3600, digests=3))
    assert spread < at_once
