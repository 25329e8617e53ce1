"""The questions, some days ahead of a meeting."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from mentorup_daemon.records import Mark, Topic
from mentorup_daemon.rules.plan import plan
from tests.unit.rules.people import LONG_AGO, MONDAY, delivered, keys, meeting, snapshot

START = MONDAY + timedelta(days=11, hours=5)  # a Friday, 14:00
SKIPPED = {"questions/ana/m1": Mark(key="questions/ana/m1", skipped=True)}


def test_c18_the_owner_is_asked_five_days_ahead_in_working_hours() -> None:
    view = snapshot([meeting(START + timedelta(days=3))])
    asked = START - timedelta(days=2)
    assert keys(plan(view, asked - timedelta(minutes=1)).due) == []
    assert keys(plan(view, asked).due) == ["questions/ana/m1"]


def test_c18_what_falls_due_on_a_weekend_comes_before_it_so_that_it_is_of_use() -> None:
    view = snapshot([meeting(START - timedelta(days=1))])  # five days before is a Saturday
    friday = MONDAY + timedelta(days=4, hours=8)
    assert keys(plan(view, friday).due) == ["questions/ana/m1"]


def test_t3_a_meeting_found_late_gets_its_agenda_alone() -> None:
    view = snapshot([meeting(START)])
    found = START - timedelta(hours=60)
    assert keys(plan(view, found).due) == []
    assert keys(plan(view, START - timedelta(hours=47)).due) == ["agenda/ana/m1/draft", "agenda/ana/m1"]


def test_c18_no_question_for_a_meeting_whose_time_to_ask_was_before_the_first_start() -> None:
    view = snapshot([meeting(START + timedelta(days=3))], started_at=START - timedelta(days=2, minutes=-1))
    assert keys(plan(view, START - timedelta(days=1, hours=20)).due) == []


def test_c18_a_lead_time_no_longer_than_the_agendas_asks_nothing_extra() -> None:
    view = snapshot([meeting(START)])
    view = replace(view, practice=replace(view.practice, questions_lead_time=timedelta(hours=48)))
    assert "questions/ana/m1" not in keys(plan(view, START - timedelta(hours=49)).due)


def test_t3_skip_means_no_agenda_until_there_is_a_question() -> None:
    view = snapshot([meeting(START)], marks=SKIPPED)
    now = START - timedelta(hours=47)
    assert [key for key in keys(plan(view, now).due) if key.startswith("agenda")] == []
    asked = Topic(id=1, text="K award?", mentor="ana", created_at=now)
    again = replace(view, topics=(asked,))
    assert keys(plan(again, now).due) == ["agenda/ana/m1/draft", "agenda/ana/m1"]


def test_t3_skip_after_the_agenda_takes_its_draft_back() -> None:
    view = snapshot([meeting(START)])
    now = START - timedelta(hours=47)
    view = replace(view, ledger=delivered(view.ledger, plan(view, now).due, now), marks=SKIPPED)
    taken = [(one.entry.key, one.why) for one in plan(view, now).withdraw]
    assert ("agenda/ana/m1/draft", "skipped") in taken
    assert not any(key == "agenda/ana/m1" for key, _ in taken)


def test_c24_a_question_moves_with_its_meeting_and_its_end_is_told() -> None:
    view = snapshot([meeting(START + timedelta(days=3))])
    now = START - timedelta(days=2)
    view = replace(view, ledger=delivered(view.ledger, plan(view, now).due, now))
    near = replace(
        view,
        meetings=(
            LONG_AGO,
            meeting(START + timedelta(days=3, hours=1)),
        ),
    )
    assert [(one.key, one.revision) for one in plan(near, now).due] == [("questions/ana/m1", 2)]
    far = replace(
        view,
        meetings=(
            LONG_AGO,
            meeting(START + timedelta(days=30)),
        ),
    )
    assert [(one.entry.key, one.why) for one in plan(far, now).withdraw] == [("questions/ana/m1", "moved")]
    off = replace(
        view,
        meetings=(
            LONG_AGO,
            meeting(START + timedelta(days=3), status="cancelled"),
        ),
    )
    [withdrawal] = plan(off, now).withdraw
    assert withdrawal.why == "cancelled"
    gone = dict(off.ledger) | {withdrawal.entry.key: replace(withdrawal.entry, outcome="withdrawn", outcome_at=now)}
    assert keys(plan(replace(off, ledger=gone), now).due) == ["change/ana/m1/questions-1"]


def test_c18_skip_asks_no_second_time() -> None:
    view = snapshot([meeting(START + timedelta(days=3))], marks=SKIPPED)
    assert "questions/ana/m1" not in keys(plan(view, START - timedelta(days=2)).due)
