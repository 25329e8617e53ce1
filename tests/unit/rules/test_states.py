"""Paused and closed people, on the rules alone (T11)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from mentorup_daemon.letters.check_in import round_context
from mentorup_daemon.records import PersonState, Snapshot, Thanks
from mentorup_daemon.rules.hours import next_opening
from mentorup_daemon.rules.plan import plan, upcoming
from tests.unit.rules.people import MONDAY, SAM, ZONE, delivered, entry, meeting, snapshot

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
    ending = [
        key.rpartition("/")[0] if key.endswith("/draft") else key for key, _ in of(closed, "ana", MONDAY, MONDAY + YEAR)
    ]
    assert set(ending) == {"closing/ana/2026-11-30", "closing_agenda/ana/ana0", "closing_update/ana/2026-11-30"}
    assert of(closed, "ben", MONDAY, MONDAY + YEAR) == before
    assert len(of(view, "ana", MONDAY, MONDAY + YEAR)) > 100


def test_t11_a_pause_ends_by_itself_and_chases_nothing_that_fell_due_in_it() -> None:
    view = busy_year()
    until = MONDAY.replace(hour=0) + timedelta(days=42)
    paused = with_ana(view, "paused", MONDAY, until)
    came = of(paused, "ana", MONDAY, MONDAY + YEAR)
    assert came
    assert not [key for key, _ in came if key.startswith("closing")]  # pausing is something else than ending
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


def test_t11_closing_writes_at_once_even_in_the_quiet_and_each_thing_once() -> None:
    night = MONDAY.replace(hour=23)
    closed = with_ana(snapshot(), "closed", night)
    due = plan(closed, night).due
    assert [one.key for one in due] == ["closing/ana/2026-11-30/draft", "closing/ana/2026-11-30"]
    after = replace(closed, ledger=delivered(closed.ledger, due, night))
    assert plan(after, night + timedelta(days=1)).due == ()
    assert plan(closed, night + timedelta(days=15)).due == ()


def test_t11_a_closed_candidate_or_mentee_gets_no_letters() -> None:
    for role in ("candidate", "mentee"):
        view = with_ana(busy_year(), "closed", MONDAY)
        others = tuple(replace(one, role=role) if one.id == "ana" else one for one in view.mentors)  # type: ignore[arg-type]
        assert of(replace(view, mentors=others), "ana", MONDAY, MONDAY + YEAR) == []


def test_t11_closing_takes_back_every_standing_draft_of_that_person_but_those_of_the_ending() -> None:
    ours = [("check_in", "2026-10-01"), ("thank_you", "held"), ("next_meeting", "held"), ("closing", "2026-11-30")]
    ledger = {
        f"{rule}/{who}/{thing}/draft": entry(
            f"{rule}/{who}/{thing}/draft", rule, MONDAY, mentor=who, object=thing, due_at=MONDAY
        )
        for rule, thing in ours
        for who in ("ana", "ben")
        if rule != "closing" or who == "ana"
    }
    view = replace(snapshot(), ledger=ledger)
    closed = with_ana(view, "closed", MONDAY)
    withdrawn = {(one.entry.key, one.why) for one in plan(closed, MONDAY).withdraw}
    assert withdrawn == {(f"{rule}/ana/{thing}/draft", "ended") for rule, thing in ours if rule != "closing"}
    resumed = with_ana(view, "active", MONDAY)
    assert [(one.entry.key, one.why) for one in plan(resumed, MONDAY).withdraw] == [
        ("closing/ana/2026-11-30/draft", "resumed")
    ]


def test_t11_the_last_agenda_moves_with_its_meeting_and_falls_with_it() -> None:
    closed = with_ana(snapshot([meeting(THURSDAY)]), "closed", MONDAY)
    now = THURSDAY - timedelta(hours=47)
    due = [one for one in plan(closed, now).due if one.rule == "closing_agenda"]
    assert [one.key for one in due] == ["closing_agenda/ana/m1/draft", "closing_agenda/ana/m1"]
    written = replace(closed, ledger=delivered(closed.ledger, due, now))
    moved = replace(written, meetings=(meeting(THURSDAY + timedelta(hours=1)),))
    assert [(one.key, one.revision) for one in plan(moved, now).due if one.rule == "closing_agenda"] == [
        ("closing_agenda/ana/m1/draft", 2),
        ("closing_agenda/ana/m1", 2),
    ]
    off = replace(written, meetings=(replace(meeting(THURSDAY), status="cancelled"),))
    assert {one.why for one in plan(off, now).withdraw} == {"cancelled"}
    gone = {key: replace(one, outcome="withdrawn") for key, one in written.ledger.items()}
    untold = [one.key for one in plan(replace(off, ledger=gone), now).due if one.rule == "change"]
    assert untold == ["change/ana/m1/closing_agenda-1"]


def test_t11_a_last_agenda_that_is_due_already_is_told_of_by_the_closing_note_alone() -> None:
    late = THURSDAY - timedelta(hours=30)
    due = plan(with_ana(snapshot([meeting(THURSDAY)]), "closed", late), late).due
    assert [one.key for one in due] == [
        "closing/ana/2026-12-02/draft",
        "closing/ana/2026-12-02",
        "closing_agenda/ana/m1/draft",
    ]


def test_t11_half_a_year_later_one_update_comes_and_then_nothing_ever() -> None:
    closed = with_ana(busy_year(), "closed", MONDAY)
    came = of(closed, "ana", MONDAY + timedelta(days=60), MONDAY + timedelta(days=2000))
    assert [key for key, _ in came] == ["closing_update/ana/2026-11-30/draft"]
    assert came[0][1] == next_opening(MONDAY + timedelta(days=182), SAM)
