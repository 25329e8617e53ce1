"""What all tables share: moments, the names of constraints, and the account that every row belongs to.

Moments are stored in UTC and come back aware; nothing is stored in local time. Constraint names follow one convention,
so that a migration can name what it changes.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import BigInteger, Column, DateTime, Dialect, Integer, MetaData, String, TypeDecorator


class Moment(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC. A naive one is refused: it would be a guess."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC; SQLite keeps no zone, so it gets the bare time."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a zone can't be stored")
        return value.astimezone(UTC).replace(tzinfo=None if dialect.name == "sqlite" else UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Back as an aware datetime in UTC."""
        return None if value is None else value.replace(tzinfo=value.tzinfo or UTC)


Whole = BigInteger().with_variant(Integer, "sqlite")
"""A number of 64 bits, as UIDs (32, unsigned) and HIGHESTMODSEQ (63, RFC 7162) need; in SQLite all have them."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def account_column() -> Column[str]:
    """The first part of every primary key."""
    return Column("account", String(100), primary_key=True)
