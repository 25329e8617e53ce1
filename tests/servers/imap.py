"""IMAP servers for the tests: pymap and Dovecot, one of each for the whole run, a fresh mailbox for every test.

What a test puts into a mailbox or looks up in it goes over the bare library, so that nothing that is tested is used to
test it.
"""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import pytest
from imapclient import IMAPClient

from mentorup_daemon.demo.imap_server import ImapServer
from mentorup_daemon.demo.radicale import answers, free_port
from mentorup_daemon.mailbox import ImapAccount
from tests.conftest import require_debian

PASSWORD = "secret"
LOOK_ONLY, NO_FLAGS = "Shared/Minutes", "Shared/Archive"  # folders that everyone may only read, or only add to
UMLAUT_USER, UMLAUT_PASSWORD = "ute", "pässwörd €"

_DOVECOT = """
base_dir = {directory}/run
state_dir = {directory}/state
instance_name = mentorup-tests
protocols = imap
mail_plugins = acl quota
listen = 127.0.0.1
log_path = {directory}/log
ssl = yes
ssl_cert = <{directory}/cert.pem
ssl_key = <{directory}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login {sasl}
auth_cache_size = 0
auth_failure_delay = 0
mail_location = maildir:~/Maildir
mail_uid = {uid}
mail_gid = {gid}
first_valid_uid = 1
first_valid_gid = 1
mail_max_userip_connections = 200
imap_idle_notify_interval = 2 mins
{unprivileged}
{tokens}
passdb {{
  driver = passwd-file
  args = {directory}/users
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = passwd-file
  args = {directory}/limits
  default_fields = uid={uid} gid={gid} home={directory}/mail/%u
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={directory}/mail/%u allow_all_users=yes
}}
plugin {{
  acl = vfile:{directory}/rights
  quota = count:User quota
  quota_vsizes = yes
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Vorlagen {{
    special_use = \\Drafts
  }}
  mailbox Ausgang {{
    special_use = \\Sent
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {tls}
    ssl = yes
  }}
  {no_chroot}
}}
service anvil {{
  {no_chroot}
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""
_TOKENS = """passdb {{
  driver = oauth2
  mechanisms = {sasl}
  args = {directory}/oauth2
}}"""
CROWD = """
mail_max_userip_connections = 1000
service auth {
  client_limit = 8000
}
service anvil {
  client_limit = 8000
}
service imap-login {
  service_count = 0
  process_min_avail = 2
  process_limit = 8
  client_limit = 4000
}
service imap {
  client_limit = 100
  service_count = 0
  process_limit = 100
}
"""
"""Settings for thousands of sessions: each process serves many, as on a busy server. An IDLE that has a process of its
own needs one of the user's inotify instances, of which there are 128 on most machines; without one, mail is told
up to 30 s late. Those that stand in one process stand still together: not for tests that stop or kick sessions.
"""
_LOOKED_UP = """
introspection_mode = post
introspection_url = {url}
username_attribute = username
active_attribute = active
active_value = true
"""

_UNPRIVILEGED = "default_internal_user = {user}\ndefault_login_user = {user}\ndefault_internal_group = {group}\n"


@dataclass(frozen=True, slots=True)
class Mailserver:
    """One user's mailbox on one server."""

    name: str
    host: str
    port: int
    security: Literal["tls", "starttls", "none"]
    username: str
    password: str
    ca_file: str
    plain_port: int
    dovecot: Dovecot | None = None

    @contextlib.contextmanager
    def client(self) -> Iterator[Any]:
        """The bare library, logged in over plain text."""
        with IMAPClient("127.0.0.1", self.plain_port, ssl=False, timeout=20) as client:
            client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client.plain_login(self.username, self.password)
            yield client

    def deliver(self, raw: bytes, folder: str = "INBOX", flags: Sequence[str] = ()) -> int:
        """Put a message into a folder (made when missing); returns its UID."""
        with self.client() as client:
            if folder != "INBOX" and not client.folder_exists(folder):
                client.create_folder(folder)
            answer = client.append(folder, raw, flags)
        found = re.search(rb"APPENDUID \d+ (\d+)", answer)
        assert found, answer
        return int(found[1])

    def deliver_all(self, raws: Sequence[bytes]) -> None:
        """Put many messages into the inbox by one command (RFC 3502); the library's own has a blank too many."""
        literals = b"".join(b" {%d+}\r\n%b" % (len(raw), raw) for raw in raws)
        with self.client() as client:
            tag = client._imap._new_tag()
            client._imap.send(tag + b" APPEND INBOX" + literals + b"\r\n")
            answer = client._imap._command_complete("APPEND", tag)
        assert answer[0] == "OK", answer

    def messages(self, folder: str = "INBOX") -> list[tuple[int, frozenset[str], bytes]]:
        """UID, flags (without \\Recent) and bytes of every message in a folder, in order."""
        with self.client() as client:
            client.select_folder(folder, readonly=True)
            answers = client.fetch(client.search("ALL"), ["FLAGS", "BODY.PEEK[]"])
        answers = {uid: each for uid, each in answers.items() if each.get(b"BODY[]") is not None}  # NIL: just removed
        flags = {uid: frozenset(flag.decode() for flag in each[b"FLAGS"]) for uid, each in answers.items()}
        return [(uid, flags[uid] - {"\\Recent"}, answers[uid][b"BODY[]"]) for uid in sorted(answers)]

    def flag(self, uid: int, flag: str, folder: str = "INBOX", *, add: bool = True) -> None:
        """Set or take away a flag."""
        with self.client() as client:
            client.select_folder(folder)
            (client.add_flags if add else client.remove_flags)([uid], [flag])

    def folders(self) -> set[str]:
        """The names of all folders."""
        with self.client() as client:
            return {name for _, _, name in client.list_folders()}

    def account(self, **changes: Any) -> ImapAccount:
        """How the door is told of it."""
        secret = self.password
        account = ImapAccount(
            self.host, self.port, self.security, self.username, lambda: secret, ca_file=self.ca_file, timeout=10.0
        )
        return replace(account, **changes)


class Dovecot:
    """One Dovecot with its own directory and ports; any user name with PASSWORD is let in.

    With `sasl`, names of mechanisms, access tokens are taken as well, and looked up at `introspection`. `settings` are
    lines of its config beside ours.
    """

    def __init__(
        self, directory: Path, certificates: Path, sasl: str = "", introspection: str = "", settings: str = ""
    ) -> None:
        self.directory = directory
        self.certificates = certificates
        self.sasl, self.introspection, self.settings = sasl, introspection, settings
        self.plain_port, self.tls_port = 0, 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def config(self) -> Path:
        return self.directory / "dovecot.conf"

    def start(self) -> None:
        """Start it in the foreground, on the ports it had before or on free ones."""
        self.plain_port, self.tls_port = self.plain_port or free_port(), self.tls_port or free_port()
        root = os.geteuid() == 0
        owner = pwd.getpwnam("mail") if root else pwd.getpwuid(os.geteuid())
        for name in ("mail", "state", "run"):
            (self.directory / name).mkdir(exist_ok=True)
        if root:
            os.chown(self.directory / "mail", owner.pw_uid, owner.pw_gid)
        for name in ("cert.pem", "key.pem"):
            shutil.copy(self.certificates / name, self.directory)
        users = self.directory / "users"
        users.write_text(f"{UMLAUT_USER}:{{PLAIN}}{UMLAUT_PASSWORD}\n", "utf-8")
        users.chmod(0o644)
        (self.directory / "rights").write_text(f"{LOOK_ONLY} owner lr\n{NO_FLAGS} owner lri\n")
        self.limit()
        unprivileged = (
            "" if root else _UNPRIVILEGED.format(user=owner.pw_name, group=grp.getgrgid(owner.pw_gid).gr_name)
        )
        (self.directory / "oauth2").write_text(_LOOKED_UP.format(url=self.introspection))
        text = _DOVECOT.format(
            directory=self.directory,
            sasl=self.sasl,
            tokens=_TOKENS.format(sasl=self.sasl, directory=self.directory) if self.sasl else "",
            uid=owner.pw_uid,
            gid=owner.pw_gid,
            plain=self.plain_port,
            tls=self.tls_port,
            password=PASSWORD,
            unprivileged=unprivileged,
            no_chroot="" if root else "chroot =",
        )
        self.config.write_text(text + self.settings, "utf-8")
        command = [shutil.which("dovecot", path=_SBIN) or "dovecot", "-F", "-c", str(self.config)]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        if not answers(self.plain_port, self._process):
            log = self.directory / "log"
            pytest.fail(f"Dovecot doesn't start: {log.read_text() if log.exists() else ''}")

    def stop(self) -> None:
        """End it, with all its sessions."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            process.wait(15)

    def session_pids(self, user: str) -> list[int]:
        """The server's processes that serve this user now."""
        shown = self._doveadm("who", "-1")
        return [int(line.split()[2]) for line in shown.splitlines()[1:] if line.split()[0] == user]

    def limit(self, user: str = "", **settings: str) -> None:
        """Give one user settings of its own, such as `quota_rule`, from its next login on; all others none."""
        fields = " ".join(f"userdb_{name}={value}" for name, value in settings.items())
        limits = self.directory / "limits"
        limits.write_text(f"{user}:::::::{fields}\n" if user else "")
        limits.chmod(0o644)
        if user:
            time.sleep(1.1)  # Dovecot looks at the file once a second at most

    def drop(self, user: str, folder: str, raw: bytes) -> None:
        """Put a message into a folder behind the server's back, whatever the rights there."""
        directory = self.directory / "mail" / user / "Maildir" / ("." + folder.replace("/", ".")) / "new"
        path = directory / f"{time.time_ns()}.test"
        path.write_bytes(raw)
        os.chown(path, directory.stat().st_uid, directory.stat().st_gid)

    def kick(self, user: str) -> None:
        """End this user's sessions, and wait until they have ended."""
        serving = self.session_pids(user)
        self._doveadm("kick", user)
        end = time.monotonic() + 10
        while any(Path(f"/proc/{pid}").exists() for pid in serving) and time.monotonic() < end:
            time.sleep(0.02)

    @contextlib.contextmanager
    def frozen(self, user: str) -> Iterator[None]:
        """This user's sessions stand still, their connections open."""
        pids = self.session_pids(user)
        assert pids, f"no session of {user}"
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def _doveadm(self, *arguments: str, limit: float = 20) -> str:
        command = [shutil.which("doveadm", path=_SBIN) or "doveadm", "-c", str(self.config), *arguments]
        return subprocess.run(command, check=False, capture_output=True, text=True, timeout=limit).stdout


_SBIN = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    require_debian("openssl", "openssl")
    return make_certificates(tmp_path_factory.mktemp("certificates"))


def make_certificates(directory: Path) -> Path:
    """A private CA (ca.pem) and a certificate of its for localhost and 127.0.0.1 (cert.pem, key.pem)."""
    (directory / "extensions").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True)

    new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *new_key, "-days", "30", "-subj", "/CN=Test CA", "-keyout", "ca.key", "-out", "ca.pem",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign")  # fmt: skip
    openssl("req", *new_key, "-subj", "/CN=localhost", "-keyout", "key.pem", "-out", "request.pem")
    openssl("x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30",
            "-extfile", "extensions", "-out", "cert.pem")  # fmt: skip
    return directory


@pytest.fixture(scope="session")
def server_tls(certificates: Path) -> tuple[ssl.SSLContext, dict[str, str]]:
    """For a scripted server: its TLS context, and what an account of it needs beside."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "cert.pem", certificates / "key.pem")
    return context, {"security": "tls", "ca_file": str(certificates / "ca.pem")}


@pytest.fixture(scope="session")
def dovecot_process(certificates: Path) -> Iterator[Dovecot]:
    with running_dovecot(certificates) as server:
        yield server


@contextlib.contextmanager
def running_dovecot(
    certificates: Path, sasl: str = "", introspection: str = "", settings: str = ""
) -> Iterator[Dovecot]:
    """A Dovecot with what `Dovecot` takes, ended and cleared away afterwards."""
    require_debian("dovecot", "dovecot-imapd")
    # Not under pytest's own directory: that is closed to the user that Dovecot reads mail as, and its path is too long
    # for the sockets in it.
    directory = Path(tempfile.mkdtemp(prefix="mu-"))
    directory.chmod(0o755)
    server = Dovecot(directory, certificates, sasl, introspection, settings)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def pymap_process() -> Iterator[ImapServer]:
    with ImapServer("sam@example.org", PASSWORD) as server:
        yield server


@pytest.fixture
def pymap(pymap_process: ImapServer) -> Mailserver:
    """pymap's one mailbox, emptied: no keywords, no CONDSTORE, no SPECIAL-USE."""
    port = pymap_process.port
    server = Mailserver("pymap", "127.0.0.1", port, "none", pymap_process.user, PASSWORD, "", port)
    with server.client() as client:
        for attributes, _, name in client.list_folders():
            if name != "INBOX" and b"\\Noselect" not in attributes:
                client.delete_folder(name)
        client.select_folder("INBOX")
        client.delete_messages(client.search("ALL"), silent=True)
        client.expunge()
    return server


@pytest.fixture
def dovecot(dovecot_process: Dovecot) -> Mailserver:
    """A new user on Dovecot, over plain text."""
    return on_dovecot(dovecot_process, f"u{uuid.uuid4().hex[:10]}")


def on_dovecot(process: Dovecot, user: str) -> Mailserver:
    """This user of a Dovecot, over plain text."""
    port = process.plain_port
    return Mailserver("dovecot", "127.0.0.1", port, "none", user, PASSWORD, "", port, process)


@pytest.fixture
def dovecot_tls(dovecot: Mailserver, dovecot_process: Dovecot, certificates: Path) -> Mailserver:
    """A new user on Dovecot, over TLS, with a certificate of a private CA."""
    ca_file = str(certificates / "ca.pem")
    return replace(
        dovecot, name="dovecot-tls", host="localhost", port=dovecot_process.tls_port, security="tls", ca_file=ca_file
    )


@pytest.fixture(
    params=[
        "pymap",
        pytest.param("dovecot", marks=pytest.mark.debian),
        pytest.param("dovecot_tls", marks=pytest.mark.debian),
        pytest.param("cyrus", marks=pytest.mark.debian),
    ]
)
def imap_server(request: pytest.FixtureRequest) -> Mailserver:
    """The same test on each server."""
    server: Mailserver = request.getfixturevalue(request.param)
    return server
