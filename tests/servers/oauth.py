"""An OAuth server on loopback, someone who logs in there, and a calendar server that takes its tokens only."""

from __future__ import annotations

import base64
import http.client
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import pytest

from mentorup_daemon.demo.radicale import answers, free_port
from mentorup_daemon.oauth import OAuthClient
from tests.servers.caldav import CalDavServer
from tests.servers.oauth_clients import CLIENT, CLIENT_SECRET, DEVICE_CLIENT, INTROSPECTOR, INTROSPECTOR_SECRET

_CHECKOUT = Path(__file__).parents[2]


class Browser:
    """A browser on this machine: follows redirects, keeps cookies, sends forms."""

    def __init__(self) -> None:
        self._cookies: SimpleCookie = SimpleCookie()

    def open(self, url: str, form: dict[str, str] | None = None) -> tuple[int, str, str]:
        """Status, address and text of where it ends up."""
        for _ in range(10):
            parts = urlsplit(url)
            connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
            headers = {"Cookie": "; ".join(f"{name}={value.value}" for name, value in self._cookies.items())}
            body = None
            if form is not None:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
                body = urlencode(form)
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("GET" if form is None else "POST", target, body, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
            for given in answer.headers.get_all("Set-Cookie", ()):
                self._cookies.load(given)
            connection.close()
            if answer.status not in (301, 302, 303):
                return answer.status, url, text
            url, form = urljoin(url, answer.headers["Location"]), None
        raise AssertionError(f"round in circles at {url}")


@dataclass(slots=True)
class OAuthServer:
    """Django OAuth Toolkit on loopback: rotating refresh tokens, PKCE demanded, a token used twice ends its login."""

    url: str

    def at(self, name: str) -> str:
        """The address of one of its endpoints."""
        return f"{self.url}o/{name}/"

    def config(self, token: dict[str, str], secret: Path, **changes: object) -> dict[str, object]:
        """`oauth` of a config for the client that logs in in a browser; its secret is put into a file."""
        secret.write_text(CLIENT_SECRET)
        secret.chmod(0o600)
        return {
            "client_id": CLIENT,
            "client_secret": {"file": str(secret)},
            "authorization_url": self.at("authorize"),
            "token_url": self.at("token"),
            "scope": "mail calendar",
            "token": token,
            **changes,
        }

    def client(self, user: str, *, device: bool = False) -> OAuthClient:
        """The same as the door is told of it."""
        return OAuthClient(
            key="imap",
            client_id=DEVICE_CLIENT if device else CLIENT,
            client_secret=None if device else lambda: CLIENT_SECRET,
            authorization_url=self.at("authorize"),
            token_url=self.at("token"),
            device_url=self.at("device-authorization") if device else "",
            scope="mail calendar",
            login_hint=user,
            timeout=20.0,
        )

    def confirm(self, user: str, code: str, action: str = "accept") -> None:
        """On another device, `user` types the code in and says yes (or "deny")."""
        browser = Browser()
        status, page, text = browser.open(f"{self.at('device')}?login_hint={user}", {"user_code": code})
        assert (status, "device-confirm" in page) == (200, True), (page, text)
        status, page, text = browser.open(page, {"action": action})
        assert status == 200, text

    def _ask(self, name: str, form: dict[str, str], client: str, secret: str) -> dict[str, object]:
        parts = urlsplit(self.at(name))
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        login = base64.b64encode(f"{client}:{secret}".encode()).decode()
        headers = {"Authorization": f"Basic {login}", "Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", parts.path, urlencode(form), headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        assert answer.status == 200, text
        return json.loads(text) if text else {}

    def looked_up(self, token: str) -> dict[str, object]:
        """What the server says about an access token (RFC 7662)."""
        return self._ask("introspect", {"token": token}, INTROSPECTOR, INTROSPECTOR_SECRET)

    def revoke(self, token: str) -> None:
        """Take a login back, by its refresh token (RFC 7009)."""
        self._ask("revoke_token", {"token": token}, CLIENT, CLIENT_SECRET)

    def expire(self, token: str) -> None:
        """Bring the end of an access token forward to now."""
        status, _, _ = Browser().open(f"{self.url}expire/?{urlencode({'token': token})}")
        assert status == 204

    @property
    def introspection(self) -> str:
        """Where a resource server looks tokens up, its own login in it."""
        return self.at("introspect").replace("//", f"//{INTROSPECTOR}:{INTROSPECTOR_SECRET}@", 1)


@pytest.fixture(scope="session")
def oauth_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OAuthServer]:
    directory, port = tmp_path_factory.mktemp("oauth"), free_port()
    command = [sys.executable, "-m", "tests.servers.oauth_site", str(port), str(directory)]
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=_CHECKOUT)
    try:
        assert answers(port, process, 60), (directory / "log").read_text()
        yield OAuthServer(f"http://127.0.0.1:{port}/")
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@dataclass(slots=True)
class Gate:
    """A calendar server that takes bearer tokens (RFC 6750): it looks them up, and lets their requests through."""

    oauth: OAuthServer
    behind: CalDavServer
    user: str = "sam"
    refused: list[str] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)
    url: str = ""

    def lets_in(self, authorization: str) -> bool:
        kind, _, token = authorization.partition(" ")
        known = self.oauth.looked_up(token) if kind == "Bearer" else {}
        let_in = bool(known.get("active")) and known.get("username") == self.user
        (self.passed if let_in else self.refused).append(authorization)
        return let_in


class _GateHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def pass_on(self) -> None:
        gate: Gate = self.server.gate  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if not gate.lets_in(self.headers.get("Authorization", "")):
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Bearer realm="calendars", error="invalid_token"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        inner = urlsplit(gate.behind.url)
        login = base64.b64encode(f"{gate.behind.username}:{gate.behind.password}".encode()).decode()
        connection = http.client.HTTPConnection(inner.hostname or "", inner.port, timeout=30)
        kept = {
            name: value for name, value in self.headers.items() if name.lower() not in ("authorization", "connection")
        }
        kept["Accept-Encoding"] = "identity"
        connection.request(self.command, self.path, body, {**kept, "Authorization": f"Basic {login}"})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_PROPFIND = do_REPORT = pass_on  # noqa: N815 - the names http.server looks for

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def gate(oauth_server: OAuthServer, radicale: CalDavServer) -> Iterator[Gate]:
    """Radicale behind a gate that takes the OAuth server's tokens."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _GateHandler)
    server.daemon_threads = True
    server.gate = made = Gate(oauth_server, radicale)  # type: ignore[attr-defined]
    made.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


def code_in(page: str) -> str:
    """The authorization code in an address."""
    return parse_qs(urlsplit(page).query)["code"][0]
