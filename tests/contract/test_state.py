"""When the store can't do its part: no room, locked, damaged, in use, moved elsewhere, or with a clock that jumps."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from mentorup_daemon.errors import Busy, StoreError
from mentorup_daemon.service.tend import tend
from tests.servers.caldav import CalDavServer
from tests.servers.imap import Mailserver
from tests.servers.process import cli, command, daemon, log, until
from tests.servers.world import ANA, BEN, LONG_AGO, MONDAY, SAM, World, body


def feedback(world: World, text: str) -> None:
    world.write(text, to=SAM, sender=ANA, subject="Talk #feedback")


def filed(world: World) -> list[str]:
    return sorted(item["text"] for item in json.loads(cli(world, "feedback", "list", "--json").stdout))


def written(world: World) -> list[str]:
    """The Message-IDs of all that MentorUp has written and that still stands."""
    return sorted(str(one["Message-ID"]) for one in (*ours(world), *world.folder("Drafts")))


def ours(world: World) -> list[EmailMessage]:
    """All the notes, the welcome first."""
    return [one for one in world.folder("INBOX") if "mentorup." in str(one["List-Id"])]


class Disk:
    """A file system of two megabytes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._filler = path / "filler"

    def fill(self, leave: int = 0) -> None:
        """Leaves so many bytes free."""
        status = os.statvfs(self.path)
        with self._filler.open("ab") as file, contextlib.suppress(OSError):  # a daemon that runs may take some of it
            file.write(b"x" * max(0, status.f_bavail * status.f_frsize - leave))

    def make_room(self) -> None:
        self._filler.unlink(missing_ok=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    path = tmp_path / "disk"
    path.mkdir()
    mounted = os.geteuid() == 0 and shutil.which("mount")
    if mounted:
        mounted = (
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(path)], check=False).returncode == 0
        )
    if not mounted:
        message = "a small disk can only be mounted by root"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(message)
    yield Disk(path)
    subprocess.run(["umount", str(path)], check=True)


@pytest.fixture
def small_world(disk: Disk, pymap: Mailserver, radicale: CalDavServer, tmp_path: Path) -> Iterator[World]:
    """Sam's world with the state on the small disk."""
    world = World(pymap, radicale, tmp_path)
    world.changes["store"] = {"url": f"sqlite:///{disk.path / 'mentorup.db'}"}
    yield world
    world.restart()


def is_refused(world: World) -> bool:
    """Whether a pass was told that the disk is full."""
    try:
        tend(world.account, world.now)
    except Busy as error:
        told = str(error)
    else:
        return False
    assert "full" in told
    assert "make room" in told
    return True


@pytest.mark.debian
def test_p04_a_full_disk_loses_nothing_repeats_nothing_and_leaves_nothing_half_done(
    small_world: World, disk: Disk
) -> None:
    world = small_world
    world.tend()
    refused = 0
    for number, leave in enumerate((0, 4_096, 12_288, 24_576, 49_152, 98_304, 196_608)):
        world.meet(f"m{number}", MONDAY + timedelta(hours=20 + number))
        feedback(world, f"Advice {number}: " + "slow down, " * 2_000)
        before = world.mail.messages()
        disk.fill(leave)
        refused += is_refused(world)
        assert [(uid, raw) for uid, _, raw in world.mail.messages()][: len(before)] == [
            (uid, raw) for uid, _, raw in before
        ]
        assert list(disk.path.glob("mail/*.part")) == []
        disk.make_room()
        world.tend()
    assert refused >= 3
    with closing(sqlite3.connect(disk.path / "mentorup.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert sorted(item.text[:9] for item in world.records().feedback) == [
        f"Advice {number}:"[:9] for number in range(7)
    ]
    assert len(list(disk.path.glob("mail/*.eml"))) == 7
    assert (len(world.notes), len(world.folder("Drafts"))) == (7, 7)
    assert len(set(written(world))) == len(written(world))


@pytest.mark.debian
def test_p04_the_daemon_waits_for_room_and_goes_on_by_itself(small_world: World, disk: Disk) -> None:
    world = small_world
    world.changes |= {"imap": {"poll_interval": "1s"}, "owner": {"working_hours": "00:00-24:00"}}
    world.now = datetime.now(UTC)
    with daemon(world) as process:
        until(lambda: world.folder("INBOX"))
        disk.fill()
        feedback(world, "Slow down.")
        until(lambda: "disk" in log(world))
        assert process.poll() is None
        disk.make_room()
        until(lambda: filed(world) == ["Slow down."])
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
    assert "Traceback" not in log(world)


def test_p04_a_store_locked_by_another_process_is_waited_for(light_now: World) -> None:
    world = light_now
    world.changes["imap"] = {"poll_interval": "1s"}
    with daemon(world) as process:
        until(lambda: world.folder("INBOX"))
        with closing(sqlite3.connect(world.state / "mentorup.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            feedback(world, "Slow down.")
            busy = cli(world, "topics", "add", "K award")
            assert busy.returncode == 75
            assert "locked by another process" in busy.stderr
            until(lambda: "locked by another process" in log(world))
            other.execute("ROLLBACK")
        until(lambda: filed(world) == ["Slow down."])
        assert process.poll() is None


def spoil(path: Path, how: str) -> None:
    """Damages a database as a bad disk would."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        if how == "header":
            file.write(b"\0" * 100)
        elif how == "middle":
            file.seek(size // 2 // 4096 * 4096)
            file.write(b"\xa5" * 3 * 4096)
        else:
            file.truncate(size // 2)


@pytest.mark.parametrize("how", ["header", "middle", "end"])
def test_p04_a_damaged_store_is_met_at_the_start(light_world: World, how: str) -> None:
    world = light_world
    feedback(world, "Slow down.")
    world.tend()
    world.restart()
    before = written(world)
    spoil(world.state / "mentorup.db", how)
    damaged = cli(world, "run")
    assert damaged.returncode == 1
    assert "`mentorup restore`" in damaged.stderr
    assert "Traceback" not in damaged.stderr
    assert written(world) == before


def test_p04_a_backup_in_the_place_of_a_damaged_store_repeats_and_loses_nothing(
    light_now: World, tmp_path: Path
) -> None:
    world = light_now
    backup = str(tmp_path / "backup.tar.gz")
    feedback(world, "Slow down.")
    world.tend()
    assert cli(world, "backup", backup).returncode == 0
    world.meet("first", world.now + timedelta(hours=30))
    world.reply(ours(world)[0], "ADD K award: this cycle or next?")
    world.tend()
    world.restart()
    before = written(world)
    assert (len(ours(world)), len(world.folder("Drafts"))) == (3, 1)  # the welcome, the agenda, a receipt
    spoil(world.state / "mentorup.db", "middle")
    assert cli(world, "run", "--once").returncode == 1
    assert cli(world, "restore", backup, "--force").returncode == 0
    world.tend()
    assert written(world) == before
    assert [item.text for item in world.records().feedback] == ["Slow down."]
    assert [topic.text for topic in world.records().topics] == ["K award: this cycle or next?"]


def test_a_backup_taken_while_the_daemon_writes_is_whole_and_goes_on_elsewhere(
    light_now: World, tmp_path: Path
) -> None:
    world = light_now
    world.changes |= {"imap": {"poll_interval": "1s"}, "caldav": {"poll_interval": "1s"}}
    backups = [tmp_path / f"{number}.tar.gz" for number in range(2)]
    with daemon(world) as process:
        until(lambda: world.folder("INBOX"))
        for number, target in enumerate(backups):
            world.meet(f"m{number}", world.now + timedelta(hours=20 + number))
            for part in range(8):
                feedback(world, f"Advice {number}.{part}")
            assert cli(world, "backup", str(target)).returncode == 0
        until(lambda: len(filed(world)) == 16 and len(world.folder("Drafts")) == len(world.notes) == 2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
    before = written(world)
    for target in backups:
        elsewhere = replace(world, state=tmp_path / target.name.partition(".")[0], changes=dict(world.changes))
        elsewhere.state.mkdir()
        assert cli(elsewhere, "restore", str(target)).returncode == 0
        named = {item["original"] for item in json.loads(cli(elsewhere, "feedback", "list", "--json").stdout)}
        with tarfile.open(target) as archive:
            assert named <= {Path(name).name for name in archive.getnames()}
        assert cli(elsewhere, "run", "--once").returncode == 0
        assert filed(elsewhere) == filed(world)
        assert written(elsewhere) == before


def week(world: World) -> None:
    """A world in which a week brings much: meetings each day, questions, feedback."""
    for number in range(9):
        world.meet(f"m{number}", MONDAY + timedelta(days=number, hours=3), **({"attendee": BEN} if number % 2 else {}))
    feedback(world, "Slow down.")
    world.tend()
    world.reply(world.notes[0], "ADD K award: this cycle or next?\nI PROMISED the revised aim 2 by Friday")
    world.tend()


def test_s03_a_clock_that_jumps_back_or_ahead_repeats_nothing_and_loses_nothing(world: World) -> None:
    week(world)
    before, standing = written(world), len(ours(world))
    world.now -= timedelta(hours=1)
    world.tend()
    assert written(world) == before
    feedback(world, "Breathe.")
    world.tend()
    assert sorted(item.text for item in world.records().feedback) == ["Breathe.", "Slow down."]
    world.now += timedelta(hours=1, days=7)
    world.tend()
    notes, drafts = [str(one["Message-ID"]) for one in ours(world)], len(world.folder("Drafts"))
    assert len(notes) > standing
    for jump in (timedelta(), timedelta(days=-7), timedelta(days=7), timedelta(minutes=5)):
        world.now += jump
        world.restart()
        world.tend()
        assert [str(one["Message-ID"]) for one in ours(world)] == notes, jump
        assert len(world.folder("Drafts")) == drafts, jump
    assert len(set(written(world))) == len(written(world))
    assert [topic.text for topic in world.records().topics] == ["K award: this cycle or next?"]


def test_d04_a_suspicion_from_a_clock_that_was_ahead_ends_an_hour_after_all_the_same(light_world: World) -> None:
    world = light_world
    for number in range(3):
        world.meet(f"m{number}", MONDAY + timedelta(days=1, hours=number))
    world.tend()
    for uid in ("m0", "m1", "m2", LONG_AGO):
        world.dav.delete_event(uid)
    world.now += timedelta(days=1)
    world.tend()
    world.now -= timedelta(days=1)
    world.tend()
    assert _ahead(world) == {"confirmed"}
    world.now += timedelta(hours=1, minutes=5)
    world.tend()
    assert _ahead(world) == {"cancelled"}


def _ahead(world: World) -> set[str]:
    return {meeting.status for meeting in world.records().meetings if meeting.start > world.now}


# The daemon with a clock of our own, which a file puts ahead or back.
RUN_BY_OUR_CLOCK = """
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
import os
from mentorup_daemon.cli.opened import settings_of
from mentorup_daemon.service.daemon import Daemon
config, ahead = (Path(word) for word in sys.argv[1:])
clock = lambda: datetime.now(UTC) + timedelta(seconds=int(ahead.read_text() or 0))
Daemon(lambda: settings_of(config), os.environ, clock).run()
"""


def test_s03_the_daemon_goes_on_when_its_clock_jumps(light_now: World) -> None:
    world = light_now
    world.changes |= {"imap": {"poll_interval": "1s"}, "caldav": {"poll_interval": "1s"}}
    world.meet("first", world.now + timedelta(hours=30))
    world.meet("later", world.now + timedelta(days=8))
    ahead = world.state / "ahead"
    ahead.write_text("0")
    config = command(world)[-1]
    with (world.state / "log").open("ab") as out:
        process = subprocess.Popen([sys.executable, "-c", RUN_BY_OUR_CLOCK, config, str(ahead)], stdout=out, stderr=out)
    try:
        until(lambda: world.notes and world.folder("Drafts"))
        before = written(world)
        ahead.write_text("-3600")
        feedback(world, "Slow down.")
        until(lambda: filed(world) == ["Slow down."])
        time.sleep(2.5)  # passes enough to do something twice
        assert written(world) == before
        ahead.write_text(str(7 * 86400))
        until(
            lambda: any(
                "K award" not in body(one) and "first" not in str(one["Subject"]) for one in world.folder("Drafts")
            )
        )
        until(lambda: len(written(world)) > len(before))
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
    finally:
        process.kill()
        process.wait()
    assert len(set(written(world))) == len(written(world))


def test_p04_a_directory_whose_lock_cant_be_had_is_told_in_words(light_world: World) -> None:
    (light_world.state / "mentorup.lock").mkdir()
    with pytest.raises(StoreError, match="lock"), light_world.account.store.exclusive():
        pass
