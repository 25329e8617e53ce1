"""A meeting knows when it came into the calendar and when it was gone from it

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the columns; of the meetings that are there nobody knows it."""
    with op.batch_alter_table("meetings") as meetings:
        meetings.add_column(sa.Column("seen_at", sa.DateTime(timezone=True)))
        meetings.add_column(sa.Column("gone_at", sa.DateTime(timezone=True)))
