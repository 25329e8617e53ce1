"""Cyrus for the tests: mail and calendars from one server, one process for the whole run, a fresh user for every test.

It runs as an ordinary user from where `.ci/cyrus` has unpacked it, in a directory and on ports of its own. Whom it lets
in, it asks the way it asks saslauthd: at a socket, where a thread of ours says yes to PASSWORD. What is written isn't
synced to the disk, for nobody needs it after the run.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from imapclient import IMAPClient

from mentorup_daemon.demo.radicale import answers, free_port
from tests.conftest import missing
from tests.servers.caldav import CalDavServer
from tests.servers.imap import Mailserver

PASSWORD = "secret"
_ROOTS = (Path("/opt/cyrus-for-tests"), Path("/"))
_PROGRAMS = ("usr/sbin/cyrmaster", "usr/lib/cyrus/bin/imapd", "usr/lib/cyrus/bin/httpd")

_IMAPD_CONF = """
configdirectory: {directory}/conf
partition-default: {directory}/spool
defaultpartition: default
proc_path: {directory}/proc
mboxname_lockpath: {directory}/lock
sievedir: {directory}/sieve
temp_path: {directory}/temp
idlesocket: {directory}/run/idle
notifysocket: {directory}/run/notify
cyrus_user: {user}
servername: localhost
virtdomains: off
unixhierarchysep: yes
altnamespace: yes
allowplaintext: yes
sasl_pwcheck_method: saslauthd
sasl_saslauthd_path: {directory}/run/mux
sasl_mech_list: PLAIN LOGIN
autocreate_quota: 0
httpmodules: caldav
caldav_allowscheduling: on
caldav_realm: tests
skiplist_unsafe: yes
failedloginpause: 0
"""

_CYRUS_CONF = """
START {{
  recover cmd="{bin}/ctl_cyrusdb -C {directory}/imapd.conf -r"
}}
SERVICES {{
  imap cmd="{bin}/imapd -C {directory}/imapd.conf" listen="127.0.0.1:{imap}" proto="tcp4" prefork=1
  http cmd="{bin}/httpd -C {directory}/imapd.conf" listen="127.0.0.1:{http}" proto="tcp4" prefork=1
}}
DAEMON {{
  idled cmd="{bin}/idled -C {directory}/imapd.conf"
}}
"""


class Cyrus:
    """One Cyrus; any user name with PASSWORD is let in, and has a mailbox after the first login to IMAP."""

    def __init__(self, root: Path, directory: Path) -> None:
        self.root = root
        self.directory = directory
        self.imap_port, self.http_port = free_port(), free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._logins = socket.socket(socket.AF_UNIX)

    def start(self) -> None:
        """Start it in the foreground."""
        owner = pwd.getpwnam("mail") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        programs = self.root / "usr/lib/cyrus/bin"
        for name in ("conf/socket", "spool", "proc", "lock", "sieve", "temp", "run"):
            (self.directory / name).mkdir(parents=True, exist_ok=True)
        facts = {
            "directory": self.directory,
            "bin": programs,
            "imap": self.imap_port,
            "http": self.http_port,
            "user": owner.pw_name,
        }
        (self.directory / "imapd.conf").write_text(_IMAPD_CONF.format(**facts))
        (self.directory / "cyrus.conf").write_text(_CYRUS_CONF.format(**facts))
        self._logins.bind(str(self.directory / "run/mux"))
        self._logins.listen(50)
        threading.Thread(target=self._let_in, daemon=True).start()
        for place, directories, files in os.walk(self.directory):
            for name in ("", *directories, *files):
                os.chown(Path(place) / name, owner.pw_uid, owner.pw_gid)
        command = ["setpriv", "--pdeathsig", "TERM"]  # for a run that is killed, as its process group isn't ours
        command += [self.root / "usr/sbin/cyrmaster", "-D", "-C", self.directory / "imapd.conf"]
        command += ["-M", self.directory / "cyrus.conf", "-p", self.directory / "run/master.pid"]
        libraries = next((self.root / "usr/lib").glob("*/libcyrus_min.so.0")).parent
        as_whom = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": ()} if os.geteuid() == 0 else {}
        with (self.directory / "log").open("wb") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "LD_LIBRARY_PATH": str(libraries), "CYRUS_USER": owner.pw_name},
                start_new_session=True,  # it ends by a signal to its whole process group, which is not to be ours
                **as_whom,
            )
        for port in (self.imap_port, self.http_port):
            if not answers(port, self._process):
                pytest.fail(f"Cyrus doesn't start: {(self.directory / 'log').read_text()}")

    def stop(self) -> None:
        """End it, with all its sessions."""
        self._logins.close()
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            process.wait(15)

    def signal(self, number: int) -> None:
        """Send a signal to the master and all its sessions."""
        if self._process is not None:
            os.killpg(self._process.pid, number)

    def _let_in(self) -> None:
        """Answers as saslauthd does: user, password, service and realm come in, each after its length."""
        while True:
            try:
                asker, _ = self._logins.accept()
            except OSError:
                return
            with asker, asker.makefile("rb") as questions:
                _user, password, _service, _realm = (
                    questions.read(*struct.unpack("!H", questions.read(2))) for _ in range(4)
                )
                answer = b"OK" if password == PASSWORD.encode() else b"NO"
                asker.sendall(struct.pack("!H", len(answer)) + answer)


def cyrus_root() -> Path | None:
    """Where Cyrus is unpacked or installed; None when it is nowhere."""
    return next((root for root in _ROOTS if all((root / program).exists() for program in _PROGRAMS)), None)


@contextlib.contextmanager
def running_cyrus(root: Path, kept: Path | None = None) -> Iterator[Cyrus]:
    """A Cyrus; its directory goes with it. `kept` holds a copy of `conf` and `spool` to begin with."""
    directory = Path(tempfile.mkdtemp(prefix="mu-"))  # not under pytest's own, as for Dovecot
    directory.chmod(0o755)
    if kept is not None:
        shutil.copytree(kept, directory, dirs_exist_ok=True)
    server = Cyrus(root, directory)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)


def on_cyrus(process: Cyrus, user: str) -> Mailserver:
    """This user's mail on a Cyrus."""
    port = process.imap_port
    with IMAPClient("127.0.0.1", port, ssl=False, timeout=20) as client:
        client.login(user, PASSWORD)  # which makes the mailbox
    return Mailserver("cyrus", "127.0.0.1", port, "none", user, PASSWORD, "", port)


def dav_on_cyrus(process: Cyrus, user: str) -> CalDavServer:
    """The calendars of the same user, who has a mailbox already."""
    url = f"http://127.0.0.1:{process.http_port}/"
    home = f"{url}dav/calendars/user/{user}/"
    return CalDavServer("cyrus", url, user, PASSWORD, f"{url}dav/principals/user/{user}/", home)


@pytest.fixture(scope="session")
def cyrus_process() -> Iterator[Cyrus]:
    root = cyrus_root()
    if root is None:
        missing("Cyrus is missing: run .ci/cyrus as root")
    with running_cyrus(root) as server:
        yield server


@pytest.fixture
def cyrus(cyrus_process: Cyrus) -> Mailserver:
    """A new user's mail on Cyrus."""
    return on_cyrus(cyrus_process, f"u{uuid.uuid4().hex[:10]}")


@pytest.fixture
def cyrus_dav(cyrus: Mailserver, cyrus_process: Cyrus) -> CalDavServer:
    """The calendars of the same user, one named Work beside the default one."""
    server = dav_on_cyrus(cyrus_process, cyrus.username)
    server.signal = cyrus_process.signal
    server.calendar_url = server.make_calendar("Work")
    return server
