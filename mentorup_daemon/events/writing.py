"""A reminder as iCalendar text (RFC 5545), and a fingerprint of what a person could have changed in one.

What is written is one VEVENT (3.6.1) with one VALARM (3.6.6) that is shown: times in UTC or whole days, private, taking
up no time, with nobody invited, and with a property of ours by which our own entries are known wherever they turn up.
The fingerprint leaves out what servers and calendar programs add by themselves (stamps, sequence numbers, their own
properties, that an alarm was dismissed): anything else that differs is an edit, and an edited entry is the owner's.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, date, datetime, timedelta

from mentorup_daemon.errors import Malformed
from mentorup_daemon.events.component import MARK
from mentorup_daemon.events.lines import Line, content_line, unfolded

_PRODID = "-//MentorUp//MentorUp//EN"
_LENGTH = timedelta(minutes=15)
_OCTETS = 75  # of one line, without its line end (RFC 5545 3.1)
_UNTOLD = frozenset("CREATED DTSTAMP LAST-MODIFIED SEQUENCE ACKNOWLEDGED".split())
_IN_AN_ALARM = frozenset({"UID", "RELATED-TO"})  # given to alarms by programs that keep track of them (RFC 9074)
_LASTING = re.compile(r"([+-]?)P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_ESCAPED = {"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"}


def reminder_text(
    *, uid: str, kind: str, start: datetime | date, alarm_at: datetime, summary: str, description: str, now: datetime
) -> str:
    """The entry, with CRLF line ends. `start` is aware, or a day; `alarm_at` is aware and may lie before the day.

    A day's alarm is reckoned from midnight in the zone of `alarm_at`, for that is where calendar programs begin days.
    """
    if isinstance(start, datetime):
        begins, begin = start, [f"DTSTART:{_utc(start)}", f"DTEND:{_utc(start + _LENGTH)}"]
    else:
        begins = datetime(start.year, start.month, start.day, tzinfo=alarm_at.tzinfo)
        begin = [f"DTSTART;VALUE=DATE:{start:%Y%m%d}", f"DTEND;VALUE=DATE:{start + timedelta(days=1):%Y%m%d}"]
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:{_PRODID}",
        "BEGIN:VEVENT",
        f"UID:{_text(uid)}",
        f"DTSTAMP:{_utc(now)}",
        *begin,
        f"SUMMARY:{_text(summary)}",
        f"DESCRIPTION:{_text(description)}",
        "CLASS:PRIVATE",
        "TRANSP:TRANSPARENT",
        f"{MARK}:{_text(kind)}",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        f"TRIGGER:{_duration(alarm_at.astimezone(UTC) - begins.astimezone(UTC))}",
        f"DESCRIPTION:{_text(summary)}",
        "END:VALARM",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def reminder_digest(text: str) -> str:
    """SHA-256, hexadecimal, over all events in the text as far as a person could have changed them.

    The order of lines and of parameters doesn't count, nor how they are folded.
    """
    told: list[str] = []
    inside: list[str] = []
    for raw in unfolded(text).split("\n"):
        head = raw.strip().upper()
        if head.startswith("BEGIN:"):
            inside.append(head[6:])
        if "VEVENT" in inside:
            told += _told(raw.strip(), inside[-1])
        if head.startswith("END:") and inside:
            inside.pop()
    return hashlib.sha256(json.dumps(sorted(told)).encode()).hexdigest()


def _told(raw: str, component: str) -> list[str]:
    """The line in normal form, where it counts."""
    try:
        line = content_line(raw)
    except Malformed:
        return [f"{component} {raw}"] if raw else []
    if line.name in _UNTOLD or line.name.startswith("X-") or (component == "VALARM" and line.name in _IN_AN_ALARM):
        return []
    return [json.dumps([component, line.name, sorted(_params(line)), _value(line)])]


def _params(line: Line) -> list[tuple[str, str]]:
    """The parameters without those that only state the default."""
    default = {("TRIGGER", "VALUE", "DURATION"), ("TRIGGER", "RELATED", "START"), ("DTSTART", "VALUE", "DATE-TIME")}
    return [(name, value) for name, value in line.params.items() if (line.name, name, value.upper()) not in default]


def _value(line: Line) -> str:
    """The value, escapes undone, a duration in seconds: P0D, PT0S and -PT0M are one."""
    if line.name == "TRIGGER":
        parts = _LASTING.fullmatch(line.value.strip())
        if parts:
            weeks, days, hours, minutes, seconds = (int(part or 0) for part in parts.groups()[1:])
            whole = ((weeks * 7 + days) * 24 + hours) * 3600 + minutes * 60 + seconds
            return str(-whole if parts[1] == "-" else whole)
    return line.text


def _text(value: str) -> str:
    """TEXT (RFC 5545 3.3.11): CR and all other controls but the line break are taken out."""
    clean = "".join(char for char in value if char == "\n" or char.isprintable())
    return "".join(_ESCAPED.get(char, char) for char in clean)


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _duration(length: timedelta) -> str:
    """DURATION (RFC 5545 3.3.6) in hours and minutes."""
    minutes = round(abs(length) / timedelta(minutes=1))
    sign = "-" if length < timedelta() and minutes else ""
    hours, rest = divmod(minutes, 60)
    told = f"{hours}H" * bool(hours) + f"{rest}M" * bool(rest)
    return f"{sign}PT{told or '0S'}"


def _folded(line: str) -> str:
    """The line in pieces of 75 octets at most, never cutting a character (RFC 5545 3.1)."""
    pieces, piece, size = [], "", 0
    for char in line:
        octets = len(char.encode("utf-8", "replace"))
        if size + octets > _OCTETS:
            pieces.append(piece)
            piece, size = "", 1  # the blank that begins what is folded
        piece += char
        size += octets
    return "\r\n ".join((*pieces, piece))
