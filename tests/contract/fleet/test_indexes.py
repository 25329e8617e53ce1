"""With a thousand accounts in the database, no query of the store reads through a table: PostgreSQL's plans say so.

Every public function of the store is called, what it asks is noted, and EXPLAIN tells how each would be done.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Table, UniqueConstraint, event, insert, text

from mentorup_daemon.store.account import Store
from mentorup_daemon.store.tables import metadata
from tests.contract.fleet.test_isolation import ARGUMENTS, FUNCTIONS, call, row_of
from tests.servers.postgres import Cluster, fresh_database

pytestmark = pytest.mark.debian

ACCOUNTS = 1000
MANY = dict.fromkeys(("resources", "meetings", "ledger", "placements", "read_messages"), 25)
FEW = 5
Plan = dict[str, Any]


@pytest.fixture(scope="module")
def crowded(postgres_cluster: Cluster, postgres_template: str) -> Iterator[Store]:
    """A database in which each of many accounts has some rows in every table."""
    with (
        fresh_database(postgres_cluster, postgres_template) as database,
        closing(Store.open(database.url, account="account 1")) as store,
    ):
        with store.writing() as scope:
            for table in metadata.sorted_tables:
                _fill(scope.connection, table)
        database.ask("ANALYZE")
        yield store


def _fill(connection: Connection, table: Table) -> None:
    """The first account's rows, which differ in their keys, and the same for all the others."""
    unique = {column.name for column in table.primary_key.columns}
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            unique |= {column.name for column in constraint.columns}
    rows = []
    for number in range(MANY.get(table.name, FEW) if unique != {"account"} else 1):
        row = row_of(table, "account 1")
        rows.append({name: _varied(value, number) if name in unique else value for name, value in row.items()})
    connection.execute(insert(table), [{**row, "account": "account 1"} for row in rows])
    others = ", ".join(f'"{name}"' for name in rows[0] if name != "account")
    connection.execute(
        text(
            f"INSERT INTO {table.name} (account, {others}) SELECT 'account ' || number, {others} "
            f"FROM {table.name}, generate_series(2, {ACCOUNTS}) number"
        )
    )


def _varied(value: object, number: int) -> object:
    if isinstance(value, datetime):
        return value + timedelta(hours=number)
    if isinstance(value, int):
        return value + number
    return f"{value} {number}" if number else value


def _scans(plan: Plan) -> Iterator[Plan]:
    if "Scan" in plan["Node Type"]:
        yield plan
    for part in plan.get("Plans", ()):
        yield from _scans(part)


def _reads_through(scan: Plan) -> bool:
    """True for a scan of a table, or of more of an index than the account's part."""
    kind = scan["Node Type"]
    return kind == "Seq Scan" or ("Index" in kind and "account" not in scan.get("Index Cond", ""))


def test_i8_every_query_finds_its_rows_by_an_index(crowded: Store) -> None:
    asked: dict[str, dict[str, object]] = {}

    def note(_c: object, _cursor: object, statement: str, parameters: Any, _context: object, many: bool) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            asked.setdefault(statement, parameters[0] if many else parameters)

    engine = crowded._engine
    with engine.connect() as connection, connection.begin() as transaction:
        event.listen(engine, "before_cursor_execute", note)
        for name, function in FUNCTIONS.items():
            parameters = list(inspect.signature(function).parameters)[1:]
            pools = [ARGUMENTS.get(f"{name}.{parameter}") or ARGUMENTS[parameter] for parameter in parameters]
            for values in itertools.islice(itertools.product(*pools), 50):
                call(connection, "account 1", name, dict(zip(parameters, values, strict=True)))
        event.remove(engine, "before_cursor_execute", note)
        transaction.rollback()
    found = {}
    with engine.connect() as connection:
        for statement, values in asked.items():
            [plan] = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values).scalar_one()
            found[statement] = [scan for scan in _scans(plan["Plan"]) if _reads_through(scan)]
    assert len(asked) > 80
    assert {statement: scans for statement, scans in found.items() if scans} == {}
