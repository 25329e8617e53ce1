"""All that is kept of an account: how much it is, and its removal from a database that others may share.

Where the account has an SQLite file to itself, the file goes (`backup.remove_all`) rather than its rows.
"""

from __future__ import annotations

from sqlalchemy import delete, func, select

from mentorup_daemon.store import originals
from mentorup_daemon.store.account import Store
from mentorup_daemon.store.tables import metadata


def counts(store: Store) -> dict[str, int]:
    """How many rows there are by the table's name, and how many originals of mail."""
    with store.reading() as scope:
        found = {
            table.name.replace("_", " "): scope.connection.execute(
                select(func.count()).select_from(table).where(table.c.account == scope.account)
            ).scalar_one()
            for table in metadata.sorted_tables
            if table.name not in ("accounts", "originals")
        }
    return {**found, "originals of mail": originals.count(store)}


def remove(store: Store) -> None:
    """Removes every row of the account, all or none."""
    with store.writing() as scope:
        for table in metadata.sorted_tables:
            scope.connection.execute(delete(table).where(table.c.account == scope.account))
