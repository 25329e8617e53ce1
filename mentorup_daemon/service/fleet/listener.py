"""A listener: holds the mailboxes of its shards in IDLE, and says who was heard from. It reads no mail.

One thread does all that concerns the database, over the one session that holds the shards; the connections to mail
servers are `mailbox.idle`'s. While the database is away they stay, and what is heard waits; when it is back the shards
are taken anew, and whatever another listener has taken meanwhile is let go of. So a listener that has been stopped for
a while finds out by its first word to the database. Each new connection wakes once, for nobody knows what came in the
gap: no wake is lost from one listener to the next.

What is heard makes an account due at once, and is dispatched at once as well, by the same rule as everything else:
that keeps a server whose mailboxes all wake together to its share of the workers.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import queue
import random
import signal
import socket
import time
from collections.abc import Callable, Mapping
from types import FrameType
from zlib import crc32

import structlog

from mentorup_daemon.errors import Busy, ConfigError, MentorUpError, StoreError
from mentorup_daemon.process import allow_files
from mentorup_daemon.records.backoff import Backoff
from mentorup_daemon.service.fleet.dispatch import dispatch
from mentorup_daemon.service.fleet.ready import ready
from mentorup_daemon.service.fleet.settings import FleetSettings
from mentorup_daemon.service.fleet.shards import Shards
from mentorup_daemon.service.fleet.watching import THREADS, Watching
from mentorup_daemon.service.systemd import Notifier
from mentorup_daemon.store import fleet_listen, fleet_work
from mentorup_daemon.store.engine import told
from mentorup_daemon.store.fleet_tables import SHARDS

_log = structlog.get_logger(__name__)

_SETTLE = 2.0  # seconds between two looks at who holds which shard; the session must not stand still for longer
_FOLLOW = 5.0  # seconds between two looks at which accounts there are
_SIGN = 4.0  # seconds between two signs of life
_GAP = 0.05  # seconds from one telling to the next: one for all that is heard meanwhile
_DISPATCH = 0.2  # seconds between two dispatches
_DISPATCHES = 4  # until what was heard is left to the workers: another may be at it, or there is no room
_RETRY = Backoff(base=0.5, cap=4.0)
_STUCK = 60.0  # seconds without a turn of the IDLE loop: no more signs for the watchdog then
_BESIDE = 4  # connections to the database beside one for each thread that reads a password
_FILES_BESIDE = 200  # files beside one for each mailbox


class FleetListener:
    """Runs until SIGTERM or SIGINT."""

    def __init__(self, settings: FleetSettings, environ: Mapping[str, str], name: str = "") -> None:
        self._settings = settings
        self._name = name or f"{socket.gethostname()}/{os.getpid()}"
        self._notifier = Notifier(environ)
        self._stopping = False
        self._ready = False
        self._trouble = ""
        self._next: dict[Callable[[], None], float] = {}
        self._dispatches = 0

    def run(self) -> None:
        """Listens until told to stop. Raises ConfigError, StoreError or Busy when it can't begin."""
        faulthandler.enable()
        connections = self._settings.listen.connections
        self._allow_files(connections)
        self._fleet = ready(self._settings, connections=THREADS + _BESIDE)
        self._watching = Watching(self._fleet, self._settings.listen)
        self._shards = Shards(self._fleet.engine, crc32(self._name.encode()) % SHARDS)
        self._sessions = 0
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_stop)
        self._watching.start()
        try:
            self._listen()
        finally:
            self._notifier.stopping()
            self._leave()
        _log.info("stopped", listener=self._name)

    def _listen(self) -> None:
        _log.info("listening", listener=self._name, connections=self._settings.listen.connections)
        attempts = 0
        while not self._stopping:
            try:
                self._turn()
            except (Busy, StoreError) as error:
                attempts += 1
                if attempts == 1:
                    _log.warning("the database can't be used, what is heard waits", reason=str(error))
                self._trouble = str(error)
                self._notifier.status(self._trouble)
                self._sign_of_life()
                self._wait(_RETRY.delay(attempts, random.random()))  # noqa: S311 - jitter, no secret
                continue
            if attempts:
                _log.info("the database is back")
            attempts, self._trouble = 0, ""
            self._wait(self._until_next())

    def _turn(self) -> None:
        """What is due now."""
        self._watching.gather()
        for work, every in ((self._settle, _SETTLE), (self._follow, _FOLLOW), (self._sign, _SIGN)):
            if self._next.get(work, 0.0) <= time.monotonic():
                work()
                self._next[work] = time.monotonic() + every
        if self._watching.missing:
            self._watching.open_some()
        self._tell()
        if self._dispatches and self._next.get(self._dispatch, 0.0) <= time.monotonic():
            self._dispatch()

    def _settle(self) -> None:
        """Our share of the shards, as many as there are listeners now."""
        change = self._shards.settle()
        if self._shards.sessions != self._sessions:
            self._sessions = self._shards.sessions
            self._watching.begin_anew()
        if change.gone or change.taken:
            _log.info("shards", held=len(self._shards.held), taken=len(change.taken), gone=len(change.gone))
            self._watching.forget(change.gone)
            self._next[self._follow] = 0.0

    def _follow(self) -> None:
        """The accounts of our shards, some of them new, changed, paused or gone."""
        with self._shards.transaction() as connection:
            mailboxes = fleet_listen.mailboxes(connection, self._shards.held)
        self._watching.follow(mailboxes)

    def _tell(self) -> None:
        if not self._watching.untold:
            return
        with self._shards.transaction() as connection:
            heard = self._watching.tell(connection)
        self._watching.kept()
        if heard:
            self._dispatches = _DISPATCHES

    def _dispatch(self) -> None:
        """What was heard goes to the workers; where that doesn't come to anything they do it within a second."""
        self._next[self._dispatch] = time.monotonic() + _DISPATCH
        self._dispatches -= 1
        with contextlib.suppress(Busy):
            if dispatch(self._fleet.engine, self._settings.work.share):
                self._dispatches = 0

    def _sign(self) -> None:
        """A sign of life, to the table of processes and to systemd."""
        watching, slots = self._watching, self._settings.listen.connections
        with self._shards.transaction() as connection:
            fleet_work.seen(
                connection,
                self._name,
                "listener",
                slots=slots,
                busy=watching.standing,
                a_minute=watching.woken_a_minute,
            )
        polled = f"; {watching.too_many} don't fit in [listen] connections and are polled" if watching.too_many else ""
        status = f"Listening to {watching.standing} mailboxes, {len(self._shards.held)} shards{polled}"
        if self._ready:
            self._notifier.status(status)
        else:
            self._notifier.ready(status)
            self._ready = True
        self._sign_of_life()

    def _sign_of_life(self) -> None:
        if time.monotonic() - self._watching.beat < _STUCK:
            self._notifier.alive()

    def _until_next(self) -> float:
        """Seconds until there is something to do."""
        if self._watching.missing:
            return 0.0
        wanted = [self._settle, self._follow, self._sign, *([self._dispatch] if self._dispatches else [])]
        return max(0.0, min(self._next.get(work, 0.0) for work in wanted) - time.monotonic())

    def _wait(self, seconds: float) -> None:
        """Until then, or until something is heard."""
        with contextlib.suppress(queue.Empty):
            said = self._watching.news.get(timeout=seconds) if seconds > 0 else self._watching.news.get_nowait()
            self._watching.hear(said)
            if not self._stopping:
                time.sleep(_GAP)

    def _leave(self) -> None:
        """The shards are the others' from now on, and all connections end."""
        if not self._trouble:  # else the database is away, and lets go of them by itself
            with contextlib.suppress(MentorUpError):
                self._watching.gather()
                self._tell()
                self._shards.leave_all()
            with contextlib.suppress(MentorUpError), told(), self._fleet.engine.begin() as connection:
                fleet_work.gone(connection, self._name)
        self._shards.close()
        self._watching.stop()
        self._fleet.close()

    def _allow_files(self, connections: int) -> None:
        wanted = connections + _FILES_BESIDE
        allowed = allow_files(wanted)
        if allowed < wanted:
            raise ConfigError(
                f"[listen] connections = {connections} takes {wanted} open files, and this process may have {allowed}: "
                "raise LimitNOFILE= in its unit (elsewhere the limit that `ulimit -Hn` shows), or have fewer."
            )

    def _on_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True
        self._watching.news.put(None)
