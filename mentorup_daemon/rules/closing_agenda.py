"""The last meeting with a mentor who is closed (T11, C28): its agenda looks back and ahead.

What was achieved, the questions that are left, the next steps, and whom they would suggest. It takes the place of the
ordinary agenda of the first meeting that is still ahead; those behind it, of a series that nobody has ended, get none.
Where it is due already when the owner says CLOSE, the note about the ending tells of it, and no second one comes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from mentorup_daemon.records import Due, Meeting, Mentor, Snapshot, key_part
from mentorup_daemon.records.standing import closed_since, next_meeting
from mentorup_daemon.rules import agenda
from mentorup_daemon.rules.closing import ended

RULE = "closing_agenda"


def due_at(meeting: Meeting, person: Mentor, snapshot: Snapshot) -> datetime:
    """When it falls due: as an agenda does."""
    return agenda.due_at(meeting, person, snapshot)


def at_once(snapshot: Snapshot, person: Mentor, meeting: Meeting) -> bool:
    """True when it was due already when the owner said CLOSE."""
    since = closed_since(snapshot, person.id)
    return since is not None and due_at(meeting, person, snapshot) <= since


def candidates(snapshot: Snapshot, now: datetime, until: datetime) -> Iterator[Due]:
    """Draft and note of the first meeting since the closing, while it is ahead."""
    for person, since in ended(snapshot):
        meeting = next_meeting(snapshot, person, since)
        if meeting is None or meeting.start <= now:
            continue
        now_or_never = at_once(snapshot, person, meeting)
        moment = since if now_or_never else due_at(meeting, person, snapshot)
        if moment > until:
            continue
        for place in ("drafts", "inbox"):
            if place not in snapshot.practice.delivery or (place == "inbox" and now_or_never):
                continue
            yield Due(
                key=f"{RULE}/{key_part(person.id)}/{meeting.key}" + ("/draft" if place == "drafts" else ""),
                rule=RULE,
                due_at=moment,
                expires_at=meeting.start,
                lands="drafts" if place == "drafts" else "inbox",
                mentor=person.id,
                object=meeting.key,
                basis=agenda.basis_of(meeting),
                asked_for=now_or_never,
                of_ending=True,
                reason=(
                    f"You closed with {person.name}, and meet once more at "
                    f"{meeting.start.astimezone(snapshot.owner.zone):%H:%M on %d %B %Y}: that agenda looks back."
                ),
            )
