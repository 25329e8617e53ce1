"""The quarterly check-in (T6): a draft for each mentor that says what came of their help, and one note about them all.

A check-in that says nothing but "how are you" is what people stop answering. So a draft is ready only when the records
hold something of substance: advice acted on, a promise kept, a goal, a question.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from mentorup_daemon.letters.agenda import allows, goal_with
from mentorup_daemon.letters.headers import flat
from mentorup_daemon.letters.views import PersonView, advice_view, bare, common, goal_view, person_view, words
from mentorup_daemon.letters.wording import count, listing, number, when
from mentorup_daemon.records import Mentor, Snapshot
from mentorup_daemon.records.standing import last_contact, next_meeting, recent_wins

_BACK = timedelta(days=120)  # what is older is no news
_NEWS = 3
_NAMES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingView:
    """Where contact with one mentor stands. `last`, `next` and `back` (from holidays) are dates in words, or ""."""

    person: PersonView
    last: str
    next: str
    back: str
    drafted: bool
    ready: bool


def check_in_context(snapshot: Snapshot, mentor: Mentor, now: datetime) -> Mapping[str, object]:
    """The variables of `check_in/draft`."""
    owner = snapshot.owner
    done = sorted(
        (
            action
            for action in snapshot.actions
            if action.owner == "me"
            and action.mentor == mentor.id
            and action.state == "done"
            and action.done_at is not None
            and now - _BACK <= action.done_at <= now
        ),
        key=lambda action: (action.done_at or now, action.id),
        reverse=True,
    )
    heard = sorted(
        (
            entry
            for entry in snapshot.feedback
            if entry.mentor == mentor.id
            and entry.plan
            and entry.state in ("planned", "done")
            and entry.received_at >= now - _BACK
        ),
        key=lambda entry: (entry.received_at, entry.id),
        reverse=True,
    )
    questions = sorted(
        (
            topic
            for topic in snapshot.topics
            if topic.state == "open"
            and topic.is_question
            and not topic.private
            and topic.mentor == mentor.id
            and allows(mentor, topic)
        ),
        key=lambda topic: (topic.priority, topic.id),
    )
    last, ahead = last_contact(snapshot, mentor, now), next_meeting(snapshot, mentor, now)
    return {
        **common(snapshot, mentor),
        "last": when(last, now, owner.zone).short if last else "",
        "next": when(ahead.start, now, owner.zone) if ahead else None,
        "done": tuple(bare(action.text) for action in done[:_NEWS]),
        "wins": tuple(bare(win.text) for win in recent_wins(snapshot, mentor, now - _BACK)[-_NEWS:]),
        "heard": tuple(advice_view(entry, owner, now) for entry in heard[:1]),
        "goal": goal_view(goal_with(snapshot, mentor), owner, now),
        "question": words(questions[0].text) if questions else "",
    }


def check_in_ready(context: Mapping[str, object]) -> bool:
    """True when the draft has something of substance to say."""
    return any(context[name] for name in ("done", "wins", "heard", "goal", "question"))


def round_context(snapshot: Snapshot, now: datetime) -> Mapping[str, object]:
    """The variables of `check_in/note`: every mentor, those without contact for longest first."""
    zone = snapshot.owner.zone
    drafted = "drafts" in snapshot.practice.delivery
    mentors = [person for person in snapshot.mentors if person.role == "mentor" and snapshot.active(person.id, now)]
    mentors.sort(
        key=lambda person: ((last_contact(snapshot, person, now) or snapshot.started_at).timestamp(), person.id)
    )
    standing = []
    for mentor in mentors:
        last, ahead = last_contact(snapshot, mentor, now), next_meeting(snapshot, mentor, now)
        back = mentor.away_until(now.astimezone(mentor.zone(snapshot.owner)).date())
        written = drafted and back is None
        standing.append(
            StandingView(
                person=person_view(mentor),
                last=when(last, now, zone).short if last else "",
                next=when(ahead.start, now, zone).date if ahead else "",
                back=when(back, now, zone).date if back else "",
                drafted=written,
                ready=written and check_in_ready(check_in_context(snapshot, mentor, now)),
            )
        )
    ready = sum(entry.ready for entry in standing)
    bare_drafts = sum(entry.drafted and not entry.ready for entry in standing)
    return {
        **common(snapshot, None),
        "standing": tuple(standing),
        "names": _names(mentors),
        "ready": ready,
        "drafts": count(ready, "draft") if ready else "",
        "drafts_word": number(ready),
        "missing": bare_drafts,
    }


def _names(mentors: list[Mentor]) -> str:
    names = [flat(mentor.given_name, 40) for mentor in mentors[:_NAMES]]
    more = len(mentors) - len(names)
    return listing([*names, *([f"{number(more)} more"] if more else [])])
