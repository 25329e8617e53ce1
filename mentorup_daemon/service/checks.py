"""Whether everything that the service needs is there: what `mentorup check` tells, and `mentorup init` after asking.

Each check looks at one thing and says in one line how it stands and what to do. One that fails doesn't stop those that
don't depend on it. Nothing is written anywhere: a folder that is missing is named, not made, which is why the mailbox
is looked at through its session instead of through `Mailbox`, whose `special_folders` makes Drafts.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mentorup_daemon.calendars import CalDavAccount, Calendars, Elsewhere, Feed, NothingThere, Reminders
from mentorup_daemon.config import CalDavSettings, ImapSettings, Settings, store_url
from mentorup_daemon.errors import ConfigError, CredentialsError, Malformed, MentorUpError, StoreError, Unavailable
from mentorup_daemon.letters.sample_letters import contexts
from mentorup_daemon.letters.templates import Templates
from mentorup_daemon.mailbox import FILED, ImapAccount
from mentorup_daemon.mailbox.folders import Folder, Folders
from mentorup_daemon.mailbox.session import Session
from mentorup_daemon.service import elsewhere
from mentorup_daemon.service.doors import caldav_account, imap_account
from mentorup_daemon.store.account import Store
from mentorup_daemon.store.engine import standing

State = Literal["ok", "warning", "problem"]

_WORST_FIRST = (ConfigError.exit_code, CredentialsError.exit_code, Unavailable.exit_code, MentorUpError.exit_code)
_USEFUL = ("IDLE", "CONDSTORE", "UIDPLUS", "MOVE")


@dataclass(frozen=True, slots=True)
class Finding:
    """How one thing stands, in one line; `exit_code` is what a problem ends the command with."""

    name: str
    state: State
    message: str
    exit_code: int = 0


def exit_code(findings: Iterable[Finding]) -> int:
    """The exit code of the worst problem: config, credentials, a server, anything else; 0 without one."""
    codes = {finding.exit_code for finding in findings}
    return next((code for code in _WORST_FIRST if code in codes), 0)


def faults(error: ConfigError) -> list[Finding]:
    """The faults of a config that can't be loaded, one finding each."""
    head, *lines = str(error).splitlines()
    return [Finding("config", "problem", line.strip(), error.exit_code) for line in lines or [head]]


def everything(settings: Settings, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Every check there is, each told as soon as it is done."""
    yield from people(settings)
    yield from mailbox(settings)
    yield from calendars(settings)
    yield from templates(settings)
    url = store_url(settings, environ)
    database = Store.path_of(url)
    if database is not None:
        yield state(database.parent)
    elif url.startswith("postgres"):
        yield server(url)


def people(settings: Settings) -> Iterator[Finding]:
    """Whether meetings can be recognised at all."""
    if not settings.mentors:
        yield Finding("mentors", "warning", "nobody is listed yet: add your people under [[mentors]]")
    for mentor in settings.mentors:
        if not mentor.emails:
            message = f"{mentor.id} has no address: their meetings are found by title only, their mail not at all"
            yield Finding("mentors", "warning", message)
    recognition = settings.recognition
    if not (recognition.attendees or recognition.categories or recognition.titles):
        yield Finding("recognition", "warning", "everything is switched off: no event counts as a mentoring meeting")


def mailbox(settings: Settings) -> Iterator[Finding]:
    """Password, login, what the server can do, and the folders."""
    account = imap_account(settings)
    yield from _exposed("imap", settings.imap)
    session = Session(account)
    try:
        yield (login := imap_login(account, session, email=settings.owner.email))
        if login.state == "ok":
            yield _abilities(session.capabilities, settings)
            yield from _folders(Folders(session), settings)
    except MentorUpError as error:
        yield _problem("imap", error)
    finally:
        session.close()


def _exposed(section: str, given: ImapSettings | CalDavSettings) -> Iterator[Finding]:
    """A warning for each file with a secret that others on this machine can read."""
    oauth = given.oauth
    places = {
        "password": given.password,
        "oauth.client_secret": oauth.client_secret if oauth else None,
        "oauth.token": oauth.token if oauth else None,
    }
    for key, place in places.items():
        if place is not None and (exposed := place.exposed()):
            yield Finding(f"{section}.{key}", "warning", exposed)


def imap_login(account: ImapAccount, session: Session | None = None, *, email: str = "") -> Finding:
    """Whether the login works, over `session` or one of its own. `email` says whose domain may name another server."""
    own = session or Session(account)
    try:
        own.connect()
    except MentorUpError as error:
        return _problem("imap", error, elsewhere.mail(error, account, email))
    finally:
        if session is None:
            own.close()
    return Finding("imap", "ok", f"logged in at {account.where}")


def _abilities(capabilities: frozenset[str], settings: Settings) -> Finding:
    has = ", ".join(name for name in _USEFUL if name in capabilities)
    if "IDLE" not in capabilities:
        minutes = settings.imap.poll_interval.total_seconds() / 60
        message = f"no IDLE: new mail is noticed within {minutes:g} minutes (imap.poll_interval), not at once"
        return Finding("imap.capabilities", "warning", f"{message}; it has {has or 'none of what would help'}")
    lacking = ", ".join(name for name in _USEFUL if name not in capabilities)
    return Finding("imap.capabilities", "ok", has + (f"; MentorUp goes without {lacking}" if lacking else ""))


def _folders(folders: Folders, settings: Settings) -> Iterator[Finding]:
    imap, listed = settings.imap, folders.listing()
    names = {folder.name for folder in listed}
    yield _special("drafts", imap.drafts, "\\drafts", folders, listed)
    yield _special("sent", imap.sent, "\\sent", folders, listed)
    for name in imap.watch:
        yield _watched(name, folders, settings)
    for name in settings.tags.folders:
        there = folders.native(name) in names
        yield Finding("tags.folders", "ok", f"{name} is there" if there else f"{name} will be made")


def _special(key: str, configured: str, mark: str, folders: Folders, listed: list[Folder]) -> Finding:
    name, made = f"imap.{key}", key == "drafts"
    if configured:
        if any(folder.name == folders.native(configured) for folder in listed):
            return Finding(name, "ok", configured)
        message = f"there is no folder {configured}"
        if made:
            return Finding(name, "ok", f"{message}; it will be made")
        there = ", ".join(sorted(folder.name for folder in listed)[:40])
        return Finding(name, "problem", f"{message}; there are: {there}", ConfigError.exit_code)
    if marked := next((folder.name for folder in listed if mark in folder.attributes), ""):
        return Finding(name, "ok", f"{marked} (the server says so)")
    otherwise = "made if there is none" if made else "left out if there is none"
    message = f"the server marks none; one with a usual name is taken, {otherwise}. To be sure, name yours with {name}"
    return Finding(name, "ok", message)


def _watched(name: str, folders: Folders, settings: Settings) -> Finding:
    try:
        opened = folders.open(name, writable=True)
    except MentorUpError as error:
        return _problem("imap.watch", error)
    lost = [keyword for keyword in (FILED, *settings.tags.keywords) if not opened.keeps(keyword)]
    if not lost:
        return Finding("imap.watch", "ok", f"{name} can be read and keeps keywords")
    instead = "tag feedback by folder, subject or plus-address instead"
    message = f"{name} can be read, but doesn't keep the keywords {', '.join(lost)}: {instead}"
    return Finding("imap.watch", "warning" if settings.tags.keywords else "ok", message)


def calendars(settings: Settings) -> Iterator[Finding]:
    """Password, login, and the calendars that are found; the one for reminders; the feeds."""
    account, caldav = caldav_account(settings), settings.caldav
    if account is not None and caldav is not None:
        yield from _exposed("caldav", caldav)
        yield (login := caldav_login(account, email=settings.owner.email))
        if login.state != "problem" and account.reminders:
            yield _reminders(account)
    for number, feed in enumerate(settings.feeds, 1):
        yield _feed(f"feeds[{number}]", feed.url)


def _reminders(account: CalDavAccount) -> Finding:
    """Whether the calendar for reminders is there and can be written; nothing is written to find out."""
    name = "caldav.reminders_calendar"
    with Reminders(account) as door:
        try:
            calendar = door.calendar()
            writable = door.writable(calendar)
        except MentorUpError as error:
            return _problem(name, error)
    if not writable:
        message = f"{calendar.name} can be read, but not written; choose a calendar of your own"
        return Finding(name, "problem", message, ConfigError.exit_code)
    return Finding(name, "ok", f"{calendar.name} can be written; what else is in it isn't read")


def _feed(name: str, url: str) -> Finding:
    """Whether the feed is there and is a calendar. Its address may be a secret, so its host is all that is told."""
    with Feed(url) as feed:
        try:
            feed.changes("")
        except MentorUpError as error:
            return _problem(name, error)
        return Finding(name, "ok", f"the feed at {feed.host} can be read")


def caldav_login(account: CalDavAccount, *, email: str = "") -> Finding:
    """Whether the login works, and which calendars it leads to. `email` says whose domain may name another server."""
    with Calendars(account) as door:
        try:
            found = door.discover()
        except (CredentialsError, Unavailable, NothingThere, Elsewhere) as error:
            return _problem("caldav", error, elsewhere.calendars(error, account, email))
        except MentorUpError as error:
            return _problem("caldav", error)
    if not found:  # the one for reminders is left out
        message = f"the only calendar at {account.url} is the one for reminders: no meetings are found in it"
        return Finding("caldav", "warning", f"{message}; make one of its own for reminders_calendar")
    return Finding("caldav", "ok", f"calendars at {account.url}: {', '.join(info.name for info in found)}")


def templates(settings: Settings) -> Iterator[Finding]:
    """Whether each of the owner's templates compiles, and renders with made-up records."""
    directory = settings.templates.directory
    try:
        problems = Templates(Path(directory) if directory else None).check(contexts())
    except MentorUpError as error:
        yield _problem("templates", error)
        return
    for problem in problems:
        yield Finding("templates", "problem", f"{problem}; until then the shipped one is used", Malformed.exit_code)
    if not problems:
        yield Finding("templates", "ok", f"those in {directory} can be used" if directory else "the shipped ones")


def state(directory: Path) -> Finding:
    """Whether the state directory, or the one it will be made in, can be written."""
    existing = next(path for path in (directory, *directory.absolute().parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        message = f"{existing} can't be written ({error.strerror}): let this user own it, or set $XDG_STATE_HOME"
        return Finding("state", "problem", message, StoreError.exit_code)
    return Finding("state", "ok", f"{directory} " + ("can be written" if existing == directory else "will be made"))


def server(url: str) -> Finding:
    """Whether the database server of `store.url` can be used; nothing is changed there."""
    try:
        return Finding("store", "ok", standing(url))
    except MentorUpError as error:
        return _problem("store", error)


def _problem(name: str, error: MentorUpError, more: str = "") -> Finding:
    return Finding(name, "problem", " ".join(f"{error}{more}".split()), error.exit_code)
