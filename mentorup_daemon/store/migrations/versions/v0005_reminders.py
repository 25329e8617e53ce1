"""What is known of the reminders in the owner's calendar

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the table; nothing was written into a calendar before."""
    op.create_table(
        "reminders",
        sa.Column("account", sa.String(length=100), nullable=False),
        sa.Column("key", sa.String(length=1000), nullable=False),
        sa.Column("named", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("schedule_tag", sa.Text(), nullable=False),
        sa.Column("wish", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("account", "key", name=op.f("pk_reminders")),
    )
