"""The texts of resources whose hrefs are known: in batches of one calendar-multiget each (RFC 4791 7.9), or by GET.

What can't be had costs itself alone: too large, refused, or such that it breaks the XML of all that come with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urljoin
from xml.sax.saxutils import escape

from mentorup_daemon.calendars.dav import Dav, Refused
from mentorup_daemon.calendars.multistatus import CS, Answer, C, D, Garbled, spelled
from mentorup_daemon.calendars.values import Resource
from mentorup_daemon.calendars.wire import TooLarge

EVENT_LIMIT = 5_000_000  # bytes of one event; a larger one is told as a problem
BATCH_BYTES = 8_000_000  # of events at once, by their own word
_BATCH = 500  # resources in one calendar-multiget
_SMALL_BATCH = 30  # one that is refused isn't refused for its size

HEAD = '<?xml version="1.0" encoding="utf-8"?>'
SPACES = f'xmlns:d="{D[1:-1]}" xmlns:c="{C[1:-1]}" xmlns:cs="{CS[1:-1]}"'
_MULTIGET = (
    f"{HEAD}<c:calendar-multiget {SPACES}><d:prop><d:getetag/><c:calendar-data/></d:prop>{{hrefs}}"
    "</c:calendar-multiget>"
)


def fetched(dav: Dav, url: str, wanted: list[Answer]) -> Iterator[tuple[Answer, Resource | None]]:
    """Each of `wanted` with its text, or None when it is gone: inline data first, then in batches, then one by one."""
    for batch in _batches(wanted):
        small = [answer for answer in batch if _size(answer) <= EVENT_LIMIT]
        had = {answer.href: answer for answer in small if f"{C}calendar-data" in answer.props}
        missing = [answer for answer in small if answer.href not in had]
        if missing:
            had |= _multiget(dav, url, missing)
        for answer in batch:
            etag = answer.text(f"{D}getetag")
            if _size(answer) > EVENT_LIMIT:
                yield answer, _too_large(answer.href, etag)
            elif answer.href in had:
                yield answer, resource_in(had[answer.href], etag)
            else:
                yield answer, _get(dav, url, answer.raw_href, etag)


def _batches(wanted: list[Answer]) -> Iterator[list[Answer]]:
    """`wanted` in pieces for one request each: bounded in number, and in bytes as far as the server tells them."""
    batch: list[Answer] = []
    room = BATCH_BYTES
    for answer in wanted:
        size = min(_size(answer), EVENT_LIMIT)
        if batch and (len(batch) == _BATCH or size > room):
            yield batch
            batch, room = [], BATCH_BYTES
        batch.append(answer)
        room -= size
    if batch:
        yield batch


def _multiget(dav: Dav, url: str, wanted: list[Answer]) -> dict[str, Answer]:
    """Those of `wanted` that a calendar-multiget brings (RFC 4791 7.9); the others are left to be asked one by one.

    One event with a control character in it breaks the XML of the whole batch, one of many megabytes its limit, and
    servers have limits of their own: a batch that fails is halved until only what makes it fail is left out.
    """
    hrefs = "".join(f"<d:href>{escape(answer.raw_href)}</d:href>" for answer in wanted)
    try:
        page = dav.report(url, _MULTIGET.format(hrefs=hrefs))
    except (Refused, Garbled, TooLarge) as error:
        if len(wanted) < 2 or (isinstance(error, Refused) and len(wanted) <= _SMALL_BATCH):
            return {}
        middle = len(wanted) // 2
        return _multiget(dav, url, wanted[:middle]) | _multiget(dav, url, wanted[middle:])
    return {answer.href: answer for answer in page.answers if answer.text(f"{C}calendar-data")}


def _get(dav: Dav, url: str, href: str, etag: str) -> Resource | None:
    """One resource by GET; None when it is gone."""
    try:
        got, text = dav.get(urljoin(url, href), limit=EVENT_LIMIT)
    except TooLarge:
        return _too_large(spelled(href), etag)
    except Refused as error:
        if error.status in (404, 410):
            return None
        return Resource(spelled(href), "", "", problem=str(error))
    except Garbled as error:
        return Resource(spelled(href), etag, "", problem=str(error))
    return Resource(spelled(href), got or etag, text)


def resource_in(answer: Answer, etag: str) -> Resource:
    """The resource whose text is in the answer; `etag` is what it is known by where the answer doesn't say."""
    text = answer.text(f"{C}calendar-data")
    if len(text.encode()) > EVENT_LIMIT:
        return _too_large(answer.href, etag)
    return Resource(answer.href, answer.text(f"{D}getetag") or etag, text)


def _too_large(href: str, etag: str) -> Resource:
    return Resource(href, etag, "", problem=f"larger than {EVENT_LIMIT // 1_000_000} MB")


def _size(answer: Answer) -> int:
    length = answer.text(f"{D}getcontentlength")
    return int(length) if length.isascii() and length.isdigit() else 0
