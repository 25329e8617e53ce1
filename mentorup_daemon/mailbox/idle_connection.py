"""One folder held in IDLE (RFC 2177): enter, hear what came, enter again.

Promises that nothing the server said is lost between two commands. What came is read by ending IDLE: the answer to DONE
holds all of it, an end of file and half a line show up there as errors (I01, I06), and a frozen server as a timeout
(I04). The hard thing is what is said while IDLE begins (I02): before the server's `+`, which the library takes for an
error, or in one packet behind it, which then lies in a buffer where no selector sees it. Both need a look inside the
library; where there is nothing to look at, the next renewal still brings it.
"""

from __future__ import annotations

import contextlib
import imaplib
import re
import socket
import threading
from typing import Any

from mentorup_daemon.errors import Unavailable
from mentorup_daemon.mailbox.account import ImapAccount
from mentorup_daemon.mailbox.folders import Folders
from mentorup_daemon.mailbox.session import Session

_CHANGES = frozenset({b"EXISTS", b"EXPUNGE", b"FETCH"})  # FETCH: flags, and so tags
_CHANGE_LINE = re.compile(rb"\* (?:\d+ (?:EXISTS|EXPUNGE|FETCH)|VANISHED)\b")
_MOST_BEFORE_PLUS = 1_000  # lines; a server that says more won't come to the point
_GOODBYE = 1.0  # seconds


class IdleConnection:
    """A connection of its own that waits for changes in one folder; any thread may call `leave` and `interrupt`."""

    def __init__(self, account: ImapAccount, folder: str) -> None:
        self._session = Session(account)
        self._folder = folder
        self._idling = False
        self._leaving = threading.Lock()  # when stopping, the loop and a worker may both see to it

    def open(self) -> bool:
        """Connect, and open the folder for reading. False when the server knows no IDLE."""
        if "IDLE" not in self._session.capabilities:
            return False
        Folders(self._session).open(self._folder)
        return True

    def enter(self) -> bool:
        """Begin IDLE; True when there are changes already."""
        with self._session.speaking(f"beginning to wait for mail in {self._folder}") as client:
            changed = _begin(client)
            self._idling = True
            return _unread(client) or changed

    def hear(self) -> bool:
        """End IDLE; True when something changed during it.

        Raises:
            Unavailable: the server has said goodbye, gone, or doesn't answer.
        """
        with self._session.speaking(f"waiting for mail in {self._folder}") as client:
            self._idling = False
            _, responses = client.idle_done()
            client._imap.untagged_responses.clear()  # noqa: SLF001 - the library keeps every one of them until SELECT
        for response in responses:
            if response[:1] == (b"BYE",):
                self._session.drop()
                raise Unavailable(f"{self._session.account.where} has said goodbye")
        return any(
            (response[1:2] and response[1] in _CHANGES) or response[:1] == (b"VANISHED",) for response in responses
        )

    @property
    def socket(self) -> socket.socket:
        """What a selector can wait on between `enter` and `hear`."""
        found = self._session.socket
        if found is None:
            raise Unavailable(f"{self._session.account.where}: the connection is gone")
        return found

    def leave(self) -> None:
        """End IDLE and say LOGOUT, within about two seconds. Never raises."""
        with self._leaving:
            if self._idling and self._session.socket is not None:
                self._idling = False
                patience = min(1.0, _GOODBYE / self._session.account.timeout)
                with contextlib.suppress(Unavailable), self._session.speaking("leaving", patience=patience) as client:
                    client.idle_done()
            self._session.close(_GOODBYE)

    def interrupt(self) -> None:
        """Make whatever another thread does on this connection fail now."""
        self._session.interrupt()


def _begin(client: Any) -> bool:
    """IDLE until the `+`; True when a change was told before it, as Outlook does."""
    try:
        client.idle()
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as problem:
        said = re.match(r"Unexpected IDLE response: b['\"](.*)['\"]\Z", str(problem), re.DOTALL)
        if said is None or not said[1].startswith("* "):
            raise
        return _read_on(client) or bool(_CHANGE_LINE.match(said[1].encode()))
    return False


def _read_on(client: Any) -> bool:
    imap, changed = client._imap, False  # noqa: SLF001 - the library stops at the first line that isn't the +
    for _ in range(_MOST_BEFORE_PLUS):
        line = imap._get_response()  # noqa: SLF001
        if line is None:
            return changed
        if not line.startswith(b"* "):
            raise ValueError(f"{line[:100]!r} in place of the + of IDLE")
        changed = changed or bool(_CHANGE_LINE.match(line))
    raise ValueError("no + of IDLE")


def _unread(client: Any) -> bool:
    """True when something lies read but unseen in the library's buffer, or decrypted in the TLS layer."""
    sock = client.socket()
    buffered = getattr(client._imap, "_readbuf", None)  # noqa: SLF001 - Python 3.14 reads by itself
    if buffered is None:
        timeout = sock.gettimeout()
        sock.settimeout(0)
        try:
            buffered = client._imap.file.peek(1)  # noqa: SLF001 - up to Python 3.13 a BufferedReader
        except OSError:  # TLS has nothing whole to give
            buffered = b""
        finally:
            sock.settimeout(timeout)
    return bool(buffered) or (hasattr(sock, "pending") and sock.pending() > 0)
