"""`mentorup fleet work` that can't begin, and `mentorup fleet status` that monitoring can go by."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import make_url
from typer.testing import CliRunner

from mentorup_daemon.cli import app
from mentorup_daemon.service.fleet.ready import ready
from mentorup_daemon.service.fleet.settings import load_fleet
from mentorup_daemon.store import fleet_work
from tests.servers.fleet import Hosting

pytestmark = pytest.mark.debian

SAM = "sam@example.org"


def fleet(hosting: Hosting, *words: str) -> Result:
    return CliRunner().invoke(app, ["fleet", *words, "--fleet", str(hosting.path)], env={"COLUMNS": "200"})


def told(hosting: Hosting) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(fleet(hosting, "status", "--json").stdout)
    return found


def hire(hosting: Hosting, name: str = "w1", kind: str = "worker", *, slots: int = 4, busy: int = 1) -> None:
    with hosting.fleet.engine.begin() as connection:
        fleet_work.seen(connection, name, kind, slots=slots, busy=busy, a_minute=12)


def use(hosting: Hosting, old: str, new: str) -> None:
    text = hosting.path.read_text()
    assert old in text
    hosting.path.write_text(text.replace(old, new))


def test_i8_a_worker_says_that_postgresql_isnt_there(hosting: Hosting) -> None:
    use(hosting, f":{hosting.database.cluster.port}/", ":1/")
    done = fleet(hosting, "work")
    assert done.exit_code == 75
    assert done.stderr.startswith("mentorup: The database can't be reached: ")


def test_i8_a_worker_says_that_its_user_is_refused(hosting: Hosting) -> None:
    use(hosting, "mentorup@", "nobody@")
    done = fleet(hosting, "work")
    assert done.exit_code == 78
    assert done.stderr.startswith("mentorup: The database refuses us: ")
    assert "nobody" in done.stderr


def test_i8_a_worker_without_keys_says_where_they_were_looked_for(hosting: Hosting) -> None:
    (hosting.directory / "keys").unlink()
    done = fleet(hosting, "work")
    assert done.exit_code == 78
    assert done.stderr.startswith("mentorup: seal.keys")
    assert str(hosting.directory / "keys") in done.stderr


def test_i8_a_worker_leaves_the_store_of_a_newer_version_alone(hosting: Hosting) -> None:
    hosting.database.ask("UPDATE alembic_version SET version_num = '9999'")
    done = fleet(hosting, "work")
    assert done.exit_code == 1
    assert "newer version of MentorUp" in done.stderr
    assert make_url(hosting.database.url).database in done.stderr
    assert hosting.database.ask("SELECT to_regclass('pgqueuer')") == [(None,)]


def test_i8_the_queue_is_made_once_and_kept(hosting: Hosting) -> None:
    settings = load_fleet(hosting.path)
    ready(settings, connections=2).close()
    hosting.database.ask("INSERT INTO pgqueuer (priority, status, entrypoint) VALUES (0, 'queued', 'tend')")
    ready(settings, connections=2).close()
    assert hosting.database.ask("SELECT count(*) FROM pgqueuer") == [(1,)]


def test_i8_status_of_a_fleet_in_which_all_is_well(hosting: Hosting) -> None:
    for name in ("sam", "kim", "lee"):
        hosting.run("add", hosting.given(name))
    hosting.run("pause", "lee@example.org")
    hire(hosting)
    hire(hosting, "l1", "listener", slots=5000, busy=2)
    done = fleet(hosting, "status", "--json")
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert (found["healthy"], found["faults"], found["late"], found["failing"]) == (True, [], 0, 0)
    assert found["accounts"] == {"active": 2, "paused": 1, "listened": 2}
    assert (found["due"], [late["account"] for late in found["latest"]]) == (2, [SAM, "kim@example.org"])
    assert found["oldest_due"] == found["latest"][0]["due_at"]
    assert found["queue"] == {"queued": 0, "picked": 0}
    assert [(one["name"], one["kind"], one["alive"]) for one in found["processes"]] == [
        ("w1", "worker", True),
        ("l1", "listener", True),
    ]
    shown = fleet(hosting, "status").stdout
    assert "Accounts: 2 active, 1 paused; IDLE is held for 2" in shown
    assert "worker w1: 1 of 4 passes, 12 a minute" in shown


def test_i8_status_ends_with_1_when_no_worker_is_alive(hosting: Hosting) -> None:
    done = fleet(hosting, "status")
    assert done.exit_code == 1
    assert done.stdout.startswith("No worker is alive.\n")
    hire(hosting)
    assert fleet(hosting, "status").exit_code == 0
    hosting.database.ask("UPDATE fleet_processes SET seen_at = now() - interval '20 seconds'")
    done = fleet(hosting, "status")
    assert done.exit_code == 1
    assert "worker w1: 1 of 4 passes, 12 a minute; NOT SEEN since " in done.stdout


def test_i8_status_ends_with_1_when_an_account_is_late_by_more_than_ten_minutes(hosting: Hosting) -> None:
    hosting.run("add", hosting.given("sam"))
    hire(hosting)
    hosting.database.ask("UPDATE fleet_accounts SET next_look = now() - interval '9 minutes'")
    done = fleet(hosting, "status")
    assert done.exit_code == 0
    assert "Due: 1, of which 1 for more than a minute; the oldest since " in done.stdout
    assert f"late: {SAM}, due " in done.stdout
    hosting.database.ask("UPDATE fleet_accounts SET next_look = now() - interval '11 minutes'")
    done = fleet(hosting, "status")
    assert done.exit_code == 1
    assert done.stdout.startswith(f"{SAM} is 11 minutes late.\n")
    hosting.run("pause", SAM)
    assert fleet(hosting, "status").exit_code == 0


def test_i8_status_names_the_failing_accounts_with_what_stands_against_them(hosting: Hosting) -> None:
    for name in ("sam", "kim"):
        hosting.run("add", hosting.given(name))
    hire(hosting)
    hosting.database.ask(f"UPDATE fleet_accounts SET failure = 'imap: refused' WHERE account = '{SAM}'")
    found = told(hosting)
    assert (found["failing"], found["healthy"]) == (1, True)
    assert [(one["account"], one["failure"]) for one in found["failures"]] == [(SAM, "imap: refused")]
    assert f"  {SAM}: imap: refused\n" in fleet(hosting, "status").stdout
