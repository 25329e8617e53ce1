"""The mailbox of one account, as everything above this room sees it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Self

from mentorup_daemon.mailbox.account import ImapAccount
from mentorup_daemon.mailbox.folders import Folders, SpecialFolders
from mentorup_daemon.mailbox.incoming import LARGEST, Arrived, FolderChanges, FolderCursor, Incoming
from mentorup_daemon.mailbox.outgoing import Outgoing, Placed
from mentorup_daemon.mailbox.session import Session
from mentorup_daemon.records import Tags


class Mailbox:
    """One connection to one IMAP account, made when first needed, and made again by the call after a failure.

    A context manager that says LOGOUT on every way out. Not thread-safe. FOLDER is a name as configured, with `/`
    between its parts. Every method may raise:

    NoSuchFolder: a folder is missing; named, with those that there are.
    ConfigError: a setting can't go into IMAP, or something may not be done on this server.
    CredentialsError: the server refused username or password.
    Unavailable: it can't be reached, answers wrongly, refuses, or took longer than the account's timeout.
    """

    def __init__(self, account: ImapAccount) -> None:
        self._session = Session(account)
        self._folders = Folders(self._session)
        self._incoming = Incoming(self._session, self._folders)
        self._outgoing = Outgoing(self._session, self._folders, self._incoming)

    def connect(self) -> None:
        """Connect and log in now."""
        self._session.connect()

    def close(self) -> None:
        """LOGOUT, if there is a connection. Never raises; may be called twice."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def capabilities(self) -> frozenset[str]:
        """The server's capabilities after login, upper case."""
        return self._session.capabilities

    def keeps_keywords(self, folder: str) -> bool:
        """Whether a keyword of ours set in `folder` stays (PERMANENTFLAGS)."""
        return self._outgoing.keeps_keywords(folder)

    def special_folders(self) -> SpecialFolders:
        """Drafts and Sent: as configured, else by SPECIAL-USE, else by the usual names. Drafts is made if missing."""
        account = self._session.account
        return self._folders.special(account.drafts, account.sent)

    def ensure_folder(self, name: str) -> None:
        """Make the folder and subscribe to it, unless it is there."""
        self._folders.ensure(name)

    def changes(self, folder: str, cursor: FolderCursor | None, tags: Tags, *, whole: bool = False) -> FolderChanges:
        """What is new in `folder` since `cursor` (None: never looked at), by headers only; see FolderChanges.

        At first sight only what is tagged and notes of ours are looked at. `whole`: all that is in it counts as tagged.
        """
        return self._incoming.changes(folder, cursor, tags, whole=whole)

    def standing(self, folders: Iterable[str]) -> Mapping[str, FolderCursor]:
        """Where these folders, Drafts and Sent stand, by one command; nothing has happened where that is the cursor.

        Left out is a folder that isn't there, the one that stands open, and all of them where the server can't tell
        (RFC 5819). When Drafts or Sent turns out to be gone, `special_folders` looks for both anew.
        """
        return self._incoming.standing(folders)

    def look_at(
        self,
        folder: str,
        uidvalidity: int,
        uids: Iterable[int],
        tags: Tags,
        *,
        whole: bool = False,
    ) -> tuple[Arrived, ...] | None:
        """These messages as their headers and flags tell now; those that are gone are left out.

        None when the folder has another UIDVALIDITY, so that the UIDs say nothing (RFC 3501 2.3.1.1), or is gone.
        """
        return self._incoming.look_at(folder, uidvalidity, uids, tags, whole=whole)

    def still_tagged(
        self, folder: str, uidvalidity: int, uids: Collection[int], tags: Tags, *, whole: bool = False
    ) -> Mapping[int, bool] | None:
        """Of these messages, those that are there, and whether they carry a tag outside of them; by their flags alone.

        None as for `look_at`. To be asked after `changes`: a folder that still stands open isn't opened anew.
        """
        return self._incoming.still_tagged(folder, uidvalidity, uids, tags, whole=whole)

    def fetch(self, folder: str, uid: int, *, limit: int = LARGEST, size: int = 0) -> bytes:
        """The whole message, not marked read. `size`, in bytes, needn't be asked for where it is known.

        Raises:
            Malformed: it is gone, empty, larger than `limit` bytes, or the server can't deliver it.
        """
        return self._incoming.fetch(folder, uid, limit, size)

    def find(self, folder: str, message_id: str, *, since: FolderCursor | None = None) -> tuple[int, ...]:
        """UIDs of the messages in `folder` with exactly this Message-ID (with its angle brackets).

        `since`: only among what has come since then, unless the folder was made anew (UIDVALIDITY) in between.
        """
        return self._incoming.find(folder, message_id, since)

    def find_anywhere(self, message_id: str) -> str:
        """The name of a folder, any folder, that holds a message with exactly this Message-ID; "" when none does.

        Asks every folder: for what must be certain after a crash, not for every day.
        """
        return self._incoming.find_anywhere(message_id)

    def mark_filed(self, folder: str, uids: Iterable[int]) -> bool:
        """Set the keyword $MentorFiled; False, and nothing done, where the server or the folder keeps none."""
        return self._outgoing.mark_filed(folder, uids)

    def unmark_filed(self, folder: str, uids: Iterable[int]) -> bool:
        """Take the keyword $MentorFiled away; False, and nothing done, where the server or the folder keeps none."""
        return self._outgoing.unmark_filed(folder, uids)

    def append(self, folder: str, raw: bytes, *, flags: Sequence[str] = (), at: datetime | None = None) -> Placed:
        """Add a message; unseen unless `flags` say otherwise. `at` (aware) becomes its INTERNALDATE, else now.

        Raises:
            Uncertain: the connection was lost before the answer: look with `find` before doing it again.
        """
        return self._outgoing.append(folder, raw, flags, at)

    def remove(self, folder: str, uid: int, *, message_id: str) -> bool:
        """Remove the message if it has this Message-ID; False when it hasn't, or is gone.

        Without UIDPLUS, and with deleted mail of others around, it is only flagged as deleted.
        """
        return self._outgoing.remove(folder, uid, message_id)
