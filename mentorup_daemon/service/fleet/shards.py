"""Which shards of the accounts are this listener's: as many as fall to each of the listeners that live.

The arithmetic is pure. Nobody gives orders: each listener looks at who holds what, leaves what is beyond its share, and
takes what is free up to it, so that all shards are held and none twice. The locks of PostgreSQL are the only truth;
a session that is lost is replaced, and what was held before is taken again if nobody else has it by then.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from mentorup_daemon.store import fleet_listen
from mentorup_daemon.store.engine import told
from mentorup_daemon.store.fleet_tables import SHARDS

STANDSTILL = 8.0
"""Seconds after which a listener that stands still has lost its shards."""


def fair_share(listeners: int) -> int:
    """How many shards each of so many listeners holds at the most; together they hold all."""
    return -(-SHARDS // max(1, listeners))


def surplus(ours: Collection[int], listeners: int) -> frozenset[int]:
    """Those of ours that are beyond our share."""
    return frozenset(sorted(ours)[fair_share(listeners) :])


def lacking(ours: Collection[int], free: Collection[int], listeners: int, offset: int) -> list[int]:
    """Those of the free ones that our share lacks, from `offset` on, so that not all reach for the same ones."""
    missing = max(0, fair_share(listeners) - len(ours))
    return sorted(free, key=lambda shard: (shard - offset) % SHARDS)[:missing]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What has become of our shards."""

    gone: frozenset[int]
    taken: frozenset[int]


class Shards:
    """The shards that are held, and the session that holds them. `held` outlives the session, until it is replaced."""

    def __init__(self, engine: Engine, offset: int) -> None:
        self._engine = engine
        self._offset = offset
        self._connection: Connection | None = None
        self.held: frozenset[int] = frozenset()
        self.sessions = 0  # begun so far

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction in the session; it fails when the shards are lost. Raises Busy and StoreError."""
        try:
            with told():
                connection = self._session()
                with connection.begin():
                    yield connection
        finally:
            if self._connection is not None and self._connection.invalidated:
                self.close()  # SQLAlchemy would go on with another session, without the locks

    def settle(self) -> Change:
        """Leaves and takes what our share asks for. Raises Busy and StoreError.

        Those that are left are `gone` from now on, although somebody who is still heard for them does no harm.
        """
        with self.transaction() as connection:
            found = fleet_listen.held(connection)
            leaving = surplus(found.ours, found.listeners)
            if leaving:
                fleet_listen.nobody_listens(connection, leaving)
                fleet_listen.let_go(connection, leaving)
            wanted = lacking(found.ours, found.free, found.listeners, self._offset)
            ours = (found.ours - leaving) | (fleet_listen.take(connection, wanted) if wanted else frozenset())
            change = Change(gone=self.held - ours, taken=ours - self.held)
            if change.taken:
                fleet_listen.nobody_listens(connection, change.taken)
        self.held = ours
        return change

    def leave_all(self) -> None:
        """Leaves them to the others, for we end. Raises Busy and StoreError."""
        with self.transaction() as connection:
            if self.held:
                fleet_listen.nobody_listens(connection, self.held)
                fleet_listen.let_go(connection, self.held)
        self.held = frozenset()

    def close(self) -> None:
        """Ends the session, and with it every lock."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(DBAPIError):
                connection.invalidate()
                connection.close()

    def _session(self) -> Connection:
        if self._connection is None:
            connection = self._connection = self._engine.connect()
            try:
                with connection.begin():
                    fleet_listen.begin(connection, limit=STANDSTILL)
                    if self.held:
                        fleet_listen.take(connection, self.held)
            except BaseException:
                self.close()  # one without its limit would keep the shards of a listener that stands still
                raise
            self.sessions += 1
        return self._connection
