"""The owner's quiet: when a note may arrive, and where one goes that falls due outside working hours.

Everything is reckoned on the owner's wall clock, so that 08:00 stays 08:00 over both DST changes. A moment in the quiet
moves to the next opening. The one hard thing is a note that must come *before* something: when waiting for the next
opening would eat more than half of the time it was meant to give, it comes in the last working hour before instead.
A mentor's holidays are days on their own calendar; what would reach them then waits for the day they are back.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from mentorup_daemon.records import Mentor, Owner

_DAYS_AHEAD = 15  # every set of working days comes round within a week; the rest is margin


def at_wall_clock(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """The aware moment at `minutes` after midnight on the wall clock of `day` (RFC 5545 3.3.5 for gaps and overlaps).

    A time that the clocks skip is read with the offset from before the gap; one that comes twice means the first.
    """
    day += timedelta(days=minutes // 1440)
    local = datetime.combine(day, time(minutes % 1440 // 60, minutes % 60), tzinfo=zone)
    return local.astimezone(UTC).astimezone(zone)


def in_hours(moment: datetime, owner: Owner) -> bool:
    """True when the owner may be written to at `moment`."""
    hours = owner.hours
    if hours.always:
        return True
    local = moment.astimezone(owner.zone)
    minute = local.hour * 60 + local.minute
    return local.weekday() in hours.days and hours.opens <= minute < hours.closes


def next_opening(moment: datetime, owner: Owner) -> datetime:
    """`moment` itself when it lies in working hours, else the next time they begin."""
    if in_hours(moment, owner):
        return moment
    first = moment.astimezone(owner.zone).date()
    for ahead in range(_DAYS_AHEAD):
        day = first + timedelta(days=ahead)
        if day.weekday() in owner.hours.days:
            opening = at_wall_clock(day, owner.hours.opens, owner.zone)
            if opening >= moment:
                return opening
    raise AssertionError("working hours without a working day are refused by the config")


def last_hour_before(moment: datetime, owner: Owner) -> datetime:
    """`moment` itself when it lies in working hours, else the beginning of the last working hour before it."""
    if in_hours(moment, owner):
        return moment
    last = moment.astimezone(owner.zone).date()
    for back in range(_DAYS_AHEAD):
        day = last - timedelta(days=back)
        if day.weekday() in owner.hours.days:
            closing = at_wall_clock(day, owner.hours.closes, owner.zone)
            if closing <= moment:
                return max(at_wall_clock(day, owner.hours.opens, owner.zone), closing - timedelta(hours=1))
    raise AssertionError("working hours without a working day are refused by the config")


def before_deadline(due_at: datetime, deadline: datetime, owner: Owner) -> datetime:
    """When something due at `due_at` arrives so that it is still of use before `deadline`: always in working hours."""
    opening = next_opening(due_at, owner)
    if deadline - opening >= (deadline - due_at) / 2:
        return opening
    return last_hour_before(due_at, owner)


def earliest(now: datetime) -> datetime:
    """What was due by then came before `now`, however far working hours have put it off."""
    return now - timedelta(days=_DAYS_AHEAD)


def latest(until: datetime) -> datetime:
    """What is due after that comes after `until`, however far working hours move it ahead."""
    return until + timedelta(days=_DAYS_AHEAD)


def when_back(moment: datetime, person: Mentor, owner: Owner) -> datetime:
    """`moment` itself, or for a person who is away then the owner's first working moment on a day that they are back.

    The day begins with the person's own working hours, so that nothing is written to them in the night before.
    """
    zone = person.zone(owner)
    for _ in range(len(person.away) + 1):
        back = person.away_until(moment.astimezone(zone).date())
        if back is None:
            break
        moment = next_opening(at_wall_clock(back, person.hours.opens, zone), owner)
    return moment
