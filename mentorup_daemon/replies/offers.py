"""Action items as lines that the owner can send back: found in somebody's mail, so offered and never kept unasked.

What somebody asks becomes `I PROMISED ...`, what they promise themselves `THEY PROMISED ...`, with a day to come where
one was named. Every offer has been read by the reader of commands before it is made, so it means what it says.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from mentorup_daemon.replies.action_items import is_promise
from mentorup_daemon.replies.commands import parse_commands
from mentorup_daemon.replies.dates import NotADate, UnusableDate, read_date

MOST_OFFERS = 10
_LONGEST = 200  # characters; a longer one is read in the mail itself

_COURTESY = re.compile(
    r"(?i:^(?:and |so |also |then |but )?(?:please|kindly|(?:could|can|would|will) you)\b,?\s*"
    r"(?:(?:please|also|just|then|kindly|perhaps|maybe)\s+)*)"
)
_I_WILL = re.compile(
    r"^(?:and |so |then |but )?I(?:['’]ll| will| shall| can| promise to|['’]m going to| am going to)\s+", re.IGNORECASE
)
_BY = re.compile(r"[\s,]+(?:by|until|before)\s+", re.IGNORECASE)


def offers(
    items: Sequence[str], *, zone: ZoneInfo, written: datetime, now: datetime, by_owner: bool = False
) -> tuple[str, ...]:
    """`items` (of `action_items`) as lines of commands, at most ten. Their `by Friday` is seen from `written`.

    What the owner promises (`by_owner`) is the owner's.
    """
    found: dict[str, None] = {}
    for item in items:
        promised = is_promise(item)
        text, day = _dated((_I_WILL if promised else _COURTESY).sub("", item, count=1), zone, written, now)
        command = "THEY PROMISED" if promised and not by_owner else "I PROMISED"
        line = f"{command} {text} by {day.day} {day:%b %Y}" if day else f"{command} {text}"
        if text and len(text) <= _LONGEST and _means(line, text, zone, now):
            found.setdefault(line)
    return tuple(found)[:MOST_OFFERS]


def _dated(text: str, zone: ZoneInfo, written: datetime, now: datetime) -> tuple[str, datetime | None]:
    """The text without the day at its end, and that day where it is still to come."""
    text = text.strip().rstrip(".!?")
    last = next(reversed(list(_BY.finditer(text))), None)
    if last is None:
        return text, None
    try:
        day = read_date(text[last.end() :], zone=zone, now=written)
    except UnusableDate:
        return text[: last.start()], None
    except NotADate:
        return text, None
    return text[: last.start()], day if day.date() >= now.astimezone(zone).date() else None


def _means(line: str, text: str, zone: ZoneInfo, now: datetime) -> bool:
    """True when the line, sent back, is one command with this text."""
    read = parse_commands(line, zone=zone, now=now)
    return not read.note and [(one.text, one.problem) for one in read.commands] == [(text, "")]
