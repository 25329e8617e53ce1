"""Who wrote it: asked once for each writer whom nobody knows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from mentorup_daemon.records import Feedback
from mentorup_daemon.rules import unknown_writer
from tests.unit.rules.people import MONDAY, snapshot

KIM = Feedback(id=7, text="Slow down.", mentor=None, received_at=MONDAY, source="subject", writer="kim@example.com")


def asked(*feedback: Feedback) -> list[str]:
    until = MONDAY + timedelta(days=2)
    return [due.key for due in unknown_writer.candidates(snapshot(feedback=feedback), MONDAY, until)]


def test_one_question_for_all_that_one_writer_wrote() -> None:
    lee = replace(KIM, id=9, writer="lee@example.com")
    assert asked(replace(KIM, id=8), KIM, lee) == ["unknown_writer/owner/7", "unknown_writer/owner/9"]


def test_writers_without_an_address_are_not_taken_for_one() -> None:
    assert len(asked(replace(KIM, writer=""), replace(KIM, id=8, writer=""))) == 2


def test_nothing_is_asked_about_what_is_known_or_dropped_or_typed_in_by_hand() -> None:
    assert asked(replace(KIM, mentor="ana"), replace(KIM, id=8, state="dropped"), replace(KIM, source="manual")) == []


def test_old_mail_that_is_tagged_today_is_asked_about_today() -> None:
    old = replace(KIM, received_at=MONDAY - timedelta(days=700))
    [due] = unknown_writer.candidates(snapshot(feedback=(old,)), MONDAY, MONDAY)
    assert due.due_at <= MONDAY < due.expires_at
