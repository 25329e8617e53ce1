"""Paused and closed people, on the rules alone (T11)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from mentorup_daemon.letters.check_in import round_context
from mentorup_daemon.records import PersonState, Snapshot, Thanks
from mentorup_daemon.rules.hours import next_opening
from mentorup_daemon.rules.plan import plan, upcoming
from tests.unit.rules.people import MONDAY, SAM, ZONE, delivered, meeting, snapshot

THURSDAY = MONDAY + timedelta(days=3, hours=5)
YEAR = timedelta(days=365)


def with_ana(view: Snapshot, state: str, since: datetime, until: datetime | None = None) -> Snapshot:
    kept = PersonState(mentor="ana", state=state, since=since, paused_until=until)  # type: ignore[arg-type]
    return replace(view, states={"ana": kept})


def busy_year() -> Snapshot:
    weekly = [meeting(THURSDAY + timedelta(weeks=n), key=f"ana{n}") for n in range(50)]
    ben = [meeting(THURSDAY + timedelta(weeks=4 * n, hours=1), key=f"ben{n}", mentor="ben") for n in range(12)]
    return snapshot([*weekly, *ben])


def of(view: Snapshot, mentor: str, now: datetime, until: datetime) -> list[tuple[str, datetime]]:
    return [(one.key, one.due_at) for one in upcoming(view, now, until) if one.mentor == mentor]


def test_t11_closing_stops_every_schedule_of_that_person_and_no_other() -> None:
    view = busy_year()
    before = of(view, "ben", MONDAY, MONDAY + YEAR)
    closed = with_ana(view, "closed", MONDAY)
    assert of(closed, "ana", MONDAY, MONDAY + YEAR) == []
    assert of(closed, "ben", MONDAY, MONDAY + YEAR) == before
    assert len(of(view, "ana", MONDAY, MONDAY + YEAR)) > 100


def test_t11_a_pause_ends_by_itself_and_chases_nothing_that_fell_due_in_it() -> None:
    view = busy_year()
    until = MONDAY.replace(hour=0) + timedelta(days=42)
    paused = with_ana(view, "paused", MONDAY, until)
    came = of(paused, "ana", MONDAY, MONDAY + YEAR)
    assert came
    assert min(at for _, at in came) >= until
    full = dict(of(view, "ana", MONDAY, MONDAY + YEAR))
    for key, at in came:
        met = paused.meeting(key.split("/")[2])
        assert at == full[key] or (met is not None and met.start > until)


def test_t11_what_prepares_a_meeting_just_after_the_pause_comes_when_it_ends() -> None:
    start = MONDAY + timedelta(days=7, hours=5)
    until = start.replace(hour=0)
    paused = with_ana(snapshot([meeting(start)]), "paused", MONDAY, until)
    came = dict(of(paused, "ana", MONDAY, start))
    assert came["agenda/ana/m1"] == next_opening(until, SAM) == start.replace(hour=8)


def test_t11_resuming_chases_nothing_from_before() -> None:
    held = meeting(MONDAY - timedelta(days=1))
    thanked = replace(snapshot([held]), thanks=(Thanks(id=1, text="x", mentor="ana", created_at=MONDAY),))
    resumed = with_ana(thanked, "active", MONDAY + timedelta(hours=10))
    assert [one for one in plan(resumed, MONDAY + timedelta(hours=11)).due if one.mentor == "ana"] == []


def test_t11_a_draft_for_a_meeting_ahead_is_taken_back_and_comes_again() -> None:
    view = snapshot([meeting(THURSDAY)])
    now = THURSDAY - timedelta(hours=30)
    view = replace(view, ledger=delivered(view.ledger, plan(view, THURSDAY - timedelta(hours=48)).due, now))
    assert plan(view, now).withdraw == ()
    closed = with_ana(view, "closed", now)
    assert [(one.entry.key, one.why) for one in plan(closed, now).withdraw] == [("agenda/ana/m1/draft", "resting")]
    assert plan(closed, THURSDAY + timedelta(hours=1)).withdraw == ()
    draft = closed.ledger["agenda/ana/m1/draft"]
    gone = dict(closed.ledger) | {draft.key: replace(draft, outcome="withdrawn")}
    resumed = with_ana(replace(view, ledger=gone), "active", now)
    assert [one.key for one in plan(resumed, now + timedelta(minutes=1)).due] == ["agenda/ana/m1/draft"]


@pytest.mark.parametrize("state", ["active", "paused", "closed"])
def test_t11_a_person_is_active_as_the_state_says(state: str) -> None:
    view = with_ana(snapshot(), state, MONDAY, MONDAY + timedelta(days=7) if state == "paused" else None)
    assert view.active("ana", MONDAY) is (state == "active")
    assert view.active("ana", datetime(2027, 1, 1, tzinfo=ZONE)) is (state != "closed")
    assert view.active("ben", MONDAY)
    assert view.active(None, MONDAY)


def test_t11_the_round_of_check_ins_is_without_those_who_are_closed() -> None:
    january = datetime(2027, 1, 4, 9, 0, tzinfo=ZONE)
    closed = with_ana(snapshot(), "closed", MONDAY)
    came = [one.key for one in plan(closed, january).due if one.rule == "check_in"]
    assert came == ["check_in/ben/2027-01-01T09:00/draft", "check_in/all/2027-01-01T09:00"]
    names = [entry.person.name for entry in round_context(closed, january)["standing"]]  # type: ignore[attr-defined]
    assert names == ["Ben Lindqvist"]
    alone = replace(closed, mentors=closed.mentors[:1])
    assert plan(alone, january).due == ()
