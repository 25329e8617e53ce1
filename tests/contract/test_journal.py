"""Taking back restores what was there, whatever a reply did."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from mentorup_daemon.records import ActionItem, Feedback, Mark, PersonState, Thanks, Topic
from mentorup_daemon.store import work
from mentorup_daemon.store.account import Scope, Store
from mentorup_daemon.store.journal import Journal, take_back
from mentorup_daemon.store.tables import metadata

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
Deed = Callable[[Journal], object]

DEEDS: list[Deed] = [
    lambda journal: journal.add(Topic(id=0, text="new", created_at=NOW)),
    lambda journal: journal.change(Topic, 1, state="dropped"),
    lambda journal: journal.change(Topic, 1, state="discussed", text="other"),
    lambda journal: journal.change(ActionItem, 2, state="done", done_at=NOW + timedelta(hours=1)),
    lambda journal: journal.change(ActionItem, 2, due=date(2027, 1, 4)),
    lambda journal: journal.change(Feedback, 3, mentor="ben", meeting="m2", plan="cut", plan_due=date(2027, 1, 1)),
    lambda journal: journal.mark(Mark(key="agenda/ana/m1", skipped=True)),
    lambda journal: journal.mark(Mark(key="agenda/ana/m2", snoozed_until=NOW + timedelta(days=3))),
    lambda journal: journal.set_state(PersonState(mentor="ana", state="closed", since=NOW)),
    lambda journal: journal.set_state(PersonState(mentor="ben", state="paused", since=NOW, paused_until=NOW)),
]
REMOVAL: Deed = lambda journal: journal.remove(Thanks, 4)  # noqa: E731 - one of a list of deeds


def everything(scope: Scope) -> dict[str, list[tuple[Any, ...]]]:
    """Every row but the account's, where the next number stays taken."""
    return {
        table.name: sorted(map(tuple, scope.connection.execute(select(table))), key=str)
        for table in metadata.sorted_tables
        if table.name != "accounts"
    }


@pytest.fixture
def filled(either_store: Store) -> Store:
    store = either_store
    store.first_start(NOW)
    with store.writing() as scope:
        work.add(scope, Topic(id=0, text="old", minutes=5, created_at=NOW))
        work.add(scope, ActionItem(id=0, text="it", due=date(2026, 12, 11), created_at=NOW))
        work.add(scope, Feedback(id=0, text="Slow down.", mentor=None, received_at=NOW, source="manual"))
        work.add(scope, Thanks(id=0, text="the book", mentor="ana", created_at=NOW))
        work.mark(scope, "agenda/ana/m2", skipped=True)
    return store


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deeds=st.lists(st.sampled_from(DEEDS), max_size=8), place=st.none() | st.integers(0, 8))
def test_undo_leaves_everything_as_it_was(filled: Store, deeds: list[Deed], place: int | None) -> None:
    if place is not None:
        deeds = [*deeds[:place], REMOVAL, *deeds[place:]]
    with filled.writing() as scope, scope.connection.begin_nested() as example:
        before = everything(scope)
        journal = Journal(scope)
        for deed in deeds:
            deed(journal)
        take_back(scope, json.loads(json.dumps(journal.entries)))
        assert everything(scope) == before
        example.rollback()


def test_undo_sets_back_only_what_was_changed(filled: Store) -> None:
    with filled.writing() as scope:
        journal = Journal(scope)
        journal.change(Topic, 1, state="dropped")
        work.change(scope, Topic, 1, text="edited since")
        take_back(scope, journal.entries)
        topic = work.item(scope, Topic, 1)
    assert topic is not None
    assert (topic.state, topic.text) == ("open", "edited since")
