"""The real process, killed hundreds of times while meetings and mails keep arriving: everything is there once (P01).

The processes are forked from one that has all modules loaded already, so that a life takes little time. Each is killed
as some piece of its talk to a server is about to go out: early, in the midst of a pass, or long after; with a busy
machine as with an idle one. The moments are the same in every run.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.contract.test_any_order import Expected
from tests.servers.process import cli, command
from tests.servers.proxy import Proxy
from tests.servers.world import ANA, SAM, World

LIVES = 200
LONGEST_LIFE = 2.0  # seconds; one that has nothing more to say is killed in its sleep

# Forks a daemon for every line that it reads, tells its process id, waits for its end and says so.
FORKING = """
import os, sys
import mentorup_daemon.cli
import mentorup_daemon.service.daemon
for _line in sys.stdin:
    child = os.fork()
    if not child:
        os.close(0)
        os.dup2(2, 1)
        sys.argv = ["mentorup", "--config", sys.argv[1], "run"]
        mentorup_daemon.cli.main()
        os._exit(0)
    print(child, flush=True)
    print(os.waitpid(child, 0)[1], flush=True)
"""


@dataclass(slots=True)
class Executioner:
    """Kills a process as the piece of talk number `after` is about to go to a server."""

    pid: int = 0
    after: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, _octets: bytes) -> None:
        with self.lock:
            self.after -= 1
            if self.after < 0 and self.pid:
                os.kill(self.pid, signal.SIGKILL)
                self.pid = 0


@contextmanager
def forking(world: World) -> Iterator[subprocess.Popen[str]]:
    config = command(world)[-1]
    with (world.state / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", FORKING, config],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    with process:
        yield process
        assert process.stdin
        process.stdin.close()


def live(process: subprocess.Popen[str], executioner: Executioner, after: int) -> int:
    """One daemon, from its start to its end; returns how it ended, as waitpid tells it."""
    assert process.stdin
    assert process.stdout
    with executioner.lock:  # so that nothing passes before the one to kill is known
        executioner.after = after
        process.stdin.write("\n")
        process.stdin.flush()
        executioner.pid = pid = int(process.stdout.readline())

    def too_long() -> None:
        with executioner.lock, contextlib.suppress(ProcessLookupError):
            if executioner.pid == pid:
                os.kill(pid, signal.SIGKILL)
                executioner.pid = 0

    timer = threading.Timer(LONGEST_LIFE, too_long)
    timer.start()
    try:
        return int(process.stdout.readline())
    finally:
        timer.cancel()
        timer.join()
        with executioner.lock:
            executioner.pid = 0


def something_happens(world: World, expected: Expected, number: int) -> None:
    """Meetings are booked and moved, mails come, notes are answered."""
    if number % 16 == 3:
        uid = f"m{number // 16}"
        expected.meetings[uid] = (world.now + timedelta(hours=20 + number // 16)).replace(minute=number % 60)
        world.meet(uid, expected.meetings[uid])
    elif number % 8 == 5:
        text = f"Advice {number}."
        expected.feedback.append(text)
        world.write(text, to=SAM, sender=ANA, subject="Talk #feedback", Message_ID=f"<advice-{number}@example.org>")
    elif number % 16 == 9:
        message_id = world.write("Lunch?", to=SAM, sender=ANA, subject=f"Lunch {number}")
        expected.foreign[message_id] = world.mail.messages()[-1][1:]
    elif number % 16 == 15 and (notes := world.notes):
        text = f"Question number {number}?"
        expected.questions[world.reply(notes[0], f"ADD {text}")] = text


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_p01_killed_hundreds_of_times_everything_is_there_once(light_now: World) -> None:
    world, expected, chance = light_now, Expected(), random.Random(6)
    executioner = Executioner()
    with Proxy(world.mail.port) as imap, Proxy(urlsplit(world.dav.url).port or 0) as caldav:
        imap.tap = caldav.tap = executioner
        world.changes["imap"] = {"port": imap.port}
        world.changes["caldav"] = {
            "url": f"http://127.0.0.1:{caldav.port}/",
            "calendars": [f"http://127.0.0.1:{caldav.port}{urlsplit(world.dav.calendar_url).path}"],
        }
        assert cli(world, "run", "--once").returncode == 0
        kills = 0
        with forking(world) as process:
            for number in range(LIVES):
                something_happens(world, expected, number)
                kills += live(process, executioner, chance.randint(0, 42)) == signal.SIGKILL
        assert kills == LIVES
        assert cli(world, "run", "--once").returncode == 0
        assert cli(world, "run", "--once").returncode == 0
        expected.compare(world)
        assert len(expected.meetings) >= 8
        assert len(expected.questions) >= 8
    assert list(Path(world.state / "mail").glob("*.part")) == []
