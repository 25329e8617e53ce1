"""What is new in the mail becomes feedback, commands and notes in the store.

Of untagged mail only the headers are read. A message is read whole when the owner tagged it, when it is the owner's
reply to a note of ours, or a mentor's reply to a message that came from a draft of ours. What it said is kept in one
transaction with the fact that it was read; the keyword `$MentorFiled` follows only after that. A message that can't be
read is quarantined with its reason, and later mail goes on.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from mentorup_daemon.errors import Malformed
from mentorup_daemon.mailbox import Arrived, FolderCursor
from mentorup_daemon.records import Contact, Feedback, MessageHeaders, Understood
from mentorup_daemon.replies.identity import mail_identity
from mentorup_daemon.replies.tags import message_tags
from mentorup_daemon.replies.understand import understand
from mentorup_daemon.rules.fitting import meeting_for
from mentorup_daemon.service import answers
from mentorup_daemon.service.account import Account, Step
from mentorup_daemon.store import calendar, ledger, mail, work
from mentorup_daemon.store.account import Scope

_log = structlog.get_logger(__name__)

_SOURCES = ("keyword", "folder", "subject", "plus_address", "gmail_label")


def look(account: Account, now: datetime, step: Step) -> None:
    """Brings what the mail says into the store. Raises the door's errors; what was kept before them stays."""
    _look_at_sent(account)
    step("sent mail kept")
    for folder in (*account.watch, *(name for name in account.tags.folders if name not in account.watch)):
        _look_at(account, folder, now, step)
    _mark_filed(account)
    step("filed mail marked")


def _look_at(account: Account, folder: str, now: datetime, step: Step) -> None:
    """One folder: every message that concerns us, then how far it has been read."""
    whole = folder in account.tags.folders
    if whole:
        account.mailbox.ensure_folder(folder)
    with account.store.reading() as scope:
        position = mail.folder_position(scope, folder)
    cursor = FolderCursor(*position) if position else None
    changes = account.mailbox.changes(folder, cursor, account.tags, whole=whole)
    with account.store.reading() as scope:
        placed = mail.placed(scope, folder, changes.cursor.uidvalidity)
    arrived = {message.uid: message for message in (*changes.arrived, *changes.tagged)}  # a tag's word counts more
    for uid in sorted(arrived):
        message = arrived[uid]
        if placed.get(uid) is True or (uid in placed and not message.tagged):
            continue
        _meet(account, folder, changes.cursor.uidvalidity, message, now)
        step("message kept")
    if position is None or FolderCursor(*position) != changes.cursor:
        with account.store.writing() as scope:
            reached = changes.cursor
            mail.keep_folder_position(scope, folder, reached.uidvalidity, reached.uidnext, reached.modseq)
    step("folder kept")


def _meet(account: Account, folder: str, uidvalidity: int, message: Arrived, now: datetime) -> None:
    """One message: contact is noted from its headers; it is read whole only if it concerns us."""
    headers = message.headers
    tagged = _tags_of(account, message)
    if headers.ours:
        return
    about = _concerns(account, headers)
    if not tagged and about is None:
        _note_contact(account, headers, now)
        return
    place = f"{folder} uid {message.uid}"
    try:
        raw = account.mailbox.fetch(folder, message.uid)
        said = understand(
            raw,
            owner=account.owner,
            people=account.people,
            tags=account.tags,
            now=now,
            tagged=tagged,
            answers_note=lambda _headers: about is not None and about[0] == "note",
            answers_draft=lambda _headers: about is not None and about[0] == "draft",
            trusted_authserv_id=account.trusted_authserv_id,
        )
    except Malformed as error:
        _log.warning("message can't be read", place=place, reason=str(error))
        with account.store.writing() as scope:
            mail.keep_quarantined(scope, place, f"message {headers.subject!r}", str(error), now)
        return
    digest = mail_identity(raw)
    original = _keep_original(account, digest, raw) if said.kind == "feedback" else ""
    with account.store.writing() as scope:
        before = mail.read_kind(scope, digest)
        if before is None or (before in ("ignored", "reply") and said.kind == "feedback"):
            _take_in(account, scope, said, tagged, about, digest, original, now)
            mail.keep_read(
                scope,
                digest,
                message_id=said.headers.message_id,
                kind=said.kind,
                reason=said.reason,
                about=about[1] if about else "",
                now=now,
            )
        filed = (said.kind if before is None else before) == "feedback" or said.kind == "feedback"
        mail.keep_placed(scope, folder, uidvalidity, message.uid, digest=digest, filed=filed)
        mail.release(scope, place)
    _note_contact(account, headers, now)
    _log.info("message read", place=place, kind=said.kind, reason=said.reason)


def _take_in(
    account: Account,
    scope: Scope,
    said: Understood,
    tagged: tuple[str, ...],
    about: tuple[str, str] | None,
    digest: str,
    original: str,
    now: datetime,
) -> None:
    """What one message says, into the records."""
    if said.kind == "feedback":
        at = said.written_at or now
        draft = ledger.latest(scope).get(about[1]) if about is not None and about[0] == "draft" else None
        fits = meeting_for(calendar.all_meetings(scope, account.owner.zone), said.mentor, min(at, now))
        source = next((source for source in _SOURCES if source in tagged), "reply")
        work.add(
            scope,
            Feedback(
                id=0,
                text=said.visible_text,
                mentor=said.mentor,
                received_at=min(at, now + timedelta(days=1)),
                source=source,  # type: ignore[arg-type]  # one of _SOURCES
                message_id=said.headers.message_id,
                meeting=draft.object if draft is not None and draft.rule == "agenda" else fits.key if fits else None,
                subject=said.headers.subject,
                original=original,
            ),
        )
    elif said.kind in ("command", "reply") and about is not None and about[0] == "note":
        answers.carry_out(account, scope, said, about[1], digest, now)


def _tags_of(account: Account, message: Arrived) -> tuple[str, ...]:
    """The sources that file this message, strongest first."""
    found = {*message.tagged, *message_tags(message.headers, account.tags, account.owner.addresses)}
    return tuple(source for source in _SOURCES if source in found)


def _concerns(account: Account, headers: MessageHeaders) -> tuple[str, str] | None:
    """("note", key) for the owner's reply to a note of ours, ("draft", key) for a mentor's to what was a draft."""
    from_owner = headers.from_address in account.owner.addresses
    from_person = any(headers.from_address in person.addresses for person in account.people)
    if not (from_owner or from_person):
        return None
    with account.store.reading() as scope:
        for message_id in headers.answers:
            entry = ledger.by_message_id(scope, message_id)
            if from_owner and entry is not None and entry.lands == "inbox":
                return "note", entry.key
            if from_person and entry is not None and entry.lands == "drafts":
                return "draft", entry.key
            linked = mail.linked(scope, message_id) if from_person else None
            if linked is not None:
                return "draft", linked
    return None


def _note_contact(account: Account, headers: MessageHeaders, now: datetime) -> None:
    """A person's own mail counts as contact with them (T6)."""
    person = next((one for one in account.people if headers.from_address in one.addresses), None)
    if person is None or headers.automatic:
        return
    with account.store.writing() as scope:
        work.note_contact(scope, Contact(mentor=person.id, at=min(headers.date or now, now), kind="mail from"))


def _look_at_sent(account: Account) -> None:
    """The owner's sent mail, headers only: contact, and which message came from which draft of ours."""
    folder = account.mailbox.special_folders().sent
    if not folder:
        return
    with account.store.reading() as scope:
        position = mail.folder_position(scope, folder)
        drafts = [entry for entry in ledger.latest(scope).values() if entry.lands == "drafts"]
    cursor = FolderCursor(*position) if position else None
    changes = account.mailbox.changes(folder, cursor, account.tags)
    if cursor == changes.cursor:
        return
    with account.store.writing() as scope:
        for message in changes.arrived:
            headers = message.headers
            receivers = {*headers.to, *headers.cc}
            people = [person for person in account.people if receivers & person.addresses]
            for person in people:
                if headers.date is not None:
                    work.note_contact(scope, Contact(mentor=person.id, at=headers.date, kind="mail to"))
            written = {person.id for person in people}
            for entry in drafts:
                same = _bare(headers.subject) == _bare(entry.subject) and entry.mentor in written
                if headers.message_id and (headers.message_id == entry.message_id or same):
                    mail.link(scope, headers.message_id, entry.key, guess=headers.message_id != entry.message_id)
                    break
        mail.keep_folder_position(
            scope, folder, changes.cursor.uidvalidity, changes.cursor.uidnext, changes.cursor.modseq
        )


def _bare(subject: str) -> str:
    """A subject without `Re:` and the like, for comparing."""
    words = subject.split()
    while words and words[0].rstrip(":").lower() in ("re", "fwd", "fw", "aw", "sv", "wg") and words[0].endswith(":"):
        words = words[1:]
    return " ".join(words).casefold()


def _keep_original(account: Account, digest: str, raw: bytes) -> str:
    """The original beside the database, named by its content; there before the record that names it."""
    directory = account.store.directory / "mail"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"{digest[:32]}.eml"
    path = directory / name
    if not path.exists():
        _write_durably(path, raw)
    return name


def _write_durably(path: Path, raw: bytes) -> None:
    """The whole file or none, also after a power failure."""
    partial = path.with_suffix(".part")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def _mark_filed(account: Account) -> None:
    """The keyword on what was filed, where the server keeps keywords; what a crash left over is caught up."""
    with account.store.reading() as scope:
        waiting = mail.unmarked(scope)
    by_folder: dict[str, list[int]] = {}
    for row in waiting:
        by_folder.setdefault(row.folder, []).append(row.uid)
    for folder, uids in by_folder.items():
        account.mailbox.mark_filed(folder, uids)
        with account.store.writing() as scope:
            mail.keep_marked(scope, folder, uids)
