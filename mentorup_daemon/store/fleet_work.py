"""The queries of a fleet's work: whose turn it is, the beginning and the end of a pass, and who is alive.

All of it goes by the clock of the database, which is the same for every machine. The cost of looking for who is due
grows with the number of pairs of hosts, not of accounts: PostgreSQL walks from pair to pair along the index and takes
the longest due of each, so a host with ten thousand accounts that can't be served hides nobody behind it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Interval, bindparam, case, delete, exists, func, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.types import Text

from mentorup_daemon.store.fleet_tables import fleet_accounts, fleet_processes
from mentorup_daemon.store.postgres import lock_key

ALIVE = 15.0
"""Seconds since a process was last seen, from which on it counts as dead. It tells of itself every few seconds."""

REDISPATCH = 120.0
"""Seconds in the queue or in a pass after which an account is put into the queue again; it can't be there twice."""

_AT_ONCE = 1000  # accounts in one turn
_FORGOTTEN = 86_400.0  # seconds since a process was last seen until its row goes

_DUE = text(
    """
    WITH RECURSIVE pairs AS (
        (SELECT imap_host, caldav_host FROM fleet_accounts
         WHERE state = 'active' AND dispatched_at IS NULL ORDER BY imap_host, caldav_host LIMIT 1)
        UNION ALL
        SELECT following.imap_host, following.caldav_host FROM pairs CROSS JOIN LATERAL
            (SELECT imap_host, caldav_host FROM fleet_accounts
             WHERE state = 'active' AND dispatched_at IS NULL
               AND (imap_host, caldav_host) > (pairs.imap_host, pairs.caldav_host)
             ORDER BY imap_host, caldav_host LIMIT 1) AS following
    ), several AS (
        SELECT min(imap_host) IS DISTINCT FROM max(imap_host) AS imap,
               min(NULLIF(caldav_host, '')) IS DISTINCT FROM max(NULLIF(caldav_host, '')) AS caldav
        FROM (SELECT imap_host, caldav_host FROM pairs
              UNION ALL SELECT unnest(:held_imap), NULL
              UNION ALL SELECT NULL, unnest(:held_caldav)) AS hosts
    )
    SELECT due.account, pairs.imap_host, pairs.caldav_host, due.next_look,
           several.imap AS several_imap, several.caldav AS several_caldav
    FROM several CROSS JOIN pairs CROSS JOIN LATERAL
        (SELECT account, next_look FROM fleet_accounts AS one
         WHERE one.state = 'active' AND one.dispatched_at IS NULL AND one.next_look <= now()
           AND one.imap_host = pairs.imap_host AND one.caldav_host = pairs.caldav_host
         ORDER BY one.next_look LIMIT :each) AS due
    WHERE (NOT several.imap OR pairs.imap_host <> ALL(:full_imap))
      AND (NOT several.caldav OR pairs.caldav_host <> ALL(:full_caldav))
    ORDER BY due.next_look LIMIT :most
    """
).bindparams(*(bindparam(name, type_=ARRAY(Text)) for name in ("held_imap", "held_caldav", "full_imap", "full_caldav")))

_HELD = text("SELECT pg_try_advisory_xact_lock(:key)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An account that is due, and whom it needs. `caldav_host` is "" where there is none."""

    account: str
    imap_host: str
    caldav_host: str
    next_look: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InFlight:
    """How many accounts of a pair of hosts stand in the queue or are being tended."""

    imap_host: str
    caldav_host: str
    accounts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DueNow:
    """Who is due, the longest first, and whether there is more than one host of either kind at all."""

    waiting: tuple[Waiting, ...]
    several_imap: bool
    several_caldav: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A pass that begins now: `now` is in seconds since the epoch.

    `woken` when a listener has heard something, `listened` while IDLE is held, and there is a living listener at all.
    """

    at: datetime
    now: float
    looks: Mapping[str, Any]
    woken: bool
    listened: bool


def claim_dispatch(connection: Connection) -> bool:
    """True for the one that dispatches, until its transaction ends."""
    return bool(connection.execute(_HELD, {"key": lock_key("dispatch")}).scalar_one())


def slots(connection: Connection) -> int:
    """How many passes all living workers make at once."""
    total = select(func.coalesce(func.sum(fleet_processes.c.slots), 0)).where(_is_alive("worker"))
    return int(connection.execute(total).scalar_one())


def in_flight(connection: Connection) -> tuple[InFlight, ...]:
    """What stands in the queue or is being tended, by the hosts that it needs."""
    hosts = (fleet_accounts.c.imap_host, fleet_accounts.c.caldav_host)
    rows = connection.execute(
        select(*hosts, func.count()).where(fleet_accounts.c.dispatched_at.is_not(None)).group_by(*hosts)
    )
    return tuple(InFlight(imap_host=imap, caldav_host=caldav, accounts=count) for imap, caldav, count in rows)


def due(
    connection: Connection,
    *,
    held_imap: Collection[str],
    held_caldav: Collection[str],
    full_imap: Collection[str],
    full_caldav: Collection[str],
    each: int,
    most: int,
) -> DueNow:
    """The longest due, at most `each` of a pair of hosts and `most` in all, none at a host that is full.

    A host that is the only one of its kind, those `held` by what is in flight included, is never full.
    """
    hosts = {"held_imap": held_imap, "held_caldav": held_caldav, "full_imap": full_imap, "full_caldav": full_caldav}
    values = {name: list(given) for name, given in hosts.items()}
    rows = connection.execute(_DUE, {**values, "each": each, "most": most}).all()
    waiting = tuple(
        Waiting(account=row.account, imap_host=row.imap_host, caldav_host=row.caldav_host, next_look=row.next_look)
        for row in rows
    )
    return DueNow(
        waiting=waiting,
        several_imap=bool(rows and rows[0].several_imap),
        several_caldav=bool(rows and rows[0].several_caldav),
    )


def left_behind(connection: Connection) -> tuple[str, ...]:
    """Accounts that were dispatched long ago and not looked at since: their job may be lost."""
    rows = connection.execute(select(fleet_accounts.c.account).where(_long_ago()).limit(_AT_ONCE))
    return tuple(rows.scalars())


def dispatched(connection: Connection, accounts: Sequence[str]) -> None:
    """They stand in the queue from now on."""
    _dispatch(connection, accounts, fleet_accounts.c.dispatched_at.is_(None))


def dispatched_again(connection: Connection, accounts: Sequence[str]) -> None:
    """The same for those that were `left_behind`, except where a pass has ended meanwhile."""
    _dispatch(connection, accounts, _long_ago())


def _dispatch(connection: Connection, accounts: Sequence[str], still: ColumnElement[bool]) -> None:
    if accounts:
        named = fleet_accounts.c.account.in_(accounts)
        connection.execute(update(fleet_accounts).where(named, still).values(dispatched_at=func.now()))


def _long_ago() -> ColumnElement[bool]:
    return fleet_accounts.c.dispatched_at < func.now() - seconds(REDISPATCH)


def begin(connection: Connection, account: str, worker: str) -> Begun | None:
    """A pass begins. None when the account is paused or gone: then it is out of the queue, and nothing is due."""
    row = connection.execute(
        update(fleet_accounts)
        .where(fleet_accounts.c.account == account, fleet_accounts.c.state == "active")
        .values(
            begun_at=func.now(),
            worker=worker,
            dispatched_at=func.coalesce(fleet_accounts.c.dispatched_at, func.now()),
        )
        .returning(
            fleet_accounts.c.begun_at,
            func.extract("epoch", func.now()).label("now"),
            fleet_accounts.c.looks,
            fleet_accounts.c.woken_at,
            (fleet_accounts.c.listened_at.is_not(None) & exists().where(_is_alive("listener"))).label("listened"),
        )
    ).one_or_none()
    if row is None:
        put_off(connection, account, 0.0)
        return None
    return Begun(
        at=row.begun_at,
        now=float(row.now),
        looks=row.looks if isinstance(row.looks, dict) else {},
        woken=row.woken_at is not None,
        listened=row.listened,
    )


def end(
    connection: Connection,
    account: str,
    begun: datetime,
    *,
    looks: Mapping[str, Any],
    failure: str,
    next_look: float,
    mail_seen: bool,
) -> None:
    """A pass that began at `begun` is over; `next_look` is in seconds since the epoch.

    What a listener has heard meanwhile makes the next one due at once; what it had heard before is dealt with when the
    mail was looked at.
    """
    heard = fleet_accounts.c.woken_at > begun
    later = func.to_timestamp(next_look)
    connection.execute(
        update(fleet_accounts)
        .where(fleet_accounts.c.account == account)
        .values(
            looks=dict(looks),
            failure=failure,
            looked_at=func.now(),
            dispatched_at=None,
            next_look=case((heard, func.now()), else_=later),
            woken_at=case((heard, fleet_accounts.c.woken_at), else_=None) if mail_seen else fleet_accounts.c.woken_at,
        )
    )


def put_off(connection: Connection, account: str, delay: float) -> None:
    """There was no pass, and the account is out of the queue; it is due again in so many seconds."""
    connection.execute(
        update(fleet_accounts)
        .where(fleet_accounts.c.account == account)
        .values(dispatched_at=None, next_look=func.now() + seconds(delay))
    )


def seen(connection: Connection, name: str, kind: str, *, slots: int, busy: int, a_minute: int) -> None:
    """A sign of life of a process. Those that were last seen long ago are forgotten."""
    now = func.now()
    told = {"kind": kind, "slots": slots, "busy": busy, "a_minute": a_minute, "seen_at": now}
    values = insert(fleet_processes).values(name=name, started_at=now, **told)
    connection.execute(values.on_conflict_do_update(index_elements=["name"], set_=told))
    long_ago = now - seconds(_FORGOTTEN)
    connection.execute(delete(fleet_processes).where(fleet_processes.c.seen_at < long_ago))


def gone(connection: Connection, name: str) -> None:
    """The process has ended by itself."""
    connection.execute(delete(fleet_processes).where(fleet_processes.c.name == name))


def _is_alive(kind: str) -> ColumnElement[bool]:
    return (fleet_processes.c.kind == kind) & (fleet_processes.c.seen_at > func.now() - seconds(ALIVE))


def seconds(number: float) -> ColumnElement[timedelta]:
    """An interval, for moments of the database."""
    return func.make_interval(0, 0, 0, 0, 0, 0, number, type_=Interval)
