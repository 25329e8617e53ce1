"""Which meeting came into the calendar in the place of one that is gone from it (C24)."""

from __future__ import annotations

from datetime import timedelta

from mentorup_daemon.records import Meeting
from tests.unit.rules.people import MONDAY, meeting, snapshot

SEEN = MONDAY - timedelta(days=9)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def gone(key: str, after: timedelta) -> Meeting:
    return meeting(MONDAY + after, key=key, status="cancelled", seen_at=SEEN, gone_at=MONDAY)


def came(key: str, after: timedelta, **facts: object) -> Meeting:
    return meeting(MONDAY + after, key=key, **{"seen_at": MONDAY, **facts})


def test_c24_each_occurrence_of_a_series_that_moved_has_its_own_successor() -> None:
    old = [gone(f"m/{number}", DAY + number * 7 * DAY) for number in range(3)]
    new = [came(f"m/{number}b", DAY + HOUR + number * 7 * DAY) for number in range(3)]
    records = snapshot([*old, *new])
    assert [records.successor(one) for one in old] == new
    assert [records.predecessor(one) for one in new] == old


def test_c24_one_that_was_there_before_is_in_nobodys_place() -> None:
    off = gone("m/1", DAY)
    there = [came("m/2", 3 * DAY, seen_at=SEEN), came("m/3", 4 * DAY, seen_at=None), came("m/4", 2 * DAY, mentor="ben")]
    later = [came("m/5", 8 * DAY), came("m/6", 2 * DAY, seen_at=MONDAY + HOUR), came("m/7", 2 * DAY, status="declined")]
    assert snapshot([off, *there, *later]).successor(off) is None


def test_c24_what_is_on_or_called_off_in_the_calendar_has_none() -> None:
    new = came("new", 2 * DAY)
    called_off = meeting(MONDAY + DAY, key="off", status="cancelled", seen_at=SEEN)
    records = snapshot([called_off, meeting(MONDAY + DAY, key="on", gone_at=MONDAY), new], acquainted=False)
    assert [records.successor(one) for one in records.meetings] == [None] * 3
    assert records.predecessor(new) is None


def test_c24_at_the_first_start_everything_is_new_and_nothing_a_successor() -> None:
    off, there = gone("m/1", DAY), came("m/2", 2 * DAY)
    assert snapshot([off, there], started_at=MONDAY).successor(off) is None
