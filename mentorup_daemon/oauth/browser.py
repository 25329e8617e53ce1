"""The login in a browser on this machine, which comes back to a port of ours on loopback (RFC 8252 7.3, with PKCE).

What it promises: the port is open on 127.0.0.1 only and for one login; an answer counts only with the state that we
made up, so that no page that the browser visits meanwhile can slip in another login (RFC 9700 2.1, 4.7); the code is of
no use without the verifier that never left this process (RFC 7636).
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from typing import Any
from urllib.parse import parse_qs, urlsplit

from mentorup_daemon.errors import ConfigError, CredentialsError, MentorUpError
from mentorup_daemon.oauth.endpoint import post, refusal, token_of
from mentorup_daemon.oauth.values import OAuthClient

PATIENCE = 900.0  # seconds that the owner has in the browser
_READING = 10.0  # seconds for a request to arrive whole
_DONE = b"<!doctype html><title>MentorUp</title><p>That's all here. MentorUp goes on in the terminal.</p>"


class _Loopback(ThreadingHTTPServer):
    """Waits for the one answer with the right state."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int, state: str) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.state = state
        self.answer: Queue[dict[str, str]] = Queue()


class _Handler(BaseHTTPRequestHandler):
    server: _Loopback
    timeout = _READING

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        given = {name: values[0] for name, values in parse_qs(asked.query).items()}
        if asked.path != "/" or not secrets.compare_digest(given.get("state", "").encode(), self.server.state.encode()):
            self.send_error(404)
            return
        self.server.answer.put(given)  # also when the browser has gone meanwhile
        self.send_response(200)
        for name, value in (
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Length", str(len(_DONE))),
            ("Content-Security-Policy", "default-src 'none'"),
            ("Referrer-Policy", "no-referrer"),
            ("Cache-Control", "no-store"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(_DONE)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Nothing: the request line holds the code."""


def log_in(
    client: OAuthClient,
    show: Callable[[str], None],
    *,
    port: int = 0,
    open_page: Callable[[str], object],
    patience: float = PATIENCE,
) -> dict[str, Any]:
    """The token of a new login (RFC 6749 5.1). `show` and `open_page` are given the address to open.

    Raises CredentialsError when the owner says no or nothing, ConfigError, MentorUpError (port taken), or Unavailable.
    """
    from oauthlib.oauth2 import WebApplicationClient  # noqa: PLC0415 - for those who log in by OAuth only

    form = WebApplicationClient(client.client_id)
    state, verifier = secrets.token_urlsafe(32), str(form.create_code_verifier(64))
    try:
        server = _Loopback(port, state)
    except OSError as error:
        raise MentorUpError(f"port {port} on this machine can't be used: {error.strerror}") from None
    with server:
        redirect = f"http://{client.redirect_host}:{server.server_port}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
        try:
            page = _page(client, form, redirect=redirect, state=state, verifier=verifier)
            show(page)
            open_page(page)
            given = server.answer.get(timeout=patience)
        except Empty:
            raise CredentialsError(f"nobody has logged in at {client.server} in time: {client.remedy}") from None
        finally:
            server.shutdown()
    if "code" not in given:
        raise refusal(client, given.get("error", "no code"), given.get("error_description", ""))
    body = form.prepare_request_body(
        code=given["code"], redirect_uri=redirect, code_verifier=verifier, **_secret(client)
    )
    return token_of(client, post(client, client.token_url, str(body)))


def _page(client: OAuthClient, form: Any, *, redirect: str, state: str, verifier: str) -> str:
    """The address to open. The library refuses http, which is checked before to be loopback, so it sees https."""
    scheme, _, rest = client.authorization_url.partition("://")
    hint = {"login_hint": client.login_hint} if client.login_hint else {}
    page = form.prepare_request_uri(
        f"https://{rest}",
        redirect_uri=redirect,
        scope=client.scope,
        state=state,
        code_challenge=form.create_code_challenge(verifier, "S256"),
        code_challenge_method="S256",
        **hint,
        **dict(client.extras),
    )
    return scheme + str(page).removeprefix("https")


def _secret(client: OAuthClient) -> dict[str, str]:
    return {name: value for name, value in client.credentials().items() if name == "client_secret"}


def offered(client: OAuthClient) -> None:
    """Raises ConfigError where the server has no such flow."""
    if not client.authorization_url:
        raise ConfigError(f"{client.key}.oauth: {client.server} offers no login in a browser: use --device")
