"""What a reply did to the records, and how to take it back.

A journal writes through to the store and keeps, for every change, what was there before: nothing, some fields, or a
whole row. The entries are plain JSON and lie with the receipt. Taking back goes through them from the last to the
first. Only the fields that were changed are set back, so what the owner has edited elsewhere since stays edited.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, date, datetime
from typing import Any, Literal

from sqlalchemy import Date, Table, and_, delete, insert, select, update
from sqlalchemy.sql.elements import ColumnElement

from mentorup_daemon.records import Contact, Mark, PersonState
from mentorup_daemon.store import work
from mentorup_daemon.store.account import Scope
from mentorup_daemon.store.rows import put
from mentorup_daemon.store.tables import Moment, contacts, marks, metadata, people
from mentorup_daemon.store.work import Item

Did = Literal["added", "changed", "removed"]


class Journal:
    """Changes to one account's records within one transaction; `entries` is what `take_back` needs."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self.entries: list[list[Any]] = []

    def add(self, item: Item) -> Item:
        """Keeps a new item under the next number."""
        kept = work.add(self._scope, item)
        self._note("added", work.table_of(type(item)), {"id": kept.id}, {})
        return kept

    def change(self, kind: type, number: int, **values: Any) -> None:
        """Sets fields of one item that is there."""
        table = work.table_of(kind)
        before = self._row(table, {"id": number})
        self._note("changed", table, {"id": number}, {name: before[name] for name in values})
        work.change(self._scope, kind, number, **values)

    def remove(self, kind: type, number: int) -> None:
        """Removes one item that is there."""
        table = work.table_of(kind)
        self._note("removed", table, {"id": number}, self._row(table, {"id": number}))
        work.remove(self._scope, kind, number)

    def mark(self, mark: Mark) -> None:
        """The owner's word about a note."""
        self._put(marks, {"key": mark.key}, mark)

    def set_state(self, state: PersonState) -> None:
        """The owner's word about a person's schedules."""
        self._put(people, {"mentor": state.mentor}, state)

    def note_contact(self, contact: Contact) -> None:
        """Contact that only the owner can tell of."""
        self._put(contacts, {"mentor": contact.mentor, "at": contact.at, "kind": contact.kind}, contact)

    def _put(self, table: Table, key: Mapping[str, Any], record: Mark | PersonState | Contact) -> None:
        before = self._row(table, key)
        self._note("changed" if before else "added", table, key, before)
        put(self._scope, table, **{field.name: getattr(record, field.name) for field in fields(record)})

    def _row(self, table: Table, key: Mapping[str, Any]) -> dict[str, Any]:
        """The row without its key; {} when there is none."""
        row = self._scope.connection.execute(select(table).where(_at(self._scope, table, key))).mappings().one_or_none()
        return {} if row is None else {name: value for name, value in row.items() if name not in ("account", *key)}

    def _note(self, did: Did, table: Table, key: Mapping[str, Any], before: Mapping[str, Any]) -> None:
        kept = {name: _to_json(value) for name, value in before.items()}
        self.entries.append([did, table.name, {name: _to_json(value) for name, value in key.items()}, kept])


def take_back(scope: Scope, entries: Sequence[Sequence[Any]]) -> None:
    """Undoes what a journal holds, the last change first."""
    for did, name, place, before in reversed(entries):
        table = metadata.tables[name]
        key = {column: _from_json(table, column, value) for column, value in place.items()}
        values = {column: _from_json(table, column, value) for column, value in before.items()}
        if did == "added":
            scope.connection.execute(delete(table).where(_at(scope, table, key)))
        elif did == "removed":
            scope.connection.execute(insert(table).values(account=scope.account, **key, **values))
        elif values:
            scope.connection.execute(update(table).where(_at(scope, table, key)).values(**values))


def _at(scope: Scope, table: Table, key: Mapping[str, Any]) -> ColumnElement[bool]:
    return and_(table.c.account == scope.account, *(table.c[name] == value for name, value in key.items()))


def _to_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value


def _from_json(table: Table, column: str, value: Any) -> Any:
    if value is None:
        return None
    kind = table.c[column].type
    if isinstance(kind, Moment):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if isinstance(kind, Date) else value
