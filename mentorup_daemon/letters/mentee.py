"""Letters about a mentee of the owner's (T12): the question for their agenda, and what the owner promised them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from mentorup_daemon.letters.headers import flat
from mentorup_daemon.letters.occasion import Occasion
from mentorup_daemon.letters.private import Private
from mentorup_daemon.letters.views import common, meeting_view, promise_view, words
from mentorup_daemon.letters.wording import When, listing, when
from mentorup_daemon.records import ActionItem, Meeting, Mentor, Snapshot
from mentorup_daemon.records.standing import open_topics

_SHOWN = 4
_LABELS = 3


def mentee_context(
    snapshot: Snapshot, meeting: Meeting, mentee: Mentor, now: datetime, moved_from: datetime | None = None
) -> Mapping[str, object]:
    """The variables of `mentee_agenda/draft`, `mentee_agenda/note` and `mentee_promises/note`."""
    owner = snapshot.owner
    promises = sorted(
        (one for one in snapshot.actions if one.state == "open" and mentee.id in (one.mentor, one.owner)),
        key=lambda one: (one.due or date.max, one.id),
    )
    mine = [one for one in promises if one.owner == "me"]
    theirs = [one for one in promises if one.owner == mentee.id]
    private = (one for one in snapshot.topics if one.private and one.mentor == mentee.id and one.state == "open")
    own = [topic for topic in open_topics(snapshot, mentee) if topic.mentor == mentee.id]
    return {
        **common(snapshot, mentee),
        "meeting": meeting_view(snapshot, meeting, mentee, now),
        "was": _was(meeting, moved_from, snapshot, now),
        "mine": tuple(promise_view(one, owner, now) for one in mine[:_SHOWN]),
        "theirs": tuple(promise_view(one, owner, now) for one in theirs[:_SHOWN]),
        "new": tuple(promise_view(one, owner, now) for one in _given_there(promises, meeting)[:_SHOWN]),
        "labels": listing([flat(topic.label, 60) for topic in own[:_LABELS]]),
        "private": tuple(Private(words(topic.text)) for topic in private),
    }


def mentee_note_context(
    snapshot: Snapshot, meeting: Meeting, mentee: Mentor, occasion: Occasion, now: datetime
) -> Mapping[str, object]:
    """What the note ahead of the meeting knows beyond that: how the draft stands."""
    return {
        **mentee_context(snapshot, meeting, mentee, now, occasion.moved_from),
        "draft_state": occasion.draft_state,
        "has_address": bool(mentee.emails),
    }


def _given_there(promises: list[ActionItem], meeting: Meeting) -> list[ActionItem]:
    return [one for one in promises if one.created_at >= meeting.start]


def _was(meeting: Meeting, told: datetime | None, snapshot: Snapshot, now: datetime) -> When | None:
    return when(told, now, snapshot.owner.zone) if told and told != meeting.start else None
