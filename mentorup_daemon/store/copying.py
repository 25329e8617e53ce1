"""A consistent copy of a store while it is in use: of an SQLite file (SQLite's online backup), or of one account."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import insert, select

from mentorup_daemon.store.account import Store
from mentorup_daemon.store.tables import metadata, originals


def copy_database(source: Path, target: Path) -> None:
    """Copies the database at `source` to `target`, as of one moment; `source` is only read."""
    address = f"{source.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True)) as reading, closing(sqlite3.connect(target)) as writing:
        reading.backup(writing)
    target.chmod(0o600)


def copy_account(source: Store, target: Path) -> None:
    """Copies the records of one account, from any database, into a new SQLite store; the originals stay behind."""
    with (
        closing(Store.open(f"sqlite:///{target}", account=source.account)) as copy,
        source.reading() as kept,
        copy.writing() as made,
    ):
        for table in metadata.sorted_tables:
            rows = kept.connection.execute(select(table).where(table.c.account == kept.account)).mappings().all()
            if rows and table is not originals:
                made.connection.execute(insert(table), [dict(row) for row in rows])
