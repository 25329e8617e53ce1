"""A word about a change of mind: a note ahead of a meeting has been taken back, because the meeting is off or far off.

Said once for each agenda note that was withdrawn, or for the note that asked for questions where no agenda had come
yet: only what the owner has been told before needs to be untold. Where another meeting has come in its place, the word
is of that one; where that one's agenda comes at once, it says enough.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from mentorup_daemon.records import Due, Entry, Meeting, Snapshot, key_part
from mentorup_daemon.records.standing import AGENDAS
from mentorup_daemon.rules import agenda, closing_agenda, questions
from mentorup_daemon.rules.hours import next_opening

RULE = "change"
GRACE = timedelta(days=3)
OFF = "off"
"""The basis of a word about a meeting that is off; of one that has moved it is where that stands."""


def candidates(snapshot: Snapshot, now: datetime, until: datetime) -> Iterator[Due]:
    """One for each such note that stands as withdrawn, or left, in the ledger."""
    for entry in snapshot.ledger.values():
        if not _announced(entry, snapshot) or entry.outcome not in ("withdrawn", "left"):
            continue
        if entry.outcome_at is None or (entry.key in snapshot.marks and snapshot.marks[entry.key].skipped):
            continue
        moment = next_opening(entry.outcome_at, snapshot.owner)
        stands = now_at(entry, snapshot)
        if moment <= until and not _says_enough(stands, entry, snapshot, now):
            yield Due(
                key=f"{RULE}/{key_part(entry.mentor or 'owner')}/{entry.object}/{_part(entry)}",
                rule=RULE,
                due_at=moment,
                expires_at=moment + GRACE,
                lands="inbox",
                mentor=entry.mentor,
                object=entry.object,
                of_ending=entry.rule == closing_agenda.RULE,
                basis=agenda.basis_of(stands) if stands is not None else OFF,
                reason=f"{entry.key} had been written and no longer holds: the meeting is off or has moved.",
            )


def now_at(entry: Entry, snapshot: Snapshot) -> Meeting | None:
    """The meeting that `entry` told of where it is now, or the one in its place; None when it is off."""
    meeting = snapshot.meeting(entry.object)
    if meeting is None or meeting.mentor != entry.mentor:
        return None
    return meeting if meeting.on else snapshot.successor(meeting)


def untrue(entry: Entry, snapshot: Snapshot, now: datetime) -> bool:
    """True for a fresh word of ours about a meeting that is on after all, or whose agenda comes again by now."""
    if entry.rule != RULE or entry.outcome != "delivered" or now > entry.due_at + GRACE:
        return False
    meeting = snapshot.meeting(entry.object)
    person = snapshot.person(entry.mentor)
    if meeting is None or person is None or not meeting.on or meeting.mentor != entry.mentor or meeting.start <= now:
        return False
    return entry.basis == OFF or agenda.due_at(meeting, person, snapshot) <= now


def _says_enough(stands: Meeting | None, entry: Entry, snapshot: Snapshot, now: datetime) -> bool:
    """True when an agenda tells of the meeting at once: of one that is on again, or of the one in its place.

    Unless there is a draft of the owner's that says where it was, which only this word tells of.
    """
    person = snapshot.person(entry.mentor)
    if stands is None or person is None or stands.start <= now or agenda.due_at(stands, person, snapshot) > now:
        return False
    own = any(
        one.lands == "drafts" and one.outcome == "left" and (one.object, one.mentor) == (entry.object, entry.mentor)
        for one in snapshot.ledger.values()
    )
    return stands.key == entry.object or not own


def _announced(entry: Entry, snapshot: Snapshot) -> bool:
    """True for the latest note that told the owner of a meeting."""
    if entry.lands != "inbox":
        return False
    if entry.rule == questions.RULE:
        return not any(one.rule in AGENDAS and one.object == entry.object for one in snapshot.ledger.values())
    return entry.rule in AGENDAS


def _part(entry: Entry) -> str:
    return str(entry.revision) if entry.rule == agenda.RULE else f"{entry.rule}-{entry.revision}"
