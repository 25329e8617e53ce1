"""Whom a listener listens for, and what is to be told of it: who was heard from, who is listened for, who isn't.

Promises that what was heard is kept until it has been told, however long the database is away. Only the thread that
owns it changes anything; what the threads of IDLE have to say waits in a queue. Each watch has a number of its own, so
that a word from one that was replaced isn't taken for one from its successor.
"""

from __future__ import annotations

import contextlib
import itertools
import queue
import time
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import Connection

from mentorup_daemon.errors import ConfigError
from mentorup_daemon.mailbox.idle import Listener, State
from mentorup_daemon.records.backoff import Backoff
from mentorup_daemon.service.doors import imap_account
from mentorup_daemon.service.fleet.opening import Fleet
from mentorup_daemon.service.fleet.settings import ListenSettings
from mentorup_daemon.store import fleet_listen
from mentorup_daemon.store.engine import told
from mentorup_daemon.store.fleet_listen import Mailbox

_log = structlog.get_logger(__name__)

THREADS = 12
"""That make, renew and end connections: as many as are made at once, however many are missing."""

_CROWDED = Backoff(base=7200.0, cap=7200.0)  # seconds, half of it at the least: an hour or more
_AT_ONCE = 50  # configs that are opened in one go
_MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class _Watched:
    name: str
    mailbox: Mailbox


class Watching:
    """The mailboxes of the shards that are held. `news` is waited on for what was heard."""

    def __init__(self, fleet: Fleet, settings: ListenSettings) -> None:
        self._fleet = fleet
        self._most = settings.connections
        self._polled = frozenset(host.lower() for host in settings.polled_hosts)
        self.news: queue.SimpleQueue[tuple[str, State | None] | None] = queue.SimpleQueue()
        self._listener = Listener(
            lambda name: self.news.put((name, None)),
            lambda name, state: self.news.put((name, state)),
            workers=THREADS,
            crowded=_CROWDED,
        )
        self._numbers = itertools.count(1)
        self._watched: dict[str, _Watched] = {}
        self._unfit: dict[str, datetime] = {}  # accounts whose config can't be used, and since which change of it
        self._missing: dict[str, Mailbox] = {}  # those that are to be watched next
        self._standing: set[str] = set()
        self._changed: set[str] = set()  # those whose standing is still to be told
        self._woken: set[str] = set()
        self._heard: deque[float] = deque()
        self.too_many = 0  # that don't fit in [listen] connections

    def start(self) -> None:
        """Start the threads. Once."""
        self._listener.start()

    def stop(self) -> None:
        """Log out everywhere and end, within about two seconds."""
        self._listener.stop()

    @property
    def beat(self) -> float:
        """The monotonic time at which the loop of IDLE last turned."""
        return self._listener.beat

    @property
    def standing(self) -> int:
        """How many mailboxes are held in IDLE."""
        return len(self._standing)

    @property
    def missing(self) -> bool:
        """Whether there is more for `open_some` to do."""
        return bool(self._missing)

    @property
    def untold(self) -> bool:
        """Whether there is anything to `tell`."""
        return bool(self._woken or self._changed)

    @property
    def woken_a_minute(self) -> int:
        """How often something was heard in the last minute."""
        while self._heard and self._heard[0] < time.monotonic() - _MINUTE:
            self._heard.popleft()
        return len(self._heard)

    def gather(self) -> None:
        """Takes in what the threads have said since."""
        with contextlib.suppress(queue.Empty):
            while True:
                self.hear(self.news.get_nowait())

    def hear(self, said: tuple[str, State | None] | None) -> None:
        """Takes in one thing that they said: a wake, when there is no state; nothing, when somebody only knocked."""
        if said is None:
            return
        name, state = said
        account = name.partition(":")[2]
        watched = self._watched.get(account)
        if watched is None or watched.name != name:
            return
        if state is None:
            self._woken.add(account)
            self._heard.append(time.monotonic())
            return
        _log.debug("idle", account=account, state=state.text)
        if state.standing == "listening":
            self._standing.add(account)
        else:
            self._standing.discard(account)
        self._changed.add(account)

    def forget(self, shards: Collection[int]) -> None:
        """These are another's from now on, and so is saying who is listened for in them."""
        for account in [one for one, watched in self._watched.items() if watched.mailbox.shard in shards]:
            self._unwatch(account)
            self._changed.discard(account)
        self._missing = {account: one for account, one in self._missing.items() if one.shard not in shards}

    def begin_anew(self) -> None:
        """Another session holds the shards: what was told over the one before may have been undone meanwhile."""
        self._changed |= self._standing

    def follow(self, mailboxes: Sequence[Mailbox]) -> None:
        """All accounts of the shards that are held, as they are now: some may be new, changed, paused or gone."""
        there = {one.account: one for one in mailboxes if one.imap_host not in self._polled}
        for account, watched in list(self._watched.items()):
            now = there.get(account)
            if now is None or now.changed_at != watched.mailbox.changed_at:
                self._unwatch(account)
        self._unfit = {account: since for account, since in self._unfit.items() if account in there}
        new = [
            one
            for account, one in there.items()
            if account not in self._watched and self._unfit.get(account) != one.changed_at
        ]
        room = max(0, self._most - len(self._watched))
        self._missing = {one.account: one for one in new[:room]}
        too_many = len(new) - len(self._missing)
        if too_many and too_many != self.too_many:
            _log.warning(
                "more mailboxes than [listen] connections: the rest is polled", connections=self._most, polled=too_many
            )
        self.too_many = too_many

    def open_some(self) -> None:
        """Begins to listen for some of those that are missing. Raises Busy and StoreError."""
        some = [self._missing[account] for account in itertools.islice(self._missing, _AT_ONCE)]
        with told(), self._fleet.engine.connect() as connection:
            configs = fleet_listen.configs(connection, [one.account for one in some])
        for mailbox in some:
            del self._missing[mailbox.account]
            if mailbox.account in configs:
                self._open(mailbox, configs[mailbox.account])

    def _open(self, mailbox: Mailbox, config: bytes) -> None:
        account = mailbox.account
        try:
            settings = self._fleet.settings_in(config, account)
            door = imap_account(settings, self._fleet.secrets(account))
        except ConfigError as error:  # the pass over it says so too, where its operator looks
            _log.warning("nobody can listen for an account", account=account, reason=str(error))
            self._unfit[account] = mailbox.changed_at
            return
        watched = _Watched(f"{next(self._numbers)}:{account}", mailbox)
        self._watched[account] = watched
        renewal = settings.imap.idle_renewal.total_seconds()
        self._listener.watch(watched.name, door, settings.imap.watch[0], renewal)

    def _unwatch(self, account: str) -> None:
        self._listener.unwatch(self._watched.pop(account).name)
        if account in self._standing:
            self._standing.discard(account)
            self._changed.add(account)

    def tell(self, connection: Connection) -> bool:
        """Tells the database what it doesn't know yet; whether anybody was heard from. `kept` afterwards."""
        if standing := self._changed & self._standing:
            fleet_listen.listened(connection, standing)
        if silent := self._changed - self._standing:
            fleet_listen.unheard(connection, silent)
        if self._woken:
            fleet_listen.woken(connection, self._woken)
        return bool(self._woken)

    def kept(self) -> None:
        """What there was to tell is committed, and needn't be told again."""
        self._changed.clear()
        self._woken.clear()
