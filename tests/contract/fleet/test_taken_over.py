"""A process that stands still while it writes, and is taken over by another meanwhile: nothing comes twice."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mentorup_daemon.config import parse
from mentorup_daemon.errors import Busy
from mentorup_daemon.service.account import open_account
from mentorup_daemon.service.tend import tend
from tests.servers.caldav import CalDavServer
from tests.servers.imap import Mailserver
from tests.servers.postgres import Postgres
from tests.servers.proxy import Proxy
from tests.servers.world import World

pytestmark = pytest.mark.debian


@pytest.fixture
def shared(dovecot: Mailserver, radicale: CalDavServer, tmp_path: Path, postgres: Postgres) -> Iterator[World]:
    """Sam's world with its records in PostgreSQL, a meeting the day after tomorrow ahead."""
    world = World(dovecot, radicale, tmp_path, changes={"store": {"url": postgres.url}})
    world.acquaint()
    world.meet("m1", world.now + timedelta(hours=30))
    yield world
    world.restart()


class Still:
    """Lets a process stand still just as it is about to append to `folder`, until `go_on` is set."""

    def __init__(self, folder: str) -> None:
        self._append = re.compile(rb'APPEND "?' + folder.encode())
        self.stands = threading.Event()
        self.go_on = threading.Event()

    def __call__(self, octets: bytes) -> None:
        if self._append.search(octets) and not self.stands.is_set():
            self.stands.set()
            assert self.go_on.wait(60)


def copies(world: World) -> Counter[str]:
    """How often each message of ours lies in the mailbox."""
    return Counter(str(message["Message-ID"]) for name in ("INBOX", "Drafts") for message in world.folder(name))


@pytest.mark.parametrize("folder", ["INBOX", "Drafts"])
def test_i21_who_was_taken_over_between_looking_and_appending_removes_the_later_copy(
    shared: World, postgres: Postgres, folder: str
) -> None:
    still = Still(folder)
    with Proxy(shared.mail.port) as proxy:
        proxy.tap = still
        through = parse(shared.config().replace(f"port = {shared.mail.port}", f"port = {proxy.port}"), "test")
        first = replace(open_account(through, {}), seconds=lambda: 60.0 if still.stands.is_set() else 0.0)
        ended: list[BaseException | None] = []

        def run() -> None:
            try:
                with first.store.exclusive():
                    tend(first, shared.now)
                ended.append(None)
            except BaseException as error:
                ended.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        assert still.stands.wait(60)
        postgres.cut_all()  # as its session is, when it stands still for longer than that may
        with shared.account.store.exclusive():
            shared.tend()
        before = copies(shared)
        still.go_on.set()
        thread.join(60)
        first.close()
    assert isinstance(ended[0], Busy)
    assert copies(shared) == before
    assert set(before.values()) == {1}
    assert (len(shared.notes), len(shared.drafts)) == (1, 1)
    shared.tend()
    assert copies(shared) == before


def test_i21_who_only_took_long_keeps_what_was_written(shared: World) -> None:
    passed = iter(range(0, 100_000, 60))
    slow = replace(shared.account, seconds=lambda: float(next(passed)))
    with slow.store.exclusive():
        assert not tend(slow, shared.now).failures
    assert (len(shared.notes), len(shared.drafts)) == (1, 1)
    assert set(copies(shared).values()) == {1}
