"""The store's schema, brought up from its first version with data in it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    create_engine,
    insert,
    inspect,
    select,
)

import mentorup_daemon.store
from mentorup_daemon.records import ActionItem, Due, Feedback, PersonState
from mentorup_daemon.store import ledger, mail, states, work
from mentorup_daemon.store.account import SINGLE, Store
from mentorup_daemon.store.engine import open_engine
from mentorup_daemon.store.tables import metadata

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)

_FIRST = """
INSERT INTO accounts VALUES ('owner', x'00', '2026-11-01 00:00:00', 3, '', NULL, NULL);
INSERT INTO actions VALUES ('owner', 1, 'send the abstract', 'me', 'ana', '2026-12-11', 'open', 'manual',
                            '2026-11-02 00:00:00', NULL);
INSERT INTO feedback VALUES ('owner', 2, 'Slow down.', 'ana', '2026-11-03 00:00:00', 'reply', '<a@b>', NULL, 'Talk',
                             'x.eml', NULL, NULL, 'filed');
INSERT INTO receipts VALUES ('owner', 'receipt/owner/1', '2026-11-04 00:00:00',
    '{"about": "agenda/ana/m1", "lines": [["ADD", "x", "y"]], "problems": [], "note_kept": "", "hint": "",
      "help": false, "subject": "s", "in_reply_to": "", "references": []}');
"""


def make_schema(engine: Engine, revision: str) -> None:
    """The schema as a version of the program made it."""
    config = Config()
    config.set_main_option("script_location", str(Path(mentorup_daemon.store.__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def first_store(path: Path) -> None:
    """A store as the first version of the schema left it."""
    engine = create_engine(f"sqlite:///{path}")
    make_schema(engine, "0001")
    engine.dispose()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(_FIRST)


def test_a_first_store_comes_up_to_date_with_its_data(tmp_path: Path) -> None:
    first_store(tmp_path / "mentorup.db")
    store = Store.open(f"sqlite:///{tmp_path / 'mentorup.db'}")
    with store.writing() as scope:
        assert [(one.text, str(one.due)) for one in work.items(scope, ActionItem)] == [
            ("send the abstract", "2026-12-11")
        ]
        assert [(one.text, one.original) for one in work.items(scope, Feedback)] == [("Slow down.", "x.eml")]
        assert mail.receipt_about(scope, "receipt/owner/1") == "agenda/ana/m1"
        assert mail.last_doing(scope) is None
        assert states.all_states(scope) == {}
        states.keep_state(scope, PersonState(mentor="ana", state="closed", since=NOW))
        assert states.all_states(scope)["ana"].since == NOW
    store.close()


_LAST_RELEASE = "0008"


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgres", marks=pytest.mark.debian)])
def test_i8_a_store_of_the_last_release_comes_up_to_date_with_every_row(
    request: pytest.FixtureRequest, tmp_path: Path, database: str
) -> None:
    """A row in every table, under its largest numbers; SQLite and PostgreSQL."""
    url = request.getfixturevalue("postgres").url if database == "postgres" else f"sqlite:///{tmp_path / 'mentorup.db'}"
    engine = create_engine(url)
    make_schema(engine, _LAST_RELEASE)
    tables = MetaData()
    tables.reflect(engine)
    tables.remove(tables.tables["alembic_version"])
    with engine.begin() as connection:
        for table in tables.sorted_tables:
            connection.execute(insert(table).values({column.name: _sample(column) for column in table.columns}))

    def rows() -> dict[str, list[tuple[object, ...]]]:
        with engine.connect() as connection:
            return {table.name: list(map(tuple, connection.execute(select(table)))) for table in tables.sorted_tables}

    before = rows()
    engine.dispose()
    with closing(Store.open(url)) as store, store.writing() as scope:
        assert rows() == before
        assert work.items(scope, Feedback)[0].text == "text"
        mail.keep_folder_position(scope, "Archive", 2**32 - 1, 2**32 - 1, 2**63 - 1)
        due = Due(key="k2", rule="r", due_at=NOW, expires_at=NOW, lands="inbox", reason="")
        ledger.intend(scope, due, message_id="<2@x>", digest="", subject="", folder="", now=NOW)
        assert set(ledger.latest(scope)) == {"key", "k2"}
    engine.dispose()


def _sample(column: Column[Any]) -> object:
    if column.name == "account":
        return SINGLE
    by_type: tuple[tuple[type, object], ...] = (
        (JSON, []),
        (Boolean, True),
        (Date, NOW.date()),
        (DateTime, NOW),
        (Integer, 7 if column.table.name == "ledger" else 2**31 - 1),
        (LargeBinary, b"\0"),
    )
    return next((value for kind, value in by_type if isinstance(column.type, kind)), column.name)


def test_the_migrations_make_what_the_tables_say(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'mentorup.db'}")
    with engine.connect().execution_options(reading=True) as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        assert "people" in inspect(connection).get_table_names()
    engine.dispose()
