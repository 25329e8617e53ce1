"""A calendar's text and a window -> the occurrences in it, and what could not be used (RFC 5545).

Promise: an occurrence is in when `start <= occurrence.start < end`; a broken component costs itself and is told as a
`Fault`; only a text that is no calendar at all raises. How a series fills the window is said in series.py, how one
event is read in component.py, what a zone's name means in zones.py.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from mentorup_daemon.errors import Malformed
from mentorup_daemon.events.component import Event, Fault, read_event
from mentorup_daemon.events.lines import calendars
from mentorup_daemon.events.properties import name_of
from mentorup_daemon.events.series import Series
from mentorup_daemon.events.zones import CalendarZones
from mentorup_daemon.records import Occurrence


@dataclass(frozen=True, slots=True)
class Expansion:
    """What a text holds in a window: occurrences in order of (start, uid, recurrence_id), and what was left out."""

    occurrences: tuple[Occurrence, ...]
    faults: tuple[Fault, ...]


def expand(
    text: str | bytes, *, zone: ZoneInfo, start: datetime, end: datetime, owner_addresses: Collection[str] = ()
) -> Expansion:
    """Every occurrence of every VEVENT in the text with `start` <= its start < `end` (both aware).

    `zone` is the owner's: floating times and all-day events are read in it, and unknown zones, with a note.
    Raises `Malformed` only when the text is no calendar at all.
    """
    faults: list[Fault] = []
    us = frozenset(address.lower() for address in owner_addresses)
    series: dict[str, list[Event]] = {}
    for calendar in calendars(text):
        zones = CalendarZones(calendar.zones, zone)
        faults.extend(
            Fault(name_of(lost), f"the text goes on or ends without END:{lost.name}") for lost in calendar.unfinished
        )
        for component in calendar.events:
            try:
                event = read_event(component, zones, zone, us, calendar.method)
            except Malformed as error:
                faults.append(Fault(name_of(component), str(error)))
                continue
            faults.extend(event.faults)
            series.setdefault(event.uid, []).append(event)
    found: list[Occurrence] = []
    low, high = _in_utc(start), _in_utc(end)
    for uid, events in series.items():
        one = Series(uid, events, zone, low, high)
        found.extend(one.occurrences())
        faults.extend(one.faults)
    found.sort(key=lambda occurrence: (occurrence.start.astimezone(UTC), occurrence.uid, occurrence.recurrence_id))
    return Expansion(tuple(found), tuple(faults))


def _in_utc(edge: datetime) -> datetime:
    """The edge of a window in UTC; one beyond the years 1 to 9999 there becomes their end."""
    try:
        return edge.astimezone(UTC)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC) if edge.year == 1 else datetime.max.replace(tzinfo=UTC)
