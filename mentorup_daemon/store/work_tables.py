"""The tables of what bears a number: topics, promises, feedback, goals, and what the owner knows of themselves.

Apart from `tables` only for its length. Columns are named as the fields of the records.
"""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Date, Integer, String, Table, Text

from mentorup_daemon.store.schema import Moment, account_column, metadata

topics = Table(
    "topics",
    metadata,
    account_column(),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
    Column("mentor", String(100)),
    Column("wants", String(20), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("minutes", Integer),
    Column("read", Text, nullable=False, default=""),
    Column("state", String(20), nullable=False),
    Column("private", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
)

actions = Table(
    "actions",
    metadata,
    account_column(),
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
    account_column(),
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
    Column("planned_at", Moment),
    Column("done_at", Moment),
    Column("state", String(20), nullable=False),
)

goals = Table(
    "goals",
    metadata,
    account_column(),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
    Column("mentor", String(100)),
    Column("due", Date),
    Column("state", String(20), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("done_at", Moment),
)

thanks = Table(
    "thanks",
    metadata,
    account_column(),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
    Column("mentor", String(100), nullable=False),
    Column("meeting", String(1000)),
    Column("created_at", Moment, nullable=False),
)

notes = Table(
    "notes",
    metadata,
    account_column(),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
    Column("mentor", String(100)),
    Column("about", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
)

wins = Table(
    "wins",
    metadata,
    account_column(),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
    Column("credit", JSON, nullable=False),
    Column("state", String(20), nullable=False),
    Column("created_at", Moment, nullable=False),
)

profile = Table(
    "profile",
    metadata,
    account_column(),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(20), nullable=False),
    Column("text", Text, nullable=False),
    Column("rating", Integer),
    Column("goal", Integer),
    Column("state", String(20), nullable=False),
    Column("created_at", Moment, nullable=False),
)

candidates = Table(
    "candidates",
    metadata,
    account_column(),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("person", String(100), nullable=False),
    Column("name", Text, nullable=False),
    Column("emails", JSON, nullable=False),
    Column("why", Text, nullable=False),
    Column("recommended_by", Text, nullable=False),
    Column("helped", Text, nullable=False),
    Column("state", String(20), nullable=False),
    Column("created_at", Moment, nullable=False),
)

fits = Table(
    "fits",
    metadata,
    account_column(),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("person", String(100), nullable=False),
    Column("question", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
)

compacts = Table(
    "compacts",
    metadata,
    account_column(),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("mentor", String(100), nullable=False),
    Column("aims", Text, nullable=False),
    Column("rhythm", Text, nullable=False),
    Column("drives", Text, nullable=False),
    Column("mine", Text, nullable=False),
    Column("theirs", Text, nullable=False),
    Column("ends", Text, nullable=False),
    Column("state", String(20), nullable=False),
    Column("agreed_at", Moment),
    Column("created_at", Moment, nullable=False),
)

requests = Table(
    "requests",
    metadata,
    account_column(),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(20), nullable=False),
    Column("person", String(100), nullable=False),
    Column("text", Text, nullable=False),
    Column("state", String(20), nullable=False),
    Column("created_at", Moment, nullable=False),
)
