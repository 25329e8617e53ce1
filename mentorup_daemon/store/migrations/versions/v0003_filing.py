"""Feedback knows when it was filed, its writer, how sure its thread is and what it offers; a message the tags it was
read with

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the columns; what was filed before has nothing to put into them."""
    with op.batch_alter_table("feedback") as feedback:
        feedback.add_column(sa.Column("filed_at", sa.DateTime(timezone=True)))
        feedback.add_column(sa.Column("writer", sa.Text(), nullable=False, server_default=""))
        feedback.add_column(sa.Column("guess", sa.Text(), nullable=False, server_default=""))
        feedback.add_column(sa.Column("offers", sa.JSON(), nullable=False, server_default="[]"))
    with op.batch_alter_table("placements") as placements:
        placements.add_column(sa.Column("tags", sa.String(length=100), nullable=False, server_default=""))
