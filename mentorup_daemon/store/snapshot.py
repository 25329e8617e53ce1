"""All the records at one moment, as the rules and the letters see them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from mentorup_daemon.records import (
    ActionItem,
    Candidate,
    Compact,
    Feedback,
    FitAnswer,
    Goal,
    Mentor,
    Owner,
    Practice,
    ProfileEntry,
    Request,
    Snapshot,
    Thanks,
    Topic,
    Win,
    everyone,
)
from mentorup_daemon.store import account, calendar, health, ledger, mail, states, work
from mentorup_daemon.store.account import Scope

_LOOK_BACK = timedelta(days=400)
"""How far back the rules see: more than a year, so that what comes yearly knows of the time before."""


def take(scope: Scope, *, owner: Owner, practice: Practice, people: Sequence[Mentor], now: datetime) -> Snapshot:
    """One consistent view; before the first start it is as if that were now."""
    facts = account.facts(scope)
    candidates = work.items(scope, Candidate)
    return Snapshot(
        owner=owner,
        practice=practice,
        started_at=facts.started_at if facts is not None else now,
        mentors=everyone(tuple(people), candidates),
        meetings=calendar.all_meetings(scope, owner.zone, now - _LOOK_BACK),
        topics=work.items(scope, Topic),
        actions=work.items(scope, ActionItem),
        feedback=work.items(scope, Feedback),
        goals=work.items(scope, Goal),
        thanks=work.items(scope, Thanks),
        wins=work.items(scope, Win),
        profile=work.items(scope, ProfileEntry),
        candidates=candidates,
        fits=work.items(scope, FitAnswer),
        compacts=work.items(scope, Compact),
        requests=work.items(scope, Request),
        contacts=work.all_contacts(scope, now - _LOOK_BACK),
        receipts=mail.recent_receipts(scope, now),
        troubles=health.all_troubles(scope),
        ledger=ledger.latest(scope, now - _LOOK_BACK),
        marks={mark.key: mark for mark in work.all_marks(scope)},
        states=states.all_states(scope),
    )
