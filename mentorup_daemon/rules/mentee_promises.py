"""After a meeting with a mentee (T12): the owner is asked what the two have promised each other.

Comes with the thank-you schedule, when a note after a meeting with a mentor would. Grace: three days, then nobody
remembers. No thanks are drafted: they are the mentee's to give.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from mentorup_daemon.records import Due, Snapshot, key_part
from mentorup_daemon.rules.hours import next_opening
from mentorup_daemon.rules.schedule import first_after

RULE = "mentee_promises"
GRACE = timedelta(days=3)
_WITHIN = timedelta(days=32)


def candidates(snapshot: Snapshot, now: datetime, until: datetime) -> Iterator[Due]:
    """One for each meeting with a mentee that took place since the first start."""
    for meeting in snapshot.meetings_over(max(snapshot.started_at, now - _WITHIN - 2 * GRACE), until):
        person = snapshot.person(meeting.mentor)
        if person is None or person.role != "mentee":
            continue
        slot = first_after(snapshot.practice.thank_you, snapshot.owner.zone, meeting.end, _WITHIN)
        moment = next_opening(slot.at, snapshot.owner) if slot is not None else until + GRACE
        if moment <= until:
            yield Due(
                key=f"{RULE}/{key_part(meeting.mentor)}/{meeting.key}",
                rule=RULE,
                due_at=moment,
                expires_at=moment + GRACE,
                lands="inbox",
                mentor=meeting.mentor,
                object=meeting.key,
                reason=(
                    f"You met {person.name}, a mentee of yours, on "
                    f"{meeting.start.astimezone(snapshot.owner.zone):%d %B %Y}; you are asked once what was promised."
                ),
            )
