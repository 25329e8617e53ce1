"""Half a year after ending with a mentor (T11): one draft that says how it went on, then nothing ever.

It comes without a note of its own; the digest tells of it. Grace: a month.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from mentorup_daemon.records import Due, Snapshot, key_part
from mentorup_daemon.rules.closing import ended
from mentorup_daemon.rules.hours import next_opening

RULE = "closing_update"
AFTER = timedelta(days=182)
GRACE = timedelta(days=30)


def candidates(snapshot: Snapshot, now: datetime, until: datetime) -> Iterator[Due]:
    """One for each mentor that is closed."""
    if "drafts" not in snapshot.practice.delivery:
        return
    for person, since in ended(snapshot):
        moment = next_opening(since + AFTER, snapshot.owner)
        if moment > until or moment + GRACE <= now:
            continue
        day = since.astimezone(snapshot.owner.zone).date()
        yield Due(
            key=f"{RULE}/{key_part(person.id)}/{day}/draft",
            rule=RULE,
            due_at=moment,
            expires_at=moment + GRACE,
            lands="drafts",
            mentor=person.id,
            object=f"{person.id}/{day}",
            of_ending=True,
            reason=f"You closed with {person.name} on {day:%d %B %Y}; half a year later you tell how it went on.",
        )
