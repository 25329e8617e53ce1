"""When the plan for a piece of feedback was carried out, so that its result is told once

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the column; of what was done before it is not known when."""
    with op.batch_alter_table("feedback") as feedback:
        feedback.add_column(sa.Column("done_at", sa.DateTime(timezone=True)))
