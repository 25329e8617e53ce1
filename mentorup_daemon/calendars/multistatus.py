"""The multistatus answers of WebDAV (RFC 4918 13) as values: read whole, or answer by answer while they come.

Pure: XML in, values out. Hrefs come in one spelling. A whole calendar is tens of megabytes of XML and several times
that as a tree, so the reader of a stream keeps no more of it than the one answer that it is at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote_to_bytes, urljoin, urlsplit

from lxml import etree

from mentorup_daemon.errors import Unavailable

D = "{DAV:}"
C = "{urn:ietf:params:xml:ns:caldav}"
CS = "{http://calendarserver.org/ns/}"

_HREF, _STATUS, _PROPSTAT, _PROP = f"{D}href", f"{D}status", f"{D}propstat", f"{D}prop"
_SAFE = "!$&'()*+,;=:@-._~"  # what may stand in a segment of a path as it is (RFC 3986 3.3)
_SPELLED = re.compile(r"(?:/[A-Za-z0-9!$&'()*+,;=:@\-_~][A-Za-z0-9!$&'()*+,;=:@\-._~]*)+/?")
"""An absolute path in our spelling already, without `.` and `..`: ten thousand of them come at once."""


class Garbled(Unavailable):
    """An answer that is no WebDAV: a web page, truncated or broken XML."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One response of a multistatus. `href` is in our spelling, `raw_href` in the server's.

    `status` is 200 unless the server gives one for the resource as a whole; `props` are the properties that were found,
    lxml elements by their names in Clark notation.
    """

    href: str
    raw_href: str
    status: int
    props: Mapping[str, Any]

    def text(self, name: str) -> str:
        """The text of a property; "" when it isn't there."""
        element = self.props.get(name)
        return ("" if element is None else element.text or "").strip()

    def names(self, name: str) -> frozenset[str]:
        """The names of a property's child elements: the types in a resourcetype."""
        element = self.props.get(name)
        return frozenset() if element is None else frozenset(str(child.tag) for child in element)

    def hrefs(self, name: str) -> tuple[str, ...]:
        """The hrefs in a property, as the server wrote them."""
        element = self.props.get(name)
        found = () if element is None else element.iter(f"{D}href")
        return tuple(str(href.text).strip() for href in found if href.text and href.text.strip())


@dataclass(frozen=True, slots=True)
class Multistatus:
    """A 207 answer. `sync_token` is "" outside of sync-collection; `url` is where it came from, redirects followed."""

    url: str
    answers: tuple[Answer, ...]
    sync_token: str = ""


def spelled(href: str) -> str:
    """The path of an href in one spelling: what needn't be percent-encoded isn't (RFC 3986 6.2.2)."""
    path = urlsplit(href).path
    return "/".join(quote(unquote_to_bytes(segment), safe=_SAFE) for segment in path.split("/"))


def multistatus(host: str, url: str, tree: Any) -> Multistatus:
    """The answer of `host` as a whole. Raises `Garbled` when the tree is none."""
    if tree is None or tree.tag != f"{D}multistatus":
        raise _garbled(host)
    answers = tuple(_answer(host, url, element) for element in tree.iterfind(f"{D}response"))
    return Multistatus(url, answers, (tree.findtext(f"{D}sync-token") or "").strip())


def answers_in(host: str, url: str, chunks: Iterable[bytes], longest: int) -> Iterator[Answer]:
    """The answers as they come, each to be used before the next is asked for. `longest` is in bytes, for one of them.

    Raises `Garbled` also for what ends too early: what has been given until then is true all the same.
    """
    parser = etree.XMLPullParser(events=("end",), tag=(f"{D}response", f"{D}multistatus"), resolve_entities=False)
    unread, whole = 0, False
    try:
        for chunk in chunks:
            parser.feed(chunk)
            unread += len(chunk)
            for _, element in parser.read_events():
                if element.tag == f"{D}multistatus":
                    whole = element.getparent() is None
                    continue
                unread = 0
                yield _answer(host, url, element)
                _let_go(element)
            if unread > longest:
                raise Garbled(f"{host} sends more than {longest:,} bytes for one event")
        parser.close()
    except etree.XMLSyntaxError as error:
        raise Garbled(f"{host} sent broken XML") from error
    if not whole:
        raise _garbled(host)


def _let_go(element: Any) -> None:
    """Frees an element that has been read; the tree would keep it else."""
    parent = element.getparent()
    element.clear()
    if parent is not None:
        while parent[0] is not element:
            del parent[0]


def _garbled(host: str) -> Garbled:
    return Garbled(f"{host} answers, but not as a CalDAV server does (a web page, perhaps); check [caldav] url")


def _answer(host: str, url: str, element: Any) -> Answer:
    href, status = "", ""
    props: dict[str, Any] = {}
    for child in element:
        tag = child.tag
        if tag == _PROPSTAT:
            _take(child, props)
        elif tag == _HREF:
            href = href or (child.text or "").strip()
        elif tag == _STATUS:
            status = child.text or ""
    try:
        place = href if _SPELLED.fullmatch(href) else spelled(urljoin(url, href))
    except ValueError as error:
        raise Garbled(f"{host} names something by an address that is none") from error
    return Answer(place, href, _code(status), props)


def _take(propstat: Any, props: dict[str, Any]) -> None:
    """The properties of a propstat, if it tells of those that were found."""
    groups, status = [], ""
    for child in propstat:
        if child.tag == _PROP:
            groups.append(child)
        elif child.tag == _STATUS:
            status = child.text or ""
    if _code(status) == 200:
        props.update((str(prop.tag), prop) for group in groups for prop in group)


def _code(line: str) -> int:
    """The number in a status line (`HTTP/1.1 404 Not Found`); 200 when there is none."""
    words = line.split(None, 2)
    return int(words[1]) if len(words) > 1 and words[1].isascii() and words[1].isdigit() else 200
