"""Writes one note or draft, takes one back: the ledger before and after every change to the mailbox.

Key -> deterministic Message-ID -> intent -> look for it -> append -> outcome. After a crash or a lost connection the
same steps run again and find what is there. What is written for the first time is looked for behind what has been read
of its folder: up to there each of ours is in the ledger, or known as a stray of a store that was restored. Who took
long to append looks once more: another process may have taken our place meanwhile, and then the later copy goes. A note
that can't be found again in its folder may have been filed away by its owner in the meantime, so an old intent is
looked for in every folder before it is written a second time. What the owner has changed is theirs: it is left alone
and never replaced.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from mentorup_daemon.letters.digest import content_digest
from mentorup_daemon.letters.identity import message_id as deterministic
from mentorup_daemon.mailbox import FolderCursor, Placed
from mentorup_daemon.records import Due, Entry, Outcome, Snapshot
from mentorup_daemon.rules.plan import Withdrawal
from mentorup_daemon.service.account import Account, Step
from mentorup_daemon.service.wording import letter_for
from mentorup_daemon.store import health, ledger, mail, strays
from mentorup_daemon.store.account import AccountFacts, Scope

if TYPE_CHECKING:
    from mentorup_daemon.letters.compose import Letter

_log = structlog.get_logger(__name__)

INBOX = "INBOX"
_LONG = 5.0  # seconds from looking for a message to having appended it, in which another may have done the same


@dataclass(frozen=True, slots=True)
class Desk:
    """What writing needs beside the due note itself."""

    account: Account
    facts: AccountFacts
    now: datetime
    step: Step

    def message_id(self, key: str, revision: int) -> str:
        """The Message-ID that this revision of this key always has."""
        return deterministic(self.facts.secret, self.account.store.account, key, revision, self.account.owner.domain)

    def settle(self, key: str, revision: int, outcome: Outcome, digest: str | None = None) -> None:
        """Keeps what came of it."""
        with self.account.store.writing() as scope:
            ledger.settle(scope, key, revision, outcome, self.now, digest)


def write(desk: Desk, due: Due, snapshot: Snapshot) -> bool:
    """Writes `due` once, replacing the revision before it; False when the owner's own hand forbids that."""
    account = desk.account
    if due.lands == "drafts" and due.revision > 1 and not _may_replace(desk, due):
        return False
    letter = _compose(desk, due, snapshot)
    folder = _folder(account, due)
    with account.store.writing() as scope:
        before = ledger.one(scope, due.key, due.revision)
        known = None if before is not None else _known_up_to(scope, folder, letter.message_id)
        if before is None:
            ledger.intend(
                scope,
                due,
                message_id=letter.message_id,
                digest=letter.digest,
                subject=letter.subject,
                folder=folder,
                now=desk.now,
            )
    desk.step("intent kept")
    looked_at = account.seconds()
    if _stands_already(desk, due, folder, letter.message_id, before, known):
        desk.step("found again")
    else:
        if before is not None:
            with account.store.writing() as scope:
                ledger.reword(scope, due, digest=letter.digest, subject=letter.subject, folder=folder)
        placed = account.mailbox.append(
            folder, letter.raw, flags=(r"\Draft", r"\Seen") if due.lands == "drafts" else (), at=desk.now
        )
        desk.step("appended")
        if account.seconds() - looked_at > _LONG:
            _remove_later_copy(desk, placed, letter.message_id)
        desk.settle(due.key, due.revision, "delivered")
    desk.step("outcome kept")
    take_away_outdated(desk)
    _log.info("written", key=due.key, lands=due.lands, subject=letter.subject)
    return True


def refresh(desk: Desk, due: Due, snapshot: Snapshot) -> bool:
    """Writes a standing draft anew when its words would differ today; True when it did."""
    entry = snapshot.ledger[due.key]
    letter = _compose(desk, replace(due, revision=entry.revision), snapshot)
    if letter.digest == entry.digest:
        return False
    return write(desk, due, snapshot)


def take_back(desk: Desk, withdrawal: Withdrawal) -> None:
    """Takes back what no longer holds, unless the owner has made it theirs."""
    entry = withdrawal.entry
    if entry.outcome == "delivered":
        if not untouched(desk, entry):
            desk.settle(entry.key, entry.revision, "left")
            _log.info("left to the owner", key=entry.key, why=withdrawal.why)
            return
        desk.settle(entry.key, entry.revision, "withdrawing")
        desk.step("withdrawal intended")
    _remove(desk, entry)
    desk.step("removed")
    desk.settle(entry.key, entry.revision, "withdrawn")
    desk.step("withdrawal kept")
    _log.info("taken back", key=entry.key, why=withdrawal.why)


def take_away_outdated(desk: Desk) -> None:
    """Removes revisions that a later one has replaced; also what a crash in between has left standing."""
    with desk.account.store.reading() as scope:
        outdated = ledger.outdated(scope)
    for entry in outdated:
        if untouched(desk, entry):
            _remove(desk, entry)
            desk.step("outdated removed")
        desk.settle(entry.key, entry.revision, "superseded")


def untouched(desk: Desk, entry: Entry) -> bool:
    """True while what we wrote stands where we put it, as we wrote it."""
    mailbox = desk.account.mailbox
    found = mailbox.find(entry.folder, entry.message_id)
    return bool(found) and all(content_digest(mailbox.fetch(entry.folder, uid)) == entry.digest for uid in found)


def _remove(desk: Desk, entry: Entry) -> None:
    """Removes our message where it still stands as we wrote it."""
    mailbox = desk.account.mailbox
    for uid in mailbox.find(entry.folder, entry.message_id):
        if content_digest(mailbox.fetch(entry.folder, uid)) == entry.digest:
            mailbox.remove(entry.folder, uid, message_id=entry.message_id)


def _may_replace(desk: Desk, due: Due) -> bool:
    """True when the draft before this one may be replaced: it was withdrawn, or stands untouched."""
    with desk.account.store.reading() as scope:
        before = ledger.one(scope, due.key, due.revision - 1)
    if before is None or before.outcome != "delivered" or untouched(desk, before):
        return True
    desk.settle(before.key, before.revision, "left")
    with desk.account.store.reading() as scope:
        begun = ledger.one(scope, due.key, due.revision)
    if begun is not None:  # a crash had left the intent to replace it
        desk.settle(due.key, due.revision, "left")
    _log.info("draft left to the owner", key=due.key)
    return False


def _known_up_to(scope: Scope, folder: str, message_id: str) -> FolderCursor | None:
    """How far `folder` has been read, if this message has not been met on the way; else None.

    Whatever of ours lies before that is in the ledger, or was noted as a stray when it was read.
    """
    if strays.is_one(scope, message_id):
        return None
    read = mail.folder_positions(scope).get(folder)
    return FolderCursor(*read) if read is not None else None


def _stands_already(
    desk: Desk, due: Due, folder: str, message_id: str, begun: Entry | None, known: FolderCursor | None
) -> bool:
    """Looks for what an earlier try may have written, behind what is `known` already; settles it when it is there.

    Without an intent of before, `begun`, it can only stand there when the store is a backup from before it was written.
    """
    mailbox = desk.account.mailbox
    folder = begun.folder if begun is not None else folder
    found = mailbox.find(folder, message_id, since=known)
    if found:
        for extra in found[1:]:  # an answer that was lost, and the retry: the same message twice
            mailbox.remove(folder, extra, message_id=message_id)
        desk.settle(due.key, due.revision, "delivered")
        return True
    if begun is not None and mailbox.find_anywhere(message_id):  # filed away, sent or deleted by the owner since
        desk.settle(due.key, due.revision, "left" if due.lands == "drafts" else "delivered")
        return True
    return False


def _remove_later_copy(desk: Desk, placed: Placed, message_id: str) -> None:
    """Removes what we have just appended when another process had appended it before us."""
    mailbox = desk.account.mailbox
    found = mailbox.find(placed.folder, message_id)
    ours = placed.uid if placed.uid is not None else max(found, default=0)
    if any(uid < ours for uid in found):
        mailbox.remove(placed.folder, ours, message_id=message_id)
        _log.warning("written by another meanwhile, ours is removed", message_id=message_id)


def _folder(account: Account, due: Due) -> str:
    return account.mailbox.special_folders().drafts if due.lands == "drafts" else INBOX


def _compose(desk: Desk, due: Due, snapshot: Snapshot) -> Letter:
    """The letter that belongs to this revision; a fault in a template of the owner's is kept, to be told."""
    message_id = desk.message_id(due.key, due.revision)
    thread = desk.message_id(f"thread/{due.object}", 1)
    letter = letter_for(desk.account, due, snapshot, now=desk.now, message_id=message_id, thread=thread)
    _tell_faults(desk, due, snapshot, letter.fallbacks)
    return letter


def _tell_faults(desk: Desk, due: Due, snapshot: Snapshot, faults: tuple[str, ...]) -> None:
    """Faults in the owner's templates become troubles, one for each file; a letter without any ends its own."""
    own = f"template-{due.rule}-{'draft' if due.lands == 'drafts' else 'note'}."
    mended = [trouble.about for trouble in snapshot.troubles if trouble.about.startswith(own)] if not faults else []
    if not (faults or mended):
        return
    remedy = "Mend your template, or take it out of the folder; `mentorup templates show` shows how it reads."
    with desk.account.store.writing() as scope:
        for fault in faults:
            file = fault.partition(":")[0].partition(",")[0]
            about = f"template-{file.replace('/', '-')}"[:100]
            health.trouble(scope, about, fault, remedy=remedy, passing=False, now=desk.now)
        for about in mended:
            health.over(scope, about)
