"""Calendars as short texts, and what comes out of them as short rows."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from mentorup_daemon.events import Expansion, expand
from mentorup_daemon.records import Occurrence

BERLIN = ZoneInfo("Europe/Berlin")


def calendar(*events: str, head: str = "") -> str:
    """A calendar of events given by their lines; `UID:a` stands for those that name none."""
    bodies = []
    for event in events:
        lines = "\n".join(line.strip() for line in event.strip().splitlines())
        uid = "" if "UID:" in lines else "UID:a\n"
        bodies.append(f"BEGIN:VEVENT\n{uid}{lines}\nEND:VEVENT\n")
    return f"BEGIN:VCALENDAR\nVERSION:2.0\n{head}{''.join(bodies)}END:VCALENDAR\n"


def expanded(
    text: str | bytes,
    start: str = "2026-01-01",
    end: str = "2027-01-01",
    zone: ZoneInfo = BERLIN,
    us: Collection[str] = (),
) -> Expansion:
    return expand(text, zone=zone, start=instant(start), end=instant(end), owner_addresses=us)


def instant(text: str) -> datetime:
    when = datetime.fromisoformat(text)
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def sound(text: str | bytes, start: str = "2026-01-01", end: str = "2027-01-01", **options) -> list[Occurrence]:
    """The occurrences of a text in which nothing is wrong."""
    found = expanded(text, start, end, **options)
    assert found.faults == ()
    return list(found.occurrences)


def starts(text: str | bytes, start: str = "2026-01-01", end: str = "2027-01-01", **options) -> list[str]:
    """Local starts with offset, as `2026-03-02T15:00+01:00`."""
    return [occurrence.start.isoformat(timespec="minutes") for occurrence in sound(text, start, end, **options)]


def rows(text: str | bytes, start: str = "2026-01-01", end: str = "2027-01-01", **options) -> list[tuple[str, ...]]:
    """(recurrence_id, start, end) of each occurrence."""
    return [
        (found.recurrence_id, found.start.isoformat(timespec="minutes"), found.end.isoformat(timespec="minutes"))
        for found in sound(text, start, end, **options)
    ]
