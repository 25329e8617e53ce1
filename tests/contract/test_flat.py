"""Thousands of passes leave memory, descriptors and threads as they were, and every way out logs out (P05)."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.servers.caldav import CalDavServer
from tests.servers.imap import Mailserver
from tests.servers.process import ALWAYS, cli, command, daemon, log, until
from tests.servers.proxy import Proxy
from tests.servers.world import ANA, MONDAY, SAM, World

# Makes passes, a second apart by a clock of its own, and tells of itself as often as it is asked: a line with a number
# on its input is so many passes more.
PASSING = """
import gc, json, os, sys, threading
from datetime import datetime, timedelta
from pathlib import Path
from mentorup_daemon.cli.opened import settings_of
from mentorup_daemon.logs import configure
from mentorup_daemon.service.account import open_account
from mentorup_daemon.service.tend import tend
configure("error", "json")
now = datetime.fromisoformat(sys.argv[2])
account = open_account(settings_of(Path(sys.argv[1])), os.environ)
failures = 0
for line in sys.stdin:
    for _ in range(int(line)):
        now += timedelta(seconds=1)
        failures += bool(tend(account, now).failures)
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    print(json.dumps({
        "rss": pages * os.sysconf("SC_PAGE_SIZE"),
        "descriptors": len(os.listdir("/proc/self/fd")),
        "threads": threading.active_count(),
        "failures": failures,
    }), flush=True)
account.close()
"""


@pytest.fixture
def dovecot_world(dovecot: Mailserver, radicale: CalDavServer, tmp_path: Path) -> Iterator[World]:
    world = World(dovecot, radicale, tmp_path)
    yield world
    world.restart()


@pytest.mark.slow
@pytest.mark.debian
@pytest.mark.timeout(1500)
def test_p05_five_thousand_passes_leave_nothing_over(dovecot_world: World) -> None:
    world = dovecot_world
    assert world.mail.dovecot
    config = command(world)[-1]
    world.meet("first", MONDAY + timedelta(days=1))
    world.meet("second", MONDAY + timedelta(days=3))
    with subprocess.Popen(
        [sys.executable, "-c", PASSING, config, MONDAY.isoformat()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout

        def passes(number: int) -> dict[str, int]:
            assert process.stdin
            assert process.stdout
            process.stdin.write(f"{number}\n")
            process.stdin.flush()
            told: dict[str, int] = json.loads(process.stdout.readline())
            return told

        kicks = 0

        def something_happens(number: int) -> None:
            """Now and then there is work, and once in a while the connection is lost."""
            world.meet("first", MONDAY + timedelta(days=1, hours=number % 4))
            world.write("Lunch?", to=SAM, sender=ANA, subject=f"Lunch {number}")
            nonlocal kicks
            if number % 3 == 2 and world.mail.dovecot:
                world.mail.dovecot.kick(world.mail.username)
                kicks += 1

        for number in range(5):
            something_happens(number)
            warm = passes(100)
        for number in range(18):
            something_happens(number)
            now = passes(250)
        process.stdin.close()
        assert process.wait(20) == 0
    assert now["failures"] == kicks  # a kick costs the pass that meets it, and no other
    assert now["rss"] <= warm["rss"] * 1.05, (warm, now)
    assert (now["descriptors"], now["threads"]) == (warm["descriptors"], warm["threads"])
    assert len(world.notes) == 1


def ends(world: World) -> tuple[int, list[str]]:
    """How many sessions Sam has had, and how those that are over ended, as the server's log has it."""
    assert world.mail.dovecot
    lines = (world.mail.dovecot.directory / "log").read_text().splitlines()
    user = world.mail.username
    ended = [
        line.partition("Disconnected: ")[2] for line in lines if f"imap({user})" in line and "Disconnected" in line
    ]
    return sum(f"Login: user=<{user}>" in line for line in lines), ended


@pytest.mark.debian
@pytest.mark.parametrize("way", ["SIGTERM", "SIGINT", "in the midst", "reload", "once", "store lost"])
def test_p05_each_way_out_logs_out(dovecot_world: World, way: str) -> None:
    world = dovecot_world
    world.changes |= {"owner": ALWAYS, "caldav": {"poll_interval": "1s"}}
    world.now = datetime.now(UTC)
    with Proxy(world.mail.port) as proxy:
        world.changes["imap"] = {"port": proxy.port}
        if way == "once":
            assert cli(world, "run", "--once").returncode == 0
        else:
            with daemon(world) as process:
                until(lambda: world.folder("INBOX"))
                leave(world, proxy, process, way)
                assert process.wait(10) == (1 if way == "store lost" else 0)
        until(lambda: ends(world)[0] == len(ends(world)[1]))
    assert ends(world)[0] >= 1
    assert [end for end in ends(world)[1] if not end.startswith("Logged out")] == []


def leave(world: World, proxy: Proxy, process: subprocess.Popen[bytes], way: str) -> None:
    """Has the daemon go, this way."""
    if way == "in the midst":
        proxy.tap = lambda octets: process.send_signal(signal.SIGTERM) if b"APPEND" in octets else None
        world.meet("first", world.now + timedelta(hours=30))
        until(lambda: "stopped in the middle of a pass" in log(world))
    elif way == "store lost":
        with closing(sqlite3.connect(world.state / "mentorup.db", isolation_level=None)) as connection:
            connection.execute("DROP TABLE troubles")
    elif way == "reload":
        process.send_signal(signal.SIGHUP)
        until(lambda: "config read again" in log(world))
        world.write("Slow down.", to=SAM, sender=ANA, subject="Talk #feedback")
        until(lambda: "message read" in log(world))
        process.send_signal(signal.SIGTERM)
    else:
        process.send_signal(signal.SIGTERM if way == "SIGTERM" else signal.SIGINT)
