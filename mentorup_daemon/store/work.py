"""What bears a number (topics, promises, feedback, goals, ...), contacts, and the owner's marks on notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Table, delete, insert, select, update

from mentorup_daemon.records import (
    ActionItem,
    Candidate,
    Compact,
    Contact,
    Feedback,
    FitAnswer,
    Goal,
    Mark,
    Note,
    ProfileEntry,
    Request,
    Thanks,
    Topic,
    Win,
)
from mentorup_daemon.store.account import Scope, take_number
from mentorup_daemon.store.rows import columns_of, put, record
from mentorup_daemon.store.tables import (
    actions,
    candidates,
    compacts,
    contacts,
    feedback,
    fits,
    goals,
    marks,
    notes,
    profile,
    requests,
    thanks,
    topics,
    wins,
)

Numbered = (
    Topic
    | ActionItem
    | Feedback
    | Goal
    | Thanks
    | Note
    | Win
    | ProfileEntry
    | Candidate
    | FitAnswer
    | Compact
    | Request
)
"""Whatever bears a number of the one sequence."""

Item = TypeVar("Item", bound=Numbered)

_TABLES: dict[type, Table] = {
    Topic: topics,
    ActionItem: actions,
    Feedback: feedback,
    Goal: goals,
    Thanks: thanks,
    Note: notes,
    Win: wins,
    ProfileEntry: profile,
    Candidate: candidates,
    FitAnswer: fits,
    Compact: compacts,
    Request: requests,
}


def table_of(kind: type) -> Table:
    """Where items of this kind are kept."""
    return _TABLES[kind]


def add(scope: Scope, item: Item) -> Item:
    """Keeps a new item under the next number; its own `id` is not looked at. Returns it as kept."""
    numbered = replace(item, id=take_number(scope))
    table = _TABLES[type(item)]
    scope.connection.execute(insert(table).values(account=scope.account, **columns_of(numbered, table)))
    return numbered


def items(scope: Scope, kind: type[Item]) -> tuple[Item, ...]:
    """All items of one kind, by number."""
    table = _TABLES[kind]
    rows = scope.connection.execute(select(table).where(table.c.account == scope.account).order_by(table.c.id))
    return tuple(record(kind, row) for row in rows)


def item(scope: Scope, kind: type[Item], number: int) -> Item | None:
    """The item of this kind with this number."""
    table = _TABLES[kind]
    row = scope.connection.execute(
        select(table).where(table.c.account == scope.account, table.c.id == number)
    ).one_or_none()
    return None if row is None else record(kind, row)


def find(scope: Scope, number: int) -> Numbered | None:
    """Whatever bears this number: they share one sequence."""
    for kind in _TABLES:
        found: Numbered | None = item(scope, kind, number)
        if found is not None:
            return found
    return None


def change(scope: Scope, kind: type, number: int, **values: Any) -> bool:
    """Sets fields of one item; False when there is none with this number."""
    table = _TABLES[kind]
    result = scope.connection.execute(
        update(table).where(table.c.account == scope.account, table.c.id == number).values(**values)
    )
    return result.rowcount == 1


def remove(scope: Scope, kind: type, number: int) -> bool:
    """Removes one item for good (a filing taken back); False when there is none with this number."""
    table = _TABLES[kind]
    result = scope.connection.execute(delete(table).where(table.c.account == scope.account, table.c.id == number))
    return result.rowcount == 1


def note_contact(scope: Scope, contact: Contact) -> None:
    """Keeps that there was contact; the same twice is once."""
    put(scope, contacts, mentor=contact.mentor, at=contact.at, kind=contact.kind)


def forget_contact(scope: Scope, contact: Contact) -> None:
    """It was no contact after all."""
    scope.connection.execute(
        delete(contacts).where(
            contacts.c.account == scope.account,
            contacts.c.mentor == contact.mentor,
            contacts.c.at == contact.at,
            contacts.c.kind == contact.kind,
        )
    )


def all_contacts(scope: Scope, since: datetime) -> tuple[Contact, ...]:
    """Contact since a moment, oldest first."""
    rows = scope.connection.execute(
        select(contacts)
        .where(contacts.c.account == scope.account, contacts.c.at >= since)
        .order_by(contacts.c.at, contacts.c.mentor, contacts.c.kind)
    )
    return tuple(record(Contact, row) for row in rows)


def mark(scope: Scope, key: str, *, skipped: bool = False, snoozed_until: datetime | None = None) -> None:
    """The owner's word about a note: SKIP or SNOOZE. The latest word counts."""
    put(scope, marks, key=key, skipped=skipped, snoozed_until=snoozed_until)


def all_marks(scope: Scope) -> Sequence[Mark]:
    """Every mark."""
    rows = scope.connection.execute(select(marks).where(marks.c.account == scope.account).order_by(marks.c.key))
    return [record(Mark, row) for row in rows]
