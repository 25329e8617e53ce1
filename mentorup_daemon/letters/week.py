"""The weekly digest in words: what `digest/note` can name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mentorup_daemon.letters.coming import coming
from mentorup_daemon.letters.headers import flat
from mentorup_daemon.letters.views import (
    GoalView,
    PersonView,
    PromiseView,
    bare,
    common,
    goal_view,
    person_view,
    promise_view,
)
from mentorup_daemon.letters.wording import count, listing, when
from mentorup_daemon.records import ActionItem, Entry, Mentor, Snapshot
from mentorup_daemon.records.standing import last_contact, longest_silence
from mentorup_daemon.records.week import Giving, week

_SHOWN = 5

_DRAFTS = {
    "agenda": "the agenda",
    "brief": "a page about you",
    "check_in": "a check-in",
    "closing": "a closing note",
    "closing_agenda": "the last agenda",
    "closing_update": "an update, half a year on,",
    "contact": "a check-in",
    "letter": "the question for a letter",
    "mentee_agenda": "a question for the agenda",
    "hello": "a hello",
    "next_meeting": "a few lines that ask for the next meeting",
    "recap": "a recap of what you plan",
    "referral": "a question whom they would recommend",
    "retry": "another try",
    "shorten": "an offer to shorten or postpone",
    "thank_you": "a thank-you",
    "win": "word of what went well",
}
_DISTANCES = {"peer": "a peer", "step-ahead": "a step ahead of you", "senior": "senior"}


@dataclass(frozen=True, slots=True)
class OwedView:
    """A promise and whom it concerns (a first name, "" for nobody)."""

    promise: PromiseView
    name: str


@dataclass(frozen=True, slots=True)
class SilenceView:
    """Somebody past their cadence. `last` is a date in words or "", `days` what was agreed on."""

    person: PersonView
    last: str
    days: int


@dataclass(frozen=True, slots=True)
class GivingView:
    """Somebody who might need something. `wins` is a count in words or "", `promise` what they still mean to do."""

    name: str
    wins: str
    promise: str


def digest_context(snapshot: Snapshot, at: datetime, now: datetime) -> Mapping[str, object]:
    """The variables of `digest/note`: the week that ended at `at`, in the words of `now`."""
    owner, told = snapshot.owner, week(snapshot, at)
    owed = [_owed(snapshot, one, now) for one in (*told.overdue, *told.coming)]
    silent = [_silence(snapshot, person, now) for person in told.silent]
    topics = [flat(topic.label, 60) for topic in told.discussed]
    goals = [goal_view(goal, owner, now) for goal in told.undated]
    return {
        **common(snapshot, None),
        "owed": tuple(owed[:_SHOWN]),
        "more_owed": max(0, len(owed) - _SHOWN),
        "overdue": len(told.overdue),
        "coming": len(told.coming),
        "theirs": _owed(snapshot, told.theirs, now) if told.theirs else None,
        "silent": tuple(silent[:_SHOWN]),
        "silent_names": listing([entry.person.given_name for entry in silent[:_SHOWN]]),
        "unheard": listing([flat(person.given_name) for person in told.unheard[:_SHOWN]], "or"),
        "distances": listing([_DISTANCES[distance] for distance in told.empty_distances], "or"),
        "undated": tuple(goal for goal in goals[:_SHOWN] if isinstance(goal, GoalView)),
        "drafted": _drafts(snapshot, told.drafted),
        "withdrawn": _drafts(snapshot, told.withdrawn),
        "filed": count(len(told.filed), "piece") if told.filed else "",
        "discussed": tuple(topics[:_SHOWN]),
        "reached": tuple(goal_view(goal, owner, now) for goal in told.reached),
        "giving": tuple(_giving(one) for one in told.giving if one.wins or one.promise),
        "givers": listing([flat(one.person.given_name) for one in told.giving if not (one.wins or one.promise)]),
        "next": coming(snapshot, now),
    }


def _owed(snapshot: Snapshot, promise: ActionItem, now: datetime) -> OwedView:
    person = snapshot.person(promise.mentor if promise.owner == "me" else promise.owner)
    return OwedView(promise_view(promise, snapshot.owner, now), flat(person.given_name) if person else "")


def _silence(snapshot: Snapshot, person: Mentor, now: datetime) -> SilenceView:
    last = last_contact(snapshot, person, now)
    return SilenceView(
        person_view(person),
        when(last, now, snapshot.owner.zone).short if last else "",
        longest_silence(person).days,
    )


def _drafts(snapshot: Snapshot, entries: tuple[Entry, ...]) -> str:
    """`a check-in for Ben and the agenda for Ana`."""
    named = []
    for entry in entries:
        person = snapshot.person(entry.mentor)
        named.append(_DRAFTS.get(entry.rule, "a draft") + (f" for {flat(person.given_name)}" if person else ""))
    return listing(list(dict.fromkeys(named))[:_SHOWN])


def _giving(one: Giving) -> GivingView:
    return GivingView(
        flat(one.person.given_name),
        count(one.wins, "win") if one.wins else "",
        bare(one.promise.text) if one.promise else "",
    )
