"""What is to come can be told ahead: every note and draft of a year has its words already."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mentorup_daemon.letters.compose import compose
from mentorup_daemon.letters.occasion import Occasion
from mentorup_daemon.letters.sample_candidates import candidate_snapshot, unknown_snapshot
from mentorup_daemon.letters.sample_cases import with_ending, with_mentee, with_request
from mentorup_daemon.letters.samples import (
    EARLIER,
    NOW,
    WITH_BEN,
    bare_snapshot,
    busy_week,
    sample_snapshot,
)
from mentorup_daemon.letters.templates import Templates
from mentorup_daemon.records import Snapshot
from mentorup_daemon.rules.plan import RULES, upcoming

VIEWS = {
    "candidates": candidate_snapshot(),
    "unknown": unknown_snapshot(),
    "rich": sample_snapshot(),
    "bare": bare_snapshot(),
    "mentee": with_mentee(),
    "ended": with_ending(),
    "asked": with_request(),
    "busy": replace(busy_week(), started_at=NOW - timedelta(days=30)),
    "quiet": replace(bare_snapshot(), meetings=(replace(EARLIER, mentor="ben"), WITH_BEN)),
    "unanswered": replace(candidate_snapshot(), meetings=()),
}
OCCASION = Occasion(message_id="<rehearsal@localhost>")


@pytest.mark.parametrize("snapshot", VIEWS.values(), ids=VIEWS)
def test_everything_that_is_to_come_in_a_year_can_be_written(snapshot: Snapshot) -> None:
    templates = Templates(None)
    for one in upcoming(snapshot, NOW, NOW + timedelta(days=366)):
        letter = compose(one, snapshot, now=one.due_at, templates=templates, occasion=OCCASION)
        assert letter.subject, one.key
        assert not letter.fallbacks


def test_the_samples_bring_something_of_nearly_every_rule() -> None:
    brought = {one.rule for view in VIEWS.values() for one in upcoming(view, NOW, NOW + timedelta(days=366))}
    known = {rule.__name__.rpartition(".")[2] for rule in RULES}
    assert known - brought <= {"receipt", "trouble", "change", "unknown_writer", "welcome"}
