"""Notes of ours that stand in the mailbox and not in the ledger are known by their Message-IDs

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the table, empty: until now each note was searched for in the whole folder before it was written."""
    op.create_table(
        "strays",
        sa.Column("account", sa.String(length=100), nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("account", "message_id", name=op.f("pk_strays")),
    )
