"""When the next meeting could be (P3, T10): up to three times that suit both, for the draft that asks for it.

Each lies wholly within the owner's working hours and the mentor's, each on its own clock, off the mentor's holidays and
clear of whatever the owner has in any calendar. The days lie around the agreed cadence, on it or before it where that
can be, never sooner than is polite, and apart from each other; the times of day differ, the first is that of the last
meeting. All of it follows from the day on which it is asked, so that the same draft proposes the same all day.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from mentorup_daemon.records import Meeting, Mentor, Snapshot, WorkingHours
from mentorup_daemon.records.standing import longest_silence
from mentorup_daemon.rules.hours import at_wall_clock

NOTICE = timedelta(days=3)  # from the day of writing: a draft may lie for a day, and mentors plan ahead
_REACH = timedelta(days=14)  # to either side of the day that the cadence names
_APART = timedelta(days=2)
_MOST = 3
_STEP = 30  # minutes
_TIMES_OF_DAY = (10 * 60, 15 * 60)  # beside that of the last meeting
_USUAL = timedelta(hours=1)

Busy = tuple[datetime, datetime]


def window(snapshot: Snapshot, meeting: Meeting, person: Mentor, now: datetime) -> Busy:
    """From when to when it has to be known what the owner is busy with (aware)."""
    days = _days(snapshot, meeting, person, now)
    zone = snapshot.owner.zone
    return at_wall_clock(days[0], 0, zone), at_wall_clock(days[-1] + timedelta(days=1), 0, zone)


def openings(
    snapshot: Snapshot, meeting: Meeting, person: Mentor, busy: Iterable[Busy], now: datetime
) -> tuple[datetime, ...]:
    """Up to three beginnings in the owner's zone, in order, each on another day; `busy` in any order.

    As long as the last meeting was (an hour, where that says nothing).
    """
    zone = snapshot.owner.zone
    target = _target(snapshot, meeting, person)
    taken = _merged(busy)
    like = meeting.start.astimezone(zone)
    wishes = (like.hour * 60 + like.minute, *_TIMES_OF_DAY)
    days = sorted(_days(snapshot, meeting, person, now), key=lambda day: (day > target, abs(day - target), day))
    found: dict[date, datetime] = {}
    for apart in (_APART, timedelta(days=1)):
        for day in days:
            if len(found) == _MOST:
                break
            if all(abs(day - other) >= apart for other in found):
                free = list(_free(day, snapshot, person, taken, meeting_length(meeting)))
                if free:
                    found[day] = min(free, key=lambda one: (abs(_minute(one) - wishes[len(found)]), one))
    return tuple(sorted(found.values()))


def meeting_length(meeting: Meeting) -> timedelta:
    """How long the next one should be: as long as the last, an hour where that was whole days or no time at all."""
    return meeting.length if meeting.minutes and not meeting.all_day else _USUAL


def _target(snapshot: Snapshot, meeting: Meeting, person: Mentor) -> date:
    every = person.cadence or longest_silence(person)
    return (meeting.start + every).astimezone(snapshot.owner.zone).date()


def _days(snapshot: Snapshot, meeting: Meeting, person: Mentor, now: datetime) -> list[date]:
    earliest = now.astimezone(snapshot.owner.zone).date() + NOTICE
    target = _target(snapshot, meeting, person)
    first, last = max(earliest, target - _REACH), max(earliest, target) + _REACH
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _free(
    day: date, snapshot: Snapshot, person: Mentor, taken: Sequence[Busy], length: timedelta
) -> Iterator[datetime]:
    """The beginnings of this day that suit both, in order."""
    owner = snapshot.owner
    hours = WorkingHours(opens=9 * 60, closes=17 * 60, days=owner.hours.days) if owner.hours.always else owner.hours
    for minute in range(-(-hours.opens // _STEP) * _STEP, hours.closes, _STEP):
        begin = at_wall_clock(day, minute, owner.zone)
        if _minute(begin) != minute:  # the clocks skip it
            continue
        end = (begin.astimezone(UTC) + length).astimezone(UTC)
        if not (_within(begin, end, hours, owner.zone) and _within(begin, end, person.hours, person.zone(owner))):
            continue
        away = person.away_until(begin.astimezone(person.zone(owner)).date())
        if away is None and not _overlaps(begin, end, taken):
            yield begin


def _within(begin: datetime, end: datetime, hours: WorkingHours, zone: ZoneInfo) -> bool:
    """True when all of it lies in the hours of one of the days, by the clock there."""
    if hours.always:
        return True
    day = begin.astimezone(zone).date()
    opens, closes = (at_wall_clock(day, minutes, zone) for minutes in (hours.opens, hours.closes))
    return day.weekday() in hours.days and opens <= begin and end <= closes


def _overlaps(begin: datetime, end: datetime, taken: Sequence[Busy]) -> bool:
    following = bisect_left(taken, end, key=lambda one: one[0])
    return following > 0 and taken[following - 1][1] > begin


def _merged(busy: Iterable[Busy]) -> list[Busy]:
    """The same times in order and in UTC, those that overlap or touch as one."""
    merged: list[Busy] = []
    for begin, end in sorted((one.astimezone(UTC), other.astimezone(UTC)) for one, other in busy):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif end > begin:
            merged.append((begin, end))
    return merged


def _minute(local: datetime) -> int:
    return local.hour * 60 + local.minute
