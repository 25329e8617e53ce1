"""What we put into a folder, mark there, and take back: ours only.

Promises: a message is appended at most once a call, and a connection that dies before the answer is `Uncertain`, never
tried again here (I21); only a message with the Message-ID that the caller names is removed; nobody's mail is marked
read or expunged along with ours (I17).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from mentorup_daemon.errors import ConfigError, Malformed, Unavailable, Uncertain
from mentorup_daemon.mailbox import arguments
from mentorup_daemon.mailbox.failures import Refused
from mentorup_daemon.mailbox.folders import Folders
from mentorup_daemon.mailbox.incoming import PASSING, Incoming, message_id_of
from mentorup_daemon.mailbox.session import Selected, Session, encoded
from mentorup_daemon.replies.headers import parse_headers

FILED = "$MentorFiled"
_APPENDED = re.compile(rb"\[APPENDUID (\d+) (\d+)\]", re.IGNORECASE)  # RFC 4315 3


@dataclass(frozen=True, slots=True)
class Placed:
    """Where an appended message lies. `uid` is None, and `uidvalidity` 0, when the server can't be made to tell."""

    folder: str
    uidvalidity: int
    uid: int | None


class Outgoing:
    """Writes to the folders of one account over its session."""

    def __init__(self, session: Session, folders: Folders, incoming: Incoming) -> None:
        self._session = session
        self._folders = folders
        self._incoming = incoming

    def append(self, folder: str, raw: bytes, flags: Sequence[str], at: datetime | None) -> Placed:
        """See `Mailbox.append`."""
        safe = arguments.flags(flags)
        native = self._folders.native(folder)
        self._session.connect()
        try:
            with self._session.speaking(f"adding a message to {folder}") as client:
                answer = client.append(encoded(native), raw, safe, at)
        except Refused as refusal:
            self._folders.forget_special()
            raise _not_taken(refusal, folder) from refusal
        except Unavailable as problem:
            raise Uncertain(f"{problem}; the message may be in {folder} or not") from problem
        found = _APPENDED.search(answer if isinstance(answer, bytes) else b"")
        if found:
            return Placed(folder, int(found[1]), int(found[2]))
        return self._look_for(folder, raw)

    def mark_filed(self, folder: str, uids: Iterable[int]) -> bool:
        """See `Mailbox.mark_filed`."""
        return self._set_filed(folder, uids, filed=True)

    def unmark_filed(self, folder: str, uids: Iterable[int]) -> bool:
        """See `Mailbox.unmark_filed`."""
        return self._set_filed(folder, uids, filed=False)

    def _set_filed(self, folder: str, uids: Iterable[int], *, filed: bool) -> bool:
        wanted = arguments.batches(uids)
        if not wanted:
            return True
        if not self._open_for_writing(folder).keeps(FILED):
            return False
        try:
            for batch in wanted:
                with self._session.speaking(f"marking messages in {folder}") as client:
                    (client.add_flags if filed else client.remove_flags)(batch, FILED, silent=True)
        except Refused as refusal:  # a limit on keywords, or a right that is missing: tomorrow as today
            if refusal.code in PASSING:
                raise
            return False
        return True

    def keeps_keywords(self, folder: str) -> bool:
        """See `Mailbox.keeps_keywords`."""
        return self._open_for_writing(folder).keeps(FILED)

    def remove(self, folder: str, uid: int, message_id: str) -> bool:
        """See `Mailbox.remove`."""
        if not self._open_for_writing(folder).writable:
            raise ConfigError(
                f"{folder} on {self._session.account.where} is read-only: nothing can be taken back there"
            )
        answer = self._session.fetch([uid], ["BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]"], "looking at what is to go").get(
            uid
        )
        if not answer or not message_id or message_id_of(answer) != message_id:
            return False
        alone = "UIDPLUS" in self._session.capabilities or not set(self._deleted(folder)) - {uid}
        with self._session.speaking(f"removing a message from {folder}") as client:
            client.delete_messages([uid], silent=True)
        if alone:
            self._expunge(folder, uid)
        return True

    def _expunge(self, folder: str, uid: int) -> None:
        with self._session.speaking(f"removing a message from {folder}") as client:
            if "UIDPLUS" in self._session.capabilities:
                client.uid_expunge([uid])
            else:
                client.expunge()

    def _deleted(self, folder: str) -> tuple[int, ...]:
        return self._session.search("DELETED", f"looking for deleted messages in {folder}")

    def _open_for_writing(self, folder: str) -> Selected:
        now = self._session.selected
        if now is not None and now.writable and now.folder == self._folders.native(folder):
            return now
        return self._folders.open(folder, writable=True)

    def _look_for(self, folder: str, raw: bytes) -> Placed:
        """Without UIDPLUS: by its Message-ID (I10). The message is there, so not finding it is no error."""
        try:
            found = self._incoming.find(folder, parse_headers(raw).message_id)
        except Unavailable:
            return Placed(folder, 0, None)
        state = self._session.selected
        return Placed(folder, state.uidvalidity, found[-1]) if found and state else Placed(folder, 0, None)


def _not_taken(refusal: Refused, folder: str) -> Exception:
    """What a NO to APPEND means for the owner."""
    if refusal.code == "TRYCREATE":
        return ConfigError(f"there is no folder {folder!r} to write to: {refusal}")
    if refusal.code == "OVERQUOTA":
        return Unavailable(f"the mailbox is full, so nothing can be written: {refusal}. Make room in it")
    if refusal.code == "NOPERM":
        return ConfigError(f"the account may not write to the folder {folder!r}: {refusal}. Give it the right to")
    if refusal.code == "TOOBIG":
        return Malformed(f"the server takes no message of this size: {refusal}")
    return refusal
