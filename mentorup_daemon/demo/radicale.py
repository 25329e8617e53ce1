"""Radicale, a CalDAV server from PyPI, as a process of its own on a free loopback port.

It serves the demo and the tests. Radicale is under the GPL, so it is started with this Python (`-m radicale`) and never
imported. The one hard thing is the port: it is free when it is chosen and may be taken a moment later, so a server that
dies while starting is tried again on another one. It is ended by its own process, never by name.
"""

from __future__ import annotations

import importlib.util
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from mentorup_daemon.errors import ConfigError, Unavailable

_STARTS = 3  # ports tried
_PATIENCE = 15.0  # seconds until it must answer, and the longest it may take to end

_CONFIG = """\
[server]
hosts = 127.0.0.1:{port}
[auth]
type = htpasswd
htpasswd_filename = {directory}/users
htpasswd_encryption = plain
delay = 0
[rights]
type = owner_only
[storage]
filesystem_folder = {directory}/collections
[web]
type = none
[reporting]
max_freebusy_occurrence = 1000000
max_expand_occurrence = 1000000
[logging]
level = warning
"""  # [reporting]: with its defaults any report that touches more than 10,000 events is answered 400


class Radicale:
    """One Radicale on loopback: `users` are name to password, its files live in `directory`.

    A context manager; `url` is its root (`http://127.0.0.1:PORT/`) once it has started. `start` raises `ConfigError`
    when Radicale isn't installed and `Unavailable` when it doesn't come up.
    """

    def __init__(self, directory: Path, users: Mapping[str, str]) -> None:
        self._directory = directory.resolve()
        self._users = dict(users)
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def start(self) -> None:
        """Start it and wait until it accepts connections."""
        if importlib.util.find_spec("radicale") is None:
            raise ConfigError("Radicale isn't installed: pip install 'mentorup-daemon[demo]'")
        self._directory.mkdir(parents=True, exist_ok=True)
        users = self._directory / "users"
        users.touch(mode=0o600)
        users.write_text("".join(f"{name}:{password}\n" for name, password in self._users.items()), "utf-8")
        for _ in range(_STARTS):
            if self._started():
                return
        raise Unavailable(f"Radicale doesn't start; its log is {self._directory / 'log'}")

    def _started(self) -> bool:
        port = free_port()
        config = self._directory / "config"
        config.write_text(_CONFIG.format(port=port, directory=self._directory), "utf-8")
        command = [sys.executable, "-m", "radicale", "--config", str(config)]
        with (self._directory / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        if answers(port, self._process):
            self.url = f"http://127.0.0.1:{port}/"
            return True
        self.stop()
        return False

    def stop(self) -> None:
        """End it: asked first, killed when it doesn't listen. Does nothing when it isn't running."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def free_port() -> int:
    """A loopback TCP port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int, process: subprocess.Popen[bytes], patience: float = _PATIENCE) -> bool:
    """Wait until `process` accepts connections on loopback; False when it ends or `patience` seconds have passed."""
    end = time.monotonic() + patience
    while process.poll() is None and time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.03)
        else:
            return True
    return False
