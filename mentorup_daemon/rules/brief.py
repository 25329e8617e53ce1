"""The page about oneself (C14): a draft, 14 days before a first meeting, for whoever is met.

Who the owner is, what matters to them, how they work, what they are after and what they look for: from their own
records. A meeting that is found later than that has it at once, never on the last day; one that was there at the first
start has it a day later, when there has been time to say something. It moves and falls with the meeting, as the agenda
does, and follows the records until then.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from mentorup_daemon.records import Due, Meeting, Mentor, Snapshot, key_part
from mentorup_daemon.records.candidates import is_first_meeting
from mentorup_daemon.rules import agenda
from mentorup_daemon.rules.hours import before_deadline, latest

RULE = "brief"
AHEAD = timedelta(days=14)
LAST_DAY = timedelta(days=1)
_SETTLED = timedelta(days=1)  # after the first start


def key_of(meeting: Meeting) -> str:
    """The key of the draft."""
    return f"{RULE}/{key_part(meeting.mentor)}/{meeting.key}/draft"


def due_at(meeting: Meeting, person: Mentor, snapshot: Snapshot) -> datetime:  # noqa: ARG001 - as agenda's
    """When it falls due, in working hours."""
    moment = max(meeting.start - AHEAD, snapshot.started_at + _SETTLED)
    last = meeting.start - LAST_DAY
    return before_deadline(moment, last, snapshot.owner) if moment < last else last


def candidates(snapshot: Snapshot, now: datetime, until: datetime) -> Iterator[Due]:
    """One for each first meeting ahead whose time comes by `until`."""
    if "drafts" not in snapshot.practice.delivery:
        return
    for meeting in snapshot.meetings_ahead(now, latest(until) + AHEAD):
        person = snapshot.person(meeting.mentor)
        if person is None:
            continue
        moment = due_at(meeting, person, snapshot)
        if moment <= until and moment < meeting.start - LAST_DAY and is_first_meeting(snapshot, meeting):
            yield Due(
                key=key_of(meeting),
                rule=RULE,
                due_at=moment,
                expires_at=meeting.start - LAST_DAY,
                lands="drafts",
                mentor=person.id,
                object=meeting.key,
                basis=agenda.basis_of(meeting),
                reason=(
                    f"You meet {person.name} for the first time on "
                    f"{meeting.start.astimezone(snapshot.owner.zone):%d %B %Y}; a page about you, sent ahead, saves "
                    "time there."
                ),
            )
