"""What the owner hears from MentorUp about itself: the welcome, a meeting that is off or has moved, and trouble."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from mentorup_daemon.errors import Malformed
from mentorup_daemon.letters.headers import flat
from mentorup_daemon.letters.occasion import DraftState
from mentorup_daemon.letters.views import common, meeting_view, words
from mentorup_daemon.letters.wording import count, listing, number, when
from mentorup_daemon.records import Due, Meeting, Mentor, Snapshot, Trouble
from mentorup_daemon.records.standing import AGENDAS

_SHOWN = 4


def welcome_context(snapshot: Snapshot, now: datetime) -> Mapping[str, object]:
    """The variables of `welcome/note`: the meetings ahead, and the mentors without one."""
    ahead = sorted((meeting for meeting in snapshot.meetings if meeting.on and meeting.start > now), key=_by_start)
    named = [(meeting, snapshot.person(meeting.mentor)) for meeting in ahead]
    met = {meeting.mentor for meeting in ahead}
    without = [person for person in snapshot.mentors if person.role == "mentor" and person.id not in met]
    hours = max(1, round(snapshot.practice.lead_time.total_seconds() / 3600))
    days = round(hours / 24)
    return {
        **common(snapshot, None),
        "meetings": tuple(meeting_view(snapshot, meeting, person, now) for meeting, person in named[:_SHOWN] if person),
        "more": max(0, len(ahead) - _SHOWN),
        "without": listing([flat(person.given_name) for person in without]),
        "without_count": len(without),
        "mentors": len(snapshot.mentors),
        "lead_time": f"{number(days)} {'day' if days == 1 else 'days'}" if days else count(hours, "hour"),
        "drafts": "drafts" in snapshot.practice.delivery,
    }


def change_context(
    snapshot: Snapshot, due: Due, draft_state: DraftState, moved_from: datetime | None, now: datetime
) -> Mapping[str, object]:
    """The variables of `change/note`. Raises `Malformed` when nobody knows any more whom the meeting was with."""
    person = snapshot.person(due.mentor)
    if person is None:
        raise Malformed(f"{due.key}: {due.mentor!r} is not in the configuration any more.")
    zone = snapshot.owner.zone
    told_of = snapshot.meeting(due.object)
    meeting = (snapshot.successor(told_of) if told_of else None) or told_of
    moved = meeting is not None and meeting.on and meeting.mentor == person.id
    told = moved_from or _told_start(snapshot, due) or (meeting.start if meeting and not moved else None)
    ahead = [other for other in snapshot.meetings if other.mentor == person.id and other.on and other.start > now]
    following = min((other for other in ahead if other != meeting), key=_by_start, default=None)
    waiting = [topic for topic in snapshot.topics if topic.state == "open" and topic.mentor == person.id]
    return {
        **common(snapshot, person),
        "meeting": meeting_view(snapshot, meeting, person, now) if meeting and moved else None,
        "kind": _kind(meeting, person, now),
        "was": when(told, now, zone) if told else None,
        "draft": _draft_now(snapshot, due, draft_state),
        "waiting": len(waiting),
        "waiting_word": number(len(waiting)),
        "next": when(following.start, now, zone) if following else None,
    }


def trouble_context(snapshot: Snapshot, trouble: Trouble, now: datetime) -> Mapping[str, object]:
    """The variables of `trouble/note`. `text` and `remedy` are whole sentences for the owner."""
    return {
        **common(snapshot, None),
        "about": flat(trouble.about, 60),
        "since": when(trouble.since, now, snapshot.owner.zone),
        "text": words(trouble.text),
        "remedy": words(trouble.remedy),
        "passing": trouble.passing,
    }


def _kind(meeting: Meeting | None, person: Mentor, now: datetime) -> str:
    """moved, past (moved to where it would have been), cancelled, declined, gone (no longer in the calendar)."""
    if meeting is None or meeting.gone_at is not None or (meeting.on and meeting.mentor != person.id):
        return "gone"
    if not meeting.on:
        return meeting.status
    return "past" if meeting.start <= now else "moved"


def _told_start(snapshot: Snapshot, due: Due) -> datetime | None:
    """The start that the agenda was written for: a ledger entry's `basis` begins with it, in seconds since 1970."""
    for entry in snapshot.ledger.values():
        if entry.rule in AGENDAS and entry.object == due.object and entry.mentor == due.mentor:
            seconds = entry.basis.partition("-")[0]
            if seconds.isdecimal() and len(seconds) < 12:
                return datetime.fromtimestamp(int(seconds), snapshot.owner.zone)
    return None


def _draft_now(snapshot: Snapshot, due: Due, state: DraftState) -> str:
    """removed (nobody had touched it), kept (the owner has), none (there was none, or it has been sent)."""
    if state in ("edited", "fresh"):
        return "kept"
    removed = any(
        entry.rule in AGENDAS
        and entry.lands == "drafts"
        and entry.object == due.object
        and entry.mentor == due.mentor
        and entry.outcome in ("withdrawn", "withdrawing")
        for entry in snapshot.ledger.values()
    )
    return "removed" if removed and state == "none" else "none"


def _by_start(meeting: Meeting) -> datetime:
    return meeting.start
