"""What a command is about: the note that was answered, its person and meeting, within one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from mentorup_daemon.records import Entry, Feedback, Meeting, Mentor, Owner, PersonState
from mentorup_daemon.store import states, work
from mentorup_daemon.store.account import Scope
from mentorup_daemon.store.journal import Journal

Line = tuple[str, str, str]
"""Command, text as understood, what came of it. Without a command it goes on with the line above."""


class Cannot(Exception):
    """This command can't be carried out; the text says why and how to mend it."""


@dataclass(frozen=True, slots=True)
class About:
    """`answered` is the key of the note or receipt that was replied to, `entry` the note that it was all about."""

    owner: Owner
    people: tuple[Mentor, ...]
    scope: Scope
    journal: Journal
    answered: str
    entry: Entry
    meetings: tuple[Meeting, ...]
    now: datetime

    @property
    def mentor(self) -> str | None:
        """The person the note was about."""
        return self.entry.mentor

    @property
    def meeting(self) -> Meeting | None:
        """The meeting the note was about."""
        about = self.entry.object.removeprefix("fit/")
        return next((one for one in self.meetings if one.key == about), None)

    @property
    def feedback(self) -> Feedback | None:
        """The piece of feedback the note was about: its number is the last part of the key."""
        number = self.entry.key.rpartition("/")[2]
        asks = self.entry.rule == "unknown_writer" and number.isdecimal() and len(number) < 10
        return work.item(self.scope, Feedback, int(number)) if asks else None

    def person(self, mentor: str) -> Mentor:
        """The person with this id. Raises Cannot, naming those there are."""
        found = next((person for person in self.people if person.id == mentor), None)
        if found is None:
            ids = ", ".join(person.id for person in self.people) or "no one yet"
            raise Cannot(f"nobody is called {mentor[:60]}; your config has {ids}")
        return found

    def their_person(self, command: str) -> Mentor:
        """The person the note was about. Raises Cannot for a note about no one in particular."""
        if self.mentor is None:
            raise Cannot(f"this note is about no one in particular; send {command} in reply to one about that person")
        return self.person(self.mentor)

    def name_of(self, mentor: str | None) -> str:
        """A person's first name, for the receipt."""
        person = next((person for person in self.people if person.id == mentor), None)
        return person.given_name if person else "no one in particular"

    def state_of(self, mentor: str) -> PersonState | None:
        """What the owner has said of this person's schedules."""
        return states.all_states(self.scope).get(mentor)

    def local_date(self, moment: datetime) -> date:
        """The day of a moment, on the owner's calendar."""
        return moment.astimezone(self.owner.zone).date()

    def moment(self, at: datetime) -> str:
        """A moment in full, in the owner's zone: `Friday 11 December 2026, 14:00`."""
        return f"{in_full(self.local_date(at))}, {at.astimezone(self.owner.zone):%H:%M}"


def in_full(day: date) -> str:
    """A date in full, so that the owner sees what was understood: `Friday 11 December 2026`."""
    return f"{day:%A} {day.day} {day:%B %Y}"
