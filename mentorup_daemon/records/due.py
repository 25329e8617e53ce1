"""What is due, what has been written about it, and the one view of the records that the rules look at."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Literal

from mentorup_daemon.records.growth import Candidate, Compact, FitAnswer, ProfileEntry, Request, Win
from mentorup_daemon.records.meetings import Meeting
from mentorup_daemon.records.people import Mentor, Owner, PersonState
from mentorup_daemon.records.practice import Practice
from mentorup_daemon.records.work import ActionItem, Contact, Feedback, Goal, Thanks, Topic

_MEANWHILE = timedelta(minutes=15)  # two looks, and somewhat more
_NEAR = timedelta(days=7)

Lands = Literal["inbox", "drafts", "calendar", "digest"]

Outcome = Literal["intended", "delivered", "withdrawing", "withdrawn", "superseded", "left", "skipped"]
"""Where an entry of the ledger stands.

intended: about to be written, or it may have been: look. delivered: it stands in the mailbox, or did.
withdrawing: about to be taken back. withdrawn: taken back by us because it no longer held. superseded: replaced by the
next revision. left: no longer holds, but the owner has changed, sent or removed it, so it is theirs. skipped: the
owner said SKIP.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One note or draft that is due.

    `key` reads RULE/PERSON/OBJECT[/PART]. `due_at` already lies in the owner's working hours; after `expires_at` it is
    of no use. `basis` says in a short string what it was written from (the meeting's time, for one): when it changes,
    what was written has changed its mind. `revision` counts from 1. `reason` is told by `why`.
    """

    key: str
    rule: str
    due_at: datetime
    expires_at: datetime
    lands: Lands
    reason: str
    mentor: str | None = None
    object: str = ""
    basis: str = ""
    revision: int = 1
    asked_for: bool = False  # the owner has just asked for it, so no quiet applies
    of_ending: bool = False  # it is part of ending with a person, so it comes although they are closed (T11)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The latest revision of one key in the ledger."""

    key: str
    rule: str
    revision: int
    message_id: str
    digest: str
    lands: Lands
    outcome: Outcome
    due_at: datetime
    intended_at: datetime
    outcome_at: datetime | None = None
    mentor: str | None = None
    object: str = ""
    basis: str = ""
    subject: str = ""
    reason: str = ""
    folder: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """The owner's word about one key: `SKIP` (never again), or `SNOOZE` until a time."""

    key: str
    skipped: bool = False
    snoozed_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The answer to one reply with commands, until and after it is delivered.

    `lines` are (command, text as understood, what came of it), `problems` (line as typed, how to mend it); with any of
    them nothing was carried out. `offers` are the action items in the note, each as the line that would keep it.
    `in_reply_to` and `references` thread it under the owner's reply; `about` is the key of the note that was answered.
    """

    key: str
    at: datetime
    about: str
    lines: tuple[tuple[str, str, str], ...] = ()
    problems: tuple[tuple[str, str], ...] = ()
    note_kept: str = ""
    offers: tuple[str, ...] = ()
    hint: str = ""
    help: bool = False
    subject: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Something that only the owner can mend. `about` is a short slug, `passing` what may well mend itself."""

    about: str
    since: datetime
    text: str
    remedy: str = ""
    passing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All that the rules may look at, at one moment. The rules get this and a clock reading, nothing else.

    `mentors` are all people, candidates and mentees too. `ledger` and `marks` are by key, `states` by person.
    `meetings` lie in the window that the store keeps, cancelled ones included. `started_at` is the account's first
    start: nothing from before it is chased.
    """

    owner: Owner
    practice: Practice
    started_at: datetime
    mentors: tuple[Mentor, ...] = ()
    meetings: tuple[Meeting, ...] = ()
    topics: tuple[Topic, ...] = ()
    actions: tuple[ActionItem, ...] = ()
    feedback: tuple[Feedback, ...] = ()
    goals: tuple[Goal, ...] = ()
    thanks: tuple[Thanks, ...] = ()
    wins: tuple[Win, ...] = ()
    profile: tuple[ProfileEntry, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    fits: tuple[FitAnswer, ...] = ()
    compacts: tuple[Compact, ...] = ()
    requests: tuple[Request, ...] = ()
    contacts: tuple[Contact, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    ledger: Mapping[str, Entry] = field(default_factory=lambda: MappingProxyType({}))
    marks: Mapping[str, Mark] = field(default_factory=lambda: MappingProxyType({}))
    states: Mapping[str, PersonState] = field(default_factory=lambda: MappingProxyType({}))
    _found: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What follows from the records and is asked for again and again, by what it is."""

    def person(self, mentor_id: str | None) -> Mentor | None:
        """The person with this id, or None."""
        people: dict[str, Mentor] = self._once("people", lambda: {one.id: one for one in reversed(self.mentors)})
        return people.get(mentor_id or "")

    def meetings_with(self, mentor_id: str) -> Sequence[Meeting]:
        """The meetings with this person, in their order."""
        found: dict[str, list[Meeting]] = self._once("meetings_with", lambda: _grouped(self.meetings))
        return found.get(mentor_id, ())

    def meetings_joined_by(self, mentor_id: str) -> Sequence[Meeting]:
        """The meetings with this person, or with another and them too."""
        found: dict[str, list[Meeting]] = self._once("meetings_joined_by", self._meetings_by_everyone)
        return found.get(mentor_id, ())

    def _meetings_by_everyone(self) -> dict[str, list[Meeting]]:
        found: dict[str, list[Meeting]] = {}
        for meeting in self.meetings:
            for person in {meeting.mentor, *meeting.also}:
                found.setdefault(person, []).append(meeting)
        return found

    def meetings_ahead(self, after: datetime, until: datetime) -> Sequence[Meeting]:
        """The meetings that are on and begin after the one moment, by the other at the latest; by their begin."""
        moments, found = self._once("by begin", lambda: _ordered(self.meetings, lambda one: one.start))
        return _between(moments, found, after, until)

    def meetings_over(self, after: datetime, until: datetime) -> Sequence[Meeting]:
        """The meetings that are on and end after the one moment, by the other at the latest; by their end."""
        moments, found = self._once("by end", lambda: _ordered(self.meetings, lambda one: one.end))
        return _between(moments, found, after, until)

    def prepared_by(self, rules: tuple[str, ...]) -> frozenset[str]:
        """The keys of the meetings for which one of these rules has written something that wasn't taken back."""
        found: frozenset[str] = self._once(
            f"prepared by {rules}",
            lambda: frozenset(
                entry.object
                for entry in self.ledger.values()
                if entry.rule in rules and entry.outcome in ("delivered", "left")
            ),
        )
        return found

    def thanks_about(self, meeting: str) -> Sequence[Thanks]:
        """What there is to give thanks for about the meeting with this key, in its order."""
        found: dict[str | None, list[Thanks]] = self._once("thanks_about", self._thanks_by_meeting)
        return found.get(meeting, ())

    def _thanks_by_meeting(self) -> dict[str | None, list[Thanks]]:
        found: dict[str | None, list[Thanks]] = {}
        for one in self.thanks:
            found.setdefault(one.meeting, []).append(one)
        return found

    def feedback_from(self, meeting: str) -> Sequence[Feedback]:
        """What was said in the meeting with this key, in its order."""
        found: dict[str | None, list[Feedback]] = self._once("feedback_from", self._feedback_by_meeting)
        return found.get(meeting, ())

    def _feedback_by_meeting(self) -> dict[str | None, list[Feedback]]:
        found: dict[str | None, list[Feedback]] = {}
        for one in self.feedback:
            found.setdefault(one.meeting, []).append(one)
        return found

    def contacts_with(self, mentor_id: str) -> Sequence[Contact]:
        """The contacts with this person, in their order."""
        found: dict[str, list[Contact]] = self._once("contacts_with", lambda: _grouped(self.contacts))
        return found.get(mentor_id, ())

    def topics_for(self, mentor_id: str) -> Sequence[Topic]:
        """The topics for this person or for anybody, in their order."""
        found: dict[str | None, list[tuple[int, Topic]]] = self._once("topics_for", self._topics_by_person)
        both = [*found.get(mentor_id, ()), *found.get(None, ())]
        return [topic for _, topic in sorted(both, key=lambda one: one[0])]

    def _topics_by_person(self) -> dict[str | None, list[tuple[int, Topic]]]:
        found: dict[str | None, list[tuple[int, Topic]]] = {}
        for at, topic in enumerate(self.topics):
            found.setdefault(topic.mentor, []).append((at, topic))
        return found

    def _once(self, what: str, find: Callable[[], Any]) -> Any:
        """What `find` finds, found once: the records of a snapshot never change."""
        if what not in self._found:
            self._found[what] = find()
        return self._found[what]

    def quiet_until(self, mentor_id: str | None) -> datetime | None:
        """Until when nothing about this person comes (see `PersonState`); None when nothing was ever held back."""
        state = self.states.get(mentor_id or "")
        return state.quiet_until if state is not None else None

    def active(self, mentor_id: str | None, at: datetime) -> bool:
        """True unless the person is closed, or paused at that moment."""
        quiet = self.quiet_until(mentor_id)
        return quiet is None or quiet <= at

    def meeting(self, key: str) -> Meeting | None:
        """The meeting with this key, or None when the store no longer knows it."""
        meetings: dict[str, Meeting] = self._once("meetings", lambda: {one.key: one for one in reversed(self.meetings)})
        return meetings.get(key)

    def successor(self, gone: Meeting) -> Meeting | None:
        """The meeting that came into the calendar in the place of one that is gone from it; None when none did.

        Programs move or split a series by writing it anew, under other identities; people by deleting and adding. So it
        is one with the same person, on, first seen about when that one was last, and nearest to it within a week.
        """
        if gone.gone_at is None or gone.on:
            return None
        came = [
            other
            for other in self.meetings
            if other.on
            and other.mentor == gone.mentor
            and other.seen_at is not None
            and other.seen_at > self.started_at  # what was there from the start came in nobody's place
            and abs(other.seen_at - gone.gone_at) <= _MEANWHILE
            and abs(other.start - gone.start) < _NEAR
        ]
        return min(came, key=lambda other: abs(other.start - gone.start), default=None)

    def predecessor(self, meeting: Meeting) -> Meeting | None:
        """The meeting that is gone and has this one for its successor, or None."""
        return next((gone for gone in self.meetings if gone.gone_at and self.successor(gone) == meeting), None)


def _grouped(records: Iterable[Any]) -> dict[str, list[Any]]:
    """By the person they are about, in their order."""
    found: dict[str, list[Any]] = {}
    for one in records:
        found.setdefault(one.mentor, []).append(one)
    return found


def _ordered(
    meetings: Iterable[Meeting], moment_of: Callable[[Meeting], datetime]
) -> tuple[list[float], list[Meeting]]:
    """Those that are on by one of their moments, and these moments beside them as timestamps."""
    found = sorted(
        ((moment_of(one).timestamp(), one) for one in meetings if one.on), key=lambda each: (each[0], each[1].key)
    )
    return [moment for moment, _ in found], [one for _, one in found]


def _between(moments: list[float], found: list[Meeting], after: datetime, until: datetime) -> Sequence[Meeting]:
    return found[bisect_right(moments, after.timestamp()) : bisect_right(moments, until.timestamp())]
