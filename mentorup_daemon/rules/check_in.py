"""The quarterly check-in (T6): a draft for each mentor, and one note to the owner that tells of all of them.

Due at each slot of the check-in schedule after the first start. Grace: fourteen days; after downtime over several
slots only the latest one still counts, so the owner gets one catch-up and no burst.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from mentorup_daemon.records import Due, Snapshot, key_part
from mentorup_daemon.rules.hours import next_opening
from mentorup_daemon.rules.schedule import Slot, slots

RULE = "check_in"
GRACE = timedelta(days=14)


def candidates(snapshot: Snapshot, now: datetime, until: datetime) -> Iterator[Due]:
    """Drafts by mentor, then the note, for the latest slot that has passed and for every slot up to `until`."""
    mentors = [person for person in snapshot.mentors if person.role == "mentor"]
    if not any(snapshot.active(person.id, now) for person in mentors):
        return
    for slot in _standing(snapshot, now, until):
        moment = next_opening(slot.at, snapshot.owner)
        if moment > until:
            continue
        reason = "The check-in schedule came round"
        for person in mentors:
            yield Due(
                key=f"{RULE}/{key_part(person.id)}/{slot.name}/draft",
                rule=RULE,
                due_at=moment,
                expires_at=moment + GRACE,
                lands="drafts",
                mentor=person.id,
                object=slot.name,
                reason=f"{reason} ({slot.name}); {person.name} is a mentor of yours.",
            )
        yield Due(
            key=f"{RULE}/all/{slot.name}",
            rule=RULE,
            due_at=moment,
            expires_at=moment + GRACE,
            lands="inbox",
            object=slot.name,
            reason=f"{reason} ({slot.name}); one note for all mentors.",
        )


def _standing(snapshot: Snapshot, now: datetime, until: datetime) -> list[Slot]:
    """The slots that count: of those that have passed only the latest, and all that are still to come."""
    begin = max(snapshot.started_at, now - GRACE - timedelta(days=7))
    found = list(slots(snapshot.practice.check_in, snapshot.owner.zone, begin, until))
    passed = [slot for slot in found if slot.at <= now]
    return passed[-1:] + [slot for slot in found if slot.at > now]
