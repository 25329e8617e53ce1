"""Brings a store's schema up to date, by Alembic.

Apart from `engine` because Alembic, and what it brings along, is needed on the day of an upgrade and on no other: a
store that is up to date is opened without it.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

from mentorup_daemon.store.postgres import begin_migrating


def upgrade(engine: Engine, migrations: Path) -> None:
    """Runs what is missing of `migrations`, all in one transaction. Of several processes one does it, the rest wait."""
    config = Config()
    config.set_main_option("script_location", str(migrations))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            begin_migrating(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
