"""Times that the draft for the next meeting can propose: from all that is kept of the owner's calendars.

Worked out only when such a draft is written, for every event in the window has to be expanded for it. None are proposed
while the calendars aren't known for sure: a time that is taken would be worse than none.
"""

from __future__ import annotations

from datetime import datetime

from mentorup_daemon import events
from mentorup_daemon.records import Due, Snapshot
from mentorup_daemon.rules import openings
from mentorup_daemon.service.account import Account
from mentorup_daemon.store import calendar as kept
from mentorup_daemon.store import health


def proposals(account: Account, due: Due, snapshot: Snapshot, now: datetime) -> tuple[datetime, ...]:
    """Up to three beginnings in the owner's zone; () where there is no calendar, or no time that suits both."""
    meeting, person = snapshot.meeting(due.object), snapshot.person(due.mentor)
    if meeting is None or person is None:
        return ()
    with account.store.reading() as scope:
        unknown = any(row.server == "caldav" and row.failed_at is not None for row in health.all_servers(scope))
        texts = [] if unknown else list(kept.texts(scope, candidates_only=False))
    if not texts:
        return ()
    start, end = openings.window(snapshot, meeting, person, now)
    zone, addresses = account.owner.zone, account.owner.addresses
    taken = [
        one
        for _, _, text in texts
        for one in events.busy(text, zone=zone, start=start, end=end, owner_addresses=addresses)
    ]
    return openings.openings(snapshot, meeting, person, taken, now)
