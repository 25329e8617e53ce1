"""The schema as SQLAlchemy Core tables. Every table carries the account, so that one store can hold many.

Moments are stored in UTC and come back aware; nothing is stored in local time. Constraint names follow one convention,
so that a migration can name what it changes. The unique constraint on the ledger's (account, key, revision) is what
makes each note happen once: whoever inserts the row has the claim.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)


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


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _account() -> Column[str]:
    return Column("account", String(100), primary_key=True)


accounts = Table(
    "accounts",
    metadata,
    _account(),
    Column("secret", LargeBinary, nullable=False),  # keys the Message-IDs of what we write (HMAC)
    Column("started_at", Moment, nullable=False),
    Column("next_number", Integer, nullable=False),  # topics, actions, feedback, goals share one sequence
    Column("reading", String(64), nullable=False, default=""),  # digest of what meetings were recognised by
    Column("expanded_at", Moment),
    Column("last_pass", Moment),
)

calendars = Table(
    "calendars",
    metadata,
    _account(),
    Column("url", String(1000), primary_key=True),
    Column("name", Text, nullable=False),
    Column("cursor", Text, nullable=False, default=""),
    Column("suspect_since", Moment),  # first sight of a calendar that had lost most of its events
)

resources = Table(
    "resources",
    metadata,
    _account(),
    Column("calendar", String(1000), primary_key=True),
    Column("href", String(1000), primary_key=True),
    Column("etag", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("candidate", Boolean, nullable=False),
)
Index(None, resources.c.account, resources.c.candidate)

meetings = Table(
    "meetings",
    metadata,
    _account(),
    Column("key", String(1000), primary_key=True),
    Column("uid", Text, nullable=False),
    Column("recurrence_id", String(40), nullable=False),
    Column("mentor", String(100), nullable=False),
    Column("also", JSON, nullable=False),
    Column("title", Text, nullable=False),
    Column("start", Moment, nullable=False),
    Column("end", Moment, nullable=False),
    Column("all_day", Boolean, nullable=False),
    Column("status", String(20), nullable=False),
    Column("recognised_by", String(20), nullable=False),
    Column("location", Text, nullable=False),
    Column("calendar", String(1000), nullable=False),
    Column("href", String(1000), nullable=False),
    Column("zone_note", Text, nullable=False, default=""),
)
Index(None, meetings.c.account, meetings.c.start)
Index(None, meetings.c.account, meetings.c.calendar, meetings.c.href)

topics = Table(
    "topics",
    metadata,
    _account(),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
    Column("mentor", String(100)),
    Column("wants", String(20), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("minutes", Integer),
    Column("state", String(20), nullable=False),
    Column("private", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
)

actions = Table(
    "actions",
    metadata,
    _account(),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
    Column("owner", String(100), nullable=False),
    Column("mentor", String(100)),
    Column("due", Date),
    Column("state", String(20), nullable=False),
    Column("source", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("done_at", Moment),
)

feedback = Table(
    "feedback",
    metadata,
    _account(),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
    Column("mentor", String(100)),
    Column("received_at", Moment, nullable=False),
    Column("filed_at", Moment),
    Column("source", String(20), nullable=False),
    Column("message_id", Text, nullable=False),
    Column("meeting", String(1000)),
    Column("subject", Text, nullable=False),
    Column("original", Text, nullable=False),
    Column("writer", Text, nullable=False, default=""),
    Column("guess", Text, nullable=False, default=""),
    Column("offers", JSON, nullable=False, default=list),
    Column("plan", Text),
    Column("plan_due", Date),
    Column("state", String(20), nullable=False),
)

goals = Table(
    "goals",
    metadata,
    _account(),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
    Column("mentor", String(100)),
    Column("due", Date),
    Column("state", String(20), nullable=False),
    Column("created_at", Moment, nullable=False),
)

thanks = Table(
    "thanks",
    metadata,
    _account(),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
    Column("mentor", String(100), nullable=False),
    Column("meeting", String(1000)),
    Column("created_at", Moment, nullable=False),
)

notes = Table(
    "notes",
    metadata,
    _account(),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
    Column("mentor", String(100)),
    Column("about", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
)

people = Table(
    "people",
    metadata,
    _account(),
    Column("mentor", String(100), primary_key=True),
    Column("state", String(20), nullable=False),
    Column("since", Moment, nullable=False),
    Column("paused_until", Moment),
)

contacts = Table(
    "contacts",
    metadata,
    _account(),
    Column("mentor", String(100), primary_key=True),
    Column("at", Moment, primary_key=True),
    Column("kind", String(20), primary_key=True),
)

folders = Table(
    "folders",
    metadata,
    _account(),
    Column("folder", String(500), primary_key=True),
    Column("uidvalidity", Integer, nullable=False),
    Column("uidnext", Integer, nullable=False),
    Column("modseq", Integer, nullable=False),
)

read_messages = Table(
    "read_messages",
    metadata,
    _account(),
    Column("digest", String(64), primary_key=True),  # of the message's content: the same mail in two folders is one
    Column("message_id", Text, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("reason", Text, nullable=False),
    Column("about", Text, nullable=False, default=""),
    Column("read_at", Moment, nullable=False),
)

placements = Table(
    "placements",
    metadata,
    _account(),
    Column("folder", String(500), primary_key=True),
    Column("uidvalidity", Integer, primary_key=True),
    Column("uid", Integer, primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("filed", Boolean, nullable=False),  # filed as feedback, so it gets the keyword
    Column("marked", Boolean, nullable=False),  # the keyword is there as `filed` says, or the server keeps none
    Column("tags", String(100), nullable=False, default=""),  # outside of it when it was read: "keyword folder"
)
Index(None, placements.c.account, placements.c.marked)

quarantine = Table(
    "quarantine",
    metadata,
    _account(),
    Column("place", String(1000), primary_key=True),  # "INBOX uid 7", an event's href
    Column("what", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", Moment, nullable=False),
)

threads = Table(
    "threads",
    metadata,
    _account(),
    Column("message_id", String(500), primary_key=True),
    Column("key", String(1000), nullable=False),  # of the draft that this message of the owner's came from
    Column("guess", Boolean, nullable=False),
)

ledger = Table(
    "ledger",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account", String(100), nullable=False),
    Column("key", String(1000), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("rule", String(40), nullable=False),
    Column("mentor", String(100)),
    Column("object", Text, nullable=False),
    Column("lands", String(20), nullable=False),
    Column("basis", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("message_id", String(200), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("subject", Text, nullable=False),
    Column("folder", Text, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("intended_at", Moment, nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("outcome_at", Moment),
    UniqueConstraint("account", "key", "revision"),
    UniqueConstraint("account", "message_id"),
)

marks = Table(
    "marks",
    metadata,
    _account(),
    Column("key", String(1000), primary_key=True),
    Column("skipped", Boolean, nullable=False),
    Column("snoozed_until", Moment),
)

receipts = Table(
    "receipts",
    metadata,
    _account(),
    Column("key", String(200), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("serial", Integer, nullable=False, default=0),  # their order: several may be kept at one moment
    Column("content", JSON, nullable=False),
    Column("journal", JSON, nullable=False, default=list),  # how to take back what the reply did
    Column("undone", Boolean, nullable=False, default=False),
)

troubles = Table(
    "troubles",
    metadata,
    _account(),
    Column("about", String(100), primary_key=True),
    Column("since", Moment, nullable=False),
    Column("text", Text, nullable=False),
    Column("remedy", Text, nullable=False),
    Column("passing", Boolean, nullable=False),
)

servers = Table(
    "servers",
    metadata,
    _account(),
    Column("server", String(40), primary_key=True),  # "imap", "caldav"
    Column("reached_at", Moment),
    Column("failed_at", Moment),
    Column("failure", Text, nullable=False, default=""),
)
