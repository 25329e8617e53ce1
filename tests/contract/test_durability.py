"""Durable before effective: what a power failure would leave behind as something goes out to a server (P01)."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from mentorup_daemon.records import Feedback
from mentorup_daemon.service.filing import keep_original
from mentorup_daemon.store import ledger, work
from mentorup_daemon.store.account import Store
from tests.servers.caldav import CalDavServer
from tests.servers.imap import Mailserver
from tests.servers.proxy import Proxy
from tests.servers.world import ANA, MONDAY, SAM, World

Seen = list[tuple[str, Path]]


@pytest.fixture
def copies(tmp_path: Path) -> Callable[[World, bytes, Seen], bytes]:
    """For a proxy to call with what goes to the mail server: keeps the store's files as they are on the disk then.

    Each copy comes with what was said: the Message-ID that is about to be appended, or the command.
    """

    def copy(world: World, octets: bytes, seen: Seen) -> bytes:
        found = re.search(rb"Message-ID: (<[^>]+>)|UID STORE \S+ \S+ \(?(\S+?)\)?\r\n", octets, re.IGNORECASE)
        if found:
            target = tmp_path / f"copy-{len(seen)}"
            target.mkdir()
            for name in ("mentorup.db", "mentorup.db-wal"):
                if (world.state / name).exists():
                    shutil.copy(world.state / name, target)
            if (world.state / "mail").exists():
                shutil.copytree(world.state / "mail", target / "mail")
            seen.append(((found[1] or found[2]).decode(), target))
        return octets

    return copy


def outcomes(copy: Path) -> dict[str, str]:
    """Message-ID -> outcome in a copy of the ledger, opened as after a power failure."""
    with closing(Store.open(f"sqlite:///{copy / 'mentorup.db'}")) as store, store.reading() as scope:
        rows = [*ledger.latest(scope).values(), *ledger.outdated(scope)]
        return {entry.message_id: entry.outcome for entry in rows}


@pytest.mark.debian
def test_p01_the_intent_is_on_the_disk_before_its_effect_is_on_the_server(
    dovecot: Mailserver, radicale: CalDavServer, tmp_path: Path, copies: Callable[[World, bytes, Seen], bytes]
) -> None:
    state = tmp_path / "state"
    seen: Seen = []
    state.mkdir()
    world = World(dovecot, radicale, state)
    with Proxy(dovecot.port) as proxy:
        world.changes["imap"] = {"port": proxy.port}
        world.meet("first", MONDAY + timedelta(days=1))
        world.meet("second", MONDAY + timedelta(days=1, hours=2))
        proxy.tap = lambda octets: copies(world, octets, seen)
        world.tend()
        appended = [(said, copy) for said, copy in seen if said.startswith("<")]
        assert len(appended) == 5  # the welcome, and note and draft of each meeting
        assert [outcomes(copy)[said] for said, copy in appended] == ["intended"] * 5

        before = len(seen)
        world.write("Slow down.", to=SAM, sender=ANA, subject="Talk #feedback")
        world.dav.delete_event("second")
        world.tend()
        [copy] = [copy for said, copy in seen[before:] if said == "$MentorFiled"]
        with closing(Store.open(f"sqlite:///{copy / 'mentorup.db'}")) as store, store.reading() as scope:
            [item] = work.items(scope, Feedback)
        assert b"Slow down." in (copy / "mail" / item.original).read_bytes()
        removed = [copy for said, copy in seen[before:] if said == "\\Deleted"]
        assert len(removed) == 2
        assert all("withdrawing" in outcomes(copy).values() for copy in removed)
    world.restart()


def test_p01_an_original_and_its_name_are_synced_before_they_count(
    light_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = light_world.account
    synced: list[tuple[int, bool]] = []
    sync = os.fsync

    def noted(descriptor: int) -> None:
        sync(descriptor)
        synced.append((os.fstat(descriptor).st_ino, (light_world.state / "mail" / name).exists()))

    digest = "d" * 64
    name = f"{digest[:32]}.eml"
    monkeypatch.setattr(os, "fsync", noted)
    assert keep_original(account, digest, b"From: ana@example.org\r\n\r\nSlow down.\r\n") == name
    path = light_world.state / "mail" / name
    assert synced == [
        (light_world.state.stat().st_ino, False),  # the new directory's name
        (path.stat().st_ino, False),  # the content, under a name that doesn't count yet
        (path.parent.stat().st_ino, True),  # the name
    ]
    assert path.stat().st_mode & 0o777 == 0o600
