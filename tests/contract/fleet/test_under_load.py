"""Many writers on one PostgreSQL that is started anew and loses every connection again and again.

What a writer was told is kept is there once; what it was told failed is there once or not at all, for a connection may
be lost between the commit and its answer. And who has lost the account to another writes nothing more.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from mentorup_daemon.errors import Busy
from mentorup_daemon.records import Due, Goal
from mentorup_daemon.store import ledger, work
from mentorup_daemon.store.account import Store
from mentorup_daemon.store.engine import open_engine
from tests.servers.postgres import Cluster, running_cluster
from tests.servers.process import until

pytestmark = pytest.mark.debian

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
ACCOUNTS, WRITERS_OF_EACH, HELD = 4, 2, 25
WRITERS = ACCOUNTS * WRITERS_OF_EACH
FROM_TROUBLE_TO_TROUBLE = 15  # writes of each account


@dataclass(slots=True)
class Told:
    """What the writers of one account were told: that it is kept, or that it failed."""

    kept: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)


def _write(store: Store, words: str) -> None:
    with store.writing() as scope:
        work.add(scope, Goal(id=0, text=words, created_at=NOW))
        due = Due(key=words, rule="r", due_at=NOW, expires_at=NOW, lands="inbox", reason="")
        ledger.intend(scope, due, message_id=f"<{words}@x>", digest="", subject="", folder="", now=NOW)


def _keep_writing(store: Store, told: Told, writer: int, over: threading.Event) -> None:
    """As a worker does: the account is held for some transactions, and given up when the store can't be had."""
    for hold in itertools.count():
        if over.is_set():
            return
        try:
            with store.exclusive():
                for number in range(HELD):
                    words = f"writer {writer}, hold {hold}: {number}"
                    told.failed.add(words)
                    _write(store, words)
                    told.kept.add(words)
                    told.failed.discard(words)
        except Busy:
            time.sleep(0.02)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_i8_under_load_nothing_is_lost_and_nothing_there_twice_whatever_becomes_of_the_server() -> None:
    with running_cluster(durable=True) as cluster:
        cluster.ask("CREATE DATABASE fleet")
        engine = open_engine(cluster.url("fleet"), connections=WRITERS)
        told = {f"account {number}": Told() for number in range(ACCOUNTS)}
        over = threading.Event()
        for account in told:
            Store(engine, account=account).first_start(NOW)
        with contextlib.ExitStack() as exits, ThreadPoolExecutor(WRITERS) as pool:
            exits.callback(engine.dispose)
            writers = [
                pool.submit(_keep_writing, Store(engine, account=account), one, writer, over)
                for account, one in told.items()
                for writer in range(WRITERS_OF_EACH)
            ]
            try:
                _trouble(cluster, told.values())
            finally:
                over.set()
            for each in writers:
                each.result(60)
            for account, one in told.items():
                _check(Store(engine, account=account), one)
        assert any(one.failed for one in told.values())


def _trouble(cluster: Cluster, told: Collection[Told]) -> None:
    """Every connection lost, the server stopped and started, the server killed and started: again and again."""

    def go_on_until(turn: int) -> None:
        until(lambda: all(len(one.kept) >= turn * FROM_TROUBLE_TO_TROUBLE for one in told), 90)

    for turn in range(1, 9):
        go_on_until(turn)
        if turn % 4 == 2:
            cluster.restart()
        elif turn % 4 == 0:
            cluster.kill()
            cluster.start()
        else:
            cluster.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'fleet'")
    go_on_until(9)


def _check(store: Store, told: Told) -> None:
    with store.reading() as scope:
        goals = work.items(scope, Goal)
        claimed = ledger.latest(scope).keys()
    words = [goal.text for goal in goals]
    assert len(words) == len(set(words))
    assert claimed == set(words)
    assert [goal.id for goal in goals] == list(range(1, len(goals) + 1))
    assert told.kept <= set(words) <= told.kept | told.failed
    holds = [each.partition(":")[0] for each in words]
    turns = [hold for hold, _ in itertools.groupby(holds)]
    assert len(turns) == len(set(turns)), "one wrote that had lost the account to another"
