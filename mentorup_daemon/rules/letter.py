"""A draft that asks a mentor for a letter of recommendation, with the facts for it (T5): when the owner asks for one.

At once, for the owner has just said LETTER (see `requested`); also for a mentor with whom it has ended, for those are
asked most of all.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from mentorup_daemon.records import Due, Entry, Snapshot
from mentorup_daemon.rules import requested

RULE: Literal["letter"] = "letter"


def wanted(entry: Entry, snapshot: Snapshot) -> bool:
    """True while the request behind a draft stands."""
    return any(entry.key == requested.key_of(request) for request, _ in requested.standing(snapshot, RULE))


def candidates(snapshot: Snapshot, now: datetime, until: datetime) -> Iterator[Due]:
    """One for each request that stands."""
    for request, person in requested.standing(snapshot, RULE):
        if snapshot.started_at <= request.created_at <= until and now < request.created_at + requested.GRACE:
            reason = f"You asked for a draft that asks {person.name} for a letter, with the facts for it."
            yield requested.draft(request, person, reason=reason, of_ending=True)
