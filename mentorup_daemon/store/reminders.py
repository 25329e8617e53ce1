"""What is known of the reminders that were written into the owner's calendar."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from sqlalchemy import delete, select

from mentorup_daemon.records import WrittenReminder, key_part
from mentorup_daemon.store.account import Scope
from mentorup_daemon.store.rows import columns_of, put, record
from mentorup_daemon.store.tables import reminders


def all_reminders(scope: Scope) -> dict[str, WrittenReminder]:
    """All of them, by key."""
    rows = scope.connection.execute(
        select(reminders).where(reminders.c.account == scope.account).order_by(reminders.c.key)
    )
    return {row.key: record(WrittenReminder, row) for row in rows}


def keep_reminder(scope: Scope, reminder: WrittenReminder) -> None:
    """Keeps where one stands."""
    put(scope, reminders, **columns_of(reminder, reminders))


def forget_reminder(scope: Scope, key: str) -> None:
    """One that is gone, or is the owner's for good."""
    scope.connection.execute(delete(reminders).where(reminders.c.account == scope.account, reminders.c.key == key))


def forget_reminders(scope: Scope, mentor: str) -> int:
    """What is known of the reminders about a person goes; how many there were.

    Those that stand in the calendar are taken away by the next pass; until then their keys name nobody.
    """
    own = f"reminder/{key_part(mentor)}/"
    theirs = [one for one in all_reminders(scope).values() if one.key.startswith(own)]
    for one in theirs:
        forget_reminder(scope, one.key)
        if one.state != "left":
            nobody = hashlib.sha256(one.url.encode()).hexdigest()
            keep_reminder(scope, replace(one, key=f"reminder/{nobody}", state="removing"))
    return len(theirs)
