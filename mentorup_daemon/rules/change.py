"""A word about a change of mind: an agenda that was written has been taken back, because its meeting is off or far off.

Said once for each agenda that was withdrawn, and only when the owner had been told of that agenda before.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from mentorup_daemon.records import Due, Snapshot, key_part
from mentorup_daemon.rules import agenda
from mentorup_daemon.rules.hours import next_opening

RULE = "change"
GRACE = timedelta(days=3)


def candidates(snapshot: Snapshot, now: datetime, until: datetime) -> Iterator[Due]:  # noqa: ARG001 - the shape of a rule
    """One for each agenda note that stands as withdrawn, or left, in the ledger."""
    for entry in snapshot.ledger.values():
        if entry.rule != agenda.RULE or entry.lands != "inbox" or entry.outcome not in ("withdrawn", "left"):
            continue
        if entry.outcome_at is None or (entry.key in snapshot.marks and snapshot.marks[entry.key].skipped):
            continue
        moment = next_opening(entry.outcome_at, snapshot.owner)
        if moment <= until:
            yield Due(
                key=f"{RULE}/{key_part(entry.mentor or 'owner')}/{entry.object}/{entry.revision}",
                rule=RULE,
                due_at=moment,
                expires_at=moment + GRACE,
                lands="inbox",
                mentor=entry.mentor,
                object=entry.object,
                reason=f"The agenda {entry.key} had been written and no longer holds: the meeting is off or has moved.",
            )
