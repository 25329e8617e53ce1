"""A calendar from a seed: as many events as one asks for, the same ones each time.

It looks like that of somebody who has kept one for years. A third of the events recur, every week, month or quarter,
some of them for ever, some with moved and skipped instances; they lie in several zones, a few are all-day or floating.
One in four hundred is a mentoring meeting, by attendee, once or every month or two weeks, as people meet their mentors;
the others have attendees too, whom nobody knows.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

SEED = 20261130
NOW = datetime(2026, 11, 30, 9, 0, tzinfo=ZoneInfo("America/Los_Angeles"))
OWNER = "sam@example.org"
MENTORS = {f"mentor{number}": f"mentor{number}@example.net" for number in range(6)}
_ZONES = ("America/Los_Angeles", "America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Sydney")
_RULES = ("FREQ=WEEKLY", "FREQ=WEEKLY;INTERVAL=2", "FREQ=MONTHLY;BYDAY=2TU", "FREQ=MONTHLY;INTERVAL=3", "FREQ=DAILY")
_MENTORING_RULES = ("FREQ=MONTHLY;BYDAY=2TU", "FREQ=MONTHLY;INTERVAL=3", "FREQ=WEEKLY;INTERVAL=2")
_WORDS = "budget review sync planning dentist lunch seminar journal club lab visit call train demo retro hiring".split()


def calendar(number: int, *, seed: int = SEED) -> Iterator[tuple[str, str]]:
    """(name, iCalendar text) of `number` events, each a resource of its own."""
    chance = random.Random(seed)
    for index in range(number):
        yield f"event-{index:05}", _event(index, chance)


def meeting(name: str, start: datetime, revision: int = 0) -> str:
    """One mentoring meeting of 45 minutes at `start`."""
    utc = start.astimezone(UTC)
    lines = [
        *_HEAD,
        "BEGIN:VEVENT",
        f"UID:{name}@bench",
        f"SEQUENCE:{revision}",
        "DTSTAMP:20261101T000000Z",
        f"DTSTART:{utc:%Y%m%dT%H%M%SZ}",
        f"DTEND:{utc + timedelta(minutes=45):%Y%m%dT%H%M%SZ}",
        "SUMMARY:Talk with Mentor 0",
        *_people(MENTORS["mentor0"]),
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "\r\n".join(lines) + "\r\n"


_HEAD = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//bench//EN")


def _event(index: int, chance: random.Random) -> str:
    zone = chance.choice(_ZONES)
    start = (NOW + timedelta(days=chance.randint(-6 * 365, 365))).replace(
        hour=chance.randint(7, 18), minute=chance.choice((0, 15, 30)), tzinfo=None
    )
    mentoring = index % 400 == 7
    attendee = chance.choice(list(MENTORS.values())) if mentoring else f"guest{chance.randint(0, 400)}@example.com"
    facts = [
        f"UID:{index:05}-{chance.getrandbits(64):016x}@bench",
        "DTSTAMP:20261101T000000Z",
        f"SUMMARY:{chance.choice(_WORDS)} {chance.choice(_WORDS)} {index}",
        f"LOCATION:Room {chance.randint(1, 400)}",
        f"DESCRIPTION:{' '.join(chance.choice(_WORDS) for _ in range(chance.randint(5, 60)))}",
        *_people(attendee),
    ]
    facts = [line for fact in facts for line in _folded(fact)]
    components = ["BEGIN:VEVENT", *_when(start, zone, index), *facts]
    if index % 3:
        return "\r\n".join((*_HEAD, *_zone(zone), *components, "END:VEVENT", "END:VCALENDAR", ""))
    rule = chance.choice(_MENTORING_RULES if mentoring else _RULES)
    count = chance.choice(("", "", f";COUNT={chance.randint(10, 200)}"))
    components += [f"RRULE:{rule}{count}"]
    weeks = [chance.randint(1, 150) for _ in range(chance.randint(0, 3))] if rule == "FREQ=WEEKLY" else []
    if weeks:
        skipped = start + timedelta(weeks=151)
        components += [f"EXDATE;TZID={zone}:{skipped:%Y%m%dT%H%M%S}"]
    components += ["END:VEVENT"]
    for week in dict.fromkeys(weeks):
        instance = start + timedelta(weeks=week)
        components += [
            "BEGIN:VEVENT",
            f"RECURRENCE-ID;TZID={zone}:{instance:%Y%m%dT%H%M%S}",
            *_when(instance + timedelta(hours=chance.choice((-1, 1, 24))), zone, index=1),
            *facts,
            "END:VEVENT",
        ]
    return "\r\n".join((*_HEAD, *_zone(zone), *components, "END:VCALENDAR", ""))


def _when(start: datetime, zone: str, index: int) -> tuple[str, str]:
    """Most with a zone, some floating, some all day; only those that don't recur are other than with a zone."""
    end = start + timedelta(minutes=45)
    if index % 50 == 10 and index % 3:
        return f"DTSTART:{start:%Y%m%dT%H%M%S}", f"DTEND:{end:%Y%m%dT%H%M%S}"
    if index % 50 == 20 and index % 3:
        return f"DTSTART;VALUE=DATE:{start:%Y%m%d}", f"DTEND;VALUE=DATE:{start + timedelta(days=1):%Y%m%d}"
    return f"DTSTART;TZID={zone}:{start:%Y%m%dT%H%M%S}", f"DTEND;TZID={zone}:{end:%Y%m%dT%H%M%S}"


def _people(attendee: str) -> tuple[str, ...]:
    return (
        f"ORGANIZER:mailto:{OWNER}",
        f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{OWNER}",
        f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{attendee}",
    )


_DAYLIGHT = {  # zone: (standard offset, daylight offset, daylight begins, daylight ends)
    "America/Los_Angeles": ("-0800", "-0700", ("03", "2SU"), ("11", "1SU")),
    "America/New_York": ("-0500", "-0400", ("03", "2SU"), ("11", "1SU")),
    "Europe/Berlin": ("+0100", "+0200", ("03", "-1SU"), ("10", "-1SU")),
    "Australia/Sydney": ("+1000", "+1100", ("10", "1SU"), ("04", "1SU")),
}


def _zone(zone: str) -> list[str]:
    """The VTIMEZONE that programs put beside an event."""
    lines = ["BEGIN:VTIMEZONE", f"TZID:{zone}"]
    if zone not in _DAYLIGHT:
        return [*lines, *_observance("STANDARD", "+0530", "+0530", None), "END:VTIMEZONE"]
    standard, daylight, begins, ends = _DAYLIGHT[zone]
    lines += _observance("DAYLIGHT", standard, daylight, begins)
    lines += _observance("STANDARD", daylight, standard, ends)
    return [*lines, "END:VTIMEZONE"]


def _observance(kind: str, before: str, after: str, yearly: tuple[str, str] | None) -> list[str]:
    rule = [f"RRULE:FREQ=YEARLY;BYMONTH={int(yearly[0])};BYDAY={yearly[1]}"] if yearly else []
    start = "DTSTART:20070311T020000" if yearly else "DTSTART:19700101T000000"
    return [f"BEGIN:{kind}", f"TZOFFSETFROM:{before}", f"TZOFFSETTO:{after}", start, *rule, f"END:{kind}"]


def _folded(line: str) -> list[str]:
    """RFC 5545 3.1: no line longer than 75 octets."""
    return [line[:75]] + [f" {line[start : start + 74]}" for start in range(75, len(line), 74)]
