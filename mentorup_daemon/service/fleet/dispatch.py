"""From due to the queue: who is tended next, so that no server that hangs holds more than its share of the workers.

Every worker does it, a listener may; a lock that lasts as long as the transaction lets one at a time. What stands in
the queue or is being tended counts for the hosts that it needs, and a host (IMAP's and CalDAV's, each for itself) gets
no more than its share of all passes that the living workers make at once. The queue is kept short, so that it needs no
order of its own: the longest due come first, and who waits, waits in the table of accounts.

An account whose job is still in the queue isn't put there twice (its id is the job's dedupe key), and stays due.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from pgqueuer.domain.settings import db_settings
from pgqueuer.ports.driver import SyncDriver
from pgqueuer.queries import SyncQueries
from psycopg import RawCursor
from psycopg.rows import dict_row
from sqlalchemy import Connection, Engine, text

from mentorup_daemon.store import fleet_work
from mentorup_daemon.store.engine import told
from mentorup_daemon.store.fleet_work import InFlight, Waiting

TEND = "tend"
"""The entrypoint of the jobs; the payload is the account's id."""

_AHEAD = 2  # accounts in the queue or being tended for each pass at once: a worker that ends one finds the next
_MOST = 500  # accounts in one turn
_LOG_KEPT = 600.0  # seconds
_FORGET = text(
    f"DELETE FROM {db_settings().queue_table_log} WHERE created < now() - make_interval(secs => :seconds)"  # noqa: S608
)


@dataclass(slots=True)
class Room:
    """How much of all the workers is taken: in all, and by each host of either kind."""

    slots: int
    share: float
    taken: int = 0
    imap: Counter[str] = field(default_factory=Counter)
    caldav: Counter[str] = field(default_factory=Counter)

    @classmethod
    def left_by(cls, in_flight: Iterable[InFlight], *, slots: int, share: float) -> Room:
        """What these leave."""
        room = cls(slots, share)
        for one in in_flight:
            room._take(one.imap_host, one.caldav_host, one.accounts)
        return room

    @property
    def whole(self) -> int:
        """How many may be in the queue or in a pass, in all."""
        return self.slots * _AHEAD

    @property
    def of_a_host(self) -> int:
        """How many of them may need the same host: its share of the passes at once, one at least."""
        return max(1, int(self.slots * self.share))

    def full(self, counted: Counter[str]) -> list[str]:
        """The hosts that have their share."""
        return [host for host, accounts in counted.items() if host and accounts >= self.of_a_host]

    def take(self, waiting: Waiting, *, several_imap: bool, several_caldav: bool) -> bool:
        """Takes one in, if there is room for it. A host that is the only one of its kind may have everything."""
        if self.taken >= self.whole:
            return False
        if several_imap and self.imap[waiting.imap_host] >= self.of_a_host:
            return False
        if several_caldav and waiting.caldav_host and self.caldav[waiting.caldav_host] >= self.of_a_host:
            return False
        self._take(waiting.imap_host, waiting.caldav_host, 1)
        return True

    def _take(self, imap_host: str, caldav_host: str, accounts: int) -> None:
        self.taken += accounts
        self.imap[imap_host] += accounts
        self.caldav[caldav_host] += accounts


def dispatch(engine: Engine, share: float) -> int:
    """Puts the longest due into the queue, as far as there is room; how many. Raises StoreError and Busy.

    Nothing is done while another process does it, nor without any worker alive.
    """
    with told(), engine.begin() as connection:
        if not fleet_work.claim_dispatch(connection):
            return 0
        left_behind = fleet_work.left_behind(connection)
        _enqueue(connection, left_behind)
        fleet_work.dispatched_again(connection, left_behind)
        slots = fleet_work.slots(connection)
        room = Room.left_by(fleet_work.in_flight(connection), slots=slots, share=share)
        entered = _enqueue(connection, _chosen(connection, room))
        fleet_work.dispatched(connection, entered)
    return len(entered)


def _chosen(connection: Connection, room: Room) -> list[str]:
    """Who there is room for."""
    free = min(room.whole - room.taken, _MOST)
    if free <= 0:
        return []
    due = fleet_work.due(
        connection,
        held_imap=room.imap,
        held_caldav=room.caldav,
        full_imap=room.full(room.imap),
        full_caldav=room.full(room.caldav),
        each=free,
        most=free * 4,
    )
    found = (
        one.account
        for one in due.waiting
        if room.take(one, several_imap=due.several_imap, several_caldav=due.several_caldav)
    )
    return list(islice(found, free))


def forget_old_jobs(engine: Engine) -> None:
    """Clears PgQueuer's log of jobs, three lines for each pass, of what is older than a few minutes."""
    with told(), engine.begin() as connection:
        connection.execute(_FORGET, {"seconds": _LOG_KEPT})


class _InTransaction(SyncDriver):
    """PgQueuer's way into a transaction that is under way: what it enqueues is there when the rest of it is."""

    def __init__(self, connection: Connection) -> None:
        self._psycopg: Any = connection.connection.driver_connection

    def fetch(self, query: str, *args: object) -> list[dict[str, Any]]:
        cursor = RawCursor(self._psycopg, row_factory=dict_row)  # its placeholders are PostgreSQL's own
        return cursor.execute(query, args or None).fetchall()


def _enqueue(connection: Connection, accounts: Sequence[str]) -> list[str]:
    """Those of `accounts` that are in the queue by this, and weren't before."""
    if not accounts:
        return []
    count = len(accounts)
    jobs = SyncQueries(_InTransaction(connection)).enqueue(
        [TEND] * count,
        [account.encode() for account in accounts],
        [0] * count,
        dedupe_key=list(accounts),
        on_conflict="skip",
    )
    return [account for account, job in zip(accounts, jobs, strict=True) if job is not None]
