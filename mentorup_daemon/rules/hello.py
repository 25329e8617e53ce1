"""The hello (C4): a draft to somebody whom the owner has picked, into Drafts at the next pass (see `requested`).

Somebody who is let go takes it back, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from mentorup_daemon.records import Due, Entry, Mentor, Request, Snapshot
from mentorup_daemon.records.candidates import is_candidate
from mentorup_daemon.rules import requested

RULE: Literal["hello"] = "hello"


def greeted(snapshot: Snapshot) -> Iterator[tuple[Request, Mentor]]:
    """The open requests for a hello, each with whom it is for; nobody who was let go."""
    for request, person in requested.standing(snapshot, RULE):
        if person.role == "mentor" or is_candidate(snapshot, person):
            yield request, person


def wanted(entry: Entry, snapshot: Snapshot) -> bool:
    """True while what was written still holds."""
    return any(entry.key == requested.key_of(request) for request, _ in greeted(snapshot))


def candidates(snapshot: Snapshot, now: datetime, until: datetime) -> Iterator[Due]:  # noqa: ARG001 - the shape of a rule
    """One for each open request."""
    if "drafts" not in snapshot.practice.delivery:
        return
    for request, person in greeted(snapshot):
        if request.created_at <= until:
            reason = f"You picked {person.name} with `mentorup find`, and asked for a hello."
            yield requested.draft(request, person, reason=reason)
