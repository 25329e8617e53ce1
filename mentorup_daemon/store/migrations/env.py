"""Alembic's way in: the program hands over an open connection, there is no alembic.ini."""

from __future__ import annotations

from alembic import context

from mentorup_daemon.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
