"""One daemon that tends an account until it is told to stop.

It sleeps until something is due, a poll's time has come, or IDLE says that there is mail; then it makes one pass over
what there is to look at. Each server has its own back-off, so one that is away holds up nothing but itself. SIGTERM
ends the pass at its next step, and cuts short whatever wait is still going on after two seconds: a pass may be ended
anywhere, the next one takes it up. SIGHUP reads the config again; a bad one changes nothing.
"""

from __future__ import annotations

import contextlib
import faulthandler
import functools
import queue
import random
import signal
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import FrameType

import structlog

from mentorup_daemon.config import Settings
from mentorup_daemon.errors import Busy, ConfigError
from mentorup_daemon.mailbox.idle import Listener, State
from mentorup_daemon.service.account import Account, Stopped, open_account
from mentorup_daemon.service.doors import imap_account
from mentorup_daemon.service.looks import IMAP, Looks, intervals
from mentorup_daemon.service.pulse import exclusive
from mentorup_daemon.service.systemd import Notifier
from mentorup_daemon.service.tend import Pass, tend

_log = structlog.get_logger(__name__)

_CUT_SHORT_AFTER = 2  # seconds from SIGTERM until a wait on a server is broken off; systemd is promised 5
_LONGEST_SLEEP = 900.0  # seconds; a clock that jumps, or a laptop that wakes, is noticed within this
_STORE_AGAIN = 5.0  # seconds until a store that was locked, or had no room, is tried again
_LISTENER_STUCK = 120.0  # seconds without a turn of the IDLE loop: no more signs for the watchdog then


class Daemon:
    """Runs until SIGTERM or SIGINT. `load` reads the config, again on SIGHUP."""

    def __init__(
        self,
        load: Callable[[], Settings],
        environ: Mapping[str, str],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._load = load
        self._environ = environ
        self._clock = clock
        self._notifier = Notifier(environ)
        # A signal's code may run in the midst of a wait, so nothing that takes a lock may wake: `put` takes none.
        self._wakes: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._mail_came = threading.Event()
        self._stopping = False
        self._reload = False
        self._next_due: datetime | None = None
        self._looks = Looks({})

    def run(self) -> None:
        """Tends the account until told to stop. Raises ConfigError, StoreError or Busy when it can't begin."""
        faulthandler.enable()  # a watchdog's SIGABRT leaves in the journal where each thread stood
        settings = self._load()
        account = open_account(settings, self._environ)
        try:
            with exclusive(account.store):
                account.store.check()
                self._catch_signals()
                ready = False
                while not self._stopping:
                    listener = self._listen(settings)
                    try:
                        ready = self._tend_until_told(account, listener, ready=ready)
                    finally:
                        listener.stop()
                    if self._reload:
                        self._reload = False
                        settings, account = self._reloaded(settings, account)
        except Stopped:
            _log.info("stopped in the middle of a pass; the next start takes it up")
        finally:
            signal.alarm(0)
            self._notifier.stopping()
            account.close()
        _log.info("stopped")

    def _tend_until_told(self, account: Account, listener: Listener, *, ready: bool) -> bool:
        """Pass after pass, until a stop or a reload. Returns whether systemd has been told that we are ready."""
        while not (self._stopping or self._reload):
            now = time.monotonic()
            if self._mail_came.is_set():
                self._mail_came.clear()
                self._looks = self._looks.heard_from(IMAP, now)
            look, spared = self._looks.due(now), self._looks.spared(now)
            step = functools.partial(self._step, listener=listener)
            try:
                done = tend(account, self._clock(), look=look, spared=spared, step=step)
            except Busy as error:
                _log.warning("the store can't be used now", reason=str(error))
                self._notifier.status(str(error))
                self._sleep(_STORE_AGAIN, listener)
                with contextlib.suppress(Busy):  # then the next pass says so
                    account.store.regain()
                continue
            self._after(done, look)
            status = self._status()
            if ready:
                self._notifier.status(status)
            else:
                self._notifier.ready(status)
                ready = True
            self._sleep(self._until_next(), listener)
        return ready

    def _after(self, done: Pass, looked_at: frozenset[str]) -> None:
        """Works out when each server is looked at next."""
        self._next_due = done.next_look
        chance = random.random()  # noqa: S311 - jitter, no secret
        self._looks = self._looks.after(looked_at, done.failures, time.monotonic(), chance=chance)

    def _until_next(self) -> float:
        """Seconds until there is something to do."""
        now = time.monotonic()
        due = now + (self._next_due - self._clock()).total_seconds() if self._next_due else None
        return max(0.0, min(self._looks.next_pass(due) - now, _LONGEST_SLEEP))

    def _sleep(self, seconds: float, listener: Listener) -> None:
        """Waits, with signs for the watchdog while the IDLE loop turns, until woken or the time is over."""
        end = time.monotonic() + seconds
        tick = self._notifier.watchdog / 3 or _LONGEST_SLEEP
        while (left := end - time.monotonic()) > 0:
            self._sign_of_life(listener)
            with contextlib.suppress(queue.Empty):
                self._wakes.get(timeout=min(left, tick))
                break
        with contextlib.suppress(queue.Empty):
            while True:
                self._wakes.get_nowait()

    def _sign_of_life(self, listener: Listener) -> None:
        """Tells the watchdog that both loops turn: this one, which is here, and the one that waits for mail."""
        if time.monotonic() - listener.beat < _LISTENER_STUCK:
            self._notifier.alive()

    def _step(self, name: str, listener: Listener) -> None:
        """Between two steps of a pass: a sign for the watchdog, and the place where a stop takes hold."""
        self._sign_of_life(listener)
        if self._stopping:
            _log.info("stopping", after=name)
            raise Stopped

    def _listen(self, settings: Settings) -> Listener:
        """IDLE on the first watched folder, and the polling underneath."""
        self._looks = Looks.first(intervals(settings))
        listener = Listener(on_wake=self._on_mail, on_state=self._on_state)
        listener.start()
        listener.watch(
            "inbox", imap_account(settings), settings.imap.watch[0], settings.imap.idle_renewal.total_seconds()
        )
        return listener

    def _on_mail(self, _name: str) -> None:
        self._mail_came.set()
        self._wakes.put(None)

    def _on_state(self, name: str, state: State) -> None:
        _log.debug("idle", folder=name, state=state.text)

    def _reloaded(self, settings: Settings, account: Account) -> tuple[Settings, Account]:
        """The account by the new config; by the old one when the new one is bad."""
        try:
            fresh = self._load()
            if fresh.store != settings.store:
                _log.warning("store.url has changed: that takes a restart")
                fresh = fresh.model_copy(update={"store": settings.store})
            opened = open_account(fresh, self._environ, account.store)
        except (ConfigError, Busy) as error:
            _log.error("the new config can't be used, going on with the old one", faults=str(error))
            return settings, account
        account.close()
        _log.info("config read again")
        return fresh, opened

    def _status(self) -> str:
        """One line: what stands against us, also from a pass before, else what comes next."""
        if failures := [f"{name}: {words}" for name, words in self._looks.failures.items()]:
            return "; ".join(failures)[:300]
        if self._next_due is None:
            return "Nothing due"
        return f"Next: {self._next_due.astimezone():%a %d %b %H:%M}"

    def _catch_signals(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_stop)
        signal.signal(signal.SIGHUP, self._on_reload)
        signal.signal(signal.SIGALRM, _cut_short)

    def _on_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True
        signal.alarm(_CUT_SHORT_AFTER)
        self._wakes.put(None)

    def _on_reload(self, _number: int, _frame: FrameType | None) -> None:
        self._reload = True
        self._wakes.put(None)


def _cut_short(_number: int, _frame: FrameType | None) -> None:
    raise Stopped
