"""The tables of a fleet: which accounts are hosted, their sealed secrets, and the processes that serve them.

They are on PostgreSQL only and have a MetaData of their own, so that the store of a single owner knows nothing of them.
What is sealed comes in and goes out as it is: no key is known here. `next_look` is the one thing that decides when an
account's turn comes; everything beside it tells how its last turn went.
"""

from __future__ import annotations

from zlib import crc32

from sqlalchemy import JSON, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text, UniqueConstraint

from mentorup_daemon.store.schema import Moment, account_column, metadata

SHARDS = 64
"""Into how many parts the accounts are divided among the listeners; it never changes once accounts are there."""

fleet_metadata = MetaData(naming_convention=metadata.naming_convention)

fleet_accounts = Table(
    "fleet_accounts",
    fleet_metadata,
    account_column(),
    Column("email", Text, nullable=False),  # of the owner, in small letters
    Column("state", String(20), nullable=False, default="active"),  # active, paused
    Column("config", LargeBinary, nullable=False),  # the TOML text, sealed whole: a feed's address is a password
    Column("imap_host", Text, nullable=False),  # in small letters
    Column("caldav_host", Text, nullable=False),  # in small letters, "" for none
    Column("shard", Integer, nullable=False),
    Column("added_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),  # when its config or its secrets were last given anew
    Column("next_look", Moment, nullable=False),  # when a pass is due at the latest
    Column("dispatched_at", Moment),  # it stands in the queue, or a worker is at it, since then
    Column("woken_at", Moment),  # a listener last heard something then
    Column("begun_at", Moment),  # the last pass
    Column("looked_at", Moment),  # the end of the last pass
    Column("worker", Text, nullable=False, default=""),  # who made it
    Column("looks", JSON, nullable=False, default=dict),  # how often each server failed, and when it is looked at next
    Column("failure", Text, nullable=False, default=""),  # what stands against it, in words
    Column("listened_at", Moment),  # a listener holds IDLE for it since then; nobody does when there is none
    UniqueConstraint("email"),
)
Index(
    None,
    fleet_accounts.c.imap_host,
    fleet_accounts.c.caldav_host,
    fleet_accounts.c.next_look,
    postgresql_where=(fleet_accounts.c.state == "active") & fleet_accounts.c.dispatched_at.is_(None),
)
Index(None, fleet_accounts.c.shard)
Index(None, fleet_accounts.c.next_look, postgresql_where=fleet_accounts.c.state == "active")
Index(None, fleet_accounts.c.dispatched_at, postgresql_where=fleet_accounts.c.dispatched_at.is_not(None))
Index("ix_fleet_accounts_failing", fleet_accounts.c.account, postgresql_where=fleet_accounts.c.failure != "")

fleet_secrets = Table(
    "fleet_secrets",
    fleet_metadata,
    account_column(),
    Column("name", String(100), primary_key=True),  # the key in the config: imap.password, caldav.oauth.token
    Column("sealed", LargeBinary, nullable=False),
    Column("kept_at", Moment, nullable=False),
)

fleet_processes = Table(
    "fleet_processes",
    fleet_metadata,
    Column("name", String(200), primary_key=True),
    Column("kind", String(20), nullable=False),  # worker, listener
    Column("slots", Integer, nullable=False),  # passes at once, connections at once
    Column("busy", Integer, nullable=False, default=0),  # how many of them are in use
    Column("a_minute", Integer, nullable=False, default=0),  # accounts looked at, or heard from, in the last minute
    Column("started_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),  # it is taken for dead when that is long ago
)


def shard_of(account: str) -> int:
    """The part that an account belongs to, from 0 to SHARDS - 1: the same on every machine, for ever."""
    return crc32(account.encode()) % SHARDS
