"""What is kept of calendars: where each sync stands, every event's raw text, and the mentoring meetings found in them.

A meeting that vanishes from its calendar is kept as cancelled: what was written about it has to be taken back, and what
has taken place stays on record.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, literal, select, update

from mentorup_daemon.records import Meeting
from mentorup_daemon.store.account import Scope
from mentorup_daemon.store.rows import columns_of, put, put_all, record
from mentorup_daemon.store.tables import Moment, accounts, calendars, meetings, resources

_IN_ONE_STATEMENT = 500


def cursor(scope: Scope, url: str) -> tuple[str, datetime | None]:
    """Where the calendar's sync stands ("" at first), and since when it is suspect (None when it isn't)."""
    row = scope.connection.execute(
        select(calendars.c.cursor, calendars.c.suspect_since).where(
            calendars.c.account == scope.account, calendars.c.url == url
        )
    ).one_or_none()
    return ("", None) if row is None else (row.cursor, row.suspect_since)


def keep_cursor(scope: Scope, url: str, name: str, value: str, suspect_since: datetime | None) -> None:
    """Keeps where the sync stands."""
    put(scope, calendars, url=url, name=name, cursor=value, suspect_since=suspect_since)


def suspects(scope: Scope) -> set[str]:
    """The calendars that are suspect."""
    rows = scope.connection.execute(
        select(calendars.c.url).where(calendars.c.account == scope.account, calendars.c.suspect_since.is_not(None))
    )
    return {row.url for row in rows}


@dataclass(frozen=True, slots=True)
class Discovery:
    """Which calendars the server had, asked when and by what: a digest of the address, the user and what is wanted."""

    at: datetime
    by: str
    calendars: tuple[tuple[str, str], ...]  # URL and name


@dataclass(frozen=True, slots=True)
class Standing:
    """Where everything stands: by what and when the events were last expanded, which calendars there were, and how far
    each sync has come and since when it is suspect, by URL.
    """

    expanded_by: str
    expanded_at: datetime | None
    discovery: Discovery | None
    cursors: Mapping[str, tuple[str, datetime | None]]


def standing(scope: Scope) -> Standing:
    """All that a look begins from, at once, for most looks need nothing else."""
    row = scope.connection.execute(select(accounts).where(accounts.c.account == scope.account)).one()
    there = scope.connection.execute(
        select(calendars.c.url, calendars.c.cursor, calendars.c.suspect_since).where(
            calendars.c.account == scope.account
        )
    )
    cursors = {each.url: (each.cursor, each.suspect_since) for each in there}
    last = None
    if row.discovered_at is not None:
        found = tuple((url, name) for url, name in row.discovered)
        last = Discovery(row.discovered_at, row.discovered_by, found)
    return Standing(row.reading, row.expanded_at, last, cursors)


def keep_discovery(scope: Scope, found: Discovery) -> None:
    """Keeps a discovery in the place of the one before."""
    scope.connection.execute(
        update(accounts)
        .where(accounts.c.account == scope.account)
        .values(
            discovered_at=found.at, discovered_by=found.by, discovered=[list(calendar) for calendar in found.calendars]
        )
    )


def forget_calendar(scope: Scope, url: str) -> None:
    """A calendar that is gone from the server, or from the config."""
    for table, column in ((resources, resources.c.calendar), (calendars, calendars.c.url)):
        scope.connection.execute(delete(table).where(table.c.account == scope.account, column == url))


def etags(scope: Scope, url: str, hrefs: Collection[str] | None = None) -> dict[str, str]:
    """href -> ETag of the events that are kept of a calendar: of these, or of all with None."""
    query = select(resources.c.href, resources.c.etag).where(
        resources.c.account == scope.account, resources.c.calendar == url
    )
    if hrefs is None:
        return {row.href: row.etag for row in scope.connection.execute(query)}
    found: dict[str, str] = {}
    for some in _in_batches(hrefs):
        rows = scope.connection.execute(query.where(resources.c.href.in_(some)))
        found.update((row.href, row.etag) for row in rows)
    return found


def count(scope: Scope, url: str) -> int:
    """How many events are kept of a calendar."""
    query = select(func.count()).where(resources.c.account == scope.account, resources.c.calendar == url)
    return scope.connection.execute(query).scalar_one()


def keep_resources(scope: Scope, url: str, found: Iterable[tuple[str, str, str, bool]]) -> None:
    """Keeps events: href, ETag, raw text, and whether there could be a mentoring meeting in it."""
    rows = [
        {"calendar": url, "href": href, "etag": etag, "text": text, "candidate": candidate}
        for href, etag, text, candidate in found
    ]
    put_all(scope, resources, rows)


def forget_resources(scope: Scope, url: str, hrefs: Collection[str]) -> None:
    """Events that are gone from the server."""
    for href in hrefs:
        scope.connection.execute(
            delete(resources).where(
                resources.c.account == scope.account, resources.c.calendar == url, resources.c.href == href
            )
        )


def texts(scope: Scope, *, candidates_only: bool) -> Iterator[tuple[str, str, str]]:
    """(calendar, href, text) of the events that are kept, a batch of them in memory at a time."""
    query = select(resources.c.calendar, resources.c.href, resources.c.text).where(resources.c.account == scope.account)
    if candidates_only:
        query = query.where(resources.c.candidate)
    query = query.order_by(resources.c.calendar, resources.c.href)
    rows = scope.connection.execute(query, execution_options={"yield_per": _IN_ONE_STATEMENT})
    return ((row.calendar, row.href, row.text) for row in rows)


def candidates(scope: Scope) -> set[tuple[str, str]]:
    """(calendar, href) of the events that are kept and could be mentoring meetings."""
    query = select(resources.c.calendar, resources.c.href).where(
        resources.c.account == scope.account, resources.c.candidate
    )
    return {(row.calendar, row.href) for row in scope.connection.execute(query)}


def keep_candidate(scope: Scope, url: str, href: str, *, candidate: bool) -> None:
    """Whether an event that is kept could be a mentoring meeting, after people or recognition have changed."""
    scope.connection.execute(
        update(resources)
        .where(resources.c.account == scope.account, resources.c.calendar == url, resources.c.href == href)
        .values(candidate=candidate)
    )


def keep_meetings(
    scope: Scope, calendar: str, href: str, found: Iterable[Meeting], *, now: datetime, until: datetime
) -> None:
    """The meetings that one event holds now, up to `until`: new ones are kept, vanished ones ahead become cancelled."""
    found = list(found)
    kept = [meeting.key for meeting in found]
    known = _known(scope, kept)
    for meeting in found:
        before = known.get(meeting.key)
        after = replace(meeting, seen_at=before.seen_at if before else now)
        if before != after:  # a moment is the same in any zone
            put(scope, meetings, **columns_of(after, meetings))
    scope.connection.execute(
        update(meetings)
        .where(
            meetings.c.account == scope.account,
            meetings.c.calendar == calendar,
            meetings.c.href == href,
            meetings.c.start > now,
            meetings.c.start < until,
            meetings.c.key.not_in(kept),
        )
        .values(status="cancelled", gone_at=func.coalesce(meetings.c.gone_at, literal(now, Moment)))
    )


def _known(scope: Scope, keys: Collection[str]) -> dict[str, Meeting]:
    """Those of these meetings that are kept, wherever they were found."""
    found: dict[str, Meeting] = {}
    for some in _in_batches(keys):
        query = select(meetings).where(meetings.c.account == scope.account, meetings.c.key.in_(some))
        found.update((row.key, record(Meeting, row)) for row in scope.connection.execute(query))
    return found


def ahead(scope: Scope, calendar: str, now: datetime) -> int:
    """How many meetings of a calendar are ahead and on."""
    return scope.connection.execute(
        select(func.count())
        .select_from(meetings)
        .where(
            meetings.c.account == scope.account,
            meetings.c.calendar == calendar,
            meetings.c.start > now,
            meetings.c.status.in_(("confirmed", "tentative")),
        )
    ).scalar_one()


def all_meetings(scope: Scope, zone: ZoneInfo, since: datetime | None = None) -> tuple[Meeting, ...]:
    """Meetings by start, told in `zone`; cancelled ones too."""
    query = select(meetings).where(meetings.c.account == scope.account).order_by(meetings.c.start, meetings.c.key)
    if since is not None:
        query = query.where(meetings.c.end >= since)
    return tuple(
        record(Meeting, row, start=row.start.astimezone(zone), end=row.end.astimezone(zone))
        for row in scope.connection.execute(query)
    )


def keep_reading(scope: Scope, digest: str, now: datetime) -> None:
    """The events that are kept have been expanded by this, now."""
    scope.connection.execute(
        update(accounts).where(accounts.c.account == scope.account).values(reading=digest, expanded_at=now)
    )


def _in_batches(hrefs: Collection[str]) -> Iterator[list[str]]:
    """`hrefs` in as many pieces as a statement's number of parameters makes necessary."""
    listed = list(hrefs)
    for start in range(0, len(listed), _IN_ONE_STATEMENT):
        yield listed[start : start + _IN_ONE_STATEMENT]
