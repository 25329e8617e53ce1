"""After a meeting: a thank-you that names one thing, or the question what that thing was (T9).

What a draft thanks for comes from the owner's own `THANKS for ...` about that meeting, else from what the mentor said
there. Where neither is known nothing is made up: the draft has no `To:`, and the owner is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mentorup_daemon.letters.headers import flat
from mentorup_daemon.letters.views import advice_view, bare, common, meeting_view, promise_view, words
from mentorup_daemon.records import ActionItem, Feedback, Meeting, Mentor, Snapshot, Thanks
from mentorup_daemon.records.standing import advice_at, taken_up_at

_PROMISES = 2
_TAKEN = 4


@dataclass(frozen=True, slots=True)
class Gratitude:
    """What a meeting gave: one thing to thank for, one thing that was said, what the owner takes on."""

    thanks: Thanks | None
    advice: Feedback | None
    promises: tuple[ActionItem, ...]

    @property
    def concrete(self) -> bool:
        """True when there is something to name."""
        return self.thanks is not None or self.advice is not None


def gratitude_for(snapshot: Snapshot, meeting: Meeting) -> Gratitude:
    """What the records hold about this meeting. Thanks and advice already used in a letter are left out."""
    thanks = [
        entry
        for entry in snapshot.thanks
        if entry.mentor == meeting.mentor
        and not entry.used
        and bare(entry.text)
        and (entry.meeting == meeting.key or (entry.meeting is None and entry.created_at >= meeting.start))
    ]
    promises = [
        action
        for action in snapshot.actions
        if action.owner == "me"
        and action.mentor == meeting.mentor
        and action.state == "open"
        and action.created_at >= meeting.start
    ]
    advice = advice_at(snapshot, meeting)
    return Gratitude(
        thanks=max(thanks, key=lambda entry: (entry.meeting == meeting.key, entry.created_at, entry.id), default=None),
        advice=advice if advice is not None and words(advice.text) else None,
        promises=tuple(sorted(promises, key=lambda action: action.id)[:_PROMISES]),
    )


def taken_at(snapshot: Snapshot, meeting: Meeting, now: datetime) -> list[str]:
    """The labels of the topics that count as discussed since this meeting."""
    taken = [topic for topic in snapshot.topics if topic.state == "discussed"]
    held = [(topic, taken_up_at(snapshot, topic, now)) for topic in taken]
    return [flat(topic.label, 60) for topic, at in held if at is not None and at.key == meeting.key]


def thank_you_context(
    snapshot: Snapshot, meeting: Meeting, mentor: Mentor, gratitude: Gratitude, now: datetime
) -> Mapping[str, object]:
    """The variables of `thank_you/note` and `thank_you/draft`."""
    owner = snapshot.owner
    taken = taken_at(snapshot, meeting, now)
    return {
        **common(snapshot, mentor),
        "meeting": meeting_view(snapshot, meeting, mentor, now),
        "thanks": bare(gratitude.thanks.text).removeprefix("for ") if gratitude.thanks else "",
        "advice": advice_view(gratitude.advice, owner, now) if gratitude.advice else None,
        "before": gratitude.advice is not None and gratitude.advice.received_at < meeting.start,
        "promises": tuple(promise_view(action, owner, now) for action in gratitude.promises),
        "taken": tuple(taken[:_TAKEN]),
        "more_taken": max(0, len(taken) - _TAKEN),
    }
