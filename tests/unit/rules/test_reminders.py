"""Which reminders should stand in the owner's calendar, and what they say (T6, D10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from mentorup_daemon.errors import Malformed
from mentorup_daemon.letters.reminder import reminder_words
from mentorup_daemon.records import ActionItem, Contact, Mark, PersonState, Practice, Reminder, Snapshot, Thanks
from mentorup_daemon.rules.plan import explain, plan, upcoming
from mentorup_daemon.rules.reminders import standing
from tests.unit.rules.people import ALWAYS, ANA, BEN, MONDAY, ZONE, meeting, snapshot

MONTHLY = replace(ANA, cadence=timedelta(days=30))
ON = Practice(reminders=True)
THURSDAY_WEEK = datetime(2026, 12, 10, 14, 0, tzinfo=ZONE)
PROMISE = ActionItem(id=7, text="send the revised aim 2.", mentor="ana", due=date(2026, 12, 11), created_at=MONDAY)
WROTE = Contact(mentor="ana", at=datetime(2026, 11, 14, 9, tzinfo=ZONE), kind="mail to")


def wanted(view: Snapshot, now: datetime = MONDAY) -> dict[str, Reminder]:
    return {one.key: one for one in standing(replace(view, practice=ON), now)}


def test_t6_none_are_wanted_unless_a_calendar_is_named_for_them() -> None:
    view = snapshot([meeting(THURSDAY_WEEK)], actions=(PROMISE,))
    assert standing(view, MONDAY) == ()
    assert [one for one in upcoming(view, MONDAY, MONDAY + timedelta(days=90)) if one.lands == "calendar"] == []


def test_t6_a_meeting_is_prepared_when_its_questions_are_asked_and_thanked_for_after_it() -> None:
    view = snapshot([meeting(THURSDAY_WEEK)], mentors=(ANA,))
    found = wanted(view)
    assert {key: one.start for key, one in found.items()} == {
        "reminder/ana/m1/prepare": datetime(2026, 12, 4, 17, 0, tzinfo=ZONE),  # five days before is a Saturday
        "reminder/ana/m1/thank": datetime(2026, 12, 10, 17, 0, tzinfo=ZONE),
    }
    assert all(one.alarm_at == one.start for one in found.values())


def test_c24_a_moved_meeting_moves_its_reminders_under_the_same_keys() -> None:
    before = wanted(snapshot([meeting(THURSDAY_WEEK)], mentors=(ANA,)))
    after = wanted(snapshot([meeting(THURSDAY_WEEK + timedelta(days=7))], mentors=(ANA,)))
    assert before.keys() == after.keys()
    assert all(after[key].alarm_at - before[key].alarm_at == timedelta(days=7) for key in after)


@pytest.mark.parametrize("status", ["cancelled", "declined"])
def test_a_meeting_that_is_off_has_none(status: str) -> None:
    assert wanted(snapshot([meeting(THURSDAY_WEEK, status=status)], mentors=(ANA,))) == {}


@pytest.mark.parametrize(("rule", "kind"), [("questions", "prepare"), ("thank_you", "thank")])
def test_skip_is_an_answer_to_the_reminder_too(rule: str, kind: str) -> None:
    key = f"{rule}/ana/m1"
    found = wanted(snapshot([meeting(THURSDAY_WEEK)], mentors=(ANA,), marks={key: Mark(key=key, skipped=True)}))
    assert [one.kind for one in found.values()] == [other for other in ("prepare", "thank") if other != kind]


def test_t9_thanks_that_were_given_need_no_reminder() -> None:
    given = Thanks(id=3, text="the introduction", mentor="ana", meeting="m1", created_at=MONDAY)
    found = wanted(snapshot([meeting(THURSDAY_WEEK)], mentors=(ANA,), thanks=(given,)))
    assert [one.kind for one in found.values()] == ["prepare"]


def test_t12_a_mentee_is_neither_asked_nor_thanked_but_promises_to_them_are_kept() -> None:
    mentee = replace(MONTHLY, role="mentee")
    found = wanted(snapshot([meeting(THURSDAY_WEEK)], mentors=(mentee,), actions=(PROMISE,), contacts=(WROTE,)))
    assert [one.kind for one in found.values()] == ["follow_up"]


def test_p4_a_promise_of_the_owners_stands_on_its_day_until_it_is_kept() -> None:
    view = snapshot(actions=(PROMISE, replace(PROMISE, id=8, owner="ana"), replace(PROMISE, id=9, due=None)))
    [reminder] = wanted(view).values()
    assert (reminder.key, reminder.start) == ("reminder/ana/7/follow_up", date(2026, 12, 11))
    assert reminder.alarm_at == datetime(2026, 12, 11, 8, 0, tzinfo=ZONE)
    assert wanted(snapshot(actions=(replace(PROMISE, state="done"),))) == {}
    [nobodys] = wanted(snapshot(actions=(replace(PROMISE, mentor=None),)))
    assert nobodys == "reminder/owner/7/follow_up"


def test_a_day_off_is_told_of_in_the_last_working_hour_before() -> None:
    [reminder] = wanted(snapshot(actions=(replace(PROMISE, due=date(2026, 12, 13)),))).values()
    assert reminder.alarm_at == datetime(2026, 12, 11, 17, 0, tzinfo=ZONE)
    [always] = wanted(snapshot(actions=(replace(PROMISE, due=date(2026, 12, 13)),), owner=ALWAYS)).values()
    assert always.alarm_at == datetime(2026, 12, 13, 9, 0, tzinfo=ZONE)


def test_t6_contact_stands_on_the_day_it_falls_due_until_there_is_some() -> None:
    view = snapshot(mentors=(MONTHLY,), contacts=(WROTE,))
    [reminder] = wanted(view).values()
    assert (reminder.key, reminder.start) == ("reminder/ana/2026-11-14/contact", date(2026, 12, 14))
    later = replace(WROTE, at=MONDAY - timedelta(hours=1))
    assert wanted(replace(view, contacts=(WROTE, later))) == {}  # due in 30 days: beyond what is written
    met = meeting(datetime(2026, 12, 18, 14, 0, tzinfo=ZONE))
    assert "reminder/ana/2026-11-14/contact" not in wanted(replace(view, meetings=(met,)))


def test_t10_contact_waits_until_the_mentor_is_back() -> None:
    away = replace(MONTHLY, away=((date(2026, 12, 12), date(2026, 12, 16)),))
    [reminder] = wanted(snapshot(mentors=(away,), contacts=(WROTE,))).values()
    assert reminder.start == date(2026, 12, 17)


def test_only_the_coming_four_weeks_stand_and_nothing_of_a_day_that_is_over() -> None:
    near, far = MONDAY + timedelta(days=28), MONDAY + timedelta(days=36)
    view = snapshot([meeting(near, key="near"), meeting(far, key="far")], mentors=(ANA,))
    assert [one.object for one in wanted(view).values()] == ["near", "near"]
    held = snapshot([meeting(THURSDAY_WEEK)], mentors=(ANA,))
    assert list(wanted(held, THURSDAY_WEEK + timedelta(hours=9))) == ["reminder/ana/m1/thank"]
    assert wanted(held, THURSDAY_WEEK + timedelta(hours=11)) == {}


def test_t11_a_person_who_is_paused_or_closed_has_none() -> None:
    state = PersonState(mentor="ana", state="closed", since=MONDAY)
    assert wanted(snapshot([meeting(THURSDAY_WEEK)], actions=(PROMISE,), states={"ana": state})) == {}


def test_what_would_stand_is_rehearsed_and_explained_but_never_written_as_mail() -> None:
    view = snapshot([meeting(THURSDAY_WEEK)], mentors=(ANA,), actions=(PROMISE,), practice=ON)
    ahead = [one for one in upcoming(view, MONDAY, MONDAY + timedelta(days=30)) if one.lands == "calendar"]
    assert [one.key for one in ahead] == [
        "reminder/ana/m1/prepare",
        "reminder/ana/m1/thank",
        "reminder/ana/7/follow_up",
    ]
    told = explain(view, "reminder/ana/7/follow_up", MONDAY, MONDAY + timedelta(days=366))
    assert told is not None
    assert "11 December" in told.reason
    assert all(one.lands != "calendar" for one in plan(view, MONDAY + timedelta(days=11)).due)


# What they say

FOOT = "From MentorUp. Change or delete it as you like: then it is yours, and stays as you leave it."


@pytest.mark.parametrize(
    ("kind", "summary", "first"),
    [
        (
            "prepare",
            "Questions for Ana: Thursday 10 December, 14:00",
            (
                "You meet Ana Ortiz on Thursday 10 December, 14:00, 45 minutes. "
                "What would you like to leave the meeting with?"
            ),
        ),
        (
            "thank",
            "A word of thanks to Ana",
            (
                "Your meeting with Ana Ortiz: Thursday 10 December, 14:00, 45 minutes. "
                "One concrete thing that helped is enough for a note of thanks."
            ),
        ),
        (
            "follow_up",
            "Due: send the revised aim 2, for Ana",
            "Reply DONE 7 to any note of MentorUp's when it is done, or DROP 7 to let it go.",
        ),
        (
            "contact",
            "Write to Ana",
            (
                "No contact with Ana Ortiz since 3 November, as far as your calendar and mail tell. "
                "Every month is what you have in mind."
            ),
        ),
    ],
)
def test_each_says_what_is_to_be_done_and_whose_it_is(kind: str, summary: str, first: str) -> None:
    mail = replace(WROTE, at=datetime(2026, 11, 3, 9, tzinfo=ZONE))
    far = meeting(THURSDAY_WEEK + timedelta(days=60), key="far")
    view = snapshot([meeting(THURSDAY_WEEK), far], mentors=(MONTHLY,), actions=(PROMISE,), contacts=(mail,))
    if kind == "contact":
        view = replace(view, meetings=(far,))
    [reminder] = [one for one in wanted(view).values() if one.kind == kind]
    words = reminder_words(reminder, view)
    assert (words.summary, words.description) == (summary, f"{first}\n\n{FOOT}")


@pytest.mark.parametrize(
    ("channel", "summary"),
    [
        ("phone", "Call Ana"),
        ("text", "Text Ana"),
        ("video", "Find a time to talk with Ana"),
        ("in person", "Find a time to see Ana"),
    ],
)
def test_t6_contact_goes_by_the_preferred_channel(channel: str, summary: str) -> None:
    view = snapshot(mentors=(replace(MONTHLY, channel=channel), BEN), contacts=(WROTE,))  # type: ignore[arg-type]
    [reminder] = [one for one in wanted(view).values() if one.mentor == "ana"]
    assert reminder_words(reminder, view).summary == summary


def test_the_words_are_the_same_on_every_day() -> None:
    view = snapshot([meeting(THURSDAY_WEEK)], mentors=(ANA,), actions=(PROMISE,))
    first = {key: reminder_words(one, view) for key, one in wanted(view).items()}
    later = {key: reminder_words(one, view) for key, one in wanted(view, MONDAY + timedelta(days=3)).items()}
    assert first == later


def test_a_reminder_of_something_forgotten_can_not_be_worded() -> None:
    view = snapshot([meeting(THURSDAY_WEEK)], mentors=(ANA,), actions=(PROMISE,))
    for reminder in wanted(view).values():
        with pytest.raises(Malformed):
            reminder_words(reminder, replace(view, meetings=(), actions=()))
