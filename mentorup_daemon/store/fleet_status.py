"""What a fleet looks like now: a handful of queries, each of which PostgreSQL answers from an index.

The accounts themselves are counted in one go through their table. How many mailboxes are listened to and
how many passes are made is told by the processes themselves, when they give a sign of life.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, text

from mentorup_daemon.store.fleet_tables import fleet_accounts, fleet_processes
from mentorup_daemon.store.fleet_work import ALIVE, seconds

LATE = 60.0
"""Seconds past due from which on an account is late."""

_QUEUE = text("SELECT status::text, count(*) FROM pgqueuer GROUP BY status")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many accounts there are and what they wait for; `now` is the database's."""

    now: datetime
    active: int
    paused: int
    due: int
    late: int
    in_flight: int
    failing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """An account that is past due."""

    account: str
    due_at: datetime
    dispatched_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failing:
    """An account that something stands against, in words."""

    account: str
    failure: str
    looked_at: datetime | None
    next_look: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A worker or a listener. `busy` of its `slots` are in use; it has served `a_minute` in the last minute."""

    name: str
    kind: str
    alive: bool
    seen_at: datetime
    started_at: datetime
    slots: int
    busy: int
    a_minute: int


def tally(connection: Connection) -> Tally:
    """The numbers."""
    accounts = fleet_accounts.c
    count, active = select(func.count()).select_from(fleet_accounts), accounts.state == "active"
    row = connection.execute(
        select(
            func.now().label("now"),
            func.count().label("all"),
            func.count().filter(active).label("active"),
            count.where(active, accounts.next_look <= func.now()).scalar_subquery().label("due"),
            count.where(active, accounts.next_look < func.now() - seconds(LATE)).scalar_subquery().label("late"),
            count.where(accounts.dispatched_at.is_not(None)).scalar_subquery().label("in_flight"),
            count.where(accounts.failure != "").scalar_subquery().label("failing"),
        )
    ).one()
    return Tally(
        now=row.now,
        active=row.active,
        paused=row.all - row.active,
        due=row.due,
        late=row.late,
        in_flight=row.in_flight,
        failing=row.failing,
    )


def latest(connection: Connection, most: int) -> tuple[Late, ...]:
    """Those that are due, the longest first."""
    accounts = fleet_accounts.c
    rows = connection.execute(
        select(accounts.account, accounts.next_look, accounts.dispatched_at)
        .where(accounts.state == "active", accounts.next_look <= func.now())
        .order_by(accounts.next_look)
        .limit(most)
    )
    return tuple(Late(account=row[0], due_at=row[1], dispatched_at=row[2]) for row in rows)


def failing(connection: Connection, most: int) -> tuple[Failing, ...]:
    """Those that something stands against, by name."""
    accounts = fleet_accounts.c
    rows = connection.execute(
        select(accounts.account, accounts.failure, accounts.looked_at, accounts.next_look)
        .where(accounts.failure != "")
        .order_by(accounts.account)
        .limit(most)
    )
    return tuple(Failing(account=row[0], failure=row[1], looked_at=row[2], next_look=row[3]) for row in rows)


def processes(connection: Connection) -> tuple[Process, ...]:
    """All that have given a sign of life lately, also those that have died since."""
    columns = fleet_processes.c
    alive = (columns.seen_at > func.now() - seconds(ALIVE)).label("alive")
    rows = connection.execute(
        select(
            columns.name,
            columns.kind,
            alive,
            columns.seen_at,
            columns.started_at,
            columns.slots,
            columns.busy,
            columns.a_minute,
        ).order_by(columns.kind.desc(), columns.name)
    )
    return tuple(Process(**row._mapping) for row in rows)  # noqa: SLF001 - a Row's own way to a mapping


def queue(connection: Connection) -> dict[str, int]:
    """How many jobs stand in PgQueuer's queue, by status; none where no process has made the queue yet."""
    if connection.execute(text("SELECT to_regclass('pgqueuer')")).scalar_one() is None:
        return {}
    return {str(row[0]): int(row[1]) for row in connection.execute(_QUEUE)}
