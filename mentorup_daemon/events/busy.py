"""When the owner is busy: every event of every calendar counts, not mentoring meetings alone (RFC 5545 3.6.4, 3.8.2.7).

Busy is what takes up time: confirmed or tentative, with or without people, whole days too. Free is what is transparent,
cancelled, or declined by the owner. Only texts that can reach into the window are expanded; what can't be read costs
itself. Of an event of more than a month the first month counts: that bounds what is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from mentorup_daemon.errors import Malformed
from mentorup_daemon.events.expansion import expand

_LONGEST = timedelta(days=31)
_MARGIN = timedelta(days=2)  # a date in the text is less than two days from the same date in UTC
_RECURS = re.compile(r"^(?:RRULE|RDATE)[;:]", re.MULTILINE | re.IGNORECASE)
_DATES = re.compile(r"^DT(?:START|END)[^:\n]*:(\d{8})", re.MULTILINE | re.IGNORECASE)


def busy(
    text: str, *, zone: ZoneInfo, start: datetime, end: datetime, owner_addresses: Collection[str] = ()
) -> list[tuple[datetime, datetime]]:
    """Beginning and end (aware) of what takes up time between `start` and `end`; [] for what can't be read."""
    if not _reaches(text, start, end):
        return []
    try:
        found = expand(text, zone=zone, start=start - _LONGEST, end=end, owner_addresses=owner_addresses).occurrences
    except Malformed:
        return []
    return [
        (one.start, one.end)
        for one in found
        if one.status in ("confirmed", "tentative")
        and not one.transparent
        and one.end.astimezone(UTC) > start.astimezone(UTC)
        and one.end > one.start
    ]


def _reaches(text: str, start: datetime, end: datetime) -> bool:
    """False when no event in the text can: none recurs, and all their dates lie before or after. Cheap."""
    if _RECURS.search(text):
        return True
    dates = _DATES.findall(text)
    low, high = (f"{edge:%Y%m%d}" for edge in (start - _LONGEST - _MARGIN, end + _MARGIN))
    return not dates or (max(dates) >= low and min(dates) <= high)
