"""`mentorup explain FILE.ics`: when each occurrence begins and ends, how it stands, and why it counts as a meeting."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mentorup_daemon.cli import app

CONFIG = """
[owner]
name = "Sam Rivera"
email = "sam@example.org"
timezone = "America/Los_Angeles"
[imap]
host = "imap.example.org"
username = "sam@example.org"
password = { env = "UNUSED" }
[[feeds]]
url = "https://example.org/sam.ics"
[[mentors]]
id = "ana"
name = "Ana Ortiz"
emails = ["ana@example.org"]
"""
WITH_ANA = "ATTENDEE:mailto:ana@example.org"

# What the event says, and each occurrence as start, end, status, what it is recognised by.
TABLE = {
    "at a time of a zone": (
        f"DTSTART;TZID=Europe/Berlin:20261203T150000\nDTEND;TZID=Europe/Berlin:20261203T154500\n{WITH_ANA}",
        [("2026-12-03T15:00:00+01:00", "2026-12-03T15:45:00+01:00", "confirmed", "attendee")],
    ),
    "all day": (
        f"DTSTART;VALUE=DATE:20261203\n{WITH_ANA}",
        [("2026-12-03", "2026-12-04", "confirmed", "attendee")],
    ),
    "all day, several days": (
        f"DTSTART;VALUE=DATE:20261203\nDTEND;VALUE=DATE:20261206\n{WITH_ANA}",
        [("2026-12-03", "2026-12-06", "confirmed", "attendee")],
    ),
    "floating: the owner's time": (
        f"DTSTART:20261203T140000\nDURATION:PT45M\n{WITH_ANA}",
        [("2026-12-03T14:00:00-08:00", "2026-12-03T14:45:00-08:00", "confirmed", "attendee")],
    ),
    "an unknown zone: the owner's time": (
        f"DTSTART;TZID=Mars/Olympus:20261203T140000\nDURATION:PT45M\n{WITH_ANA}",
        [("2026-12-03T14:00:00-08:00", "2026-12-03T14:45:00-08:00", "confirmed", "attendee")],
    ),
    "a zone by its Windows name": (
        f"DTSTART;TZID=W. Europe Standard Time:20261203T150000\nDURATION:PT45M\n{WITH_ANA}",
        [("2026-12-03T15:00:00+01:00", "2026-12-03T15:45:00+01:00", "confirmed", "attendee")],
    ),
    "several days": (
        f"DTSTART:20261203T170000Z\nDTEND:20261206T010000Z\nCATEGORIES:mentoring\n{WITH_ANA}",
        [("2026-12-03T17:00:00+00:00", "2026-12-06T01:00:00+00:00", "confirmed", "attendee")],
    ),
    "across midnight, every week": (
        f"DTSTART;TZID=America/Los_Angeles:20261203T233000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=2\n{WITH_ANA}",
        [
            ("2026-12-03T23:30:00-08:00", "2026-12-04T00:30:00-08:00", "confirmed", "attendee"),
            ("2026-12-10T23:30:00-08:00", "2026-12-11T00:30:00-08:00", "confirmed", "attendee"),
        ],
    ),
    "across the night that loses an hour": (
        f"DTSTART;TZID=America/Los_Angeles:20270313T233000\nDTEND;TZID=America/Los_Angeles:20270314T033000\n{WITH_ANA}",
        [("2027-03-13T23:30:00-08:00", "2027-03-14T03:30:00-07:00", "confirmed", "attendee")],
    ),
    "at two in the afternoon over both changes": (
        f"DTSTART;TZID=America/Los_Angeles:20261027T140000\nDURATION:PT45M\nRRULE:FREQ=WEEKLY;INTERVAL=10;COUNT=3\n{WITH_ANA}",
        [
            ("2026-10-27T14:00:00-07:00", "2026-10-27T14:45:00-07:00", "confirmed", "attendee"),
            ("2027-01-05T14:00:00-08:00", "2027-01-05T14:45:00-08:00", "confirmed", "attendee"),
            ("2027-03-16T14:00:00-07:00", "2027-03-16T14:45:00-07:00", "confirmed", "attendee"),
        ],
    ),
    "at the very start of the window": (
        f"DTSTART:20261001T070000Z\nDURATION:PT45M\n{WITH_ANA}",
        [("2026-10-01T07:00:00+00:00", "2026-10-01T07:45:00+00:00", "confirmed", "attendee")],
    ),
    "cancelled": (
        f"DTSTART:20261203T220000Z\nDURATION:PT45M\nSTATUS:CANCELLED\n{WITH_ANA}",
        [("2026-12-03T22:00:00+00:00", "2026-12-03T22:45:00+00:00", "cancelled", "attendee")],
    ),
    "tentative": (
        f"DTSTART:20261203T220000Z\nDURATION:PT45M\nSTATUS:TENTATIVE\n{WITH_ANA}",
        [("2026-12-03T22:00:00+00:00", "2026-12-03T22:45:00+00:00", "tentative", "attendee")],
    ),
    "declined by the owner": (
        f"DTSTART:20261203T220000Z\nDURATION:PT45M\nATTENDEE;PARTSTAT=DECLINED:mailto:sam@example.org\n{WITH_ANA}",
        [("2026-12-03T22:00:00+00:00", "2026-12-03T22:45:00+00:00", "declined", "attendee")],
    ),
    "by its category": (
        "DTSTART:20261203T220000Z\nDURATION:PT45M\nSUMMARY:Ana\nCATEGORIES:Mentoring",
        [("2026-12-03T22:00:00+00:00", "2026-12-03T22:45:00+00:00", "confirmed", "category")],
    ),
    "by its title": (
        "DTSTART:20261203T220000Z\nDURATION:PT45M\nSUMMARY:Mentoring with Ana",
        [("2026-12-03T22:00:00+00:00", "2026-12-03T22:45:00+00:00", "confirmed", "title")],
    ),
    "no meeting of ours": (
        "DTSTART:20261203T220000Z\nDURATION:PT45M\nSUMMARY:Dentist",
        [("2026-12-03T22:00:00+00:00", "2026-12-03T22:45:00+00:00", "confirmed", None)],
    ),
}


@pytest.mark.parametrize(("event", "expected"), TABLE.values(), ids=TABLE.keys())
def test_d07_d08_d11_each_occurrence_with_its_times_its_status_and_why_it_counts(
    tmp_path: Path, event: str, expected: list[tuple[str, str, str, str | None]]
) -> None:
    config, calendar = tmp_path / "config.toml", tmp_path / "sam.ics"
    config.write_text(CONFIG)
    calendar.write_text(f"BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:m\n{event}\nEND:VEVENT\nEND:VCALENDAR\n")
    window = ("--from", "2026-10-01", "--to", "2027-04-01")
    done = CliRunner().invoke(app, ["explain", str(calendar), "--json", *window, "--config", str(config)])
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert [(one["start"], one["end"], one["status"], one["recognised_by"]) for one in found] == expected
    assert {one["mentor"] for one in found} == ({"ana"} if expected[0][3] else {None})
