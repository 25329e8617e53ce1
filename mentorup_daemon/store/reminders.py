"""What is known of the reminders that were written into the owner's calendar."""

from __future__ import annotations

from sqlalchemy import delete, select

from mentorup_daemon.records import WrittenReminder
from mentorup_daemon.store.account import Scope
from mentorup_daemon.store.rows import columns_of, put, record
from mentorup_daemon.store.tables import reminders


def all_reminders(scope: Scope) -> dict[str, WrittenReminder]:
    """All of them, by key."""
    rows = scope.connection.execute(select(reminders).where(reminders.c.account == scope.account))
    return {row.key: record(WrittenReminder, row) for row in rows}


def keep_reminder(scope: Scope, reminder: WrittenReminder) -> None:
    """Keeps where one stands."""
    put(scope, reminders, **columns_of(reminder, reminders))


def forget_reminder(scope: Scope, key: str) -> None:
    """One that is gone, or is the owner's for good."""
    scope.connection.execute(delete(reminders).where(reminders.c.account == scope.account, reminders.c.key == key))
