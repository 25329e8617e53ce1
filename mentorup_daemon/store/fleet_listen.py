"""The queries of a fleet's listeners: which of them has which shard, whom they listen for, and what they have heard.

A shard is held by an advisory lock of one session, in which all that its listener writes is written too: whoever has
lost the session can't say any more that it listens. A second lock of the session, on its own process number, says that
there is a listener at all. PostgreSQL lets go of both when the process dies, and, by the session's limit on standing
still, when it is stopped. Advisory locks of two numbers are told from the accounts' locks of one by PostgreSQL itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Interval, bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Integer, Text

from mentorup_daemon.store.fleet_tables import SHARDS, fleet_accounts
from mentorup_daemon.store.postgres import lock_key

SHARD_LOCK, _LISTENER = (lock_key(purpose) & 0x7FFF_FFFF for purpose in ("shard", "listener"))
"""The first numbers of the two kinds of locks; the second ones are the shard's, and the process's of the session."""

_BEGIN = text(
    "SELECT set_config('idle_session_timeout', :limit, false), "
    "set_config('idle_in_transaction_session_timeout', :limit, false), pg_advisory_lock(:listener, pg_backend_pid())"
)
_LOCKS = text(
    "SELECT classid, objid, pid = pg_backend_pid() AS ours FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 "
    "AND granted AND classid IN (:shard, :listener) "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_TAKE = text("SELECT number FROM unnest(:shards) AS number WHERE pg_try_advisory_lock(:shard, number)").bindparams(
    bindparam("shards", type_=ARRAY(Integer))
)
_LET_GO = text("SELECT pg_advisory_unlock(:shard, number) FROM unnest(:shards) AS number").bindparams(
    bindparam("shards", type_=ARRAY(Integer))
)
_ACCOUNTS = "accounts"
_SOON = 300.0  # seconds, the poll's interval unless a config says otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """How the shards are held: by how many living listeners, which by us, and which by nobody."""

    listeners: int
    ours: frozenset[int]
    free: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """An account to listen for. Whenever `changed_at` is another one, its config or its secrets are."""

    account: str
    imap_host: str
    shard: int
    changed_at: datetime


def begin(connection: Connection, *, limit: float) -> None:
    """Makes the session that of a living listener, until it stands still for `limit` seconds."""
    connection.execute(_BEGIN, {"limit": f"{limit * 1000:.0f}ms", "listener": _LISTENER})


def held(connection: Connection) -> Holdings:
    """Who holds what now."""
    rows = connection.execute(_LOCKS, {"shard": SHARD_LOCK, "listener": _LISTENER}).all()
    locked = {row.objid: row.ours for row in rows if row.classid == SHARD_LOCK}
    return Holdings(
        listeners=sum(row.classid == _LISTENER for row in rows),
        ours=frozenset(shard for shard, ours in locked.items() if ours),
        free=frozenset(range(SHARDS)) - frozenset(locked),
    )


def take(connection: Connection, shards: Collection[int]) -> frozenset[int]:
    """Takes those of `shards` that nobody holds."""
    return frozenset(connection.execute(_TAKE, {"shard": SHARD_LOCK, "shards": sorted(shards)}).scalars())


def let_go(connection: Connection, shards: Collection[int]) -> None:
    """Leaves them to the others."""
    connection.execute(_LET_GO, {"shard": SHARD_LOCK, "shards": sorted(shards)})


def nobody_listens(connection: Connection, shards: Collection[int]) -> None:
    """Whatever was said before, none of the accounts of these shards is listened for: their mail is polled."""
    _fall_silent(connection, fleet_accounts.c.shard.in_(sorted(shards)))


def mailboxes(connection: Connection, shards: Collection[int]) -> Sequence[Mailbox]:
    """The accounts of these shards that aren't paused, in order."""
    named = [fleet_accounts.c[name] for name in Mailbox.__slots__]
    wanted = select(*named).where(fleet_accounts.c.shard.in_(sorted(shards)), fleet_accounts.c.state == "active")
    return [Mailbox(**row) for row in connection.execute(wanted.order_by(fleet_accounts.c.account)).mappings()]


def configs(connection: Connection, accounts: Sequence[str]) -> Mapping[str, bytes]:
    """The sealed configs of those that are still there."""
    wanted = select(fleet_accounts.c.account, fleet_accounts.c.config).where(_named())
    rows = connection.execute(wanted, {_ACCOUNTS: list(accounts)})
    return {row.account: row.config for row in rows}


def woken(connection: Connection, accounts: Collection[str]) -> None:
    """Something was heard from these: they are due now, and their mail is to be looked at."""
    connection.execute(
        update(fleet_accounts)
        .where(_named(), fleet_accounts.c.state == "active")
        .values(woken_at=func.now(), next_look=func.least(fleet_accounts.c.next_look, func.now())),
        {_ACCOUNTS: sorted(accounts)},
    )


def listened(connection: Connection, accounts: Collection[str]) -> None:
    """IDLE is held for these from now on."""
    connection.execute(
        update(fleet_accounts).where(_named()).values(listened_at=func.now()), {_ACCOUNTS: sorted(accounts)}
    )


def unheard(connection: Connection, accounts: Collection[str]) -> None:
    """IDLE isn't held for these any more; their mail is looked for at the interval of their config from now on."""
    _fall_silent(connection, _named(), {_ACCOUNTS: sorted(accounts)})


def _fall_silent(connection: Connection, which: ColumnElement[bool], given: Mapping[str, object] | None = None) -> None:
    """Their next pass may be as far away as the poll of a mailbox that is listened for: it is drawn nearer, by lot."""
    soon = func.now() + func.make_interval(0, 0, 0, 0, 0, 0, func.random() * _SOON, type_=Interval)
    changed = {"listened_at": None, "next_look": func.least(fleet_accounts.c.next_look, soon)}
    listened_for = fleet_accounts.c.listened_at.is_not(None)
    connection.execute(update(fleet_accounts).where(which, listened_for).values(changed), given)


def _named() -> ColumnElement[bool]:
    return fleet_accounts.c.account == func.any(bindparam(_ACCOUNTS, type_=ARRAY(Text)))
