"""What is new in the mail becomes feedback, commands and notes in the store.

Of untagged mail only the headers are read. A message is read whole when the owner tagged it, when it is the owner's
reply to a note of ours, or a mentor's reply to a message that came from a draft of ours. What it said is kept in one
transaction with the fact that it was read; the keyword `$MentorFiled` follows only after that. A message that can't be
read is quarantined with its reason, and later mail goes on; it is tried again once a day, and let go when it is gone.
A watched folder that is gone costs itself.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from mentorup_daemon.errors import Malformed, MentorUpError
from mentorup_daemon.mailbox import Arrived, FolderCursor, NoSuchFolder
from mentorup_daemon.records import Contact, MessageHeaders, Understood
from mentorup_daemon.replies.identity import mail_identity
from mentorup_daemon.replies.tags import message_tags
from mentorup_daemon.service import filing, sent
from mentorup_daemon.service.account import Account, Step
from mentorup_daemon.service.threads import About, answered
from mentorup_daemon.store import health, mail, placements, strays, work
from mentorup_daemon.store.account import Scope
from mentorup_daemon.store.placements import Placement

_log = structlog.get_logger(__name__)

_SOURCES = ("keyword", "folder", "subject", "plus_address", "gmail_label")  # strongest first
_PLACE = re.compile(r"(?P<folder>.*);UIDVALIDITY=(?P<uidvalidity>\d+)/;UID=(?P<uid>\d+)", re.DOTALL)
_TRIED_AGAIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a message lies, written as in an IMAP URL (RFC 5092 6)."""

    folder: str
    uidvalidity: int
    uid: int

    def __str__(self) -> str:
        return f"{self.folder};UIDVALIDITY={self.uidvalidity}/;UID={self.uid}"


def look(account: Account, now: datetime, step: Step) -> None:
    """Brings what the mail says into the store. Raises the door's errors; what was kept before them stays."""
    gone: list[str] = []
    folders = tuple(dict.fromkeys((*account.watch, *account.tags.folders)))
    special = account.mailbox.special_folders()
    standing = account.mailbox.standing(folders)  # and those two
    with account.store.reading() as scope:
        read = {folder: FolderCursor(*position) for folder, position in mail.folder_positions(scope).items()}
    if special.sent:
        _unless_gone("Sent", gone, lambda: sent.look(account, now, standing, read))
    step("sent mail kept")
    for folder in account.tags.folders:
        if folder not in standing:
            account.mailbox.ensure_folder(folder)
    _look_at_quarantine(account, folders, now)
    step("quarantine looked through")
    folders = tuple(
        folder
        for folder in folders
        if _unless_gone(
            folder,
            gone,
            functools.partial(_look_at, account, folder, standing.get(folder), read.get(folder), now, step),
        )
    )
    _tell(account, gone, now)
    filing.take_back_untagged(account, folders, now, lambda message: _tags_of(account, message), step)
    filing.mark(account, folders)
    step("filed mail marked")


def _unless_gone(folder: str, gone: list[str], work: Callable[[], None]) -> bool:
    """Does what needs a folder; one that isn't there is put among those that are gone."""
    try:
        work()
    except NoSuchFolder as error:
        _log.warning("folder is gone", folder=folder, reason=str(error))
        gone.append(folder)
        return False
    return True


def _tell(account: Account, gone: list[str], now: datetime) -> None:
    """Each folder that is gone is a trouble of its own, over as soon as it is there again or not named any more."""
    named = {f"folder-{folder}"[:100]: folder for folder in gone}
    with account.store.reading() as scope:
        standing = {trouble.about for trouble in health.all_troubles(scope) if trouble.about.startswith("folder-")}
    if not (named or standing):
        return
    remedy = "Make the folder again, or name another one in [imap] of your config."
    with account.store.writing() as scope:
        for about, folder in named.items():
            text = f"The folder {folder} is gone, so the mail in it can't be read."
            health.trouble(scope, about, text, remedy=remedy, passing=True, now=now)
        for about in standing - named.keys():
            health.over(scope, about)


def _look_at(
    account: Account,
    folder: str,
    standing: FolderCursor | None,
    cursor: FolderCursor | None,
    now: datetime,
    step: Step,
) -> None:
    """One folder, read up to `cursor`: every message that concerns us, then how far it has been read."""
    whole = folder in account.tags.folders
    if cursor is not None and cursor == standing and (whole or cursor.modseq):
        return  # without a modification sequence, a tag may be new all the same
    changes = account.mailbox.changes(folder, cursor, account.tags, whole=whole)
    arrived = {message.uid: message for message in (*changes.arrived, *changes.tagged)}  # a tag's word counts more
    with account.store.reading() as scope:
        read = placements.in_folder(scope, folder, changes.cursor.uidvalidity, arrived)
        quarantined = {row.place for row in mail.quarantined(scope)}
    for uid in sorted(arrived):
        message, place = arrived[uid], _Place(folder, changes.cursor.uidvalidity, uid)
        if str(place) in quarantined or _is_known(message, read.get(uid)):
            continue
        _meet(account, place, message, now)
        step("message kept")
    _note_ours(account, arrived.values())
    if cursor != changes.cursor:
        with account.store.writing() as scope:
            reached = changes.cursor
            mail.keep_folder_position(scope, folder, reached.uidvalidity, reached.uidnext, reached.modseq)
    step("folder kept")


def _note_ours(account: Account, messages: Iterable[Arrived]) -> None:
    """Keeps which notes of ours stand in the mailbox and not in the ledger, as after a backup was restored."""
    ours = [message.headers.message_id for message in messages if message.headers.ours]
    if ours:
        with account.store.writing() as scope:
            strays.keep_met(scope, ours)


def _is_known(message: Arrived, placement: Placement | None) -> bool:
    """True when reading it again could say nothing new: it is filed, or carries no tag that it hadn't then."""
    return placement is not None and (placement.filed or placement.tags.issuperset(message.tagged))


def _meet(account: Account, place: _Place, message: Arrived, now: datetime) -> bool:
    """One message: contact is noted from its headers; it is read whole only if it concerns us.

    False when it had to be quarantined.
    """
    headers = message.headers
    if headers.ours:
        return True
    if message.problem:
        _quarantine(account, place, message, message.problem, now)
        return False
    tags = _tags_of(account, message)
    with account.store.reading() as scope:
        about = answered(account, scope, headers, now)
    if tags or about is not None:
        try:
            _read(account, place, message, tags, about, now)
        except Malformed as error:
            _quarantine(account, place, message, str(error), now)
            return False
        except MentorUpError:
            raise
        except Exception as error:  # noqa: BLE001 - a fault of ours in one message must not hold up all later mail
            _log.exception("a fault of MentorUp's", place=str(place))
            reason = f"a fault of MentorUp's, please report it: {type(error).__name__}: {error}"
            _quarantine(account, place, message, reason, now)
            return False
    _note_contact(account, headers, now)
    return True


def _read(
    account: Account, place: _Place, message: Arrived, tags: tuple[str, ...], about: About | None, now: datetime
) -> None:
    """A message that concerns us, whole; what it says is kept. Raises Malformed when it can't be read."""
    # All that is known of replies and commands, which an account at rest has no use for.
    from mentorup_daemon.replies.understand import understand  # noqa: PLC0415
    from mentorup_daemon.service import answers  # noqa: PLC0415

    raw = account.mailbox.fetch(place.folder, place.uid, size=message.size)
    said = understand(
        raw,
        owner=account.owner,
        people=account.people,
        tags=account.tags,
        now=now,
        tagged=tags,
        answers_note=lambda _headers: about is not None and about.what == "note",
        answers_draft=lambda _headers: about is not None and about.what == "draft",
        trusted_authserv_id=account.trusted_authserv_id,
    )
    digest = mail_identity(raw)
    original = filing.keep_original(account, digest, raw) if said.kind == "feedback" else ""
    with account.store.writing() as scope:
        before = mail.read_kind(scope, digest)
        if about is not None and said.kind in ("command", "reply") and before is None:
            said = _unless_replayed(scope, said, about)
        if before is None or (before in ("ignored", "reply") and said.kind == "feedback"):
            if said.kind == "feedback":
                filing.file(account, scope, said, about, tags, original, now)
            elif said.kind in ("command", "reply") and about is not None and about.what == "note":
                answers.carry_out(account, scope, said, about.key, digest, now)
            mail.keep_read(
                scope,
                digest,
                message_id=said.headers.message_id,
                kind=said.kind,
                reason=said.reason,
                about=about.key if about else "",
                now=now,
            )
        filed = "feedback" in (before, said.kind)
        placements.keep(
            scope,
            Placement(
                folder=place.folder,
                uidvalidity=place.uidvalidity,
                uid=place.uid,
                digest=digest,
                filed=filed,
                tags=frozenset(message.tagged),
            ),
        )
        mail.release(scope, str(place))
    _log.info("message read", place=str(place), kind=said.kind, reason=said.reason)


def _unless_replayed(scope: Scope, said: Understood, about: About) -> Understood:
    """A reply that was carried out before counts no more, even where a list or a gateway has changed its body."""
    if not mail.answered_before(scope, said.headers.message_id, about.key):
        return said
    return replace(said, kind="ignored", reason="the same reply has been carried out before")


def _tags_of(account: Account, message: Arrived) -> tuple[str, ...]:
    """The sources that file this message, strongest first."""
    found = {*message.tagged, *message_tags(message.headers, account.tags, account.owner.addresses)}
    return tuple(source for source in _SOURCES if source in found)


def _note_contact(account: Account, headers: MessageHeaders, now: datetime) -> None:
    """A person's own mail counts as contact with them (T6)."""
    person = next((one for one in account.people if headers.from_address in one.addresses), None)
    if person is None or headers.automatic:
        return
    with account.store.writing() as scope:
        work.note_contact(scope, Contact(mentor=person.id, at=min(headers.date or now, now), kind="mail from"))


def _quarantine(account: Account, place: _Place, message: Arrived, reason: str, now: datetime) -> None:
    _log.warning("message can't be read", place=str(place), reason=reason)
    sender = message.headers.from_address or "someone"
    with account.store.writing() as scope:
        mail.keep_quarantined(scope, str(place), f"mail from {sender}: {message.headers.subject[:200]}", reason, now)


def _look_at_quarantine(account: Account, folders: tuple[str, ...], now: datetime) -> None:
    """Lets go of what is gone, or lies in a folder that is not watched any more; tries the others once a day."""
    with account.store.reading() as scope:
        rows = [(row, found) for row in mail.quarantined(scope) if (found := _PLACE.fullmatch(row.place))]
        last_pass = health.last_pass(scope) or now
    for folder, uidvalidity in {(found["folder"], int(found["uidvalidity"])) for _, found in rows}:
        same = [each for each in rows if each[1]["folder"] == folder and int(each[1]["uidvalidity"]) == uidvalidity]
        here = {int(found["uid"]): row for row, found in same}
        whole = folder in account.tags.folders
        there = (
            account.mailbox.look_at(folder, uidvalidity, here, account.tags, whole=whole) if folder in folders else ()
        )
        _note_ours(account, there or ())
        with account.store.writing() as scope:
            for uid in here.keys() - {message.uid for message in there or ()}:
                mail.release(scope, here[uid].place)
        for message in there or ():
            since = here[message.uid].since
            if (now - since) // _TRIED_AGAIN > (last_pass - since) // _TRIED_AGAIN:
                readable = _meet(account, _Place(folder, uidvalidity, message.uid), message, now)
                if readable:
                    with account.store.writing() as scope:
                        mail.release(scope, here[message.uid].place)
