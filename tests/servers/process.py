"""`mentorup` as a process of its own, on Sam's world."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.servers.world import World

_LISTED = """
import sys
for name in {without!r}:
    sys.modules[name] = None  # an import of it fails, as where it isn't installed
from mentorup_daemon.cli import app
sys.argv[:] = ["mentorup", *sys.argv[1:]]
try:
    app()
finally:
    with open("loaded", "w") as file:
        print(*(name for name, module in sys.modules.items() if module is not None), file=file)
"""

ALWAYS = {"working_hours": "00:00-24:00"}


def until(condition: Callable[[], object], seconds: float = 30) -> None:
    """Waits for something to come true."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.1)


def command(world: World, *arguments: str, **environ: str) -> list[str]:
    path = world.state / "config.toml"
    path.write_text(world.config())
    return [sys.executable, "-m", "mentorup_daemon", "--config", str(path), *arguments]


def cli(world: World, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(world, *arguments), capture_output=True, text=True, timeout=60, check=False)


def loaded(directory: Path, *arguments: str, without: tuple[str, ...] = ()) -> tuple[int, str, str, set[str]]:
    """Exit code and both outputs of a command, and the modules that it had loaded in the end."""
    line = [sys.executable, "-c", _LISTED.format(without=without), *arguments]
    done = subprocess.run(line, cwd=directory, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr, set((directory / "loaded").read_text().split())


@contextmanager
def daemon(world: World, **environ: str) -> Iterator[subprocess.Popen[bytes]]:
    """`mentorup run` as a process of its own; killed at the end if it is still there."""
    log = (world.state / "log").open("ab")
    process = subprocess.Popen(command(world, "run"), stdout=log, stderr=log, env={**os.environ, **environ})
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(10)
        log.close()


@pytest.fixture
def now_world(world: World) -> World:
    """Sam's world on the real clock, without quiet hours."""
    world.changes["owner"] = ALWAYS
    world.now = datetime.now(UTC)
    return world


@pytest.fixture
def light_now(light_world: World) -> World:
    """The same on the servers that need nothing but pip."""
    light_world.changes["owner"] = ALWAYS
    light_world.now = datetime.now(UTC)
    return light_world


def log(world: World) -> str:
    return (world.state / "log").read_text()
