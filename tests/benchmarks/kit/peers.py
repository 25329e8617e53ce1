"""The programs that ours is held against: where they are, what they are configured with, and how long they take.

They are no dependencies of ours: those of Debian come by `apt-get install isync imapfilter`, those of PyPI into a
virtual environment of their own in `.peers`, by `tests/benchmarks/peers.txt`. One that is missing raises `Absent`,
which ends up in the table.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

from tests.benchmarks.kit.figures import version_told
from tests.benchmarks.kit.stage import Absent
from tests.servers.caldav import CalDavServer
from tests.servers.imap import Mailserver

PEERS = Path(__file__).parents[3] / ".peers"
_LIMIT = 900.0  # seconds for one run of a peer
_PACKAGES = {"mbsync": "isync", "imapfilter": "imapfilter"}


def program(name: str) -> str:
    """Where a peer is. Raises `Absent`."""
    found = shutil.which(name, path=f"{PEERS / 'bin'}:{os.environ.get('PATH', '')}")
    if found is None:
        how = f"apt-get install {_PACKAGES[name]}" if name in _PACKAGES else "see tests/benchmarks/peers.txt"
        raise Absent(f"{name} isn't installed ({how})")
    return found


def python() -> str:
    """The Python that has the peers that are libraries. Raises `Absent`."""
    return program(str(PEERS / "bin" / "python"))


def versions() -> list[str]:
    """What there is of them, a line each."""
    told = []
    for name in ("vdirsyncer", "khal", "mbsync"):
        try:
            told.append(version_told([program(name), "--version"]))
        except Absent as absent:
            told.append(str(absent))
    try:
        told.append(version_told([program("imapfilter"), "-V"]))
    except Absent as absent:
        told.append(str(absent))
    return told


def spent(command: list[str], *, environ: dict[str, str] | None = None, answer: str = "") -> float:
    """Milliseconds that a command takes; it has to succeed."""
    started = time.perf_counter()
    done = subprocess.run(
        command,
        input=answer,
        capture_output=True,
        text=True,
        timeout=_LIMIT,
        check=False,
        env={**os.environ, **(environ or {})},
    )
    took = (time.perf_counter() - started) * 1000
    assert done.returncode == 0, f"{command}: {done.stdout[-1000:]} {done.stderr[-1000:]}"
    return took


class Vdirsyncer:
    """One calendar kept as files; `sync` is a whole run of the program, as its timer would make it."""

    def __init__(self, directory: Path, server: CalDavServer) -> None:
        self._command = [program("vdirsyncer"), "-v", "ERROR", "-c", str(directory / "config")]
        self.files = directory / "files"
        self.files.mkdir(exist_ok=True)
        (directory / "config").write_text(
            f"""[general]
status_path = "{directory / "status"}"
[pair work]
a = "files"
b = "server"
collections = null
[storage files]
type = "filesystem"
path = "{self.files}"
fileext = ".ics"
[storage server]
type = "caldav"
url = "{server.calendar_url}"
username = "{server.username}"
password = "{server.password}"
"""
        )

    def discover(self) -> float:
        """What it wants done once. Milliseconds."""
        return spent([*self._command, "discover"], answer="y\ny\ny\n")

    def sync(self) -> float:
        """Milliseconds."""
        return spent([*self._command, "sync"])


class Khal:
    """Reads the files that vdirsyncer keeps; cold, without its own cache."""

    def __init__(self, directory: Path, files: Path) -> None:
        self._cache = directory / "khal.db"
        self._command = [program("khal"), "-c", str(directory / "khal.conf"), "list", "2026-11-30", "14d"]
        (directory / "khal.conf").write_text(
            f"""[calendars]
[[work]]
path = {files}
[sqlite]
path = {self._cache}
[locale]
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M
local_timezone = America/Los_Angeles
default_timezone = America/Los_Angeles
"""
        )

    def list_cold(self) -> float:
        """Two weeks, with nothing remembered. Milliseconds."""
        self._cache.unlink(missing_ok=True)
        return spent(self._command)


class Mbsync:
    """One folder kept as a maildir; `sync` is a whole run, pulling new mail and flags."""

    def __init__(self, directory: Path, server: Mailserver) -> None:
        (directory / "mail").mkdir(exist_ok=True)
        self._command = [program("mbsync"), "-q", "-c", str(directory / "mbsyncrc"), "inbox"]
        (directory / "mbsyncrc").write_text(
            f"""IMAPAccount there
Host 127.0.0.1
Port {server.port}
User {server.username}
Pass {server.password}
SSLType None
AuthMechs LOGIN

IMAPStore far
Account there

MaildirStore near
Path {directory}/mail/
Inbox {directory}/mail/INBOX

Channel inbox
Far :far:
Near :near:
Patterns INBOX
Create Near
Sync Pull
SyncState *
"""
        )

    def sync(self) -> float:
        """Milliseconds."""
        return spent(self._command)


class Imapfilter:
    """Looks for unread mail in the inbox, the shortest script that finds what is new."""

    def __init__(self, directory: Path, server: Mailserver) -> None:
        script = directory / "imapfilter.lua"
        script.write_text(
            f"""options.timeout = 120
options.starttls = false
options.certificates = false
options.info = false
account = IMAP {{ server = '127.0.0.1', port = {server.port}, username = '{server.username}',
  password = '{server.password}' }}
found = account.INBOX:is_unseen()
for _, message in ipairs(found) do
  mailbox, uid = table.unpack(message)
  header = mailbox[uid]:fetch_header()
end
"""
        )
        self._command = [program("imapfilter"), "-c", str(script)]
        self._home = directory

    def look(self) -> float:
        """Milliseconds."""
        return spent(self._command, environ={"HOME": str(self._home)})
