"""Carries out the commands of one reply: all of them or none, and keeps the receipt that answers them.

Runs inside the transaction that keeps the message, so a reply is never carried out twice or in part. Each command has
one short function that returns what the receipt will say, or raises `_Cannot` with how to mend the line.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from mentorup_daemon.letters.quoting import worth_quoting
from mentorup_daemon.letters.wrap import shorten
from mentorup_daemon.records import (
    ActionItem,
    Command,
    Entry,
    Feedback,
    Goal,
    Meeting,
    Note,
    Receipt,
    Thanks,
    Topic,
    Understood,
)
from mentorup_daemon.replies.commands import topic_of
from mentorup_daemon.service.account import Account
from mentorup_daemon.store import calendar, ledger, mail, work
from mentorup_daemon.store.account import Scope

Line = tuple[str, str, str]
"""Command, text as understood, what came of it."""


class _Cannot(Exception):
    """This command can't be carried out; the text says why and how to mend it."""


@dataclass(frozen=True, slots=True)
class _About:
    """What a command is about: the note that was answered and its meeting, in one transaction."""

    account: Account
    scope: Scope
    entry: Entry
    meeting: Meeting | None
    now: datetime

    @property
    def mentor(self) -> str | None:
        """The person the note was about."""
        return self.entry.mentor

    def name_of(self, mentor: str | None) -> str:
        """A person's first name, for the receipt."""
        person = next((person for person in self.account.people if person.id == mentor), None)
        return person.given_name if person else "no one in particular"


def carry_out(account: Account, scope: Scope, said: Understood, key: str, digest: str, now: datetime) -> None:
    """Carries out what a reply to the note `key` says, and keeps its receipt."""
    written = ledger.latest(scope)
    entry = written[key]
    while entry.rule == "receipt":  # an answer to a receipt is about what the receipt was about
        entry = written[mail.receipt_about(scope, entry.key)]
    meeting = next((one for one in calendar.all_meetings(scope, account.owner.zone) if one.key == entry.object), None)
    about = _About(account, scope, entry, meeting, now)
    lines: list[Line] = []
    problems = [(command.line, command.problem) for command in said.commands if command.problem]
    if not problems:
        with scope.connection.begin_nested() as savepoint:
            for command in said.commands:
                try:
                    lines.append(_COMMANDS[command.name](about, command))
                except _Cannot as error:
                    problems.append((command.line, str(error)))
            if problems:
                savepoint.rollback()
                lines = []
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
            hint=_hint(said) if not problems else "",
            help=any(command.name == "HELP" for command in said.commands),
            subject=said.headers.subject or entry.subject,
            in_reply_to=said.headers.message_id,
            references=(*said.headers.references, *said.headers.in_reply_to)[-10:],
        ),
    )


def _hint(said: Understood) -> str:
    """One line of advice at most."""
    names = {command.name for command in said.commands}
    return "plan" if "HEARD" in names and "PLAN" not in names else ""


def _add(about: _About, command: Command) -> Line:
    text, wants, minutes = topic_of(command.text)
    if not text:
        raise _Cannot("there is no question behind ADD; write it on the same line")
    topic = work.add(
        about.scope,
        Topic(id=0, text=text, mentor=about.mentor, wants=wants, minutes=minutes, created_at=about.now),
    )
    upcoming = about.meeting is not None and about.meeting.start > about.now
    where = "on the agenda" if upcoming else f"kept for the next meeting with {about.name_of(about.mentor)}"
    return "ADD", text, f"{where}, number {topic.id}"


def _done(about: _About, command: Command) -> Line:
    found = _numbered(about, command)
    if isinstance(found, ActionItem):
        work.change(about.scope, ActionItem, found.id, state="done", done_at=about.now)
    else:
        work.change(about.scope, type(found), found.id, state="discussed" if isinstance(found, Topic) else "done")
    return "DONE", found.text, "off the list"


def _drop(about: _About, command: Command) -> Line:
    found = _numbered(about, command)
    work.change(about.scope, type(found), found.id, state="dropped")
    return "DROP", found.text, "off the list"


def _numbered(about: _About, command: Command) -> Topic | ActionItem | Feedback | Goal:
    found = work.find(about.scope, command.number) if command.number is not None else None
    if found is None:
        raise _Cannot(f"there is nothing with the number {command.number}; PENDING lists what is open")
    return found


def _skip(about: _About, _command: Command) -> Line:
    work.mark(about.scope, about.entry.key, skipped=True)
    if about.entry.rule == "agenda":
        return "SKIP", "", "no agenda for this meeting; a draft you haven't changed is taken back"
    return "SKIP", "", "nothing more about this"


def _snooze(about: _About, command: Command) -> Line:
    until = command.when
    if until is None or until <= about.now:
        raise _Cannot("that time is not ahead of us; write for example SNOOZE 3d")
    if about.meeting is not None and about.entry.rule == "agenda" and until >= about.meeting.start:
        raise _Cannot("that would be after the meeting; choose a shorter time, or SKIP")
    work.mark(about.scope, about.entry.key, snoozed_until=until)
    return "SNOOZE", "", f"I'll come back to it on {_moment(about, until)}"


def _thanks(about: _About, command: Command) -> Line:
    if about.mentor is None:
        raise _Cannot("this note is about no one in particular; answer a note about the person you want to thank")
    work.add(
        about.scope,
        Thanks(
            id=0,
            text=command.text,
            mentor=about.mentor,
            meeting=about.meeting.key if about.meeting else None,
            created_at=about.now,
        ),
    )
    drafted = about.meeting is not None and about.meeting.end <= about.now
    return "THANKS", f"for {command.text}", "a draft is in your Drafts" if drafted else "kept for after the meeting"


def _heard(about: _About, command: Command) -> Line:
    work.add(
        about.scope,
        Feedback(
            id=0,
            text=command.text,
            mentor=about.mentor,
            received_at=about.now,
            source="manual",
            meeting=about.meeting.key if about.meeting else None,
        ),
    )
    return "HEARD", command.text, f"filed as feedback from {about.name_of(about.mentor)}"


def _promised(owner: str) -> Callable[[_About, Command], Line]:
    def carry_out_promise(about: _About, command: Command) -> Line:
        by = command.when.astimezone(about.account.owner.zone).date() if command.when else None
        item = work.add(
            about.scope,
            ActionItem(
                id=0,
                text=command.text,
                owner="me" if owner == "me" else about.mentor or "me",
                mentor=about.mentor,
                due=by,
                source=about.entry.key,
                created_at=about.now,
            ),
        )
        due = f"due {by:%A} {by.day} {by:%B %Y}" if by else "no date given"
        return command.name, command.text, f"{due}, number {item.id}"

    return carry_out_promise


def _plan(about: _About, command: Command) -> Line:
    filed = [one for one in work.items(about.scope, Feedback) if one.mentor == about.mentor and one.state == "filed"]
    if not filed:
        raise _Cannot("there is no feedback without a plan here")
    by = command.when.astimezone(about.account.owner.zone).date() if command.when else None
    work.change(about.scope, Feedback, filed[-1].id, plan=command.text, plan_due=by, state="planned")
    said = shorten(worth_quoting(filed[-1].text, about.account.owner.given_name), 60)
    return "PLAN", command.text, f"for what {about.name_of(about.mentor)} said: {said}"


def _pending(about: _About, command: Command) -> Line:
    open_items: list[Topic | ActionItem] = [
        *(one for one in work.items(about.scope, Topic) if one.state == "open"),
        *(one for one in work.items(about.scope, ActionItem) if one.state == "open"),
    ]
    listed = "; ".join(f"{one.id} {one.text}" for one in open_items)
    return command.name, "", listed or "nothing is open"


def _why(about: _About, command: Command) -> Line:
    return command.name, "", about.entry.reason


def _help(_about: _About, command: Command) -> Line:
    return command.name, "", "below"


def _not_yet(_about: _About, command: Command) -> Line:
    raise _Cannot(f"{command.name} is not carried out by reply in this version")


def _moment(about: _About, at: datetime) -> str:
    local = at.astimezone(about.account.owner.zone)
    return f"{local:%A} {local.day} {local:%B, %H:%M}"


_COMMANDS: dict[str, Callable[[_About, Command], Line]] = {
    "ADD": _add,
    "DONE": _done,
    "DROP": _drop,
    "SKIP": _skip,
    "SNOOZE": _snooze,
    "THANKS": _thanks,
    "HEARD": _heard,
    "I PROMISED": _promised("me"),
    "THEY PROMISED": _promised("them"),
    "PLAN": _plan,
    "PENDING": _pending,
    "WHY": _why,
    "HELP": _help,
    "NEXT": _not_yet,
    "MENTOR": _not_yet,
    "PAUSE": _not_yet,
    "RESUME": _not_yet,
    "CLOSE": _not_yet,
    "UNDO": _not_yet,
}
