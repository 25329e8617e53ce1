"""The people of Sam's 2027, as the config names them, and the calendar at the start of the year."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from tests.servers.world import ZONE

ANA, RUTH, BEN = "ana@example.org", "ruth@example.net", "ben@example.net"
MIA, OTTO, KIM = "mia@example.org", "otto@example.com", "kim@example.com"

PEOPLE: list[dict[str, object]] = [
    {
        "id": "ana",
        "name": "Ana Ortiz",
        "emails": [ANA],
        "support": ["research advisor", "sponsor"],
        "distance": "senior",
        "cadence": "7d",
    },
    {
        "id": "ruth",
        "name": "Ruth Adeyemi",
        "emails": [RUTH],
        "support": ["coach"],
        "distance": "senior",
        "cadence": "90d",
        "channel": "video",
        "timezone": "Europe/London",
    },
    {
        "id": "ben",
        "name": "Ben Lindqvist",
        "emails": [BEN],
        "support": ["confidante"],
        "distance": "peer",
        "cadence": "60d",
    },
    {
        "id": "otto",
        "name": "Otto Brandt",
        "emails": [OTTO],
        "support": ["advocate"],
        "distance": "step-ahead",
        "cadence": "60d",
    },
    {"id": "mia", "name": "Mia Park", "emails": [MIA], "role": "mentee"},
]
"""Kim Lee, the sixth, is a candidate who turns up in the course of the year."""


def at(month: int, day: int, hour: int = 9, minute: int = 0, *, year: int = 2027, zone: ZoneInfo = ZONE) -> datetime:
    """A moment of 2027 on Sam's clock."""
    return datetime(year, month, day, hour, minute, tzinfo=zone)


def series(uid: str, title: str, address: str, first: datetime, minutes: int, rule: str, extra: str = "") -> str:
    """A recurring meeting at a wall-clock time of Sam's zone, as a calendar program writes it; `rule` may be ""."""
    local = "%Y%m%dT%H%M%S"
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Sam//EN",
        "BEGIN:VTIMEZONE",
        f"TZID:{ZONE.key}",
        "BEGIN:STANDARD",
        "DTSTART:20071104T020000",
        "TZOFFSETFROM:-0700",
        "TZOFFSETTO:-0800",
        "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU",
        "END:STANDARD",
        "BEGIN:DAYLIGHT",
        "DTSTART:20070311T020000",
        "TZOFFSETFROM:-0800",
        "TZOFFSETTO:-0700",
        "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU",
        "END:DAYLIGHT",
        "END:VTIMEZONE",
        *_event(uid, title, address, f"{first:{local}}", minutes, [f"RRULE:{rule}"] if rule else [], extra),
        "END:VCALENDAR",
    ]
    return "\r\n".join(lines) + "\r\n"


def _event(
    uid: str, title: str, address: str, start: str, minutes: int, recurrence: list[str], extra: str
) -> list[str]:
    return [
        "BEGIN:VEVENT",
        f"UID:{uid}",
        "DTSTAMP:20270101T000000Z",
        f"DTSTART;TZID={ZONE.key}:{start}",
        f"DURATION:PT{minutes}M",
        f"SUMMARY:{title}",
        "ORGANIZER:mailto:sam@example.org",
        "ATTENDEE;PARTSTAT=ACCEPTED:mailto:sam@example.org",
        f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{address}",
        *recurrence,
        *extra.split(),
        "END:VEVENT",
    ]


def moved(text: str, uid: str, title: str, address: str, slot: datetime, start: datetime, minutes: int) -> str:
    """The series with one occurrence moved to another time (RFC 5545 3.8.4.4)."""
    one = _event(
        uid,
        title,
        address,
        f"{start:%Y%m%dT%H%M%S}",
        minutes,
        [f"RECURRENCE-ID;TZID={ZONE.key}:{slot:%Y%m%dT%H%M%S}"],
        "",
    )
    return text.replace("END:VCALENDAR", "\r\n".join([*one, "END:VCALENDAR"]))
