"""Who is put into the queue: the longest due, each once, and no host beyond its share of the workers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from mentorup_daemon.service.fleet.dispatch import Room, dispatch, forget_old_jobs
from mentorup_daemon.service.fleet.ready import ready
from mentorup_daemon.service.fleet.sealing import fresh_key
from mentorup_daemon.service.fleet.settings import FleetSettings
from mentorup_daemon.store import fleet_work
from mentorup_daemon.store.fleet_work import InFlight, Waiting
from tests.servers.postgres import Postgres

SOME_TIME = datetime(2026, 11, 2, tzinfo=UTC)
HOSTS = ["", "one.example", "two.example", "three.example"]
pairs = st.tuples(st.sampled_from(HOSTS[1:]), st.sampled_from(HOSTS))


@pytest.fixture
def engine(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """A database in which everything is there, and two workers of four passes each."""
    monkeypatch.setenv("KEYS", fresh_key())
    settings = {"store": {"url": postgres.url}, "seal": {"keys": {"env": "KEYS"}}}
    fleet = ready(FleetSettings.model_validate(settings), connections=5)
    hire(fleet.engine, "one", 4)
    hire(fleet.engine, "two", 4)
    yield fleet.engine
    fleet.close()


def hire(engine: Engine, name: str, slots: int) -> None:
    with engine.begin() as connection:
        fleet_work.seen(connection, name, "worker", slots=slots, busy=0, a_minute=0)


def host(postgres: Postgres, name: str, count: int, imap: str, caldav: str = "", *, due_for: str = "1 minute") -> None:
    """So many accounts at these hosts, due for so long; the later ones shorter."""
    postgres.ask(
        f"""INSERT INTO fleet_accounts (account, email, state, config, imap_host, caldav_host, shard, added_at,
        changed_at, next_look, worker, looks, failure)
        SELECT '{name}' || n, '{name}' || n, 'active', '', '{imap}', '{caldav}', 0, now(), now(),
        now() - interval '{due_for}' + n * interval '1 millisecond', '', '{{}}', ''
        FROM generate_series(1, {count}) n"""
    )


def queued(postgres: Postgres) -> list[str]:
    return [row[0] for row in postgres.ask("SELECT convert_from(payload, 'UTF8') FROM pgqueuer ORDER BY id")]


def by_host(accounts: list[str]) -> dict[str, int]:
    names = [account.rstrip("0123456789") for account in accounts]
    return {name: names.count(name) for name in set(names)}


def pass_ends(postgres: Postgres, account: str, *, due_in: str = "5 minutes") -> None:
    postgres.ask(f"DELETE FROM pgqueuer WHERE dedupe_key = '{account}'")
    postgres.ask(
        f"UPDATE fleet_accounts SET dispatched_at = NULL, next_look = now() + interval '{due_in}' "
        f"WHERE account = '{account}'"
    )


def test_i8_the_longest_due_are_put_into_the_queue_each_once(engine: Engine, postgres: Postgres) -> None:
    host(postgres, "a", 3, "imap.a.example")
    host(postgres, "early", 1, "imap.a.example", due_for="1 hour")
    host(postgres, "future", 1, "imap.a.example", due_for="-1 hour")
    postgres.ask("UPDATE fleet_accounts SET state = 'paused' WHERE account = 'a2'")
    assert dispatch(engine, 0.5) == 3
    assert queued(postgres) == ["early1", "a1", "a3"]
    assert dispatch(engine, 0.5) == 0
    assert queued(postgres) == ["early1", "a1", "a3"]
    pass_ends(postgres, "a1", due_in="-1 second")
    assert dispatch(engine, 0.5) == 1
    assert queued(postgres) == ["early1", "a3", "a1"]


def test_i8_one_whose_job_still_stands_in_the_queue_stays_due_and_is_taken_when_it_is_gone(
    engine: Engine, postgres: Postgres
) -> None:
    host(postgres, "a", 1, "imap.a.example")
    assert dispatch(engine, 0.5) == 1
    postgres.ask("UPDATE fleet_accounts SET dispatched_at = NULL")  # the pass is over, its job not yet deleted
    assert dispatch(engine, 0.5) == 0
    postgres.ask("DELETE FROM pgqueuer")
    assert dispatch(engine, 0.5) == 1


def test_i8_a_host_gets_no_more_than_its_share_of_the_workers(engine: Engine, postgres: Postgres) -> None:
    host(postgres, "hung", 500, "imap.hung.example", "dav.hung.example", due_for="1 day")
    host(postgres, "well", 20, "imap.well.example", "dav.well.example")
    for _ in range(5):
        dispatch(engine, 0.5)
    assert by_host(queued(postgres)) == {"hung": 4, "well": 4}
    for account in [account for account in queued(postgres) if account.startswith("well")]:
        pass_ends(postgres, account)
    for _ in range(5):
        dispatch(engine, 0.5)
    assert by_host(queued(postgres)) == {"hung": 4, "well": 4}
    assert set(queued(postgres)) >= {"well5", "well6", "well7", "well8"}


def test_i8_a_calendar_host_has_its_share_too_wherever_the_mail_is(engine: Engine, postgres: Postgres) -> None:
    for number in range(6):
        host(postgres, f"hung-{'abcdef'[number]}", 9, f"imap{number}.example", "dav.hung.example", due_for="1 day")
    host(postgres, "well", 20, "imap9.example", "dav.well.example")
    for _ in range(5):
        dispatch(engine, 0.25)
    found = by_host(queued(postgres))
    assert sum(count for name, count in found.items() if name.startswith("hung")) == 2
    assert found["well"] == 2


def test_i8_the_only_host_may_have_all_workers(engine: Engine, postgres: Postgres) -> None:
    host(postgres, "a", 100, "imap.a.example", "dav.a.example")
    dispatch(engine, 0.5)
    assert len(queued(postgres)) == 16  # the next eight are there when the first eight are done
    assert dispatch(engine, 0.5) == 0


def test_i8_it_is_no_longer_the_only_one_when_all_of_another_are_in_the_queue(
    engine: Engine, postgres: Postgres
) -> None:
    host(postgres, "b", 1, "imap.b.example", due_for="1 day")
    dispatch(engine, 0.5)
    host(postgres, "a", 100, "imap.a.example")
    dispatch(engine, 0.5)
    assert by_host(queued(postgres)) == {"a": 4, "b": 1}


def test_i8_without_a_living_worker_nothing_is_put_into_the_queue(engine: Engine, postgres: Postgres) -> None:
    host(postgres, "a", 3, "imap.a.example")
    postgres.ask("UPDATE fleet_processes SET seen_at = now() - interval '1 minute'")
    assert dispatch(engine, 0.5) == 0
    hire(engine, "three", 1)
    assert dispatch(engine, 0.5) == 2


def test_i8_one_dispatches_at_a_time(engine: Engine, postgres: Postgres) -> None:
    host(postgres, "a", 3, "imap.a.example")
    with engine.begin() as connection:
        assert fleet_work.claim_dispatch(connection)
        assert dispatch(engine, 0.5) == 0
    assert dispatch(engine, 0.5) == 3


def test_i8_an_account_whose_job_was_lost_is_dispatched_again(engine: Engine, postgres: Postgres) -> None:
    host(postgres, "a", 2, "imap.a.example")
    dispatch(engine, 0.5)
    postgres.ask("DELETE FROM pgqueuer WHERE dedupe_key = 'a1'")
    dispatch(engine, 0.5)
    assert queued(postgres) == ["a2"]
    postgres.ask("UPDATE fleet_accounts SET dispatched_at = now() - interval '3 minutes'")
    dispatch(engine, 0.5)
    assert queued(postgres) == ["a2", "a1"]
    dispatch(engine, 0.5)
    assert queued(postgres) == ["a2", "a1"]


def test_i8_the_log_of_jobs_does_not_grow_for_ever(engine: Engine, postgres: Postgres) -> None:
    host(postgres, "a", 3, "imap.a.example")
    dispatch(engine, 0.5)
    postgres.ask("UPDATE pgqueuer_log SET created = now() - interval '1 hour' WHERE id % 3 = 0")
    forget_old_jobs(engine)
    assert postgres.ask("SELECT count(*) FROM pgqueuer_log") == [(2,)]
    assert len(queued(postgres)) == 3


def test_i8_what_is_heard_during_a_pass_makes_the_next_one_due_at_once(engine: Engine, postgres: Postgres) -> None:
    host(postgres, "a", 1, "imap.a.example")

    def turn(*, heard: str = "", mail_seen: bool = True) -> tuple[bool, bool]:
        """A pass; whether it knew that something was heard, and whether another is due at its end."""
        with engine.begin() as connection:
            begun = fleet_work.begin(connection, "a1", "one")
        assert begun is not None
        if heard:
            postgres.ask("UPDATE fleet_accounts SET woken_at = clock_timestamp()")
        with engine.begin() as connection:
            later = begun.now + 300
            fleet_work.end(connection, "a1", begun.at, looks={}, failure="", next_look=later, mail_seen=mail_seen)
        return begun.woken, postgres.ask("SELECT next_look <= now() FROM fleet_accounts")[0][0]

    assert turn() == (False, False)
    assert turn(heard="in the midst of it") == (False, True)
    assert turn(mail_seen=False) == (True, False)  # it couldn't look at the mail, so that is still to be done
    assert turn() == (True, False)
    assert turn() == (False, False)


def test_i8_what_was_heard_before_a_pass_that_died_is_known_to_the_next(engine: Engine, postgres: Postgres) -> None:
    host(postgres, "a", 1, "imap.a.example")
    postgres.ask("UPDATE fleet_accounts SET woken_at = now()")
    for _ in range(2):
        with engine.begin() as connection:
            begun = fleet_work.begin(connection, "a1", "one")
        assert begun is not None
        assert begun.woken


def test_i8_mail_counts_as_listened_for_only_while_a_listener_is_alive(engine: Engine, postgres: Postgres) -> None:
    host(postgres, "a", 1, "imap.a.example")

    def listened() -> bool:
        with engine.begin() as connection:
            begun = fleet_work.begin(connection, "a1", "one")
        assert begun is not None
        return begun.listened

    postgres.ask("UPDATE fleet_accounts SET listened_at = now()")
    assert not listened()
    with engine.begin() as connection:
        fleet_work.seen(connection, "l1", "listener", slots=100, busy=1, a_minute=0)
    assert listened()
    postgres.ask("UPDATE fleet_processes SET seen_at = now() - interval '1 minute'")
    assert not listened()


@given(
    st.integers(1, 40),
    st.floats(0.01, 1.0),
    st.lists(st.tuples(pairs, st.integers(1, 5)), max_size=5),
    st.lists(pairs, max_size=80),
)
def test_i8_no_host_is_ever_given_more_than_its_share(
    slots: int, share: float, held: list, waiting: list[tuple[str, str]]
) -> None:
    flying = [InFlight(imap_host=imap, caldav_host=caldav, accounts=count) for (imap, caldav), count in held]
    room = Room.left_by(flying, slots=slots, share=share)
    before = {"imap": dict(room.imap), "caldav": dict(room.caldav)}
    taken = room.taken
    for number, (imap, caldav) in enumerate(waiting):
        one = Waiting(account=str(number), imap_host=imap, caldav_host=caldav, next_look=SOME_TIME)
        taken += room.take(one, several_imap=True, several_caldav=True)
    assert taken == room.taken <= max(room.whole, sum(one.accounts for one in flying))
    for kind, counted in (("imap", room.imap), ("caldav", room.caldav)):
        for name, count in counted.items():
            if name:
                assert count <= max(before[kind].get(name, 0), 1, slots * share)
