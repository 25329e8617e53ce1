"""The command line as people and their scripts use it."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.servers.world import ANA, LONG_AGO, SAM, ZONE, World


@pytest.fixture
def told(light_world: World) -> World:
    """One pass has been made on the real clock: an agenda written, feedback filed, a topic and an action kept."""
    world = light_world
    world.changes["owner"] = {"working_hours": "00:00-24:00"}
    world.now = datetime.now(UTC).replace(microsecond=0)
    world.meet("first", world.now + timedelta(hours=30))
    world.meet("weekly", world.now + timedelta(days=6), rule="FREQ=WEEKLY;COUNT=4")
    world.write("Slow down.", to=SAM, sender=ANA, subject="Talk #feedback")
    (world.state / "config.toml").write_text(world.config())
    world.tend()
    return world


def run(world: World, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mentorup_daemon", "--config", str(world.state / "config.toml"), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def told_json(world: World, *arguments: str) -> Any:
    done = run(world, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def digest(directory: Path) -> dict[str, str]:
    """Every file of the state but SQLite's own helpers, which readers make too."""
    files = [path for path in directory.rglob("*") if path.is_file() and path.suffix in (".db", ".eml")]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_listings_have_the_shapes_of_the_contract(told: World) -> None:
    [item] = told_json(told, "feedback", "list")
    assert {"id", "mentor", "text", "received_at", "source", "message_id", "meeting", "plan", "state"} <= set(item)
    assert (item["mentor"], item["text"], item["source"]) == ("ana", "Slow down.", "subject")
    assert datetime.fromisoformat(item["received_at"]).tzinfo is not None
    meetings = told_json(told, "meetings", "list")
    assert meetings.pop(0)["key"] == LONG_AGO
    assert len(meetings) == 5
    assert {"key", "mentor", "title", "start", "end", "status", "recognised_by"} <= set(meetings[0])
    assert datetime.fromisoformat(meetings[0]["start"]).astimezone(UTC) == told.now + timedelta(hours=30)
    assert told_json(told, "meetings")[1:] == meetings
    people = told_json(told, "mentors")
    assert [person["id"] for person in people] == ["ana", "ben"]


def test_status_tells_health_and_what_came_and_comes(told: World) -> None:
    facts = told_json(told, "status")
    assert set(facts) == {"healthy", "servers", "last_pass", "delivered", "next", "quarantine"}
    assert facts["healthy"] is True
    assert "agenda/ana/first" in [entry["key"] for entry in facts["delivered"]]
    assert {"key", "rule", "due_at", "mentor"} == set(facts["next"][0])
    people = run(told, "status")
    assert "agenda/ana/first\n" in people.stdout


def test_rehearse_looks_at_the_calendar_as_it_is_and_touches_nothing(told: World) -> None:
    told.restart()
    before = digest(told.state)
    told.meet("later", told.now + timedelta(days=20))
    mails = told.mail.messages("INBOX"), told.mail.messages("Drafts")
    ahead = told_json(told, "rehearse", "--days", "60")
    assert {"key", "rule", "due_at", "mentor", "subject", "lands"} == set(ahead[0])
    assert "agenda/ana/later" in [one["key"] for one in ahead]
    assert [one["due_at"] for one in ahead] == sorted(one["due_at"] for one in ahead)
    assert digest(told.state) == before
    assert (told.mail.messages("INBOX"), told.mail.messages("Drafts")) == mails


def test_rehearse_before_the_first_start_leaves_no_store_behind(light_world: World) -> None:
    world = light_world
    world.meet("first", datetime.now(UTC) + timedelta(days=5))
    (world.state / "config.toml").write_text(world.config())
    ahead = told_json(world, "rehearse")
    assert "agenda/ana/first" in [one["key"] for one in ahead]
    assert not (world.state / "mentorup.db").exists()


def test_t6_reminders_are_rehearsed_where_a_calendar_is_named_for_them(light_world: World) -> None:
    world = light_world
    reminders = world.dav.make_calendar("Reminders")
    world.changes = {"caldav": {"reminders_calendar": reminders}, "owner": {"working_hours": "00:00-24:00"}}
    world.now = datetime.now(UTC).replace(microsecond=0)
    world.meet("first", world.now + timedelta(days=10))
    (world.state / "config.toml").write_text(world.config())
    ahead = {one["key"]: one for one in told_json(world, "rehearse") if one["lands"] == "calendar"}
    assert {"reminder/ana/first/prepare", "reminder/ana/first/thank"} <= set(ahead)
    assert ahead["reminder/ana/first/prepare"]["subject"].startswith("Questions for Ana: ")
    assert ".ics" not in world.dav.request("PROPFIND", reminders, headers={"Depth": "1"})[1]
    world.tend()
    facts = told_json(world, "why", "reminder/ana/first/prepare")
    assert facts["rule"] == "reminder"
    assert facts["reason"].startswith("You meet Ana Ortiz on ")


def test_why_tells_the_rule_and_the_meeting_of_a_key(told: World) -> None:
    facts = told_json(told, "why", "agenda/ana/first")
    assert facts["rule"] == "agenda"
    assert facts["outcome"] == "delivered"
    assert facts["meeting"]["title"] == "Ana Ortiz"
    people = " ".join(run(told, "why", "agenda/ana/first").stdout.split())
    assert "known by its attendee" in people
    assert "Meeting(" not in people
    unknown = run(told, "why", "agenda/ana/nothing")
    assert unknown.returncode == 1
    assert "rehearse" in unknown.stderr


def test_why_tells_the_records_behind_it_and_when_the_next_one_comes(told: World) -> None:
    told_json(told, "topics", "add", "K award: this cycle or next?", "--mentor", "ana")
    told_json(told, "actions", "add", "send the abstract", "--mentor", "ana")
    facts = told_json(told, "why", "agenda/ana/first")
    assert [one["text"] for one in facts["records"]] == [
        "K award: this cycle or next? (to discuss)",
        "send the abstract (your promise)",
        "Slow down. (no plan yet)",
    ]
    assert facts["comes_at"] is None  # it has been written
    coming = told_json(told, "why", "thank_you/ana/first/draft")
    assert datetime.fromisoformat(coming["comes_at"]) >= datetime.fromisoformat(coming["due_at"])
    people = run(told, "why", "thank_you/ana/first/draft").stdout
    assert "send the abstract" in people


def test_rehearse_names_each_day_once_and_nothing_in_the_past(light_world: World) -> None:
    world = light_world
    world.changes = {"owner": {"working_hours": "00:00-24:00"}}
    world.meet("first", datetime.now(UTC) + timedelta(hours=30))
    (world.state / "config.toml").write_text(world.config())
    yesterday = f"{datetime.now(ZONE) - timedelta(days=1):%a %d %b}"
    lines = run(world, "rehearse", "--days", "1").stdout.splitlines()
    days = [found.group() for line in lines if (found := re.match(r"\w{3} \d\d \w{3}", line))]
    assert sorted(set(days)) == sorted(days)
    assert yesterday not in days
    assert len([line for line in lines if "Ana" in line]) > len(days)


def test_records_are_added_changed_and_listed(told: World) -> None:
    topic = told_json(told, "topics", "add", "K award: this cycle or next? (decision, 15 min)", "--mentor", "ana")
    assert (topic["wants"], topic["minutes"], topic["mentor"]) == ("decision", 15, "ana")
    assert told_json(told, "topics", "edit", str(topic["id"]), "--priority", "1")["priority"] == 1
    action = told_json(
        told, "actions", "add", "Introduce me to Kim", "--mentor", "ana", "--theirs", "--by", "2026-12-11"
    )
    assert (action["owner"], action["due"]) == ("ana", "2026-12-11")
    assert told_json(told, "actions", "done", str(action["id"]))["state"] == "done"
    assert told_json(told, "actions") == []
    assert len(told_json(told, "actions", "list", "--all")) == 1
    goal = told_json(told, "goals", "add", "Submit the K award", "--by", "2027-02-12")
    assert [one["id"] for one in told_json(told, "goals")] == [goal["id"]]
    assert len({topic["id"], action["id"], goal["id"]}) == 3
    wrong = run(told, "topics", "add", "x", "--mentor", "kim")
    assert wrong.returncode == 1
    assert "ana, ben" in wrong.stderr


def test_feedback_is_exported_in_every_form(told: World) -> None:
    assert "> Slow down." in run(told, "feedback", "export").stdout
    assert run(told, "feedback", "export", "--format", "csv").stdout.startswith("id,mentor,")
    [item] = json.loads(run(told, "feedback", "export", "--format", "json").stdout)
    assert item["text"] == "Slow down."


def test_no_config_is_told_with_what_to_do(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mentorup_daemon", "status"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 78
    assert "mentorup init" in done.stderr
