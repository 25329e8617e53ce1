"""pymap, an IMAP server from PyPI, as a process of its own on a free loopback port, its one mailbox in memory.

It serves the demo and the tests. It keeps no keywords and knows no SPECIAL-USE or CONDSTORE: whoever gets along with
it gets along without them. The user's name and password go in through a pipe, so that `ps` shows neither. It is ended
by its own process, never by name.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
from types import TracebackType
from typing import Self

from mentorup_daemon.demo.radicale import answers, free_port
from mentorup_daemon.errors import ConfigError, Unavailable

_STARTS = 3  # ports tried: one is free when it is chosen, and may be taken a moment later
_PATIENCE = 15.0  # seconds it may take to come up, and to end
_RUN = "import json, sys; sys.argv[1:] = json.load(sys.stdin); from pymap.main import main; sys.exit(main())"


class ImapServer:
    """One pymap on loopback with one user, without TLS. A context manager; `port` holds once it has started."""

    def __init__(self, user: str, password: str) -> None:
        self.user = user
        self.password = password
        self.host = "127.0.0.1"
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it accepts connections.

        Raises:
            ConfigError: pymap isn't installed.
            Unavailable: it doesn't come up; the text ends with what it said.
        """
        if importlib.util.find_spec("pymap") is None:
            raise ConfigError("pymap isn't installed: pip install 'mentorup-daemon[demo]'")
        said = ""
        for _ in range(_STARTS):
            said = self._said_until_up(free_port())
            if self._process is not None:
                return
        raise Unavailable(f"the IMAP server pymap doesn't start: {said}")

    def _said_until_up(self, port: int) -> str:
        """Start it on `port`; what it said when that came to nothing."""
        options = ["--host", self.host, "--port", str(port), "--no-tls", "dict"]
        options += [f"--demo-user={self.user}", f"--demo-password={self.password}"]
        with tempfile.TemporaryFile() as log:
            process = subprocess.Popen([sys.executable, "-c", _RUN], stdin=subprocess.PIPE, stdout=log, stderr=log)
            self._process = process  # at once, so that `stop` ends it whatever comes next
            if process.stdin is not None:
                process.stdin.write(json.dumps(options).encode())
                process.stdin.close()
            if answers(port, process, _PATIENCE):
                self.port = port
                return ""
            self.stop()
            log.seek(0)
            return log.read().decode("utf-8", "replace")[-500:].strip()

    def stop(self) -> None:
        """End it, and its mailbox with it. Does nothing when it isn't running."""
        process, self._process = self._process, None
        if process is not None:
            _end(process)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
