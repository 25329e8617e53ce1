"""What one week came to, up to a moment: what the weekly note tells, and whether there is anything to tell.

Everything that happened later is left out, so that a note that comes late, or is asked about twice, is about the same
week. A promise is told of once in the last note that comes two days ahead of its day, and once when that has passed
(P4). What only changes slowly, an empty place in the network or a goal without a date, is told once a month.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from mentorup_daemon.records.due import Entry, Snapshot
from mentorup_daemon.records.people import Distance, Mentor
from mentorup_daemon.records.standing import longest_silence, meets_soon, silent_since, taken_up_at
from mentorup_daemon.records.work import ActionItem, Feedback, Goal, Topic

WEEK = timedelta(days=7)
DISTANCES: tuple[Distance, ...] = ("peer", "step-ahead", "senior")
_TOLD_AHEAD = timedelta(days=8)  # what is due on the day after the next note is told in this one
_UNHEARD_FOR = timedelta(days=60)
_SILENT = frozenset({"brief", "closing_update", "contact", "next_meeting", "recap", "retry", "shorten", "win"})
"""The rules whose drafts come without a note of their own."""

_GIVING_BACK = (5, 11)  # months: not those of the check-in and the look back on the quarter
_KNOWN_FOR = timedelta(days=60)
_HALF_YEAR = timedelta(days=183)


@dataclass(frozen=True, slots=True)
class Giving:
    """A mentor, how many wins of half a year they have a part in, and the first thing that they still mean to do."""

    person: Mentor
    wins: int = 0
    promise: ActionItem | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """`coming` and `overdue` are the owner's promises, `theirs` at most one of somebody else's.

    `silent` are the people past their cadence, `unheard` those of whom nothing has been filed for long (C21),
    `drafted` and `withdrawn` what was written or taken back unasked. `reached` are goals that were reached in it (T12),
    `giving` who might need something of the owner's, told twice a year (T9).
    """

    coming: tuple[ActionItem, ...] = ()
    overdue: tuple[ActionItem, ...] = ()
    theirs: ActionItem | None = None
    silent: tuple[Mentor, ...] = ()
    unheard: tuple[Mentor, ...] = ()
    empty_distances: tuple[Distance, ...] = ()
    undated: tuple[Goal, ...] = ()
    reached: tuple[Goal, ...] = ()
    giving: tuple[Giving, ...] = ()
    drafted: tuple[Entry, ...] = ()
    withdrawn: tuple[Entry, ...] = ()
    filed: tuple[Feedback, ...] = ()
    discussed: tuple[Topic, ...] = ()

    @property
    def empty(self) -> bool:
        """True when there is nothing to tell."""
        told = (self.coming, self.overdue, self.silent, self.unheard, self.empty_distances, self.undated)
        seldom = (self.reached, self.giving)
        done = (self.drafted, self.withdrawn, self.filed, self.discussed)
        return self.theirs is None and not any((*told, *seldom, *done))

    @property
    def to_do(self) -> bool:
        """True when there is something for the owner to do by a day."""
        return bool(self.coming or self.overdue)


def week(snapshot: Snapshot, at: datetime) -> Week:
    """The week that ends at `at` (aware)."""
    begin = max(at - WEEK, snapshot.started_at)
    today = at.astimezone(snapshot.owner.zone).date()
    promises = sorted(
        (one for one in snapshot.actions if one.state == "open" and one.due is not None and one.created_at < at),
        key=lambda one: (one.due or today, one.id),
    )
    late = [one for one in promises if one.due is not None and today - WEEK <= one.due < today]
    ahead = [one for one in promises if one.due is not None and today <= one.due <= today + _TOLD_AHEAD]
    entries = [one for one in snapshot.ledger.values() if one.outcome_at is not None and begin <= one.outcome_at < at]
    monthly = today.day <= WEEK.days
    return Week(
        coming=tuple(one for one in ahead if one.owner == "me"),
        overdue=tuple(one for one in late if one.owner == "me"),
        theirs=next((one for one in late if one.owner != "me"), None),
        silent=_silent(snapshot, at),
        unheard=_unheard(snapshot, at) if monthly else (),
        empty_distances=_empty_distances(snapshot, at) if monthly else (),
        undated=tuple(
            one for one in snapshot.goals if one.state == "open" and one.due is None and one.created_at < at and monthly
        ),
        reached=tuple(
            one
            for one in snapshot.goals
            if one.state == "done" and one.done_at is not None and begin <= one.done_at < at
        ),
        giving=_giving(snapshot, at) if monthly and today.month in _GIVING_BACK else (),
        drafted=tuple(
            one
            for one in entries
            if _came_silently(snapshot, one) and one.lands == "drafts" and one.outcome == "delivered"
        ),
        withdrawn=tuple(one for one in entries if one.lands == "drafts" and one.outcome == "withdrawn"),
        filed=tuple(one for one in snapshot.feedback if begin <= one.received_at < at and one.source != "manual"),
        discussed=tuple(
            topic
            for topic in snapshot.topics
            if topic.state == "discussed"
            and (held := taken_up_at(snapshot, topic, at)) is not None
            and begin <= held.end
        ),
    )


def _silent(snapshot: Snapshot, at: datetime) -> tuple[Mentor, ...]:
    """The mentors with whom there has been no contact for longer than agreed, nor will be soon, the longest first."""
    found = [
        (silent_since(snapshot, person, at), person.id, person)
        for person in snapshot.mentors
        if person.role == "mentor" and snapshot.active(person.id, at) and not meets_soon(snapshot, person, at)
    ]
    return tuple(
        person for since, _, person in sorted(found, key=lambda one: one[:2]) if since + longest_silence(person) <= at
    )


def _unheard(snapshot: Snapshot, at: datetime) -> tuple[Mentor, ...]:
    """The mentors of whom nothing has been filed for 60 days, nor could have been asked for any longer (C21)."""
    if at - _UNHEARD_FOR < snapshot.started_at:
        return ()
    heard = {one.mentor for one in snapshot.feedback if at - _UNHEARD_FOR < one.received_at}
    mentors = (one for one in snapshot.mentors if one.role == "mentor" and snapshot.active(one.id, at))
    return tuple(one for one in mentors if one.id not in heard)


def _giving(snapshot: Snapshot, at: datetime) -> tuple[Giving, ...]:
    """What each active mentor has a part in, and still means to do: those of whom something is known first."""
    if at - _KNOWN_FOR < snapshot.started_at:
        return ()
    found = []
    for person in snapshot.mentors:
        if person.role == "mentor" and snapshot.active(person.id, at):
            since = at - _HALF_YEAR
            wins = sum(
                person.id in one.credit and one.state == "kept" and since <= one.created_at < at
                for one in snapshot.wins
            )
            open_ones = (one for one in snapshot.actions if one.owner == person.id and one.state == "open")
            found.append(Giving(person, wins, next((one for one in open_ones if one.created_at < at), None)))
    return tuple(sorted(found, key=lambda one: not (one.wins or one.promise)))


def _came_silently(snapshot: Snapshot, entry: Entry) -> bool:
    """True for a draft of which no note or receipt has told: the owner gave no word of thanks that it was made from."""
    if entry.rule == "thank_you":
        return not any(thanks.meeting == entry.object for thanks in snapshot.thanks)
    return entry.rule in _SILENT


def _empty_distances(snapshot: Snapshot, at: datetime) -> tuple[Distance, ...]:
    """The distances at which there is no mentor (C8); none where no mentor's distance is known at all."""
    taken = {
        person.distance for person in snapshot.mentors if person.role == "mentor" and snapshot.active(person.id, at)
    } - {None}
    return tuple(distance for distance in DISTANCES if distance not in taken) if taken else ()
