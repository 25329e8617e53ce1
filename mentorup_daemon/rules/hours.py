"""The owner's quiet: when a note may arrive, and where one goes that falls due outside working hours.

Everything is reckoned on the owner's wall clock, so that 08:00 stays 08:00 over both DST changes. A moment in the quiet
moves to the next opening. The one hard thing is a note that must come *before* something: when waiting for the next
opening would eat more than half of the time it was meant to give, it comes in the last working hour before instead.
A mentor's holidays are days on their own calendar; what would reach them then waits for the day they are back.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from mentorup_daemon.records import Mentor, Owner, WorkingHours

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
        opening, _ = _opened(first + timedelta(days=ahead), owner.hours, owner.zone)
        if opening is not None and opening >= moment:
            return opening
    raise AssertionError("working hours without a working day are refused by the config")


def last_hour_before(moment: datetime, owner: Owner) -> datetime:
    """`moment` itself when it lies in working hours, else the beginning of the last working hour before it."""
    if in_hours(moment, owner):
        return moment
    last = moment.astimezone(owner.zone).date()
    for back in range(_DAYS_AHEAD):
        opening, closing = _opened(last - timedelta(days=back), owner.hours, owner.zone)
        if opening is not None and closing <= moment:
            return max(opening, closing - timedelta(hours=1))
    raise AssertionError("working hours without a working day are refused by the config")


def before_deadline(due_at: datetime, deadline: datetime, owner: Owner) -> datetime:
    """When something due at `due_at` arrives so that it is still of use before `deadline`: always in working hours."""
    opening = next_opening(due_at, owner)
    if deadline - opening >= (deadline - due_at) / 2:
        return opening
    return last_hour_before(due_at, owner)


def surely_before(due_at: datetime, now: datetime) -> bool:
    """True when what is due at `due_at` came before `now`, however far working hours have put it off."""
    return due_at + timedelta(days=_DAYS_AHEAD) < now


def surely_after(due_at: datetime, until: datetime) -> bool:
    """True when what is due at `due_at` comes after `until`, however far working hours move it ahead."""
    return due_at - timedelta(days=_DAYS_AHEAD) > until


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


def _opened(day: date, hours: WorkingHours, zone: ZoneInfo) -> tuple[datetime | None, datetime]:
    """When `day` opens (None for a day off) and closes."""
    closing = at_wall_clock(day, hours.closes, zone)
    if day.weekday() not in hours.days:
        return None, closing
    return at_wall_clock(day, hours.opens, zone), closing
