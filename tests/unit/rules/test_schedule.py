"""Cron on the owner's wall clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentorup_daemon.rules.schedule import first_after, slots
from tests.unit.rules.people import ZONE


def names(expression: str, after: datetime, until: datetime) -> list[str]:
    return [slot.name for slot in slots(expression, ZONE, after, until)]


def test_s01_a_firing_in_the_autumn_overlap_comes_once() -> None:
    begin = datetime(2026, 10, 31, 12, tzinfo=ZONE)
    found = list(slots("30 1 * * *", ZONE, begin, begin + timedelta(days=2)))
    assert [slot.name for slot in found] == ["2026-11-01T01:30", "2026-11-02T01:30"]
    assert found[0].at.astimezone(UTC) == datetime(2026, 11, 1, 8, 30, tzinfo=UTC)


def test_s01_a_firing_in_the_spring_gap_comes_once_when_the_gap_is_over() -> None:
    begin = datetime(2026, 3, 7, 12, tzinfo=ZONE)
    found = list(slots("30 2 * * *", ZONE, begin, begin + timedelta(days=2)))
    assert [slot.name for slot in found] == ["2026-03-08T02:30", "2026-03-09T02:30"]
    assert found[0].at.astimezone(ZONE).hour == 3


def test_s01_slots_in_the_gap_come_among_those_behind_it_in_order_of_time() -> None:
    begin = datetime(2026, 3, 8, 1, 50, tzinfo=ZONE)
    found = list(slots("*/20 * * * *", ZONE, begin, begin + timedelta(hours=2)))
    assert [slot.name[-5:] for slot in found][:4] == ["02:00", "03:00", "02:20", "03:20"]
    assert [slot.at for slot in found] == sorted(slot.at for slot in found)


def test_quarterly_means_four_times_a_year() -> None:
    begin = datetime(2026, 1, 1, tzinfo=ZONE)
    found = names("0 9 1 1,4,7,10 *", begin, begin + timedelta(days=365))
    assert found == ["2026-01-01T09:00", "2026-04-01T09:00", "2026-07-01T09:00", "2026-10-01T09:00"]


@pytest.mark.parametrize("expression", ["0 17 * * *", "*/7 * * * *", "30 2 * * *", "0 0 29 2 *", "15 1 * * sun"])
@settings(max_examples=25, deadline=None)
@given(
    begin=st.datetimes(datetime(2026, 2, 20), datetime(2026, 12, 1)),
    cuts=st.lists(st.integers(1, 60 * 30), min_size=1, max_size=8),
)
def test_slots_seen_in_pieces_are_the_slots_seen_at_once(expression: str, begin: datetime, cuts: list[int]) -> None:
    start = begin.replace(tzinfo=UTC)
    edges = [start]
    for cut in cuts:
        edges.append(edges[-1] + timedelta(minutes=cut))
    pieces = [name for a, b in pairwise(edges) for name in names(expression, a, b)]
    assert pieces == names(expression, edges[0], edges[-1])
    assert len(set(pieces)) == len(pieces)


def test_nothing_within_the_time_is_none() -> None:
    begin = datetime(2026, 1, 2, tzinfo=ZONE)
    assert first_after("0 9 1 1 *", ZONE, begin, timedelta(days=300)) is None
