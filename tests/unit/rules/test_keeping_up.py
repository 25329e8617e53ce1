"""Between meetings: a plan for advice, an offer to shorten, regular contact, the next meeting, the weekly digest."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest

from mentorup_daemon.records import ActionItem, Contact, Feedback, Goal, Mark, Snapshot, Thanks, Topic, Win
from mentorup_daemon.records.week import week
from mentorup_daemon.rules.plan import plan, upcoming
from tests.unit.rules.people import ANA, BEN, MONDAY, ZONE, delivered, entry, keys, meeting, snapshot

FRIDAY = MONDAY + timedelta(days=11, hours=5)  # 14:00
QUIET = snapshot()
QUESTION = Topic(id=1, text="K award?", mentor="ana", created_at=MONDAY)
UPDATE = replace(QUESTION, id=2, text="Kim said yes", wants="nothing")
PROMISE = ActionItem(id=3, text="send the abstract", mentor="ana", created_at=MONDAY)
ADVICE = Feedback(id=4, text="Slow down.", mentor="ana", received_at=MONDAY, source="reply")


def of(rule: str, view: Snapshot, now: datetime) -> list[str]:
    return [key for key in keys(plan(view, now).due) if key.startswith(f"{rule}/")]


def wrote(view: Snapshot, now: datetime) -> Snapshot:
    return replace(view, ledger=delivered(view.ledger, plan(view, now).due, now))


# T7: the offer to shorten

OFFER = "shorten/ana/m1/draft"


def test_t7_little_to_talk_about_brings_an_offer_72_hours_ahead() -> None:
    view = snapshot([meeting(FRIDAY)])
    assert of("shorten", view, FRIDAY - timedelta(hours=72, minutes=1)) == []
    assert of("shorten", view, FRIDAY - timedelta(hours=72)) == [OFFER]


@pytest.mark.parametrize(
    ("facts", "offered"),
    [
        ({"topics": (QUESTION,)}, False),
        ({"topics": (UPDATE,)}, True),
        ({"topics": (UPDATE,), "actions": (PROMISE,)}, False),
        ({"actions": (PROMISE,), "feedback": (ADVICE,)}, False),
        ({"topics": (replace(QUESTION, private=True),)}, True),
        ({"topics": (replace(QUESTION, mentor="ben"),)}, True),
        ({"topics": (replace(QUESTION, state="discussed"),)}, True),
    ],
)
def test_t7_a_question_or_two_live_items_are_worth_the_meeting(facts: dict[str, object], offered: bool) -> None:
    view = replace(snapshot([meeting(FRIDAY)]), **facts)  # type: ignore[arg-type]
    assert (of("shorten", view, FRIDAY - timedelta(hours=71)) == [OFFER]) is offered


def test_t7_never_on_the_last_day_nor_beside_a_late_agenda() -> None:
    view = snapshot([meeting(FRIDAY)])
    assert of("shorten", view, FRIDAY - timedelta(hours=47)) == []
    early = replace(view, mentors=(replace(ANA, agenda_lead_time=timedelta(days=6)),))
    assert of("shorten", early, FRIDAY - timedelta(hours=30)) == [OFFER]
    assert of("shorten", early, FRIDAY - timedelta(hours=23)) == []


def test_t7_skip_brings_the_offer_at_once_in_any_hour() -> None:
    skipped = {"questions/ana/m1": Mark(key="questions/ana/m1", skipped=True)}
    view = snapshot([meeting(FRIDAY)], marks=skipped)
    night = FRIDAY - timedelta(days=4, hours=-8)  # 22:00, long before its usual time
    assert of("shorten", view, night) == [OFFER]
    assert of("shorten", replace(view, topics=(QUESTION,)), night) == []


def test_t7_a_question_that_turns_up_takes_the_offer_back() -> None:
    now = FRIDAY - timedelta(hours=71)
    view = wrote(snapshot([meeting(FRIDAY)]), now)
    assert plan(view, now).withdraw == ()
    [taken] = plan(replace(view, topics=(QUESTION,)), now).withdraw
    assert (taken.entry.key, taken.why) == (OFFER, "enough to talk about")


def test_t7_no_offer_to_a_mentee_nor_where_no_drafts_are_wanted() -> None:
    now = FRIDAY - timedelta(hours=71)
    view = snapshot([meeting(FRIDAY)], mentors=(replace(ANA, role="mentee"),))
    assert of("shorten", view, now) == []
    view = snapshot([meeting(FRIDAY)])
    assert of("shorten", replace(view, practice=replace(view.practice, delivery=("inbox",))), now) == []


# T8: a plan for feedback


def test_t8_the_next_morning_asks_for_a_plan_once_for_all_of_the_day() -> None:
    view = replace(QUIET, feedback=(ADVICE, replace(ADVICE, id=5, received_at=MONDAY + timedelta(hours=8))))
    tuesday = MONDAY.replace(hour=8) + timedelta(days=1)
    assert of("feedback_plan", view, MONDAY + timedelta(hours=8)) == []
    assert of("feedback_plan", view, tuesday) == ["feedback_plan/ana/2026-12-01"]
    view = wrote(view, tuesday)
    assert of("feedback_plan", view, tuesday + timedelta(days=1)) == []


def test_t8_old_mail_that_is_tagged_today_is_asked_about_tomorrow() -> None:
    late = replace(ADVICE, received_at=MONDAY - timedelta(days=20), filed_at=MONDAY)
    view = replace(QUIET, feedback=(late,))
    assert of("feedback_plan", view, MONDAY) == []
    assert of("feedback_plan", view, MONDAY + timedelta(days=1)) == ["feedback_plan/ana/2026-12-01"]


def test_t8_sting_holds_it_for_48_hours_first() -> None:
    view = replace(QUIET, feedback=(replace(ADVICE, subject="Your talk #feedback #sting"),))
    assert of("feedback_plan", view, MONDAY + timedelta(hours=48)) == []
    assert of("feedback_plan", view, MONDAY.replace(hour=8) + timedelta(days=3)) == ["feedback_plan/ana/2026-12-03"]


@pytest.mark.parametrize(
    "facts",
    [
        {"state": "planned", "plan": "rehearse"},
        {"state": "dropped"},
        {"mentor": None},
        {"received_at": MONDAY.replace(2025)},
    ],
)
def test_t8_what_has_a_plan_or_is_from_before_the_first_start_is_left_in_peace(facts: dict[str, object]) -> None:
    view = replace(QUIET, feedback=(replace(ADVICE, **facts),))  # type: ignore[arg-type]
    assert not [one for one in upcoming(view, MONDAY, MONDAY + timedelta(days=30)) if one.rule == "feedback_plan"]


def test_t8_one_nudge_after_seven_days_without_a_plan_and_no_more() -> None:
    tuesday = MONDAY.replace(hour=8) + timedelta(days=1)
    view = wrote(replace(QUIET, feedback=(ADVICE,)), tuesday)
    later = tuesday + timedelta(days=7)
    assert of("feedback_plan", view, later - timedelta(minutes=1)) == []
    assert of("feedback_plan", view, later) == ["feedback_plan/ana/2026-12-01/nudge"]
    planned = replace(view, feedback=(replace(ADVICE, state="planned"),))
    assert of("feedback_plan", planned, later) == []
    skipped = {"feedback_plan/ana/2026-12-01": Mark(key="feedback_plan/ana/2026-12-01", skipped=True)}
    assert of("feedback_plan", replace(view, marks=skipped), later) == []
    view = wrote(view, later)
    assert all(of("feedback_plan", view, later + timedelta(days=day)) == [] for day in range(60))


# Regular contact, T6

MONTHLY = replace(ANA, cadence=timedelta(days=30))


def test_t6_a_silence_longer_than_agreed_brings_a_check_in() -> None:
    view = snapshot(mentors=(MONTHLY,), contacts=(Contact(mentor="ana", at=MONDAY, kind="mail from"),))
    assert of("contact", view, MONDAY + timedelta(days=29)) == []
    # 30 December lies in the week of the quarterly check-in of 1 January, which says the same
    assert of("contact", view, MONDAY + timedelta(days=30)) == []
    assert of("contact", view, datetime(2027, 1, 8, 9, tzinfo=ZONE)) == ["contact/ana/2026-11-30.1/draft"]


def test_t6_91_days_are_the_longest_whatever_was_agreed() -> None:
    yearly = replace(ANA, cadence=timedelta(days=365))
    at = datetime(2026, 11, 2, 9, tzinfo=ZONE)
    view = snapshot(mentors=(yearly,), contacts=(Contact(mentor="ana", at=at, kind="mail to"),))
    assert of("contact", view, at + timedelta(days=90)) == []
    assert of("contact", view, at + timedelta(days=91)) == ["contact/ana/2026-11-02.1/draft"]


def test_t6_the_first_start_chases_no_silence_from_before_it() -> None:
    view = snapshot(mentors=(MONTHLY,), contacts=(Contact(mentor="ana", at=MONDAY.replace(2025), kind="meeting"),))
    first = min(one.due_at for one in upcoming(view, MONDAY, MONDAY + timedelta(days=90)) if one.rule == "contact")
    assert first >= view.started_at + timedelta(days=30)


def test_t6_a_meeting_within_two_weeks_is_contact_enough() -> None:
    at = datetime(2026, 11, 2, 9, tzinfo=ZONE)
    view = snapshot(mentors=(MONTHLY,), contacts=(Contact(mentor="ana", at=at, kind="mail to"),))
    due = at + timedelta(days=30)
    assert of("contact", replace(view, meetings=(meeting(due + timedelta(days=13)),)), due) == []
    assert of("contact", replace(view, meetings=(meeting(due + timedelta(days=15)),)), due) != []


@pytest.mark.parametrize(("channel", "key"), [("email", "1/draft"), ("phone", "1"), ("video", "1"), ("in person", "1")])
def test_t6_the_preferred_channel_decides_where_it_lands(channel: str, key: str) -> None:
    at = datetime(2026, 11, 2, 9, tzinfo=ZONE)
    person = replace(MONTHLY, channel=channel)  # type: ignore[arg-type]
    view = snapshot(mentors=(person,), contacts=(Contact(mentor="ana", at=at, kind="mail to"),))
    assert of("contact", view, at + timedelta(days=30)) == [f"contact/ana/2026-11-02.{key}"]


def test_t6_one_for_each_span_and_three_at_most() -> None:
    view = replace(snapshot(mentors=(MONTHLY,)), contacts=(Contact(mentor="ana", at=MONDAY, kind="mail to"),))
    ahead = [one for one in upcoming(view, MONDAY, MONDAY + timedelta(days=360)) if one.rule == "contact"]
    assert len(ahead) == 3
    gaps = [later.due_at - earlier.due_at for earlier, later in pairwise(ahead)]
    assert all(gap >= timedelta(days=15) for gap in gaps)


# P3, C26: the next meeting


def test_p3_c26_a_day_after_a_meeting_without_a_next_one_a_draft_asks() -> None:
    held = meeting(MONDAY)
    view = snapshot([held], mentors=(MONTHLY,))
    assert of("next_meeting", view, held.end + timedelta(hours=23)) == []
    assert of("next_meeting", view, held.end + timedelta(hours=24)) == ["next_meeting/ana/m1/draft"]
    assert of("next_meeting", view, held.end + timedelta(days=9)) == []


def test_p3_nothing_is_missing_with_a_next_meeting_or_without_a_cadence() -> None:
    held, following = meeting(MONDAY), meeting(MONDAY + timedelta(days=28), key="m2")
    now = held.end + timedelta(days=1)
    assert of("next_meeting", snapshot([held, following], mentors=(MONTHLY,)), now) == []
    assert of("next_meeting", snapshot([held], mentors=(ANA,)), now) == []
    far = meeting(MONDAY + timedelta(days=40), key="m2")
    assert of("next_meeting", snapshot([held, far], mentors=(MONTHLY,)), now) != []
    assert of("next_meeting", snapshot([held], mentors=(MONTHLY,), started_at=now), now) == []


def test_p3_a_meeting_that_slips_by_a_week_is_booked_all_the_same() -> None:
    weekly = replace(ANA, cadence=timedelta(days=7))
    held, slipped = meeting(MONDAY), meeting(MONDAY + timedelta(days=14), key="m2")
    now = held.end + timedelta(days=1)
    assert of("next_meeting", snapshot([held, slipped], mentors=(weekly,)), now) == []
    later = meeting(MONDAY + timedelta(days=21), key="m2")
    assert of("next_meeting", snapshot([held, later], mentors=(weekly,)), now) != []


def test_p3_a_meeting_that_is_booked_takes_the_draft_back() -> None:
    held = meeting(MONDAY)
    now = held.end + timedelta(days=1)
    view = wrote(snapshot([held], mentors=(MONTHLY,)), now)
    assert plan(view, now).withdraw == ()
    booked = replace(view, meetings=(held, meeting(MONDAY + timedelta(days=28), key="m2")))
    assert [(one.entry.key, one.why) for one in plan(booked, now).withdraw] == [("next_meeting/ana/m1/draft", "booked")]


# The digest

SLOT = datetime(2026, 12, 14, 8, tzinfo=ZONE)  # the second Monday of the month


def test_the_digest_does_not_come_when_there_is_nothing_to_tell() -> None:
    assert of("digest", QUIET, SLOT) == []


@pytest.mark.parametrize(
    ("due", "told"),
    [(date(2026, 12, 6), False), (date(2026, 12, 7), True), (date(2026, 12, 22), True), (date(2026, 12, 23), False)],
)
def test_p4_c20_a_promise_is_told_two_days_ahead_and_once_when_overdue(due: date, told: bool) -> None:
    view = replace(QUIET, actions=(replace(PROMISE, due=due),))
    assert (of("digest", view, SLOT) == ["digest/owner/2026-12-14T08:00"]) is told
    assert of("digest", replace(view, actions=(replace(PROMISE, due=due, state="done"),)), SLOT) == []


def test_p4_the_mentors_promises_get_one_mention_at_most() -> None:
    theirs = [replace(PROMISE, id=number, owner="ana", due=date(2026, 12, 10)) for number in (5, 6)]
    view = replace(QUIET, actions=tuple(theirs))
    assert week(view, SLOT).theirs == theirs[0]
    assert not of("digest", view, SLOT + timedelta(days=7))


def test_t6_people_past_their_cadence_are_told_of() -> None:
    contact = Contact(mentor="ana", at=datetime(2026, 11, 12, 9, tzinfo=ZONE), kind="mail to")
    view = snapshot(mentors=(MONTHLY,), contacts=(contact,))
    assert of("digest", view, SLOT) == ["digest/owner/2026-12-14T08:00"]
    assert week(view, SLOT).silent == (MONTHLY,)
    soon = replace(view, meetings=(*view.meetings, meeting(SLOT + timedelta(days=9), key="soon")))
    assert week(soon, SLOT).silent == ()


def test_c8_c23_an_empty_distance_and_a_goal_without_a_date_are_told_once_a_month() -> None:
    first = datetime(2026, 12, 7, 8, tzinfo=ZONE)
    view = replace(QUIET, mentors=(replace(ANA, distance="senior"), replace(BEN, distance="peer")))
    assert week(view, first).empty_distances == ("step-ahead",)
    assert of("digest", view, SLOT) == []
    undated = Goal(id=9, text="Submit the K award", created_at=MONDAY)
    assert week(replace(QUIET, goals=(undated,)), first).undated == (undated,)
    assert week(replace(QUIET, goals=(replace(undated, due=date(2027, 1, 1)),)), first).empty
    assert week(QUIET, first).empty  # nobody's distance is known


def test_c21_after_two_months_without_advice_a_specific_question_is_proposed_once_a_month() -> None:
    first = datetime(2027, 2, 1, 8, tzinfo=ZONE)
    heard = replace(ADVICE, received_at=first - timedelta(days=59))
    assert week(replace(QUIET, feedback=(heard,)), first).unheard == (BEN,)
    assert week(QUIET, first).unheard == (ANA, BEN)
    assert week(QUIET, first + timedelta(days=7)).unheard == ()
    assert week(replace(QUIET, started_at=first - timedelta(days=59)), first).unheard == ()


def test_t9_a_thank_you_that_was_made_from_feedback_is_told_of_and_one_asked_for_is_not() -> None:
    made = entry("thank_you/ana/m1/draft", "thank_you", SLOT - timedelta(days=2), object="m1")
    view = replace(QUIET, ledger={made.key: made})
    assert week(view, SLOT).drafted == (made,)
    given = Thanks(id=1, text="the word", mentor="ana", meeting="m1", created_at=SLOT - timedelta(days=2))
    assert week(replace(view, thanks=(given,)), SLOT).drafted == ()


def test_what_was_done_unasked_is_told_in_the_week_it_was_done() -> None:
    drafted = entry("contact/ana/2026-11-30.1/draft", "contact", SLOT - timedelta(days=2))
    taken = replace(drafted, key="agenda/ana/m/draft", rule="agenda", outcome="withdrawn")
    asked = entry("agenda/ana/m", "agenda", SLOT - timedelta(days=2))
    view = replace(QUIET, ledger={one.key: one for one in (drafted, taken, asked)})
    view = replace(view, feedback=(replace(ADVICE, received_at=SLOT - timedelta(days=1)),))
    told = week(view, SLOT)
    assert (told.drafted, told.withdrawn, len(told.filed)) == ((drafted,), (taken,), 1)
    assert week(view, SLOT + timedelta(days=7)).empty


def test_s03_after_downtime_only_the_latest_digest_within_three_days_comes() -> None:
    view = replace(QUIET, actions=(replace(PROMISE, due=date(2026, 12, 15)),))
    assert of("digest", view, SLOT + timedelta(days=2)) == ["digest/owner/2026-12-14T08:00"]
    assert of("digest", view, SLOT + timedelta(days=3)) == []
    assert of("digest", replace(view, started_at=SLOT + timedelta(hours=1)), SLOT + timedelta(hours=2)) == []


def test_t12_a_goal_that_was_reached_is_asked_about_once() -> None:
    reached = Goal(id=9, text="Submit the K award", state="done", created_at=MONDAY, done_at=SLOT - timedelta(days=2))
    view = replace(QUIET, goals=(reached,))
    assert week(view, SLOT).reached == (reached,)
    assert of("digest", view, SLOT) == ["digest/owner/2026-12-14T08:00"]
    assert week(view, SLOT + timedelta(days=7)).reached == ()
    assert week(replace(QUIET, goals=(replace(reached, state="dropped"),)), SLOT).reached == ()


def test_t9_twice_a_year_the_owner_is_asked_what_they_could_do_for_each_mentor() -> None:
    may = datetime(2027, 5, 3, 8, tzinfo=ZONE)
    won = Win(id=1, text="It was funded", credit=("ben",), created_at=may - timedelta(days=30))
    theirs = replace(PROMISE, owner="ben", mentor="ben")
    view = replace(QUIET, wins=(won, replace(won, id=2, created_at=MONDAY.replace(2025))), actions=(theirs,))
    [ben, ana] = week(view, may).giving
    assert (ben.person, ben.wins, ben.promise, ana.person, ana.wins) == (BEN, 1, theirs, ANA, 0)
    told = [month for month in range(1, 13) if week(view, datetime(2028, month, 3, 8, tzinfo=ZONE)).giving]
    assert told == [5, 11]
    assert week(view, may + timedelta(days=7)).giving == ()
    assert week(replace(view, started_at=may - timedelta(days=30)), may).giving == ()


def test_the_digest_of_the_first_week_comes_only_with_something_to_do() -> None:
    begun = SLOT - timedelta(days=4)
    undated = Goal(id=9, text="Submit the K award", state="done", created_at=begun, done_at=begun)
    view = replace(QUIET, started_at=begun, goals=(undated,))
    assert week(view, SLOT).reached
    assert of("digest", view, SLOT) == []
    owed = replace(view, actions=(replace(PROMISE, created_at=begun, due=date(2026, 12, 15)),))
    assert of("digest", owed, SLOT) == ["digest/owner/2026-12-14T08:00"]
