"""What is new in a folder, and what carries a tag: headers only, until the caller asks for one message's bytes.

Promises: nothing new is missed (by UID, never by counting, I03, I07), nothing is marked read (I17), and one message
that the server can't deliver costs only itself (I18). Mail without a tag that was there before the first sight is
never looked into. Leaves out what a message says (`replies`) and what has been filed already (`store`): the same
message may be told twice, and often is. The hard thing is a folder whose UIDVALIDITY changed (I12): its UIDs say
nothing any more, so tags are searched for anew, and the mail of the last days is told again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from mentorup_daemon.errors import ConfigError, Malformed
from mentorup_daemon.mailbox import arguments
from mentorup_daemon.mailbox.failures import Garbled, Refused
from mentorup_daemon.mailbox.folders import Folders, NoSuchFolder
from mentorup_daemon.mailbox.session import Selected, Session
from mentorup_daemon.records import MessageHeaders, Tags
from mentorup_daemon.replies.headers import parse_headers
from mentorup_daemon.replies.tags import message_tags

LOOK_BACK = timedelta(days=15)  # of a renewed folder: two weeks, and a day for the server's own zone
LARGEST = 25_000_000  # bytes of a message that is fetched
_FIELDS = (
    "MESSAGE-ID IN-REPLY-TO REFERENCES FROM TO CC DELIVERED-TO X-ORIGINAL-TO ENVELOPE-TO X-ENVELOPE-TO X-DELIVERED-TO "
    "SUBJECT DATE AUTHENTICATION-RESULTS AUTO-SUBMITTED X-AUTOREPLY X-AUTORESPOND X-AUTORESPONDER X-AUTO-REPLY "
    "X-AUTO-RESPONSE-SUPPRESS CONTENT-TYPE X-FAILED-RECIPIENTS RETURN-PATH LIST-ID LIST-UNSUBSCRIBE LIST-POST"
    " PRECEDENCE"
)
HEADERS = f"BODY.PEEK[HEADER.FIELDS ({_FIELDS})]"
_LABELS = "X-GM-EXT-1"
_STANDING = (b"UIDVALIDITY", b"UIDNEXT", b"HIGHESTMODSEQ")
PASSING = frozenset(
    {"UNAVAILABLE", "OVERQUOTA", "LIMIT", "INUSE", "EXPUNGEISSUED"}
)  # RFC 5530: not this message's fault


@dataclass(frozen=True, slots=True)
class FolderCursor:
    """How far a folder has been looked at. `modseq` is 0 where the server keeps none (RFC 7162)."""

    uidvalidity: int
    uidnext: int
    modseq: int = 0


@dataclass(frozen=True, slots=True)
class Arrived:
    """One message as its headers tell. `size` in bytes.

    `tagged` holds the tags that lie outside the message: keyword, folder, gmail_label; those inside it are for
    `replies.tags` to judge, who knows the owner's addresses. `problem` says why its headers can't be had ("" mostly):
    quarantine it.
    """

    uid: int
    headers: MessageHeaders
    size: int
    tagged: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class FolderChanges:
    """What is new in one folder since a cursor; `cursor` is the one to keep once all of this is safe in the store.

    `first_sight`: there was no cursor. `renewed`: UIDVALIDITY changed, and `arrived` is the mail of the last two
    weeks, most of it known. `arrived`: new mail. `tagged`: all that carries a tag, outside or seemingly inside, new or
    old, as far as that may have changed, and the notes of ours that are met on the way. What lost its tag is not told:
    ask with `look_at`.
    """

    folder: str
    cursor: FolderCursor
    first_sight: bool = False
    renewed: bool = False
    arrived: tuple[Arrived, ...] = ()
    tagged: tuple[Arrived, ...] = ()


class Incoming:
    """Reads the folders of one account over its session."""

    def __init__(self, session: Session, folders: Folders) -> None:
        self._session = session
        self._folders = folders
        self._searches_keywords = True

    def changes(self, folder: str, cursor: FolderCursor | None, tags: Tags, *, whole: bool) -> FolderChanges:
        """See `Mailbox.changes`."""
        state = self._folders.open(folder)
        renewed = (
            cursor is not None
            and 0 not in (cursor.uidvalidity, state.uidvalidity)
            and (cursor.uidvalidity != state.uidvalidity)
        )
        reader = _Reader(tags, whole)
        if cursor is None or renewed:
            uidnext = self._uidnext(state)  # before any search: what comes during one is new at the next look
            found = self._told(state, self._search_all_tags(state, tags, whole=whole), reader)
            arrived = self._told(state, self._since_days_ago(state), reader) if renewed else ()
            return FolderChanges(
                folder, FolderCursor(state.uidvalidity, uidnext, state.modseq), cursor is None, renewed,
                arrived, tuple(filter(reader.concerns, found)),
            )  # fmt: skip
        new, changed = self._new_and_retagged(state, cursor, reader)
        told = self._told(state, (*new, *changed), reader)
        arrived = tuple(each for each in told if each.uid >= cursor.uidnext)
        uidnext = max(cursor.uidnext, state.uidnext, *(each.uid + 1 for each in arrived), 1)
        return FolderChanges(
            folder,
            FolderCursor(state.uidvalidity or cursor.uidvalidity, uidnext, state.modseq),
            arrived=arrived,
            tagged=tuple(filter(reader.concerns, told)),
        )

    def standing(self, folders: Iterable[str]) -> dict[str, FolderCursor]:
        """See `Mailbox.standing`."""
        special = self._folders.known_special()
        names = dict.fromkeys((*folders, *((special.drafts, special.sent) if special else ())))
        selected = self._session.selected
        natives = {name: self._folders.native(name) for name in names if name}
        asked = {name: native for name, native in natives.items() if selected is None or native != selected.folder}
        found = self._folders.statuses(asked.values())
        if special and found and not {special.drafts, special.sent} & asked.keys() <= found.keys():
            self._folders.forget_special()
        return {
            name: FolderCursor(*(int(found[native].get(item) or 0) for item in _STANDING))
            for name, native in asked.items()
            if native in found
        }

    def look_at(
        self, folder: str, uidvalidity: int, uids: Iterable[int], tags: Tags, *, whole: bool
    ) -> tuple[Arrived, ...] | None:
        """See `Mailbox.look_at`."""
        try:
            state = self._folders.open(folder)
        except NoSuchFolder:
            return None
        if state.uidvalidity != uidvalidity:
            return None
        return self._told(state, uids, _Reader(tags, whole))

    def still_tagged(
        self, folder: str, uidvalidity: int, uids: Collection[int], tags: Tags, *, whole: bool
    ) -> dict[int, bool] | None:
        """See `Mailbox.still_tagged`."""
        state = self._session.selected
        try:
            if state is None or state.folder != self._folders.native(folder):
                state = self._folders.open(folder)
        except NoSuchFolder:
            return None
        if state.uidvalidity != uidvalidity:
            return None
        reader, found = _Reader(tags, whole), dict[int, bool]()
        for batch in arguments.batches(uids):
            try:
                answers = self._session.fetch(batch, self._marks, f"looking at tags in {folder}")
            except Garbled:  # `look_at` finds out which message is to blame
                return dict.fromkeys(uids, False)
            found.update((uid, bool(reader.marked(answers[uid]))) for uid in batch if uid in answers)
        return found

    def fetch(self, folder: str, uid: int, limit: int, size: int) -> bytes:
        """See `Mailbox.fetch`."""
        native = self._folders.native(folder)
        if self._session.selected is None or self._session.selected.folder != native:
            self._folders.open(folder)
        doing = f"reading message {uid} in {folder}"
        if not size:
            size = self._session.fetch([uid], ["RFC822.SIZE"], doing).get(uid, {}).get(b"RFC822.SIZE", -1)
        if size > limit:
            raise Malformed(f"message {uid} in {folder} has {size:,} bytes; no more than {limit:,} are read")
        try:
            answer = self._session.fetch([uid], ["BODY.PEEK[]"], doing).get(uid) if size >= 0 else None
        except Garbled as problem:
            raise Malformed(f"message {uid} in {folder} can't be had: {problem}") from problem
        except Refused as refusal:  # Exchange says NO to a message that it can't convert, today and tomorrow
            if refusal.code in PASSING:
                raise
            raise Malformed(f"message {uid} in {folder} can't be had: {refusal}") from refusal
        if answer is None:
            raise Malformed(f"message {uid} is no longer in {folder}")
        raw = _part(answer, b"BODY[")
        if not raw:
            raise Malformed(f"message {uid} in {folder} came empty")
        return raw

    def find(self, folder: str, message_id: str, since: FolderCursor | None = None) -> tuple[int, ...]:
        """See `Mailbox.find`."""
        if not message_id or not message_id.isascii():
            return ()  # nothing of ours; and HEADER with an empty value fits every message
        state = self._folders.open(folder)
        criteria = f"HEADER Message-ID {arguments.quoted(message_id, 'a Message-ID')}"
        if since is not None and 0 < since.uidvalidity == state.uidvalidity and since.uidnext <= state.uidnext:
            if since.uidnext == state.uidnext:
                return ()
            criteria = f"UID {since.uidnext}:* {criteria}"
        candidates = self._session.search(criteria, f"looking for a message in {folder}")
        found: list[int] = []
        for batch in arguments.batches(candidates):
            answers = self._session.fetch(batch, ["BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]"], "comparing Message-IDs")
            found += [uid for uid in batch if message_id_of(answers.get(uid, {})) == message_id]
        return tuple(found)

    def find_anywhere(self, message_id: str) -> str:
        """See `Mailbox.find_anywhere`."""
        for folder in self._folders.listing():
            try:
                if self.find(folder.name, message_id):
                    return folder.name
            except (ConfigError, Refused):  # it is gone since, or may not be opened
                continue
        return ""

    @property
    def _marks(self) -> list[str]:
        """What to fetch for the tags that lie outside a message."""
        return ["FLAGS", *(["X-GM-LABELS"] if _LABELS in self._session.capabilities else [])]

    def _uids_from(self, state: Selected, uidnext: int) -> tuple[int, ...]:
        if state.uidnext and state.uidnext <= uidnext:
            return ()
        found = self._session.search(f"UID {uidnext}:*", f"looking for new mail in {state.folder}")
        return tuple(uid for uid in found if uid >= uidnext)  # n:* gives the last one even when it is below n (I07)

    def _since_days_ago(self, state: Selected) -> tuple[int, ...]:
        since = (datetime.now(UTC) - LOOK_BACK).date()
        day = f"{since.day}-{'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split()[since.month - 1]}-{since.year}"
        return self._session.search(f"SINCE {day}", f"looking for the last days' mail in {state.folder}")

    def _uidnext(self, state: Selected) -> int:
        """The UID that comes next; asked for where the server didn't say, so that old mail isn't taken for new."""
        if state.uidnext or not state.exists:
            return state.uidnext or 1
        return max(self._session.search("UID *", f"looking for the last message in {state.folder}"), default=0) + 1

    def _search_all_tags(self, state: Selected, tags: Tags, *, whole: bool) -> tuple[int, ...]:
        doing = f"looking for tagged mail in {state.folder}"
        if whole:
            return self._session.search("ALL", doing)
        found = {*self._search_flags(state, tags)}
        keys = [
            (f"HEADER {field}", f"+{tag}@") for tag in tags.plus_addresses for field in ("To", "Cc", "Delivered-To")
        ]
        keys += [("HEADER List-Id", "mentorup"), *(("SUBJECT", tag) for tag in tags.subjects)]
        ascii_keys = [f"{key} {arguments.quoted(value, 'a tag')}" for key, value in keys if value.isascii()]
        found.update(self._session.search(arguments.any_of(ascii_keys), doing))
        for key, value in keys:
            if key == "SUBJECT" and not value.isascii():
                found.update(self._search_words(value, doing))
        return tuple(found)

    def _search_words(self, subject: str, doing: str) -> tuple[int, ...]:
        try:
            return self._session.search_text("SUBJECT", subject, doing)
        except Refused:  # BADCHARSET: it can't search beyond ASCII; what arrives later is compared here
            return ()

    def _search_flags(self, state: Selected, tags: Tags) -> tuple[int, ...]:
        """UIDs by keyword, and by label where the server has labels."""
        doing = f"looking for tagged mail in {state.folder}"
        found: set[int] = set()
        if tags.keywords and self._searches_keywords:
            try:
                keys = [f"KEYWORD {arguments.keyword(each)}" for each in tags.keywords]
                found.update(self._session.search(arguments.any_of(keys), doing))
            except Refused:  # servers that keep no keywords may answer BAD (I13); asked once a connection
                self._searches_keywords = False
        if tags.gmail_labels and _LABELS in self._session.capabilities:
            labels = [
                f"X-GM-LABELS {arguments.quoted(each, 'a label')}" for each in tags.gmail_labels if each.isascii()
            ]
            if labels:
                found.update(self._session.search(arguments.any_of(labels), doing))
        return tuple(found)

    def _new_and_retagged(
        self, state: Selected, cursor: FolderCursor, reader: _Reader
    ) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """UIDs of new messages, and of older ones whose tag may be new; by one search where the server can do that."""
        keywords = reader.tags.keywords if self._searches_keywords and not reader.whole else ()
        came = range(cursor.uidnext, state.uidnext)
        few = bool(state.uidnext) and len(came) <= arguments.UIDS_PER_COMMAND  # then nobody has to search for them
        if few and came and cursor.modseq and state.modseq == cursor.modseq + 1:
            return tuple(came), ()  # each change takes a sequence number of its own: the only one was the arrival
        changed = bool(state.modseq and cursor.modseq) and state.modseq != cursor.modseq
        if not (changed and keywords) or _LABELS in self._session.capabilities:
            return self._uids_from(state, cursor.uidnext), self._retagged(state, cursor, reader)
        tagged = arguments.any_of([f"KEYWORD {arguments.keyword(each)}" for each in keywords])
        criteria = f"MODSEQ {cursor.modseq + 1} {tagged}"
        if not few:
            criteria = f"OR UID {cursor.uidnext}:* ({criteria})"
        try:
            found = self._session.search(criteria, f"looking for new and tagged mail in {state.folder}")
        except Refused:
            return self._uids_from(state, cursor.uidnext), self._retagged(state, cursor, reader)
        # n:* gives the last one even when it is below n (I07): looked at for nothing, then, as one that is known
        new = tuple(came) if few else tuple(uid for uid in found if uid >= cursor.uidnext)
        return new, tuple(uid for uid in found if uid < cursor.uidnext)

    def _retagged(self, state: Selected, cursor: FolderCursor, reader: _Reader) -> tuple[int, ...]:
        """Older messages that carry a tag, as far as the server can't say that it is an old one."""
        if reader.whole:
            return ()  # what comes into such a folder comes with a new UID
        changed: tuple[int, ...] | None = None
        if state.modseq and cursor.modseq:
            if state.modseq == cursor.modseq:
                return ()
            changed = self._changed_since(state, cursor)
        candidates = self._search_flags(state, reader.tags)
        if changed is not None and _LABELS not in self._session.capabilities:
            candidates = tuple(set(candidates) & set(changed))  # Gmail doesn't count labels as changes
        return tuple(uid for uid in candidates if uid < cursor.uidnext)

    def _changed_since(self, state: Selected, cursor: FolderCursor) -> tuple[int, ...] | None:
        """UIDs of messages that changed after the cursor (RFC 7162 3.1.5), None when the server can't say."""
        try:
            return self._session.search(f"MODSEQ {cursor.modseq + 1}", f"looking for changes in {state.folder}")
        except Refused:
            return None

    def _told(self, state: Selected, uids: Iterable[int], reader: _Reader) -> tuple[Arrived, ...]:
        """These messages by their headers, in order of UID; those that are gone by now are left out."""
        items = [HEADERS, "RFC822.SIZE", *self._marks]
        told: list[Arrived] = []
        for batch in arguments.batches(uids):
            told += self._told_batch(state, batch, items, reader)
        return tuple(told)

    def _told_batch(self, state: Selected, batch: list[int], items: list[str], reader: _Reader) -> list[Arrived]:
        """One batch; when its answer can't be understood, halved until the message that is to blame stands alone."""
        try:
            self._session.ensure_open(state.folder)
            answers = self._session.fetch(batch, items, f"reading headers in {state.folder}")
        except Garbled as problem:
            if len(batch) == 1:
                return [Arrived(batch[0], MessageHeaders(), 0, problem=str(problem))]
            middle = len(batch) // 2
            return [
                *self._told_batch(state, batch[:middle], items, reader),
                *self._told_batch(state, batch[middle:], items, reader),
            ]
        return [reader.read(uid, answers[uid]) for uid in batch if _part(answers.get(uid, {}), b"BODY[") is not None]


@dataclass(frozen=True, slots=True)
class _Reader:
    """Makes a value of what the server says about a message, and says which tags it carries."""

    tags: Tags
    whole: bool

    def read(self, uid: int, answer: dict[bytes, Any]) -> Arrived:
        headers = parse_headers(_part(answer, b"BODY[") or b"")
        return Arrived(uid, headers, int(answer.get(b"RFC822.SIZE") or 0), self.marked(answer))

    def marked(self, answer: dict[bytes, Any]) -> tuple[str, ...]:
        """The tags outside of it."""
        flags = {_text(each) for each in answer.get(b"FLAGS") or ()}
        labels = {_text(each) for each in answer.get(b"X-GM-LABELS") or ()}
        return tuple(self._sources(flags, labels))

    def concerns(self, message: Arrived) -> bool:
        """True when it is a note of ours, carries a tag, or seems to: whose plus-address it is stays open here."""
        headers = message.headers
        return bool(message.tagged or message.problem or headers.ours or message_tags(headers, self.tags, None))

    def _sources(self, flags: set[str], labels: set[str]) -> Iterable[str]:
        if not flags.isdisjoint(each.lower() for each in self.tags.keywords):
            yield "keyword"
        if self.whole:
            yield "folder"
        if not labels.isdisjoint(each.lower() for each in self.tags.gmail_labels):
            yield "gmail_label"


def message_id_of(answer: dict[bytes, Any]) -> str:
    """The Message-ID in a FETCH answer, with its angle brackets; "" when there is none."""
    return parse_headers(_part(answer, b"BODY[") or b"").message_id


def _part(answer: dict[bytes, Any], prefix: bytes) -> bytes | None:
    """A body part of a FETCH answer; servers write its name in their own order and case."""
    for name, value in answer.items():
        if name.upper().startswith(prefix):
            return value if isinstance(value, bytes) else str(value or "").encode()
    return None


def _text(flag: Any) -> str:
    return flag.decode("utf-8", "replace").lower() if isinstance(flag, bytes) else str(flag).lower()
