"""A way to a real CalDAV server that counts: every request passes through here as it is, and is remembered."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import pytest

from tests.servers.caldav import CalDavServer
from tests.servers.fake_http import FakeHttp, Reply, Seen, serve

_OWN = {"connection", "transfer-encoding", "content-length", "host", "upgrade", "alt-svc", "keep-alive"}


@dataclass(slots=True)
class Counted:
    """A server, and what was asked of it since `begin`. `server` has the URLs that lead through here."""

    server: CalDavServer
    fake: FakeHttp
    asked: list[tuple[str, str, int]]

    def begin(self) -> None:
        """Forget what was asked so far."""
        self.asked.clear()

    @property
    def methods(self) -> list[str]:
        """What was asked, by method."""
        return [method for method, _, _ in self.asked]

    @property
    def answered(self) -> int:
        """Bytes of all answers' bodies."""
        return sum(size for _, _, size in self.asked)


def _passing_on(url: str, asked: list[tuple[str, str, int]]) -> Callable[[Seen], Reply]:
    parts = urlsplit(url)

    def script(seen: Seen) -> Reply:
        headers = {name: value for name, value in seen.headers.items() if name.lower() not in _OWN}
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        try:
            connection.request(
                seen.method, seen.path, seen.body.encode(), {**headers, "Host": parts.netloc, "Accept-Encoding": ""}
            )
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        asked.append((seen.method, seen.path, len(body)))
        kept = {name: value for name, value in answer.getheaders() if name.lower() not in _OWN}
        return Reply(answer.status, body, kept)

    return script


Counting = Callable[[CalDavServer], Counted]


@pytest.fixture
def counting() -> Iterator[Counting]:
    """Puts a count between us and a server."""
    with ExitStack() as stops:

        def between(server: CalDavServer) -> Counted:
            asked: list[tuple[str, str, int]] = []
            fake = FakeHttp(_passing_on(server.url, asked))
            stops.callback(serve(fake))
            urls = {
                name: getattr(server, name).replace(server.url, fake.url, 1)
                for name in ("url", "principal_url", "home_url", "calendar_url")
            }
            counted = Counted(replace(server, **urls, made=[]), fake, asked)
            stops.callback(lambda: [counted.server.remove(url) for url in list(counted.server.made)])
            return counted

        yield between
