"""The README says what is true: its mails are those of the demo, its commands exist, its links lead somewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def told() -> str:
    """What the demo prints, its panels without their frames."""
    done = subprocess.run(
        [sys.executable, "-m", "mentorup_daemon", "demo"],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
        env={**os.environ, "COLUMNS": "80"},
    )
    assert done.returncode == 0, done.stderr
    return "\n".join(line.strip("│").strip() for line in done.stdout.splitlines())


def mails() -> list[str]:
    return re.findall(r"```text\n(.*?)```", README, re.DOTALL)


@pytest.mark.slow
def test_the_mails_of_the_readme_are_those_of_the_demo(told: str) -> None:
    assert len(mails()) >= 4
    for mail in mails():
        bare = "\n".join(line.strip() for line in mail.strip().splitlines())
        assert bare in told, f"not in the demo any more:\n{mail}"


def test_every_command_of_the_readme_exists() -> None:
    from mentorup_daemon.cli import app

    names = set(re.findall(r"(?:`|^|/)mentorup ([a-z]+)\b(?!-)", README, re.MULTILINE))
    assert {"init", "check", "run", "status", "explain"} <= names
    for name in sorted(names):
        result = CliRunner().invoke(app, [name, "--help"])
        assert result.exit_code == 0, f"mentorup {name}: {result.output}"


def test_every_link_of_the_readme_leads_somewhere() -> None:
    targets = [target for target in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in target]
    assert targets
    for target in targets:
        assert (ROOT / target).exists(), target


def test_i7_every_test_that_the_readme_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", README))
    assert len(named) > 50
    assert sorted(named - _tests()) == []


PRACTICES = {
    *(f"T{number}" for number in range(1, 13)),
    *(f"P{number}" for number in range(1, 5)),
    *(f"C{number}" for number in range(1, 29)),
}


def test_every_practice_is_told_with_the_rules_that_do_it() -> None:
    rows = re.findall(r"^\| ([TPC]\d[^|]*) \|.*\| (\[.*\)) \|$", README, re.MULTILINE)
    named = {identifier for identifiers, _ in rows for identifier in identifiers.split(", ")}
    assert named == PRACTICES


def test_every_practice_has_a_test_that_carries_its_name() -> None:
    carried = {identifier.upper() for name in _tests() for identifier in re.findall(r"(?<=_)[tpc]\d{1,2}(?=_)", name)}
    assert carried >= PRACTICES


def _tests() -> set[str]:
    """The names of all tests there are."""
    texts = (path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    return {name for text in texts for name in re.findall(r"^\s*def (test_\w+)", text, re.MULTILINE)}
