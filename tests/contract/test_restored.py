"""A store that has forgotten what it wrote, on a real Dovecot: nothing of it comes twice, whatever happens in between.

A note is searched for only behind what has been read of its folder. So each of these forgets a note, reads past it
before it is due again, and ends the process, once or twice.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mentorup_daemon.service.looks import IMAP
from mentorup_daemon.service.tend import tend
from mentorup_daemon.store import mail as mail_kept
from mentorup_daemon.store.forgetting import forget_person
from tests.servers.caldav import CalDavServer
from tests.servers.imap import Mailserver
from tests.servers.proxy import Proxy
from tests.servers.world import ANA, MONDAY, SAM, World

pytestmark = pytest.mark.debian
TOMORROW = MONDAY + timedelta(days=1)


@pytest.fixture
def world(dovecot: Mailserver, radicale: CalDavServer, tmp_path: Path) -> Iterator[World]:
    (tmp_path / "state").mkdir()
    made = World(dovecot, radicale, tmp_path / "state")
    made.acquaint()
    yield made
    made.restart()


def put_by(world: World) -> Path:
    """A copy of the store as it is now."""
    world.restart()
    copy = world.state.parent / "put by"
    shutil.copytree(world.state, copy)
    return copy


def bring_back(world: World, copy: Path) -> None:
    """The copy in the place of the store."""
    world.restart()
    shutil.rmtree(world.state)
    shutil.copytree(copy, world.state)


def written(world: World) -> list[str]:
    """The Message-IDs of all that was written and stands."""
    notes = [one for one in world.folder("INBOX") if "mentorup." in str(one["List-Id"])]
    return sorted(str(one["Message-ID"]) for one in (*notes, *world.drafts))


def read_mail(world: World) -> None:
    """A pass that looks at the mail alone, as while the calendar can't be reached, and the end of the process."""
    world.write("Hello.", to=SAM, sender=ANA, subject="Hello")
    assert tend(world.account, world.now, look={IMAP}).failures == {}
    world.restart()


def position(world: World) -> tuple[int, int, int]:
    """Up to where INBOX has been read."""
    with world.account.store.reading() as scope:
        return mail_kept.folder_positions(scope)["INBOX"]


def make_inbox_anew(world: World) -> None:
    """Gives INBOX another UIDVALIDITY, with the same mail in it."""
    before, anew = uidvalidity(world), int(time.time()) + 1_000
    assert world.mail.dovecot
    update = ("mailbox", "update", "-u", world.mail.username, "--uid-validity", str(anew), "INBOX")
    world.mail.dovecot._doveadm(*update)
    assert before != uidvalidity(world) == anew


def uidvalidity(world: World) -> int:
    with world.mail.client() as client:
        return int(client.select_folder("INBOX", readonly=True)[b"UIDVALIDITY"])


@pytest.mark.parametrize("passes", [0, 1, 2])
def test_i21_a_note_that_a_restored_store_has_read_past_is_not_written_again(world: World, passes: int) -> None:
    world.tend()
    copy, before = put_by(world), position(world)
    world.meet("first", TOMORROW)
    world.tend()
    expected = written(world)
    assert len(expected) == 3  # the welcome, the note, the draft
    bring_back(world, copy)
    assert position(world) == before
    for _ in range(passes):
        read_mail(world)
    assert (position(world)[1] > max(uid for uid, _, _ in world.mail.messages())) == (passes > 0)
    world.tend()
    world.tend()
    assert written(world) == expected


def test_i21_a_copy_from_before_the_first_look_repeats_nothing(world: World) -> None:
    world.account.store.first_start(world.now)
    copy = put_by(world)
    world.meet("first", TOMORROW)
    world.tend()
    expected = written(world)
    bring_back(world, copy)
    read_mail(world)
    world.tend()
    assert written(world) == expected


@pytest.mark.parametrize("read_between", [True, False])
def test_i12_i21_an_inbox_made_anew_after_a_restore_repeats_nothing(world: World, read_between: bool) -> None:
    world.tend()
    copy = put_by(world)
    world.meet("first", TOMORROW)
    world.tend()
    expected = written(world)
    bring_back(world, copy)
    make_inbox_anew(world)
    if read_between:
        read_mail(world)
    world.tend()
    assert written(world) == expected


def test_a_note_about_somebody_who_was_forgotten_is_not_written_again(world: World) -> None:
    world.meet("first", TOMORROW)
    world.tend()
    expected = written(world)
    read_mail(world)
    with world.account.store.writing() as scope:
        forget_person(scope, "ana", names=["Ana Ortiz"], at_rest=False, now=world.now)
    world.restart()
    world.meet("first", TOMORROW)
    done = world.tend()
    assert "agenda/ana/first" in done.written
    assert written(world) == expected


def test_a_note_is_searched_for_only_behind_what_has_been_read(world: World) -> None:
    said: list[str] = []
    with Proxy(world.mail.plain_port) as proxy:
        proxy.tap = lambda octets: said.extend(octets.decode("utf-8", "replace").splitlines())
        world.mail = replace(world.mail, port=proxy.port, security="none")
        world.tend()
        world.meet("first", TOMORROW)
        read_mail(world)
        said.clear()
        world.tend()
        world.restart()
    folder, searched = "", []
    for line in said:
        opened = re.search(r" (?:EXAMINE|SELECT) \"?([^\"]+)", line)
        folder = opened[1] if opened else folder
        if "HEADER Message-ID" in line:
            searched.append((folder, "UID SEARCH HEADER" in line))
    assert len(world.notes) == 1
    assert ("INBOX", True) not in searched
