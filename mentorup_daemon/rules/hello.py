"""The hello (C4): a draft to somebody whom the owner has picked, into Drafts at the next pass.

The owner has asked for it, so no quiet applies. It goes by the number of the request: asked again, it comes again. A
request that is dropped, or somebody who is let go, takes it back.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from mentorup_daemon.records import Due, Entry, Mentor, Request, Snapshot, key_part
from mentorup_daemon.records.candidates import is_candidate

RULE = "hello"
GRACE = timedelta(days=14)


def key_of(request: Request) -> str:
    """The key of the draft."""
    return f"{RULE}/{key_part(request.person)}/{request.id}/draft"


def greeted(snapshot: Snapshot) -> Iterator[tuple[Request, Mentor]]:
    """The open requests for a hello, each with whom it is for; nobody who was let go."""
    for request in snapshot.requests:
        person = snapshot.person(request.person)
        if request.kind != "hello" or request.state != "open" or person is None:
            continue
        if person.role == "mentor" or is_candidate(snapshot, person):
            yield request, person


def wanted(entry: Entry, snapshot: Snapshot) -> bool:
    """True while what was written still holds."""
    return any(entry.key == key_of(request) for request, _ in greeted(snapshot))


def candidates(snapshot: Snapshot, now: datetime, until: datetime) -> Iterator[Due]:  # noqa: ARG001 - the shape of a rule
    """One for each open request."""
    if "drafts" not in snapshot.practice.delivery:
        return
    for request, person in greeted(snapshot):
        if request.created_at <= until:
            yield Due(
                key=key_of(request),
                rule=RULE,
                due_at=request.created_at,
                expires_at=request.created_at + GRACE,
                lands="drafts",
                mentor=person.id,
                object=f"{person.id}/{request.id}",
                asked_for=True,
                reason=f"You picked {person.name} with `mentorup find`, and asked for a hello.",
            )
