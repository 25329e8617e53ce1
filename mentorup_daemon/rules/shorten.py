"""The offer to shorten or postpone (T7): where there is little to talk about, early enough to be polite.

Comes 72 hours ahead, into Drafts only: nothing to ask, and fewer than two live items (topics, advice not dealt with,
promises). On the last day before it would be rude, and once the agenda is there its note asks first, so a late
discovery brings none; the owner who answers the question for questions with SKIP gets it at once. A question that turns
up takes the offer back. A first meeting has enough to talk about, so it is never offered unasked.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from mentorup_daemon.records import Due, Meeting, Mentor, Snapshot, key_part
from mentorup_daemon.records.candidates import is_first_meeting
from mentorup_daemon.records.standing import has_question, live_items, nothing_new
from mentorup_daemon.rules import agenda, questions
from mentorup_daemon.rules.hours import before_deadline, latest

RULE = "shorten"
AHEAD = timedelta(hours=72)
POLITE = timedelta(hours=24)
ENOUGH = 2
"""Live items that are worth a meeting of its full length."""


def due_at(meeting: Meeting, person: Mentor, snapshot: Snapshot) -> datetime:
    """When the offer falls due: 72 hours ahead, in working hours; with a SKIP from when the owner was asked."""
    if nothing_new(snapshot, meeting, person):
        return questions.due_at(meeting, person, snapshot)
    return before_deadline(meeting.start - AHEAD, meeting.start - POLITE, snapshot.owner)


def wanted(snapshot: Snapshot, meeting: Meeting, person: Mentor) -> bool:
    """True while there is too little for the meeting."""
    if has_question(snapshot, person):
        return False
    if nothing_new(snapshot, meeting, person):
        return True
    return len(live_items(snapshot, person)) < ENOUGH and not is_first_meeting(snapshot, meeting)


def candidates(snapshot: Snapshot, now: datetime, until: datetime) -> Iterator[Due]:
    """One for each meeting with a mentor ahead that there is too little for, none from before the first start."""
    if "drafts" not in snapshot.practice.delivery:
        return
    longest = max(AHEAD, snapshot.practice.questions_lead_time, agenda.longest_lead_time(snapshot))
    for meeting in snapshot.meetings_ahead(now, latest(until) + longest):
        person = snapshot.person(meeting.mentor)
        if person is None or person.role != "mentor":
            continue
        if not wanted(snapshot, meeting, person):
            continue
        moment = due_at(meeting, person, snapshot)
        asked_for = nothing_new(snapshot, meeting, person)
        expires_at = meeting.start - POLITE
        if not asked_for:
            written = agenda.due_at(meeting, person, snapshot)
            expires_at = min(expires_at, written) if moment < written else expires_at
        if moment < snapshot.started_at or moment > until or moment >= expires_at:
            continue
        yield Due(
            key=f"{RULE}/{key_part(meeting.mentor)}/{meeting.key}/draft",
            rule=RULE,
            due_at=moment,
            expires_at=expires_at,
            lands="drafts",
            mentor=meeting.mentor,
            object=meeting.key,
            basis=agenda.basis_of(meeting),
            asked_for=asked_for,
            reason=(
                f"You meet {person.name} at {meeting.start.astimezone(snapshot.owner.zone):%H:%M on %d %B %Y}, and "
                + ("you said that there is nothing new" if asked_for else "there is no question and little else")
                + "; an offer to shorten or postpone respects their time."
            ),
        )
