"""What is due and why, on the rules alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from mentorup_daemon.records import Feedback, Mark, Meeting, Receipt, Snapshot, Thanks, Topic, Trouble
from mentorup_daemon.rules.hours import in_hours
from mentorup_daemon.rules.plan import explain, plan, upcoming
from tests.unit.rules.people import ALWAYS, ANA, LONG_AGO, MONDAY, SAM, ZONE, delivered, entry, keys, meeting, snapshot

THURSDAY = MONDAY + timedelta(days=3, hours=5)
ASKED = (Topic(id=1, text="K award: this cycle or next?", created_at=MONDAY - timedelta(days=7)),)
"""Something to ask, so that no meeting here is offered to be shortened."""


def live(view: Snapshot, begin: datetime, step: timedelta, days: int) -> dict[str, datetime]:
    """Steps through time as the service does; every delivery with its time."""
    came: dict[str, datetime] = {}
    now = begin
    while now < begin + timedelta(days=days):
        due = plan(view, now).due
        for one in due:
            assert one.key not in came, f"{one.key} came twice"
            came[one.key] = now
        view = replace(view, ledger=delivered(view.ledger, due, now))
        now += step
    return came


def test_c17_the_draft_then_the_note_come_at_the_lead_time() -> None:
    view = snapshot([meeting(THURSDAY)], topics=ASKED)
    assert plan(view, THURSDAY - timedelta(hours=48, minutes=1)).due == ()
    assert keys(plan(view, THURSDAY - timedelta(hours=48)).due) == ["agenda/ana/m1/draft", "agenda/ana/m1"]


def test_a_mentors_own_lead_time_counts_more() -> None:
    early = replace(ANA, agenda_lead_time=timedelta(hours=72))
    view = snapshot([meeting(THURSDAY)], mentors=(early,), topics=ASKED)
    assert keys(plan(view, THURSDAY - timedelta(hours=72)).due) == ["agenda/ana/m1/draft", "agenda/ana/m1"]


def test_only_what_the_owner_wants_delivered_is() -> None:
    view = snapshot([meeting(THURSDAY)])
    view = replace(view, practice=replace(view.practice, delivery=("inbox",)))
    assert keys(plan(view, THURSDAY - timedelta(hours=48)).due) == ["agenda/ana/m1"]


def test_a_meeting_booked_for_tomorrow_gets_its_agenda_at_once() -> None:
    view = snapshot([meeting(MONDAY + timedelta(days=1))])
    assert "agenda/ana/m1" in keys(plan(view, MONDAY).due)


def test_no_agenda_for_a_meeting_that_is_over_cancelled_or_declined() -> None:
    for facts in ({"status": "cancelled"}, {"status": "declined"}):
        assert plan(snapshot([meeting(THURSDAY, **facts)]), THURSDAY - timedelta(hours=24)).due == ()
    assert plan(snapshot([meeting(THURSDAY)]), THURSDAY).due == ()


def test_what_fell_due_in_the_quiet_comes_at_the_next_opening_once() -> None:
    view = snapshot([meeting(MONDAY.replace(hour=12) + timedelta(days=2, hours=8))])  # due at 20:00 on Monday
    night = MONDAY.replace(hour=20)
    assert plan(view, night).due == ()
    assert plan(view, night).next_look == MONDAY.replace(hour=8) + timedelta(days=1)
    assert len(plan(view, MONDAY.replace(hour=8) + timedelta(days=1)).due) == 2


def test_c24_a_meeting_that_moves_far_away_takes_its_agenda_back_until_its_time() -> None:
    view = snapshot([meeting(THURSDAY)])
    now = THURSDAY - timedelta(hours=47)
    view = replace(view, ledger=delivered(view.ledger, plan(view, now).due, now))
    assert plan(view, now).withdraw == ()
    moved = replace(
        view,
        meetings=(
            LONG_AGO,
            meeting(THURSDAY + timedelta(days=14)),
        ),
    )
    assert [one.entry.key for one in plan(moved, now).withdraw] == ["agenda/ana/m1/draft", "agenda/ana/m1"]
    assert {one.why for one in plan(moved, now).withdraw} == {"moved"}
    assert plan(moved, now).due == ()


def test_c24_a_meeting_that_moves_by_an_hour_has_its_agenda_revised() -> None:
    view = snapshot([meeting(THURSDAY)])
    now = THURSDAY - timedelta(hours=28)
    view = replace(view, ledger=delivered(view.ledger, plan(view, now).due, now))
    moved = replace(
        view,
        meetings=(
            LONG_AGO,
            meeting(THURSDAY + timedelta(hours=1)),
        ),
    )
    assert plan(moved, now).withdraw == ()
    assert [(one.key, one.revision) for one in plan(moved, now).due] == [
        ("agenda/ana/m1/draft", 2),
        ("agenda/ana/m1", 2),
    ]


def test_a_cancelled_meeting_withdraws_and_says_so_once() -> None:
    view = snapshot([meeting(THURSDAY)])
    now = THURSDAY - timedelta(hours=28)
    view = replace(view, ledger=delivered(view.ledger, plan(view, now).due, now))
    off = replace(
        view,
        meetings=(
            LONG_AGO,
            meeting(THURSDAY, status="cancelled"),
        ),
    )
    withdrawn = plan(off, now).withdraw
    assert {one.why for one in withdrawn} == {"cancelled"}
    ledger = dict(off.ledger) | {
        one.entry.key: replace(one.entry, outcome="withdrawn", outcome_at=now) for one in withdrawn
    }
    off = replace(off, ledger=ledger)
    assert keys(plan(off, now).due) == ["change/ana/m1/1"]
    off = replace(off, ledger=delivered(off.ledger, plan(off, now).due, now))
    assert plan(off, now).due == ()
    revived = replace(
        off,
        meetings=(
            LONG_AGO,
            meeting(THURSDAY),
        ),
    )
    assert [(one.key, one.revision) for one in plan(revived, now).due] == [
        ("agenda/ana/m1/draft", 2),
        ("agenda/ana/m1", 2),
    ]


def test_a_withdrawal_that_was_cut_short_is_finished_first() -> None:
    begun = entry("agenda/ana/m1", "agenda", MONDAY, outcome="withdrawing", mentor="ana", object="m1", basis="0-1 ana")
    view = snapshot([meeting(THURSDAY)], ledger={begun.key: begun})
    now = THURSDAY - timedelta(hours=28)
    assert [one.entry.key for one in plan(view, now).withdraw] == ["agenda/ana/m1"]
    assert "agenda/ana/m1" not in keys(plan(view, now).due)


def test_a_draft_that_is_the_owners_is_not_written_again_but_the_note_is() -> None:
    view = snapshot([meeting(THURSDAY)])
    now = THURSDAY - timedelta(hours=28)
    ledger = delivered(view.ledger, plan(view, now).due, now)
    ledger["agenda/ana/m1/draft"] = replace(ledger["agenda/ana/m1/draft"], outcome="left")
    moved = replace(
        view,
        ledger=ledger,
        meetings=(
            LONG_AGO,
            meeting(THURSDAY + timedelta(hours=1)),
        ),
    )
    assert keys(plan(moved, now).due) == ["agenda/ana/m1"]


def test_a_half_written_note_is_due_again_with_the_same_revision() -> None:
    begun = entry("agenda/ana/m1", "agenda", MONDAY, outcome="intended", outcome_at=None, revision=3)
    view = snapshot([meeting(THURSDAY)], ledger={begun.key: begun})
    [note] = [one for one in plan(view, THURSDAY - timedelta(hours=28)).due if one.key == begun.key]
    assert note.revision == 3


def test_skip_is_an_answer_and_takes_the_draft_back() -> None:
    view = snapshot([meeting(THURSDAY)])
    now = THURSDAY - timedelta(hours=28)
    view = replace(view, ledger=delivered(view.ledger, plan(view, now).due, now))
    view = replace(view, marks={"agenda/ana/m1": Mark(key="agenda/ana/m1", skipped=True)})
    assert [(one.entry.key, one.why) for one in plan(view, now).withdraw] == [("agenda/ana/m1/draft", "skipped")]
    moved = replace(
        view,
        meetings=(
            LONG_AGO,
            meeting(THURSDAY + timedelta(hours=1)),
        ),
    )
    assert plan(moved, now).due == ()


def test_snooze_brings_the_note_again_at_its_time() -> None:
    view = snapshot([meeting(THURSDAY)])
    now = THURSDAY - timedelta(hours=47)
    view = replace(view, ledger=delivered(view.ledger, plan(view, now).due, now))
    later = now + timedelta(days=1)
    view = replace(view, marks={"agenda/ana/m1": Mark(key="agenda/ana/m1", snoozed_until=later)})
    assert plan(view, later - timedelta(minutes=1)).due == ()
    [again] = plan(view, later).due
    assert (again.key, again.revision) == ("agenda/ana/m1", 2)
    view = replace(view, ledger=delivered(view.ledger, [again], later))
    assert plan(view, later + timedelta(hours=1)).due == ()


def test_t9_nothing_concrete_asks_the_owner_and_a_word_of_thanks_makes_the_draft() -> None:
    held = meeting(MONDAY)
    view = snapshot([held])
    evening = MONDAY.replace(hour=17)
    assert plan(view, evening - timedelta(minutes=1)).due == ()
    [question] = plan(view, evening).due
    assert (question.key, question.lands) == ("thank_you/ana/m1", "inbox")
    view = replace(view, ledger=delivered(view.ledger, [question], evening))
    night = MONDAY.replace(hour=22)
    thanks = Thanks(id=1, text="the introduction to Kim", mentor="ana", meeting="m1", created_at=night)
    [draft] = plan(replace(view, thanks=(thanks,)), night).due
    assert (draft.key, draft.lands) == ("thank_you/ana/m1/draft", "drafts")


def test_t9_something_concrete_makes_the_draft_without_asking() -> None:
    heard = Feedback(
        id=1, text="Slow down.", mentor="ana", received_at=MONDAY, source="manual", meeting="m1", message_id=""
    )
    view = snapshot([meeting(MONDAY)], feedback=(heard,))
    assert keys(plan(view, MONDAY.replace(hour=17)).due) == ["thank_you/ana/m1/draft"]


def test_no_thanks_for_a_meeting_that_did_not_take_place_or_was_before_the_first_start() -> None:
    for facts in ({"status": "cancelled"}, {"status": "declined"}):
        assert plan(snapshot([meeting(MONDAY, **facts)]), MONDAY.replace(hour=17)).due == ()
    assert plan(snapshot([meeting(MONDAY)], started_at=MONDAY + timedelta(hours=2)), MONDAY.replace(hour=17)).due == ()


def test_t6_the_check_in_comes_quarterly_with_one_note_for_all() -> None:
    view = snapshot()
    first = datetime(2027, 1, 1, 9, 0, tzinfo=ZONE)
    assert plan(view, first - timedelta(minutes=1)).due == ()
    assert keys(plan(view, first).due) == [
        "check_in/ana/2027-01-01T09:00/draft",
        "check_in/ben/2027-01-01T09:00/draft",
        "check_in/all/2027-01-01T09:00",
    ]


def test_s03_downtime_over_several_slots_is_one_catch_up() -> None:
    view = snapshot()
    daily = replace(view, practice=replace(view.practice, check_in="0 9 * * *"))
    back = MONDAY + timedelta(days=3, hours=1)
    assert keys(plan(daily, back).due)[-1] == "check_in/all/2026-12-03T09:00"
    assert len(plan(daily, back).due) == 3


def test_s03_a_clock_that_jumps_back_fires_nothing_twice() -> None:
    view = snapshot([meeting(MONDAY)])
    evening = MONDAY.replace(hour=17, minute=5)
    view = replace(view, ledger=delivered(view.ledger, plan(view, evening).due, evening))
    for back in range(0, 180, 15):
        assert plan(view, evening - timedelta(minutes=back)).due == ()


def test_one_welcome_at_the_first_start() -> None:
    view = snapshot(ledger={}, started_at=MONDAY)
    assert keys(plan(view, MONDAY).due) == ["welcome/owner/first-start"]


def test_a_receipt_comes_whatever_the_hour() -> None:
    night = MONDAY.replace(hour=23)
    receipt = Receipt(key="receipt/owner/abc", at=night, about="agenda/ana/m1")
    assert keys(plan(snapshot(receipts=(receipt,)), night).due) == ["receipt/owner/abc"]


def test_p02_a_server_that_is_away_is_told_after_a_day_and_refused_credentials_at_once() -> None:
    away = Trouble(about="caldav", since=MONDAY, text="It doesn't answer.", passing=True)
    assert plan(snapshot(troubles=(away,)), MONDAY + timedelta(hours=23)).due == ()
    assert len(plan(snapshot(troubles=(away,)), MONDAY + timedelta(hours=25)).due) == 1
    refused = Trouble(about="caldav", since=MONDAY, text="The password was refused.")
    assert len(plan(snapshot(troubles=(refused,)), MONDAY).due) == 1


def test_why_is_known_before_and_after() -> None:
    view = snapshot([meeting(THURSDAY)])
    found = explain(view, "agenda/ana/m1", MONDAY, MONDAY + timedelta(days=90))
    assert found is not None
    assert "You meet Ana Ortiz" in found.reason
    assert explain(view, "agenda/ana/other", MONDAY, MONDAY + timedelta(days=90)) is None


meetings_of_a_month = st.lists(
    st.tuples(st.integers(0, 20 * 24), st.sampled_from(["ana", "ben"]), st.integers(1, 8)), max_size=6
).map(
    lambda facts: tuple(
        meeting(
            MONDAY.replace(hour=0) + timedelta(hours=hour),
            key=f"m{number}",
            mentor=mentor,
            minutes=15 * quarters,
        )
        for number, (hour, mentor, quarters) in enumerate(facts)
    )
)


@settings(max_examples=8, deadline=None)
@given(meetings_of_a_month)
def test_stepping_by_the_hour_or_finer_brings_the_same_once_and_in_hours(found: tuple[Meeting, ...]) -> None:
    view = snapshot(found)
    begin = MONDAY.replace(hour=0)
    hourly = live(view, begin, timedelta(hours=1), 23)
    finer = live(view, begin, timedelta(minutes=30), 23)
    assert set(hourly) == set(finer)
    assert all(in_hours(at, SAM) for at in hourly.values())


@settings(max_examples=50, deadline=None)
@given(meetings_of_a_month, st.integers(0, 30 * 24), st.integers(1, 72))
def test_downtime_loses_nothing_that_is_still_of_use(found: tuple[Meeting, ...], begin: int, length: int) -> None:
    view = snapshot(found, owner=ALWAYS)
    down = MONDAY + timedelta(hours=begin)
    up = down + timedelta(hours=length)
    missed = [one for one in upcoming(view, down, up) if one.due_at > down]
    caught_up = {one.key for one in plan(view, up).due}
    assert {one.key for one in missed if one.expires_at > up and one.rule != "check_in"} <= caught_up


@settings(max_examples=40, deadline=None)
@given(meetings_of_a_month, st.integers(0, 20 * 24))
def test_the_plan_is_the_same_however_often_it_is_asked(found: tuple[Meeting, ...], hours: int) -> None:
    view = snapshot(found)
    now = MONDAY + timedelta(hours=hours)
    assert plan(view, now) == plan(view, now)


@settings(max_examples=40, deadline=None)
@given(meetings_of_a_month, st.integers(0, 20 * 24))
def test_the_next_look_is_never_after_what_comes_next(found: tuple[Meeting, ...], hours: int) -> None:
    view = snapshot(found)
    now = MONDAY + timedelta(hours=hours)
    made = plan(view, now)
    view = replace(view, ledger=delivered(view.ledger, made.due, now))
    later = [one.due_at for one in upcoming(view, now, now + timedelta(days=13)) if one.due_at > now]
    if later:
        assert made.next_look is not None
        assert made.next_look <= min(later)


def test_c24_a_meeting_that_moves_a_little_later_is_revised_without_a_gap() -> None:
    view = snapshot([meeting(THURSDAY)], topics=ASKED)
    now = THURSDAY - timedelta(hours=48)
    view = replace(view, ledger=delivered(view.ledger, plan(view, now).due, now))
    moved = replace(
        view,
        meetings=(
            LONG_AGO,
            meeting(THURSDAY + timedelta(hours=2)),
        ),
    )
    assert plan(moved, now).withdraw == ()
    assert [one.revision for one in plan(moved, now).due] == [2, 2]
