"""Alembic migrations, run by `store.engine` at start. Each can be read alone."""
