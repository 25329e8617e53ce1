"""Read-only iCalendar subscriptions: one file at one address, for calendars without CalDAV.

What it promises: a feed that hasn't changed costs one conditional request (ETag, Last-Modified; RFC 9110 13), or one
download where the server knows neither, told apart by its digest. Never more than 20 MB, never longer than the patience
of the wire, redirects only to the same or a safer scheme. The whole text is one resource: what is in it is the business
of events. Feeds have no deletions of their own. The hard thing is privacy: the address is often the secret itself, so
messages name the host only.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urljoin, urlsplit

import niquests

from mentorup_daemon.calendars.values import CalendarChanges, Resource
from mentorup_daemon.calendars.wire import BoundedSession, check_ca_file, check_status, families
from mentorup_daemon.errors import ConfigError, CredentialsError, Unavailable

FEED_LIMIT = 20_000_000  # bytes of one feed
_REDIRECTS = 5
_SAFETY = {"http": 0, "https": 1}


@dataclass(frozen=True, slots=True)
class _Validators:
    """What tells one state of the feed from another; "" for what the server doesn't give."""

    etag: str = ""
    modified: str = ""
    digest: str = ""

    @classmethod
    def read(cls, cursor: str) -> _Validators:
        try:
            found = json.loads(cursor)
            return cls(str(found["etag"]), str(found["modified"]), str(found["digest"]))
        except (ValueError, TypeError, KeyError):
            return cls()


class Feed:
    """One subscription. A context manager; the connection is made at the first request and kept.

    `url` is http, https or webcal (which means https). `timeout` is in seconds, for each wait on the server. `name` is
    what its events are kept under, the URL itself unless that must not be seen where they are kept.
    """

    def __init__(self, url: str, *, name: str = "", timeout: float = 30.0, ca_file: str = "") -> None:
        self.url = url.strip()
        self.name = name or self.url
        self._address = _https(self.url)
        self._timeout = timeout
        self._ca_file = ca_file
        self._session: BoundedSession | None = None

    @property
    def host(self) -> str:
        """The server's name, for messages: the rest of the address may be a secret."""
        return urlsplit(self._address).hostname or "the feed's server"

    def changes(self, cursor: str) -> CalendarChanges:
        """The whole feed as one resource, or `unchanged` since `cursor` ("" at first).

        The resource's `href` is the feed's name. Raises `ConfigError` for an address that can't be used,
        `CredentialsError` when access is refused, `Unavailable` for all that may pass, a web page instead included.
        """
        before = _Validators.read(cursor)
        response = self._get(before)
        if response.status_code == 304:
            return CalendarChanges(cursor, unchanged=True)
        text = self._text(response)
        headers = response.headers
        digest = hashlib.sha256(text.encode()).hexdigest()
        now = _Validators(str(headers.get("ETag", "")), str(headers.get("Last-Modified", "")), digest)
        written = json.dumps(asdict(now))
        if digest == before.digest:
            return CalendarChanges(written, unchanged=True)
        return CalendarChanges(written, changed=(Resource(self.name, now.etag or digest, text),))

    def close(self) -> None:
        """Close the connection; the feed can be used again."""
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _get(self, before: _Validators) -> niquests.Response:
        """GET, conditional, redirects followed while they are as safe as what they come from."""
        headers = {"User-Agent": "mentorup", "Accept": "text/calendar"}
        if before.etag:
            headers["If-None-Match"] = before.etag
        if before.modified:
            headers["If-Modified-Since"] = before.modified
        url = self._address
        for _ in range(_REDIRECTS):
            response = self._send(url, headers)
            if response.status_code not in (301, 302, 303, 307, 308):
                return self._checked(response)
            target = _https(urljoin(url, str(response.headers.get("Location", ""))))
            if _SAFETY[urlsplit(target).scheme] < _SAFETY[urlsplit(url).scheme]:
                raise Unavailable(f"the feed at {self.host} sends us from https to http, which isn't followed")
            url = target
        raise Unavailable(f"the feed at {self.host} sends us round in circles")

    def _send(self, url: str, headers: dict[str, str]) -> niquests.Response:
        check_ca_file(self._ca_file, "[[feeds]] ca_file")
        try:
            with families(self.host, ca_file=self._ca_file):
                if self._session is None:
                    self._session = BoundedSession(limit=FEED_LIMIT, timeout=self._timeout, ca_file=self._ca_file)
                parts = urlsplit(url)
                login = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
                return self._session.get(url, headers=headers, auth=login)
        except Unavailable:
            self.close()
            raise

    def _checked(self, response: niquests.Response) -> niquests.Response:
        status = response.status_code or 0
        check_status(self.host, status, {str(name): str(value) for name, value in response.headers.items()})
        if status in (401, 403):
            raise CredentialsError(f"the feed at {self.host} refuses access; it may have been given a new address")
        if status in (404, 410):
            raise Unavailable(f"the feed at {self.host} isn't there; if that stays so, check its url in [[feeds]]")
        if status not in (200, 304):
            raise Unavailable(f"the feed at {self.host} answers {status}")
        return response

    def _text(self, response: niquests.Response) -> str:
        """The feed as text: UTF-8 unless it says otherwise (RFC 5545 3.1.4), without a byte order mark."""
        body = response.content or b""
        encoding = response.encoding or "utf-8"
        try:
            text = body.decode("utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding, "replace")
        except LookupError:
            text = body.decode("utf-8-sig", "replace")
        if "BEGIN:VCALENDAR" not in text[:10_000].upper():
            raise Unavailable(f"what the feed at {self.host} sends is no calendar (a web page, perhaps); check its url")
        return text


def _https(url: str) -> str:
    """The address as it is asked for; raises `ConfigError` for one that isn't http, https or webcal."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigError("[[feeds]] url: not a valid URL") from error
    scheme = "https" if parts.scheme in ("webcal", "webcals") else parts.scheme
    if scheme not in _SAFETY or not host:
        raise ConfigError("[[feeds]] url: not a valid URL; it reads https://HOST/... or webcal://HOST/...")
    return parts._replace(scheme=scheme).geturl()
