"""A worker: takes accounts from PgQueuer's queue and tends each in a thread, until it is told to stop.

Three loops. PgQueuer's own, on asyncio, hands out jobs and keeps their heartbeats; when its connection is lost it is
started anew with another, while passes that are under way finish or fail by themselves. A thread dispatches what is
due. Another gives signs of life: to the accounts that are held, to the table of processes, to systemd.

SIGTERM: nothing new is taken, every pass is left off at its next step, and the jobs go back to the queue at once. A
pass that waits for a server isn't waited for: its thread ends with the process, and its account is free with that.
"""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import functools
import logging
import os
import random
import signal
import socket
import threading
import time
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

import psycopg
import structlog
from pgqueuer.adapters.drivers.psycopg import PsycopgDriver
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.models import Job
from pgqueuer.queries import Queries
from sqlalchemy import Engine

from mentorup_daemon.errors import Busy, MentorUpError, StoreError
from mentorup_daemon.records.backoff import Backoff
from mentorup_daemon.service.fleet.dispatch import TEND, dispatch, forget_old_jobs
from mentorup_daemon.service.fleet.opening import opened
from mentorup_daemon.service.fleet.passes import Outcome, Passes
from mentorup_daemon.service.fleet.ready import connected, ready
from mentorup_daemon.service.fleet.settings import FleetSettings
from mentorup_daemon.service.systemd import Notifier
from mentorup_daemon.store import fleet_work
from mentorup_daemon.store.engine import told

_log = structlog.get_logger(__name__)

HEARTBEAT = timedelta(seconds=10)
"""A job whose worker has given no sign for so long is another's."""

_LOOK = timedelta(seconds=2)  # between looks at the queue for jobs of the dead; new ones are notified
_SIGN = 4.0  # seconds between two signs of life
_DISPATCH = 1.0  # seconds between two dispatches, give or take a fifth
_TURN = 60.0  # seconds in which PgQueuer's loop turns, also when the database is away
_SOON = 0.05  # seconds from the end of a pass until the next dispatch: one for all that end meanwhile
_CUT_SHORT_AFTER = 1.5  # seconds from SIGTERM until passes that wait for a server are left behind
_BACK = timedelta(seconds=5)  # until a job that came to nothing is taken again
_RETRY = Backoff(base=0.5, cap=15.0)
_BESIDE = 3  # connections beside two for each pass: dispatch, signs of life


def default_name() -> str:
    """The name of a worker that was given none: its machine and process."""
    return f"{socket.gethostname()}/{os.getpid()}"


class Worker:
    """Runs until SIGTERM or SIGINT."""

    def __init__(self, settings: FleetSettings, environ: Mapping[str, str], name: str = "") -> None:
        self._settings = settings
        self._name = name or default_name()
        self._slots = settings.work.passes_at_once
        self._notifier = Notifier(environ)
        self._ended = threading.Event()
        self._stopping = threading.Event()
        self._turned = time.monotonic()
        self._trouble = ""

    def run(self) -> None:
        """Works until told to stop. Raises ConfigError, StoreError or Busy when it can't begin."""
        logging.getLogger("pgqueuer").setLevel(logging.CRITICAL)  # what it has to say of a lost connection, we say
        fleet = ready(self._settings, connections=self._slots * 2 + _BESIDE)
        engine = fleet.engine
        passes = Passes(engine, functools.partial(opened, fleet), self._name)
        faulthandler.enable()  # a watchdog's SIGABRT leaves in the journal where each thread stood
        try:
            asyncio.run(self._work(engine, passes))
        finally:
            self._stopping.set()
            self._notifier.stopping()
            if not self._trouble:
                with contextlib.suppress(MentorUpError), told(), engine.begin() as connection:
                    fleet_work.gone(connection, self._name)
            fleet.close()
        _log.info("stopped", worker=self._name)

    async def _work(self, engine: Engine, passes: Passes) -> None:
        loop = asyncio.get_running_loop()
        stopping, left = asyncio.Event(), asyncio.Event()

        def stop() -> None:
            if not stopping.is_set():
                _log.info("stopping", worker=self._name, passes=passes.busy)
                stopping.set()
                passes.stop()
                loop.call_later(_CUT_SHORT_AFTER, left.set)

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop)
        self._sign(engine, passes)
        for work in (self._give_signs, self._dispatch):
            threading.Thread(target=work, args=(engine, passes), name=work.__name__, daemon=True).start()
        _log.info("working", worker=self._name, passes_at_once=self._slots)
        self._notifier.ready("Working")
        places = asyncio.Semaphore(self._slots)
        attempts = 0
        while not stopping.is_set():
            self._turned = time.monotonic()
            try:
                async with self._connection() as connection:
                    attempts, self._trouble = 0, ""
                    await self._until_lost(connection, self._hired(connection, passes, places, left), stopping)
            except (psycopg.Error, OSError) as error:
                attempts += 1
                self._trouble = f"The queue can't be reached: {' '.join(str(error).split())}"
                _log.warning("the queue can't be reached", reason=str(error))
            if not stopping.is_set():
                pause = _RETRY.delay(max(attempts, 1), random.random())  # noqa: S311 - jitter, no secret
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stopping.wait(), pause)

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        """A connection for PgQueuer, by the password as it is now."""
        connection = await connected(self._settings.store.address())
        try:
            yield connection
        finally:
            await connection.close()

    def _hired(
        self,
        connection: psycopg.AsyncConnection[Any],
        passes: Passes,
        places: asyncio.Semaphore,
        left: asyncio.Event,
    ) -> QueueManager:
        """PgQueuer's loop on this connection, with what it does for a job."""
        manager = QueueManager(Queries(PsycopgDriver(connection)))

        async def tended(job: Job) -> None:
            async with places:
                outcome = await self._pass(passes, (job.payload or b"").decode(), left)
            self._ended.set()
            if outcome == "back":
                raise RetryRequested(timedelta(0) if passes.stopping else _BACK, "left off")

        manager.entrypoint(TEND)(tended)
        return manager

    async def _pass(self, passes: Passes, account: str, left: asyncio.Event) -> Outcome:
        """A pass in a thread of its own; one that waits for a server when we go is left behind."""
        loop = asyncio.get_running_loop()
        outcomes: list[Outcome] = []
        ended = asyncio.Event()

        def make() -> None:
            outcomes.append(passes.make(account))
            with contextlib.suppress(RuntimeError):  # the loop is over, and nobody waits for it any more
                loop.call_soon_threadsafe(ended.set)

        threading.Thread(target=make, name=f"pass {account}", daemon=True).start()
        waits = {asyncio.create_task(event.wait()) for event in (ended, left)}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        return outcomes[0] if outcomes else "back"

    async def _until_lost(
        self, connection: psycopg.AsyncConnection[Any], manager: QueueManager, stopping: asyncio.Event
    ) -> None:
        """Runs PgQueuer's loop until we stop, or its connection is lost: then what is under way isn't waited for."""
        loop = asyncio.create_task(
            manager.run(
                dequeue_timeout=_LOOK,
                batch_size=max(1, self._slots // 2),
                max_concurrent_tasks=max(2, self._slots),
                shutdown_on_listener_failure=True,
                heartbeat_timeout=HEARTBEAT,
                log_aggregation_interval=timedelta(0),
            )
        )
        told_to_stop = asyncio.create_task(stopping.wait())
        while not (loop.done() or stopping.is_set() or connection.closed):
            self._turned = time.monotonic()
            await asyncio.wait({loop, told_to_stop}, timeout=0.5, return_when=asyncio.FIRST_COMPLETED)
        told_to_stop.cancel()
        manager.shutdown.set()
        if stopping.is_set() and not connection.closed:
            await loop
        elif loop.done():
            loop.result()
        else:
            loop.add_done_callback(_over)

    def _dispatch(self, engine: Engine, _passes: Passes) -> None:
        """Dispatches what is due each second, and when a pass has made room."""
        attempts = 0
        while not self._stopping.is_set():
            pause = _DISPATCH * random.uniform(0.8, 1.2)  # noqa: S311 - jitter, no secret
            began = time.monotonic()
            try:
                self._ended.clear()
                dispatch(engine, self._settings.work.share)
                attempts = 0
            except (Busy, StoreError) as error:
                attempts += 1
                pause = _RETRY.delay(attempts, random.random())  # noqa: S311 - jitter, no secret
                if attempts == 1:
                    _log.warning("can't dispatch", reason=str(error))
            except Exception:  # noqa: BLE001 - one that doesn't dispatch is no worker
                _log.exception("a fault of MentorUp's")
            took = time.monotonic() - began
            if self._ended.wait(pause):
                time.sleep(max(_SOON, took * 2))  # with very many hosts it takes long: not all of PostgreSQL's time

    def _give_signs(self, engine: Engine, passes: Passes) -> None:
        """Signs of life every few seconds, as long as there is life: the loop turns, and some pass could be made."""
        told_of: set[str] = set()
        while not self._stopping.wait(_SIGN):
            passes.pulse()
            with contextlib.suppress(MentorUpError):
                self._sign(engine, passes)
                forget_old_jobs(engine)
            self._notifier.status(self._trouble or f"{passes.busy} passes under way, {passes.a_minute} in a minute")
            stuck = set(passes.stuck)
            for account in sorted(stuck - told_of):
                _log.error("a pass hangs", account=account)
            told_of = stuck
            if len(stuck) < self._slots and time.monotonic() - self._turned < _TURN:
                self._notifier.alive()

    def _sign(self, engine: Engine, passes: Passes) -> None:
        with told(), engine.begin() as connection:
            fleet_work.seen(
                connection, self._name, "worker", slots=self._slots, busy=passes.busy, a_minute=passes.a_minute
            )


def _over(loop: asyncio.Task[None]) -> None:
    """What a lost loop ends with is no news."""
    if not loop.cancelled():
        loop.exception()
