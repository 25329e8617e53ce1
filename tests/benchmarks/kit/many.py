"""A process with many accounts, which says what it costs at each number of them: `python -m tests.benchmarks.kit.many`.

What it is to do comes as JSON on its standard input, what it has measured goes as a line of JSON for each number of
accounts to its standard output. As `accounts` it holds each mailbox in IDLE by the listener of a fleet's process, and
makes passes as a worker does: the config is read, the account opened, tended, and closed, so each pass logs in anew.
As `sockets` it holds bare TLS sockets in IDLE, and a pass is a login that opens the inbox; nothing of ours is imported.
"""

from __future__ import annotations

import gc
import itertools
import json
import os
import re
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_PATIENCE = 600.0  # seconds for all connections to stand
_THREADS = 12  # as in a listener of a fleet
_WARM = 20  # passes at the least that aren't counted


def main(given: dict[str, Any]) -> None:
    """Does what `given` says: kind, sizes, sample, idle (seconds), config, port, ca_file, password."""
    held = {"accounts": _Accounts, "sockets": _Sockets}[given["kind"]](given)
    for size in given["sizes"]:
        held.grow(size)
        sample = [size * number // min(size, given["sample"]) for number in range(min(size, given["sample"]))]
        for number in itertools.islice(itertools.cycle(sample), max(_WARM, len(sample) * 2)):
            held.go_over(number)
        gc.collect()
        memory = _resident()
        spent = time.process_time()
        time.sleep(given["idle"])
        idle = time.process_time() - spent
        passes = [_timed(lambda number=number: held.go_over(number)) for number in sample]
        wall, cpu = zip(*passes, strict=True)
        print(json.dumps({"size": size, "memory": memory, "idle": idle, "wall": wall, "cpu": cpu}), flush=True)
    os._exit(0)  # a thousand goodbyes are not what is measured


class _Accounts:
    def __init__(self, given: dict[str, Any]) -> None:
        from mentorup_daemon import logs
        from mentorup_daemon.letters.templates import Templates
        from mentorup_daemon.mailbox.idle import Listener
        from mentorup_daemon.store.engine import open_engine

        logs.configure("error")
        self._config = given["config"]
        self._engine = open_engine(given["store"])
        self._templates = Templates(None)
        self._size = 0
        self._standing = threading.Semaphore(0)
        self._listener = Listener(lambda _name: None, self._on_state, workers=_THREADS)
        self._listener.start()
        self._warm_up()

    def _warm_up(self) -> None:
        """Every thread has worked once: what each takes for itself is the process's, not an account's."""
        from mentorup_daemon.service.doors import imap_account

        door = imap_account(self._settings(0))
        for number in range(_THREADS * 3):
            self._listener.watch(f"warm {number}", door, "INBOX", 540)
        for number in range(_THREADS * 3):
            assert self._standing.acquire(timeout=_PATIENCE)
            self._listener.unwatch(f"warm {number}")

    def _on_state(self, _name: str, state: Any) -> None:
        assert state.standing == "listening", state.text
        self._standing.release()

    def grow(self, size: int) -> None:
        """Up to so many accounts, each with records of its own and a mailbox that is listened to."""
        from mentorup_daemon.service.doors import imap_account

        new = range(self._size, size)
        for number in new:
            settings = self._settings(number)
            self._listener.watch(str(number), imap_account(settings), "INBOX", 540)
        for _ in new:
            assert self._standing.acquire(timeout=_PATIENCE)
        for number in new:
            self.go_over(number)
        self._size = size

    def _settings(self, number: int) -> Any:
        from mentorup_daemon.config import parse

        return parse(self._config.replace("ACCOUNT", f"account{number}"), "the config")

    def go_over(self, number: int) -> None:
        """One pass over one account."""
        from mentorup_daemon.service.account import account_of
        from mentorup_daemon.service.tend import tend
        from mentorup_daemon.store.account import Store
        from tests.benchmarks.kit.events import NOW
        from tests.benchmarks.kit.ours import LATER

        store = Store(self._engine, Path(), f"account{number}")
        store.first_start(NOW)
        account = account_of(self._settings(number), store, self._templates)
        try:
            done = tend(account, LATER)
            assert not done.failures, done.failures
        finally:
            account.mailbox.close()
            if account.calendars is not None:
                account.calendars.close()


class _Sockets:
    def __init__(self, given: dict[str, Any]) -> None:
        self._port, self._password = given["port"], given["password"]
        self._context = ssl.create_default_context(cafile=given["ca_file"])
        self._held: list[ssl.SSLSocket] = []

    def grow(self, size: int) -> None:
        """Up to so many sockets in IDLE."""
        for number in range(len(self._held), size):
            line = self._logged_in(number)
            line.sendall(b"i IDLE\r\n")
            _read(line, rb"^\+ ")
            self._held.append(line)

    def go_over(self, number: int) -> None:
        """A login that opens the inbox, and a goodbye."""
        line = self._logged_in(number)
        line.sendall(b"o LOGOUT\r\n")
        _read(line, rb"^o OK")
        line.close()

    def _logged_in(self, number: int) -> ssl.SSLSocket:
        plain = socket.create_connection(("localhost", self._port), timeout=_PATIENCE)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line = self._context.wrap_socket(plain, server_hostname="localhost")
        _read(line, rb"^\* OK")
        for tag, command in ((b"l", f"LOGIN account{number} {self._password}"), (b"e", "EXAMINE INBOX")):
            line.sendall(tag + b" " + command.encode() + b"\r\n")
            _read(line, rb"^" + tag + rb" OK")
        return line


def _read(line: ssl.SSLSocket, until: bytes) -> None:
    octets = b""
    while not re.search(until + rb".*\r\n", octets, re.MULTILINE):
        more = line.recv(4096)
        assert more, octets
        octets += more


def _timed(work: Callable[[], None]) -> tuple[float, float]:
    """Milliseconds of wall time and of processor time."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return (time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000


def _resident() -> int:
    """KB."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


if __name__ == "__main__":
    main(json.load(sys.stdin))
