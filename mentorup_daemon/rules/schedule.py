"""Cron schedules (five fields) as slots on the owner's wall clock.

croniter counts on naive local times here, so each wall-clock slot exists once: a firing in the autumn overlap comes
once, one in the spring gap comes once, when the gap is over. A slot's name is its local time, which keys what was
written for it: a clock that jumps back, or a firing seen twice, finds the name already in the ledger.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from heapq import heappop, heappush
from zoneinfo import ZoneInfo

from croniter import croniter

from mentorup_daemon.rules.hours import at_wall_clock


@dataclass(frozen=True, slots=True)
class Slot:
    """One firing: `name` is the local wall clock as `2026-10-25T02:30`, `at` the aware moment."""

    name: str
    at: datetime


def slots(expression: str, zone: ZoneInfo, after: datetime, until: datetime) -> Iterator[Slot]:
    """Every slot with `after` < slot <= `until`, in order of time. The expression has been validated by the config.

    Slots in a gap are read with the offset from before it, so they come among those of the hour behind the gap: each
    waits until no later slot of the wall clock can come before it.
    """
    # A day's margin on the wall clock: the naive order of slots and the real one differ around DST changes.
    local = after.astimezone(zone).replace(tzinfo=None) - timedelta(days=1)
    end = until.astimezone(zone).replace(tzinfo=None) + timedelta(days=1)
    firing = croniter(expression, local)
    waiting: list[tuple[float, str]] = []
    while True:
        wall: datetime = firing.get_next(datetime)
        at = at_wall_clock(wall.date(), wall.hour * 60 + wall.minute, zone)
        earliest = min(at.timestamp(), wall.replace(tzinfo=zone, fold=1).timestamp())
        while waiting and (waiting[0][0] <= earliest or wall > end):
            seconds, name = heappop(waiting)
            yield Slot(name, datetime.fromtimestamp(seconds, zone))
        if wall > end:
            return
        if after < at <= until:
            heappush(waiting, (at.timestamp(), wall.strftime("%Y-%m-%dT%H:%M")))


@lru_cache(maxsize=4096)
def first_after(expression: str, zone: ZoneInfo, after: datetime, within: timedelta) -> Slot | None:
    """The first slot after `after`, or None when none comes `within` that time. Kept: the rules ask again each pass."""
    return next(slots(expression, zone, after, after + within), None)
