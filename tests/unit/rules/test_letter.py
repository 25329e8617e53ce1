"""The draft that asks for a letter of recommendation (T5): at once, once, and gone with the request."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from mentorup_daemon.records import PersonState, Request, Snapshot
from mentorup_daemon.rules.plan import plan
from tests.unit.rules.people import MONDAY, delivered, snapshot

NIGHT = MONDAY.replace(hour=22)
ASKED = Request(id=5, kind="letter", person="ana", created_at=NIGHT)


def letters(view: Snapshot) -> list[str]:
    return [one.key for one in plan(view, NIGHT).due if one.rule == "letter"]


def test_t5_the_draft_comes_at_once_and_once() -> None:
    view = replace(snapshot(), requests=(ASKED, replace(ASKED, id=6, kind="hello"), replace(ASKED, id=7, person="zoe")))
    assert letters(view) == ["letter/ana/5/draft"]
    after = replace(view, ledger=delivered(view.ledger, plan(view, NIGHT).due, NIGHT))
    assert letters(after) == []
    assert plan(view, NIGHT + timedelta(days=15)).due == ()


def test_t5_it_is_taken_back_with_the_request() -> None:
    view = replace(snapshot(), requests=(ASKED,))
    view = replace(view, ledger=delivered({}, plan(view, NIGHT).due, NIGHT))
    assert plan(view, NIGHT).withdraw == ()
    dropped = replace(view, requests=(replace(ASKED, state="dropped"),))
    assert [one.entry.key for one in plan(dropped, NIGHT).withdraw] == ["letter/ana/5/draft"]


def test_t5_t11_a_mentor_with_whom_it_has_ended_can_be_asked_and_the_draft_stays() -> None:
    closed = PersonState(mentor="ana", state="closed", since=MONDAY - timedelta(days=40))
    view = replace(snapshot(), requests=(ASKED,), states={"ana": closed})
    assert letters(view) == ["letter/ana/5/draft"]
    written = replace(view, ledger=delivered({}, plan(view, NIGHT).due, NIGHT))
    assert plan(written, NIGHT).withdraw == ()
    earlier = replace(written, states={"ana": replace(closed, since=NIGHT + timedelta(hours=1))})
    assert [one.why for one in plan(earlier, NIGHT + timedelta(hours=2)).withdraw] == ["ended"]
