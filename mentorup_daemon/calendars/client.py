"""The caldav library's login, on a session of ours.

The library's own client comes with its calendars and events, icalendar and a format for configs: ten megabytes that a
service at rest would hold for nothing, as what is asked and how it is understood is decided here (`dav`,
`multistatus`). So what stands under all clients of the library is taken, and what it knows of logins with it: they are
negotiated at the first 401 (RFC 9110 11.6.1), as Digest, Basic or Bearer, and a server that doesn't say what it wants
is offered Basic, once and over TLS only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from caldav.base_client import BaseDAVClient
from caldav.lib.error import raise_if_rate_limited
from caldav.requests import HTTPBearerAuth
from lxml import etree
from niquests.auth import HTTPBasicAuth, HTTPDigestAuth

from mentorup_daemon.calendars.wire import BoundedSession


@dataclass(frozen=True, slots=True)
class Response:
    """An answer as it came; the names of its headers are found in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def tree(self) -> etree._Element | None:
        """The body as XML; None when it is none and doesn't say that it is. Raises etree.XMLSyntaxError."""
        if not self.body:
            return None
        try:
            return etree.XML(self.body, etree.XMLParser(resolve_entities=False, no_network=True))
        except etree.XMLSyntaxError:
            if self.headers.get("Content-Type", "").startswith(("text/xml", "application/xml")):
                raise
            return None  # a type may be wrong on what is XML (iCloud, OX), so all has been tried


class Client(BaseDAVClient):
    """Sends as whoever logs in. `auth_type` None: the server says how. Raises what the library and niquests do."""

    def __init__(self, session: BoundedSession, username: str, password: str, auth_type: str | None) -> None:
        self.session = session
        self.username = username or None
        self.password = password
        self.auth_type = auth_type
        self.headers = {"User-Agent": "mentorup", "Accept": "text/xml, text/calendar"}
        if auth_type is not None:
            self.build_auth_object()

    def build_auth_object(self, auth_types: list[str] | None = None) -> None:
        """Take up the login of our kind, or the best of those that a server offers."""
        kind, username, password = self._select_auth_type(auth_types), self.username or "", self.password or ""
        if kind == "digest":
            self.auth = HTTPDigestAuth(username, password)
        elif kind == "basic":
            self.auth = HTTPBasicAuth(username, password)
        elif kind == "bearer":
            self.auth = HTTPBearerAuth(password)

    def request(self, method: str, url: str, body: str, headers: Mapping[str, str]) -> Response:
        """The answer, whatever its status is but 401, 403, and 429 or 503 with a time to wait."""
        sent = {**self.headers, **headers}
        if body:
            sent.setdefault("Content-Type", "text/xml")
        response = self.session.request(method, url, data=body.encode(), headers=sent, auth=self.auth)
        status, told = response.status_code or 0, response.headers
        raise_if_rate_limited(status, url, told.get("Retry-After"))
        if self._should_negotiate_auth(status, told):
            self._build_auth_from_401(told["WWW-Authenticate"])
            return self.request(method, url, body, headers)
        if self._should_attempt_unprompted_basic(status, told, url.partition(":")[0].lower):
            self._build_unprompted_basic_auth()
            return self.request(method, url, body, headers)
        if status in (401, 403):
            self._raise_authorization_error(url, response)
        return Response(status, told, response.content or b"")

    def close(self) -> None:
        """Close the connection."""
        self.session.close()
