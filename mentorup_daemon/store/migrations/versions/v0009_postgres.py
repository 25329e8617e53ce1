"""What PostgreSQL needs: numbers of 64 bits where IMAP has them, and a place for originals

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_NUMBERS = (
    ("folders", "uidvalidity"),
    ("folders", "uidnext"),
    ("folders", "modseq"),
    ("placements", "uidvalidity"),
    ("placements", "uid"),
    ("ledger", "id"),
)


def upgrade() -> None:
    """Makes the table and widens the columns; SQLite's integers have 64 bits as they are."""
    op.create_table(
        "originals",
        sa.Column("account", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("account", "name", name=op.f("pk_originals")),
    )
    if op.get_bind().dialect.name == "postgresql":
        for table, column in _NUMBERS:
            op.alter_column(table, column, type_=sa.BigInteger(), existing_type=sa.Integer(), existing_nullable=False)
        op.execute("ALTER SEQUENCE ledger_id_seq AS bigint")
