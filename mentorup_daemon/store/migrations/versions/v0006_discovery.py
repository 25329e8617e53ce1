"""An account remembers which calendars its server had

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the columns; without a moment in them the server is asked at the next pass."""
    with op.batch_alter_table("accounts") as accounts:
        accounts.add_column(sa.Column("discovered_at", sa.DateTime(timezone=True)))
        accounts.add_column(sa.Column("discovered_by", sa.String(length=64), nullable=False, server_default=""))
        accounts.add_column(sa.Column("discovered", sa.JSON(), nullable=False, server_default="[]"))
