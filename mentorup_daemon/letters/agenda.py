"""What goes on the agenda of one meeting, in which order, and for how long. Pure arithmetic over the records.

Questions come first, by priority, then the points of a first meeting, what is only told, and what became of advice (T3,
T8). The minutes add up to the meeting (T7); what doesn't fit with five minutes is kept for "if time allows", and news
alone takes five minutes each and leaves the rest open. Above them all stands what the owner still owes (P4). Held back
are topics off the person's allow-list (C25) and, always, private ones. A promise of the mentor's is mentioned in one
agenda, no more (P4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from mentorup_daemon.errors import Malformed
from mentorup_daemon.letters.first_meeting import Point, first_points
from mentorup_daemon.letters.headers import flat
from mentorup_daemon.letters.minutes import STEP, divide, fitting
from mentorup_daemon.records import ActionItem, Feedback, Goal, Meeting, Mentor, Snapshot, Topic
from mentorup_daemon.records.standing import follow_up, is_stub, overdue

_MAX_FOLLOW_UPS = 3
_QUESTION_WEIGHT, _STRUCTURE_WEIGHT, _OTHER_WEIGHT = 3, 2, 1

Kind = Literal["question", "first", "update", "follow-up", "rest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaItem:
    """One entry: a topic, a point of a first meeting, advice to follow up, or (`rest`) time left for the mentor's own.

    `stage` is how far advice is: planned, its date past, or done.

    `number` is the record's, 0 for the rest; `minutes` is 0 where the meeting has none to share out.
    """

    kind: Kind
    minutes: int = 0
    topic: Topic | None = None
    feedback: Feedback | None = None
    stage: Literal["", "plan", "due", "done"] = ""
    point: Point | None = None

    @property
    def number(self) -> int:
        """The number by which a reply names it."""
        record = self.topic or self.feedback
        return record.id if record else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Agenda:
    """The agenda of one meeting. The minutes of `items` add up to the meeting's, or are all 0."""

    meeting: Meeting
    mentor: Mentor
    goal: Goal | None = None
    items: tuple[AgendaItem, ...] = ()
    if_time: tuple[AgendaItem, ...] = ()
    unplanned: tuple[Feedback, ...] = ()  # said by this mentor, nothing planned yet; newest first
    overdue: tuple[ActionItem, ...] = ()  # the owner's promises to this mentor whose day has passed, by due date
    mine: tuple[ActionItem, ...] = ()  # the owner's other open promises to this mentor, by due date
    theirs: tuple[ActionItem, ...] = ()  # the mentor's
    mention: ActionItem | None = None  # the one of theirs that the draft mentions
    held_back: tuple[Topic, ...] = ()
    private: tuple[Topic, ...] = ()

    @property
    def questions(self) -> tuple[Topic, ...]:
        """What is asked of the mentor, most important first, also what only comes up if time allows."""
        entries = (*self.items, *self.if_time)
        return tuple(item.topic for item in entries if item.kind == "question" and item.topic)

    @property
    def missing(self) -> int:
        """What only the owner can add: a question where there is none, a plan for each piece of advice without one."""
        return len(self.unplanned) + (not self.questions)

    @property
    def ready(self) -> bool:
        """True when the draft asks something, so that it can go to the mentor."""
        return bool(self.questions)


def agenda_for(snapshot: Snapshot, meeting: Meeting, now: datetime) -> Agenda:
    """The agenda from the records at `now`. Raises `Malformed` when the meeting's person isn't among them."""
    mentor = snapshot.person(meeting.mentor)
    if mentor is None:
        raise Malformed(f"{meeting.title!r} is with {meeting.mentor!r}, who is not in the configuration any more.")
    topics = [
        topic
        for topic in snapshot.topics
        if topic.state == "open" and topic.mentor in (None, mentor.id) and flat(topic.text)
    ]
    open_to_all = [topic for topic in topics if not topic.private]
    advice = sorted(
        (entry for entry in snapshot.feedback if entry.mentor == mentor.id and entry.state != "dropped"),
        key=lambda entry: (entry.received_at, entry.id),
        reverse=True,
    )
    followed = [
        AgendaItem(kind="follow-up", feedback=one, stage=stage) for one, stage in _followed(snapshot, meeting, advice)
    ]
    allowed = [topic for topic in open_to_all if allows(mentor, topic)]
    items, if_time = _timed(meeting, _entries(allowed, first_points(snapshot, meeting, mentor), followed))
    promises = sorted(
        (action for action in snapshot.actions if action.state == "open"),
        key=lambda action: (action.due or date.max, action.id),
    )
    theirs = tuple(action for action in promises if action.owner == mentor.id)
    mine = [action for action in promises if action.owner == "me" and action.mentor == mentor.id]
    return Agenda(
        meeting=meeting,
        mentor=mentor,
        goal=goal_with(snapshot, mentor),
        items=items,
        if_time=if_time,
        unplanned=tuple(entry for entry in advice if entry.state in ("filed", "planned") and not entry.plan),
        overdue=tuple(action for action in mine if overdue(action, snapshot, now)),
        mine=tuple(action for action in mine if not overdue(action, snapshot, now)),
        theirs=theirs,
        mention=next((action for action in theirs if not _mentioned(snapshot, meeting, action)), None),
        held_back=tuple(topic for topic in open_to_all if not allows(mentor, topic)),
        private=tuple(topic for topic in topics if topic.private),
    )


def allows(mentor: Mentor, topic: Topic) -> bool:
    """True when the person's allow-list is empty or one of its entries stands in the topic, as a word, in any case."""
    return mentor.allows(topic.text)


def goal_with(snapshot: Snapshot, mentor: Mentor) -> Goal | None:
    """The open goal that meetings with this person serve: their own before a general one, the nearest date first."""
    goals = [
        goal
        for goal in snapshot.goals
        if goal.state == "open" and goal.mentor in (None, mentor.id) and not is_stub(snapshot, goal)
    ]
    return min(goals, key=lambda goal: (goal.mentor is None, goal.due or date.max, goal.id), default=None)


def _followed(
    snapshot: Snapshot, meeting: Meeting, advice: Sequence[Feedback]
) -> list[tuple[Feedback, Literal["plan", "due", "done"]]]:
    """What comes up of earlier advice, the latest first, and as what."""
    stages = ((one, follow_up(snapshot, one, meeting)) for one in advice)
    return [(one, stage) for one, stage in stages if stage is not None][:_MAX_FOLLOW_UPS]


def _entries(topics: Sequence[Topic], points: Sequence[Point], followed: Sequence[AgendaItem]) -> list[AgendaItem]:
    ordered = sorted(topics, key=lambda topic: (topic.priority, topic.id))
    return [
        *(AgendaItem(kind="question", topic=topic) for topic in ordered if topic.is_question),
        *(AgendaItem(kind="first", point=point) for point in points),
        *(AgendaItem(kind="update", topic=topic) for topic in ordered if not topic.is_question),
        *followed,
    ]


def _timed(meeting: Meeting, entries: list[AgendaItem]) -> tuple[tuple[AgendaItem, ...], tuple[AgendaItem, ...]]:
    total = 0 if meeting.all_day else meeting.minutes
    if not total:
        return tuple(entries), ()
    room = fitting(total, len(entries))
    while room > 1 and entries[room - 1].point and sum(_needed(entry) for entry in entries[:room]) > total:
        room -= 1  # the owner's own minutes before the last points of a first meeting
    chosen, later = entries[:room], entries[room:]
    only_told = all(entry.kind in ("update", "follow-up") for entry in chosen)
    minutes, left = divide(
        total,
        [_own_minutes(entry) or (STEP if only_told else None) for entry in chosen],
        [_weight(entry) for entry in chosen],
    )
    timed = [replace(entry, minutes=share) for entry, share in zip(chosen, minutes, strict=True)]
    if timed and left:
        timed.append(AgendaItem(kind="rest", minutes=left))
    return tuple(timed), tuple(later)


def _own_minutes(entry: AgendaItem) -> int | None:
    return entry.topic.minutes if entry.topic else None


def _needed(entry: AgendaItem) -> int:
    return _own_minutes(entry) or STEP


def _weight(entry: AgendaItem) -> int:
    if entry.kind == "question":
        return _QUESTION_WEIGHT
    return _STRUCTURE_WEIGHT if entry.point == "structure" else _OTHER_WEIGHT


def _mentioned(snapshot: Snapshot, meeting: Meeting, action: ActionItem) -> bool:
    """True when the draft for another meeting with this person has been written since the promise was made."""
    return any(
        entry.rule == "agenda"
        and entry.lands == "drafts"
        and entry.mentor == action.owner
        and entry.object != meeting.key
        and entry.outcome in ("delivered", "left")
        and entry.outcome_at is not None
        and entry.outcome_at >= action.created_at
        for entry in snapshot.ledger.values()
    )
