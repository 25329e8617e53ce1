"""The quarterly look at oneself and the network (C22, T2), in one note: what the owner did, and who is missing.

Comes in the second week of a quarter, about the quarter before, on a day without check-in or digest. None in the first
four weeks after the first start, and none when the records hold nothing to tell. Where the config doesn't say what
anybody gives, the first such note says how to fill that in, and later ones leave the network out.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from mentorup_daemon.records import Due, Snapshot
from mentorup_daemon.records.quarter import bounds_before, quarter_before
from mentorup_daemon.rules.calm import calm_opening
from mentorup_daemon.rules.network import network

RULE = "review"
GRACE = timedelta(days=14)
_SECOND_WEEK = 8
_LIVED = timedelta(days=28)


def candidates(snapshot: Snapshot, now: datetime, until: datetime) -> Iterator[Due]:
    """The note of each quarter that ends after the first start, from the latest one up to `until`."""
    zone = snapshot.owner.zone
    day = now.astimezone(zone).date() - timedelta(days=2 * GRACE.days)
    while day <= until.astimezone(zone).date():
        if day.day == _SECOND_WEEK and day.month % 3 == 1:
            moment = calm_opening(snapshot, day)
            if moment <= until and _worth_it(snapshot, day, moment):
                yield _due(day, moment)
        day += timedelta(days=1)


def placed(snapshot: Snapshot, at: datetime) -> bool:
    """True when the kinds of support and the distance of one mentor at least are known."""
    return any(cell.people for cell in network(snapshot, at).cells)


def hint_wanted(snapshot: Snapshot, day: date) -> bool:
    """True in the first note after the first start: how to tell what the mentors give is said once."""
    first = datetime.combine(bounds_before(day)[0], time(), tzinfo=snapshot.owner.zone)
    return snapshot.started_at + _LIVED > first


def _worth_it(snapshot: Snapshot, day: date, moment: datetime) -> bool:
    quarter = quarter_before(snapshot, day)
    if snapshot.started_at + _LIVED > quarter.end:
        return False
    if not any(one.role == "mentor" and snapshot.active(one.id, moment) for one in snapshot.mentors):
        return False
    return not quarter.empty or placed(snapshot, moment) or hint_wanted(snapshot, day)


def _due(day: date, moment: datetime) -> Due:
    return Due(
        key=f"{RULE}/owner/{day}",
        rule=RULE,
        due_at=moment,
        expires_at=moment + GRACE,
        lands="inbox",
        object=f"{day}",
        reason="A quarter is over: one note about what you did in it, and about who is missing in your network.",
    )
