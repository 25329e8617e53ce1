"""`mentorup wins`, `profile` and `compacts`, and the warning about too many promises, as a person runs them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from click.testing import Result
from typer.testing import CliRunner

from mentorup_daemon.cli import app

pytestmark = pytest.mark.usefixtures("logging_as_before")

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line on an account with Ana and Ben, in which nothing is kept yet."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("MENTORUP_CONFIG", raising=False)
    config = tmp_path / "config.toml"
    owner = {"name": "Sam Rivera", "email": "sam@example.org", "timezone": "America/Los_Angeles", "action_item_cap": 1}
    config.write_text(
        tomli_w.dumps(
            {
                "owner": owner,
                "imap": {"host": "127.0.0.1", "username": "sam", "password": {"env": "NONE"}},
                "caldav": {"url": "https://127.0.0.1/", "username": "sam", "password": {"env": "NONE"}},
                "store": {"url": f"sqlite:///{tmp_path / 'state' / 'mentorup.db'}"},
                "mentors": [{"id": "ana", "name": "Ana Ortiz"}, {"id": "ben", "name": "Ben Lindqvist"}],
            }
        )
    )
    return lambda *words: CliRunner().invoke(app, ["--config", str(config), *words], terminal_width=200)


def told(run: Run, *words: str) -> Any:
    done = run(*words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_t9_wins_with_their_credit_are_kept_listed_changed_and_dropped(run: Run) -> None:
    assert told(run, "wins") == []
    kept = told(run, "wins", "add", "The pilot was funded", "--credit", "ana", "--credit", "ben", "--credit", "ana")
    assert (kept["text"], kept["credit"], kept["state"]) == ("The pilot was funded", ["ana", "ben"], "kept")
    number = str(kept["id"])
    assert told(run, "wins", "edit", number, "--credit", "ben")["credit"] == ["ben"]
    assert told(run, "wins", "list", "--mentor", "ana") == []
    assert [one["id"] for one in told(run, "wins", "--mentor", "ben")] == [kept["id"]]
    assert "ben" in run("wins").stdout
    assert told(run, "wins", "show", number)["text"] == "The pilot was funded"
    assert "The pilot was funded (with your help)" in " ".join(run("letter", "ben").stdout.split())
    told(run, "wins", "drop", number)
    assert told(run, "wins") == []
    assert len(told(run, "wins", "--all")) == 1
    refused = run("wins", "add", "x", "--credit", "zoe")
    assert refused.exit_code == 1
    assert "ana, ben" in refused.stderr


def test_c1_c2_c3_the_profile_and_the_goal_that_a_gap_becomes(run: Run) -> None:
    told(run, "profile", "add", "value", "time for people")
    told(run, "profile", "add", "style", "in writing, before noon")
    gap = told(run, "profile", "add", "gap", "saying no", "--rating", "2")
    assert [one["kind"] for one in told(run, "profile")] == ["value", "style", "gap"]
    [goal] = told(run, "goals")
    assert (goal["id"], goal["text"], goal["due"]) == (gap["goal"], "get better at saying no", None)
    assert "get better" not in run("letter", "ana").stdout
    number = str(gap["id"])
    assert told(run, "profile", "edit", number, "--rating", "4")["rating"] == 4
    assert run("profile", "add", "value", "x", "--rating", "3").exit_code == 1
    assert run("profile", "add", "hobby", "x").exit_code == 1
    told(run, "profile", "drop", number)
    assert told(run, "goals") == []
    assert len(told(run, "profile")) == 2
    assert told(run, "profile", "show", number)["state"] == "dropped"


def test_t4_c16_a_compact_is_written_down_piece_by_piece_and_agreed_on(run: Run) -> None:
    assert "begins" in run("compacts").stdout
    assert run("compacts", "show", "ana").exit_code == 1
    assert run("compacts", "set", "ana").exit_code == 1
    first = told(run, "compacts", "set", "ana", "--aims", "a K award", "--agreed", "2026-01-09")
    assert first["agreed_at"].startswith("2026-01-09T")
    second = told(run, "compacts", "set", "ana", "--ends", "with the award", "--mine", "a frank word")
    assert (second["id"], second["aims"], second["ends"]) == (first["id"], "a K award", "with the award")
    assert told(run, "compacts", "agree", "ana")["agreed_at"] > second["agreed_at"]
    assert [one["mentor"] for one in told(run, "compacts")] == ["ana"]
    assert "a K award" in run("compacts", "show", "ana").stdout
    assert run("compacts", "set", "ana", "--agreed", "2999-01-01").exit_code == 1
    told(run, "compacts", "drop", "ana")
    assert told(run, "compacts") == []
    assert len(told(run, "compacts", "list", "--all")) == 1


def test_t4_more_promises_than_the_owner_wants_are_kept_and_warned_about(run: Run) -> None:
    assert run("actions", "add", "the abstract").stderr == ""
    assert run("actions", "add", "ask Kim", "--theirs", "--mentor", "ana").stderr == ""
    second = run("actions", "add", "the talk", "--json")
    assert json.loads(second.stdout)["text"] == "the talk"
    assert "2 open promises, and you set yourself 1" in second.stderr
