"""CalDAV servers for the tests: Radicale and Xandikos, one process each for the whole run (Cyrus: see there).

Each test has a user or a calendar of its own. What it puts into a server, it puts there over plain HTTP, so that
nothing that is tested is used to test it.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urljoin, urlsplit
from xml.sax.saxutils import escape

import pytest

from mentorup_daemon.demo.radicale import Radicale, answers, free_port

PASSWORD = "secret"
_USERS = [f"u{number}" for number in range(500)]
_fresh_user = iter(_USERS)

_MKCALENDAR = """<?xml version="1.0" encoding="utf-8"?>
<C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">
<D:set><D:prop><D:displayname>{name}</D:displayname>
<C:supported-calendar-component-set>{components}</C:supported-calendar-component-set></D:prop></D:set></C:mkcalendar>"""


@dataclass(slots=True)
class CalDavServer:
    """One user of one server, with a fresh calendar. `url` is the server's root; every other URL is absolute too.

    `signal` sends a signal to all of the server's processes.
    """

    name: str
    url: str
    username: str
    password: str
    principal_url: str
    home_url: str
    calendar_url: str = ""
    signal: Callable[[int], None] = lambda number: None
    made: list[str] = field(default_factory=list)

    def request(self, method: str, url: str, body: str = "", headers: dict[str, str] | None = None) -> tuple[int, str]:
        """Send one plain request, return status and body; raises on 4xx and 5xx."""
        parts = urlsplit(url)
        token = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        try:
            connection.request(
                method, parts.path, body.encode(), {"Authorization": f"Basic {token}", "Depth": "0", **(headers or {})}
            )
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        assert answer.status < 400, f"{method} {url}: {answer.status} {text}"
        return answer.status, text

    def make_calendar(self, name: str, components: tuple[str, ...] = ("VEVENT",), slug: str = "") -> str:
        """Make a calendar with this display name and return its URL."""
        url = urljoin(self.home_url, quote(slug or uuid.uuid4().hex) + "/")
        kinds = "".join(f'<C:comp name="{component}"/>' for component in components)
        self.request(
            "MKCALENDAR", url, _MKCALENDAR.format(name=escape(name), components=kinds), {"Content-Type": "text/xml"}
        )
        self.made.append(url)
        return url

    def put_event(self, name: str, ics: str, calendar: str = "") -> str:
        """Put `ics` under `name` (without .ics) into the calendar, the test's own by default; return its URL."""
        url = urljoin(calendar or self.calendar_url, quote(name) + ".ics")
        self.request("PUT", url, ics, {"Content-Type": "text/calendar; charset=utf-8"})
        return url

    def delete_event(self, name: str, calendar: str = "") -> None:
        """Remove what `put_event` put there."""
        self.request("DELETE", urljoin(calendar or self.calendar_url, quote(name) + ".ics"))

    def remove(self, url: str) -> None:
        """Remove a calendar."""
        self.request("DELETE", url)
        if url in self.made:
            self.made.remove(url)


@pytest.fixture(scope="session")
def radicale_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Radicale]:
    with Radicale(tmp_path_factory.mktemp("radicale"), dict.fromkeys(_USERS, PASSWORD)) as server:
        yield server


@pytest.fixture(scope="session")
def xandikos_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where Xandikos keeps its collections, as git repositories."""
    return tmp_path_factory.mktemp("xandikos") / "data"


@pytest.fixture(scope="session")
def xandikos_process(xandikos_directory: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    with running_xandikos(xandikos_directory.parent) as (url, process):
        yield url, process


@contextlib.contextmanager
def running_xandikos(directory: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A Xandikos with its data in `directory`: its URL and its process."""
    port = free_port()
    command = [sys.executable, "-m", "xandikos", "serve", "-d", str(directory / "data"), "-l", "127.0.0.1"]
    command += ["-p", str(port), "--current-user-principal", "/user/", "--defaults", "--no-detect-systemd"]
    command += ["--state-dir", str(directory / "state")]
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        assert answers(port, process, 30), (directory / "log").read_text()
        yield f"http://127.0.0.1:{port}/", process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def on_radicale(url: str, user: str) -> CalDavServer:
    """This user of the Radicale at `url`."""
    return CalDavServer("radicale", url, user, PASSWORD, f"{url}{user}/", f"{url}{user}/")


def on_xandikos(url: str) -> CalDavServer:
    """The one user of the Xandikos at `url`."""
    return CalDavServer("xandikos", url, "user", PASSWORD, f"{url}user/", f"{url}user/calendars/")


@pytest.fixture
def radicale(radicale_process: Radicale) -> CalDavServer:
    """A user of its own on Radicale, with one calendar named Work."""
    server = on_radicale(radicale_process.url, next(_fresh_user))
    server.signal = radicale_process._process.send_signal
    server.calendar_url = server.make_calendar("Work")
    return server


@pytest.fixture
def xandikos(xandikos_process: tuple[str, subprocess.Popen[bytes]]) -> Iterator[CalDavServer]:
    """Xandikos' one user, with one calendar named Work beside the default one; what a test makes goes with it."""
    url, process = xandikos_process
    server = on_xandikos(url)
    server.signal = process.send_signal
    server.calendar_url = server.make_calendar("Work")
    yield server
    for url in list(server.made):
        server.remove(url)


@pytest.fixture(params=["radicale", "xandikos", pytest.param("cyrus_dav", marks=pytest.mark.debian)])
def caldav_server(request: pytest.FixtureRequest) -> CalDavServer:
    """The same test on each server."""
    server: CalDavServer = request.getfixturevalue(request.param)
    return server
