"""A draft that asks a mentor for a letter of recommendation, with the facts for it (T5): when the owner asks for one.

At once, for the owner has just said LETTER; also for a mentor with whom it has ended, for those are asked most of all.
Taken back with the request. Grace: two weeks.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from mentorup_daemon.records import Due, Snapshot, key_part

RULE = "letter"
GRACE = timedelta(days=14)


def candidates(snapshot: Snapshot, now: datetime, until: datetime) -> Iterator[Due]:
    """One for each request that stands."""
    for request in snapshot.requests:
        person = snapshot.person(request.person)
        if request.kind != RULE or request.state != "open" or person is None:
            continue
        if not snapshot.started_at <= request.created_at <= until or request.created_at + GRACE <= now:
            continue
        yield Due(
            key=f"{RULE}/{key_part(person.id)}/{request.id}/draft",
            rule=RULE,
            due_at=request.created_at,
            expires_at=request.created_at + GRACE,
            lands="drafts",
            mentor=person.id,
            object=f"letter-{request.id}",
            asked_for=True,
            of_ending=True,
            reason=f"You asked for a draft that asks {person.name} for a letter, with the facts for it.",
        )


def withdrawn(snapshot: Snapshot, object_: str) -> bool:
    """True when the request behind a draft has been taken back."""
    return not any(
        f"letter-{request.id}" == object_ and request.state == "open" and request.kind == RULE
        for request in snapshot.requests
    )
