"""Rows to records and back: the columns of a table are named as the fields of its dataclass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Row, Table
from sqlalchemy.dialects import sqlite

from mentorup_daemon.store.account import Scope

T = TypeVar("T")


def record(kind: type[T], row: Row[Any], **told: Any) -> T:
    """`kind` from the columns that bear its fields' names, `told` in their place; JSON lists come back as tuples."""
    found = {
        name: tuple(value) if isinstance(value := row[at], list) else value
        for name, at in _places(kind, row._fields)  # type: ignore[arg-type]
    }
    return kind(**(found | told))


@cache
def _places(kind: type, columns: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
    """Which column holds which field; looked up once for each kind and query, for rows come by the thousand."""
    return tuple((field.name, columns.index(field.name)) for field in fields(kind) if field.name in columns)


def columns_of(value: object, table: Table) -> dict[str, Any]:
    """The fields of a dataclass that `table` has columns for; tuples as lists, for JSON."""
    taken = {field.name: getattr(value, field.name) for field in fields(value) if field.name in table.c}  # type: ignore[arg-type]
    return {name: list(item) if isinstance(item, tuple) else item for name, item in taken.items()}


def put(scope: Scope, table: Table, **values: Any) -> None:
    """Inserts the row, or updates the one with the same primary key."""
    put_all(scope, table, [values])


def put_all(scope: Scope, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts the rows, which have the same columns, or updates those with the same primary keys."""
    if not rows:
        return
    statement = _upsert(table, tuple(rows[0]), scope.connection.dialect.name)
    scope.connection.execute(statement, [{**row, "account": scope.account} for row in rows])


@cache
def _upsert(table: Table, names: tuple[str, ...], dialect: str) -> Any:
    """The statement, made once for these columns: to make it takes longer than to carry it out."""
    insert: Any = sqlite.insert
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - a fleet's, and slow to load for all others

        insert = postgresql.insert
    keys = [column.name for column in table.primary_key.columns]
    statement = insert(table)
    rest = {name: statement.excluded[name] for name in names if name not in keys}
    if rest:
        return statement.on_conflict_do_update(index_elements=keys, set_=rest)
    return statement.on_conflict_do_nothing(index_elements=keys)
