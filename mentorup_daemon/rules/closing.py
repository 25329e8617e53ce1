"""Ending with a mentor (T11): a closing note in Drafts, and one note to the owner that tells what was done.

Both come at once, for the owner has just said CLOSE. They are of the ending, so the quiet of a closed person holds back
everything but them, the closing agenda and the one update half a year later. RESUME takes untouched drafts back. Grace:
two weeks. Candidates and mentees get no letters, only the end of their schedules.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from mentorup_daemon.records import Due, Mentor, Snapshot, key_part
from mentorup_daemon.records.standing import closed_since

RULE = "closing"
GRACE = timedelta(days=14)


def ended(snapshot: Snapshot) -> Iterator[tuple[Mentor, datetime]]:
    """The mentors that are closed, and since when."""
    for person in snapshot.mentors:
        since = closed_since(snapshot, person.id)
        if person.role == "mentor" and since is not None and since >= snapshot.started_at:
            yield person, since


def candidates(snapshot: Snapshot, now: datetime, until: datetime) -> Iterator[Due]:
    """Draft and note for each mentor that has been closed lately; the draft first, for the note tells of it."""
    for person, since in ended(snapshot):
        if since + GRACE <= now or since > until:
            continue
        day = since.astimezone(snapshot.owner.zone).date()
        for place in ("drafts", "inbox"):
            if place not in snapshot.practice.delivery:
                continue
            yield Due(
                key=f"{RULE}/{key_part(person.id)}/{day}" + ("/draft" if place == "drafts" else ""),
                rule=RULE,
                due_at=since,
                expires_at=since + GRACE,
                lands="drafts" if place == "drafts" else "inbox",
                mentor=person.id,
                object=f"{person.id}/{day}",
                asked_for=True,
                of_ending=True,
                reason=f"You closed with {person.name} on {day:%d %B %Y}; it ends with thanks, and with who is next.",
            )
