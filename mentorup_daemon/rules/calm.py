"""A calm day for a note that isn't tied to one: a weekday of its own, without check-in or digest.

So that what comes once in months doesn't fall on the morning on which two other notes come. Where every working day has
one of them, the first will do.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from mentorup_daemon.records import Snapshot
from mentorup_daemon.rules.hours import next_opening
from mentorup_daemon.rules.schedule import first_after

TUESDAY, THURSDAY = 1, 3
_TRIES = 5
_DAY = timedelta(days=1)


def calm_opening(snapshot: Snapshot, day: date, weekday: int | None = None) -> datetime:
    """The opening of the first calm day from `day` on, or from the next such weekday (Monday 0) on."""
    zone = snapshot.owner.zone
    if weekday is not None:
        day += timedelta(days=(weekday - day.weekday()) % 7)
    first = moment = next_opening(datetime.combine(day, time(), tzinfo=zone), snapshot.owner)
    schedules = (snapshot.practice.check_in, snapshot.practice.digest)
    for _ in range(_TRIES):
        midnight = datetime.combine(moment.astimezone(zone).date(), time(), tzinfo=zone)
        if not any(first_after(each, zone, midnight - timedelta(seconds=1), _DAY) for each in schedules):
            return moment
        moment = next_opening(midnight + _DAY, snapshot.owner)
    return first
