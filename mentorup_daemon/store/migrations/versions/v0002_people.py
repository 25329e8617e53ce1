"""People can be paused and closed; a receipt knows how to take back what its reply did

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the table and the columns; receipts from before can't be taken back."""
    op.create_table(
        "people",
        sa.Column("account", sa.String(length=100), nullable=False),
        sa.Column("mentor", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("account", "mentor", name=op.f("pk_people")),
    )
    with op.batch_alter_table("receipts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("serial", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("journal", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("undone", sa.Boolean(), nullable=False, server_default=sa.false()))
