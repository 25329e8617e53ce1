"""The passes of one worker: an account is opened, held, tended as on a single owner's machine, and put back.

Each runs in a thread of its own. What an account does wrong costs that account: its failure stands in words in its row,
it is tried again later and later, and the others go on. What is wrong with the database is nobody's failure: the job
goes back to the queue. A pass writes its end over the very session that holds the account, so one that has lost it
writes nothing more.
"""

from __future__ import annotations

import contextlib
import random
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from zlib import crc32

import structlog
from sqlalchemy import Connection, Engine

from mentorup_daemon.config import Settings
from mentorup_daemon.errors import Busy, MentorUpError, StoreError
from mentorup_daemon.service.account import Account, Stopped
from mentorup_daemon.service.looks import IMAP, Looks, intervals
from mentorup_daemon.service.tend import tend
from mentorup_daemon.store import fleet_work
from mentorup_daemon.store.account import Store
from mentorup_daemon.store.engine import told
from mentorup_daemon.store.fleet_work import Begun

_log = structlog.get_logger(__name__)

LISTENED_POLL = 1800.0
"""Seconds between looks at the mail while a listener holds IDLE for it: the safety net under it."""

STUCK = 600.0
"""Seconds without a step after which a pass counts as one that hangs: no server may be waited for so long."""

_AGAIN = 5.0  # seconds until an account that another process holds is tried again
_SHORTEST = 1.0  # seconds between two passes of an account: what is due and can't be written is no reason to spin
_MINUTE = 60.0
_FRAMES = 8  # places that a fault came through, the innermost
_PASS = "pass"  # noqa: S105 - beside the servers in an account's looks: passes that came to no server at all

Outcome = Literal["done", "back"]
"""Whether a pass is over, or has been left off so that its job goes back to the queue."""


class Passes:
    """Makes passes in this process; any number of threads may call `make` at once.

    `opened` gives an account and its config by its id, and may raise anything.
    """

    def __init__(
        self,
        engine: Engine,
        opened: Callable[[str], tuple[Account, Settings]],
        worker: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = engine
        self._opened = opened
        self._worker = worker
        self._clock = clock
        self._stopping = threading.Event()
        self._guard = threading.Lock()
        self._steps: dict[str, float] = {}
        self._stores: dict[str, Store] = {}
        self._ended: deque[float] = deque()

    @property
    def busy(self) -> int:
        """How many are under way."""
        return len(self._steps)

    @property
    def a_minute(self) -> int:
        """How many ended in the last minute."""
        with self._guard:
            self._forget_old(time.monotonic())
            return len(self._ended)

    @property
    def stuck(self) -> list[str]:
        """Accounts whose pass has made no step for too long."""
        long_ago = time.monotonic() - STUCK
        with self._guard:
            return [account for account, step in self._steps.items() if step < long_ago]

    @property
    def stopping(self) -> bool:
        """Whether we were told to stop."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """Every pass is left off at its next step."""
        self._stopping.set()

    def pulse(self) -> None:
        """A sign of life for each account that is held; to be given every few seconds."""
        with self._guard:
            stores = list(self._stores.values())
        for store in stores:
            with contextlib.suppress(MentorUpError):  # the pass will meet it at its next step
                store.pulse()

    def make(self, account: str) -> Outcome:
        """One pass over an account. Never raises."""
        if self._stopping.is_set():
            return "back"
        with self._guard:
            if account in self._steps:  # a job that was lost with the database, and is here again before its pass ends
                return "back"
            self._steps[account] = time.monotonic()
        try:
            with structlog.contextvars.bound_contextvars(account=account):
                return self._made(account)
        finally:
            with self._guard:
                del self._steps[account]
                self._ended.append(time.monotonic())
                self._forget_old(self._ended[-1])

    def _made(self, name: str) -> Outcome:
        """The pass; what is wrong with more than this account is met here."""
        try:
            self._make(name)
        except Stopped:
            return "back"
        except (Busy, StoreError) as error:
            _log.warning("the database can't be used", reason=str(error))
            return "back"
        except Exception:  # noqa: BLE001 - it goes back to the queue, for nothing could be kept about it
            _log.exception("a fault of MentorUp's")
            return "back"
        return "done"

    def _make(self, name: str) -> None:
        try:
            account, settings = self._opened(name)
        except Busy:
            raise
        except Exception as error:  # noqa: BLE001 - a config or a secret that can't be used costs its own account
            with told(), self._engine.begin() as connection:
                self._failed(connection, name, error)
            return
        try:
            with self._held(account.store, name) as held:
                if held:
                    self._tended(account, settings, name)
        finally:
            _closed(account)

    @contextlib.contextmanager
    def _held(self, store: Store, name: str) -> Iterator[bool]:
        """Holds the account; False when another process does, then it is put off."""
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(store.exclusive())
            except Busy as error:
                _log.info("put off", reason=str(error))
                with told(), self._engine.begin() as connection:
                    fleet_work.put_off(connection, name, _AGAIN * random.uniform(0.5, 1.5))  # noqa: S311 - jitter
                yield False
                return
            with self._guard:
                self._stores[name] = store
            try:
                yield True
            finally:
                with self._guard:
                    del self._stores[name]

    def _tended(self, account: Account, settings: Settings, name: str) -> None:
        store = account.store
        with store.writing() as scope:
            begun = fleet_work.begin(scope.connection, name, self._worker)
        if begun is None:
            return
        try:
            self._pass(account, settings, name, begun)
        except Busy:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not come to the others
            with store.writing() as scope:
                self._failed(scope.connection, name, error)

    def _pass(self, account: Account, settings: Settings, name: str, begun: Begun) -> None:
        """The pass itself, and its end. The fleet's clock is the database's; what is written goes by our own."""
        started, now = time.monotonic(), self._clock()
        looks = Looks.taken_up(_intervals(settings, listened=begun.listened), begun.looks, begun.now)
        if begun.woken:
            looks = looks.heard_from(IMAP, begun.now)
        look = looks.due(begun.now)
        _log.debug("begun", look=look, woken=begun.woken)
        done = tend(account, now, look=look, spared=looks.spared(begun.now), step=lambda step: self._step(name, step))
        took = time.monotonic() - started
        ended = begun.now + took
        _log.debug("ended", seconds=round(took, 3), written=len(done.written))
        looks = looks.after(look, done.failures, ended, chance=_chance(), phase=phase(name))
        due = None if done.next_look is None else begun.now + (done.next_look - now).total_seconds() + spread(name)
        with account.store.writing() as scope:
            fleet_work.end(
                scope.connection,
                name,
                begun.at,
                looks=looks.to_json(),
                failure="; ".join(f"{server}: {words}" for server, words in looks.failures.items()),
                next_look=max(looks.next_pass(due), ended + _SHORTEST),
                mail_seen=IMAP in look and IMAP not in done.failures,
            )

    def _failed(self, connection: Connection, name: str, error: Exception) -> None:
        """A pass that came to no server: it is tried again later and later, and its row says why."""
        if isinstance(error, MentorUpError):
            met, words = error, str(error)
            _log.warning("account failed", reason=words)
        else:
            words = f"a fault of MentorUp's, please report it: {type(error).__name__}: {_first_line(error)}"
            met = MentorUpError(words)
            places = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
            where = [f"{Path(place.filename).name}:{place.lineno}" for place in places]
            _log.error("a fault of MentorUp's", reason=words, where=where)
        begun = fleet_work.begin(connection, name, self._worker)
        if begun is None:
            return
        looks = Looks.taken_up({_PASS: 0.0}, begun.looks, begun.now).after(
            (), {_PASS: met}, begun.now, chance=_chance()
        )
        fleet_work.end(
            connection,
            name,
            begun.at,
            looks={**begun.looks, **looks.to_json()},
            failure=words,
            next_look=looks.next_pass(None),
            mail_seen=False,
        )

    def _step(self, name: str, step: str) -> None:
        """Between two steps of a pass: a sign that it goes on, and the place where a stop takes hold."""
        self._steps[name] = time.monotonic()
        if self._stopping.is_set():
            _log.info("left off", after=step)
            raise Stopped

    def _forget_old(self, now: float) -> None:
        while self._ended and self._ended[0] < now - _MINUTE:
            self._ended.popleft()


def phase(account: str) -> float:
    """The account's own place within every interval, in [0, 1): it spreads the polls, the same on every machine."""
    return crc32(f"phase/{account}".encode()) / 2**32


def spread(account: str) -> float:
    """Seconds within the minute in which something is due: nine o'clock comes for everybody at once."""
    return phase(account) * _MINUTE


def _intervals(settings: Settings, *, listened: bool) -> Mapping[str, float]:
    every = intervals(settings)
    if listened:
        every[IMAP] = max(every[IMAP], LISTENED_POLL)
    return every


def _first_line(error: Exception) -> str:
    """What it says; the lines below may be PostgreSQL's, with the row that it is about, and that is the owner's."""
    return str(error).partition("\n")[0][:300]


def _chance() -> float:
    return random.random()  # noqa: S311 - jitter, no secret


def _closed(account: Account) -> None:
    """Logs out; what goes wrong with that is no failure of the pass, which is over."""
    try:
        account.close()
    except Exception as error:  # noqa: BLE001
        _log.warning("not logged out", reason=str(error))
