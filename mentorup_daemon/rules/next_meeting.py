"""The next meeting (P3, C26): a day after one, when no other is in the calendar within the agreed cadence.

A draft that asks for it, taken back when a meeting turns up. Without an agreed cadence nothing is missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from mentorup_daemon.records import Due, Meeting, Mentor, Snapshot, key_part
from mentorup_daemon.records.standing import next_meeting
from mentorup_daemon.rules.hours import earliest, next_opening

RULE = "next_meeting"
AFTER = timedelta(days=1)
GRACE = timedelta(days=7)
SLACK = timedelta(days=8)


def booked(snapshot: Snapshot, meeting: Meeting, person: Mentor) -> bool:
    """True when the next meeting with this person lies about a cadence away, or there is no cadence.

    Nobody's calendar keeps a cadence to the day: a meeting that has slipped a week, or a quarter of it, is booked.
    """
    following = next_meeting(snapshot, person, meeting.start)
    if person.cadence is None:
        return True
    slack = max(SLACK, person.cadence / 4)
    return following is not None and following.start <= meeting.end + person.cadence + slack


def candidates(snapshot: Snapshot, now: datetime, until: datetime) -> Iterator[Due]:
    """One for each meeting since the first start that has no next one."""
    if "drafts" not in snapshot.practice.delivery:
        return
    for meeting in snapshot.meetings_over(max(snapshot.started_at, earliest(now) - GRACE - AFTER), until - AFTER):
        person = snapshot.person(meeting.mentor)
        if person is None or person.role != "mentor":
            continue
        moment = next_opening(meeting.end + AFTER, snapshot.owner)
        if moment > until or moment + GRACE <= now or booked(snapshot, meeting, person):
            continue
        yield Due(
            key=f"{RULE}/{key_part(meeting.mentor)}/{meeting.key}/draft",
            rule=RULE,
            due_at=moment,
            expires_at=moment + GRACE,
            lands="drafts",
            mentor=meeting.mentor,
            object=meeting.key,
            reason=(
                f"You met {person.name} on {meeting.start.astimezone(snapshot.owner.zone):%d %B %Y}, and no next "
                "meeting lies within the time that you have agreed on."
            ),
        )
