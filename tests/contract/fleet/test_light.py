"""Whoever has no fleet has nothing of it: not installed, not imported, not missed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mentorup_daemon.cli.overview import COMMANDS
from tests.servers.process import command as of_world
from tests.servers.world import World

EXTRA = ("pgqueuer", "psycopg", "cryptography")
OURS = ("mentorup_daemon.service.fleet", "mentorup_daemon.store.fleet", "mentorup_daemon.store.fleet_tables")
_WITHOUT = f"""
import sys
for name in {EXTRA!r}:
    sys.modules[name] = None  # an import of it fails, as where it isn't installed
from mentorup_daemon.cli import app
sys.argv[:] = ["mentorup", *sys.argv[1:]]
try:
    app()
finally:
    with open("loaded", "w") as file:
        print(*(name for name, module in sys.modules.items() if module is not None), file=file)
"""


def run(directory: Path, *arguments: str) -> tuple[int, str, str, set[str]]:
    """Exit code, both outputs, and the modules that were loaded."""
    command = [sys.executable, "-c", _WITHOUT, *arguments]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr, set((directory / "loaded").read_text().split())


@pytest.mark.parametrize("arguments", [["run", "--once"], ["status", "--json"], ["check"], ["rehearse"]])
def test_i8_a_single_owner_needs_nothing_of_the_fleet(light_now: World, arguments: list[str]) -> None:
    config = of_world(light_now)[3:]
    code, _, errors, loaded = run(light_now.state, *config, *arguments)
    assert code == 0, errors
    assert [name for name in loaded if name.partition(".")[0] in EXTRA or name.startswith(OURS)] == []


def test_i8_the_overview_names_the_fleet_without_loading_it(tmp_path: Path) -> None:
    code, output, _, loaded = run(tmp_path, "--help")
    assert code == 0
    assert COMMANDS["accounts"][1] in " ".join(output.split())
    assert [name for name in loaded if name.startswith((*OURS, "asyncio", "sqlalchemy"))] == []


@pytest.mark.parametrize("arguments", [["list"], ["add", "x.toml"], ["import", "."], ["key"], ["remove", "x", "--yes"]])
def test_i8_without_the_extra_a_command_for_a_fleet_says_in_one_line_what_to_install(
    tmp_path: Path, arguments: list[str]
) -> None:
    code, output, errors, _ = run(tmp_path, "accounts", *arguments)
    assert (code, output) == (78, "")
    assert errors == "mentorup: a fleet needs what isn't installed here: pip install 'mentorup-daemon[fleet]'\n"
