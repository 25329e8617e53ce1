"""What every template can name: people, meetings, promises and advice, in words, each on one line.

Templates see these records of plain words only, never the program's own: no text in them holds a line break, so that
none can begin a line or a header of its own (T02), and all days and times are in the reader's terms already.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mentorup_daemon.letters.headers import flat
from mentorup_daemon.letters.quoting import worth_quoting
from mentorup_daemon.letters.wording import When, length, when
from mentorup_daemon.records import ActionItem, Feedback, Goal, Meeting, Mentor, Owner, Snapshot

_MAX_WORDS = 1_000  # characters of a topic, a promise, a quotation in a letter


@dataclass(frozen=True, slots=True)
class PersonView:
    """A person. `channel` is email, phone, text, video or in person."""

    id: str
    name: str
    given_name: str
    channel: str = "email"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingView:
    """A meeting. `theirs` is the mentor's own clock, "" when it shows the same as the owner's; `length` may be "".

    `until` is the last day of one that takes more than a day, with the time it ends at if it has one, else "".
    """

    title: str
    person: PersonView
    when: When
    length: str
    until: str
    minutes: int
    all_day: bool
    tentative: bool
    location: str
    online: bool
    zone_note: str
    theirs: str
    their_day: str
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PromiseView:
    """An action item. `due` is "" or a date in words; `overdue` is true when that has passed."""

    number: int
    text: str
    due: str = ""
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class AdviceView:
    """What a mentor said. `verb` is said or wrote; `on` is a date in words; `plan` and `plan_due` may be "".

    `guess` is why it is thought to answer a draft, "" mostly.
    """

    number: int
    verb: str
    text: str
    on: str
    plan: str = ""
    plan_due: str = ""
    guess: str = ""


@dataclass(frozen=True, slots=True)
class GoalView:
    """A goal. `due` is "" or a date in words."""

    number: int
    text: str
    due: str = ""


def words(text: str) -> str:
    """A text of somebody's on one line."""
    return flat(text, _MAX_WORDS)


def bare(text: str) -> str:
    """The same without a full stop at its end, to stand inside a sentence of ours."""
    line = words(text)
    return line if line.endswith("...") else line.rstrip(".")


def owner_view(owner: Owner) -> PersonView:
    """The owner, as templates name them."""
    return PersonView(id="me", name=flat(owner.name), given_name=flat(owner.given_name))


def person_view(mentor: Mentor) -> PersonView:
    """The mentor, as templates name them."""
    return PersonView(mentor.id, flat(mentor.name), flat(mentor.given_name), mentor.channel)


def meeting_view(snapshot: Snapshot, meeting: Meeting, mentor: Mentor, now: datetime) -> MeetingView:
    """The meeting in the owner's zone, with the mentor's clock beside it where that differs."""
    others = (snapshot.person(other) for other in meeting.also)
    location = flat(meeting.location)
    theirs = None if meeting.all_day else _their_clock(meeting, mentor, snapshot.owner, now)
    until = _until(meeting, snapshot.owner, now)
    return MeetingView(
        title=flat(meeting.title),
        person=person_view(mentor),
        when=when(meeting.start, now, snapshot.owner.zone),
        length="" if meeting.all_day or until else length(meeting.minutes),
        until=until,
        minutes=0 if meeting.all_day else meeting.minutes,
        all_day=meeting.all_day,
        tentative=meeting.status == "tentative",
        location=location,
        online=location.lower().startswith(("http://", "https://")),
        zone_note=words(meeting.zone_note),
        theirs=theirs.time if theirs else "",
        their_day=theirs.weekday if theirs else "",
        others=tuple(flat(other.name) for other in others if other),
    )


def _until(meeting: Meeting, owner: Owner, now: datetime) -> str:
    """The last day of a meeting of several; the end of a whole day is the midnight after it (RFC 5545 3.6.1)."""
    last = when(meeting.end - timedelta(minutes=1) if meeting.all_day else meeting.end, now, owner.zone)
    if last.date == when(meeting.start, now, owner.zone).date or meeting.length <= timedelta(days=1):
        return ""
    return last.date if meeting.all_day else f"{last.date}, {last.time}"


def _their_clock(meeting: Meeting, mentor: Mentor, owner: Owner, now: datetime) -> When | None:
    try:
        zone = ZoneInfo(mentor.timezone) if mentor.timezone else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
    if zone is None or meeting.start.astimezone(zone).utcoffset() == meeting.start.astimezone(owner.zone).utcoffset():
        return None
    return when(meeting.start, now, zone)


def promise_view(action: ActionItem, owner: Owner, now: datetime) -> PromiseView:
    """The promise with its date in words."""
    due = when(action.due, now, owner.zone).date if action.due else ""
    overdue = action.due is not None and action.due < now.astimezone(owner.zone).date()
    return PromiseView(action.id, bare(action.text), due, overdue)


def advice_view(feedback: Feedback, owner: Owner, now: datetime) -> AdviceView:
    """What was said, with its date and what the owner made of it."""
    return AdviceView(
        feedback.id,
        "said" if feedback.source == "manual" else "wrote",
        words(worth_quoting(feedback.text, owner.given_name)).strip("\"'\u201c\u201d "),
        when(feedback.received_at, now, owner.zone).short,
        bare(feedback.plan or ""),
        when(feedback.plan_due, now, owner.zone).date if feedback.plan_due else "",
        words(feedback.guess),
    )


def goal_view(goal: Goal | None, owner: Owner, now: datetime) -> GoalView | None:
    """The goal with its date in words, or None."""
    if goal is None:
        return None
    return GoalView(goal.id, bare(goal.text), when(goal.due, now, owner.zone).short if goal.due else "")


def common(snapshot: Snapshot, mentor: Mentor | None) -> Mapping[str, object]:
    """What every letter's context holds."""
    return {"owner": owner_view(snapshot.owner), "person": person_view(mentor) if mentor else None}
