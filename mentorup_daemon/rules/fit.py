"""The fit form (T1, C9 to C12): the day after a meeting with a candidate, four questions, and what could come next.

After each of the first three meetings: whoever is met more often than that isn't being tried out any more. The answers
are kept in the owner's words; nothing is ranked or scored.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from mentorup_daemon.records import Due, Meeting, Snapshot, key_part
from mentorup_daemon.records.candidates import is_candidate
from mentorup_daemon.rules.hours import next_opening

RULE = "fit"
AFTER = timedelta(days=1)
GRACE = timedelta(days=7)
MOST = 3


def candidates(snapshot: Snapshot, now: datetime, until: datetime) -> Iterator[Due]:  # noqa: ARG001 - the shape of a rule
    """One for each of the first meetings with a candidate that took place since the first start."""
    for person in snapshot.mentors:
        if not is_candidate(snapshot, person):
            continue
        met = sorted(
            (one for one in snapshot.meetings if one.mentor == person.id and one.on),
            key=lambda one: (one.end, one.key),
        )
        for meeting in [one for one in met if one.end > snapshot.started_at][:MOST]:
            moment = next_opening(meeting.end + AFTER, snapshot.owner)
            if moment <= until:
                yield _due(snapshot, person.name, meeting, moment)


def _due(snapshot: Snapshot, name: str, meeting: Meeting, moment: datetime) -> Due:
    return Due(
        key=f"{RULE}/{key_part(meeting.mentor)}/{meeting.key}",
        rule=RULE,
        due_at=moment,
        expires_at=moment + GRACE,
        lands="inbox",
        mentor=meeting.mentor,
        object=f"{RULE}/{meeting.key}",
        reason=(
            f"You met {name}, a candidate, on {meeting.start.astimezone(snapshot.owner.zone):%d %B %Y}; the day after "
            "you are asked whether it could fit."
        ),
    )
