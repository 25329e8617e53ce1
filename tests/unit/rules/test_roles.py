"""What each rule does with mentees and candidates: the mirrored practices, nothing that fits mentors alone (T12)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mentorup_daemon.records import ActionItem, Feedback, Mentor, Snapshot, Thanks, Topic
from mentorup_daemon.rules import reminders
from mentorup_daemon.rules.plan import plan, upcoming
from tests.unit.rules.people import ANA, MONDAY, delivered, meeting, snapshot

THURSDAY = MONDAY + timedelta(days=10, hours=5)
MENTEE = replace(ANA, role="mentee", cadence=timedelta(days=14))


def with_role(person: Mentor) -> Snapshot:
    """Two meetings far apart, a question, advice, promises and thanks: something for every rule."""
    held, ahead = meeting(MONDAY - timedelta(days=3), key="held"), meeting(THURSDAY)
    return replace(
        snapshot([held, ahead]),
        mentors=(person,),
        topics=(Topic(id=1, text="K?", mentor="ana", created_at=MONDAY),),
        feedback=(Feedback(id=2, text="Slow down.", mentor="ana", received_at=MONDAY, source="subject"),),
        actions=(ActionItem(id=3, text="it", mentor="ana", created_at=MONDAY),),
        thanks=(Thanks(id=4, text="x", mentor="ana", meeting="held", created_at=MONDAY),),
    )


def rules(view: Snapshot) -> set[str]:
    return {one.rule for one in upcoming(view, MONDAY, MONDAY + timedelta(days=365)) if one.mentor == "ana"}


def test_t12_a_mentee_gets_the_mirrored_practices_and_nothing_that_is_for_mentors() -> None:
    assert rules(with_role(MENTEE)) == {"mentee_agenda", "mentee_promises", "feedback_plan"}
    assert not {"mentee_agenda", "mentee_promises"} & rules(with_role(replace(MENTEE, role="mentor")))


def test_t12_t6_reminders_in_the_calendar_are_of_what_a_mentee_was_promised_alone() -> None:
    view = with_role(MENTEE)
    promise = ActionItem(id=3, text="it", mentor="ana", due=THURSDAY.date(), created_at=MONDAY)
    view = replace(view, practice=replace(view.practice, reminders=True), actions=(promise,))
    assert {one.kind for one in reminders.standing(view, MONDAY)} == {"follow_up"}
    mentor = replace(view, mentors=(replace(MENTEE, role="mentor"),))
    assert {one.kind for one in reminders.standing(mentor, MONDAY)} >= {"follow_up", "prepare", "thank"}


def test_t1_a_candidate_is_not_chased_as_a_mentor_is() -> None:
    came = rules(with_role(replace(MENTEE, role="candidate")))
    assert not came & {"check_in", "contact", "next_meeting", "shorten", "mentee_agenda", "mentee_promises"}
    assert "thank_you" in came


@pytest.mark.parametrize("delivery", [("inbox", "drafts"), ("inbox",), ("drafts",)])
def test_t12_the_mentee_is_asked_for_the_agenda_five_days_before(delivery: tuple[str, ...]) -> None:
    view = with_role(MENTEE)
    view = replace(view, practice=replace(view.practice, delivery=delivery))
    came = {one.key: one for one in upcoming(view, MONDAY, THURSDAY) if one.rule == "mentee_agenda"}
    wanted = {"inbox": "mentee_agenda/ana/m1", "drafts": "mentee_agenda/ana/m1/draft"}
    assert set(came) == {wanted[place] for place in delivery}
    for one in came.values():  # five days before a Thursday is a Saturday
        assert one.due_at == (THURSDAY - timedelta(days=3)).replace(hour=8)


def test_t12_on_the_last_day_only_the_note_comes() -> None:
    view = with_role(MENTEE)
    now = THURSDAY - timedelta(hours=5)
    assert [one.key for one in plan(view, now).due if one.rule == "mentee_agenda"] == ["mentee_agenda/ana/m1"]


def test_t12_with_a_short_lead_time_the_mentee_is_asked_all_the_same() -> None:
    view = with_role(MENTEE)
    view = replace(view, practice=replace(view.practice, questions_lead_time=timedelta(hours=5)))
    now = THURSDAY - timedelta(hours=4)
    written = [one.key for one in plan(view, now).due if one.rule == "mentee_agenda"]
    assert written == ["mentee_agenda/ana/m1/draft", "mentee_agenda/ana/m1"]


def test_t12_c24_a_meeting_that_is_off_takes_the_draft_back_and_the_note_is_untold() -> None:
    view = with_role(MENTEE)
    now = THURSDAY - timedelta(days=2)
    written = [one for one in plan(view, now).due if one.rule == "mentee_agenda"]
    view = replace(view, ledger=delivered(view.ledger, written, now))
    off = replace(view, meetings=(replace(meeting(THURSDAY), status="cancelled"),))
    assert [(one.entry.key, one.why) for one in plan(off, now).withdraw] == [
        ("mentee_agenda/ana/m1/draft", "cancelled"),
        ("mentee_agenda/ana/m1", "cancelled"),
    ]
    gone = {key: replace(entry, outcome="withdrawn") for key, entry in view.ledger.items()}
    assert [one.key for one in plan(replace(off, ledger=gone), now).due if one.rule == "change"] == [
        "change/ana/m1/mentee_agenda-1"
    ]


def test_t12_the_question_after_the_meeting_comes_with_the_thank_you_schedule_and_not_days_later() -> None:
    view = with_role(MENTEE)
    [one] = [each for each in upcoming(view, THURSDAY, THURSDAY + timedelta(days=1)) if each.rule == "mentee_promises"]
    assert (one.key, one.due_at) == ("mentee_promises/ana/m1", THURSDAY.replace(hour=17))
    late = THURSDAY + timedelta(days=4)
    assert not [each for each in plan(view, late).due if each.rule == "mentee_promises"]
