"""A tap on the wire: a TCP relay on loopback that counts bytes, requests and commands, and notes when EXISTS goes by.

Times are taken without it, counts with it: a relay costs a little on each packet. It understands just as much of HTTP
and IMAP as counting takes: where a request begins, and where a command is answered.
"""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

_REQUEST = re.compile(rb"^([A-Z]+) \S+ HTTP/1\.1\r?$", re.MULTILINE)
_COMMAND = re.compile(rb"^[A-Za-z0-9]+ (?:UID )?([A-Z]+)", re.MULTILINE)
_ANSWERED = re.compile(rb"^[A-Za-z0-9]+ (?:OK|NO|BAD)\b", re.MULTILINE)
_EXISTS = re.compile(rb"^\* \d+ EXISTS\r?$", re.MULTILINE)


@dataclass(slots=True)
class Traffic:
    """What has gone by. Bytes of the payload, both directions; `requests` by HTTP method, `commands` answered."""

    up: int = 0
    down: int = 0
    requests: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    answered: int = 0
    exists_at: list[float] = field(default_factory=list)

    @property
    def bytes(self) -> int:
        return self.up + self.down


class Tap:
    """A relay to a port on loopback; `port` is where to connect instead, `traffic` what went by since `reset`."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.traffic = Traffic()
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def reset(self) -> None:
        """Begin to count anew."""
        self.traffic = Traffic()

    def close(self) -> None:
        for each in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                return
            self._sockets += [near, far]
            for each in (near, far):
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._relay, args=(near, far, self._up), daemon=True).start()
            threading.Thread(target=self._relay, args=(far, near, self._down), daemon=True).start()

    def _relay(self, source: socket.socket, sink: socket.socket, count: object) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 18):
                count(data)  # type: ignore[operator]
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def _up(self, data: bytes) -> None:
        self.traffic.up += len(data)
        self.traffic.requests += [method.decode() for method in _REQUEST.findall(data)]
        if not self.traffic.requests:
            self.traffic.commands += [name.decode() for name in _COMMAND.findall(data)]

    def _down(self, data: bytes) -> None:
        if _EXISTS.search(data):
            self.traffic.exists_at.append(time.monotonic())
        self.traffic.down += len(data)
        self.traffic.answered += len(_ANSWERED.findall(data))


@contextlib.contextmanager
def tapped(port: int) -> Iterator[Tap]:
    """A tap in front of a port on loopback."""
    tap = Tap(port)
    try:
        yield tap
    finally:
        tap.close()
