"""A fleet's accounts, their sealed secrets, and the processes that serve them, on PostgreSQL

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables; a single owner's SQLite has no use for them."""
    if op.get_bind().dialect.name != "postgresql":
        return
    op.create_table(
        "fleet_accounts",
        sa.Column("account", sa.String(length=100), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("config", sa.LargeBinary(), nullable=False),
        sa.Column("imap_host", sa.Text(), nullable=False),
        sa.Column("caldav_host", sa.Text(), nullable=False),
        sa.Column("shard", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_look", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dispatched_at", sa.DateTime(timezone=True)),
        sa.Column("woken_at", sa.DateTime(timezone=True)),
        sa.Column("begun_at", sa.DateTime(timezone=True)),
        sa.Column("looked_at", sa.DateTime(timezone=True)),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("looks", sa.JSON(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.Column("listened_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_fleet_accounts")),
        sa.UniqueConstraint("email", name=op.f("uq_fleet_accounts_email")),
    )
    # Every pass changes its row twice, so what is dead has to go long before it is a fifth of the table.
    op.execute("ALTER TABLE fleet_accounts SET (autovacuum_vacuum_scale_factor = 0.02)")
    op.create_index(
        op.f("ix_fleet_accounts_imap_host_caldav_host_next_look"),
        "fleet_accounts",
        ["imap_host", "caldav_host", "next_look"],
        postgresql_where=sa.text("state = 'active' AND dispatched_at IS NULL"),
    )
    op.create_index(op.f("ix_fleet_accounts_shard"), "fleet_accounts", ["shard"])
    op.create_index(
        op.f("ix_fleet_accounts_next_look"),
        "fleet_accounts",
        ["next_look"],
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_index(
        op.f("ix_fleet_accounts_dispatched_at"),
        "fleet_accounts",
        ["dispatched_at"],
        postgresql_where=sa.text("dispatched_at IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_fleet_accounts_failing"),
        "fleet_accounts",
        ["account"],
        postgresql_where=sa.text("failure <> ''"),
    )
    op.create_table(
        "fleet_secrets",
        sa.Column("account", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account", "name", name=op.f("pk_fleet_secrets")),
    )
    op.create_table(
        "fleet_processes",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("slots", sa.Integer(), nullable=False),
        sa.Column("busy", sa.Integer(), nullable=False),
        sa.Column("a_minute", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_fleet_processes")),
    )
