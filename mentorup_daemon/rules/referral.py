"""Asking somebody whom they would recommend (C5): a draft, into Drafts at the next pass (see `requested`)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from mentorup_daemon.records import Due, Entry, Snapshot
from mentorup_daemon.rules import requested

RULE: Literal["referral"] = "referral"


def wanted(entry: Entry, snapshot: Snapshot) -> bool:
    """True while what was written still holds."""
    return any(entry.key == requested.key_of(request) for request, _ in requested.standing(snapshot, RULE))


def candidates(snapshot: Snapshot, now: datetime, until: datetime) -> Iterator[Due]:  # noqa: ARG001 - the shape of a rule
    """One for each open request."""
    if "drafts" not in snapshot.practice.delivery:
        return
    for request, person in requested.standing(snapshot, RULE):
        if request.created_at <= until:
            reason = f"You wanted to ask {person.name} whom they would recommend."
            yield requested.draft(request, person, reason=reason)
