"""All the records at one moment, as the rules and the letters see them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from mentorup_daemon.records import (
    ActionItem,
    Feedback,
    Goal,
    Mentor,
    Owner,
    Practice,
    Snapshot,
    Thanks,
    Topic,
)
from mentorup_daemon.store import account, calendar, health, ledger, mail, states, work
from mentorup_daemon.store.account import Scope

_LOOK_BACK = timedelta(days=400)


def take(scope: Scope, *, owner: Owner, practice: Practice, people: Sequence[Mentor], now: datetime) -> Snapshot:
    """One consistent view; before the first start it is as if that were now."""
    facts = account.facts(scope)
    return Snapshot(
        owner=owner,
        practice=practice,
        started_at=facts.started_at if facts is not None else now,
        mentors=tuple(people),
        meetings=calendar.all_meetings(scope, owner.zone, now - _LOOK_BACK),
        topics=work.items(scope, Topic),
        actions=work.items(scope, ActionItem),
        feedback=work.items(scope, Feedback),
        goals=work.items(scope, Goal),
        thanks=work.items(scope, Thanks),
        contacts=work.all_contacts(scope, now - _LOOK_BACK),
        receipts=mail.recent_receipts(scope, now),
        troubles=health.all_troubles(scope),
        ledger=ledger.latest(scope),
        marks={mark.key: mark for mark in work.all_marks(scope)},
        states=states.all_states(scope),
    )
