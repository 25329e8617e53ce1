"""A word about a change of mind: a note ahead of a meeting has been taken back, because the meeting is off or far off.

Said once for each agenda note that was withdrawn, or for the note that asked for questions where no agenda had come
yet: only what the owner has been told before needs to be untold.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from mentorup_daemon.records import Due, Entry, Snapshot, key_part
from mentorup_daemon.records.standing import AGENDAS
from mentorup_daemon.rules import agenda, closing_agenda, questions
from mentorup_daemon.rules.hours import next_opening

RULE = "change"
GRACE = timedelta(days=3)


def candidates(snapshot: Snapshot, now: datetime, until: datetime) -> Iterator[Due]:  # noqa: ARG001 - the shape of a rule
    """One for each such note that stands as withdrawn, or left, in the ledger."""
    for entry in snapshot.ledger.values():
        if not _announced(entry, snapshot) or entry.outcome not in ("withdrawn", "left"):
            continue
        if entry.outcome_at is None or (entry.key in snapshot.marks and snapshot.marks[entry.key].skipped):
            continue
        moment = next_opening(entry.outcome_at, snapshot.owner)
        if moment <= until:
            yield Due(
                key=f"{RULE}/{key_part(entry.mentor or 'owner')}/{entry.object}/{_part(entry)}",
                rule=RULE,
                due_at=moment,
                expires_at=moment + GRACE,
                lands="inbox",
                mentor=entry.mentor,
                object=entry.object,
                of_ending=entry.rule == closing_agenda.RULE,
                reason=f"{entry.key} had been written and no longer holds: the meeting is off or has moved.",
            )


def _announced(entry: Entry, snapshot: Snapshot) -> bool:
    """True for the latest note that told the owner of a meeting."""
    if entry.lands != "inbox":
        return False
    if entry.rule == questions.RULE:
        return not any(one.rule in AGENDAS and one.object == entry.object for one in snapshot.ledger.values())
    return entry.rule in AGENDAS


def _part(entry: Entry) -> str:
    return str(entry.revision) if entry.rule == agenda.RULE else f"{entry.rule}-{entry.revision}"
