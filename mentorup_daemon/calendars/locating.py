"""Where a domain's calendars are (RFC 6764): SRV and TXT records, then the well-known URI, for the owner to agree to.

What it promises: nothing it asks carries a login, so that there is nothing to leak however often it is sent on; it
follows redirects to https only, or to this very machine; and it names only what answers as a CalDAV server does. The
hard thing is the web at large, where any path is answered with a page: a place counts when it wants a login or speaks
WebDAV, else it is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from mentorup_daemon.calendars.wire import BoundedSession, check_ca_file, checked_url, families
from mentorup_daemon.errors import MentorUpError
from mentorup_daemon.records.hosts import is_loopback
from mentorup_daemon.service_records import domain_of, services, within

WELL_KNOWN = "/.well-known/caldav"
_REDIRECTS = 5
_LIMIT = 1_000_000  # bytes of an answer; nothing of it is read
_PROPS = (
    '<?xml version="1.0" encoding="utf-8"?><propfind xmlns="DAV:"><prop><current-user-principal/></prop></propfind>'
)


@dataclass(frozen=True, slots=True)
class CalendarPlace:
    """The URL to begin at. `foreign` when its host isn't part of the domain that was asked."""

    url: str
    foreign: bool


def locate(identifier: str, *, timeout: float = 10.0, ca_file: str = "") -> CalendarPlace | None:
    """Where the calendars of an email address's domain, or of a bare one, are; None when that can't be found out.

    `timeout` is in seconds, for each wait on a server. Raises `ConfigError` for a CA file that isn't there.
    """
    check_ca_file(ca_file, "ca_file")
    domain = domain_of(identifier)
    if not domain:
        return None
    session = BoundedSession(limit=_LIMIT, timeout=timeout, ca_file=ca_file)
    try:
        for url in dict.fromkeys(_candidates(domain)):
            place = _answering(session, url)
            if place:
                host = urlsplit(place).hostname or ""
                return CalendarPlace(place, not (is_loopback(host) or within(host, domain)))
    finally:
        session.close()
    return None


def _candidates(domain: str) -> Iterator[str]:
    """Where to ask, the best first (RFC 6764 6): without TLS on this machine only."""
    for name, scheme, usual in (("caldavs", "https", 443), ("caldav", "http", 80)):
        for service in services(name, domain):
            if scheme == "https" or is_loopback(service.host):
                port = "" if service.port == usual else f":{service.port}"
                for path in (service.path, WELL_KNOWN):
                    if path:
                        yield f"{scheme}://{service.host}{port}{path}"
    yield f"https://{domain}{WELL_KNOWN}"


def _answering(session: BoundedSession, url: str) -> str:
    """Where `url` leads, redirects followed; "" where that is no CalDAV server, or can't be asked."""
    for _ in range(_REDIRECTS):
        try:
            checked_url(url, "the address")
            with families(urlsplit(url).hostname or ""):
                response = session.request(
                    "PROPFIND",
                    url,
                    data=_PROPS,
                    headers={"Depth": "0", "Content-Type": "application/xml; charset=utf-8", "User-Agent": "mentorup"},
                )
        except MentorUpError:
            return ""
        status = response.status_code or 0
        if status not in (301, 302, 303, 307, 308):
            return url if status == 207 or (status == 401 and "WWW-Authenticate" in response.headers) else ""
        url = _next(url, str(response.headers.get("Location", "")))
    return ""


def _next(url: str, location: str) -> str:
    """Where a redirect leads, without a login that is written into it; "" where that is less safe, or no URL."""
    try:
        target = urlsplit(urljoin(url, location))
    except ValueError:
        return ""
    if urlsplit(url).scheme == "https" and target.scheme != "https":
        return ""
    return target._replace(netloc=target.netloc.rpartition("@")[2]).geturl()
