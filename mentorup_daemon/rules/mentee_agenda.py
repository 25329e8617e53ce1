"""Before a meeting with a mentee (T12): the mirror of the questions and the agenda.

`questions_lead_time` ahead one draft asks the mentee for their agenda, and one note tells the owner of it, the owner's
promises to them first: early enough to keep those. Like the agenda both go by the meeting's key and move with it. On
the last day before, or in the last half of a shorter time, asking for an agenda would come too late, so a late
discovery brings the note alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from mentorup_daemon.records import Due, Meeting, Mentor, Snapshot, key_part
from mentorup_daemon.rules import agenda
from mentorup_daemon.rules.hours import before_deadline, latest

RULE = "mentee_agenda"
IN_TIME = timedelta(days=1)


def key_of(meeting: Meeting) -> str:
    """The key of the note; the draft's is this with `/draft` behind it."""
    return f"{RULE}/{key_part(meeting.mentor)}/{meeting.key}"


def due_at(meeting: Meeting, _person: Mentor, snapshot: Snapshot) -> datetime:
    """When both fall due, in working hours."""
    return before_deadline(meeting.start - snapshot.practice.questions_lead_time, meeting.start, snapshot.owner)


def candidates(snapshot: Snapshot, now: datetime, until: datetime) -> Iterator[Due]:
    """Draft and note of every meeting ahead with a mentee; the draft first, for the note tells of it."""
    for meeting in snapshot.meetings_ahead(now, latest(until) + snapshot.practice.questions_lead_time):
        person = snapshot.person(meeting.mentor)
        if person is None or person.role != "mentee":
            continue
        moment = due_at(meeting, person, snapshot)
        if moment > until:
            continue
        for place in ("drafts", "inbox"):
            in_time = min(IN_TIME, snapshot.practice.questions_lead_time / 2)
            expires_at = meeting.start - (in_time if place == "drafts" else timedelta())
            if place not in snapshot.practice.delivery or moment >= expires_at:
                continue
            yield Due(
                key=key_of(meeting) + ("/draft" if place == "drafts" else ""),
                rule=RULE,
                due_at=moment,
                expires_at=expires_at,
                lands="drafts" if place == "drafts" else "inbox",
                mentor=meeting.mentor,
                object=meeting.key,
                basis=agenda.basis_of(meeting),
                reason=(
                    f"You meet {person.name}, a mentee of yours, at "
                    f"{meeting.start.astimezone(snapshot.owner.zone):%H:%M on %d %B %Y}; some days before they are "
                    "asked for their agenda, and you are told what you have promised them."
                ),
            )
