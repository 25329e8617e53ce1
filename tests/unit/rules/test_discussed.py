"""What counts as discussed after a meeting."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mentorup_daemon.records import Topic
from mentorup_daemon.rules.discussed import discussed
from mentorup_daemon.rules.plan import plan
from tests.unit.rules.people import ANA, MONDAY, delivered, entry, meeting, snapshot

HELD = meeting(MONDAY)
WRITTEN = entry("agenda/ana/m1", "agenda", MONDAY - timedelta(days=2), mentor="ana", object="m1", basis="0-1 ana")
TOPIC = Topic(id=1, text="K award?", mentor="ana", created_at=MONDAY - timedelta(days=3))
VIEW = snapshot([HELD], topics=(TOPIC,), ledger={WRITTEN.key: WRITTEN})


def test_c17_what_stood_on_the_agenda_is_discussed_when_the_meeting_is_over() -> None:
    assert discussed(VIEW, HELD.end - timedelta(minutes=1)) == ()
    assert discussed(VIEW, HELD.end) == (1,)
    done = replace(VIEW, topics=(replace(TOPIC, state="discussed"),))
    assert discussed(done, HELD.end) == ()


@pytest.mark.parametrize(
    "facts",
    [
        {"mentor": "ben"},
        {"mentor": None},
        {"private": True},
        {"state": "dropped"},
        {"created_at": MONDAY + timedelta(minutes=10)},
    ],
)
def test_c17_what_did_not_stand_on_it_stays(facts: dict[str, object]) -> None:
    assert discussed(replace(VIEW, topics=(replace(TOPIC, **facts),)), HELD.end) == ()  # type: ignore[arg-type]


def test_c25_what_was_held_back_stays() -> None:
    picky = replace(ANA, topics=("grants",))
    assert discussed(replace(VIEW, mentors=(picky,)), HELD.end) == ()


def test_a_meeting_that_was_off_or_unprepared_or_before_the_first_start_settles_nothing() -> None:
    assert discussed(replace(VIEW, meetings=(replace(HELD, status="cancelled"),)), HELD.end) == ()
    assert discussed(replace(VIEW, ledger={}), HELD.end) == ()
    taken_back = replace(WRITTEN, outcome="withdrawn")
    assert discussed(replace(VIEW, ledger={WRITTEN.key: taken_back}), HELD.end) == ()
    assert discussed(replace(VIEW, started_at=HELD.end), HELD.end) == ()


def test_what_is_brought_back_after_the_meeting_stays_until_the_next() -> None:
    again = replace(TOPIC, id=2, created_at=HELD.end + timedelta(hours=1))
    following = meeting(MONDAY + timedelta(days=7), key="m2")
    view = replace(VIEW, topics=(again,), meetings=(HELD, following))
    assert discussed(view, following.start) == ()
    now = following.start - timedelta(minutes=30)
    view = replace(view, ledger=delivered(view.ledger, plan(view, now).due, now))
    assert discussed(view, following.end) == (2,)
