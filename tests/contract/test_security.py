"""What others can get at: nothing secret in log, traceback, `ps`, core dump or backup, and nothing over old TLS."""

from __future__ import annotations

import os
import signal
import ssl
import stat
import subprocess
import sys
import tarfile
import warnings
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from mentorup_daemon.calendars import CalDavAccount, Calendars
from mentorup_daemon.calendars.wire import BoundedSession, families
from mentorup_daemon.errors import MentorUpError, Unavailable
from mentorup_daemon.mailbox.session import Session
from mentorup_daemon.oauth import browser
from tests.servers.fake_http import FakeHttp, Reply, serve
from tests.servers.fake_imap import FakeImap, Line
from tests.servers.imap import UMLAUT_PASSWORD, UMLAUT_USER, Mailserver
from tests.servers.oauth import Browser, Gate, OAuthServer
from tests.servers.process import ALWAYS, cli, command, daemon, log, until
from tests.servers.world import World


def of_process(pid: int) -> str:
    """What `ps` shows of a process and of all that it has started."""
    shown = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return shown + "".join(of_process(int(child)) for child in children)


def all_bytes(archive: Path) -> bytes:
    """Everything in a backup, unpacked."""
    with tarfile.open(archive) as opened:
        return b"".join(file.read() for member in opened if (file := opened.extractfile(member)) is not None)


@pytest.mark.debian
def test_i7_no_secret_is_in_log_traceback_ps_or_backup(
    dovecot: Mailserver, gate: Gate, oauth_server: OAuthServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    world = World(replace(dovecot, username=UMLAUT_USER, password=UMLAUT_PASSWORD), gate.behind, tmp_path)
    token = tmp_path / "token"
    first = browser.log_in(oauth_server.client(gate.user), lambda _page: None, open_page=Browser().open, patience=30)
    token.write_text(str(first["refresh_token"]))
    oauth = oauth_server.config({"file": str(token)}, tmp_path / "of-the-client")
    calendar = gate.behind.calendar_url.replace(gate.behind.url, gate.url)
    world.changes["caldav"] = {"url": gate.url, "username": gate.user, "password": None, "oauth": oauth}
    world.changes["caldav"] |= {"calendars": [calendar], "poll_interval": "1s"}
    world.changes["imap"] = {"password": {"command": ["cat", str(tmp_path / "password")]}, "poll_interval": "1s"}
    world.changes |= {"owner": ALWAYS, "log": {"level": "debug", "format": "json"}}
    with daemon(world) as process:
        until(lambda: len(gate.passed) > 3 and world.folder("INBOX"), 60)
        shown = of_process(process.pid)
        process.send_signal(signal.SIGABRT)  # as the watchdog does: the traceback of every thread
        process.wait(20)
    assert "mentorup_daemon" in shown
    assert "Fatal Python error: Aborted" in log(world)
    assert cli(world, "backup", str(tmp_path / "backup.tar.gz")).returncode == 0
    checked = cli(world, "check")
    secrets = [UMLAUT_PASSWORD, token.read_text().strip(), str(first["refresh_token"])]
    secrets += [(tmp_path / "of-the-client").read_text(), *{sent.removeprefix("Bearer ") for sent in gate.passed}]
    assert len(secrets) >= 5
    for place in (shown, log(world), checked.stdout + checked.stderr):
        assert [secret for secret in secrets if secret in place] == []
    kept = all_bytes(tmp_path / "backup.tar.gz")
    assert [secret for secret in secrets if secret.encode() in kept] == []


def test_i7_the_process_leaves_no_core_dump_and_lets_no_debugger_in() -> None:
    program = """
import resource, sys
from mentorup_daemon.cli import main
sys.argv = ["mentorup", "--version"]
try:
    main()
except SystemExit:
    import ctypes
    print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_CORE))  # PR_GET_DUMPABLE
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "0 (0, 0)"


def test_i7_files_are_0600_and_directories_0700_whatever_the_umask(
    light_world: World, oauth_server: OAuthServer, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    light_world.changes = {"owner": ALWAYS, "store": {"url": ""}}
    light_world.write(
        "#feedback\n\nSlow down.", to="sam@example.org", sender="ana@example.org", subject="Talk #feedback"
    )
    environ = {**os.environ, "HOME": str(home), "XDG_STATE_HOME": str(home / "state"), "TZ": "Europe/Berlin"}
    environ.pop("XDG_CONFIG_HOME", None)

    def wide_open(*arguments: str) -> None:
        """A command under a umask that keeps nothing from anyone."""
        given = ["sh", "-c", 'umask 000; exec "$@"', "sh", *arguments]
        done = subprocess.run(given, env=environ, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr

    mail, dav = light_world.mail, light_world.dav
    flags = ["--name", "Sam Rivera", "--email", "sam@example.org", "--imap-host", mail.host, "--imap-security", "none"]
    flags += ["--imap-port", str(mail.port), "--imap-username", mail.username, "--caldav-url", dav.url]
    flags += ["--imap-password-file", str(tmp_path / "password"), "--caldav-username", dav.username]
    flags += ["--caldav-password-file", str(tmp_path / "dav-password")]
    light_world.config()  # writes the password files
    program = [sys.executable, "-m", "mentorup_daemon"]
    wide_open(*program, "init", "--yes", *flags)
    wide_open(*command(light_world, "run", "--once"))
    wide_open(*command(light_world, "backup", str(home / "backup.tar.gz")))
    made = [path for path in home.rglob("*") if not path.is_symlink()]
    names = {path.name for path in made}
    assert {"config.toml", "mentorup.db", "mentorup.lock", "mail", "backup.tar.gz"} <= names
    assert any(name.endswith(".eml") for name in names)
    wrong = [
        f"{path}: {stat.S_IMODE(path.stat().st_mode):o}"
        for path in made
        if stat.S_IMODE(path.stat().st_mode) != (0o700 if path.is_dir() else 0o600)
    ]
    assert wrong == []


# A hostile server


@pytest.mark.parametrize(
    "declared",
    [
        '<!ENTITY x SYSTEM "file:///etc/passwd">',
        '<!ENTITY x SYSTEM "http://127.0.0.1:9/">',
        '<!ENTITY a "aaaaaaaaaa">' + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in pairwise("abcdefghijx")),
    ],
)
def test_i7_xml_of_a_hostile_server_reads_no_file_and_grows_into_nothing(fake_http: FakeHttp, declared: str) -> None:
    calendar = "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype><d:displayname>&x;</d:displayname>"
    found = f"<d:propstat><d:prop>{calendar}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>"
    spaces = 'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"'
    body = f"<d:multistatus {spaces}><d:response><d:href>/cal/</d:href>{found}</d:response></d:multistatus>"
    fake_http.script = lambda _seen: Reply(207, f"<!DOCTYPE d [{declared}]>{body}", {"Content-Type": "application/xml"})
    with Calendars(CalDavAccount(f"{fake_http.url}cal/", "sam", lambda: "secret", timeout=10)) as door:
        try:
            names = "".join(info.name for info in door.discover())
        except MentorUpError as error:
            names = str(error)
    assert "root:" not in names
    assert len(names) < 1000
    assert fake_http.requests


# TLS


def old_and_new(
    server_tls: tuple[ssl.SSLContext, dict[str, str]], certificates: Path
) -> list[tuple[bool, ssl.SSLContext]]:
    """Contexts of servers that know TLS 1.2, and nothing newer than 1.1; whether they are to be spoken to."""
    made = []
    for wanted, newest in ((True, ssl.TLSVersion.TLSv1_2), (False, ssl.TLSVersion.TLSv1_1)):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates / "cert.pem", certificates / "key.pem")
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's, about versions this old
            context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, newest
        made.append((wanted, context))
    return made


@pytest.mark.debian
def test_i7_calendars_and_tokens_go_over_tls_1_2_or_newer_only(
    server_tls: tuple[ssl.SSLContext, dict[str, str]], certificates: Path
) -> None:
    for wanted, context in old_and_new(server_tls, certificates):
        fake = FakeHttp()
        stop = serve(fake, tls=context)
        session = BoundedSession(limit=1000, timeout=10, ca_file=str(certificates / "ca.pem"))
        try:
            if wanted:
                assert session.get(fake.url).status_code == 404
            else:
                with pytest.raises(Unavailable, match="no TLS connection"), families("127.0.0.1"):
                    session.get(fake.url)
            assert bool(fake.requests) is wanted
        finally:
            session.close()
            stop()


@pytest.mark.debian
def test_i7_mail_goes_over_tls_1_2_or_newer_only(
    server_tls: tuple[ssl.SSLContext, dict[str, str]], certificates: Path
) -> None:
    _, settings = server_tls
    for wanted, context in old_and_new(server_tls, certificates):
        heard: list[bool] = []

        def greet(line: Line, heard: list[bool] = heard) -> None:
            heard.append(True)
            line.send("* BYE not now")
            line.wait_for_hang_up()

        with FakeImap(greet, tls=context) as server, pytest.raises(Unavailable) as told:
            Session(server.account(**settings, host="localhost")).connect()
        assert bool(heard) is wanted
        assert ("no TLS could be agreed on" in str(told.value)) is not wanted
