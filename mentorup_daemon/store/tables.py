"""The schema as SQLAlchemy Core tables. Every table carries the account, so that one store can hold many.

What bears a number (topics, promises, feedback, ...) is in `work_tables` and handed on from here. The unique constraint
on the ledger's (account, key, revision) is what makes each note happen once: whoever inserts the row has the claim.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from mentorup_daemon.store.schema import Moment, Whole, account_column, metadata
from mentorup_daemon.store.work_tables import (
    actions,
    candidates,
    compacts,
    feedback,
    fits,
    goals,
    notes,
    profile,
    requests,
    thanks,
    topics,
    wins,
)

__all__ = [
    "Moment",
    "accounts",
    "actions",
    "calendars",
    "candidates",
    "compacts",
    "contacts",
    "feedback",
    "fits",
    "folders",
    "goals",
    "ledger",
    "marks",
    "meetings",
    "metadata",
    "notes",
    "originals",
    "people",
    "placements",
    "profile",
    "quarantine",
    "read_messages",
    "receipts",
    "requests",
    "resources",
    "servers",
    "strays",
    "thanks",
    "threads",
    "topics",
    "troubles",
    "wins",
]

accounts = Table(
    "accounts",
    metadata,
    account_column(),
    Column("secret", LargeBinary, nullable=False),  # keys the Message-IDs of what we write (HMAC)
    Column("started_at", Moment, nullable=False),
    Column("next_number", Integer, nullable=False),  # topics, actions, feedback, goals share one sequence
    Column("reading", String(64), nullable=False, default=""),  # digest of what meetings were recognised by
    Column("expanded_at", Moment),
    Column("discovered_at", Moment),
    Column("discovered_by", String(64), nullable=False, default=""),  # digest of what the calendars were asked for by
    Column("discovered", JSON, nullable=False, default=list),  # [URL, name] of each calendar
    Column("last_pass", Moment),
)

calendars = Table(
    "calendars",
    metadata,
    account_column(),
    Column("url", String(1000), primary_key=True),
    Column("name", Text, nullable=False),
    Column("cursor", Text, nullable=False, default=""),
    Column("suspect_since", Moment),  # first sight of a calendar that had lost most of its events
)

resources = Table(
    "resources",
    metadata,
    account_column(),
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
    account_column(),
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
    Column("seen_at", Moment),  # when it came into the calendar, as far as is known
    Column("gone_at", Moment),  # when it was gone from it
)
Index(None, meetings.c.account, meetings.c.start)
Index(None, meetings.c.account, meetings.c.calendar, meetings.c.href)

reminders = Table(
    "reminders",
    metadata,
    account_column(),
    Column("key", String(1000), primary_key=True),
    Column("named", Text, nullable=False),  # the calendar, as the config named it then
    Column("url", Text, nullable=False),
    Column("etag", Text, nullable=False),
    Column("schedule_tag", Text, nullable=False),
    Column("wish", String(64), nullable=False),  # digest of what was meant to be written
    Column("digest", String(64), nullable=False),  # digest of what the server then had
    Column("state", String(20), nullable=False),
)

people = Table(
    "people",
    metadata,
    account_column(),
    Column("mentor", String(100), primary_key=True),
    Column("state", String(20), nullable=False),
    Column("since", Moment, nullable=False),
    Column("paused_until", Moment),
)

contacts = Table(
    "contacts",
    metadata,
    account_column(),
    Column("mentor", String(100), primary_key=True),
    Column("at", Moment, primary_key=True),
    Column("kind", String(20), primary_key=True),
)

folders = Table(
    "folders",
    metadata,
    account_column(),
    Column("folder", String(500), primary_key=True),
    Column("uidvalidity", Whole, nullable=False),
    Column("uidnext", Whole, nullable=False),
    Column("modseq", Whole, nullable=False),
)

read_messages = Table(
    "read_messages",
    metadata,
    account_column(),
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
    account_column(),
    Column("folder", String(500), primary_key=True),
    Column("uidvalidity", Whole, primary_key=True),
    Column("uid", Whole, primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("filed", Boolean, nullable=False),  # filed as feedback, so it gets the keyword
    Column("marked", Boolean, nullable=False),  # the keyword is there as `filed` says, or the server keeps none
    Column("tags", String(100), nullable=False, default=""),  # outside of it when it was read: "keyword folder"
)
Index(None, placements.c.account, placements.c.marked)

originals = Table(
    "originals",
    metadata,
    account_column(),
    Column("name", String(200), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
"""The messages that were filed, of stores that have no directory for them."""

quarantine = Table(
    "quarantine",
    metadata,
    account_column(),
    Column("place", String(1000), primary_key=True),  # "INBOX uid 7", an event's href
    Column("what", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", Moment, nullable=False),
)

threads = Table(
    "threads",
    metadata,
    account_column(),
    Column("message_id", String(500), primary_key=True),
    Column("key", String(1000), nullable=False),  # of the draft that this message of the owner's came from
    Column("guess", Boolean, nullable=False),
)

ledger = Table(
    "ledger",
    metadata,
    Column("id", Whole, primary_key=True),
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

strays = Table(
    "strays",
    metadata,
    account_column(),
    Column("message_id", String(200), primary_key=True),  # of a note that stands in the mailbox and not in the ledger
)

marks = Table(
    "marks",
    metadata,
    account_column(),
    Column("key", String(1000), primary_key=True),
    Column("skipped", Boolean, nullable=False),
    Column("snoozed_until", Moment),
)

receipts = Table(
    "receipts",
    metadata,
    account_column(),
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
    account_column(),
    Column("about", String(100), primary_key=True),
    Column("since", Moment, nullable=False),
    Column("text", Text, nullable=False),
    Column("remedy", Text, nullable=False),
    Column("passing", Boolean, nullable=False),
)

servers = Table(
    "servers",
    metadata,
    account_column(),
    Column("server", String(40), primary_key=True),  # "imap", "caldav"
    Column("reached_at", Moment),
    Column("failed_at", Moment),
    Column("failure", Text, nullable=False, default=""),
)
