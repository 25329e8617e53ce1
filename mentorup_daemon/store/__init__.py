"""What is remembered: SQLAlchemy Core tables, queries, Alembic migrations. SQLite embedded, PostgreSQL for a fleet.

Every table carries the account. Hands out records, takes records. The ledger makes each note happen once, in effect.
"""
