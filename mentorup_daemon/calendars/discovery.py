"""Which calendars an account has (RFC 4791 6.2, 7.1; RFC 5397; RFC 6764 6).

Whatever the URL is, root, principal, calendar home or one calendar, the way is the same: ask it, follow
current-user-principal and calendar-home-set as far as they lead, try `.well-known/caldav` where the URL leads nowhere.
Only calendars that can hold events count. The hard thing is what servers leave out: a plain collection has no
principal, a home may carry no property at all, a shared calendar may lie outside of the home.
"""

from __future__ import annotations

from urllib.parse import unquote, urljoin, urlsplit

from mentorup_daemon.calendars.dav import Dav, Refused
from mentorup_daemon.calendars.multistatus import CS, Answer, C, D, Garbled, Multistatus, spelled
from mentorup_daemon.calendars.values import CalendarInfo
from mentorup_daemon.errors import ConfigError, CredentialsError

_PROPS = f"""<?xml version="1.0" encoding="utf-8"?>
<d:propfind xmlns:d="{D[1:-1]}" xmlns:c="{C[1:-1]}"><d:prop><d:resourcetype/><d:displayname/><d:current-user-principal/>
<c:calendar-home-set/><c:supported-calendar-component-set/></d:prop></d:propfind>"""

_PRIVILEGES = f"""<?xml version="1.0" encoding="utf-8"?>
<d:propfind xmlns:d="{D[1:-1]}"><d:prop><d:current-user-privilege-set/></d:prop></d:propfind>"""

# Any of these lets one make, change and remove events (RFC 3744 3.2 to 3.12).
_WRITING = frozenset({f"{D}write", f"{D}all", f"{D}write-content", f"{D}bind"})

# Collections that lie among the calendars and aren't any, whatever else they say they are.
_NO_CALENDARS = frozenset(
    {
        f"{C}schedule-inbox",
        f"{C}schedule-outbox",
        f"{CS}notification",
        "{urn:ietf:params:xml:ns:carddav}addressbook",
        "{http://nextcloud.com/ns}trash-bin",
        "{http://nextcloud.com/ns}deleted-calendar",
    }
)


class NothingThere(ConfigError):
    """The URL leads to no calendar at all."""


def discover(dav: Dav) -> tuple[CalendarInfo, ...]:
    """All calendars of the account that hold events, or those that are configured, in the order of the server.

    The one for reminders is left out: nothing in it is a meeting. Raises `ConfigError` when there are none, or when one
    that is configured isn't there, naming those that are, and `CredentialsError` when the server keeps them from this
    user.
    """
    found = _all(dav)
    if dav.account.calendars:
        found = _chosen(dav, dav.account.calendars, found)
    return tuple(info for info in found if not (dav.account.reminders and _matches(info, dav.account.reminders)))


def for_reminders(dav: Dav) -> CalendarInfo:
    """The calendar that reminders are written into. Raises `ConfigError` when it isn't there, naming those that are."""
    name = dav.account.reminders
    found = _all(dav)
    hits = [info for info in found if _matches(info, name)]
    if not hits and "://" in name:
        hits = _shared(dav, name)
    if not hits:
        there = ", ".join(repr(info.name) for info in found) or "none"
        raise ConfigError(f"[caldav] reminders_calendar: {name!r} isn't on {dav.host}; there are: {there}")
    return hits[0]


def writable(dav: Dav, calendar: CalendarInfo) -> bool:
    """False when the server says that this user may not write there (RFC 3744 5.4); True when it says nothing."""
    answers = dav.propfind(calendar.url, _PRIVILEGES).answers
    granted = answers[0].props.get(f"{D}current-user-privilege-set") if answers else None
    if granted is None or not len(granted):
        return True
    return any(str(privilege.tag) in _WRITING for privilege in granted.iter())


def _all(dav: Dav) -> tuple[CalendarInfo, ...]:
    """Every calendar that the URL, or the well-known one, leads to; () where only configured ones can be asked for."""
    wanted = dav.account.calendars
    found: tuple[CalendarInfo, ...] = ()
    forbidden = False
    for url in (dav.url, urljoin(dav.url, "/.well-known/caldav")):
        try:
            found = found or _from(dav, url)
        except Garbled:
            continue
        except Refused as error:
            if error.status >= 500:
                raise
            forbidden = forbidden or error.status == 403
    if wanted and (found or not forbidden):
        return found
    if forbidden and not found:
        raise CredentialsError(f"{dav.host} shows {dav.account.username} no calendars (403); check user and password")
    if not found:
        raise NothingThere(f"[caldav] url: there is no calendar that holds events at {dav.url}; check the address")
    return found


def _from(dav: Dav, url: str) -> tuple[CalendarInfo, ...]:
    """The calendars that `url` leads to. Raises `Refused` or `Garbled` when it isn't there or isn't WebDAV."""
    answer = _about(dav, url)
    if f"{D}unauthenticated" in answer.names(f"{D}current-user-principal"):
        dav.insist()
        answer = _about(dav, url)
    here = urljoin(url, answer.raw_href or url)
    if _is_calendar(answer) and not dav.account.calendars:
        return (_info(here, answer),)
    homes = _homes(dav, here, answer)
    found: dict[str, CalendarInfo] = {}
    for home in homes:
        listing = dav.propfind(home, _PROPS, depth=1)
        for child in listing.answers:
            if _is_calendar(child):
                info = _info(urljoin(listing.url, child.raw_href), child)
                found[info.url] = info
    return tuple(found.values())


def _homes(dav: Dav, here: str, answer: Answer) -> list[str]:
    """The URLs of the calendar homes that the resource `here` leads to; itself when it names none."""
    homes = answer.hrefs(f"{C}calendar-home-set")
    if homes:
        return [urljoin(here, home) for home in homes]
    for principal in answer.hrefs(f"{D}current-user-principal"):
        there = urljoin(here, principal)
        homes = _about(dav, there).hrefs(f"{C}calendar-home-set")
        if homes:
            return [urljoin(there, home) for home in homes]
    return [here]


def _chosen(dav: Dav, wanted: tuple[str, ...], found: tuple[CalendarInfo, ...]) -> tuple[CalendarInfo, ...]:
    """Those of `found` that are wanted, by name or URL; a URL that isn't among them is asked itself."""
    chosen: dict[str, CalendarInfo] = {}
    for name in wanted:
        hits = [info for info in found if _matches(info, name)]
        if not hits and "://" in name:
            hits = _shared(dav, name)
        if not hits:
            there = ", ".join(repr(info.name) for info in found) or "none"
            raise ConfigError(f"the calendar {name!r} ([caldav] calendars) isn't on {dav.host}; there are: {there}")
        chosen.update((info.url, info) for info in hits)
    return tuple(chosen.values())


def _matches(info: CalendarInfo, name: str) -> bool:
    if "://" in name:
        return spelled(info.url).rstrip("/") == spelled(name).rstrip("/")
    return info.name.casefold() == name.strip().casefold()


def _shared(dav: Dav, url: str) -> list[CalendarInfo]:
    """The calendar at `url`, when there is one: somebody else's that was shared doesn't lie in the home."""
    try:
        answer = _about(dav, url)
    except (Refused, Garbled):
        return []
    return [_info(urljoin(url, answer.raw_href), answer)] if _is_calendar(answer) else []


def _about(dav: Dav, url: str) -> Answer:
    """What `url` says about itself; its href is made absolute, redirects followed."""
    status: Multistatus = dav.propfind(url, _PROPS)
    if not status.answers or status.answers[0].status >= 400:
        raise Garbled(f"{dav.host} says nothing about {url}")
    answer = status.answers[0]
    absolute = urljoin(status.url, answer.raw_href)
    return Answer(answer.href, absolute, answer.status, answer.props)


def _is_calendar(answer: Answer) -> bool:
    types = answer.names(f"{D}resourcetype")
    if f"{C}calendar" not in types or types & _NO_CALENDARS:
        return False
    components = answer.props.get(f"{C}supported-calendar-component-set")
    if components is None or not len(components):
        return True  # RFC 4791 5.2.3: without the property all kinds are allowed
    return any(str(component.get("name")).upper() == "VEVENT" for component in components)


def _info(url: str, answer: Answer) -> CalendarInfo:
    url = url if url.endswith("/") else f"{url}/"
    last = unquote(urlsplit(url).path.rstrip("/").rpartition("/")[2])
    return CalendarInfo(url, answer.text(f"{D}displayname") or last)
