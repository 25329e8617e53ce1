"""One VEVENT as read: when it is, how it recurs, and what is said about it. Still no occurrence: that is expansion.py.

Behaviour where the standard leaves a choice, or where calendars break it:

- Transparent and private events are events: the flags are set, what follows from them is for others to decide.
- An end before the start is dropped, and the event has no length; an all-day event has a day at least. Both are said.
- A broken DTSTART, RRULE or RECURRENCE-ID costs the event; any other broken line costs itself, and is said.
- An event without UID gets one from its start and title, the same each time it is read.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import TypeVar

from mentorup_daemon.errors import Malformed
from mentorup_daemon.events.lines import Component, Line, content_line
from mentorup_daemon.events.properties import address_of, categories_of, name_of, status_of, title_of
from mentorup_daemon.events.recurrence import Rule, read_rule
from mentorup_daemon.events.times import Length, Moment, Zones, at, length, moment, moments, periods
from mentorup_daemon.records import Occurrence

MARK = "X-MENTORUP-REMINDER"
"""The property that every entry of our own carries (writing.py)."""

_DAY = timedelta(days=1)
_NEVER = datetime(1, 1, 1, tzinfo=UTC)  # stands in `facts` until an occurrence gets its own time
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Fault:
    """What could not be used, and why: `component` names it (`VEVENT uid=...`), `reason` is for the owner.

    `partial` says that the event itself is there: only what the reason speaks of was left out or read otherwise.
    """

    component: str
    reason: str
    partial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A VEVENT. `home` is the zone in which it recurs (the owner's for floating and all-day events).

    `rules` are (rule, last local time or None), all local times being of `home`. `additions` are RDATEs with a length
    of their own or None. `version` orders revisions of one component. `facts` holds the fields of `Occurrence` that
    say nothing of time; `stated` whether the event itself has a STATUS.
    """

    uid: str
    start: Moment
    home: tzinfo
    length: Length
    end_zone: tzinfo
    recurrence_id: Moment | None = None
    onwards: bool = False  # RANGE=THISANDFUTURE
    recurs: bool = False
    rules: tuple[tuple[Rule, datetime | None], ...] = ()
    exceptions: tuple[tuple[Rule, datetime | None], ...] = ()  # EXRULE (RFC 2445)
    additions: tuple[tuple[Moment, Length | None], ...] = ()
    exclusions: tuple[Moment, ...] = ()
    version: tuple[int, str, str] = (0, "", "")
    stated: bool = False
    facts: Occurrence
    faults: tuple[Fault, ...] = field(default=(), compare=False)

    @property
    def all_day(self) -> bool:
        """True for an event of whole days."""
        return self.start.is_date

    @property
    def floating(self) -> bool:
        """True for an event whose times are local wherever one is."""
        return self.start.zone is None and not self.start.is_date


def read_event(component: Component, zones: Zones, owner: tzinfo, us: Collection[str], method: str) -> Event:
    """Read one VEVENT. `us` are the owner's addresses, lower case; `owner` the owner's zone.

    Raises `Malformed` when it can't be used at all: no start, a rule that is refused, times beyond the calendar.
    """
    try:
        return _Reader(component, zones, owner).event(us, method)
    except (ValueError, OverflowError):
        raise Malformed("it has a time that no calendar knows") from None


class _Reader:
    """Reads one component, and remembers what it had to leave out."""

    def __init__(self, component: Component, zones: Zones, owner: tzinfo) -> None:
        self.component = component
        self.zones = zones
        self.owner = owner
        self.faults: list[Fault] = []

    def event(self, us: Collection[str], method: str) -> Event:
        start = self.needed("DTSTART")
        if start is None and (method == "CANCEL" or self.word("STATUS") == "CANCELLED"):
            start = self.needed("RECURRENCE-ID")  # a cancellation need not repeat the start (RFC 5546 3.2.5)
        if start is None:
            raise Malformed("it has no start (DTSTART)")
        home = start.zone or self.owner
        lasts, end_zone, end_note = self.lasts(start)
        original = self.component.first("RECURRENCE-ID")
        rules = self.rules("RRULE", start, home)
        additions = self.lenient("RDATE", self.additions)
        return Event(
            uid=self.uid(start),
            start=start,
            home=home,
            length=lasts,
            end_zone=end_zone,
            recurrence_id=self.needed("RECURRENCE-ID"),
            onwards=original is not None and original.params.get("RANGE", "").upper() == "THISANDFUTURE",
            recurs=bool(rules or additions),
            rules=rules,
            exceptions=self.rules("EXRULE", start, home),
            additions=tuple(entry for entries in additions for entry in entries),
            exclusions=tuple(
                out for outs in self.lenient("EXDATE", lambda line: moments(line, self.zones)) for out in outs
            ),
            version=(self.sequence(), self.word("DTSTAMP"), self.word("LAST-MODIFIED")),
            stated=bool(self.word("STATUS")),
            facts=self.facts(start.note or end_note, us, method),
            faults=tuple(self.faults),
        )

    def needed(self, name: str) -> Moment | None:
        line = self.component.first(name)
        return moment(line.value, line, self.zones) if line else None

    def lenient(self, name: str, read: Callable[[Line], _T]) -> list[_T]:
        """Every line of a property, read; one that can't be read is left out and said."""
        found = []
        for raw in self.component.properties.get(name, ()):
            try:
                found.append(read(content_line(raw)))
            except (Malformed, ValueError, OverflowError) as error:
                why = str(error) if isinstance(error, Malformed) else f"{name} can't be read"
                self.say(f"{why}; that line was left out")
        return found

    def say(self, reason: str) -> None:
        self.faults.append(Fault(name_of(self.component), reason, partial=True))

    def word(self, name: str) -> str:
        return next(iter(self.lenient(name, lambda line: line.value.strip().upper())), "")

    def text(self, name: str) -> str:
        return next(iter(self.lenient(name, lambda line: line.text)), "")

    def uid(self, start: Moment) -> str:
        uid = self.text("UID").strip()
        if not uid:
            seed = f"{start.wall.isoformat()} {self.text('SUMMARY')}"
            uid = f"no-uid-{hashlib.sha256(seed.encode(errors='replace')).hexdigest()[:16]}"
            self.say("it has no UID; it is known by its start and title, and moving it makes it another event")
        return uid

    def sequence(self) -> int:
        word = self.word("SEQUENCE")
        return int(word) if word.isascii() and word.isdigit() and len(word) < 19 else 0

    def rules(self, name: str, start: Moment, home: tzinfo) -> tuple[tuple[Rule, datetime | None], ...]:
        found = []
        for line in self.component.all(name):
            if not line.value.strip():  # some exports write the property whether there is a rule or not
                continue
            rule = read_rule(line.value)
            if start.is_date:
                if rule.freq == "HOURLY":
                    raise Malformed("it lasts whole days but repeats hourly")
                rule = replace(rule, by_hour=(), by_minute=(), by_second=())  # RFC 5545 3.3.10: ignored for a DATE
            found.append((rule, self.until(rule, line, start, home) if rule.until else None))
        return tuple(found)

    def until(self, rule: Rule, line: Line, start: Moment, home: tzinfo) -> datetime:
        """The last local time that UNTIL allows, also where its form doesn't fit the start's as it should.

        A date under an event with times includes that whole day; a local time is one of the event's zone; UTC under a
        floating event is read both ways, and the later counts: programs that don't know zones write `Z` all the same.
        """
        last = moment(rule.until, line, self.zones)
        if start.is_date:
            return datetime.combine(last.day(self.owner), time())
        if last.is_date:
            return last.wall + _DAY - timedelta(seconds=1)
        wall = last.wall_in(home, self.owner)
        return max(wall, last.wall) if start.zone is None else wall

    def additions(self, line: Line) -> list[tuple[Moment, Length | None]]:
        found: list[tuple[Moment, Length | None]] = []
        for begin, end in periods(line, self.zones):
            if isinstance(end, Moment):
                lasts = end.instant(self.owner) - begin.instant(self.owner)
                found.append((begin, Length(exact=max(timedelta(), lasts))))
            else:
                found.append((begin, end))
        return found

    def lasts(self, start: Moment) -> tuple[Length, tzinfo, str]:
        """How long it lasts, the zone its end is given in, and the note about that zone."""
        home = start.zone or self.owner
        ends = self.lenient("DTEND", lambda line: moment(line.value, line, self.zones))
        if ends:
            return self.until_end(start, ends[0]), home if start.is_date else ends[0].zone or home, ends[0].note
        given = self.lenient("DURATION", lambda line: length(line.value, line))
        lasts = given[0] if given else Length(days=1 if start.is_date else 0)
        if lasts.negative:
            self.say("its DURATION is negative; it was taken as having no length")
            lasts = Length()
        if start.is_date:  # days are all there is to it
            lasts = Length(days=max(1, lasts.days + math.ceil(lasts.exact / _DAY)))
        return lasts, home, ""

    def until_end(self, start: Moment, end: Moment) -> Length:
        """The length that DTEND gives: days between dates, exact time between times (RFC 5545 3.8.5.3)."""
        if start.is_date:
            days = (end.day(self.owner) - start.wall.date()).days
            if not end.is_date and end.zone is None and end.wall.time() != time():
                days += 1
            if days < 0:
                self.say("it ends (DTEND) before it starts; it was taken as one day")
            return Length(days=max(1, days))
        begins = start.instant(self.owner)
        ends = at(start.zone or self.owner, end.wall).astimezone(UTC) if end.is_date else end.instant(self.owner)
        if ends < begins:
            self.say("it ends (DTEND) before it starts; it was taken as having no length")
        return Length(exact=max(timedelta(), ends - begins))

    def facts(self, note: str, us: Collection[str], method: str) -> Occurrence:
        attendees = self.lenient("ATTENDEE", lambda line: (address_of(line), line.params.get("PARTSTAT", "").upper()))
        answers = {answer for address, answer in attendees if address in us}
        categories = self.lenient("CATEGORIES", categories_of)
        return Occurrence(
            uid="",
            start=_NEVER,
            end=_NEVER,
            status=status_of(self.word("STATUS"), answers, method),
            title=next(iter(self.lenient("SUMMARY", title_of)), ""),
            description=self.text("DESCRIPTION"),
            location=" ".join(self.text("LOCATION").split()),
            categories=tuple(dict.fromkeys(name for names in categories for name in names)),
            organizer=next(iter(self.lenient("ORGANIZER", address_of)), ""),
            attendees=tuple(dict.fromkeys(address for address, _ in attendees if address)),
            transparent=self.word("TRANSP") == "TRANSPARENT",
            private=self.word("CLASS") in ("PRIVATE", "CONFIDENTIAL"),
            zone_note=note,
            reminder=MARK in self.component.properties,
        )
