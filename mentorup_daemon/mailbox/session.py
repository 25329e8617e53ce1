"""One connection to one IMAP account: connect, log in, select, and errors in our families.

Promises: no credentials before TLS (loopback aside); every read has a timeout; after anything but a clean answer the
connection is given up, and the next use makes a new one (I05, I06); LOGOUT whenever it can still be said. Not
thread-safe (I16). Folder names are text with the server's own separators here; the modified UTF-7 of RFC 3501 5.1.3
is put on and taken off in this room, name by name, because the library gives up on a whole LIST for one bad name (I15).
"""

from __future__ import annotations

import contextlib
import functools
import imaplib
import logging
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imapclient import IMAPClient, SocketTimeout, imap_utf7

from mentorup_daemon.errors import ConfigError, MentorUpError
from mentorup_daemon.mailbox import arguments
from mentorup_daemon.mailbox.account import ImapAccount
from mentorup_daemon.mailbox.failures import LIBRARY, Refused, told, told_connecting
from mentorup_daemon.mailbox.login import TokenRefused, log_in, upper
from mentorup_daemon.records.hosts import is_loopback

SEARCH_PATIENCE = 4.0  # times the timeout: a search through headers that aren't indexed reads every mail
_GOODBYE = 2.0  # seconds for LOGOUT
_KEEP_ALIVE = {"TCP_KEEPIDLE": 120, "TCP_KEEPINTVL": 30, "TCP_KEEPCNT": 4}

# The library logs the whole protocol at debug level, people's headers included.
logging.getLogger("imapclient").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Selected:
    """What the server said when a folder was opened. 0 where it said nothing; `modseq` 0: no CONDSTORE here."""

    folder: str
    writable: bool
    exists: int
    uidvalidity: int
    uidnext: int
    modseq: int
    permanent_flags: frozenset[str]

    def keeps(self, keyword: str) -> bool:
        """True when this keyword can be set here and stays (RFC 9051 7.1, PERMANENTFLAGS)."""
        return self.writable and ("\\*" in self.permanent_flags or keyword.lower() in self.permanent_flags)


class Session:
    """A connection that is made when it is first needed, and made again after it was lost."""

    def __init__(self, account: ImapAccount) -> None:
        self.account = account
        self.selected: Selected | None = None
        self.connections = 0  # made so far: what was learned over one needn't hold for the next
        self._client: Any = None
        self._capabilities: frozenset[str] = frozenset()

    @property
    def capabilities(self) -> frozenset[str]:
        """What the server can do after login, upper case. Connects."""
        self.connect()
        return self._capabilities

    @property
    def socket(self) -> socket.socket | None:
        """What the connection runs over, for waiting on; None while there is no connection."""
        return None if self._client is None else self._client.socket()

    def connect(self) -> None:
        """Connect and log in, unless that has been done.

        Raises:
            ConfigError: security, ca_file or the password can't be as configured.
            CredentialsError: the server refused them.
            Unavailable: it can't be reached, or not now.
        """
        if self._client is None:
            self._client = _open(self.account)
            self.connections += 1
            try:
                try:
                    log_in(self._client, self.account)
                except TokenRefused as refused:
                    self._again(refused)
                with self.speaking("asking what it can do") as client:
                    self._capabilities = upper(client.capabilities())
                    if {"ENABLE", "CONDSTORE"} <= self._capabilities:
                        client.enable("CONDSTORE")  # before SELECT, or no HIGHESTMODSEQ comes (I11)
            except BaseException:
                self.close()
                raise

    def _again(self, refused: TokenRefused) -> None:
        """Once more, over a new connection, if there is a newer access token than the one that was refused."""
        self.close()
        token = refused.renewed()
        self._client = _open(self.account)
        log_in(self._client, self.account, token)

    @contextlib.contextmanager
    def speaking(self, doing: str, *, patience: float = 1.0) -> Iterator[Any]:
        """The library's client, for a command or two; `doing` says in an error what was being done.

        `patience` stretches the read timeout. Keep the block to the commands: what the library raises in it, any
        ValueError included, is taken for a bad answer.
        """
        self.connect()
        client = self._client
        hurry(client.socket(), self.account.timeout * patience)
        try:
            yield client
        except MentorUpError:
            raise
        except LIBRARY as problem:
            error = told(problem, self.account, doing)
            if not isinstance(error, Refused):
                self.drop()
            raise error from problem
        except BaseException:
            self.drop()  # interrupted in the middle of an answer
            raise

    def open(self, folder: str, *, writable: bool = False) -> Selected:
        """Select `folder` anew, so that its numbers are of now: EXAMINE unless `writable` (no \\Recent is lost).

        A folder that can't be written is opened for reading; look at `writable`. Raises Refused when it isn't there.
        """
        self.selected = None
        with self.speaking(f"opening the folder {folder}") as client:
            try:
                answer = client.select_folder(encoded(folder), readonly=not writable)
            except imaplib.IMAP4.readonly:
                writable = False
                answer = client.select_folder(encoded(folder), readonly=True)
            permanent = (flag.decode("ascii", "replace").lower() for flag in answer.get(b"PERMANENTFLAGS", ()))
            self.selected = Selected(
                folder,
                writable and b"READ-ONLY" not in answer,
                int(answer.get(b"EXISTS", 0)),
                int(answer.get(b"UIDVALIDITY", 0)),
                int(answer.get(b"UIDNEXT", 0)),
                int(answer.get(b"HIGHESTMODSEQ", 0)),
                frozenset(permanent),
            )
        return self.selected

    def ensure_open(self, folder: str, *, writable: bool = False) -> Selected:
        """`folder`, selected already or now."""
        now = self.selected
        if now is not None and now.folder == folder and (now.writable or not writable):
            return now
        return self.open(folder, writable=writable)

    def search(self, criteria: str, doing: str) -> tuple[int, ...]:
        """UIDs in the open folder that fit `criteria`: ASCII, every value in it quoted by `arguments`."""
        with self.speaking(doing, patience=SEARCH_PATIENCE) as client:
            # The library's own call takes no `(MODSEQ 7)` that stands alone, as Cyrus says it when nothing fits.
            lines = client._raw_command_untagged(b"SEARCH", [criteria.encode("ascii")])  # noqa: SLF001
            return tuple(sorted(int(uid) for line in lines for uid in (line or b"").partition(b"(")[0].split()))

    def search_text(self, field: str, value: str, doing: str) -> tuple[int, ...]:
        """The same for one value that isn't ASCII, as a literal in UTF-8. Raises Refused where that isn't known."""
        with self.speaking(doing, patience=SEARCH_PATIENCE) as client:
            return tuple(sorted(int(uid) for uid in client.search([field, arguments.plain(value, field)], "UTF-8")))

    def fetch(self, uids: list[int], items: list[str], doing: str) -> dict[int, dict[bytes, Any]]:
        """What the server has of `items` for each of `uids` that is still there; one bounded batch (I08)."""
        with self.speaking(doing) as client:
            return dict(client.fetch(uids, items))

    def drop(self) -> None:
        """Give the connection up without a word: it can't be trusted any more."""
        client, self._client, self.selected = self._client, None, None
        if client is not None:
            with contextlib.suppress(*LIBRARY):
                client.shutdown()

    def close(self, patience: float = _GOODBYE) -> None:
        """LOGOUT and close, within about `patience` seconds. Never raises."""
        client, self._client, self.selected = self._client, None, None
        if client is None:
            return
        try:
            hurry(client.socket(), min(patience, self.account.timeout))
            client.logout()
        except LIBRARY:
            with contextlib.suppress(*LIBRARY):
                client.shutdown()

    def interrupt(self) -> None:
        """End whatever another thread is waiting for on this connection. The one call that may come from elsewhere."""
        client = self._client
        if client is not None:
            with contextlib.suppress(OSError):
                # socket's own method: TLS sockets would forget their state under the reading thread's feet.
                socket.socket.shutdown(client.socket(), socket.SHUT_RDWR)


def encoded(folder: str) -> bytes:
    """A folder's name as it goes over the wire."""
    return bytes(imap_utf7.encode(arguments.plain(folder, "a folder's name")))


def hurry(sock: socket.socket, timeout: float) -> None:
    """Set the read timeout, and have answers acknowledged at once where that can be (I24; it wears off: each time)."""
    sock.settimeout(timeout)
    quick = getattr(socket, "TCP_QUICKACK", None)
    if quick is not None:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, quick, 1)


def tls_context(ca_file: str) -> ssl.SSLContext:
    """The shared context for this CA file, or for the system's CAs when empty: TLS 1.2 or newer, names verified."""
    try:
        changed = Path(ca_file).stat().st_mtime_ns if ca_file else 0
        return _tls_context(ca_file, changed)
    except (OSError, ValueError) as problem:
        raise ConfigError(f"[imap] ca_file {ca_file!r} can't be used: {problem}") from problem


@functools.lru_cache(maxsize=64)  # a fleet's accounts may have private CAs of their own
def _tls_context(ca_file: str, _changed: int) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca_file or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _open(account: ImapAccount) -> Any:
    """A client that is connected, and encrypted as configured, but not logged in."""
    if account.security == "none" and not is_loopback(account.host):
        raise ConfigError(
            f'[imap] security = "none" is for loopback addresses only, and {account.host} is none: use "tls"'
        )
    context = None if account.security == "none" else tls_context(account.ca_file)
    host = arguments.plain(account.host, "[imap] host")
    timeout = SocketTimeout(account.timeout, account.timeout)
    client = None
    try:
        client = IMAPClient(host, account.port, ssl=account.security == "tls", ssl_context=context, timeout=timeout)
        client.folder_encode = False
        _keep_alive(client.socket())
        if account.security == "starttls":
            _start_tls(client, account, context)
        elif account.security == "none" and not is_loopback(client.socket().getpeername()[0]):
            raise ConfigError(f'[imap] {account.host} is not on this machine, so security = "none" can\'t be used')
    except LIBRARY as problem:
        _hang_up(client)
        raise told_connecting(problem, account) from problem
    except MentorUpError:
        _hang_up(client)
        raise
    return client


def _start_tls(client: Any, account: ImapAccount, context: ssl.SSLContext | None) -> None:
    if not client.has_capability("STARTTLS"):
        raise ConfigError(
            f'{account.where} offers no STARTTLS: set security = "tls" and its port (mostly 993) in [imap]'
        )
    client.starttls(context)  # the library starts a new buffer: what was said before TLS is gone


def _hang_up(client: Any) -> None:
    if client is not None:
        with contextlib.suppress(*LIBRARY):
            client.shutdown()


def _keep_alive(sock: socket.socket) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEP_ALIVE.items():
        if hasattr(socket, name):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
