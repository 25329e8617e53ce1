"""Drafts that the owner has asked for: a hello (C4), a question whom they would recommend (C5), a letter (T5).

They come at once, so no quiet applies, and go by the number of the request: asked again, it comes again. A request that
is dropped takes its draft back. Grace: two weeks.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from mentorup_daemon.records import Due, Mentor, Request, Snapshot, key_part
from mentorup_daemon.records.growth import RequestKind

GRACE = timedelta(days=14)


def standing(snapshot: Snapshot, kind: RequestKind) -> Iterator[tuple[Request, Mentor]]:
    """The open requests of one kind, each with whom it is about."""
    for request in snapshot.requests:
        person = snapshot.person(request.person)
        if request.kind == kind and request.state == "open" and person is not None:
            yield request, person


def key_of(request: Request) -> str:
    """The key of the draft; its rule is named as the kind of the request."""
    return f"{request.kind}/{key_part(request.person)}/{request.id}/draft"


def draft(request: Request, person: Mentor, *, reason: str, of_ending: bool = False) -> Due:
    """The draft for a request."""
    return Due(
        key=key_of(request),
        rule=request.kind,
        due_at=request.created_at,
        expires_at=request.created_at + GRACE,
        lands="drafts",
        mentor=person.id,
        object=f"{person.id}/{request.id}",
        asked_for=True,
        of_ending=of_ending,
        reason=reason,
    )
