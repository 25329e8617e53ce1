"""A recap in words (T8): what `recap/draft` can name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from mentorup_daemon.errors import Malformed
from mentorup_daemon.letters.subject import person_of
from mentorup_daemon.letters.views import advice_view, common
from mentorup_daemon.records import Due, Snapshot
from mentorup_daemon.records.standing import planned_on

_SHOWN = 4


def recap_context(snapshot: Snapshot, due: Due, now: datetime) -> Mapping[str, object]:
    """The variables of `recap/draft`: the plans of one day for one person, in the order in which things were said."""
    person = person_of(due, snapshot)
    day = date.fromisoformat(due.object[-10:])
    pieces = sorted(
        (one for one in snapshot.feedback if one.mentor == person.id and planned_on(snapshot, one) == day),
        key=lambda one: (one.received_at, one.id),
    )
    if not pieces:
        raise Malformed(f"{due.key}: there is no plan of that day any more.")
    return {
        **common(snapshot, person),
        "pieces": tuple(advice_view(one, snapshot.owner, now) for one in pieces[:_SHOWN]),
    }
