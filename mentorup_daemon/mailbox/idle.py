"""Waits for mail in many folders at once: one thread with a selector, and a few workers that talk to servers.

Promises to call `on_wake` soon after something changed in a watched folder, and once after every connect, since
nothing is known of the time between. A wake may come twice or for nothing; one that is lost is made good by polling, so
the caller polls as well. Only the loop's thread touches the state of a watch: workers and callers hand it small
functions through the inbox. A server that doesn't answer holds a worker no longer than its timeout (I04); a lost
connection is replaced after a wait that grows (I01, P02), a refused password after a long one (P03).
"""

from __future__ import annotations

import contextlib
import functools
import queue
import secrets
import selectors
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from mentorup_daemon.errors import ConfigError, CredentialsError
from mentorup_daemon.mailbox.account import ImapAccount
from mentorup_daemon.mailbox.idle_connection import IdleConnection
from mentorup_daemon.records.backoff import Backoff

LOST = Backoff(base=1.0, cap=300.0)
REFUSED = Backoff(base=900.0, cap=6 * 3600.0)  # lock-outs begin at a few wrong passwords an hour
_LONGEST_TURN = 2.0  # seconds, so that `beat` shows life
_PATIENCE = 1.5  # seconds for LOGOUT on every connection when stopping

Phase = Literal["resting", "working", "idling"]


@dataclass(slots=True, eq=False)
class _Watch:
    """One watched folder. `due`: when to renew (idling) or to connect (resting), on the clock that counts sleep."""

    name: str
    account: ImapAccount
    folder: str
    renewal: float
    connection: IdleConnection
    phase: Phase = "resting"
    due: float = 0.0
    failures: int = 0
    gone: bool = False


class Listener:
    """Watches folders by IDLE. `on_wake(name)` and `on_state(name, text)` come from its threads: be quick in them.

    `beat` is the monotonic time of the loop's last turn, every two seconds at the latest: what a watchdog looks at.
    """

    def __init__(
        self,
        on_wake: Callable[[str], None],
        on_state: Callable[[str, str], None],
        workers: int = 2,
        lost: Backoff = LOST,
        refused: Backoff = REFUSED,
    ) -> None:
        self._on_wake = on_wake
        self._on_state = on_state
        self._lost = lost
        self._refused = refused
        self._watches: dict[str, _Watch] = {}
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._selector = selectors.DefaultSelector()
        self._bell, self._ear = socket.socketpair()
        for end in (self._bell, self._ear):
            end.setblocking(False)
        self._selector.register(self._ear, selectors.EVENT_READ)
        self._stopping = threading.Event()
        self._loop = threading.Thread(target=self._run, name="imap-idle", daemon=True)
        self._workers = [
            threading.Thread(target=self._work, name=f"imap-idle-{number}", daemon=True) for number in range(workers)
        ]
        self._chance = secrets.SystemRandom().random
        self.beat = time.monotonic()

    def start(self) -> None:
        """Start the threads. Once."""
        for thread in (self._loop, *self._workers):
            thread.start()

    def watch(self, name: str, account: ImapAccount, folder: str, renewal: float) -> None:
        """Wait for changes in `folder`, renewing IDLE every `renewal` seconds. A watch of this name is replaced."""
        self.unwatch(name)
        new = _Watch(name, account, folder, renewal, IdleConnection(account, folder))
        self._tell(lambda: self._watches.update({name: new}))

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
            for _ in self._workers:
                self._jobs.put(None)
            for thread in self._workers:
                thread.join(max(0.0, end - time.monotonic()))
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
            now = _clock()
            for watch in self._watches.values():
                if watch.phase != "working" and watch.due <= now:
                    self._submit(watch)
        self._read_inbox()
        for watch in self._watches.values():
            if watch.phase == "idling":
                self._jobs.put(watch.connection.leave)

    def _until_next(self) -> float:
        soonest = min((watch.due for watch in self._watches.values() if watch.phase != "working"), default=float("inf"))
        return max(0.0, min(_LONGEST_TURN, soonest - _clock()))

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
        self._jobs.put(lambda: self._attend(watch, renewing=renewing))

    def _forget(self, name: str) -> None:
        watch = self._watches.pop(name, None)
        if watch is None:
            return
        watch.gone = True
        if watch.phase == "idling":
            self._selector.unregister(watch.connection.socket)
            self._jobs.put(watch.connection.leave)

    def _settled(self, watch: _Watch, *, renewed: bool) -> None:
        """It idles; a connection that has lived through a renewal makes earlier failures forgotten."""
        if watch.gone or self._stopping.is_set():
            self._jobs.put(watch.connection.leave)
            return
        if renewed:
            watch.failures = 0
        watch.phase, watch.due = "idling", _clock() + watch.renewal
        self._selector.register(watch.connection.socket, selectors.EVENT_READ, watch)

    def _failed(self, watch: _Watch, problem: Exception) -> None:
        if watch.gone:
            return
        watch.failures += 1
        hopeless = isinstance(problem, CredentialsError | ConfigError)
        wait = (self._refused if hopeless else self._lost).delay(watch.failures, self._chance())
        watch.phase, watch.due = "resting", _clock() + wait
        self._on_state(watch.name, f"{'refused' if hopeless else 'away'}, next try in {wait:.0f} s: {problem}")

    def _without_idle(self, watch: _Watch) -> None:
        watch.due = float("inf")
        watch.phase = "resting"
        self._on_state(watch.name, f"{watch.account.where} knows no IDLE: mail is found by polling")

    # The workers' threads.

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()

    def _attend(self, watch: _Watch, *, renewing: bool) -> None:
        try:
            if self._talk(watch, renewing=renewing):
                self._tell(lambda: self._settled(watch, renewed=renewing))
            else:
                watch.connection.leave()
                self._tell(lambda: self._without_idle(watch))
        except Exception as problem:  # noqa: BLE001 - a worker that dies would leave its watches deaf
            watch.connection.leave()
            self._tell(functools.partial(self._failed, watch, problem))
        if self._stopping.is_set():
            watch.connection.leave()

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
            self._on_state(watch.name, "listening")
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
