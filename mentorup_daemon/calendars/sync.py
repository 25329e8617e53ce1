"""What changed in one calendar since the last look, at the lowest price (RFC 6578, RFC 4791 7.9).

A poll is one small request. Measured with thousands of events on three servers, a PROPFIND for the CTag alone is the
cheapest of all answers (on Radicale half of what CTag and sync-token cost together), then one for the sync-token, then
a sync-collection. The first look finds out what the server has, the cursor remembers it; where a state that was said to
have changed held no change, the sync-collection is asked at once from then on. When something has happened, the
sync-token buys the difference, with the texts where the server gives them there; where there is no token, or the server
refuses it, all hrefs and ETags are listed and compared with what is known, so that deletions are seen on every path
(pitfall D02). Only what differs is fetched, in bounded batches, and what can't be had costs itself alone. The hard
thing is the cursor: it is always a state from before the answers it comes with, so that what happens in between is told
again rather than lost.

A calendar of which nothing is known comes with one calendar-query for everything, which is read as it comes: on
Radicale a sixth of the time of a listing and its batches. What it brought is held against a listing in the next look,
for nothing in its answer would say that a server has left something out.

The library's own synchronisation isn't used: it turns a refused token into a full fetch without deletions and makes up
tokens that begin with `fake-`, which are never trusted here.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Literal
from urllib.parse import urljoin
from xml.sax.saxutils import escape

from mentorup_daemon.calendars.dav import Dav, Refused
from mentorup_daemon.calendars.fetching import BATCH_BYTES, EVENT_LIMIT, HEAD, SPACES, fetched, resource_in
from mentorup_daemon.calendars.multistatus import CS, Answer, C, D, Garbled, spelled
from mentorup_daemon.calendars.values import CalendarChanges, CalendarGone, CalendarInfo, Known, Resource
from mentorup_daemon.calendars.wire import TooLarge
from mentorup_daemon.errors import Unavailable

AT_ONCE = 1_000  # resources fetched by one call; the rest is left for the next one
_PAGES = 100  # of a truncated sync-collection, before listing is the better way

_PROBE = f"{HEAD}<d:propfind {SPACES}><d:prop>{{props}}</d:prop></d:propfind>"
_CTAG, _TOKEN = "<cs:getctag/>", "<d:sync-token/>"
_LIST = f"{HEAD}<d:propfind {SPACES}><d:prop><d:getetag/><d:getcontentlength/><d:resourcetype/></d:prop></d:propfind>"
_SYNC = (
    f"{HEAD}<d:sync-collection {SPACES}><d:sync-token>{{token}}</d:sync-token><d:sync-level>1</d:sync-level>"
    "<d:prop><d:getetag/><d:getcontentlength/>{data}</d:prop></d:sync-collection>"
)
_QUERY = (
    f"{HEAD}<c:calendar-query {SPACES}><d:prop><d:getetag/><c:calendar-data/></d:prop>"
    '<c:filter><c:comp-filter name="VCALENDAR"/></c:filter></c:calendar-query>'
)


@dataclass(frozen=True, slots=True)
class _State:
    """A collection's state as the server names it; "" for what it doesn't name.

    `by` is what a poll asks for: the "ctag", the "token", or at once the "difference". `inline`: the server hasn't
    refused to give texts with the difference. `after`: a listing is under way in pieces, begun in this state, and has
    been taken up to this href.
    """

    ctag: str = ""
    token: str = ""
    by: Literal["ctag", "token", "difference", ""] = ""
    inline: bool = True
    after: str = ""

    @classmethod
    def read(cls, cursor: str) -> _State:
        """What `written` wrote; nothing at all for anything else."""
        try:
            found = json.loads(cursor)
            ctag, token, by, after = found["ctag"], _real(found["token"]), found["by"], found["after"]
        except (ValueError, TypeError, KeyError, AttributeError):
            return cls()
        if not all(isinstance(text, str) for text in (ctag, token, after)):
            return cls()
        if not (by == "ctag" and ctag) and not (by in ("token", "difference") and token):
            return cls(after=after)
        return cls(ctag, token, by, bool(found.get("inline", True)), after)

    def written(self) -> str:
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True)
class _Difference:
    """What a sync-collection told: the answers, the hrefs that are gone, and the token from which to go on."""

    token: str
    told: tuple[Answer, ...]
    gone: tuple[str, ...]
    inline: bool


def changes(dav: Dav, calendar: CalendarInfo, cursor: str, known: Known) -> Iterator[CalendarChanges]:
    """What is different from what is `known` since `cursor` ("" at first), piece by piece. Raises `CalendarGone`."""
    try:
        yield from _changes(dav, calendar, cursor, known)
    except Refused as error:
        if error.status in (404, 410):
            raise CalendarGone(f"the calendar {calendar.name!r} isn't on {dav.host} any more") from error
        raise


def _changes(dav: Dav, calendar: CalendarInfo, cursor: str, known: Known) -> Iterator[CalendarChanges]:
    before = _State.read(cursor)
    if before.after:
        yield from _by_listing(dav, calendar.url, before, known)
        return
    if not before.by and (yield from _by_query(dav, calendar.url, known)):
        return  # no state is asked for: on Radicale that costs as much as all events, and the next look does it
    now = _probe(dav, calendar, before)
    if before.by in ("ctag", "token") and _named(now) == _named(before):
        yield CalendarChanges(cursor, unchanged=True)
        return
    found = _difference(dav, calendar.url, before) if before.token else None
    if found is None:  # the state for the next look has to be from before the listing, and whole
        begun = _probe(dav, calendar, _State()) if before.by else now
        yield from _by_listing(dav, calendar.url, begun, known)
    elif before.by == "difference" and not (found.told or found.gone):
        yield CalendarChanges(cursor, unchanged=True)  # a token that changes by itself isn't kept anew each time
    else:
        by = before.by if found.told or found.gone else "difference"
        after = replace(now, token=found.token, by=by, inline=found.inline)
        yield _by_difference(dav, calendar.url, found, known, after.written())


def read(dav: Dav, calendar_url: str, href: str) -> Resource | None:
    """One resource as it is now; None when it is gone. Raises `Unavailable` when the server gives anything else."""
    try:
        etag, text = dav.get(urljoin(calendar_url, href), limit=EVENT_LIMIT)
    except Refused as error:
        if error.status in (404, 410):
            return None
        raise
    return Resource(spelled(href), etag, text)


def _probe(dav: Dav, calendar: CalendarInfo, before: _State) -> _State:
    """The state of the collection now, as far as a look that begins from `before` has to ask for it."""
    if before.by == "difference":
        return before
    asked = {"ctag": _CTAG, "token": _TOKEN}.get(before.by, _CTAG + _TOKEN)
    answers = dav.propfind(calendar.url, _PROBE.format(props=asked)).answers
    if not answers or answers[0].status in (404, 410):
        raise CalendarGone(f"the calendar {calendar.name!r} isn't on {dav.host} any more")
    ctag, token = answers[0].text(f"{CS}getctag"), _real(answers[0].text(f"{D}sync-token"))
    by: Literal["ctag", "token", ""] = "ctag" if ctag else "token" if token else ""
    if before.by == "ctag":
        token = before.token  # which wasn't asked for
    return replace(before, ctag=ctag, token=token, by=before.by or by)


def _named(state: _State) -> str:
    """What the poll of this state goes by."""
    return state.ctag if state.by == "ctag" else state.token


def _real(token: str) -> str:
    """The token, unless a library made it up (D02)."""
    return "" if token.startswith("fake-") else token


def _difference(dav: Dav, url: str, since: _State) -> _Difference | None:
    """What has happened since the token of `since`; None when only a listing can tell.

    Follows truncated answers (RFC 6578 3.6). A refused token comes as 403, 409, 412, 507 or plain 400 or 500,
    depending on the server: all of them mean a listing, which fails by itself if the server is really in trouble.
    What is refused with texts is asked for once more without: servers needn't give them here.
    """
    token, inline, refused = since.token, since.inline, not since.inline
    told: dict[str, Answer] = {}
    gone: dict[str, None] = {}
    for _ in range(_PAGES):
        data = "<c:calendar-data/>" if inline else ""
        try:
            page = dav.report(url, _SYNC.format(token=escape(token), data=data), depth=0)
        except (Refused, Garbled, TooLarge) as error:
            if not inline:
                return None
            inline, refused = False, isinstance(error, Refused)
            continue
        truncated = any(answer.status == 507 for answer in page.answers)
        for answer in _members(page.answers, url):
            if answer.status in (404, 410):
                told.pop(answer.href, None)
                gone[answer.href] = None
            elif answer.status != 507:
                gone.pop(answer.href, None)
                told[answer.href] = answer
        previous, token = token, _real(page.sync_token)
        if not token or len(told) > AT_ONCE or (truncated and token == previous):
            return None
        if not truncated:
            return _Difference(token, tuple(told.values()), tuple(gone), inline=not refused)
    return None


def _by_difference(dav: Dav, url: str, found: _Difference, known: Known, cursor: str) -> CalendarChanges:
    """What a difference comes to: of what is known, only what it names is looked at."""
    etags = known([*(answer.href for answer in found.told), *found.gone])
    differing = [answer for answer in found.told if not _same_etag(answer, etags)]
    gone = tuple(href for href in found.gone if href in etags)
    return _fetch(dav, url, differing, CalendarChanges(cursor, deleted=gone), etags)


def _by_query(dav: Dav, url: str, known: Known) -> Generator[CalendarChanges, None, bool]:
    """All that there is of a calendar of which nothing is known, in pieces; returns whether that is it.

    False where something is known, where the server won't, or where it breaks off or cuts its answer short: a listing
    then tells what is still wanted. There is no cursor, which has the next look list everything as well.
    """
    if known(None):
        return False
    collection = spelled(url).rstrip("/")
    piece: list[Resource] = []
    room, brought, whole = BATCH_BYTES, False, True
    try:
        for answer in dav.reported(url, _QUERY):
            whole = whole and answer.status != 507
            if not _is_member(answer, collection) or not answer.text(f"{C}calendar-data"):
                continue
            resource = resource_in(answer, "")
            piece.append(resource)
            room -= len(resource.text)
            brought = True
            if len(piece) == AT_ONCE or room < 0:
                yield CalendarChanges("", changed=tuple(piece), complete=False)
                piece, room = [], BATCH_BYTES
    except Unavailable as error:
        if error.retry_after is not None:
            raise
        whole = False
    if piece:
        yield CalendarChanges("", changed=tuple(piece), complete=whole)
    return brought and whole


def _by_listing(dav: Dav, url: str, begun: _State, known: Known) -> Iterator[CalendarChanges]:
    """What differs from what is known, in pieces, by href; all that is gone comes with the first.

    The cursor of a piece names the state before the first and how far it goes: who stops here can go on from there.
    """
    etags = known(None)
    listed, vanished = _listing(dav, url, etags)
    differing = [answer for answer in listed if answer.href > begun.after and not _same_etag(answer, etags)]
    differing.sort(key=lambda answer: answer.href)
    for start in range(0, max(1, len(differing)), AT_ONCE):
        piece = differing[start : start + AT_ONCE]
        complete = start + AT_ONCE >= len(differing)
        cursor = replace(begun, after="" if complete else piece[-1].href).written()
        deleted = () if start else tuple(vanished)
        yield _fetch(dav, url, piece, CalendarChanges(cursor, deleted=deleted, complete=complete), etags)


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
    return (answer for answer in answers if _is_member(answer, collection))


def _is_member(answer: Answer, collection: str) -> bool:
    if answer.href.endswith("/") or answer.href == collection:
        return False
    return f"{D}collection" not in answer.names(f"{D}resourcetype")


def _fetch(
    dav: Dav, url: str, differing: list[Answer], told: CalendarChanges, etags: Mapping[str, str]
) -> CalendarChanges:
    """What was `told`, with what differs fetched; what turns out to be gone meanwhile counts as deleted."""
    changed: list[Resource] = []
    deleted = list(told.deleted)
    for answer, resource in fetched(dav, url, differing):
        if resource is not None:
            changed.append(resource)
        elif answer.href in etags:
            deleted.append(answer.href)
    return replace(told, changed=tuple(changed), deleted=tuple(deleted))


def _same_etag(answer: Answer, known: Mapping[str, str]) -> bool:
    etag = _bare(answer.text(f"{D}getetag"))
    return bool(etag) and etag == _bare(known.get(answer.href, ""))


def _bare(etag: str) -> str:
    """An ETag without quotes and weakness, which servers write differently in a header and in a property."""
    return etag.removeprefix("W/").strip('"')
