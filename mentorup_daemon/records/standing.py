"""How things stand with one person: what follows from a snapshot, which both the rules and the letters ask.

Kept here so that what is due and what is said about it can never disagree. No clock: the moment is an argument.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Literal

from mentorup_daemon.records.candidates import is_first_meeting
from mentorup_daemon.records.due import Snapshot
from mentorup_daemon.records.growth import Compact, Win
from mentorup_daemon.records.meetings import Meeting, key_part
from mentorup_daemon.records.people import Mentor
from mentorup_daemon.records.work import ActionItem, Feedback, Goal, Topic

AGENDAS = ("agenda", "mentee_agenda", "closing_agenda")
"""The rules that prepare a meeting with a draft and a note that tells of it."""

_SOON = timedelta(days=14)
LONGEST_SILENCE = timedelta(days=91)
"""Four times a year at least: no cadence is taken to mean longer (T6)."""


def open_topics(snapshot: Snapshot, person: Mentor) -> tuple[Topic, ...]:
    """What can be put before this person: open, theirs or anybody's, neither private nor off their allow-list."""
    return tuple(
        topic
        for topic in snapshot.topics_for(person.id)
        if topic.state == "open" and not topic.private and topic.text.strip() and person.allows(topic.text)
    )


def has_question(snapshot: Snapshot, person: Mentor) -> bool:
    """True when there is something to ask this person."""
    return any(topic.is_question for topic in open_topics(snapshot, person))


def live_items(snapshot: Snapshot, person: Mentor) -> tuple[Topic | Feedback | ActionItem, ...]:
    """What a meeting with this person could be about: topics, advice not dealt with yet, promises of either side."""
    advice = (one for one in snapshot.feedback if one.mentor == person.id and one.state in ("filed", "planned"))
    promises = (one for one in snapshot.actions if one.state == "open" and person.id in (one.mentor, one.owner))
    return (*open_topics(snapshot, person), *advice, *promises)


def last_contact(snapshot: Snapshot, person: Mentor, now: datetime) -> datetime | None:
    """When there last was contact up to `now`: a meeting held, or mail in either direction; None for never."""
    met = (meeting.end for meeting in snapshot.meetings_with(person.id) if meeting.on)
    heard = (contact.at for contact in snapshot.contacts_with(person.id))
    return max((moment for moment in (*met, *heard) if moment <= now), default=None)


def next_meeting(snapshot: Snapshot, person: Mentor, after: datetime) -> Meeting | None:
    """The first meeting with this person that begins after a moment and is on."""
    ahead = (one for one in snapshot.meetings_with(person.id) if one.on and one.start > after)
    return min(ahead, key=lambda one: (one.start, one.key), default=None)


def closed_since(snapshot: Snapshot, mentor_id: str | None) -> datetime | None:
    """Since when it has ended with this person; None unless the owner has said CLOSE."""
    state = snapshot.states.get(mentor_id or "")
    return state.since if state is not None and state.state == "closed" else None


def meets_soon(snapshot: Snapshot, person: Mentor, at: datetime) -> bool:
    """True when there is a meeting with this person that day, or within two weeks: nobody needs to write before it."""
    ahead = next_meeting(snapshot, person, at - timedelta(days=1))
    return ahead is not None and ahead.start <= at + _SOON


def silent_since(snapshot: Snapshot, person: Mentor, now: datetime) -> datetime:
    """From when silence counts: the last contact, never before the first start, for nothing from before is chased."""
    return max(last_contact(snapshot, person, now) or snapshot.started_at, snapshot.started_at)


def longest_silence(person: Mentor) -> timedelta:
    """The agreed cadence, 91 days at most."""
    return min(person.cadence or LONGEST_SILENCE, LONGEST_SILENCE)


def prepared(snapshot: Snapshot, meeting: Meeting) -> bool:
    """True when an agenda for this meeting was written, and not taken back."""
    return meeting.key in snapshot.prepared_by(AGENDAS)


def taken_up_at(snapshot: Snapshot, topic: Topic, now: datetime) -> Meeting | None:
    """The first prepared meeting that took place after the topic was noted, for which it stood on the agenda."""
    person = snapshot.person(topic.mentor)
    if person is None or topic.private or not person.allows(topic.text):
        return None
    held = (
        meeting
        for meeting in snapshot.meetings_with(person.id)
        if meeting.on
        and topic.created_at < meeting.start
        and snapshot.started_at < meeting.end <= now
        and prepared(snapshot, meeting)
    )
    return min(held, key=lambda meeting: (meeting.end, meeting.key), default=None)


def planned_on(snapshot: Snapshot, feedback: Feedback) -> date | None:
    """The day on which the owner said what they will do about it; None without a plan that stands, or from before."""
    at = feedback.planned_at
    if at is None or feedback.state != "planned" or not (feedback.plan or "").strip():
        return None
    begun = snapshot.started_at
    return at.astimezone(snapshot.owner.zone).date() if min(at, feedback.received_at) > begun else None


def advice_at(snapshot: Snapshot, meeting: Meeting) -> Feedback | None:
    """The one thing said at a meeting that the thank-you for it names: what has a plan before what has none."""
    said = (
        one
        for one in snapshot.feedback
        if one.mentor == meeting.mentor and one.meeting == meeting.key and one.state != "dropped" and one.text.strip()
    )
    return max(said, key=lambda one: (one.plan is not None, one.received_at, one.id), default=None)


def follow_up(snapshot: Snapshot, feedback: Feedback, meeting: Meeting) -> Literal["plan", "due", "done"] | None:
    """As what advice comes up at a meeting (T8): as a plan once, as a result once; None when it has come up already.

    A plan that has no moment is from before such were kept, and comes up until it is done.
    """
    if feedback.state == "done":
        fresh = feedback.done_at is not None and not _prepared_since(snapshot, meeting, feedback.done_at)
        return "done" if feedback.plan and fresh else None
    if feedback.state != "planned" or not feedback.plan:
        return None
    if feedback.plan_due is not None:
        over = datetime.combine(feedback.plan_due + timedelta(days=1), time(), tzinfo=snapshot.owner.zone)
        if over <= meeting.start:
            return None if _prepared_since(snapshot, meeting, over) else "due"
    if feedback.planned_at is None or not _prepared_since(snapshot, meeting, feedback.planned_at):
        return "plan"
    return None


def _prepared_since(snapshot: Snapshot, meeting: Meeting, moment: datetime) -> bool:
    """True when another meeting with the same person took place between, and had an agenda."""
    return any(
        one.mentor == meeting.mentor and one.on and moment <= one.start < meeting.start and prepared(snapshot, one)
        for one in snapshot.meetings
    )


def nothing_new(snapshot: Snapshot, meeting: Meeting, person: Mentor) -> bool:
    """True when the owner has answered the question for questions with SKIP, and there still is nothing to ask.

    Never for a first meeting: that has enough to be about.
    """
    mark = snapshot.marks.get(f"questions/{key_part(meeting.mentor)}/{meeting.key}")
    skipped = mark is not None and mark.skipped and not has_question(snapshot, person)
    return skipped and not is_first_meeting(snapshot, meeting)


def asked_about_on(snapshot: Snapshot, feedback: Feedback) -> date:
    """When the owner is asked for a plan: the day after it was filed, 48 hours later where it is marked #sting."""
    held = timedelta(hours=48) if "#sting" in feedback.subject.casefold() else timedelta()
    return ((feedback.filed_at or feedback.received_at) + held).astimezone(snapshot.owner.zone).date() + timedelta(
        days=1
    )


def overdue(action: ActionItem, snapshot: Snapshot, at: datetime) -> bool:
    """True for a promise that still stands although its day has passed."""
    return action.state == "open" and action.due is not None and action.due < at.astimezone(snapshot.owner.zone).date()


def carried_over(snapshot: Snapshot, action: ActionItem, now: datetime) -> int:
    """How many meetings with its person took place after a promise of the owner's was due, and found it open (P4)."""
    if action.due is None:
        return 0
    return sum(
        meeting.mentor == action.mentor
        and meeting.on
        and action.created_at < meeting.start
        and action.due < meeting.start.astimezone(snapshot.owner.zone).date()
        and meeting.end <= now
        for meeting in snapshot.meetings
    )


def standing_compact(compacts: Iterable[Compact], mentor: str) -> Compact | None:
    """What the owner and this mentor have written down about what they expect of each other; the latest counts."""
    return max(
        (one for one in compacts if one.mentor == mentor and one.state == "standing"),
        key=lambda one: one.id,
        default=None,
    )


def is_stub(snapshot: Snapshot, goal: Goal) -> bool:
    """True for a goal that a gap of the owner's became, until it has a date: no draft and no packet tells of it."""
    return goal.due is None and any(entry.goal == goal.id for entry in snapshot.profile)


def recent_wins(snapshot: Snapshot, person: Mentor, since: datetime) -> tuple[Win, ...]:
    """What went well since a moment and may be told this person: with their help, or with nobody's in particular."""
    return tuple(
        one
        for one in snapshot.wins
        if one.state == "kept"
        and one.created_at >= since
        and (person.id in one.credit or (not one.credit and person.allows(one.text)))
    )
