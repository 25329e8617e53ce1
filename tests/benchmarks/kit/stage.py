"""The servers of one run, filled with the data of its size, each made when first asked for and all ended together.

Sizes are counts only, so that a run at a tiny size does all that a full one does. Data goes to where a server keeps it,
past its protocol, wherever that is quicker: files for Radicale and Dovecot, one commit for Xandikos.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.client
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import urljoin, urlsplit

from mentorup_daemon.demo.radicale import Radicale
from tests.benchmarks.kit import events, mails
from tests.benchmarks.kit.figures import Report, version
from tests.servers.caldav import PASSWORD, CalDavServer, on_radicale, on_xandikos, running_xandikos
from tests.servers.cyrus import cyrus_root, dav_on_cyrus, on_cyrus, running_cyrus
from tests.servers.imap import CROWD, Dovecot, Mailserver, make_certificates, on_dovecot, running_dovecot

_WORTH_KEEPING = 1_000  # events
_WRITERS = 10
_SPECIAL = {"Vorlagen", "Ausgang"}  # what the Dovecot of the tests calls Drafts and Sent
_DOVECOT = "mail_location = mdbox:~/mdbox\nmail_fsync = never\n"
"""In a maildir it reads the whole directory after each delivery, a second at 100,000 mails, whoever asks."""
_SBIN = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything. `runs` is how often each thing is measured, `sample` over how many of `accounts`."""

    events: tuple[int, ...]
    mails: tuple[int, ...]
    dav_servers: tuple[str, ...]
    runs: int
    wakes: int
    letters: int
    idle_seconds: float
    replies: int
    hostile: int
    accounts: tuple[int, ...]
    sample: int
    hosted: int


FULL = Size(
    events=(1_000, 10_000),
    mails=(1_000, 20_000, 100_000),
    dav_servers=("radicale", "xandikos", "cyrus"),
    runs=5,
    wakes=200,
    letters=2_000,
    idle_seconds=600.0,
    replies=1_000,
    hostile=1_000,
    accounts=(1, 10, 100, 1_000),
    sample=30,
    hosted=100,
)
TINY = Size(
    events=(30, 60),
    mails=(20, 40, 60),
    dav_servers=("radicale",),
    runs=1,
    wakes=2,
    letters=20,
    idle_seconds=1.0,
    replies=20,
    hostile=1,
    accounts=(1, 3),
    sample=2,
    hosted=3,
)


@dataclass(slots=True)
class Stage:
    """A context manager. What a server was asked for once stays; `Absent` is raised for a server that isn't there."""

    size: Size
    directory: Path = field(init=False)
    _exit: contextlib.ExitStack = field(default_factory=contextlib.ExitStack, init=False)
    _calendars: dict[tuple[str, int], CalDavServer] = field(default_factory=dict, init=False)
    _mailboxes: dict[int, tuple[Mailserver, int]] = field(default_factory=dict, init=False)
    _dovecot: Dovecot | None = field(default=None, init=False)
    _xandikos: str = field(default="", init=False)
    _users: Iterator[int] = field(default_factory=lambda: iter(range(10_000)), init=False)

    def __enter__(self) -> Self:
        self.directory = Path(tempfile.mkdtemp(prefix="mentorup-bench-"))
        self._exit.callback(shutil.rmtree, self.directory, ignore_errors=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._exit.close()

    def fresh(self, name: str) -> Path:
        """A new directory of this run."""
        return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.directory))

    def calendar(self, server: str, number: int) -> CalDavServer:
        """A calendar of `number` events on this server. Raises `Absent`."""
        if (server, number) not in self._calendars:
            made = {"radicale": self._on_radicale, "xandikos": self._on_xandikos, "cyrus": self._on_cyrus}
            self._calendars[server, number] = made[server](number)
        return self._calendars[server, number]

    def calendars(self, report: Report) -> Iterator[tuple[CalDavServer, int]]:
        """The calendars of every server and size, with their numbers of events; the report names what is missing."""
        for name in self.size.dav_servers:
            for number in self.size.events:
                try:
                    server = self.calendar(name, number)
                except Absent as absent:
                    report.remark(f"{name}: {absent}")
                else:
                    yield server, number

    def mailbox(self, number: int) -> tuple[Mailserver, int]:
        """A mailbox of `number` mails on Dovecot, indexed, and how many are tagged. Raises `Absent`."""
        if number not in self._mailboxes:
            self._mailboxes[number] = self._filled(number)
        return self._mailboxes[number]

    def empty_mailbox(self) -> Mailserver:
        """A new one on Dovecot. Raises `Absent`."""
        return on_dovecot(self._running_dovecot(), f"empty{next(self._users)}")

    def crowded_dovecot(self) -> Dovecot:
        """A Dovecot for thousands of sessions at once. Raises `Absent`."""
        settings = f"mail_fsync = never\n{CROWD}"
        return self._exit.enter_context(running_dovecot(self._certificates(), settings=settings))

    def _filled(self, number: int) -> tuple[Mailserver, int]:
        dovecot, user = self._running_dovecot(), f"full{next(self._users)}"
        owner = pwd.getpwnam("mail") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        home = dovecot.directory / "mail" / user
        kept = _kept("dovecot", number)
        if kept.is_dir():
            shutil.copytree(kept, home)
        else:
            mails.write_maildir(home / "Maildir", number)
        for place, _, files in os.walk(home):
            for name in ("", *files):
                os.chown(Path(place) / name, owner.pw_uid, owner.pw_gid)
        server = on_dovecot(dovecot, user)
        if not kept.is_dir():
            dovecot._doveadm("import", "-u", user, f"maildir:{home / 'Maildir'}", "", "ALL", limit=1800)
            shutil.rmtree(home / "Maildir")
        dovecot._doveadm("index", "-u", user, "INBOX", limit=1800)
        with server.client() as client:
            for name in _SPECIAL - {name for _, _, name in client.list_folders()}:
                client.create_folder(name)
            exists = client.select_folder("INBOX", readonly=True)[b"EXISTS"]
            client.search(["HEADER", "Subject", "#nothing"])  # reads all headers once into Dovecot's cache
            assert exists == number, f"Dovecot sees {exists} of {number} mails"
        if number >= _WORTH_KEEPING and not kept.is_dir():
            shutil.copytree(home, kept)
        return server, mails.tagged_among(number)

    def _running_dovecot(self) -> Dovecot:
        if self._dovecot is None:
            certificates = self._certificates()
            self._dovecot = self._exit.enter_context(running_dovecot(certificates, settings=_DOVECOT))
        return self._dovecot

    def _certificates(self) -> Path:
        for program, package in (("dovecot", "dovecot-imapd"), ("openssl", "openssl")):
            if shutil.which(program, path=_SBIN) is None:
                raise Absent(f"{program} isn't installed (apt-get install {package})")
        return make_certificates(self.fresh("certificates"))

    def _on_radicale(self, number: int) -> CalDavServer:
        directory = self.fresh("radicale")
        kept = _kept("radicale", number)
        if kept.is_dir():
            shutil.copytree(kept, directory / "collections")
        process = self._exit.enter_context(Radicale(directory, {"sam": PASSWORD}))
        server = on_radicale(process.url, "sam")
        if kept.is_dir():
            server.calendar_url = f"{server.home_url}work/"
        else:
            server.calendar_url = server.make_calendar("Work", slug="work")
            for name, text in events.calendar(number):
                (directory / "collections/collection-root/sam/work" / f"{name}.ics").write_bytes(text.encode())
        self._warm(server, number)
        if number >= _WORTH_KEEPING and not kept.is_dir():
            shutil.copytree(directory / "collections", kept)
        return server

    def _on_xandikos(self, number: int) -> CalDavServer:
        if not self._xandikos:
            directory = self.fresh("xandikos")
            self._xandikos, _ = self._exit.enter_context(running_xandikos(directory))
        server = on_xandikos(self._xandikos)
        server.calendar_url = server.make_calendar(f"Work {number}", slug=f"work{number}")
        place = next(self.directory.glob(f"xandikos-*/data/user/calendars/work{number}"))
        for name, text in events.calendar(number):
            (place / f"{name}.ics").write_bytes(text.encode())
        for command in (("add", "-A"), ("-c", "user.name=b", "-c", "user.email=b@b", "commit", "-qm", "bench")):
            subprocess.run(["git", *command], cwd=place, check=True, capture_output=True)
        self._warm(server, number)
        return server

    def _on_cyrus(self, number: int) -> CalDavServer:
        root = cyrus_root()
        if root is None:
            raise Absent("Cyrus isn't installed (.ci/cyrus, as root)")
        kept = _kept("cyrus", number)
        process = self._exit.enter_context(running_cyrus(root, kept if kept.is_dir() else None))
        on_cyrus(process, "bench")
        server = dav_on_cyrus(process, "bench")
        if kept.is_dir():
            server.calendar_url = f"{server.home_url}work/"
        else:
            server.calendar_url = server.make_calendar("Work", slug="work")
            put_all(server, events.calendar(number))
        self._warm(server, number)
        if number >= _WORTH_KEEPING and not kept.is_dir():
            for name in ("conf", "spool"):
                shutil.copytree(process.directory / name, kept / name, ignore=shutil.ignore_patterns("socket"))
        return server

    @staticmethod
    def _warm(server: CalDavServer, number: int) -> None:
        """What a server works out at the first sight of its data is not what is measured."""
        for depth, prop in ((0, "sync-token"), (1, "getetag")):
            body = f'<d:propfind xmlns:d="DAV:"><d:prop><d:{prop}/></d:prop></d:propfind>'
            answer = plain_request(server, "PROPFIND", server.calendar_url, body, depth=depth, timeout=900)
        found = answer.count(b".ics<")
        assert found == number, f"{server.name} has {found} of {number} events"


def _kept(server: str, number: int) -> Path:
    """Where a server's filled storage is kept from run to run: to fill one with 10,000 takes minutes."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mentorup-benchmarks"
    generator = mails if server == "dovecot" else events
    source = hashlib.sha256(Path(generator.__file__).read_bytes()).hexdigest()[:12]
    return cache / f"{server}-{version(server)}-{source}-{number}"


class Absent(Exception):
    """A server or a peer that isn't installed; the text says how to get it."""


def basic(server: CalDavServer) -> str:
    """The value of an Authorization header."""
    return "Basic " + base64.b64encode(f"{server.username}:{server.password}".encode()).decode()


def plain_request(
    server: CalDavServer,
    method: str,
    url: str,
    body: str,
    *,
    depth: int = 0,
    timeout: float = 300,
    connection: http.client.HTTPConnection | None = None,
) -> bytes:
    """One request without any library of CalDAV, over `connection` if given; the body of its answer."""
    parts = urlsplit(url)
    used = connection or http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    headers = {"Authorization": basic(server), "Depth": str(depth), "Content-Type": "text/xml; charset=utf-8"}
    try:
        used.request(method, parts.path, body.encode(), headers)
        acknowledge_at_once(used)
        answer = used.getresponse()
        raw = answer.read()
    finally:
        if connection is None:
            used.close()
    assert answer.status < 400, f"{method} {url}: {answer.status} {raw[:500]!r}"
    return raw


def put_all(server: CalDavServer, resources: Iterable[tuple[str, str]]) -> None:
    """PUT by PUT, for a server whose storage is its own business; over several connections, since Cyrus takes 40 ms."""
    waiting = list(resources)
    shares = [waiting[start::_WRITERS] for start in range(_WRITERS)]
    with ThreadPoolExecutor(_WRITERS) as writers:
        for done in [writers.submit(_put_share, server, share) for share in shares]:
            done.result()


def _put_share(server: CalDavServer, resources: list[tuple[str, str]]) -> None:
    parts = urlsplit(server.calendar_url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    headers = {"Authorization": basic(server), "Content-Type": "text/calendar; charset=utf-8"}
    for name, text in resources:
        connection.request("PUT", urlsplit(urljoin(server.calendar_url, f"{name}.ics")).path, text.encode(), headers)
        answer = connection.getresponse()
        raw = answer.read()
        assert answer.status < 400, f"PUT {name}: {answer.status} {raw[:500]!r}"
    connection.close()


def acknowledge_at_once(connection: http.client.HTTPConnection) -> None:
    """Cyrus waits 40 ms for the acknowledgement of half its answer otherwise."""
    if hasattr(socket, "TCP_QUICKACK"):
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


def own_program(name: str) -> str:
    """A program of the virtual environment that this runs in."""
    return str(Path(sys.executable).parent / name)
