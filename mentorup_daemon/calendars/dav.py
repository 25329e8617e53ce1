"""WebDAV requests (RFC 4918), and their multistatus answers as values.

What it promises: every answer is either a parsed `Multistatus`, a text, or an error of ours; hrefs come in one
spelling; redirects are followed on the same host only, so that the password never goes to another. It knows nothing of
calendars. The hard thing is the login: it is negotiated on the first 401 (`client`), and servers drop accepted logins
later, so a refusal gets exactly one more try, and only with a password or token that has changed (pitfall P03: no
lock-outs).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urljoin, urlsplit

from caldav.lib import error as caldav_error
from lxml import etree

from mentorup_daemon.calendars.client import Client, Response
from mentorup_daemon.calendars.multistatus import Answer, Garbled, Multistatus, answers_in, multistatus
from mentorup_daemon.calendars.values import CalDavAccount
from mentorup_daemon.calendars.wire import (
    BoundedSession,
    TooLarge,
    check_ca_file,
    check_status,
    checked_url,
    families,
)
from mentorup_daemon.errors import ConfigError, CredentialsError, Unavailable

BODY_LIMIT = 32_000_000  # bytes of one answer
_REDIRECTS = 5

# One provider spreads its users over hosts of its own and expects the same login there.
_ONE_PROVIDER = (".icloud.com",)

# Everything it has to say reaches us as an exception, and becomes an error of ours.
logging.getLogger("caldav").setLevel(logging.CRITICAL)


class Refused(Unavailable):
    """The server understood the request and won't do it. `status` is the HTTP status, `body` what it says about it."""

    def __init__(self, message: str, status: int, body: object = "") -> None:
        super().__init__(message)
        self.status = status
        self.body = body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body or "")


class Elsewhere(ConfigError):
    """The server sends us to another host, which isn't given the password. `url` is where it would have us go."""

    def __init__(self, message: str, url: str) -> None:
        super().__init__(message)
        self.url = url


@dataclass(frozen=True, slots=True)
class Versions:
    """What changes with an event: its ETag (RFC 9110 8.8.3), and the Schedule-Tag of one with people (RFC 6638 3.2)."""

    etag: str = ""
    schedule_tag: str = ""


@dataclass(slots=True)
class Dav:
    """The connection to one CalDAV server; connects at the first request and again after `close`."""

    account: CalDavAccount
    _client: Client | None = field(default=None, init=False)
    _session: BoundedSession | None = field(default=None, init=False)
    _password: str = field(default="", init=False, repr=False)

    @property
    def host(self) -> str:
        """The server's name, for messages."""
        return checked_url(self.account.url, "[caldav] url").hostname or ""

    @property
    def url(self) -> str:
        """Where to begin: the account's URL with a path, and without a login that was written into it."""
        parts = checked_url(self.account.url, "[caldav] url")
        return parts._replace(netloc=parts.netloc.rpartition("@")[2], path=parts.path or "/").geturl()

    def close(self) -> None:
        """Close the connection, forget the password."""
        client, self._client, self._password = self._client, None, ""
        if client is not None:
            client.close()  # and the session with it

    def propfind(self, url: str, body: str, depth: int = 0) -> Multistatus:
        """PROPFIND (RFC 4918 9.1). Raises `Refused` on 4xx, `Garbled` on what is no multistatus."""
        url, response = self._request(url, "PROPFIND", body, {"Depth": str(depth)})
        return self._understood(url, response)

    def report(self, url: str, body: str, depth: int | None = None) -> Multistatus:
        """REPORT (RFC 3253 3.6). Raises like `propfind`."""
        headers = {} if depth is None else {"Depth": str(depth)}
        url, response = self._request(url, "REPORT", body, headers)
        return self._understood(url, response)

    def _understood(self, url: str, response: Response) -> Multistatus:
        try:
            return multistatus(self.host, url, response.tree)
        except etree.XMLSyntaxError as error:
            raise Garbled(f"{self.host} sent broken XML") from error

    def reported(self, url: str, body: str) -> Iterator[Answer]:
        """A REPORT of depth 1 as its answers come, each to be used before the next: for what is too large to be held.

        Raises `Refused` for whatever isn't 207, and what it raises half way costs the rest: nothing is tried again.
        """
        self._check_host(url)
        with families(self.host, self.account.username, ca_file=self.account.ca_file, remedy=self._remedy):
            client, session = self._connected()
            headers = {**client.headers, "Depth": "1", "Content-Type": "application/xml; charset=utf-8"}
            try:
                with session.streamed("REPORT", url, body.encode(), headers, client.auth) as (status, told, chunks):
                    check_status(self.host, status, told)
                    if status != 207:
                        raise Refused(f"{self.host} answers {status} to REPORT", status)
                    yield from answers_in(self.host, url, chunks, BODY_LIMIT)
            except (Refused, Garbled):
                raise
            except BaseException:
                self.close()  # the next request starts with a new connection
                raise

    def get(self, url: str, limit: int = BODY_LIMIT) -> tuple[str, str]:
        """GET ETag and text. Raises `Refused` (404, 410: it is gone), `Garbled`, `TooLarge` beyond `limit`."""
        versions, text = self.look(url, limit)
        return versions.etag, text

    def look(self, url: str, limit: int = BODY_LIMIT) -> tuple[Versions, str]:
        """As `get`, with both versions that an event can have."""
        _, response = self._request(url, "GET", "", {"Accept": "text/calendar"}, limit=limit)
        if response.status != 200:
            raise Refused(f"{self.host} answers {response.status}", response.status)
        try:
            text = response.body.decode().replace("\r\n", "\n")
        except UnicodeDecodeError as error:
            raise Garbled(f"{self.host} sent a text that isn't UTF-8") from error
        if "BEGIN:VCALENDAR" not in text.upper():
            raise Garbled(f"{self.host} sent something that is no calendar event (a web page, perhaps)")
        headers = response.headers
        return Versions(headers.get("ETag", ""), headers.get("Schedule-Tag", "")), text

    def put(self, url: str, text: str, conditions: Mapping[str, str]) -> None:
        """PUT (RFC 4791 5.3.2) an event under `conditions`, headers like If-Match. Raises `Refused`: 412 says no."""
        self._request(url, "PUT", text, {"Content-Type": "text/calendar; charset=utf-8", **conditions})

    def delete(self, url: str, conditions: Mapping[str, str]) -> None:
        """DELETE (RFC 9110 9.3.5) under `conditions`. Raises `Refused`, 404 when there is nothing any more."""
        self._request(url, "DELETE", "", conditions)

    def insist(self) -> None:
        """Log in without being asked, for a server that serves anybody and tells only those it knows who they are."""
        with families(self.host, self.account.username):
            client, _ = self._connected()
            client.auth_type = self._kind
            client.build_auth_object()

    def _request(
        self, url: str, method: str, body: str, headers: Mapping[str, str], limit: int = BODY_LIMIT
    ) -> tuple[str, Response]:
        """Send, follow redirects on the same host, turn refusals into errors; returns the final URL and the answer."""
        for _ in range(_REDIRECTS):
            self._check_host(url)
            response = self._authorised(url, method, body, headers, limit)
            if response.status not in (301, 302, 303, 307, 308):
                break
            url = urljoin(url, response.headers.get("Location", ""))
        else:
            raise Unavailable(f"{self.host} sends us round in circles")
        check_status(self.host, response.status, response.headers)
        if response.status >= 400:
            raise Refused(f"{self.host} answers {response.status} to {method}", response.status, response.body)
        return url, response

    def _authorised(self, url: str, method: str, body: str, headers: Mapping[str, str], limit: int) -> Response:
        """Send; after a refused login once more, but only if the secret has been renewed since it was fetched."""
        try:
            return self._send(url, method, body, headers, limit)
        except CredentialsError:
            used = self._password
            self.close()
            renewed = self.account.secret(used)
            if renewed == used:
                raise
        self._connect(renewed)
        return self._send(url, method, body, headers, limit)

    def _send(self, url: str, method: str, body: str, headers: Mapping[str, str], limit: int) -> Response:
        try:
            with families(self.host, self.account.username, ca_file=self.account.ca_file, remedy=self._remedy):
                client, session = self._connected()
                session.limit = limit
                try:
                    return client.request(method, url, body, headers)
                except caldav_error.AuthorizationError as error:
                    if error.status == 403:  # not about who asks, but about what
                        text = f"{self.host} forbids {method} to {self.account.username}"
                        raise Refused(text, 403, error.body) from error
                    raise
                except NotImplementedError as error:
                    kind = "a login of another kind; set oauth in [caldav], or look for an app password there"
                    raise CredentialsError(f"{self.host} wants {kind}") from error
        except (Refused, TooLarge):
            raise
        except Unavailable:
            self.close()  # the next request starts with a new connection and a password fetched afresh
            raise

    def _connected(self) -> tuple[Client, BoundedSession]:
        if self.account.access_token is not None and self._client is not None:
            token = self.account.access_token("")  # a connection may outlive the token that it began with
            if token != self._password:
                self.close()
                return self._connect(token)
        if self._client is None or self._session is None:
            return self._connect(self.account.secret())
        return self._client, self._session

    @property
    def _kind(self) -> str:
        return "basic" if self.account.access_token is None else "bearer"

    @property
    def _remedy(self) -> str:
        if self.account.access_token is None:
            return "check the user name and the password"
        return "is it the account that you have logged in with? Then run `mentorup login --caldav` again"

    def _connect(self, password: str) -> tuple[Client, BoundedSession]:
        check_ca_file(self.account.ca_file, "[caldav] ca_file")
        with families(self.host):
            session = BoundedSession(limit=BODY_LIMIT, timeout=self.account.timeout, ca_file=self.account.ca_file)
            kind = None if self.account.access_token is None else "bearer"  # the rest is negotiated
            client = Client(session, self.account.username, password, kind)
        self._client, self._session, self._password = client, session, password
        return client, session

    def _check_host(self, url: str) -> None:
        """Raise unless the password may go to where `url` leads: our own server, never to another (`Elsewhere`)."""
        target = checked_url(url, "[caldav] url")
        own = [known for known in self.account.calendars if "://" in known]
        own_servers = [checked_url(known, "[caldav] calendars") for known in own]
        if any(_same_server(target, known) for known in (urlsplit(self.url), *own_servers)):
            return
        where = f"{target.scheme}://{target.netloc.rpartition('@')[2]}{target.path}"
        text = f"{self.host} sends us on to {where}, which isn't given the password; if that is right, set [caldav] url"
        raise Elsewhere(f"{text} to it", where)


def _same_server(target: SplitResult, known: SplitResult) -> bool:
    """True when a password meant for `known` may go to `target`: the same host, and not from https back to http."""
    if target.scheme == "http" and known.scheme == "https":
        return False
    if target.hostname == known.hostname:
        upgraded = (known.scheme, target.scheme) == ("http", "https")
        return upgraded or _port(target) == _port(known)
    return any(
        str(target.hostname).endswith(domain) and str(known.hostname).endswith(domain) for domain in _ONE_PROVIDER
    )


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)
