"""`mentorup candidates` and `mentorup find` as a person runs them, on a store of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from click.testing import Result
from typer.testing import CliRunner

from mentorup_daemon.cli import app
from mentorup_daemon.records import Candidate, FitAnswer, Request
from mentorup_daemon.store import work
from mentorup_daemon.store.account import Store

pytestmark = pytest.mark.usefixtures("logging_as_before")

LEE = {"id": "lee", "name": "Lee Park", "role": "candidate"}


@dataclass(frozen=True, slots=True)
class Shell:
    """A config with Ana, a mentor, Mia, a mentee, and Lee, a candidate; and the command line on it."""

    config: Path
    state: Path

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(app, ["--config", str(self.config), *words], terminal_width=200)

    def json(self, *words: str) -> Any:
        done = self.run(*words, "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    def store(self) -> Store:
        return Store.open(f"sqlite:///{self.state / 'mentorup.db'}")

    def requests(self) -> list[tuple[str, str, str, str]]:
        store = self.store()
        with store.reading() as scope:
            found = [(one.kind, one.person, one.text, one.state) for one in work.items(scope, Request)]
        store.close()
        return found


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("MENTORUP_CONFIG", raising=False)
    state, config = tmp_path / "state", tmp_path / "config.toml"
    config.write_text(
        tomli_w.dumps(
            {
                "owner": {"name": "Sam Rivera", "email": "sam@example.org", "timezone": "America/Los_Angeles"},
                "imap": {"host": "127.0.0.1", "username": "sam", "password": {"env": "NONE"}},
                "caldav": {"url": "https://127.0.0.1/", "username": "sam", "password": {"env": "NONE"}},
                "store": {"url": f"sqlite:///{state / 'mentorup.db'}"},
                "mentors": [
                    {
                        "id": "ana",
                        "name": "Ana Ortiz",
                        "emails": ["ana@example.org"],
                        "support": ["sponsor"],
                        "distance": "senior",
                    },
                    {"id": "mia", "name": "Mia Berg", "role": "mentee"},
                    LEE,
                ],
            }
        )
    )
    yield Shell(config, state)
    monkeypatch.delenv("MENTORUP_CONFIG", raising=False)


def test_t1_a_candidate_is_added_shown_edited_and_let_go(shell: Shell) -> None:
    words = ("candidates", "add", "Kim Okafor", "--email", "kim@example.com", "--why", "for your work on data.")
    made = shell.json(*words, "--recommended-by", "Ana")
    assert (made["id"], made["emails"], made["state"]) == ("kim", ["kim@example.com"], "open")
    assert (made["why"], made["recommended_by"], made["helped"]) == ("your work on data", "Ana", "")
    assert [one["id"] for one in shell.json("candidates")] == ["lee", "kim"]
    assert "Kim Okafor" in shell.run("candidates", "list").output
    edited = shell.json("candidates", "edit", "kim", "--helped", "your talk", "--email", "kim@example.net")
    assert (edited["helped"], edited["emails"]) == ("your talk", ["kim@example.net"])
    number = str(made["number"])
    assert shell.json("candidates", "show", number)["id"] == "kim"
    assert shell.json("candidates", "drop", number)["state"] == "dropped"
    assert [one["id"] for one in shell.json("candidates")] == ["lee"]
    assert [one["id"] for one in shell.json("candidates", "--all")] == ["lee", "kim"]
    again = shell.json("candidates", "add", "Kim Li")
    assert again["id"] == "kim-2"
    assert [one["id"] for one in shell.json("mentors")] == ["ana", "mia", "lee", "kim-2"]


def test_t1_somebody_in_the_config_is_given_a_reason_too(shell: Shell) -> None:
    assert shell.json("candidates", "show", "lee")["number"] is None
    edited = shell.json("candidates", "edit", "lee", "--why", "your book", "--recommended-by", "ana")
    assert (edited["why"], edited["recommended_by"], edited["role"]) == ("your book", "ana", "candidate")
    assert shell.json("candidates", "edit", "ana", "--helped", "the first grant")["helped"] == "the first grant"
    assert [one["id"] for one in shell.json("candidates")] == ["lee"]
    refused = shell.run("candidates", "edit", "lee", "--email", "lee@example.com")
    assert (refused.exit_code, "in your config" in refused.output) == (1, True)
    assert 'role = "mentor" for lee' in shell.run("candidates", "done", "lee").output
    assert shell.json("candidates") == []


def test_t1_done_says_how_a_candidate_becomes_a_mentor(shell: Shell) -> None:
    shell.json("candidates", "add", "Kim Okafor", "--email", "kim@example.com")
    told = shell.run("candidates", "done", "kim").output
    assert 'add [[mentors]] to your config, with id = "kim", name = "Kim Okafor", emails = ["kim@example.com"]' in told
    assert shell.run("candidates", "done", "ana").exit_code == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("add", "Kim", "--email", "no address"), "email"),
        (("add", "Kim", "--email", "ana@example.org"), "the address of Ana Ortiz (ana)"),
        (("add", "Kim", "--email", "SAM@example.org"), "your own"),
        (("add", " "), "no words"),
        (("edit", "lee"), "Nothing to change"),
        (("show", "zoe"), "Nobody has the id"),
        (("drop", "4711"), "Nobody has the id"),
    ],
)
def test_what_cant_be_kept_is_refused_in_words(shell: Shell, words: tuple[str, ...], told: str) -> None:
    done = shell.run("candidates", *words)
    assert done.exit_code == 1
    assert told in done.output


def test_c9_c10_c11_c12_show_tells_what_was_answered_and_counts_nothing(shell: Shell) -> None:
    shell.json("candidates", "edit", "lee", "--why", "your book")
    store = shell.store()
    with store.writing() as scope:
        for question, text in ((4, "never"), (1, "no time"), (1, "an hour a month")):
            answer = FitAnswer(id=0, person="lee", question=question, text=text, created_at=datetime.now(UTC))
            work.add(scope, answer)
    store.close()
    told = shell.json("candidates", "show", "lee")
    assert [(one["question"], one["about"], one["text"]) for one in told["fit"]] == [
        (1, "availability", "an hour a month"),
        (4, "experience as a mentor", "never"),
    ]
    assert not {"score", "rank", "rating"} & set(told)
    shown = shell.run("candidates", "show", "lee").output
    assert "an hour a month" in shown
    assert "no time" not in shown


def test_c4_find_keeps_a_request_for_up_to_three_people(shell: Shell) -> None:
    shell.json("candidates", "add", "Kim Okafor", "--email", "kim@example.com", "--why", "your data")
    told = shell.run("find", "Kim Okafor", "lee", "kim").output
    assert told.count("will be in your Drafts") == 2
    assert "no To: until you say why them: mentorup candidates edit lee" in told
    assert shell.requests() == [("hello", "kim", "", "open"), ("hello", "lee", "", "open")]
    again = shell.run("find", "kim")
    assert (again.exit_code, "was asked for on" in again.output) == (1, True)
    assert shell.run("find", "a", "b", "c", "d").exit_code == 1
    assert shell.run("find", "zoe").exit_code == 1
    assert shell.run("find", "mia").exit_code == 1


def test_c4_find_takes_the_reason_and_asks_anew_when_the_old_one_is_long_over(shell: Shell) -> None:
    [made] = shell.json("find", "lee", "--why", "for your book")
    assert (made["kind"], made["person"]) == ("hello", "lee")
    assert shell.json("candidates", "show", "lee")["why"] == "your book"
    store = shell.store()
    with store.writing() as scope:
        work.change(scope, Request, made["id"], created_at=datetime.now(UTC) - timedelta(days=61))
    store.close()
    shell.json("find", "lee")
    assert [one[3] for one in shell.requests()] == ["dropped", "open"]
    assert shell.run("find", "lee", "kim", "--why", "x").exit_code == 1


def test_c4_find_alone_proposes_candidates_and_empty_places(shell: Shell) -> None:
    shell.json("candidates", "add", "Kim Okafor", "--why", "your data")
    found = shell.json("find")
    assert found["candidates"] == ["lee", "kim"]
    steps = {(one["support"], one["distance"]): one["next_step"] for one in found["empty"]}
    assert "Ana" in steps["sponsor", "peer"]
    told = shell.run("find").output
    assert "mentorup find lee kim" in told
    assert shell.requests() == []
    shell.json("find", "lee")
    assert shell.json("find")["candidates"] == ["kim"]


def test_c4_nobody_who_is_paused_or_let_go_is_written_to(shell: Shell) -> None:
    assert shell.run("mentors", "pause", "lee").exit_code == 0
    assert "resume lee" in shell.run("find", "lee").output
    assert shell.run("mentors", "resume", "lee").exit_code == 0
    shell.json("candidates", "drop", "lee")
    assert shell.run("find", "lee").exit_code == 1
    assert shell.requests() == []


def test_c5_ask_keeps_whom_and_for_what(shell: Shell) -> None:
    [made] = shell.json("find", "--ask", "Ana", "--for", "coach")
    assert (made["kind"], made["person"], made["text"]) == ("referral", "ana", "coach")
    assert "whom they would recommend to Ana Ortiz" in shell.run("find", "--ask", "ana").output
    assert shell.run("find", "kim", "--ask", "ana").exit_code == 1
    assert shell.run("find", "--for", "coach").exit_code == 1


def test_forgetting_a_candidate_removes_every_record_of_theirs(shell: Shell) -> None:
    shell.json("candidates", "add", "Kim Okafor", "--email", "kim@example.com", "--why", "your data")
    shell.json("find", "kim")
    removed = shell.json("mentors", "forget", "kim", "--yes")["removed"]
    assert (removed["candidates"], removed["requests"]) == (1, 1)
    store = shell.store()
    with store.reading() as scope:
        assert work.items(scope, Candidate) == ()
    store.close()
