"""TZID -> time zone (RFC 5545 3.2.19, 3.6.5).

What a name means is decided in this order: an IANA name (`Europe/Berlin`) by the time zone database, which knows more
than the excerpts that programs write into their files; a Windows name (`W. Europe Standard Time`) by Unicode's
table; a path that ends in an IANA name (`/freeassociation.sourceforge.net/Tzfile/Europe/Berlin`) by that name; any
other by the calendar's own VTIMEZONE; an offset (`UTC+02:00`) as such. Short names that the database also knows (EST,
CET) may be defined by the calendar, also where they end a path: `Greece/Turkey` of old Outlooks is no zone of Turkey.
What is left is read in the owner's zone, and the note says so.

X-WR-TIMEZONE is not looked at: it says what the publisher's calendar shows by default, no property of RFC 5545 refers
to it, and times in UTC or floating have a meaning of their own.

The hard thing is a VTIMEZONE: its observances are rules of recurrence, which may be as hostile as an event's. They are
worked out by recurrence.py within fixed years, and the zone keeps a plain list of transitions. Nothing is shared
between calendars: two may define one name differently.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

from mentorup_daemon.errors import Malformed
from mentorup_daemon.events.lines import Component, Line
from mentorup_daemon.events.recurrence import Steps, read_rule, slots
from mentorup_daemon.events.times import moment, periods

_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)(?::?(\d\d))?")
_NAMED_OFFSET = re.compile(r"(?:UTC|GMT|Z)?([+-])(\d{1,2}):?(\d\d)?", re.IGNORECASE)
_NO_PLACE = frozenset(
    {"localtime", "Factory", "posixrules"}
)  # whatever the machine is set to: no meaning in a calendar

_FIRST, _LAST = datetime(1950, 1, 1), datetime(2150, 1, 1)  # noqa: DTZ001 - local times of the zone defined


class DefinedZone(tzinfo):
    """A zone as a calendar defines it: offsets from UTC between transitions (PEP 495 fold honoured).

    `transitions` are (instant in UTC, naive; offset from then on; name), in order and at least one; `before` is the
    offset before the first.
    """

    def __init__(self, name: str, before: timedelta, transitions: list[tuple[datetime, timedelta, str]]) -> None:
        self._name = name
        self._before = before
        self._instants = [instant for instant, _, _ in transitions]
        self._offsets = [offset for _, offset, _ in transitions]
        self._names = [label for _, _, label in transitions]
        earlier = [before, *self._offsets]
        # The wall times at which a clock has changed for good: in a gap or an overlap fold decides which side counts.
        self._walls = (
            [
                at + max(pair)
                for at, pair in zip(self._instants, zip(earlier, self._offsets, strict=False), strict=True)
            ],
            [
                at + min(pair)
                for at, pair in zip(self._instants, zip(earlier, self._offsets, strict=False), strict=True)
            ],
        )

    def _index(self, when: datetime | None) -> int:
        if when is None:
            return len(self._offsets) - 1
        return bisect_right(self._walls[when.fold], when.replace(tzinfo=None, fold=0)) - 1

    def _offset(self, index: int) -> timedelta:
        return self._offsets[index] if index >= 0 else self._before

    def utcoffset(self, when: datetime | None) -> timedelta:
        """The offset from UTC at a local time."""
        return self._offset(self._index(when))

    def dst(self, when: datetime | None) -> None:  # noqa: ARG002 - the signature is that of tzinfo
        """Unknown: a VTIMEZONE doesn't say how much of the offset is summer time."""
        return

    def tzname(self, when: datetime | None) -> str:
        """The name that the calendar gives the observance, else the zone."""
        index = self._index(when)
        return (self._names[index] if index >= 0 else "") or self._name

    def fromutc(self, when: datetime) -> datetime:
        """The local time for an instant given in UTC under this zone's name (the contract of `tzinfo`)."""
        instant = when.replace(tzinfo=None)
        index = bisect_right(self._instants, instant) - 1
        offset = self._offset(index)
        repeated = index >= 0 and instant - self._instants[index] < self._offset(index - 1) - offset
        return (when + offset).replace(fold=1 if repeated else 0)

    def __repr__(self) -> str:
        return f"DefinedZone({self._name!r})"


class CalendarZones:
    """The zones that one calendar speaks of. `owner` is the owner's zone, the last resort."""

    def __init__(self, definitions: Iterable[Component], owner: ZoneInfo) -> None:
        self._owner = owner
        self._definitions: dict[str, Component] = {}
        for definition in definitions:
            try:
                line = definition.first("TZID")
            except Malformed:
                continue
            if line is not None:
                self._definitions.setdefault(_plain(line.value), definition)
        self._found: dict[str, tuple[tzinfo, str]] = {}

    def find(self, tzid: str) -> tuple[tzinfo, str]:
        """The zone, and a note for the owner ("" unless the owner's zone was taken for want of a better)."""
        name = _plain(tzid)
        if name not in self._found:
            zone = self._zone(name)
            note = (
                f"The calendar gives this time in the zone {name[:80]!r}, which is not known; "
                f"it was read as {self._owner.key}."
            )
            self._found[name] = (zone, "") if zone is not None else (self._owner, note)
        return self._found[name]

    def _zone(self, name: str) -> tzinfo | None:
        elsewhere = "/" not in name and name.upper() != "UTC"  # no name of a place, as IANA's are
        windows = _known(_windows().get(name.casefold(), "")) if elsewhere else None
        own_first = elsewhere and windows is None
        return (
            (self._own(name) if own_first else None)
            or _known(name)
            or windows
            or _ending(name, least=2)
            or (None if own_first else self._own(name))
            or _ending(name, least=1)
            or _fixed(name)
        )

    def _own(self, name: str) -> tzinfo | None:
        """The zone as the calendar itself defines it; asked for last, for reading a definition is dear."""
        definition = self._definitions.get(name)
        if definition is None:
            return None
        return _named_by(definition) or _defined(name, tuple(map(_frozen, definition.inner)))


def _plain(tzid: str) -> str:
    return tzid.replace("\\", "").strip(' "')


@lru_cache(maxsize=1024)
def _known(name: str) -> tzinfo | None:
    """The zone of the time zone database with this name, in any case; UTC as the constant of that name."""
    if not name or name in _NO_PLACE:
        return None
    if name.casefold() in ("utc", "etc/utc", "z"):
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # OSError: the name of a folder, `Europe`
        same = next((known for known in _names() if known.casefold() == name.casefold()), None)
        return ZoneInfo(same) if same else None


@cache
def _windows() -> dict[str, str]:
    """The zones by the names that Windows has for them, in lower case."""
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON  # noqa: PLC0415 - 3 MB that few calendars need

    return {name.casefold(): olson for name, olson in WINDOWS_TO_OLSON.items()}


@cache
def _names() -> frozenset[str]:
    return frozenset(available_timezones()) - _NO_PLACE


def _ending(name: str, *, least: int) -> tzinfo | None:
    """The zone that the longest end of a path names (`/vendor/date/America/New_York`), of `least` parts or more."""
    parts = [part for part in name.split("/") if part]
    ends = ("/".join(parts[start:]) for start in range(len(parts) - least + 1))
    return next(filter(None, map(_known, ends)), None) if "/" in name else None


def _named_by(definition: Component) -> tzinfo | None:
    """The zone of the database that the definition says it is a copy of (libical's X-LIC-LOCATION)."""
    try:
        line = definition.first("X-LIC-LOCATION")
    except Malformed:
        return None
    return _known(_plain(line.value)) if line else None


def _fixed(name: str) -> tzinfo | None:
    found = _NAMED_OFFSET.fullmatch(name)
    if found is None or int(found[2]) > 14 or int(found[3] or 0) > 59:
        return None
    ahead = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return timezone(ahead if found[1] == "+" else -ahead)


_Observance = tuple[tuple[str, tuple[str, ...]], ...]


def _frozen(observance: Component) -> _Observance:
    return tuple((name, tuple(lines)) for name, lines in observance.properties.items())


@lru_cache(maxsize=64)
def _defined(name: str, observances: tuple[_Observance, ...]) -> tzinfo | None:
    """The zone that the observances describe; None when none of them can be read.

    Kept, for a calendar program puts the same definition into every event.
    """
    onsets: list[tuple[datetime, timedelta, timedelta, str]] = []
    for lines in observances:
        observance = Component("", {name: list(raw) for name, raw in lines})
        try:
            onsets.extend(_onsets(observance))
        except (Malformed, ValueError, OverflowError):
            continue
    if not onsets:
        return None
    onsets.sort(key=lambda onset: onset[0])
    return DefinedZone(name, onsets[0][1], [(instant, after, label) for instant, _, after, label in onsets])


def _onsets(observance: Component) -> Iterator[tuple[datetime, timedelta, timedelta, str]]:
    """When an observance begins: instant (UTC, naive), the offset before, the offset after, its name.

    Its DTSTART, RDATE and UNTIL-less rules are local times of the offset before (RFC 5545 3.6.5); UNTIL is in UTC.
    """
    start, before, after = observance.first("DTSTART"), observance.first("TZOFFSETFROM"), observance.first("TZOFFSETTO")
    if start is None or before is None or after is None:
        return
    here = _NoZones()
    offset, label = _offset(before), observance.first("TZNAME")
    first = moment(start.value, start, here).wall
    walls, steps = {first}, Steps()
    for line in observance.all("RRULE"):
        rule = read_rule(line.value)
        until = None
        if rule.until:
            last = moment(rule.until, line, here)
            until = last.wall + offset if last.zone is not None else last.wall
        walls.update(slots(rule, first, _FIRST, _LAST, until, steps))
    for line in observance.all("RDATE"):
        walls.update(begin.wall for begin, _ in periods(line, here))
    for wall in walls:
        yield wall - offset, offset, _offset(after), label.text if label else ""


def _offset(line: Line) -> timedelta:
    found = _OFFSET.fullmatch(line.value.strip())
    if found is None:
        raise Malformed(f"{line.name} is {line.value[:20]!r}, which is no offset from UTC")
    offset = timedelta(hours=int(found[2]), minutes=int(found[3]), seconds=int(found[4] or 0))
    if offset >= timedelta(days=1):
        raise Malformed(f"{line.name} is a day or more")
    return offset if found[1] == "+" else -offset


class _NoZones:
    """Inside a VTIMEZONE no other zone may be named; one that is named all the same means nothing."""

    def find(self, tzid: str) -> tuple[tzinfo, str]:
        return UTC, f"{tzid} inside a definition"
