"""Who is paused or closed: the owner's word about the schedules of a person."""

from __future__ import annotations

from sqlalchemy import select

from mentorup_daemon.records import PersonState
from mentorup_daemon.store.account import Scope
from mentorup_daemon.store.rows import columns_of, put, record
from mentorup_daemon.store.tables import people


def all_states(scope: Scope) -> dict[str, PersonState]:
    """person -> state, of everyone about whom the owner has said something."""
    rows = scope.connection.execute(select(people).where(people.c.account == scope.account).order_by(people.c.mentor))
    return {row.mentor: record(PersonState, row) for row in rows}


def keep_state(scope: Scope, state: PersonState) -> None:
    """The latest word counts."""
    put(scope, people, **columns_of(state, people))
