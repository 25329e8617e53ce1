"""The few words of a reminder in the owner's calendar: one line as its title, a few below it.

They are told as of the reminder's own day, not of the day of writing, so that the same reminder always reads the same
and isn't written anew each morning. Names and texts come in on one line; what escaping they need is the calendar's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time

from mentorup_daemon.errors import Malformed
from mentorup_daemon.letters.headers import flat
from mentorup_daemon.letters.views import bare, meeting_view
from mentorup_daemon.letters.wording import rhythm, when
from mentorup_daemon.records import Meeting, Mentor, Reminder, Snapshot
from mentorup_daemon.records.standing import longest_silence

_FOOT = "From MentorUp. Change or delete it as you like: then it is yours, and stays as you leave it."
_IN_TOUCH = {
    "email": "Write to {}",
    "phone": "Call {}",
    "text": "Text {}",
    "video": "Find a time to talk with {}",
    "in person": "Find a time to see {}",
}


@dataclass(frozen=True, slots=True)
class ReminderWords:
    """`summary` is one line, `description` several, with LF between them."""

    summary: str
    description: str


def reminder_words(reminder: Reminder, snapshot: Snapshot) -> ReminderWords:
    """What the reminder says. Raises `Malformed` when what it is about is gone from the records."""
    person = snapshot.person(reminder.mentor)
    if reminder.kind == "follow_up":
        return _follow_up(reminder, snapshot, person)
    if person is None:
        raise Malformed(f"{reminder.key}: {reminder.mentor!r} is not in the configuration any more.")
    if reminder.kind == "contact":
        return _contact(reminder, snapshot, person)
    meeting = snapshot.meeting(reminder.object)
    if meeting is None:
        raise Malformed(f"{reminder.key}: the meeting isn't in the calendar any more.")
    return _around(reminder, snapshot, person, meeting)


def _around(reminder: Reminder, snapshot: Snapshot, person: Mentor, meeting: Meeting) -> ReminderWords:
    view = meeting_view(snapshot, meeting, person, _day(reminder, snapshot))
    name, at = view.person, view.when.date if view.all_day else f"{view.when.date}, {view.when.time}"
    long = f", {view.length}" if view.length else ""
    if reminder.kind == "prepare":
        asking = "What would you like to leave the meeting with?"
        return _words(f"Questions for {name.given_name}: {at}", f"You meet {name.name} on {at}{long}.", asking)
    asking = "One concrete thing that helped is enough for a note of thanks."
    return _words(f"A word of thanks to {name.given_name}", f"Your meeting with {name.name}: {at}{long}.", asking)


def _follow_up(reminder: Reminder, snapshot: Snapshot, person: Mentor | None) -> ReminderWords:
    item = next((one for one in snapshot.actions if f"{one.id}" == reminder.object), None)
    if item is None:
        raise Malformed(f"{reminder.key}: the promise is not in the records any more.")
    towards = f", for {flat(person.given_name)}" if person else ""
    done = f"Reply DONE {item.id} to any note of MentorUp's when it is done, or DROP {item.id} to let it go."
    return _words(f"Due: {bare(item.text)}{towards}", done)


def _contact(reminder: Reminder, snapshot: Snapshot, person: Mentor) -> ReminderWords:
    day = _day(reminder, snapshot)
    last = when(datetime.fromisoformat(reminder.object).date(), day, snapshot.owner.zone).short
    return _words(
        _IN_TOUCH[person.channel].format(flat(person.given_name)),
        f"No contact with {flat(person.name)} since {last}, as far as your calendar and mail tell.",
        f"{rhythm(longest_silence(person).days).capitalize()} is what you have in mind.",
    )


def _words(summary: str, *lines: str) -> ReminderWords:
    return ReminderWords(flat(summary, 200), "\n".join((" ".join(lines), "", _FOOT)))


def _day(reminder: Reminder, snapshot: Snapshot) -> datetime:
    """The reminder's day as a moment: its words are told as of then."""
    if isinstance(reminder.start, datetime):
        return reminder.start
    return datetime.combine(reminder.start, time(12), tzinfo=snapshot.owner.zone)
