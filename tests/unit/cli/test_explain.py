"""`mentorup explain`: mails, folders and calendars, without an account."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mentorup_daemon.cli import app
from tests.unit.replies.mails import FOLDER, raw_mail

FIELDS = ["path", "kind", "reason", "from", "mentor", "visible_text", "commands", "action_items", "tags"]
CONFIG = """
[owner]
name = "Sam Rivera"
email = "sam@example.org"
timezone = "America/Los_Angeles"
[imap]
host = "imap.example.org"
username = "sam@example.org"
password = { env = "UNUSED" }
trusted_authserv_id = "mx.example.org"
[[feeds]]
url = "https://example.org/sam.ics"
[[mentors]]
id = "ana"
name = "Ana Ortiz"
emails = ["ana@example.org"]
"""
CALENDAR = b"""BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
UID:weekly
DTSTART;TZID=America/Los_Angeles:20261203T140000
DTEND;TZID=America/Los_Angeles:20261203T144500
SUMMARY:Ana
ATTENDEE:mailto:ana@example.org
RRULE:FREQ=WEEKLY;COUNT=3
END:VEVENT
BEGIN:VEVENT
UID:broken
SUMMARY:No start
END:VEVENT
BEGIN:VEVENT
UID:day
DTSTART;VALUE=DATE:20261204
SUMMARY:Holiday
END:VEVENT
END:VCALENDAR
"""


@pytest.fixture(autouse=True)
def _no_config(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MENTORUP_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    return path


@pytest.fixture
def calendar(tmp_path: Path) -> Path:
    path = tmp_path / "sam.ics"
    path.write_bytes(CALENDAR)
    return path


def explain(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["explain", *map(str, arguments)])


def test_one_object_a_path_in_order_with_the_fields_of_the_contract(config: Path) -> None:
    names = ["owner-reply", "mentor-untagged", "forward-gmail", "list", "mentor-reply"]
    done = explain(*(FOLDER / f"{name}.eml" for name in names), "--json", "--config", config)
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert all(list(one) == FIELDS for one in found)
    assert [Path(one["path"]).stem for one in found] == names
    assert [one["kind"] for one in found] == ["command", "ignored", "feedback", "ignored", "reply"]
    assert [one["mentor"] for one in found] == [None, "ana", "ana", "ana", "ana"]
    assert [command["name"] for command in found[0]["commands"]] == ["ADD", "DONE", "DONE", "I PROMISED"]
    assert found[2]["tags"] == ["plus_address"]
    assert found[4]["from"] == "ana@example.org"


def test_without_a_config_the_defaults_apply() -> None:
    done = explain(FOLDER / "tagged-by-subject.eml", FOLDER / "owner-reply.eml", "--json")
    assert done.exit_code == 0
    tagged, reply = json.loads(done.stdout)
    assert (tagged["kind"], tagged["mentor"], tagged["tags"]) == ("feedback", None, ["subject"])
    assert (reply["kind"], reply["commands"]) == ("ignored", [])
    assert reply["visible_text"].startswith("Add K award")


def test_the_trusted_server_of_the_config_is_asked(config: Path) -> None:
    done = explain(FOLDER / "owner-forged-own-results.eml", "--json", "--config", config)
    assert json.loads(done.stdout)[0]["kind"] == "ignored"


def test_folders_and_maildirs_give_every_mail(tmp_path: Path) -> None:
    maildir = tmp_path / "mail"
    for folder in ("new", "cur", "tmp", ".Sent/cur"):
        (maildir / folder).mkdir(parents=True)
        (maildir / folder / "1764000000.M1.host:2,S").write_bytes(raw_mail("mentor-untagged"))
    (maildir / "dovecot.index").write_bytes(b"no mail")
    (maildir / "saved.eml").write_bytes(raw_mail("tagged-by-subject"))
    found = json.loads(explain(maildir, "--json").stdout)
    assert [Path(one["path"]).parent.name for one in found] == ["cur", "cur", "new", "mail"]


def test_a_file_that_cannot_be_read_says_so_and_the_others_are_explained(tmp_path: Path) -> None:
    done = explain(tmp_path / "missing.eml", FOLDER / "mentor-untagged.eml", "--json")
    assert done.exit_code == 1
    missing, other = json.loads(done.stdout)
    assert list(missing) == FIELDS
    assert missing["kind"] == "ignored"
    assert "No such file" in missing["reason"]
    assert other["visible_text"] == "Lunch on Friday?"


def test_i18_a_poison_mail_is_explained_too(tmp_path: Path) -> None:
    path = tmp_path / "poison.eml"
    path.write_bytes(b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 5_000)
    done = explain(path, "--json")
    assert done.exit_code == 0
    assert "more than 1,000 parts" in json.loads(done.stdout)[0]["reason"]


def test_occurrences_in_order_of_start_and_faults_on_standard_error(calendar: Path, config: Path) -> None:
    done = explain(calendar, "--from", "2026-12-03", "--to", "2026-12-17", "--json", "--config", config)
    assert done.exit_code == 0
    assert json.loads(done.stdout) == [
        {
            "uid": "weekly",
            "recurrence_id": "20261203T220000Z",
            "start": "2026-12-03T14:00:00-08:00",
            "end": "2026-12-03T14:45:00-08:00",
            "status": "confirmed",
            "recognised_by": "attendee",
            "mentor": "ana",
        },
        {
            "uid": "day",
            "recurrence_id": None,
            "start": "2026-12-04",
            "end": "2026-12-05",
            "status": "confirmed",
            "recognised_by": None,
            "mentor": None,
        },
        {
            "uid": "weekly",
            "recurrence_id": "20261210T220000Z",
            "start": "2026-12-10T14:00:00-08:00",
            "end": "2026-12-10T14:45:00-08:00",
            "status": "confirmed",
            "recognised_by": "attendee",
            "mentor": "ana",
        },
    ]
    (error,) = json.loads(done.stderr)["errors"]
    assert "broken" in error["component"]
    assert error["reason"]


@pytest.mark.parametrize(
    ("start", "end", "count"),
    [
        ("2026-12-03T22:00:00Z", "2026-12-10T22:00:00Z", 2),  # from inclusive, to exclusive
        ("2026-12-03T22:00:01Z", "2026-12-10T22:00:01Z", 2),
        ("2026-12-05", "2026-12-06", 0),
    ],
)
def test_the_window_takes_dates_and_times(calendar: Path, start: str, end: str, count: int) -> None:
    done = explain(calendar, "--from", start, "--to", end, "--json")
    assert len(json.loads(done.stdout)) == count


def test_dates_without_an_offset_are_the_owners(calendar: Path, config: Path) -> None:
    window = ("--from", "2026-12-03T14:00", "--to", "2026-12-03T14:01", "--json")
    assert len(json.loads(explain(calendar, *window, "--config", config).stdout)) == 1
    assert json.loads(explain(calendar, *window).stdout) == []  # UTC without a config


@pytest.mark.parametrize(
    "options", [("--from", "soon"), ("--to", "2026-13-01"), ("--from", "2026-12-02", "--to", "2026-12-01")]
)
def test_a_window_that_is_none_is_a_fault_in_usage(calendar: Path, options: tuple[str, ...]) -> None:
    assert explain(calendar, *options).exit_code == 2


def test_a_config_that_is_named_and_missing_or_wrong_is_an_error(tmp_path: Path) -> None:
    mail = FOLDER / "mentor-untagged.eml"
    assert explain(mail, "--config", tmp_path / "none.toml").exit_code == 78
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("[owner]\nname = 3\n")
    assert explain(mail, "--config", wrong).exit_code == 78


def test_for_people_every_path_is_a_readable_block(config: Path, calendar: Path) -> None:
    done = explain(
        FOLDER / "owner-reply.eml", calendar, "--from", "2026-12-04", "--to", "2026-12-05", "--config", config
    )
    assert "kind: command" in done.stdout
    assert "I PROMISED to send aim 2" in done.stdout
    assert "    DONE 3\n    DONE 4\n" in done.stdout
    assert "uid: day" in done.stdout
