"""All rules together: what is to be written now, what has changed its mind, and when to look again.

A pure function of the records and the clock, asked as often as anyone likes: what it says depends on the ledger, not on
who asked before. `rehearse` looks ahead with the same candidates. The hard thing is the ledger's say: the same key may
be new, half written (a crash), standing, out of date, snoozed, taken back, or the owner's own by now; `_revision` is
the one place that knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from mentorup_daemon.records import Due, Entry, Mark, Meeting, Mentor, Snapshot
from mentorup_daemon.records.standing import closed_since, nothing_new, planned_on
from mentorup_daemon.rules import (
    agenda,
    brief,
    candidate,
    change,
    check_in,
    closing,
    closing_agenda,
    closing_update,
    compact,
    contact,
    digest,
    feedback_plan,
    fit,
    hello,
    letter,
    mentee_agenda,
    mentee_promises,
    next_meeting,
    profile,
    questions,
    recap,
    receipt,
    referral,
    reminders,
    retry,
    review,
    shorten,
    thank_you,
    trouble,
    unknown_writer,
    welcome,
    win,
)
from mentorup_daemon.rules.hours import in_hours, next_opening, when_back

RULES = (
    welcome,
    trouble,
    closing,
    closing_agenda,
    letter,
    receipt,
    unknown_writer,
    questions,
    shorten,
    brief,
    agenda,
    mentee_agenda,
    thank_you,
    mentee_promises,
    fit,
    candidate,
    feedback_plan,
    recap,
    next_meeting,
    win,
    hello,
    referral,
    retry,
    check_in,
    contact,
    closing_update,
    compact,
    profile,
    review,
    change,
    digest,
)
"""In the order in which their notes arrive when several are due in one pass."""

_AHEAD = {rule.RULE: rule for rule in (questions, shorten, brief, agenda, closing_agenda, mentee_agenda)}
"""The rules that write ahead of a meeting, from its time and people: what they wrote moves and falls with it."""

_ENDING = frozenset({closing.RULE, closing_agenda.RULE, closing_update.RULE})
"""The rules that write to a mentor with whom it has ended, and to no other (T11)."""

_WANTED = {rule.RULE: rule for rule in (hello, referral, retry, letter)}
"""The rules whose drafts hold while the owner still wants them, by what else is on record."""

_UNASKED = frozenset(
    {check_in.RULE, contact.RULE, next_meeting.RULE, closing_update.RULE, recap.RULE, retry.RULE, win.RULE}
)
"""The rules whose drafts a mentor doesn't expect: they wait until the mentor is back from holidays (T10)."""

_FOLLOWING = (brief, agenda, closing_agenda, mentee_agenda, closing, hello, recap)
"""The rules whose drafts follow the records for as long as they stand untouched."""

_LOOK_AHEAD = timedelta(days=14)

Why = Literal[
    "cancelled",
    "moved",
    "skipped",
    "other person",
    "begun",
    "resting",
    "nothing to name",
    "enough to talk about",
    "on after all",
    "booked",
    "no win of theirs",
    "ended",
    "resumed",
    "not wanted",
]


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Something written that no longer holds, and why."""

    entry: Entry
    why: Why


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do now, in order: withdraw, then write; `refresh` are standing drafts whose words follow the records.

    `next_look` is when something falls due next if nothing changes in between, None when nothing is in sight.
    """

    due: tuple[Due, ...] = ()
    withdraw: tuple[Withdrawal, ...] = ()
    refresh: tuple[Due, ...] = ()
    next_look: datetime | None = None


def plan(snapshot: Snapshot, now: datetime) -> Plan:
    """What is due at `now`. Notes wait for working hours, unless the owner has just asked for them."""
    open_now = in_hours(now, snapshot.owner)
    standing = list(_standing(snapshot, now, now + _LOOK_AHEAD))
    waiting = [one for one in standing if one.due_at <= now]
    due = tuple(one for one in waiting if open_now or one.asked_for)
    ahead = [one.due_at for one in standing if one.due_at > now]
    if len(due) < len(waiting):
        ahead.append(next_opening(now, snapshot.owner))
    return Plan(
        due=due,
        withdraw=tuple(_withdrawals(snapshot, now)),
        refresh=tuple(_refreshable(snapshot, now)),
        next_look=min(ahead, default=None),
    )


def upcoming(snapshot: Snapshot, now: datetime, until: datetime) -> list[Due]:
    """What would be written up to `until` if nothing changes, in order of time, reminders too. Touches nothing."""
    found = (*_standing(snapshot, now, until), *reminders.candidates(snapshot, now, until))
    return sorted(found, key=lambda one: (max(one.due_at, now), one.key))


def explain(snapshot: Snapshot, key: str, now: datetime, until: datetime) -> Due | None:
    """The due note or draft with this key, whether it has been written or not; None when no rule knows of it."""
    candidates = (one for rule in (*RULES, reminders) for one in rule.candidates(snapshot, now, until))
    return next((one for one in candidates if one.key == key), None)


def _standing(snapshot: Snapshot, now: datetime, until: datetime) -> Iterator[Due]:
    """Every candidate up to `until` that still has to be written, with its revision and its snooze."""
    for rule in RULES:
        for one in rule.candidates(snapshot, now, until):
            if one.expires_at <= now:
                continue
            mark = _mark(snapshot, one.key)
            if mark is not None and mark.skipped:
                continue
            entry = snapshot.ledger.get(one.key)
            revision = _revision(one, entry, mark)
            if revision is None:
                continue
            revised = entry is not None and entry.outcome == "delivered" and entry.basis != one.basis
            moment = min(one.due_at, now) if revised and one.due_at <= now + agenda.FAR else one.due_at
            if mark is not None and mark.snoozed_until is not None:
                moment = max(moment, next_opening(mark.snoozed_until, snapshot.owner))
            awake = _after_quiet(one, _after_absence(one, moment, snapshot), snapshot)
            if awake is not None and awake <= until and awake < one.expires_at:
                yield replace(one, revision=revision, due_at=awake)


def _after_absence(one: Due, moment: datetime, snapshot: Snapshot) -> datetime:
    """When an unasked draft, due at `moment`, comes although its mentor is away: when they are back."""
    person = snapshot.person(one.mentor)
    if person is None or one.rule not in _UNASKED or one.lands != "drafts":
        return moment
    return when_back(moment, person, snapshot.owner)


def _after_quiet(one: Due, moment: datetime, snapshot: Snapshot) -> datetime | None:
    """When `one`, due at `moment`, comes although its person is or was paused or closed; None when it doesn't.

    What fell due in the quiet is not chased after it, but what prepares a meeting that is still ahead then comes late.
    """
    quiet = snapshot.quiet_until(one.mentor)
    if quiet is None or moment >= quiet or one.of_ending:
        return moment
    meeting = snapshot.meeting(one.object)
    if quiet >= one.expires_at or meeting is None or meeting.start <= quiet:
        return None
    return next_opening(quiet, snapshot.owner)


def _revision(one: Due, entry: Entry | None, mark: Mark | None) -> int | None:
    """Which revision of `one` is to be written, None when what stands in the ledger is enough."""
    if entry is None:
        return 1
    # "withdrawing" falls through to None: that is finished first
    if entry.outcome == "intended":  # a crash, or a connection lost: the same again, looked for before it is written
        return entry.revision
    if entry.outcome == "withdrawn":
        return entry.revision + 1
    snoozed = mark.snoozed_until if mark is not None else None
    if snoozed is not None and entry.outcome_at is not None and snoozed > entry.outcome_at and one.lands == "inbox":
        return entry.revision + 1
    if one.basis != entry.basis and (
        entry.outcome == "delivered" or (entry.outcome == "left" and one.lands == "inbox")
    ):
        return entry.revision + 1
    return None


def _withdrawals(snapshot: Snapshot, now: datetime) -> Iterator[Withdrawal]:
    """What lies in the mailbox ahead of a meeting that is off, has moved far away, was skipped, or is another's now."""
    for entry in snapshot.ledger.values():
        if entry.outcome == "withdrawing":
            yield Withdrawal(entry, "begun")
        if _nothing_to_name(entry, snapshot, now):
            yield Withdrawal(entry, "nothing to name")
        if _booked(entry, snapshot, now):
            yield Withdrawal(entry, "booked")
        if change.untrue(entry, snapshot, now):
            yield Withdrawal(entry, "on after all")
        if win.taken_back(entry, snapshot, now):
            yield Withdrawal(entry, "no win of theirs")
        if (over := _unwanted(entry, snapshot) or _ending(entry, snapshot)) is not None:
            yield Withdrawal(entry, over)
            continue
        if entry.rule not in _AHEAD or entry.outcome != "delivered":
            continue
        mark = _mark(snapshot, entry.key)
        if mark is not None and mark.skipped:
            if entry.lands == "drafts":
                yield Withdrawal(entry, "skipped")
            continue
        ahead = _start_in(entry.basis) > now.timestamp()
        resting = ahead and entry.lands == "drafts" and not snapshot.active(entry.mentor, now)
        resting = resting and entry.rule not in _ENDING
        why = "resting" if resting else _out_of_date(entry, snapshot, now)
        if why is not None:
            yield Withdrawal(entry, why)


def _unwanted(entry: Entry, snapshot: Snapshot) -> Why | None:
    """Why a draft that the owner has asked for, or what follows from it, no longer holds; None where it does."""
    if entry.outcome != "delivered" or entry.rule not in _WANTED:
        return None
    return None if _WANTED[entry.rule].wanted(entry, snapshot) else "not wanted"


def _ending(entry: Entry, snapshot: Snapshot) -> Why | None:
    """Why a standing draft doesn't fit the end with its person, or the new beginning; None where it does."""
    if entry.lands != "drafts" or entry.outcome != "delivered" or entry.mentor is None:
        return None
    closed = closed_since(snapshot, entry.mentor)
    if entry.rule in _ENDING:
        return "resumed" if closed is None else None
    since_asked_for = entry.rule == letter.RULE and closed is not None and entry.due_at >= closed
    return "ended" if closed is not None and entry.rule not in _AHEAD and not since_asked_for else None


def _out_of_date(entry: Entry, snapshot: Snapshot, now: datetime) -> Why | None:
    """Why what was written ahead of a meeting no longer holds; None while it does, or once its time is over."""
    meeting = snapshot.meeting(entry.object)
    if _start_in(entry.basis) <= now.timestamp() and (meeting is None or meeting.start <= now):
        return None
    if meeting is None or not meeting.on:
        return "cancelled"
    person = snapshot.person(meeting.mentor)
    if meeting.mentor != entry.mentor or person is None:
        return "other person"
    answered = _answered(entry, meeting, person, snapshot)
    if answered is not None:
        return answered
    due_at = _AHEAD[entry.rule].due_at(meeting, person, snapshot)
    if agenda.basis_of(meeting) != entry.basis and (due_at > now + agenda.FAR or meeting.start <= now):
        return "moved"
    return None


def _answered(entry: Entry, meeting: Meeting, person: Mentor, snapshot: Snapshot) -> Why | None:
    """Why a draft ahead of a meeting isn't wanted any more, by what the owner has said or added since."""
    if entry.rule == agenda.RULE and entry.lands == "drafts" and nothing_new(snapshot, meeting, person):
        return "skipped"
    if entry.rule == shorten.RULE and not shorten.wanted(snapshot, meeting, person):
        return "enough to talk about"
    return None


def _nothing_to_name(entry: Entry, snapshot: Snapshot, now: datetime) -> bool:
    """True for a fresh draft when the owner has taken back what it was made of: thanks, a plan."""
    if entry.rule == recap.RULE and entry.outcome == "delivered" and now <= entry.due_at + recap.GRACE:
        return not any(f"{one.mentor}/{planned_on(snapshot, one)}" == entry.object for one in snapshot.feedback)
    if entry.rule != thank_you.RULE or entry.lands != "drafts" or entry.outcome != "delivered":
        return False
    meeting = snapshot.meeting(entry.object)
    fresh = now <= entry.due_at + thank_you.GRACE
    return fresh and meeting is not None and not thank_you.concrete(snapshot, meeting)


def _booked(entry: Entry, snapshot: Snapshot, now: datetime) -> bool:
    """True for a fresh draft that asks for the next meeting when there is one by now."""
    if entry.rule != next_meeting.RULE or entry.outcome != "delivered" or now > entry.due_at + next_meeting.GRACE:
        return False
    meeting = snapshot.meeting(entry.object)
    person = snapshot.person(entry.mentor)
    return meeting is not None and person is not None and next_meeting.booked(snapshot, meeting, person)


def _start_in(basis: str) -> float:
    """The start that an agenda's basis tells, as a timestamp."""
    return float(basis.partition("-")[0])


def _refreshable(snapshot: Snapshot, now: datetime) -> Iterator[Due]:
    """Drafts that stand, and whose time isn't over, as they would be written today."""
    standing = [one for one in snapshot.ledger.values() if one.outcome == "delivered" and one.lands == "drafts"]
    objects, rules = {entry.object for entry in standing}, {entry.rule for entry in standing}
    prepared = replace(snapshot, meetings=tuple(one for one in snapshot.meetings if one.key in objects))
    until = now + timedelta(days=366)
    views = ((rule, prepared if rule is agenda else snapshot) for rule in _FOLLOWING if rule.RULE in rules)
    for one in (one for rule, view in views for one in rule.candidates(view, now, until)):
        if one.expires_at <= now:
            continue
        entry = snapshot.ledger.get(one.key)
        if one.lands == "drafts" and entry is not None and entry.outcome == "delivered" and entry.basis == one.basis:
            mark = _mark(snapshot, one.key)
            if mark is None or not mark.skipped:
                yield replace(one, revision=entry.revision + 1)


def _mark(snapshot: Snapshot, key: str) -> Mark | None:
    """The owner's word about a key; what is said of a note holds for the draft that goes with it."""
    return snapshot.marks.get(key) or snapshot.marks.get(key.removesuffix("/draft"))
