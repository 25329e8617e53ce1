"""What changed in one calendar since the last look, at the lowest price (RFC 6578, RFC 4791 7.9).

A poll is one small PROPFIND for the collection's CTag and sync-token; when they are as they were, that is all. Else the
sync-token buys the difference; where there is none, or the server refuses it, all hrefs and ETags are listed and
compared with what is known, so that deletions are seen on every path (pitfall D02). Only what differs is fetched, in
bounded batches, and what can't be had costs itself alone. The hard thing is the cursor: it is always a state from
before the answers it comes with, so that what happens in between is told again rather than lost.

The library's own synchronisation isn't used: it turns a refused token into a full fetch without deletions and makes up
tokens that begin with `fake-`, which are never trusted here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from urllib.parse import urljoin
from xml.sax.saxutils import escape

from mentorup_daemon.calendars.dav import CS, Answer, C, D, Dav, Garbled, Refused, spelled
from mentorup_daemon.calendars.values import CalendarChanges, CalendarInfo, Resource
from mentorup_daemon.calendars.wire import TooLarge
from mentorup_daemon.errors import Unavailable

EVENT_LIMIT = 5_000_000  # bytes of one event; a larger one is told as a problem
AT_ONCE = 1_000  # resources fetched by one call; the rest is left for the next one
_BATCH = 50  # resources in one calendar-multiget
_PAGES = 100  # of a truncated sync-collection, before listing is the better way

_HEAD = '<?xml version="1.0" encoding="utf-8"?>'
_SPACES = f'xmlns:d="{D[1:-1]}" xmlns:c="{C[1:-1]}" xmlns:cs="{CS[1:-1]}"'
_PROBE = f"{_HEAD}<d:propfind {_SPACES}><d:prop><cs:getctag/><d:sync-token/></d:prop></d:propfind>"
_LIST = f"{_HEAD}<d:propfind {_SPACES}><d:prop><d:getetag/><d:getcontentlength/><d:resourcetype/></d:prop></d:propfind>"
_SYNC = (
    f"{_HEAD}<d:sync-collection {_SPACES}><d:sync-token>{{token}}</d:sync-token><d:sync-level>1</d:sync-level>"
    "<d:prop><d:getetag/><d:getcontentlength/></d:prop></d:sync-collection>"
)
_MULTIGET = (
    f"{_HEAD}<c:calendar-multiget {_SPACES}><d:prop><d:getetag/><c:calendar-data/></d:prop>{{hrefs}}"
    "</c:calendar-multiget>"
)


@dataclass(frozen=True, slots=True)
class _State:
    """A collection's state as the server names it; "" for what it doesn't name.

    `rotates`: the token changes by itself, so that only the CTag tells whether anything happened. `after`: a listing is
    under way in pieces, begun in this state, and has been taken up to this href.
    """

    ctag: str = ""
    token: str = ""
    rotates: bool = False
    after: str = ""

    @classmethod
    def read(cls, cursor: str) -> _State:
        """What `written` wrote; nothing at all for anything else."""
        try:
            found = json.loads(cursor)
            ctag, token, rotates, after = found["ctag"], found["token"], found["rotates"], found["after"]
        except (ValueError, TypeError, KeyError):
            return cls()
        if not all(isinstance(text, str) for text in (ctag, token, after)):
            return cls()
        return cls(ctag, _real(token), bool(rotates), after)

    def written(self) -> str:
        return json.dumps(asdict(self))

    def as_it_was(self, before: _State) -> bool:
        """True when the server says that nothing has happened since `before`."""
        if before.rotates and self.ctag:
            return self.ctag == before.ctag
        return bool(self.ctag or self.token) and (self.ctag, self.token) == (before.ctag, before.token)


def changes(dav: Dav, calendar: CalendarInfo, cursor: str, known: Mapping[str, str]) -> CalendarChanges:
    """What is different from `known` (href to ETag, as stored) since `cursor` ("" at first)."""
    before = _State.read(cursor)
    now = _probe(dav, calendar)
    if before.after:
        return _by_listing(dav, calendar.url, before, known)
    if now.as_it_was(before):
        return CalendarChanges(cursor, unchanged=True)
    if before.token:
        difference = _difference(dav, calendar.url, before.token)
        if difference is not None:
            token, told, gone = difference
            idle = not told and not gone and bool(now.ctag) and now.ctag == before.ctag
            after = _State(now.ctag, token, rotates=idle or before.rotates)
            return _result(dav, calendar.url, known, told, gone, after.written())
    return _by_listing(dav, calendar.url, now, known)


def read(dav: Dav, calendar_url: str, href: str) -> Resource | None:
    """One resource as it is now; None when it is gone. Raises `Unavailable` when the server gives anything else."""
    try:
        etag, text = dav.get(urljoin(calendar_url, href), limit=EVENT_LIMIT)
    except Refused as error:
        if error.status in (404, 410):
            return None
        raise
    return Resource(spelled(href), etag, text)


def _probe(dav: Dav, calendar: CalendarInfo) -> _State:
    try:
        found = dav.propfind(calendar.url, _PROBE).answers
    except Refused as error:
        if error.status not in (404, 410):
            raise
        found = ()
    if not found or found[0].status in (404, 410):
        raise Unavailable(f"the calendar {calendar.name!r} isn't on {dav.host} any more")
    return _State(found[0].text(f"{CS}getctag"), _real(found[0].text(f"{D}sync-token")))


def _real(token: str) -> str:
    """The token, unless the library made it up."""
    return "" if token.startswith("fake-") else token


def _difference(dav: Dav, url: str, token: str) -> tuple[str, list[Answer], list[str]] | None:
    """The next token, what changed and the hrefs that are gone since `token`; None when only a listing can tell.

    Follows truncated answers (RFC 6578 3.6). A refused token comes as 403, 409, 412, 507 or plain 400 or 500,
    depending on the server: all of them mean a listing, which fails by itself if the server is really in trouble.
    """
    told: dict[str, Answer] = {}
    gone: set[str] = set()
    for _ in range(_PAGES):
        try:
            page = dav.report(url, _SYNC.format(token=escape(token)), depth=0)
        except (Refused, Garbled, TooLarge):
            return None
        truncated = any(answer.status == 507 for answer in page.answers)
        for answer in _members(page.answers, url):
            if answer.status in (404, 410):
                told.pop(answer.href, None)
                gone.add(answer.href)
            elif answer.status != 507:
                gone.discard(answer.href)
                told[answer.href] = answer
        previous, token = token, _real(page.sync_token)
        if not token or len(told) > AT_ONCE or (truncated and token == previous):
            return None
        if not truncated:
            return token, list(told.values()), sorted(gone)
    return None


def _by_listing(dav: Dav, url: str, begun: _State, known: Mapping[str, str]) -> CalendarChanges:
    """The next piece of what differs from `known`, by href; the cursor names the state in which the first was taken."""
    listed, vanished = _listing(dav, url, known)
    differing = [answer for answer in listed if answer.href > begun.after and not _same_etag(answer, known)]
    differing.sort(key=lambda answer: answer.href)
    piece = differing[:AT_ONCE]
    complete = len(piece) == len(differing)
    cursor = replace(begun, after="" if complete else piece[-1].href).written()
    return _result(dav, url, known, piece, vanished, cursor, complete=complete)


def _listing(dav: Dav, url: str, known: Iterable[str]) -> tuple[list[Answer], list[str]]:
    """All resources of the calendar, and those of `known` that have vanished from it.

    Nothing counts as vanished when the server says nothing at all, cut the list short, or only can't tell about it.
    """
    page = dav.propfind(url, _LIST, depth=1)
    members = list(_members(page.answers, url))
    there = {answer.href for answer in members if answer.status not in (404, 410)}
    partial = not page.answers or any(answer.status == 507 for answer in page.answers)
    vanished = [] if partial else [href for href in known if href not in there]
    return [answer for answer in members if answer.status < 300], vanished


def _members(answers: Iterable[Answer], url: str) -> Iterator[Answer]:
    """The resources among the answers: neither the collection itself nor others inside of it."""
    collection = spelled(url).rstrip("/")
    for answer in answers:
        if answer.href.rstrip("/") == collection or answer.href.endswith("/"):
            continue
        if f"{D}collection" not in answer.names(f"{D}resourcetype"):
            yield answer


def _result(
    dav: Dav,
    url: str,
    known: Mapping[str, str],
    told: Iterable[Answer],
    gone: Iterable[str],
    cursor: str,
    *,
    complete: bool = True,
) -> CalendarChanges:
    """Fetch what was told to have changed; what turns out to be gone meanwhile counts as deleted."""
    changed: list[Resource] = []
    deleted = dict.fromkeys(gone)
    for answer, resource in _fetched(dav, url, [answer for answer in told if not _same_etag(answer, known)]):
        if resource is None:
            deleted[answer.href] = None
        else:
            changed.append(resource)
    return CalendarChanges(cursor, tuple(changed), tuple(href for href in deleted if href in known), complete=complete)


def _fetched(dav: Dav, url: str, wanted: list[Answer]) -> Iterator[tuple[Answer, Resource | None]]:
    """Each of `wanted` with its text, or None when it is gone: inline data first, then in batches, then one by one."""
    for start in range(0, len(wanted), _BATCH):
        batch = wanted[start : start + _BATCH]
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
                yield answer, _resource(had[answer.href], etag)
            else:
                yield answer, _get(dav, url, answer.raw_href, etag)


def _multiget(dav: Dav, url: str, wanted: list[Answer]) -> dict[str, Answer]:
    """Those of `wanted` that a calendar-multiget brings (RFC 4791 7.9); the others are left to be asked one by one.

    One event with a control character in it breaks the XML of the whole batch, one of many megabytes its limit.
    """
    hrefs = "".join(f"<d:href>{escape(answer.raw_href)}</d:href>" for answer in wanted)
    try:
        page = dav.report(url, _MULTIGET.format(hrefs=hrefs))
    except (Refused, Garbled, TooLarge):
        return {}
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


def _resource(answer: Answer, etag: str) -> Resource:
    text = answer.text(f"{C}calendar-data")
    if len(text.encode()) > EVENT_LIMIT:
        return _too_large(answer.href, etag)
    return Resource(answer.href, answer.text(f"{D}getetag") or etag, text)


def _too_large(href: str, etag: str) -> Resource:
    return Resource(href, etag, "", problem=f"larger than {EVENT_LIMIT // 1_000_000} MB")


def _size(answer: Answer) -> int:
    length = answer.text(f"{D}getcontentlength")
    return int(length) if length.isascii() and length.isdigit() else 0


def _same_etag(answer: Answer, known: Mapping[str, str]) -> bool:
    etag = _bare(answer.text(f"{D}getetag"))
    return bool(etag) and etag == _bare(known.get(answer.href, ""))


def _bare(etag: str) -> str:
    """An ETag without quotes and weakness, which servers write differently in a header and in a property."""
    return etag.removeprefix("W/").strip('"')
