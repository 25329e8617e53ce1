"""The questions (T3, C18): some days before a meeting the owner is asked what they want to ask.

Comes `questions_lead_time` ahead, early enough that an answer still makes the agenda better: when half of the time up
to the agenda has gone, the agenda's own note asks, and this one doesn't come. Like the agenda it goes by the meeting's
key, so it moves with the meeting. `SKIP` is an answer: then no agenda comes either, unless a question does (T7 has an
offer for that case).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from mentorup_daemon.records import Due, Meeting, Mentor, Snapshot, key_part
from mentorup_daemon.rules import agenda
from mentorup_daemon.rules.hours import before_deadline, latest

RULE = "questions"


def key_of(meeting: Meeting) -> str:
    """The key of the note."""
    return f"{RULE}/{key_part(meeting.mentor)}/{meeting.key}"


def due_at(meeting: Meeting, person: Mentor, snapshot: Snapshot) -> datetime:
    """When the owner is asked, in working hours; at or after the agenda's own time when there is no room before it."""
    deadline = agenda.due_at(meeting, person, snapshot)
    moment = meeting.start - snapshot.practice.questions_lead_time
    return before_deadline(moment, deadline, snapshot.owner) if moment < deadline else deadline


def candidates(snapshot: Snapshot, now: datetime, until: datetime) -> Iterator[Due]:
    """One for each meeting ahead whose time to be asked about comes by `until`, none from before the first start."""
    if "inbox" not in snapshot.practice.delivery:
        return
    for meeting in snapshot.meetings_ahead(now, latest(until) + snapshot.practice.questions_lead_time):
        person = snapshot.person(meeting.mentor)
        if person is None or person.role == "mentee":
            continue
        moment = due_at(meeting, person, snapshot)
        deadline = agenda.due_at(meeting, person, snapshot)
        if moment >= deadline or moment < snapshot.started_at or moment > until:
            continue
        yield Due(
            key=key_of(meeting),
            rule=RULE,
            due_at=moment,
            expires_at=moment + (deadline - moment) / 2,
            lands="inbox",
            mentor=meeting.mentor,
            object=meeting.key,
            basis=agenda.basis_of(meeting),
            reason=(
                f"You meet {person.name} at {meeting.start.astimezone(snapshot.owner.zone):%H:%M on %d %B %Y}; some "
                "days before you are asked once for your questions, so that the agenda can open with them."
            ),
        )
