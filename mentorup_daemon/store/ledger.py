"""The ledger: what has been written, exactly once in effect.

Key -> deterministic Message-ID -> intent row -> search -> append -> outcome row. Inserting the intent is the claim: the
unique constraint on (account, key, revision) lets one through. Rows are never deleted; the latest revision of a key is
where it stands.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from mentorup_daemon.records import Due, Entry, Outcome
from mentorup_daemon.store.account import Scope
from mentorup_daemon.store.rows import record
from mentorup_daemon.store.tables import ledger


def intend(scope: Scope, due: Due, *, message_id: str, digest: str, subject: str, folder: str, now: datetime) -> None:
    """Records that `due` is about to be written; its row is the claim on this revision of the key."""
    scope.connection.execute(
        insert(ledger).values(
            account=scope.account,
            key=due.key,
            revision=due.revision,
            rule=due.rule,
            mentor=due.mentor,
            object=due.object,
            reason=due.reason,
            message_id=message_id,
            due_at=due.due_at,
            intended_at=now,
            outcome="intended",
            outcome_at=None,
            digest=digest,
            subject=subject,
            basis=due.basis,
            folder=folder,
            lands=due.lands,
        )
    )


def reword(scope: Scope, due: Due, *, digest: str, subject: str, folder: str) -> None:
    """What an intent from before a crash will be written as now: the records may have moved on since."""
    scope.connection.execute(
        update(ledger)
        .where(ledger.c.account == scope.account, ledger.c.key == due.key, ledger.c.revision == due.revision)
        .values(digest=digest, subject=subject, folder=folder, basis=due.basis)
    )


def settle(scope: Scope, key: str, revision: int, outcome: Outcome, now: datetime, digest: str | None = None) -> None:
    """Records what came of it. `digest` where what stands in the mailbox is not what was to be written now."""
    values: dict[str, object] = {"outcome": outcome, "outcome_at": now}
    if digest is not None:
        values["digest"] = digest
    scope.connection.execute(
        update(ledger)
        .where(ledger.c.account == scope.account, ledger.c.key == key, ledger.c.revision == revision)
        .values(**values)
    )


def latest(scope: Scope, since: datetime | None = None) -> dict[str, Entry]:
    """Where every key stands: its latest revision, by key; `since` leaves out what was settled for good before it."""
    newest = (
        select(ledger.c.key, func.max(ledger.c.revision).label("revision"))
        .where(ledger.c.account == scope.account)
        .group_by(ledger.c.key)
        .subquery()
    )
    query = (
        select(ledger)
        .join(newest, (ledger.c.key == newest.c.key) & (ledger.c.revision == newest.c.revision))
        .where(ledger.c.account == scope.account)
    )
    if since is not None:
        open_still = ledger.c.outcome.in_(("intended", "withdrawing"))
        query = query.where(or_(open_still, ledger.c.outcome_at >= since, ledger.c.due_at >= since))
    rows = sorted(scope.connection.execute(query), key=lambda row: str(row.key))  # as databases collate differently
    return {row.key: record(Entry, row) for row in rows}


def outdated(scope: Scope) -> list[Entry]:
    """Revisions that still stand in the mailbox though a later one has been delivered: to be taken away."""
    later = ledger.alias()
    rows = scope.connection.execute(
        select(ledger)
        .join(later, (later.c.account == ledger.c.account) & (later.c.key == ledger.c.key))
        .where(
            ledger.c.account == scope.account,
            ledger.c.outcome == "delivered",
            later.c.revision > ledger.c.revision,
            later.c.outcome == "delivered",
        )
        .distinct()
        .order_by(ledger.c.id)
    )
    return [record(Entry, row) for row in rows]


def by_message_id(scope: Scope, message_id: str) -> Entry | None:
    """The revision that was written with this Message-ID: how a reply proves that it answers a note of ours."""
    return _one(scope, ledger.c.message_id == message_id)


def one(scope: Scope, key: str, revision: int) -> Entry | None:
    """One revision of one key."""
    return _one(scope, (ledger.c.key == key) & (ledger.c.revision == revision))


def delivered(scope: Scope, limit: int) -> list[Entry]:
    """What came last, newest first."""
    rows = scope.connection.execute(
        select(ledger)
        .where(ledger.c.account == scope.account, ledger.c.outcome != "intended")
        .order_by(ledger.c.outcome_at.desc(), ledger.c.id.desc())
        .limit(limit)
    )
    return [record(Entry, row) for row in rows]


def _one(scope: Scope, condition: ColumnElement[bool]) -> Entry | None:
    row = scope.connection.execute(select(ledger).where(ledger.c.account == scope.account, condition)).one_or_none()
    return None if row is None else record(Entry, row)
