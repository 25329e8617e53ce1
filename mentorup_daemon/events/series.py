"""All components of one UID -> their occurrences in a window (RFC 5545 3.8.4.4, 3.8.5).

The one idea: a series is a set of *slots*, local times in the zone of its master (DTSTART, rules and RDATEs, less
EXDATEs), and every occurrence fills one. The slot is its identity: it has the same `recurrence_id` through whatever
window it is looked at, and keeps it wherever it is moved.

Choices, each where the standard leaves one or calendars differ:

- An override (RECURRENCE-ID) stands for its slot wherever it was moved. Without its series, or for a slot that the
  series doesn't have, it stands for itself, unless the series is of a later revision (SEQUENCE): then it is stale.
  EXDATE takes away an override too: it was deleted after it was moved.
- RANGE=THISANDFUTURE gives every later slot its content, its length and its distance from the slot (in local time).
- Of several components with one UID and RECURRENCE-ID the one with the highest SEQUENCE counts, then DTSTAMP, then
  LAST-MODIFIED, then the last in the file.
- A cancelled series cancels its overrides that say no STATUS of their own.
- With DTEND every occurrence has the same exact length, with DURATION the same nominal one (RFC 5545 3.8.5.3): they
  differ only on nights when the clocks change.
- EXDATE as a date takes away every occurrence on that date. In UTC under a floating event, or where only its clock
  face fits a series with one time of day, it is taken by its clock face.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from heapq import merge
from zoneinfo import ZoneInfo

from mentorup_daemon.errors import Malformed
from mentorup_daemon.events.component import Event, Fault
from mentorup_daemon.events.recurrence import Steps, slots
from mentorup_daemon.events.times import Length, Moment, at
from mentorup_daemon.records import Occurrence

MOST_OCCURRENCES = 10_000
"""How many occurrences of one component a window may hold: a year of an hourly rule, 27 years of a daily one."""

_EARLIEST, _LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_MARGIN = timedelta(days=2)  # a local time is less than two days from the same clock face in UTC


class Series:
    """All components of one UID: the master, if there is one, and overrides by the slot they stand for."""

    def __init__(self, uid: str, events: list[Event], owner: ZoneInfo, start: datetime, end: datetime) -> None:
        self.uid = uid
        self.owner = owner
        self.start = start
        self.end = end
        self.faults: list[Fault] = []
        self.steps = Steps()
        ordered = sorted(events, key=lambda event: event.version)  # stable: the last in the file among equals
        self.master = next((event for event in reversed(ordered) if event.recurrence_id is None), None)
        self.additions: dict[datetime, Length | None] = {}
        self.excluded: set[str] = set()
        self.excluded_days: set[date] = set()
        self.overrides: dict[str, tuple[datetime, Event]] = {}
        onwards: dict[str, tuple[datetime, Event]] = {}
        if self.master is not None:
            self._read_dates(self.master)
        for event in ordered:
            if event.recurrence_id is None:
                continue
            with self._bounded():
                slot = self._slot_replaced(event.recurrence_id)
                if self._is_stale(event, slot):
                    continue
                identity = self._identity(event.recurrence_id, slot)
                self.overrides[identity] = (slot, event)
                if event.onwards:
                    onwards[identity] = (slot, event)
        self.onwards = sorted(onwards.values(), key=lambda entry: entry[0])

    def occurrences(self) -> list[Occurrence]:
        """Those in the window, in no particular order."""
        found: list[Occurrence] = []
        for identity, (slot, event) in self.overrides.items():
            with self._bounded():
                if identity not in self.excluded and slot.date() not in self.excluded_days:
                    found.extend(self._in_window(self._override(event, identity)))
        with self._bounded():
            found.extend(self._regulars())
        return found

    def _regulars(self) -> Iterator[Occurrence]:
        """Those without an override of their own. Two slots of one instant, in a gap of the clock, are one."""
        if self.master is None:
            return
        count, last = 0, ""
        for slot, identity in self._slots(self.master):
            if identity == last:
                continue
            for occurrence in self._in_window(self._regular(self.master, slot, identity)):
                if count == MOST_OCCURRENCES:
                    reason = f"it comes more than {MOST_OCCURRENCES} times in this window; the rest was left out"
                    self._say(reason, partial=True)
                    return
                count, last = count + 1, identity
                yield occurrence

    @contextmanager
    def _bounded(self, *, partial: bool = False) -> Iterator[None]:
        """Times before the year 1 and after 9999, and rules that would take too long, cost what they stand in."""
        try:
            yield
        except Malformed as error:
            self._say(str(error), partial=partial)
        except (ValueError, OverflowError):
            self._say("it has a time that lies beyond the calendar (years 1 to 9999)", partial=partial)

    def _say(self, reason: str, *, partial: bool) -> None:
        fault = Fault(f"VEVENT uid={self.uid[:120]}", reason, partial=partial)
        if fault not in self.faults:  # a thousand overrides of one rule say it once
            self.faults.append(fault)

    def _in_window(self, occurrence: Occurrence) -> Iterator[Occurrence]:
        if self.start <= occurrence.start.astimezone(UTC) < self.end:
            yield occurrence

    # Slots: the local times, in the master's zone, that the series fills.

    def _slots(self, master: Event) -> Iterator[tuple[datetime, str]]:
        """The slots whose occurrences may lie in the window, overridden and excluded ones left out.

        Compared by identity, not by clock face: a slot in a gap of the clock goes by another one in UTC.
        """
        reach = max((abs(self._shift(slot, event)) for slot, event in self.onwards), default=timedelta()) + _MARGIN
        low, high = _before(self.start, reach), _after(self.end, reach)
        first = master.start.wall
        out = {slot for rule, until in master.exceptions for slot in slots(rule, first, low, high, until, self.steps)}
        for slot in self._members(master, low, high):
            if slot in out or slot.date() in self.excluded_days:
                continue
            identity = _written(master, slot)
            if identity not in self.overrides and identity not in self.excluded:
                yield slot, identity

    def _members(self, master: Event, low: datetime, high: datetime) -> Iterator[datetime]:
        """The recurrence set without its exclusions: DTSTART, rules, RDATEs, each local time once, in order."""
        first = master.start.wall
        sources = [slots(rule, first, low, high, until, self.steps) for rule, until in master.rules]
        if not master.rules and low <= first < high:
            sources.append(iter((first,)))
        sources.append(iter(sorted(slot for slot in self.additions if low <= slot < high)))
        last = None
        for slot in merge(*sources):
            if slot != last:
                yield slot
            last = slot

    def _is_stale(self, event: Event, slot: datetime) -> bool:
        """Whether an override is of an older revision than the series, and the series has no such slot any more."""
        master = self.master
        if master is None or not master.recurs or event.version[0] >= master.version[0]:
            return False
        return slot not in self._members(master, slot, slot + timedelta(seconds=1))

    def _read_dates(self, master: Event) -> None:
        for moment, length in master.additions:
            with self._bounded(partial=True):
                self.additions[self._addition(master, moment)] = length
        for moment in master.exclusions:
            with self._bounded(partial=True):
                if moment.is_date and not master.all_day:
                    self.excluded_days.add(moment.wall.date())
                else:
                    self.excluded.add(_written(master, self._slot(master, moment)))

    def _addition(self, master: Event, moment: Moment) -> datetime:
        """The slot of an RDATE: a date under an event with times means the time of day of the others."""
        if master.all_day:
            return datetime.combine(moment.day(self.owner), time())
        if moment.is_date:
            return datetime.combine(moment.wall.date(), master.start.wall.time())
        return moment.wall_in(master.home, self.owner)

    def _slot(self, master: Event, moment: Moment) -> datetime:
        """The slot that an EXDATE or RECURRENCE-ID with a time means."""
        if master.all_day:
            return datetime.combine(moment.day(self.owner), time())
        slot = moment.wall_in(master.home, self.owner)
        usual = master.start.wall.time()
        if slot.time() != usual == moment.wall.time() and slot not in self.additions and _one_time_of_day(master):
            return moment.wall  # written by a program that puts its local time where another belongs
        return slot

    def _slot_replaced(self, moment: Moment) -> datetime:
        """The slot that an override stands for; a date under a series with times means the slot on that date."""
        master = self.master
        if master is None:
            return moment.wall
        if moment.is_date and not master.all_day:
            midnight = moment.wall
            usual = datetime.combine(midnight.date(), master.start.wall.time())
            return next(self._members(master, midnight, midnight + timedelta(days=1)), usual)
        return self._slot(master, moment)

    def _identity(self, moment: Moment, slot: datetime) -> str:
        """The recurrence_id of an override: that of its slot, in the terms of the series where there is one."""
        if self.master is not None:
            return _written(self.master, slot)
        if moment.is_date:
            return _digits(moment.wall)[:8]
        return _digits(moment.wall) if moment.zone is None else _digits(moment.instant(self.owner)) + "Z"

    # Occurrences: what fills a slot.

    def _override(self, event: Event, identity: str) -> Occurrence:
        """An override where it says it is."""
        cancelled = self.master is not None and self.master.facts.status == "cancelled" and not event.stated
        return self._occurrence(event, event.start.wall, event.home, identity, cancelled=cancelled)

    def _regular(self, master: Event, slot: datetime, identity: str) -> Occurrence:
        """The occurrence of a slot that has no override of its own."""
        identity = identity if master.recurs else ""
        onwards = next((entry for entry in reversed(self.onwards) if entry[0] <= slot), None)
        if onwards is None:
            own = self.additions.get(slot)
            return self._occurrence(master, slot, master.home, identity, length=own)
        event, shift = onwards[1], self._shift(*onwards)
        cancelled = master.facts.status == "cancelled" and not event.stated
        wall, zone = slot + shift, master.home
        if event.all_day:
            wall, zone = datetime.combine(wall.date(), time()), event.home
        elif master.all_day:
            zone = event.home
        occurrence = self._occurrence(event, wall, zone, identity, cancelled=cancelled)
        return replace(occurrence, start=occurrence.start.astimezone(event.home))

    def _shift(self, slot: datetime, event: Event) -> timedelta:
        """How far a THISANDFUTURE override lies from its slot, by the clock."""
        if self.master is None:
            return timedelta()
        if event.all_day or self.master.all_day:
            day = datetime.combine(event.start.wall.date(), time())
            shift = day - datetime.combine(slot.date(), time())
            return shift if event.all_day else shift + (event.start.wall - day)
        return event.start.wall_in(self.master.home, self.owner) - slot

    def _occurrence(
        self,
        event: Event,
        wall: datetime,
        zone: tzinfo,
        identity: str,
        *,
        length: Length | None = None,
        cancelled: bool = False,
    ) -> Occurrence:
        length = length or event.length
        begin = at(zone, wall)
        finish = at(zone, wall + timedelta(days=length.days)).astimezone(UTC) + length.exact
        return replace(
            event.facts,
            uid=self.uid,
            recurrence_id=identity,
            start=begin,
            end=finish.astimezone(event.end_zone),
            all_day=event.all_day,
            status="cancelled" if cancelled else event.facts.status,
        )


def _one_time_of_day(master: Event) -> bool:
    return all(rule.freq != "HOURLY" and not rule.by_hour and not rule.by_minute for rule, _ in master.rules)


def _written(master: Event, slot: datetime) -> str:
    """A slot as a recurrence_id: a date, a floating local time, or UTC, as the series has it."""
    if master.all_day:
        return _digits(slot)[:8]
    return _digits(slot) if master.floating else _digits(at(master.home, slot).astimezone(UTC)) + "Z"


def _digits(when: datetime) -> str:
    return when.replace(tzinfo=None).isoformat(timespec="seconds").replace("-", "").replace(":", "")


def _before(instant: datetime, reach: timedelta) -> datetime:
    return (instant - reach if instant - _EARLIEST > reach else _EARLIEST).replace(tzinfo=None)


def _after(instant: datetime, reach: timedelta) -> datetime:
    return (instant + reach if _LATEST - instant > reach else _LATEST).replace(tzinfo=None)
