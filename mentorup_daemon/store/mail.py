"""What is kept of mail: how far each folder has been read, what each message was, and what came of the owner's drafts.

A message is known by a digest of its content, so the same mail in two folders, or after a folder was made anew
(UIDVALIDITY), is one. Where it lies is kept beside that, to mark it as filed without reading it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, func, select, update

from mentorup_daemon.records import Receipt
from mentorup_daemon.store.account import Scope
from mentorup_daemon.store.rows import put
from mentorup_daemon.store.tables import folders, quarantine, read_messages, receipts


def folder_positions(scope: Scope) -> dict[str, tuple[int, int, int]]:
    """(UIDVALIDITY, UIDNEXT, HIGHESTMODSEQ) up to which each folder has been read, of those that have been at all."""
    rows = scope.connection.execute(select(folders).where(folders.c.account == scope.account))
    return {row.folder: (row.uidvalidity, row.uidnext, row.modseq) for row in rows}


def keep_folder_position(scope: Scope, folder: str, uidvalidity: int, uidnext: int, modseq: int) -> None:
    """Everything below has been read and kept."""
    put(scope, folders, folder=folder, uidvalidity=uidvalidity, uidnext=uidnext, modseq=modseq)


def read_kind(scope: Scope, digest: str) -> str | None:
    """What the message with this content was taken for, None when it has not been read."""
    return scope.connection.execute(
        select(read_messages.c.kind).where(read_messages.c.account == scope.account, read_messages.c.digest == digest)
    ).scalar_one_or_none()


def answered_before(scope: Scope, message_id: str, about: str) -> bool:
    """True when a reply with this Message-ID to this note has been carried out: the same one again is a replay."""
    found = scope.connection.execute(
        select(read_messages.c.digest).where(
            read_messages.c.account == scope.account,
            read_messages.c.message_id == message_id,
            read_messages.c.about == about,
            read_messages.c.kind.in_(("command", "reply")),
        )
    )
    return bool(message_id) and found.first() is not None


def keep_read(scope: Scope, digest: str, *, message_id: str, kind: str, reason: str, about: str, now: datetime) -> None:
    """What a message was taken for, and the key of the note or draft it was about."""
    put(
        scope,
        read_messages,
        digest=digest,
        message_id=message_id,
        kind=kind,
        reason=reason,
        about=about,
        read_at=now,
    )


def keep_quarantined(scope: Scope, place: str, what: str, reason: str, now: datetime) -> None:
    """A message or event that can't be used, with the reason; the same one again changes nothing but the reason."""
    since = scope.connection.execute(
        select(quarantine.c.since).where(quarantine.c.account == scope.account, quarantine.c.place == place)
    ).scalar_one_or_none()
    put(scope, quarantine, place=place, what=what, reason=reason, since=since or now)


def release(scope: Scope, place: str) -> None:
    """It could be used after all, or it is gone."""
    scope.connection.execute(
        delete(quarantine).where(quarantine.c.account == scope.account, quarantine.c.place == place)
    )


def quarantined(scope: Scope) -> list[Row[Any]]:
    """(place, what, reason, since), oldest first."""
    return list(
        scope.connection.execute(
            select(quarantine)
            .where(quarantine.c.account == scope.account)
            .order_by(quarantine.c.since, quarantine.c.place)
        )
    )


def keep_receipt(scope: Scope, receipt: Receipt, journal: Sequence[Sequence[Any]] = ()) -> None:
    """The answer to a reply, to be delivered in the same pass or the next; `journal` takes back what was done."""
    content = {
        "about": receipt.about,
        "lines": [list(line) for line in receipt.lines],
        "problems": [list(problem) for problem in receipt.problems],
        "note_kept": receipt.note_kept,
        "offers": list(receipt.offers),
        "hint": receipt.hint,
        "help": receipt.help,
        "subject": receipt.subject,
        "in_reply_to": receipt.in_reply_to,
        "references": list(receipt.references),
    }
    last = select(func.max(receipts.c.serial)).where(receipts.c.account == scope.account)
    serial = (scope.connection.execute(last).scalar_one() or 0) + 1
    put(scope, receipts, key=receipt.key, at=receipt.at, serial=serial, content=content, journal=list(journal))


@dataclass(frozen=True, slots=True)
class Doing:
    """What one reply did to the records. `journal` is as `store.journal` wrote it."""

    key: str
    lines: tuple[tuple[str, str, str], ...]
    journal: tuple[Sequence[Any], ...]
    undone: bool


def doing(scope: Scope, key: str) -> Doing | None:
    """What the reply that this receipt answers did; None for a key that is no receipt's."""
    row = scope.connection.execute(
        select(receipts).where(receipts.c.account == scope.account, receipts.c.key == key)
    ).one_or_none()
    return None if row is None else _doing(row)


def last_doing(scope: Scope) -> Doing | None:
    """The last reply that changed anything, whether that has been taken back or not."""
    rows = scope.connection.execute(
        select(receipts).where(receipts.c.account == scope.account).order_by(receipts.c.serial.desc())
    )
    return next((_doing(row) for row in rows if row.journal), None)


def _doing(row: Row[Any]) -> Doing:
    lines = tuple((command, text, outcome) for command, text, outcome in row.content["lines"])
    return Doing(row.key, lines, tuple(row.journal), row.undone)


def keep_undone(scope: Scope, key: str) -> None:
    """What that reply did has been taken back."""
    scope.connection.execute(
        update(receipts).where(receipts.c.account == scope.account, receipts.c.key == key).values(undone=True)
    )


def recent_receipts(scope: Scope, now: datetime) -> tuple[Receipt, ...]:
    """Receipts that may still have to be delivered."""
    rows = scope.connection.execute(
        select(receipts)
        .where(receipts.c.account == scope.account, receipts.c.at > now - timedelta(days=15))
        .order_by(receipts.c.at, receipts.c.serial)
    )
    return tuple(_receipt(row.key, row.at, row.content) for row in rows)


def receipt_about(scope: Scope, key: str) -> str:
    """The key of the note whose answer this receipt confirms."""
    content: dict[str, Any] = scope.connection.execute(
        select(receipts.c.content).where(receipts.c.account == scope.account, receipts.c.key == key)
    ).scalar_one()
    return str(content["about"])


def _receipt(key: str, at: datetime, content: dict[str, Any]) -> Receipt:
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in content.items()
    }
    values["lines"] = tuple((command, text, outcome) for command, text, outcome in content["lines"])
    values["problems"] = tuple((line, mend) for line, mend in content["problems"])
    return Receipt(key=key, at=at, **values)
