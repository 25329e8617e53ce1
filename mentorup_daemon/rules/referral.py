"""Asking somebody whom they would recommend (C5): a draft, into Drafts at the next pass, as the owner has asked for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from mentorup_daemon.records import Due, Entry, Request, Snapshot, key_part

RULE = "referral"
GRACE = timedelta(days=14)


def key_of(request: Request) -> str:
    """The key of the draft."""
    return f"{RULE}/{key_part(request.person)}/{request.id}/draft"


def wanted(entry: Entry, snapshot: Snapshot) -> bool:
    """True while what was written still holds."""
    return any(entry.key == key_of(one) for one in _asked(snapshot))


def candidates(snapshot: Snapshot, now: datetime, until: datetime) -> Iterator[Due]:  # noqa: ARG001 - the shape of a rule
    """One for each open request."""
    if "drafts" not in snapshot.practice.delivery:
        return
    for request in _asked(snapshot):
        person = snapshot.person(request.person)
        if person is not None and request.created_at <= until:
            yield Due(
                key=key_of(request),
                rule=RULE,
                due_at=request.created_at,
                expires_at=request.created_at + GRACE,
                lands="drafts",
                mentor=person.id,
                object=f"{person.id}/{request.id}",
                asked_for=True,
                reason=f"You wanted to ask {person.name} whom they would recommend.",
            )


def _asked(snapshot: Snapshot) -> Iterator[Request]:
    return (one for one in snapshot.requests if one.kind == "referral" and one.state == "open")
