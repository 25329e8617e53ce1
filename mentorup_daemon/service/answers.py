"""Carries out the commands of one reply: all of them or none, and keeps the receipt that answers them.

Runs inside the transaction that keeps the message, so a reply is never carried out twice or in part. The journal of
what was changed lies with the receipt, for UNDO.
"""

from __future__ import annotations

from datetime import datetime

from mentorup_daemon.records import Note, Receipt, Understood
from mentorup_daemon.replies.action_items import action_items
from mentorup_daemon.replies.offers import offers
from mentorup_daemon.service.account import Account
from mentorup_daemon.service.commands import COMMANDS, About, Cannot, Line
from mentorup_daemon.store import calendar, ledger, mail, work
from mentorup_daemon.store.account import Scope
from mentorup_daemon.store.journal import Journal


def carry_out(account: Account, scope: Scope, said: Understood, key: str, digest: str, now: datetime) -> None:
    """Carries out what a reply to the note `key` says, and keeps its receipt."""
    written = ledger.latest(scope)
    entry = written[key]
    while entry.rule == "receipt":  # an answer to a receipt is about what the receipt was about
        entry = written[mail.receipt_about(scope, entry.key)]
    about = About(
        owner=account.owner,
        people=account.people,
        scope=scope,
        journal=Journal(scope),
        answered=key,
        entry=entry,
        meetings=calendar.all_meetings(scope, account.owner.zone),
        now=now,
    )
    lines, problems = _all_or_none(about, said)
    if said.note and not problems:
        work.add(scope, Note(id=0, text=said.note, mentor=entry.mentor, about=key, created_at=now))
    mail.keep_receipt(
        scope,
        Receipt(
            key=f"receipt/owner/{digest[:20]}",
            at=now,
            about=entry.key,
            lines=tuple(lines),
            problems=tuple(problems),
            note_kept=said.note if not problems else "",
            offers=_offers(account, said, now) if not problems else (),
            hint=_hint(said) if not problems else "",
            help=any(command.name == "HELP" for command in said.commands),
            subject=said.headers.subject or entry.subject,
            in_reply_to=said.headers.message_id,
            references=(*said.headers.references, *said.headers.in_reply_to)[-10:],
        ),
        about.journal.entries if not problems else [],
    )


def _all_or_none(about: About, said: Understood) -> tuple[list[Line], list[tuple[str, str]]]:
    """The lines of the receipt, or the problems that kept everything from being done."""
    problems = [(command.line, command.problem) for command in said.commands if command.problem]
    if problems:
        return [], problems
    lines: list[Line] = []
    with about.scope.connection.begin_nested() as savepoint:
        for command in said.commands:
            try:
                lines += COMMANDS[command.name](about, command)
            except Cannot as error:
                problems.append((command.line, str(error)))
        if problems:
            savepoint.rollback()
            return [], problems
    return lines, []


def _offers(account: Account, said: Understood, now: datetime) -> tuple[str, ...]:
    """What the owner's note says is to be done; kept only when it is sent back."""
    written = min(said.written_at or now, now)
    return offers(action_items(said.note), zone=account.owner.zone, written=written, now=now, by_owner=True)


def _hint(said: Understood) -> str:
    """One line of advice at most."""
    names = {command.name for command in said.commands}
    return "plan" if "HEARD" in names and "PLAN" not in names else ""
