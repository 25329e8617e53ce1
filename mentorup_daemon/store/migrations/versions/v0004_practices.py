"""Wins, profile, candidates, fit forms, compacts and requests; what to read for a topic, when plan and goal were made

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the tables and the columns; what was there before has nothing to put into them."""
    _numbered(
        "wins",
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("credit", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
    )
    _numbered(
        "profile",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("rating", sa.Integer()),
        sa.Column("goal", sa.Integer()),
        sa.Column("state", sa.String(length=20), nullable=False),
    )
    _numbered(
        "candidates",
        sa.Column("person", sa.String(length=100), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("emails", sa.JSON(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("recommended_by", sa.Text(), nullable=False),
        sa.Column("helped", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
    )
    _numbered(
        "fits",
        sa.Column("person", sa.String(length=100), nullable=False),
        sa.Column("question", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
    )
    _numbered(
        "compacts",
        sa.Column("mentor", sa.String(length=100), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in "aims rhythm drives mine theirs ends".split()),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("agreed_at", sa.DateTime(timezone=True)),
    )
    _numbered(
        "requests",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("person", sa.String(length=100), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
    )
    with op.batch_alter_table("topics") as topics:
        topics.add_column(sa.Column("read", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("feedback") as feedback:
        feedback.add_column(sa.Column("planned_at", sa.DateTime(timezone=True)))
    with op.batch_alter_table("goals") as goals:
        goals.add_column(sa.Column("done_at", sa.DateTime(timezone=True)))


def _numbered(name: str, *columns: sa.Column[Any]) -> None:
    op.create_table(
        name,
        sa.Column("account", sa.String(length=100), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        *columns,
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account", "id", name=op.f(f"pk_{name}")),
    )
