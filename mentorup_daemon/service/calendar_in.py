"""What changed in the calendars becomes meetings in the store.

Every event's raw text is kept, so only what changed is ever read, and what can't be a mentoring meeting is never
parsed. Which calendars there are is remembered too: a poll asks each of them one question, and writes nothing when
nothing has changed. The server is asked for its calendars again after a day, or after an hour where all of them are
taken, so that a newly made one is noticed within the hour; at once when one is gone or the config asks for others. One
calendar's changes and where its sync stands are kept in one transaction. The hard thing is distrust: a
calendar that has suddenly lost most of its events (a server half restored, a wrong account) takes nothing back until
it has stayed so for an hour.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from mentorup_daemon import events
from mentorup_daemon.calendars import CalendarGone, CalendarInfo, Calendars, Feed, Resource, suspicious
from mentorup_daemon.errors import OF_A_DOOR, Malformed, MentorUpError
from mentorup_daemon.events import Fault
from mentorup_daemon.records import Meeting
from mentorup_daemon.service.account import Account, Step
from mentorup_daemon.store import calendar as kept
from mentorup_daemon.store import mail
from mentorup_daemon.store.account import Scope

LOOK_BACK = timedelta(days=400)
LOOK_AHEAD = timedelta(days=200)
_EXPAND_AGAIN = timedelta(days=1)
_DISCOVER_AGAIN = timedelta(days=1)  # where the calendars are named
_DISCOVER_ALL_AGAIN = timedelta(hours=1)  # where all of them are taken
_SUSPECT_FOR = timedelta(hours=1)
_LONGEST_HREF = 1000  # characters; a place in the store has an end
_JUST_NOW = 5.0  # seconds

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Seen:
    """The calendars that were looked at in one pass, and found unchanged or taken in: URL -> when they were asked.

    A long first look, or one that failed half way, doesn't vouch for what was read at its beginning.
    """

    at: dict[str, float] = field(default_factory=dict)

    def just_now(self, calendar: str) -> bool:
        """True when the calendar was asked so shortly ago that to ask again would tell the same."""
        return time.monotonic() - self.at.get(calendar, -math.inf) < _JUST_NOW


def look(account: Account, now: datetime, step: Step, seen: Seen) -> None:
    """Brings the meetings in the store up to date. A server or a feed that fails costs itself alone.

    Puts down in `seen` which calendars are known as they are now. Raises the first of the doors' errors at the end;
    what was kept stays.
    """
    failures: list[MentorUpError] = []
    with account.store.reading() as scope:
        standing = kept.standing(scope)
    _expand_again(account, standing, now)  # before anything comes in, so that nothing is expanded twice
    found = {feed.name for feed in account.feeds}
    if account.calendars is not None:
        try:
            found |= {calendar.url for calendar in _look_at_all(account, account.calendars, standing, now, step, seen)}
        except OF_A_DOOR as error:
            failures.append(error)
    complete = not failures
    for feed in account.feeds:
        try:
            _look_at_feed(account, feed, now)
        except OF_A_DOOR as error:
            failures.append(error)
        step("feed kept")
    if complete:
        _missing(account, standing.cursors.keys() - found, now)
    step("meetings kept")
    if failures:
        raise failures[0]


def _look_at_all(
    account: Account, door: Calendars, standing: kept.Standing, now: datetime, step: Step, seen: Seen
) -> tuple[CalendarInfo, ...]:
    """Looks at each calendar, and returns them: those that are remembered, or the server's when one of them is gone."""
    calendars = _remembered(account, door, standing, now)
    if calendars is not None:
        try:
            for calendar in calendars:
                _look_at(account, door, calendar, now, seen, standing.cursors.get(calendar.url, ("", None)))
                step("calendar kept")
        except CalendarGone as gone:
            _log.info("looking for the calendars again", reason=str(gone))
        else:
            return calendars
    calendars = _discovered(account, door, now)
    step("calendars found")
    for calendar in calendars:
        _look_at(account, door, calendar, now, seen)
        step("calendar kept")
    return calendars


def _remembered(
    account: Account, door: Calendars, standing: kept.Standing, now: datetime
) -> tuple[CalendarInfo, ...] | None:
    """The calendars of the last discovery; None when the server has to be asked, for it may have others by now."""
    last = standing.discovery
    there = standing.cursors.keys() - {feed.name for feed in account.feeds}
    if last is None or last.by != _asking(door):
        return None
    again = _DISCOVER_ALL_AGAIN if door.takes_all else _DISCOVER_AGAIN
    if not last.at <= now < last.at + again:
        return None
    if there - {url for url, _ in last.calendars}:  # one is missed, and given up only while the server says so too
        return None
    return tuple(CalendarInfo(url, name) for url, name in last.calendars)


def _discovered(account: Account, door: Calendars, now: datetime) -> tuple[CalendarInfo, ...]:
    """The calendars that the server has now; kept, to be remembered."""
    calendars = door.discover()
    with account.store.writing() as scope:
        named = tuple((calendar.url, calendar.name) for calendar in calendars)
        kept.keep_discovery(scope, kept.Discovery(now, _asking(door), named))
    return calendars


def _asking(door: Calendars) -> str:
    return hashlib.sha256(repr(door.asks_for).encode()).hexdigest()


def read_again(account: Account, meetings: Iterable[Meeting], now: datetime, seen: Seen) -> None:
    """Reads the events of these meetings once more (D09) and keeps what has changed since the last look.

    Those of a calendar that has been looked at in this very pass, a moment ago, are as they were read. For one that is
    gone its calendar is looked at as a whole: what came in its place is seen with it, and a calendar that has lost most
    of its events isn't believed here either (D04).
    """
    door = account.calendars
    feeds = {feed.name for feed in account.feeds}
    if door is None:
        return
    for calendar, href in sorted({(one.calendar, one.href) for one in meetings if one.calendar not in feeds}):
        if seen.just_now(calendar):
            continue
        with account.store.reading() as scope:
            etag = kept.etags(scope, calendar, [href]).get(href)
        resource = door.read(calendar, href)
        if resource is None and etag is not None:
            _look_for(account, door, calendar, href, now)
        elif resource is not None and resource.etag != etag:
            with account.store.writing() as scope:
                _keep(account, scope, calendar, [resource], now)


def suspects(account: Account) -> set[str]:
    """The calendars that have lost most of their events, or are gone, for less than an hour."""
    with account.store.reading() as scope:
        return kept.suspects(scope)


def _look_for(account: Account, door: Calendars, url: str, href: str, now: datetime) -> None:
    """Looks at the calendar of an event that can't be read; it is suspect where it is gone, or still tells of it."""
    with account.store.reading() as scope:
        last = kept.standing(scope).discovery
    name = dict(last.calendars).get(url, url) if last else url
    with suppress(CalendarGone):
        _look_at(account, door, CalendarInfo(url, name), now, Seen())
    with account.store.writing() as scope:
        _, suspect_since = kept.cursor(scope, url)
        if suspect_since is None and href in kept.etags(scope, url, [href]):
            kept.keep_cursor(scope, url, name, "", now)  # the next look lists everything


def _look_at(
    account: Account,
    door: Calendars,
    calendar: CalendarInfo,
    now: datetime,
    seen: Seen,
    stands: tuple[str, datetime | None] | None = None,
) -> None:
    """One calendar: each batch of changes, and how far it goes, in one transaction. `stands`: from where, if known."""
    asked = time.monotonic()

    def known(hrefs: Collection[str] | None) -> Mapping[str, str]:
        with account.store.reading() as scope:
            return kept.etags(scope, calendar.url, hrefs)

    if stands is None:
        with account.store.reading() as scope:
            stands = kept.cursor(scope, calendar.url)
    cursor, suspect_since = _believable(stands, now)
    for changes in door.changes(calendar, cursor, known):
        if changes.unchanged and suspect_since is None:
            break
        with account.store.reading() as scope:
            lost = bool(changes.deleted) and suspicious(kept.count(scope, calendar.url), len(changes.deleted))
        if lost and now - (suspect_since or now) < _SUSPECT_FOR:
            _log.warning("calendar lost most of its events; waiting before it is believed", calendar=calendar.name)
            with account.store.writing() as scope:  # the old cursor stays, so the next look sees the same again
                kept.keep_cursor(scope, calendar.url, calendar.name, cursor, suspect_since or now)
            return
        with account.store.writing() as scope:
            kept.forget_resources(scope, calendar.url, changes.deleted)
            for href in changes.deleted:
                _keep_meetings(account, scope, calendar.url, href, None, now)
            _keep(account, scope, calendar.url, changes.changed, now)
            kept.keep_cursor(scope, calendar.url, calendar.name, changes.cursor, None)
    seen.at[calendar.url] = asked


def _believable(stands: tuple[str, datetime | None], now: datetime) -> tuple[str, datetime | None]:
    """Where a sync stands, and since when it is suspect; never since later than now, for clocks are set back."""
    cursor, since = stands
    return cursor, None if since is None else min(since, now)


def _look_at_feed(account: Account, feed: Feed, now: datetime) -> None:
    """One feed: a calendar of one resource, which is whole or unchanged. Emptied all at once it is not believed yet."""
    with account.store.reading() as scope:
        cursor, suspect_since = _believable(kept.cursor(scope, feed.name), now)
    changes = feed.changes(cursor)
    if changes.unchanged and cursor == changes.cursor:
        return
    with account.store.writing() as scope:
        for resource in changes.changed:
            known = kept.ahead(scope, feed.name, now)
            gone = max(0, known - _still_ahead(account, feed.name, resource, now))
            if suspicious(known, gone) and now - (suspect_since or now) < _SUSPECT_FOR:
                _log.warning("feed lost most of its events; waiting before it is believed", feed=feed.host)
                kept.keep_cursor(scope, feed.name, feed.host, cursor, suspect_since or now)
                return
            _keep(account, scope, feed.name, [resource], now)
        kept.keep_cursor(scope, feed.name, feed.host, changes.cursor, None)


def _still_ahead(account: Account, calendar: str, resource: Resource, now: datetime) -> int:
    """How many meetings the text has ahead; none when it can't be read."""
    try:
        found, _ = _meetings_in(account, calendar, resource.href, resource.text, now)
    except Malformed:
        return 0
    return sum(1 for meeting in found if meeting.on and meeting.start > now)


def _missing(account: Account, missing: Collection[str], now: datetime) -> None:
    """Calendars that are kept and were not found: after an hour they are gone, and their meetings with them."""
    if not missing:
        return
    with account.store.writing() as scope:
        for url in missing:
            cursor, since = _believable(kept.cursor(scope, url), now)
            if since is None or now - since < _SUSPECT_FOR:
                kept.keep_cursor(scope, url, url, cursor, since or now)
                continue
            for href in kept.etags(scope, url):
                _keep_meetings(account, scope, url, href, None, now)
            kept.forget_calendar(scope, url)


def _keep(account: Account, scope: Scope, calendar: str, changed: Sequence[Resource], now: datetime) -> None:
    """Changed events: their texts, and the meetings in them. One that could not be had, or kept, costs itself."""
    for resource in changed:
        if len(resource.href) > _LONGEST_HREF:
            reason = f"its address is longer than {_LONGEST_HREF} characters"
            mail.keep_quarantined(scope, resource.href[:_LONGEST_HREF], "calendar event", reason, now)
    changed = [resource for resource in changed if len(resource.href) <= _LONGEST_HREF]
    known = kept.etags(scope, calendar, [resource.href for resource in changed])
    scan = events.scanner(people=account.people, recognition=account.recognition)
    candidates = {resource.href for resource in changed if not resource.problem and scan(resource.text)}
    kept.keep_resources(scope, calendar, ((one.href, one.etag, one.text, one.href in candidates) for one in changed))
    for resource in changed:
        href = resource.href
        if resource.problem:
            mail.keep_quarantined(scope, href, "calendar event", resource.problem, now)
        elif href in candidates or href in known:  # of a new one that can't be a meeting there is nothing more to keep
            _keep_meetings(account, scope, calendar, href, resource.text if href in candidates else None, now)


def _keep_meetings(account: Account, scope: Scope, calendar: str, href: str, text: str | None, now: datetime) -> None:
    """The meetings in one event; None for an event that is gone or holds none. A broken one costs itself."""
    found: list[Meeting] = []
    faults: list[Fault] = []
    if text is not None:
        try:
            found, faults = _meetings_in(account, calendar, href, text, now)
        except Malformed as error:
            faults = [Fault("the event", str(error))]
    if faults:
        reason = "; ".join(f"{fault.component}: {fault.reason}" for fault in faults)
        _log.warning("event can't be read", href=href, reason=reason)
        mail.keep_quarantined(scope, href, "calendar event", reason, now)
    else:
        mail.release(scope, href)
    if not found and any(not fault.partial for fault in faults):
        return  # what was known of it stays until it can be read again
    kept.keep_meetings(scope, calendar, href, found, now=now, until=now + LOOK_AHEAD)


def _meetings_in(
    account: Account, calendar: str, href: str, text: str, now: datetime
) -> tuple[list[Meeting], list[Fault]]:
    """The mentoring meetings of one event in the window, and what could not be read of it."""
    expansion = events.expand(
        text,
        zone=account.owner.zone,
        start=now - LOOK_BACK,
        end=now + LOOK_AHEAD,
        owner_addresses=account.owner.addresses,
    )
    found = []
    for occurrence in expansion.occurrences:
        recognised = events.recognise(
            occurrence, owner=account.owner, people=account.people, recognition=account.recognition
        )
        if recognised is not None:
            found.append(events.to_meeting(occurrence, recognised, calendar=calendar, href=href))
    return found, list(expansion.faults)


def _expand_again(account: Account, standing: kept.Standing, now: datetime) -> None:
    """Expands what is kept once a day, for the window moves, and whenever people, recognition or zone have changed."""
    digest = _reading(account)
    same = standing.expanded_by == digest
    if same and standing.expanded_at is not None and now - standing.expanded_at < _EXPAND_AGAIN:
        return
    scan = events.scanner(people=account.people, recognition=account.recognition)
    with account.store.reading() as scope:
        before = kept.candidates(scope)
        texts: dict[tuple[str, str], str | None] = dict.fromkeys(before)
        for calendar, href, text in kept.texts(scope, candidates_only=same):
            if same or scan(text):
                texts[calendar, href] = text
    with account.store.writing() as scope:
        for (calendar, href), text_now in texts.items():
            _keep_meetings(account, scope, calendar, href, text_now, now)
            if (text_now is not None) != ((calendar, href) in before):
                kept.keep_candidate(scope, calendar, href, candidate=text_now is not None)
        kept.keep_reading(scope, digest, now)


def _reading(account: Account) -> str:
    """A digest of all that decides what a text means: expanded with another one, what is kept is expanded again."""
    return hashlib.sha256(repr((account.owner, account.people, account.recognition)).encode()).hexdigest()
