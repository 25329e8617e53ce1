"""What the owner learns of themselves and others: wins, compacts, the profile, and the quarterly look back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from mentorup_daemon.records import (
    ActionItem,
    Compact,
    Contact,
    Feedback,
    Mark,
    PersonState,
    ProfileEntry,
    Snapshot,
    Topic,
    Win,
)
from mentorup_daemon.records.quarter import quarter_before
from mentorup_daemon.rules.plan import plan, upcoming
from tests.unit.rules.people import ANA, BEN, MONDAY, ZONE, delivered, entry, keys, meeting, snapshot

STARTED = datetime(2026, 11, 1, tzinfo=ZONE)


def of(rule: str, view: Snapshot, now: datetime) -> list[str]:
    return [key for key in keys(plan(view, now).due) if key.startswith(f"{rule}/")]


def ahead(rule: str, view: Snapshot, days: int, now: datetime = MONDAY) -> list[tuple[str, str]]:
    """What would come of one rule: day and key."""
    found = upcoming(view, now, now + timedelta(days=days))
    return [(f"{one.due_at.astimezone(ZONE):%Y-%m-%d %H:%M}", one.key) for one in found if one.rule == rule]


def wrote(view: Snapshot, now: datetime) -> Snapshot:
    return replace(view, ledger=delivered(view.ledger, plan(view, now).due, now))


# T9: wins and their credit trail

WIN = Win(id=7, text="The pilot was funded", credit=("ana", "ben"), created_at=MONDAY)


def test_t9_whoever_has_credit_for_a_win_gets_a_draft_on_the_next_working_morning() -> None:
    view = snapshot(wins=(WIN,))
    tuesday = MONDAY.replace(hour=8) + timedelta(days=1)
    assert of("win", view, tuesday - timedelta(minutes=1)) == []
    assert of("win", view, tuesday) == ["win/ana/7/draft", "win/ben/7/draft"]
    assert of("win", wrote(view, tuesday), tuesday + timedelta(days=1)) == []
    friday = replace(WIN, created_at=MONDAY + timedelta(days=4))
    assert ahead("win", snapshot(wins=(friday,)), 30)[0] == ("2026-12-07 08:00", "win/ana/7/draft")


@pytest.mark.parametrize(
    "facts",
    [{"state": "dropped"}, {"credit": ()}, {"credit": ("nobody",)}, {"created_at": STARTED - timedelta(days=1)}],
)
def test_t9_no_draft_for_a_win_without_credit_dropped_or_from_before_the_first_start(facts: dict[str, object]) -> None:
    assert ahead("win", snapshot(wins=(replace(WIN, **facts),)), 30) == []  # type: ignore[arg-type]


def test_t9_t10_word_of_a_win_waits_for_whoever_is_away_and_is_not_sent_to_the_closed() -> None:
    away = replace(ANA, away=((date(2026, 12, 1), date(2026, 12, 11)),))
    closed = {"ben": PersonState(mentor="ben", state="closed", since=MONDAY)}
    view = snapshot(wins=(WIN,), mentors=(away, BEN), states=closed)
    assert ahead("win", view, 30) == [("2026-12-14 08:00", "win/ana/7/draft")]


def test_t9_a_win_that_is_taken_back_takes_its_fresh_drafts_along() -> None:
    tuesday = MONDAY.replace(hour=8) + timedelta(days=1)
    view = wrote(snapshot(wins=(WIN,)), tuesday)
    assert plan(view, tuesday).withdraw == ()
    for wins, gone in (((), {"ana", "ben"}), ((replace(WIN, credit=("ben",)),), {"ana"})):
        taken = plan(replace(view, wins=wins), tuesday + timedelta(days=1)).withdraw
        assert {one.entry.mentor for one in taken} == gone
    assert plan(replace(view, wins=()), tuesday + timedelta(days=60)).withdraw == ()


# T4, C16, C27: what two people expect of each other

COMPACT = Compact(id=3, mentor="ana", aims="a K award", agreed_at=MONDAY, created_at=MONDAY)


def test_t4_c27_ninety_days_after_they_agreed_a_draft_and_the_note_that_tells_of_it_come() -> None:
    view = snapshot(compacts=(COMPACT,), mentors=(ANA,))
    assert ahead("compact", view, 200) == [
        ("2027-03-02 08:00", "compact/ana/2027-02-28"),
        ("2027-03-02 08:00", "compact/ana/2027-02-28/draft"),
        ("2027-06-01 08:00", "compact/ana/2027-05-29"),
        ("2027-06-01 08:00", "compact/ana/2027-05-29/draft"),
    ]
    day = datetime(2027, 3, 2, 8, tzinfo=ZONE)
    assert keys(one for one in plan(view, day).due if one.rule == "compact") == [
        "compact/ana/2027-02-28/draft",
        "compact/ana/2027-02-28",
    ]
    assert of("compact", wrote(view, day), day + timedelta(days=1)) == []


def test_t4_agreeing_again_begins_the_ninety_days_anew_and_the_latest_compact_counts() -> None:
    again = replace(COMPACT, agreed_at=MONDAY + timedelta(days=60))
    assert ahead("compact", snapshot(compacts=(again,), mentors=(ANA,)), 120) == []
    newer = replace(COMPACT, id=9, agreed_at=None, created_at=MONDAY + timedelta(days=30))
    [(day, _), _] = ahead("compact", snapshot(compacts=(COMPACT, newer), mentors=(ANA,)), 130)
    assert day == "2027-03-30 08:00"


def test_t4_no_review_from_before_the_first_start_nor_for_a_mentor_who_is_closed_nor_a_mentee() -> None:
    old = replace(COMPACT, agreed_at=STARTED - timedelta(days=500))
    assert ahead("compact", snapshot(compacts=(old,), mentors=(ANA,)), 75)[0][0] == "2027-02-02 08:00"
    closed = {"ana": PersonState(mentor="ana", state="closed", since=MONDAY)}
    assert ahead("compact", snapshot(compacts=(COMPACT,), mentors=(ANA,), states=closed), 360) == []
    assert ahead("compact", snapshot(compacts=(COMPACT,), mentors=(replace(ANA, role="mentee"),)), 360) == []


def test_t4_t10_the_review_waits_until_the_mentor_is_back() -> None:
    away = replace(ANA, away=((date(2027, 2, 20), date(2027, 3, 5)),))
    found = ahead("compact", snapshot(compacts=(COMPACT,), mentors=(away,)), 120)
    assert found == [
        ("2027-03-08 08:00", "compact/ana/2027-02-28"),
        ("2027-03-08 08:00", "compact/ana/2027-02-28/draft"),
    ]


def test_t4_where_nothing_is_written_down_one_mentor_a_quarter_is_asked_about_in_turn() -> None:
    assert ahead("compact", snapshot(), 360) == [
        ("2027-02-02 08:00", "compact/ana/2027-01-30/ask"),
        ("2027-05-04 08:00", "compact/ben/2027-04-30/ask"),
        ("2027-08-03 08:00", "compact/ana/2027-07-29/ask"),
        ("2027-11-02 08:00", "compact/ben/2027-10-27/ask"),
    ]


def test_t4_writing_one_down_does_not_bring_the_question_about_the_next_on_the_same_day() -> None:
    day = datetime(2027, 2, 2, 8, tzinfo=ZONE)
    view = wrote(snapshot(), day)
    answered = replace(view, compacts=(replace(COMPACT, agreed_at=None, created_at=day),))
    assert of("compact", answered, day + timedelta(hours=1)) == []
    skipped = {"compact/ana/2027-01-30/ask": Mark(key="compact/ana/2027-01-30/ask", skipped=True)}
    assert of("compact", replace(view, marks=skipped), day + timedelta(hours=1)) == []


def test_t4_two_reviews_that_fall_into_one_week_come_a_week_apart() -> None:
    two = snapshot(compacts=(COMPACT, replace(COMPACT, id=4, mentor="ben", agreed_at=MONDAY - timedelta(days=2))))
    notes = [(day, key) for day, key in ahead("compact", two, 100) if not key.endswith(("/draft", "/ask"))]
    assert notes == [("2027-03-02 08:00", "compact/ana/2027-02-28"), ("2027-03-09 08:00", "compact/ben/2027-02-26")]


# C1, C2, C3: the profile

GAP = ProfileEntry(id=5, kind="gap", text="saying no", rating=2, created_at=MONDAY)


def test_c1_c2_c3_some_days_after_the_first_start_one_note_asks_what_is_not_there_yet() -> None:
    view = snapshot(ledger={}, started_at=MONDAY)
    assert of("profile", view, MONDAY) == []
    assert ahead("profile", view, 30) == [("2026-12-04 08:00", "profile/owner/set-up")]
    friday = MONDAY.replace(hour=8) + timedelta(days=4)
    assert of("profile", wrote(view, friday), friday + timedelta(days=1)) == []
    whole = (GAP, replace(GAP, id=6, kind="value"), replace(GAP, id=8, kind="style"))
    assert ahead("profile", replace(view, profile=whole), 30) == []


def test_c3_c2_ratings_are_looked_at_half_yearly_and_the_work_style_yearly() -> None:
    view = snapshot(profile=(GAP,), started_at=MONDAY - timedelta(days=60))
    assert ahead("profile", view, 500) == [
        ("2027-04-02 08:00", "profile/owner/2027-04-01"),
        ("2027-09-30 08:00", "profile/owner/2027-09-30"),
        ("2028-03-30 08:00", "profile/owner/2028-03-30"),
    ]
    reasons = [one.reason for one in upcoming(view, MONDAY, MONDAY + timedelta(days=500)) if one.rule == "profile"]
    assert ["how you work" in reason for reason in reasons] == [False, True, False]


def test_c3_who_never_answers_is_asked_three_times_in_all() -> None:
    view = snapshot(ledger={}, started_at=MONDAY)
    assert len(ahead("profile", view, 3000)) == 3


# T2, C22: the quarterly look back

PLACED = (
    replace(ANA, support=("sponsor",), distance="senior"),
    replace(BEN, support=("coach",), distance="peer"),
)
REVIEWED = datetime(2027, 1, 8, 8, tzinfo=ZONE)


def test_t2_c22_one_note_in_the_second_week_of_a_quarter_apart_from_check_in_and_digest() -> None:
    view = snapshot(mentors=PLACED)
    assert ahead("review", view, 330) == [
        ("2027-01-08 08:00", "review/owner/2027-01-08"),
        ("2027-04-08 08:00", "review/owner/2027-04-08"),
        ("2027-07-08 08:00", "review/owner/2027-07-08"),
        ("2027-10-08 08:00", "review/owner/2027-10-08"),
    ]
    fridays = replace(view, practice=replace(view.practice, digest="0 8 * * fri"))
    assert ahead("review", fridays, 60) == [("2027-01-11 08:00", "review/owner/2027-01-08")]
    daily = replace(view, practice=replace(view.practice, digest="0 8 * * *"))
    assert ahead("review", daily, 60) == [("2027-01-08 08:00", "review/owner/2027-01-08")]


def test_t2_c22_none_soon_after_the_first_start_and_none_with_nothing_to_tell() -> None:
    late = snapshot(mentors=PLACED, started_at=MONDAY + timedelta(days=10))
    assert ahead("review", late, 60) == []
    assert ahead("review", snapshot(), 330) == [
        ("2027-01-08 08:00", "review/owner/2027-01-08")
    ]  # how to fill it in, once
    assert ahead("review", snapshot(mentors=()), 330) == []


def test_c22_the_quarter_is_told_in_facts_from_the_records() -> None:
    first, second = meeting(MONDAY), meeting(MONDAY + timedelta(days=7), key="m2")
    wrote_agenda = entry("agenda/ana/m1/draft", "agenda", MONDAY - timedelta(days=2), mentor="ana", object="m1")
    thanked = entry("thank_you/ana/m1/draft", "thank_you", MONDAY + timedelta(hours=8), mentor="ana", object="m1")
    question = Topic(id=1, text="K?", mentor="ana", wants="feedback", created_at=MONDAY - timedelta(days=5))
    promise = ActionItem(id=2, text="it", mentor="ana", created_at=STARTED)
    said = Feedback(id=3, text="Slow down.", mentor="ana", received_at=MONDAY, source="reply", plan="so", state="done")
    view = snapshot(
        [first, second, meeting(MONDAY, key="off", status="cancelled"), meeting(REVIEWED, key="later")],
        ledger={one.key: one for one in (wrote_agenda, thanked)},
        topics=(question, replace(question, id=9, private=True)),
        actions=(
            replace(promise, state="done", done_at=MONDAY),
            replace(promise, id=4, due=date(2026, 12, 24)),
            replace(promise, id=5, owner="ana", due=date(2026, 12, 24)),
        ),
        feedback=(
            said,
            replace(said, id=6, plan=None, state="filed"),
            replace(said, id=8, received_at=STARTED.replace(2025)),
        ),
        contacts=(
            Contact(mentor="ana", at=MONDAY - timedelta(days=1), kind="mail to"),
            Contact(mentor="ana", at=MONDAY + timedelta(days=1), kind="mail to"),
        ),
    )
    told = quarter_before(view, REVIEWED.date())
    assert (told.met, told.prepared, told.sent, told.with_question) == (2, 1, 1, 1)
    assert (told.questions, told.feedback_asked) == (1, 1)
    assert (told.heard, told.planned, told.carried_out) == (2, 1, 1)
    assert (told.kept, told.late, told.thanked) == (1, 1, 1)
