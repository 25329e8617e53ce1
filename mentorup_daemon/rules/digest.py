"""The weekly digest: one note on its schedule about what is due, who is waiting, and what was done unasked.

None when there is nothing to tell; none in the first week, when all is new anyway, unless something is to be done.
Grace: three days, then the week it tells of is over; after downtime only the latest one counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from mentorup_daemon.records import Due, Snapshot
from mentorup_daemon.records.week import WEEK, week
from mentorup_daemon.rules.hours import next_opening
from mentorup_daemon.rules.schedule import Slot, slots

RULE = "digest"
GRACE = timedelta(days=3)
_QUIET_AT_MOST = timedelta(days=7)


def candidates(snapshot: Snapshot, now: datetime, until: datetime) -> Iterator[Due]:
    """The latest slot that has passed, and every slot up to `until`, each only with something to tell."""
    begin = max(snapshot.started_at, now - GRACE - _QUIET_AT_MOST)
    found = list(slots(snapshot.practice.digest, snapshot.owner.zone, begin, until))
    passed = [slot for slot in found if slot.at <= now]
    for slot in passed[-1:] + [slot for slot in found if slot.at > now]:
        moment = next_opening(slot.at, snapshot.owner)
        if moment > until or moment + GRACE <= now or not _worth_it(snapshot, slot):
            continue
        yield Due(
            key=f"{RULE}/owner/{slot.name}",
            rule=RULE,
            due_at=moment,
            expires_at=moment + GRACE,
            lands="inbox",
            object=slot.name,
            reason=f"The digest's schedule came round ({slot.name}), and there is something to tell.",
        )


def _worth_it(snapshot: Snapshot, slot: Slot) -> bool:
    told = week(snapshot, slot.at)
    return told.to_do or (not told.empty and slot.at >= snapshot.started_at + WEEK)
