"""A scripted IMAP server: each connection is played by a function, which may do everything that a server shouldn't.

    def play(line: Line) -> None:
        line.log_in()
        tag = line.expect("SELECT|EXAMINE")
        line.send("* 3 EXISTS", f"{tag} OK done")
        line.close()

    with FakeImap(play, play_again) as server:
        ...

The first function plays the first connection, and so on; the last one plays all further ones. A script that fails, or
is told something it doesn't expect, fails the test on leaving. The client hanging up ends a script quietly.
"""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

from mentorup_daemon.mailbox import ImapAccount

CAPABILITIES = "IMAP4rev1 AUTH=PLAIN IDLE UIDPLUS"
Answer = str | bytes | Callable[["Line", str, str], None]


class HungUp(Exception):
    """The client has closed the connection."""


class Line:
    """One connection, as the server sees it. `said` holds the commands that came, without their tags."""

    def __init__(self, server: FakeImap, raw: socket.socket) -> None:
        self.server = server
        self.socket: socket.socket = raw
        self.said: list[str] = []
        self._buffer = b""

    def send(self, *lines: str | bytes) -> None:
        """Send whole lines, in one packet. A bare `TAG OK` gets the words that the standard wants behind it."""
        octets = [line.encode() if isinstance(line, str) else line for line in lines]
        self.raw(b"".join(line + (b" done" if line.endswith(b" OK") else b"") + b"\r\n" for line in octets))

    def raw(self, octets: bytes) -> None:
        """Send just these bytes."""
        try:
            self.socket.sendall(octets)
        except OSError as gone:
            raise HungUp from gone

    def read_line(self) -> str:
        """The next line from the client."""
        while b"\r\n" not in self._buffer:
            try:
                more = self.socket.recv(65536)
            except OSError as gone:
                raise HungUp from gone
            if not more:
                raise HungUp
            self._buffer += more
        line, _, self._buffer = self._buffer.partition(b"\r\n")
        return line.decode("utf-8", "replace")

    def command(self) -> tuple[str, str]:
        """The next command: its tag, and the rest of the line."""
        tag, _, rest = self.read_line().partition(" ")
        self.said.append(rest)
        return tag, rest

    def expect(self, pattern: str) -> str:
        """The next command, which has to begin with this pattern; returns its tag."""
        tag, rest = self.command()
        assert re.match(pattern, rest, re.IGNORECASE), f"expected {pattern}, got {rest}"
        return tag

    def greet(self, capabilities: str = CAPABILITIES, greeting: str = "OK ready") -> None:
        """Greet, and answer what the library asks first."""
        self.send(f"* {greeting}")
        self.capability(capabilities)

    def capability(self, capabilities: str = CAPABILITIES) -> None:
        """Answer CAPABILITY."""
        tag = self.expect("CAPABILITY")
        self.send(f"* CAPABILITY {capabilities}", f"{tag} OK")

    def log_in(self, capabilities: str = CAPABILITIES) -> None:
        """Greet and let the client in."""
        self.greet(capabilities)
        tag = self.expect("AUTHENTICATE PLAIN")
        self.send("+ ")
        self.read_line()
        self.send(f"{tag} OK [CAPABILITY {capabilities}] welcome")

    def serve(self, answers: Mapping[str, Answer]) -> None:
        """Answer commands by what they begin with (`UID FETCH`, `SELECT`); what isn't named gets OK, LOGOUT a BYE.

        An answer is the untagged lines before the OK; or the tagged one too, where it holds `{tag}`; or a function.
        """
        while True:
            tag, rest = self.command()
            for name, answer in answers.items():
                if rest.upper().startswith(name):
                    self._answer(answer, tag, rest)
                    break
            else:
                if rest.upper() == "LOGOUT":
                    self.send("* BYE", f"{tag} OK")
                    return
                self.send(f"{tag} OK")

    def _answer(self, answer: Answer, tag: str, rest: str) -> None:
        if callable(answer):
            answer(self, tag, rest)
            return
        raw = answer.encode() if isinstance(answer, str) else answer
        if b"{tag}" in raw:
            self.raw(raw.replace(b"{tag}", tag.encode()) + b"\r\n")
        else:
            self.send(*([raw] if raw else []), f"{tag} OK")

    def start_tls(self, context: ssl.SSLContext) -> None:
        """Go on encrypted."""
        try:
            self.socket = context.wrap_socket(self.socket, server_side=True)
        except OSError as gone:
            raise HungUp from gone

    def wait_for_hang_up(self) -> None:
        """Read and say nothing until the client goes."""
        while True:
            self.read_line()

    def close(self) -> None:
        """Close politely: the client reads an end of file."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def reset(self) -> None:
        """Close rudely: the client gets a connection reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


Script = Callable[[Line], None]


class FakeImap:
    """The server: `lines` are its connections so far. A context manager."""

    def __init__(self, *scripts: Script, tls: ssl.SSLContext | None = None) -> None:
        self._scripts = scripts
        self._tls = tls
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.host = "127.0.0.1"
        self.port: int = self._listening.getsockname()[1]
        self.lines: list[Line] = []
        self.failures: list[BaseException] = []
        self._threads: list[threading.Thread] = []

    def account(self, **changes: Any) -> ImapAccount:
        """How the door is told of it."""
        told: dict[str, Any] = {"security": "none", "username": "sam", "password": lambda: "secret", "timeout": 5.0}
        return ImapAccount(**{"host": self.host, "port": self.port, **told, **changes})

    def __enter__(self) -> Self:
        self._thread(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for line in list(self.lines):
            line.close()
        for thread in self._threads:
            thread.join(5)
        if error is None and self.failures:
            raise self.failures[0]

    def _thread(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                raw, _ = self._listening.accept()
            except OSError:
                return
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line = Line(self, raw)
            script = self._scripts[min(len(self.lines), len(self._scripts) - 1)]
            self.lines.append(line)
            self._thread(self._play, script, line)

    def _play(self, script: Script, line: Line) -> None:
        try:
            if self._tls is not None:
                line.start_tls(self._tls)
            script(line)
        except HungUp:
            pass
        except BaseException as failure:
            self.failures.append(failure)
        finally:
            line.close()
