"""One HTTP session with bounds, and the border at which every exception turns into one of our families.

What it promises: no answer larger than its limit, none that takes longer than its patience however slowly it drips, no
redirect followed behind our back, no credentials from a `.netrc`, no plain HTTP to anything but a loopback address
where a password is at stake. The caldav library sends through this session and lets TypeError, lxml's and niquests'
own exceptions through (pitfall D01); `families` is the only place that knows them.
"""

from __future__ import annotations

import re
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import niquests
from caldav.lib import error as caldav_error
from niquests.adapters import HTTPAdapter
from niquests.packages.urllib3.exceptions import ReadTimeoutError  # type: ignore[import-not-found]

from mentorup_daemon.calendars.watchdog import Watchdog
from mentorup_daemon.errors import ConfigError, CredentialsError, MentorUpError, Unavailable
from mentorup_daemon.records.hosts import is_loopback

PATIENCE = 10  # an answer as a whole may take this many times the timeout of a single wait
_AS_IT_COMES = -1  # niquests: don't wait for a chunk to fill
_LONGEST_RETRY_AFTER = 24 * 3600.0  # seconds; a server that names a later time isn't believed


_watchdog = Watchdog()


class TooLarge(Unavailable):
    """The answer is larger than the limit; what was asked for has to be asked for in smaller pieces, or left."""


class _BoundedAdapter(HTTPAdapter):
    """Reads the whole answer here, under the session's limit and patience, whoever asked for it.

    A timeout is for one wait on the socket, and a server that sends a byte now and then never runs into it. So there is
    a watchdog for the answer as a whole: it closes the connection under the reader of the head, and is asked by the
    reader of the body.
    """

    session: BoundedSession

    def send(self, request: niquests.PreparedRequest, *args: Any, **kwargs: Any) -> niquests.Response:
        streamed = bool(kwargs.get("stream"))
        late = threading.Event()

        def cut() -> None:
            late.set()
            self.close()

        with _watchdog.guarding(self.session.patience, cut):
            try:
                response = super().send(request, *args, **{**kwargs, "stream": True})
                if streamed:
                    return response  # whose body is read, and bounded, by `streamed`
                body = self._body(response, request.url or "", late)
                response._content = body  # noqa: SLF001  # what `content` returns; nothing public sets it
            except Exception as error:
                if late.is_set():
                    raise niquests.ReadTimeout("the answer as a whole took too long") from error
                raise
        return response

    def _body(self, response: niquests.Response, url: str, late: threading.Event) -> bytes:
        body = bytearray()
        for chunk in response.iter_content(_AS_IT_COMES):
            body += chunk
            if len(body) > self.session.limit:
                response.close()
                raise TooLarge(f"{urlsplit(url).hostname} sends more than {self.session.limit:,} bytes at once")
            if late.is_set():
                response.close()
                raise niquests.ReadTimeout
        return bytes(body)


class BoundedSession(niquests.Session):
    """A session for one server. `limit` (bytes of a body) may be set for one request and back."""

    def __init__(self, *, limit: int, timeout: float, ca_file: str = "") -> None:
        # Revocation lists would be fetched from third parties, HTTP/3 needs UDP ports open: neither is asked for.
        super().__init__(disable_http3=True, revocation_configuration=None, timeout=timeout)
        self.limit = limit
        self.patience = timeout * PATIENCE
        self._ca_file = ca_file
        self.auth = _no_credentials  # stands in the way of .netrc
        for scheme in ("http://", "https://"):
            adapter = _BoundedAdapter(disable_http3=True, revocation_configuration=None)
            adapter.session = self
            self.mount(scheme, adapter)

    def send(self, request: niquests.PreparedRequest, **kwargs: Any) -> niquests.Response:
        """Send, not following redirects: where a password may go is decided by the one who has it."""
        kwargs["allow_redirects"] = False
        if self._ca_file:
            kwargs["verify"] = self._ca_file  # here, because REQUESTS_CA_BUNDLE would win over the session's own
        return super().send(request, **kwargs)

    @contextmanager
    def streamed(
        self, method: str, url: str, body: bytes, headers: Mapping[Any, Any], auth: Any
    ) -> Iterator[tuple[int, Mapping[str, str], Iterator[bytes]]]:
        """The status and headers of an answer, and its body as it comes: bounded in time as any other, not in size."""
        until = time.monotonic() + self.patience
        response = self.request(method, url, data=body, headers=dict(headers), auth=auth, stream=True)
        try:
            yield response.status_code or 0, response.headers, self._chunks(response, until)
        finally:
            response.close()

    def _chunks(self, response: niquests.Response, until: float) -> Iterator[bytes]:
        for chunk in response.iter_content(_AS_IT_COMES):
            yield chunk
            if time.monotonic() > until:
                raise niquests.ReadTimeout("the answer as a whole took too long")


def _no_credentials(request: niquests.PreparedRequest) -> niquests.PreparedRequest:
    return request


@contextmanager
def families(
    server: str, user: str = "", *, ca_file: str = "", remedy: str = "check the user name and the password"
) -> Iterator[None]:
    """Turn whatever comes out of the block into an error of ours. Keep the block to the one call that sends."""
    who = f" as {user}" if user else ""
    try:
        yield
    except MentorUpError:
        raise
    except caldav_error.RateLimitError as error:
        raise Unavailable(f"{server} asks us to wait", retry_after=retry_after(error.retry_after)) from error
    except caldav_error.AuthorizationError as error:
        login = f"the login of {user}" if user else "to answer without a login"
        raise CredentialsError(f"{server} refuses {login}; {remedy}") from error
    except niquests.exceptions.SSLError as error:
        raise Unavailable(_tls_text(server, str(error), ca_file)) from error
    except ssl.SSLError as error:
        raise Unavailable(_tls_text(server, str(error), ca_file)) from error
    except niquests.Timeout as error:
        raise Unavailable(f"{server} doesn't answer in time{who}") from error
    except (
        niquests.exceptions.InvalidURL,
        niquests.exceptions.MissingSchema,
        niquests.exceptions.InvalidSchema,
    ) as error:
        raise ConfigError(f"{server} is no address that can be asked; check the URL") from error
    except Exception as error:  # D01: the libraries let anything through, TypeError included
        told = f"can't be reached or doesn't answer properly ({type(error).__name__})"
        if any(isinstance(reason, ReadTimeoutError) for reason in error.args):  # in the midst of an answer
            told = f"doesn't answer in time{who}"
        raise Unavailable(f"{server} {told}") from error


def _tls_text(server: str, reason: str, ca_file: str) -> str:
    if "certificate" in reason.lower():
        remedy = f"check ca_file ({ca_file})" if ca_file else "if it uses a private CA, set ca_file"
        return f"the certificate of {server} can't be verified; {remedy}"
    return f"no TLS connection to {server} can be made"


def check_status(server: str, status: int, headers: Mapping[str, str]) -> None:
    """Raise `Unavailable` for the answers that mean "later": 429, and 5xx but those that are about the one request."""
    if status == 429 or (status >= 500 and status not in (500, 501, 507)):
        raise Unavailable(f"{server} answers {status}", retry_after=retry_after(headers.get("Retry-After")))


def retry_after(value: str | None) -> float | None:
    """Seconds from now, for both forms of Retry-After (RFC 9110 10.2.3); None when absent or senseless."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), _LONGEST_RETRY_AFTER)
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    seconds = (when - datetime.now(UTC)).total_seconds()
    return min(max(0.0, seconds), _LONGEST_RETRY_AFTER)


def checked_url(url: str, key: str) -> SplitResult:
    """Split a URL that credentials will be sent to: https, or http to a loopback address. Raises `ConfigError`."""
    shown = re.sub(r"//[^/]*@", "//", url)
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigError(f"{key}: {shown!r} is no valid URL") from error
    if parts.scheme not in ("http", "https") or not host:
        raise ConfigError(f"{key}: {shown!r} is no valid URL; it reads https://HOST/")
    if parts.scheme == "http" and not is_loopback(host):
        raise ConfigError(f"{key}: {parts.scheme}://{host} would send the password unencrypted; use https://")
    return parts


def check_ca_file(ca_file: str, key: str) -> None:
    """Raise `ConfigError` when a CA file is named that isn't there."""
    if ca_file and not Path(ca_file).is_file():
        raise ConfigError(f"{key}: there is no file {ca_file}")
