"""The agenda (T3, T5, C17): `lead_time` before a meeting, one note to the owner and one draft for the mentor.

A mentee's agenda is the mentee's to make: `mentee_agenda` asks for it.

Identity is the meeting's key, so a moved meeting moves its preparation (C24). `basis` is the meeting's time and people:
when it changes after the agenda was written, the agenda is revised at once, or taken back until its new time comes if
that is more than a day away. Where the owner has said that there is nothing new to ask, none comes until there is.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from mentorup_daemon.records import Due, Meeting, Mentor, Snapshot, key_part
from mentorup_daemon.records.standing import nothing_new
from mentorup_daemon.rules.hours import before_deadline, latest

RULE = "agenda"
FAR = timedelta(days=1)
"""An agenda whose new time lies further ahead than this is taken back; a nearer one is revised without a gap."""


def key_of(meeting: Meeting) -> str:
    """The key of the note; the draft's is this with `/draft` behind it."""
    return f"{RULE}/{key_part(meeting.mentor)}/{meeting.key}"


def basis_of(meeting: Meeting) -> str:
    """What the agenda was written from: start, end and the people, in a form that only changes when they do."""
    people = ",".join((meeting.mentor, *meeting.also))
    return f"{meeting.start.timestamp():.0f}-{meeting.end.timestamp():.0f} {people}"


def due_at(meeting: Meeting, person: Mentor, snapshot: Snapshot) -> datetime:
    """When the agenda falls due: the person's own lead time or the common one before the start, in working hours."""
    return before_deadline(meeting.start - lead_time(person, snapshot), meeting.start, snapshot.owner)


def lead_time(person: Mentor, snapshot: Snapshot) -> timedelta:
    """How long ahead of a meeting with this person: their own lead time or the common one."""
    return person.agenda_lead_time or snapshot.practice.lead_time


def longest_lead_time(snapshot: Snapshot) -> timedelta:
    """The longest of all people's."""
    return max((lead_time(person, snapshot) for person in snapshot.mentors), default=snapshot.practice.lead_time)


def candidates(snapshot: Snapshot, now: datetime, until: datetime) -> Iterator[Due]:
    """Note and draft of every meeting ahead whose time comes by `until`; the draft first, for the note tells of it."""
    for meeting in snapshot.meetings_ahead(now, latest(until) + longest_lead_time(snapshot)):
        person = snapshot.person(meeting.mentor)
        if person is None or person.role == "mentee" or nothing_new(snapshot, meeting, person):
            continue
        moment = due_at(meeting, person, snapshot)
        if moment > until:
            continue
        for place in ("drafts", "inbox"):
            if place not in snapshot.practice.delivery:
                continue
            yield Due(
                key=key_of(meeting) + ("/draft" if place == "drafts" else ""),
                rule=RULE,
                due_at=moment,
                expires_at=meeting.start,
                lands="drafts" if place == "drafts" else "inbox",
                mentor=meeting.mentor,
                object=meeting.key,
                basis=basis_of(meeting),
                reason=(
                    f"You meet {person.name} at {meeting.start.astimezone(snapshot.owner.zone):%H:%M on %d %B %Y}; "
                    f"it counts as a mentoring meeting by its {meeting.recognised_by}, and an agenda is written once "
                    "for each, ahead of time."
                ),
            )
