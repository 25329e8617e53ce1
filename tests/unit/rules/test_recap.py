"""The recap that tells a mentor what was heard and what becomes of it, and the result at the next meeting (T8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from mentorup_daemon.records import Due, Feedback, Mark, Snapshot
from mentorup_daemon.records.standing import follow_up
from mentorup_daemon.rules.plan import plan, upcoming
from tests.unit.rules.people import ANA, MONDAY, ZONE, delivered, entry, meeting, snapshot

HELD = meeting(MONDAY - timedelta(days=6), key="held")
NEXT_MORNING = MONDAY.replace(hour=8) + timedelta(days=1)


def said(number: int = 1, **facts: object) -> Feedback:
    """A piece of Ana's advice for which a plan was made on Monday at ten."""
    told = {
        "text": "Slow down.",
        "mentor": "ana",
        "received_at": MONDAY - timedelta(days=2),
        "source": "reply",
        "plan": "rehearse",
        "planned_at": MONDAY + timedelta(hours=1),
        "state": "planned",
        **facts,
    }
    return Feedback(id=number, **told)  # type: ignore[arg-type]


def recaps(view: Snapshot, now: datetime = NEXT_MORNING) -> list[Due]:
    return [one for one in plan(view, now).due if one.rule == "recap"]


def test_t8_a_recap_comes_the_morning_after_once_for_all_plans_of_that_day() -> None:
    later = said(3, planned_at=MONDAY + timedelta(days=1, hours=3))
    view = replace(snapshot(), feedback=(said(1), said(2), later))
    assert [one.key for one in recaps(view)] == ["recap/ana/2026-11-30/draft"]
    assert recaps(view, MONDAY + timedelta(hours=2)) == []
    after = replace(view, ledger=delivered(view.ledger, recaps(view), NEXT_MORNING))
    assert recaps(after) == []
    assert [one.key for one in recaps(after, NEXT_MORNING + timedelta(days=1))] == ["recap/ana/2026-12-01/draft"]
    assert recaps(view, NEXT_MORNING + timedelta(days=9)) == []


@pytest.mark.parametrize(
    "facts",
    [
        {"planned_at": None},
        {"state": "done"},
        {"plan": None, "state": "filed"},
        {"received_at": datetime(2026, 10, 31, tzinfo=ZONE)},
        {"mentor": None},
    ],
)
def test_t8_no_recap_without_a_plan_that_stands_nor_for_what_was_said_before_the_first_start(
    facts: dict[str, object],
) -> None:
    assert recaps(replace(snapshot(), feedback=(said(**facts),))) == []


@pytest.mark.parametrize("role", ["mentee", "candidate"])
def test_t8_a_recap_is_for_mentors(role: str) -> None:
    view = replace(snapshot(), feedback=(said(),), mentors=(replace(ANA, role=role),))  # type: ignore[arg-type]
    assert recaps(view) == []


def thanked(at: datetime) -> Snapshot:
    key = "thank_you/ana/held/draft"
    view = replace(snapshot([HELD]), feedback=(said(meeting="held"),))
    return replace(view, ledger={key: entry(key, "thank_you", at, mentor="ana", object="held")})


def test_t8_none_where_the_thank_you_tells_of_the_plan_or_still_will() -> None:
    assert recaps(thanked(MONDAY + timedelta(hours=2))) == []
    assert len(recaps(thanked(MONDAY - timedelta(days=2)))) == 1  # written before there was a plan
    to_come = replace(snapshot([HELD]), feedback=(said(meeting="held"),))
    assert recaps(to_come) == []
    skipped = replace(to_come, marks={"thank_you/ana/held": Mark(key="thank_you/ana/held", skipped=True)})
    assert len(recaps(skipped)) == 1


def test_t8_none_where_the_agenda_of_the_next_meeting_is_there_by_then() -> None:
    soon = meeting(NEXT_MORNING + timedelta(hours=30))
    assert recaps(replace(snapshot([soon]), feedback=(said(),))) == []
    assert len(recaps(replace(snapshot([meeting(MONDAY + timedelta(days=9))]), feedback=(said(),)))) == 1


def test_t8_a_recap_waits_for_a_mentor_who_is_away_and_is_taken_back_with_the_plan() -> None:
    back = date(2026, 12, 4)
    away = replace(ANA, away=((date(2026, 11, 28), back - timedelta(days=1)),))
    view = replace(snapshot(), feedback=(said(),), mentors=(away,))
    [one] = [each for each in upcoming(view, MONDAY, MONDAY + timedelta(days=9)) if each.rule == "recap"]
    assert one.due_at.date() == back
    written = replace(view, ledger=delivered({}, [one], one.due_at))
    assert not [each for each in plan(written, one.due_at).withdraw if each.entry.rule == "recap"]
    undone = replace(written, feedback=(said(plan=None, planned_at=None, state="filed"),))
    assert [each.why for each in plan(undone, one.due_at).withdraw] == ["nothing to name"]


AHEAD = meeting(MONDAY + timedelta(days=20), key="ahead")
BETWEEN = meeting(MONDAY + timedelta(days=10), key="between")
PREPARED = {"agenda/ana/between": entry("agenda/ana/between", "agenda", MONDAY, mentor="ana", object="between")}


@pytest.mark.parametrize(
    ("facts", "stage", "after_a_meeting"),
    [
        ({}, "plan", None),
        ({"planned_at": None}, "plan", "plan"),
        ({"plan_due": date(2026, 12, 4)}, "due", None),
        ({"plan_due": date(2026, 12, 12)}, "due", "due"),
        ({"plan_due": date(2027, 1, 12)}, "plan", None),
        ({"state": "done", "done_at": MONDAY + timedelta(days=3)}, "done", None),
        ({"state": "done", "done_at": MONDAY + timedelta(days=12)}, "done", "done"),
        ({"state": "done"}, None, None),
        ({"state": "filed", "plan": None}, None, None),
    ],
)
def test_t8_advice_comes_up_as_a_plan_once_and_as_a_result_once(
    facts: dict[str, object], stage: str | None, after_a_meeting: str | None
) -> None:
    view = snapshot([BETWEEN, AHEAD])
    assert follow_up(view, said(**facts), AHEAD) == stage
    assert follow_up(replace(view, ledger=PREPARED), said(**facts), AHEAD) == after_a_meeting
