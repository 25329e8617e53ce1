"""The records and the plan as a pass sees them: taken when first asked for, and anew once anything has been kept since.

Each step of a pass asks for them as they are by then; in most passes nothing has been kept, and one look serves all.
"""

from __future__ import annotations

from datetime import datetime

from mentorup_daemon.records import Snapshot
from mentorup_daemon.rules.plan import Plan, plan
from mentorup_daemon.service.account import Account
from mentorup_daemon.store import snapshot


class Sight:
    """What there is to see of one account at one moment."""

    def __init__(self, account: Account, now: datetime) -> None:
        self._account = account
        self._now = now
        self._records: tuple[int, Snapshot] | None = None
        self._plan: tuple[int, Plan] | None = None

    @property
    def records(self) -> Snapshot:
        """All the records."""
        account, kept = self._account, self._account.store.kept
        if self._records is None or self._records[0] != kept:
            with account.store.reading() as scope:
                taken = snapshot.take(
                    scope, owner=account.owner, practice=account.practice, people=account.people, now=self._now
                )
            self._records = kept, taken
        return self._records[1]

    @property
    def plan(self) -> Plan:
        """What is due by them."""
        kept = self._account.store.kept
        if self._plan is None or self._plan[0] != kept:
            self._plan = kept, plan(self.records, self._now)
        return self._plan[1]
