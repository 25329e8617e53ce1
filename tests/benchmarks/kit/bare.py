"""The bare protocols: the requests that a task can't do without, sent with nothing but the standard library.

And the poll once more by the HTTP library that the caldav library sends by, which is a bound for all that use it.
"""

from __future__ import annotations

import http.client
from collections.abc import Callable
from urllib.parse import urlsplit

import niquests

from tests.benchmarks.kit.stage import plain_request
from tests.servers.caldav import CalDavServer

_NAMESPACES = 'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:cs="http://calendarserver.org/ns/"'
CTAG = f"<d:propfind {_NAMESPACES}><d:prop><cs:getctag/></d:prop></d:propfind>"
TOKEN = f"<d:propfind {_NAMESPACES}><d:prop><d:sync-token/></d:prop></d:propfind>"
_QUERY = (
    f"<c:calendar-query {_NAMESPACES}><d:prop><d:getetag/><c:calendar-data/></d:prop>"
    '<c:filter><c:comp-filter name="VCALENDAR"/></c:filter></c:calendar-query>'
)
_SYNC = (
    f"<d:sync-collection {_NAMESPACES}><d:sync-token>{{token}}</d:sync-token><d:sync-level>1</d:sync-level>"
    "<d:prop><d:getetag/>{data}</d:prop></d:sync-collection>"
)
_DATA = "<c:calendar-data/>"
_MULTIGET = (
    f"<c:calendar-multiget {_NAMESPACES}><d:prop><d:getetag/><c:calendar-data/></d:prop>{{hrefs}}</c:calendar-multiget>"
)


class BareCalDav:
    """One kept connection to one calendar."""

    def __init__(self, server: CalDavServer) -> None:
        self._server = server
        parts = urlsplit(server.calendar_url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=300)

    def close(self) -> None:
        self._connection.close()

    def ask(self, method: str, body: str, *, depth: int = 0, url: str = "") -> bytes:
        """The body of the answer."""
        return plain_request(
            self._server, method, url or self._server.calendar_url, body, depth=depth, connection=self._connection
        )

    def poll(self) -> bytes:
        """Whether anything has changed: the CTag, and nothing else."""
        return self.ask("PROPFIND", CTAG)

    def token(self) -> str:
        """The sync-token of now (RFC 6578)."""
        return _between(self.ask("PROPFIND", TOKEN), b"sync-token>", b"<")

    def difference(self, token: str, *, texts: bool = False) -> bytes:
        """What has changed since the token: hrefs and ETags, with the texts if the server gives them here."""
        return self.ask("REPORT", _SYNC.format(token=token, data=_DATA if texts else ""))

    def multiget(self, hrefs: list[str]) -> bytes:
        """Texts by their hrefs."""
        return self.ask("REPORT", _MULTIGET.format(hrefs="".join(f"<d:href>{href}</d:href>" for href in hrefs)))

    def downloads(self) -> dict[str, Callable[[], bytes]]:
        """The ways to have all texts in one request or two; not every server knows each."""
        return {
            "calendar-query": lambda: self.ask("REPORT", _QUERY, depth=1),
            "sync-collection with texts": lambda: self.difference("", texts=True),
            "listing and one multiget": self._list_and_get,
        }

    def _list_and_get(self) -> bytes:
        listed = self.ask("PROPFIND", f"<d:propfind {_NAMESPACES}><d:prop><d:getetag/></d:prop></d:propfind>", depth=1)
        return self.multiget(events_named(listed))


class LibraryCalDav:
    """The poll by niquests, with nothing around it: one session, as the caldav library keeps one."""

    def __init__(self, server: CalDavServer) -> None:
        self._url = server.calendar_url
        self._session = niquests.Session(disable_http3=True, revocation_configuration=None)
        self._session.auth = (server.username, server.password)

    def close(self) -> None:
        self._session.close()

    def poll(self) -> bytes:
        """Whether anything has changed: the CTag, and nothing else."""
        headers = {"Depth": "0", "Content-Type": "text/xml; charset=utf-8"}
        answer = self._session.request("PROPFIND", self._url, data=CTAG.encode(), headers=headers)
        assert answer.status_code == 207, answer.status_code
        return answer.content or b""


def events_named(answer: bytes) -> list[str]:
    """The hrefs of the events in a multistatus."""
    hrefs = [piece.partition(b"<")[0].decode() for piece in answer.split(b"href>")[1::2]]
    return [href for href in hrefs if href.endswith(".ics")]


def _between(raw: bytes, before: bytes, after: bytes) -> str:
    return raw.partition(before)[2].partition(after)[0].decode()
