"""Dates, times and lengths as iCalendar writes them (RFC 5545 3.3.4 to 3.3.9) -> values, and local times -> instants.

The hard thing is that a local time is not an instant: on one night of spring some don't exist, on one of autumn some
come twice. `at` decides both as RFC 5545 3.3.5 does: a time that doesn't exist is read with the offset before the
gap (02:30 becomes 03:30), of two the first is meant. Python compares aware times of one zone by their clock faces;
here instants are therefore compared in UTC only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Protocol

from mentorup_daemon.errors import Malformed
from mentorup_daemon.events.lines import Line

_MOMENT = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?:[Tt ](\d\d):?(\d\d)(?::?(\d\d)(?:\.\d+)?)?([Zz])?)?", re.ASCII)
_DURATION = re.compile(
    r"([+-]?)P(?:(\d{1,6})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,8})H)?(?:(\d{1,8})M)?(?:(\d{1,9})S)?)?", re.ASCII
)


class Zones(Protocol):
    """What finds the zone of a TZID: the zone, and a note for the owner ("" unless another was taken for it)."""

    def find(self, tzid: str) -> tuple[tzinfo, str]:
        """The zone for this name, never none."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A DATE (`wall` at midnight, `zone` None) or a DATE-TIME; `zone` is None for a floating one."""

    wall: datetime
    zone: tzinfo | None = None
    is_date: bool = False
    note: str = ""

    def instant(self, owner: tzinfo) -> datetime:
        """The instant in UTC; floating times and dates are read in the owner's zone."""
        return at(self.zone or owner, self.wall).astimezone(UTC)

    def wall_in(self, zone: tzinfo, owner: tzinfo) -> datetime:
        """What a clock in `zone` shows then. Floating times and dates show the same everywhere."""
        if self.zone is None or self.zone is zone:
            return self.wall
        return self.instant(owner).astimezone(zone).replace(tzinfo=None)

    def day(self, owner: tzinfo) -> date:
        """The date that is meant where a DATE should stand: an instant that is the owner's midnight means that day."""
        if self.zone is not None and not self.is_date:
            local = self.instant(owner).astimezone(owner)
            if local.time() == time():
                return local.date()
        return self.wall.date()


@dataclass(frozen=True, slots=True)
class Length:
    """How long an event lasts: whole days by the calendar, then exact time (RFC 5545 3.3.6)."""

    days: int = 0
    exact: timedelta = timedelta()

    @property
    def negative(self) -> bool:
        """True when it would end before it starts."""
        return timedelta(days=self.days) + self.exact < timedelta()


def at(zone: tzinfo, wall: datetime) -> datetime:
    """The local time as an aware time of that zone, one that exists (RFC 5545 3.3.5)."""
    return wall.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)


def moment(text: str, line: Line, zones: Zones) -> Moment:
    """Read one DATE or DATE-TIME of a line. What is written decides which it is, not the VALUE parameter.

    Raises `Malformed` for a time that can't be one.
    """
    found = _MOMENT.fullmatch(text.strip())
    try:
        if found is None:
            raise ValueError(text)
        year, month, day, hour, minute, second = (int(found[n] or 0) for n in range(1, 7))
        later = timedelta(days=1) if hour == 24 and minute == second == 0 else timedelta()
        wall = datetime(year, month, day, 0 if later else hour, minute, min(second, 59)) + later  # noqa: DTZ001 - its zone stands beside it
    except (ValueError, OverflowError):
        raise Malformed(f"{line.name} is {text.strip()[:40]!r}, which is no date or time") from None
    if found[4] is None:
        return Moment(wall, is_date=True)
    if found[7]:
        return Moment(wall, UTC)
    tzid = line.params.get("TZID", "")
    if not tzid:
        return Moment(wall)
    zone, note = zones.find(tzid)
    return Moment(wall, zone, note=note)


def moments(line: Line, zones: Zones) -> list[Moment]:
    """Every DATE or DATE-TIME of a comma-separated list (EXDATE)."""
    return [moment(part, line, zones) for part in line.value.split(",") if part.strip()]


def periods(line: Line, zones: Zones) -> list[tuple[Moment, Moment | Length | None]]:
    """Every entry of an RDATE: its start, and for a PERIOD (RFC 5545 3.3.9) its end or length."""
    found: list[tuple[Moment, Moment | Length | None]] = []
    for part in line.value.split(","):
        begin, _, end = part.strip().partition("/")
        if not begin:
            continue
        last = None if not end else length(end, line) if "P" in end.upper() else moment(end, line, zones)
        found.append((moment(begin, line, zones), last))
    return found


def length(text: str, line: Line) -> Length:
    """Read a DURATION. Raises `Malformed` for what is none."""
    found = _DURATION.fullmatch(text.strip().upper())
    if found is None or not any(found.groups()[1:]):
        raise Malformed(f"{line.name} is {text.strip()[:40]!r}, which is no length of time")
    weeks, days, hours, minutes, seconds = (int(found[n] or 0) for n in range(2, 7))
    sign = -1 if found[1] == "-" else 1
    return Length(sign * (7 * weeks + days), sign * timedelta(hours=hours, minutes=minutes, seconds=seconds))
