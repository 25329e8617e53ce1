"""Waits for mail in many folders at once: one thread with a selector, and a few workers that talk to servers.

Promises to call `on_wake` soon after something changed in a watched folder, and once after every connect, since
nothing is known of the time between. A wake may come twice or for nothing; one that is lost is made good by polling, so
the caller polls as well. Only the loop's thread touches the state of a watch: workers and callers hand it small
functions through the inbox. A server that doesn't answer holds a worker no longer than its timeout (I04); a lost
connection is replaced after a wait that grows (I01, P02), a refused password after a long one (P03). What is due next
lies in a heap, one entry for each watch, so that a turn costs the same with one watch as with thousands.
"""

from __future__ import annotations

import contextlib
import functools
import heapq
import itertools
import queue
import secrets
import selectors
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from mentorup_daemon.errors import ConfigError, CredentialsError, Unavailable
from mentorup_daemon.mailbox.account import ImapAccount
from mentorup_daemon.mailbox.failures import Crowded, Refused
from mentorup_daemon.mailbox.idle_connection import IdleConnection
from mentorup_daemon.mailbox.idle_pool import Pool
from mentorup_daemon.records.backoff import Backoff

LOST = Backoff(base=1.0, cap=300.0)
REFUSED = Backoff(base=900.0, cap=6 * 3600.0)  # lock-outs begin at a few wrong passwords an hour
_ASKED_AGAIN = 3600.0  # seconds until a server without IDLE is asked whether it has learned it
_LONGEST_TURN = 2.0  # seconds, so that `beat` shows life
_PATIENCE = 1.5  # seconds for LOGOUT on every connection when stopping
_NEVER = float("inf")

Phase = Literal["resting", "working", "idling"]
Standing = Literal["listening", "away", "refused", "crowded", "no IDLE"]


@dataclass(frozen=True, slots=True)
class State:
    """How a watch stands: `listening` while its folder is held in IDLE, else why it isn't; `text` is for people."""

    standing: Standing
    text: str


@dataclass(slots=True, eq=False)
class _Watch:
    """One watched folder. `due`: when to renew (idling) or to connect (resting), on the clock that counts sleep.

    `entry` is the time under which it lies in the heap: never later than `due` unless it is being worked on.
    """

    name: str
    account: ImapAccount
    folder: str
    renewal: float
    connection: IdleConnection
    phase: Phase = "resting"
    due: float = 0.0
    entry: float = _NEVER
    failures: int = 0
    gone: bool = False


class Listener:
    """Watches folders by IDLE. `on_wake(name)` and `on_state(name, state)` come from its threads: be quick in them.

    At most `workers` connections are made, renewed or ended at once, half of them on one host. `crowded` is the wait
    after a server has refused another connection because there are too many. `beat` is the monotonic time of the loop's
    last turn, every two seconds at the latest: what a watchdog looks at.
    """

    def __init__(
        self,
        on_wake: Callable[[str], None],
        on_state: Callable[[str, State], None],
        workers: int = 2,
        lost: Backoff = LOST,
        refused: Backoff = REFUSED,
        crowded: Backoff = LOST,
    ) -> None:
        self._on_wake = on_wake
        self._on_state = on_state
        self._lost = lost
        self._refused = refused
        self._crowded = crowded
        self._watches: dict[str, _Watch] = {}
        self._dues: list[tuple[float, int, _Watch]] = []
        self._numbers = itertools.count()
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._selector = selectors.DefaultSelector()
        self._bell, self._ear = socket.socketpair()
        for end in (self._bell, self._ear):
            end.setblocking(False)
        self._selector.register(self._ear, selectors.EVENT_READ)
        self._stopping = threading.Event()
        self._loop = threading.Thread(target=self._run, name="imap-idle", daemon=True)
        self._pool = Pool(workers, "imap-idle")
        self._chance = secrets.SystemRandom().random
        self.beat = time.monotonic()

    def start(self) -> None:
        """Start the threads. Once."""
        self._loop.start()
        self._pool.start()

    def watch(self, name: str, account: ImapAccount, folder: str, renewal: float) -> None:
        """Wait for changes in `folder`, renewing IDLE every `renewal` seconds. A watch of this name is replaced."""
        self.unwatch(name)
        new = _Watch(name, account, folder, renewal, IdleConnection(account, folder))
        self._tell(lambda: self._take_up(new))

    def unwatch(self, name: str) -> None:
        """Stop waiting there, and log out. Nothing happens when there is no such watch."""
        self._tell(lambda: self._forget(name))

    def stop(self) -> None:
        """Log out everywhere and end, within two seconds; connections that don't answer by then are cut."""
        self._stopping.set()
        self._tell(lambda: None)
        end = time.monotonic() + _PATIENCE
        if self._loop.ident is not None:
            self._loop.join(_PATIENCE)
            self._pool.close()
            self._pool.join(end)
        for watch in list(self._watches.values()):
            watch.connection.interrupt()
        self._selector.close()
        self._bell.close()
        self._ear.close()

    # The loop's thread.

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.beat = time.monotonic()
            for key, _ in self._selector.select(self._until_next()):
                if isinstance(key.data, _Watch):
                    self._submit(key.data)
            self._read_inbox()
            self._submit_due(_clock())
        self._read_inbox()
        for watch in self._watches.values():
            if watch.phase == "idling":
                self._leave(watch)

    def _until_next(self) -> float:
        soonest = self._dues[0][0] if self._dues else _NEVER
        return max(0.0, min(_LONGEST_TURN, soonest - _clock()))

    def _submit_due(self, now: float) -> None:
        while self._dues and self._dues[0][0] <= now:
            entry, _, watch = heapq.heappop(self._dues)
            if watch.gone or entry != watch.entry:
                continue  # an earlier entry has taken its place
            watch.entry = _NEVER
            if watch.phase == "working":
                continue  # it is laid in again when that is over
            if watch.due <= now:
                self._submit(watch)
            else:
                self._put_off(watch, watch.due)

    def _put_off(self, watch: _Watch, due: float) -> None:
        """Until `due`. An entry that is earlier stays where it is, for each wake would leave one behind otherwise."""
        watch.due = due
        if due < watch.entry:
            watch.entry = due
            heapq.heappush(self._dues, (due, next(self._numbers), watch))

    def _take_up(self, watch: _Watch) -> None:
        self._watches[watch.name] = watch
        self._put_off(watch, 0.0)

    def _read_inbox(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._ear.recv(4096)
        with contextlib.suppress(queue.Empty):
            while True:
                self._inbox.get_nowait()()

    def _submit(self, watch: _Watch) -> None:
        """Have a worker do the next thing: connect, or hear and go on waiting."""
        renewing = watch.phase == "idling"
        if renewing:
            self._selector.unregister(watch.connection.socket)
        watch.phase = "working"
        self._pool.submit(watch.account.host, functools.partial(self._attend, watch, renewing=renewing))

    def _leave(self, watch: _Watch) -> None:
        self._pool.submit(watch.account.host, watch.connection.leave)

    def _forget(self, name: str) -> None:
        watch = self._watches.pop(name, None)
        if watch is None:
            return
        watch.gone = True
        if watch.phase == "idling":
            self._selector.unregister(watch.connection.socket)
            self._leave(watch)

    def _settled(self, watch: _Watch, *, renewed: bool) -> None:
        """It idles; a connection that has lived through a renewal makes earlier failures forgotten."""
        if watch.gone or self._stopping.is_set():
            self._leave(watch)
            return
        if renewed:
            watch.failures = 0
        watch.phase = "idling"
        self._put_off(watch, _clock() + watch.renewal)
        self._selector.register(watch.connection.socket, selectors.EVENT_READ, watch)

    def _failed(self, watch: _Watch, problem: Exception) -> None:
        if watch.gone:
            return
        watch.failures += 1
        standing: Standing = "away"
        if isinstance(problem, CredentialsError | ConfigError):
            standing = "refused"
        elif isinstance(problem, Crowded):
            standing = "crowded"
        backoff = {"refused": self._refused, "crowded": self._crowded}.get(standing, self._lost)
        wait = backoff.delay(watch.failures, self._chance())
        watch.phase = "resting"
        self._put_off(watch, _clock() + wait)
        self._on_state(watch.name, State(standing, f"{standing}, next try in {wait:.0f} s: {problem}"))

    def _without_idle(self, watch: _Watch) -> None:
        if watch.gone:
            return
        watch.phase = "resting"
        self._put_off(watch, _clock() + _ASKED_AGAIN)
        self._on_state(watch.name, State("no IDLE", f"{watch.account.where} knows no IDLE: mail is found by polling"))

    # The workers' threads.

    def _attend(self, watch: _Watch, *, renewing: bool) -> bool | None:
        """Returns whether the host answered; None when it wasn't asked."""
        if watch.gone or self._stopping.is_set():
            watch.connection.leave()
            return None
        answered = True
        try:
            if self._talk(watch, renewing=renewing):
                self._tell(lambda: self._settled(watch, renewed=renewing))
            else:
                watch.connection.leave()
                self._tell(lambda: self._without_idle(watch))
        except Exception as problem:  # noqa: BLE001 - a worker that dies would leave its watches deaf
            watch.connection.leave()
            self._tell(functools.partial(self._failed, watch, problem))
            answered = not isinstance(problem, Unavailable) or isinstance(problem, Refused | Crowded)
        if self._stopping.is_set():
            watch.connection.leave()
        return answered

    def _talk(self, watch: _Watch, *, renewing: bool) -> bool:
        """Get the folder idling, and wake whoever waits. False when the server knows no IDLE."""
        if renewing:
            if watch.connection.hear():
                self._on_wake(watch.name)
            if watch.connection.enter():
                self._on_wake(watch.name)
            return True
        idles = watch.connection.open()
        if idles:
            watch.connection.enter()
            self._on_state(watch.name, State("listening", "listening"))
        self._on_wake(watch.name)
        return idles

    # Any thread.

    def _tell(self, what: Callable[[], None]) -> None:
        self._inbox.put(what)
        with contextlib.suppress(OSError):  # full: it is ringing already; closed: nobody listens any more
            self._bell.send(b"!")


def _clock() -> float:
    """Seconds that go on while the machine sleeps, so that a laptop renews at once when it wakes."""
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    return time.clock_gettime(boottime) if boottime is not None else time.monotonic()
