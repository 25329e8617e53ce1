"""Which reminders should stand in the owner's own calendar, where that is wanted (T6): a pure function of the records.

Four kinds: to prepare (when the questions for a meeting are asked), to give thanks (after it), to follow up (the day a
promise of the owner's is due), to be in touch (the day contact falls due). Only the coming four weeks are written: as
far as a month's view shows, and near enough that little of it has to be moved again. What is no longer true stands no
longer, and what its day has passed is no use either: the calendar keeps what is ahead.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from mentorup_daemon.records import Due, Reminder, Snapshot, key_part
from mentorup_daemon.records.reminders import ReminderKind
from mentorup_daemon.records.standing import longest_silence, next_meeting, nothing_new, silent_since
from mentorup_daemon.rules import questions, thank_you
from mentorup_daemon.rules.hours import at_wall_clock, last_hour_before, when_back

RULE = "reminder"
AHEAD = timedelta(weeks=4)
_MORNING = 9 * 60  # for owners who have no hours of their own
_MEETING_SOON = timedelta(days=14)


def standing(snapshot: Snapshot, now: datetime, ahead: timedelta = AHEAD) -> tuple[Reminder, ...]:
    """All that should stand at `now`, by time: of today and what is `ahead`; () where none are wanted."""
    if not snapshot.practice.reminders:
        return ()
    today = now.astimezone(snapshot.owner.zone).date()
    last = (now + ahead).astimezone(snapshot.owner.zone).date()
    found = (*_around_meetings(snapshot, now), *_follow_ups(snapshot), *_contacts(snapshot, now))
    wanted = (
        one
        for one in found
        if today <= _day(one.start, snapshot) <= last
        and one.alarm_at > snapshot.started_at
        and snapshot.active(one.mentor, one.alarm_at)
    )
    return tuple(sorted(wanted, key=lambda one: (one.alarm_at, one.key)))


def candidates(snapshot: Snapshot, now: datetime, until: datetime) -> Iterator[Due]:
    """The same as what falls due, for looking ahead: each at the moment of its alarm."""
    for one in standing(snapshot, now, max(until - now, timedelta())):
        if now <= one.alarm_at <= until:
            yield Due(
                key=one.key,
                rule=RULE,
                due_at=one.alarm_at,
                expires_at=one.alarm_at + timedelta(days=1),
                lands="calendar",
                mentor=one.mentor,
                object=one.object,
                reason=one.reason,
            )


def _around_meetings(snapshot: Snapshot, now: datetime) -> Iterator[Reminder]:
    for meeting in snapshot.meetings:
        person = snapshot.person(meeting.mentor)
        if person is None or person.role == "mentee" or not meeting.on:
            continue  # a mentee is owed neither questions nor thanks; what they were promised is reminded of
        told = f"{meeting.start.astimezone(snapshot.owner.zone):%d %B %Y, %H:%M}"
        if meeting.start > now and not _skipped(snapshot, questions.key_of(meeting)):
            moment = questions.due_at(meeting, person, snapshot)
            if not nothing_new(snapshot, meeting, person):
                yield _at("prepare", person.id, meeting.key, moment, f"You meet {person.name} on {told}.")
        if any(thanks.meeting == meeting.key for thanks in snapshot.thanks):
            continue
        thanked = thank_you.scheduled(snapshot, meeting)
        if thanked is not None and not _skipped(snapshot, f"{thank_you.RULE}/{key_part(person.id)}/{meeting.key}"):
            yield _at("thank", person.id, meeting.key, thanked, f"Your meeting with {person.name} is on {told}.")


def _follow_ups(snapshot: Snapshot) -> Iterator[Reminder]:
    for item in snapshot.actions:
        if item.owner == "me" and item.state == "open" and item.due is not None:
            reason = f"You said that you would do this by {item.due:%d %B %Y}: {item.text}"
            yield _on("follow_up", item.mentor, f"{item.id}", item.due, snapshot, reason)


def _contacts(snapshot: Snapshot, now: datetime) -> Iterator[Reminder]:
    """The day on which contact with each mentor falls due, unless one is met about then."""
    for person in snapshot.mentors:
        if person.role != "mentor":
            continue
        since = silent_since(snapshot, person, now)
        moment = when_back(since + longest_silence(person), person, snapshot.owner)
        met = next_meeting(snapshot, person, now)
        if met is None or met.start > moment + _MEETING_SOON:
            last, day = (one.astimezone(snapshot.owner.zone).date() for one in (since, moment))
            reason = f"There has been no contact with {person.name} since {last:%d %B %Y}."
            yield _on("contact", person.id, f"{last}", day, snapshot, reason)


def _at(kind: ReminderKind, mentor: str, about: str, moment: datetime, reason: str) -> Reminder:
    return Reminder(
        key=f"{RULE}/{key_part(mentor)}/{about}/{kind}",
        kind=kind,
        mentor=mentor,
        object=about,
        start=moment,
        alarm_at=moment,
        reason=reason,
    )


def _on(kind: ReminderKind, mentor: str | None, about: str, day: date, snapshot: Snapshot, reason: str) -> Reminder:
    """A whole day's; the alarm comes when it begins, on a day off in the last working hour before."""
    hours = snapshot.owner.hours
    morning = at_wall_clock(day, _MORNING if hours.always else hours.opens, snapshot.owner.zone)
    return Reminder(
        key=f"{RULE}/{key_part(mentor or 'owner')}/{about}/{kind}",
        kind=kind,
        mentor=mentor,
        object=about,
        start=day,
        alarm_at=last_hour_before(morning, snapshot.owner),
        reason=reason,
    )


def _day(start: datetime | date, snapshot: Snapshot) -> date:
    return start.astimezone(snapshot.owner.zone).date() if isinstance(start, datetime) else start


def _skipped(snapshot: Snapshot, key: str) -> bool:
    mark = snapshot.marks.get(key)
    return mark is not None and mark.skipped
