"""The owner's sent mail, headers only: contact with people, and which message came of which draft of ours.

Mail programs give a draft a new Message-ID when it is sent, and its owner another subject or other receivers. What
proves the origin is our Message-ID, kept or answered. Else three signs count, within two weeks: the draft is gone from
Drafts, the subject is the same, the person is among the receivers. All three are as good as proof, two are a guess
that is told as one, fewer are nothing. A draft becomes one message at most.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from mentorup_daemon.mailbox import FolderCursor
from mentorup_daemon.records import Contact, Entry, MessageHeaders
from mentorup_daemon.replies.subjects import bare_subject
from mentorup_daemon.service.account import Account
from mentorup_daemon.store import ledger, mail, threads, work

SENT_WITHIN = timedelta(days=14)
_SKEW = timedelta(minutes=10)  # between the clock of the sending machine and ours
_LONGEST_ID = 500  # what the store keeps; RFC 5322 has no line longer than 998

_NEVER_SEEN = FolderCursor(uidvalidity=-1, uidnext=1)
"""As if the folder had been made anew: the last two weeks' mail is told. Mail programs make Sent at the first use, so
what lies in it at first sight may well come from a draft of ours."""


def look(
    account: Account, now: datetime, standing: Mapping[str, FolderCursor], read: Mapping[str, FolderCursor]
) -> None:
    """Keeps what the Sent folder tells, unless it stands where it was `read` up to. Raises the door's errors."""
    folder = account.mailbox.special_folders().sent
    if not folder:
        return
    cursor = read.get(folder, _NEVER_SEEN)
    if cursor == standing.get(folder):
        return
    changes = account.mailbox.changes(folder, cursor, account.tags)
    if cursor == changes.cursor:
        return
    origins = _Origins(account)
    for message in changes.arrived:
        if not message.problem:
            _keep(account, origins, message.headers, now)
    with account.store.writing() as scope:
        reached = changes.cursor
        mail.keep_folder_position(scope, folder, reached.uidvalidity, reached.uidnext, reached.modseq)


def _keep(account: Account, origins: _Origins, headers: MessageHeaders, now: datetime) -> None:
    """One sent message."""
    receivers = {*headers.to, *headers.cc}
    people = {person.id for person in account.people if receivers & person.addresses}
    at = min(headers.date or now, now)
    origin = origins.of(headers, people, at)
    with account.store.writing() as scope:
        for person in people:
            work.note_contact(scope, Contact(mentor=person, at=at, kind="mail to"))
        if origin is not None:
            draft, guess = origin
            threads.link(scope, headers.message_id, draft.key, guess=guess)


class _Origins:
    """Finds the draft that a sent message was; what is asked of the mailbox is asked once a look."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._gone: dict[str, bool] = {}

    def of(self, headers: MessageHeaders, people: set[str], at: datetime) -> tuple[Entry, bool] | None:
        """The draft, and whether that is a guess; None when the message comes from none of ours."""
        if not headers.message_id or len(headers.message_id) > _LONGEST_ID:
            return None  # nobody could answer it in a way that is seen
        with self._account.store.reading() as scope:
            if threads.linked(scope, headers.message_id) is not None:
                return None
            for message_id in (headers.message_id, *headers.answers):
                entry = ledger.by_message_id(scope, message_id)
                if entry is not None and entry.lands == "drafts":
                    return entry, False
            taken = threads.keys_sent(scope)
            drafts = [entry for entry in ledger.latest(scope).values() if entry.key not in taken and _may_be(entry, at)]
        if headers.answers:
            return None  # it answers somebody, and a draft of ours never does
        return self._likely(drafts, bare_subject(headers.subject), people)

    def _likely(self, drafts: list[Entry], subject: str, people: set[str]) -> tuple[Entry, bool] | None:
        alike = [(bare_subject(draft.subject) == subject, draft.mentor in people, draft) for draft in drafts]
        for same_subject, same_person, draft in sorted(alike, key=_likeness, reverse=True):
            if not (same_subject or same_person):
                break
            gone = self._is_gone(draft)
            if gone or (same_subject and same_person):
                return draft, not (gone and same_subject and same_person)
        return None

    def _is_gone(self, draft: Entry) -> bool:
        if draft.key not in self._gone:
            self._gone[draft.key] = not self._account.mailbox.find(draft.folder, draft.message_id)
        return self._gone[draft.key]


def _may_be(entry: Entry, at: datetime) -> bool:
    """True for a draft that was there to be sent at this time."""
    written = entry.lands == "drafts" and entry.outcome in ("delivered", "left")
    return written and entry.intended_at - _SKEW <= at <= entry.intended_at + SENT_WITHIN


def _likeness(alike: tuple[bool, bool, Entry]) -> tuple[int, datetime]:
    same_subject, same_person, draft = alike
    return same_subject + same_person, draft.intended_at
