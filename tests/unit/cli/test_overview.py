"""The overview of the commands is told from a table, and is as true as if each command had told its own line."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from mentorup_daemon.cli import app
from mentorup_daemon.cli.overview import COMMANDS

HEAVY = (
    "alembic",
    "asyncio",
    "caldav",
    "cryptography",
    "dateparser",
    "icalendar",
    "imapclient",
    "jinja2",
    "lxml",
    "pgqueuer",
    "psycopg",
    "pydantic",
    "sqlalchemy",
)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_overview_says_of_each_command_what_the_command_says_of_itself(name: str) -> None:
    group = get_command(app)
    command = group.get_command(None, name)
    assert " ".join((command.help or "").partition("\n\n")[0].split()) == COMMANDS[name][1]
    assert command.name == name


def test_the_overview_shows_every_command() -> None:
    shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "300"})
    assert shown.exit_code == 0
    for name, (_, line) in COMMANDS.items():
        assert any(name in shown_line and line in shown_line for shown_line in shown.output.splitlines()), name
    assert "--config" in shown.output
    assert CliRunner().invoke(app, [], env={"COLUMNS": "300"}).output.strip() == shown.output.strip()


def test_a_mistyped_command_brings_the_name_that_was_meant() -> None:
    shown = CliRunner().invoke(app, ["topix"])
    assert shown.exit_code == 2
    assert "topics" in shown.output


def test_a_family_has_its_commands() -> None:
    shown = CliRunner().invoke(app, ["mentors", "-h"], env={"COLUMNS": "300"})
    assert shown.exit_code == 0
    for name in ("list", "show", "pause", "resume", "close", "forget"):
        assert f" {name} " in shown.output


def test_the_overview_loads_no_command_and_no_library_that_it_does_not_need() -> None:
    told = "import sys; from mentorup_daemon.cli import app; app(['-h'], standalone_mode=False); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", told], check=True, capture_output=True, text=True)
    loaded = set(done.stdout.split())
    assert "mentorup_daemon.cli.overview" in loaded
    assert [name for name in HEAVY if name in loaded] == []
    assert [module for module, _ in COMMANDS.values() if f"mentorup_daemon.cli.{module}" in loaded] == []
