"""Which note or draft of ours a message answers.

Message-IDs decide: the secret token in that of a note, that of a draft, or that of the message which a draft became
when the owner sent it (`sent`). A mentor whose mail program names no message answered is known by subject, person and
time as a last resort, and then it is told as a guess. A command is never found by guessing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from mentorup_daemon.records import Entry, MessageHeaders
from mentorup_daemon.replies.subjects import bare_subject, is_reply
from mentorup_daemon.service.account import Account
from mentorup_daemon.store import ledger, threads
from mentorup_daemon.store.account import Scope

ANSWERED_WITHIN = timedelta(days=60)

_SENT_BY_GUESS = "it answers a mail of yours that I took for my draft, sent with other words"
_BY_SUBJECT = "its subject is that of my draft, but it doesn't say which mail it answers"


@dataclass(frozen=True, slots=True)
class About:
    """The note or draft that a message answers. `guess` tells what speaks for it when that is no proof, else ""."""

    what: Literal["note", "draft"]
    key: str
    guess: str = ""


def answered(account: Account, scope: Scope, headers: MessageHeaders, now: datetime) -> About | None:
    """A note, for the owner's reply to it; a draft, for a person's answer to what it became; else None."""
    if headers.from_address in account.owner.addresses:
        entries = (ledger.by_message_id(scope, message_id) for message_id in headers.answers)
        return next((About("note", entry.key) for entry in entries if entry and entry.lands == "inbox"), None)
    person = next((person for person in account.people if headers.from_address in person.addresses), None)
    if person is None:
        return None
    for message_id in headers.answers:
        entry = ledger.by_message_id(scope, message_id)
        if entry is not None and entry.lands == "drafts":
            return About("draft", entry.key)
        found = threads.linked(scope, message_id)
        if found is not None:
            return About("draft", found[0], _SENT_BY_GUESS if found[1] else "")
    return _by_subject(scope, headers, person.id, now)


def _by_subject(scope: Scope, headers: MessageHeaders, person: str, now: datetime) -> About | None:
    if not is_reply(headers.subject):
        return None
    subject, at = bare_subject(headers.subject), min(headers.date or now, now)
    fitting = [entry for entry in ledger.latest(scope).values() if entry.mentor == person and _fits(entry, subject, at)]
    latest = max(fitting, key=lambda entry: entry.intended_at, default=None)
    return About("draft", latest.key, _BY_SUBJECT) if latest is not None else None


def _fits(draft: Entry, subject: str, at: datetime) -> bool:
    return (
        draft.lands == "drafts"
        and draft.outcome in ("delivered", "left", "superseded")
        and bare_subject(draft.subject) == subject
        and draft.intended_at <= at <= draft.intended_at + ANSWERED_WITHIN
    )
