"""A candidate who has appeared (T1, C13): the next morning one note asks for what is missing.

Why them, who recommended them, how they have helped already. It comes once for each, and not at all where the first two
are known: the third is asked for before the first meeting anyway. Candidates from before the first start are left in
peace.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta

from mentorup_daemon.records import Candidate, Due, Snapshot, key_part
from mentorup_daemon.records.candidates import is_candidate, kept_about
from mentorup_daemon.rules.hours import next_opening

RULE = "candidate"
GRACE = timedelta(days=7)


def incomplete(kept: Candidate) -> bool:
    """True while it isn't known why them, or who recommended them."""
    return not (kept.why.strip() and kept.recommended_by.strip())


def candidates(snapshot: Snapshot, now: datetime, until: datetime) -> Iterator[Due]:  # noqa: ARG001 - the shape of a rule
    """One for each candidate who appeared after the first start and of whom something is missing."""
    for person in snapshot.mentors:
        kept = kept_about(snapshot.candidates, person.id)
        if kept is None or not is_candidate(snapshot, person) or not incomplete(kept):
            continue
        if kept.created_at <= snapshot.started_at:
            continue
        day = kept.created_at.astimezone(snapshot.owner.zone).date() + timedelta(days=1)
        moment = next_opening(datetime.combine(day, time(), tzinfo=snapshot.owner.zone), snapshot.owner)
        if moment <= until:
            yield Due(
                key=f"{RULE}/{key_part(person.id)}/{kept.id}",
                rule=RULE,
                due_at=moment,
                expires_at=moment + GRACE,
                lands="inbox",
                mentor=person.id,
                object=f"{person.id}/{kept.id}",
                reason=f"{person.name} is a new candidate; you are asked once for what is not known about them yet.",
            )
