"""Whoever has no fleet has nothing of it: not installed, not imported, not missed."""

from __future__ import annotations

from pathlib import Path

import pytest

from mentorup_daemon.cli.overview import COMMANDS
from tests.servers.process import command as of_world
from tests.servers.process import loaded
from tests.servers.world import World

EXTRA = ("pgqueuer", "psycopg", "cryptography")
OURS = ("mentorup_daemon.service.fleet", "mentorup_daemon.store.fleet", "mentorup_daemon.store.fleet_tables")


def run(directory: Path, *arguments: str) -> tuple[int, str, str, set[str]]:
    return loaded(directory, *arguments, without=EXTRA)


@pytest.mark.parametrize("arguments", [["run", "--once"], ["status", "--json"], ["check"], ["rehearse"]])
def test_i8_a_single_owner_needs_nothing_of_the_fleet(light_now: World, arguments: list[str]) -> None:
    config = of_world(light_now)[3:]
    code, _, errors, modules = run(light_now.state, *config, *arguments)
    assert code == 0, errors
    assert [name for name in modules if name.partition(".")[0] in EXTRA or name.startswith(OURS)] == []


def test_i8_the_overview_names_the_fleet_without_loading_it(tmp_path: Path) -> None:
    code, output, _, modules = run(tmp_path, "--help")
    assert code == 0
    assert COMMANDS["accounts"][1] in " ".join(output.split())
    assert [name for name in modules if name.startswith((*OURS, "asyncio", "sqlalchemy"))] == []


@pytest.mark.parametrize("arguments", [["list"], ["add", "x.toml"], ["import", "."], ["key"], ["remove", "x", "--yes"]])
def test_i8_without_the_extra_a_command_for_a_fleet_says_in_one_line_what_to_install(
    tmp_path: Path, arguments: list[str]
) -> None:
    code, output, errors, _ = run(tmp_path, "accounts", *arguments)
    assert (code, output) == (78, "")
    assert errors == "mentorup: a fleet needs what isn't installed here: pip install 'mentorup-daemon[fleet]'\n"
