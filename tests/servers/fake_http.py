"""An HTTP server that answers as a test scripts it: wrong, late, half, or not at all. Stdlib only, in a thread."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as it came in."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What to answer. `drip` are seconds before each byte of the body; `claim` a Content-Length that isn't true.

    `drip_head` are seconds before each byte of an endless head; `hang` seconds before anything comes.
    """

    status: int = 200
    body: str | bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    drip: float = 0
    drip_head: float = 0
    hang: float = 0
    claim: int | None = None


Script = Callable[[Seen], Reply]


@dataclass(slots=True)
class FakeHttp:
    """`url` is its root, `requests` what it was asked; set `script` to change what it answers."""

    script: Script = lambda seen: Reply(404)
    requests: list[Seen] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)
    url: str = ""
    port: int = 0

    def asked(self, method: str) -> list[Seen]:
        """The requests of one method."""
        return [seen for seen in self.requests if seen.method == method]


def _handler(fake: FakeHttp) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            seen = Seen(self.command, self.path, dict(self.headers), body)
            fake.requests.append(seen)
            try:
                self.send(fake.script(seen))
            except OSError:
                self.close_connection = True  # the client has had enough, which is what most of these tests want

        def send(self, reply: Reply) -> None:
            payload = reply.body.encode() if isinstance(reply.body, str) else reply.body
            fake.closing.wait(reply.hang)
            if reply.drip_head:
                self.drip(b"HTTP/1.1 200 OK\r\n" + b"X-Slow: yes\r\n" * 10_000, reply.drip_head)
                return
            self.send_response(reply.status)
            self.send_header("Content-Length", str(reply.claim if reply.claim is not None else len(payload)))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if reply.drip:
                self.drip(payload, reply.drip)
            else:
                self.wfile.write(payload)
            if reply.claim is not None:
                self.close_connection = True

        def drip(self, payload: bytes, pause: float) -> None:
            for byte in payload:
                if fake.closing.wait(pause):
                    self.close_connection = True
                    return
                self.wfile.write(bytes([byte]))
                self.wfile.flush()

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing: what was asked is in `requests`."""

        do_GET = do_POST = do_PUT = do_DELETE = do_MKCALENDAR = do_PROPFIND = do_PROPPATCH = do_REPORT = answer  # noqa: N815  # the names http.server looks for

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Says nothing: clients that have had enough are what these tests are about."""


def serve(fake: FakeHttp, port: int = 0, tls: ssl.SSLContext | None = None) -> Callable[[], None]:
    """Serve `fake` on loopback until the function that is returned is called."""
    server = _Server(("127.0.0.1", port), _handler(fake))
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    fake.port = server.server_address[1]
    fake.url = f"{'http' if tls is None else 'https'}://127.0.0.1:{fake.port}/"
    fake.closing.clear()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()

    def stop() -> None:
        fake.closing.set()
        server.shutdown()
        server.server_close()
        thread.join(5)

    return stop


@pytest.fixture
def fake_http() -> Iterator[FakeHttp]:
    """A scripted server on a free loopback port."""
    fake = FakeHttp()
    stop = serve(fake)
    yield fake
    stop()


@pytest.fixture
def tls_http(server_tls: tuple[ssl.SSLContext, dict[str, str]]) -> Iterator[tuple[FakeHttp, str]]:
    """The same with TLS, and the CA file by which it is trusted."""
    context, beside = server_tls
    fake = FakeHttp()
    stop = serve(fake, tls=context)
    yield fake, beside["ca_file"]
    stop()
