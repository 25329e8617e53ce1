"""What the watchdog hears: signs of life while every loop turns, and none when one of them stands still."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers.world import World

RUN = "from mentorup_daemon.cli import main; main()"
# The loop that waits for mail ends as soon as it has begun; passes go on, by polling.
RUN_DEAF = f"""
import mentorup_daemon.service.daemon as daemon
daemon._LISTENER_STUCK = 1.0
daemon.Listener._run = lambda self: None
{RUN}
"""


@contextmanager
def _daemon(world: World, tmp_path: Path, program: str) -> Iterator[socket.socket]:
    """The daemon; gives the socket on which it tells systemd."""
    world.changes |= {"imap": {"poll_interval": "1s"}, "caldav": {"poll_interval": "1s"}}
    config = tmp_path / "config.toml"
    config.write_text(world.config())
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(tmp_path / "notify"))
        told.settimeout(20)
        environ = {**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "1000000"}
        command = [sys.executable, "-c", program, "run", "--config", str(config)]
        with (
            (tmp_path / "log").open("wb") as log,
            subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environ) as process,
        ):
            try:
                yield told
            finally:
                process.terminate()


def _hear(told: socket.socket) -> str:
    return told.recv(4096).decode()


def test_signs_come_between_the_steps_and_while_waiting(light_world: World, tmp_path: Path) -> None:
    with _daemon(light_world, tmp_path, RUN) as told:
        heard = [_hear(told)]
        while "READY=1" not in heard[-1]:
            heard.append(_hear(told))
        assert "EXTEND_TIMEOUT_USEC=" in "".join(heard)  # more time while starting
        assert "WATCHDOG=1" not in heard  # which counts from readiness on only
        while heard.count("WATCHDOG=1") < 10:
            heard.append(_hear(told))


@pytest.mark.slow
def test_a_loop_that_stands_still_ends_the_signs_though_passes_go_on(light_world: World, tmp_path: Path) -> None:
    with _daemon(light_world, tmp_path, RUN_DEAF) as told:
        while "READY=1" not in _hear(told):
            pass
        passes = 0
        while passes < 4:  # each pass ends in a status; a second after the loop's last turn the signs must have ended
            heard = _hear(told)
            passes = passes + 1 if heard.startswith("STATUS=") else 0
