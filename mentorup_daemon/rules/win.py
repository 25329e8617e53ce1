"""Wins and their credit trail (T9): whoever's help is in one hears of it, in a draft on the next working morning.

One for each win and person, from the first start on; for a person who is away it waits (see `plan`). It may come late,
for good news keeps, but not after a month. A win that the owner takes back takes its drafts along.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta

from mentorup_daemon.records import Due, Entry, Snapshot, Win, key_part
from mentorup_daemon.rules.hours import next_opening

RULE = "win"
GRACE = timedelta(days=30)


def key_of(win: Win, mentor: str) -> str:
    """The key of the draft."""
    return f"{RULE}/{key_part(mentor)}/{win.id}/draft"


def candidates(snapshot: Snapshot, now: datetime, until: datetime) -> Iterator[Due]:  # noqa: ARG001 - the shape of a rule
    """One for each person in the credit trail of a win that is kept."""
    if "drafts" not in snapshot.practice.delivery:
        return
    zone = snapshot.owner.zone
    for win in snapshot.wins:
        if win.state != "kept" or win.created_at < snapshot.started_at:
            continue
        morning = win.created_at.astimezone(zone).date() + timedelta(days=1)
        moment = next_opening(datetime.combine(morning, time(), tzinfo=zone), snapshot.owner)
        for credited in win.credit:
            person = snapshot.person(credited)
            if person is None or moment > until:
                continue
            yield Due(
                key=key_of(win, person.id),
                rule=RULE,
                due_at=moment,
                expires_at=moment + GRACE,
                lands="drafts",
                mentor=person.id,
                object=f"win-{win.id}",
                reason=f"Something went well ({win.text}), and you gave {person.name} credit for it; they should hear.",
            )


def taken_back(entry: Entry, snapshot: Snapshot, now: datetime) -> bool:
    """True for a fresh draft about a win that is none any more, or that this person has no credit for."""
    if entry.rule != RULE or entry.outcome != "delivered" or now > entry.due_at + GRACE:
        return False
    return not any(
        win.state == "kept" and f"win-{win.id}" == entry.object and entry.mentor in win.credit for win in snapshot.wins
    )
