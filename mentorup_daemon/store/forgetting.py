"""Forgetting a person: every record, every row of the ledger, every original of theirs, with an itemised account of it.

What stays is what keeps the forgotten from coming back: digests of messages that were read and Message-IDs of notes
that were written, which say nothing of what was in them, and, as long as the config still names the person, that
their schedules rest. Mail and calendar themselves are the owner's and are not touched.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Table, delete, or_, select, tuple_, update
from sqlalchemy.sql.elements import ColumnElement

from mentorup_daemon.errors import Busy
from mentorup_daemon.records import PersonState, key_part
from mentorup_daemon.store import strays
from mentorup_daemon.store.account import Scope
from mentorup_daemon.store.reminders import forget_reminders
from mentorup_daemon.store.states import keep_state
from mentorup_daemon.store.tables import (
    actions,
    candidates,
    compacts,
    contacts,
    feedback,
    fits,
    goals,
    ledger,
    marks,
    meetings,
    notes,
    people,
    read_messages,
    receipts,
    requests,
    resources,
    thanks,
    threads,
    topics,
    wins,
)

_BUSY_SECONDS = 10.0

_OWN = {
    "compacts": compacts,
    "topics": topics,
    "feedback": feedback,
    "goals": goals,
    "thanks": thanks,
    "private notes": notes,
    "contacts": contacts,
    "states": people,
}
_ABOUT = {"candidates": candidates, "fit forms": fits, "requests": requests}


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many of what were forgotten, and the file names under mail/ that no record needs any more."""

    counts: dict[str, int]
    originals: tuple[str, ...]

    @property
    def nothing(self) -> bool:
        """True when nothing was kept about this person."""
        return not any(self.counts.values())


def forget_person(scope: Scope, mentor: str, *, names: Sequence[str], at_rest: bool, now: datetime) -> Forgotten:
    """Removes all that is kept of the person with this id.

    `names` are what they are called, none when nobody knows them any more. `at_rest` leaves their schedules paused
    until the owner says otherwise, for somebody whom the config still names: to close would write letters of ending.
    """
    originals = _originals(scope, mentor)
    counts = {**_forget_meetings(scope, mentor), **_forget_written(scope, mentor, names)}
    _remove(scope, actions, or_(actions.c.mentor == mentor, actions.c.owner == mentor), counts, "action items")
    message_ids = select(feedback.c.message_id).where(feedback.c.account == scope.account, feedback.c.mentor == mentor)
    scope.connection.execute(
        update(read_messages)
        .where(read_messages.c.account == scope.account, read_messages.c.message_id.in_(message_ids))
        .values(message_id="")
    )
    for name, table in _OWN.items():
        _remove(scope, table, table.c.mentor == mentor, counts, name)
    for name, table in _ABOUT.items():
        _remove(scope, table, table.c.person == mentor, counts, name)
    _forget_credit(scope, mentor)
    counts["reminders"] = forget_reminders(scope, mentor)
    if at_rest:
        keep_state(scope, PersonState(mentor=mentor, state="paused", since=now))
    return Forgotten({**counts, "originals of mail": len(originals)}, originals)


def _originals(scope: Scope, mentor: str) -> tuple[str, ...]:
    """Files that belong to this person's feedback alone."""
    rows = scope.connection.execute(
        select(feedback.c.original, feedback.c.mentor).where(feedback.c.account == scope.account)
    ).all()
    kept = {row.original for row in rows if row.mentor != mentor}
    return tuple(sorted({row.original for row in rows if row.mentor == mentor and row.original} - kept))


def _forget_credit(scope: Scope, mentor: str) -> None:
    """The wins are the owner's and stay; whose help was in them goes."""
    for row in scope.connection.execute(select(wins.c.id, wins.c.credit).where(wins.c.account == scope.account)).all():
        if mentor in row.credit:
            scope.connection.execute(
                update(wins)
                .where(wins.c.account == scope.account, wins.c.id == row.id)
                .values(credit=[other for other in row.credit if other != mentor])
            )


def _forget_meetings(scope: Scope, mentor: str) -> dict[str, int]:
    """The meetings with the person, the events they were found in, and the mention among those who take part."""
    rows = scope.connection.execute(
        select(meetings.c.key, meetings.c.mentor, meetings.c.also, meetings.c.calendar, meetings.c.href).where(
            meetings.c.account == scope.account
        )
    ).all()
    theirs = [row for row in rows if row.mentor == mentor]
    for row in rows:
        if row.mentor != mentor and mentor in row.also:
            scope.connection.execute(
                update(meetings)
                .where(meetings.c.account == scope.account, meetings.c.key == row.key)
                .values(also=[other for other in row.also if other != mentor])
            )
    counts: dict[str, int] = {}
    places = {(row.calendar, row.href) for row in theirs}
    _remove(scope, resources, tuple_(resources.c.calendar, resources.c.href).in_(places), counts, "calendar events")
    _remove(scope, meetings, meetings.c.mentor == mentor, counts, "meetings")
    return counts


def _forget_written(scope: Scope, mentor: str, names: Sequence[str]) -> dict[str, int]:
    """The ledger's rows about the person, what hangs on their keys, and whatever else names them."""
    own = f"/{key_part(mentor)}/"
    rows = scope.connection.execute(select(ledger.c.key, ledger.c.mentor).where(ledger.c.account == scope.account))
    keys = {row.key for row in rows if row.mentor == mentor or own in row.key}
    answers = scope.connection.execute(
        select(receipts.c.key, receipts.c.content, receipts.c.journal).where(receipts.c.account == scope.account)
    )
    named = [json.dumps(mentor), *names]
    answered = {
        row.key
        for row in answers
        if row.content["about"] in keys
        or any(name in json.dumps([row.content, row.journal], ensure_ascii=False) for name in named)
    }
    for name in names:
        scope.connection.execute(
            update(ledger)
            .where(ledger.c.account == scope.account, ledger.c.subject.contains(name, autoescape=True))
            .values(subject="")
        )
    gone = select(ledger.c.message_id).where(ledger.c.account == scope.account, ledger.c.key.in_(keys | answered))
    strays.keep(scope, scope.connection.execute(gone).scalars())
    counts: dict[str, int] = {}
    for table, wanted, name in (
        (ledger, keys | answered, "notes and drafts on record"),
        (receipts, answered, "receipts"),
        (marks, keys, "skips and snoozes"),
        (threads, keys, "threads"),
    ):
        _remove(scope, table, table.c.key.in_(wanted), counts, name)
    return counts


def _remove(scope: Scope, table: Table, condition: ColumnElement[bool], counts: dict[str, int], name: str) -> None:
    done = scope.connection.execute(delete(table).where(table.c.account == scope.account, condition))
    counts[name] = done.rowcount


def scrub(database: Path) -> None:
    """Rewrites an SQLite file, so that what was deleted is not left over in its free pages or its log. Raises Busy."""
    with closing(sqlite3.connect(database, timeout=_BUSY_SECONDS)) as connection:
        try:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.OperationalError as error:
            raise Busy(
                f"It is forgotten, but {database} is in use ({error}), so traces may be left in the file. "
                "Do the same again in a minute."
            ) from error
