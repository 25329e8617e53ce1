"""The door to the owner's calendar of reminders: the only one through which anything is written to a calendar.

What it promises: a new entry is made only where there is none (If-None-Match, and a look before, for SOGo and Zimbra
don't heed that), an entry is changed or removed only while it is in the version that is known (If-Match, and
If-Schedule-Tag-Match where the server gives that: RFC 6638 3.2.10). Whatever else stands there is never touched: then
it says `Conflict`, and `read` tells what there is. A changed entry is read back, for servers write some lines in their
own way, and not all of them name the new version.
"""

from __future__ import annotations

from types import TracebackType
from typing import NoReturn, Self
from urllib.parse import quote, urljoin

from mentorup_daemon.calendars import discovery
from mentorup_daemon.calendars.dav import Dav, Refused, Versions
from mentorup_daemon.calendars.multistatus import Garbled
from mentorup_daemon.calendars.values import CalDavAccount, CalendarInfo
from mentorup_daemon.calendars.wire import TooLarge
from mentorup_daemon.errors import ConfigError, Uncertain

# How servers say that another entry bears the UID (RFC 4791 5.3.2.1, RFC 6638 3.2.4.1); the last is Nextcloud, of one
# that lies in its trash bin. SOGo says 409 and no more.
_UID_TAKEN = ("no-uid-conflict", "unique-scheduling-object-resource", "uid already exists")
_LIMIT = 1_000_000  # bytes of one entry; a larger one isn't ours


class Conflict(Uncertain):
    """Something else stands there than was expected: it has been changed, removed, or was made by somebody else.

    Both conflicts end here: an ETag that doesn't match, and a Schedule-Tag that doesn't; a UID that another entry
    bears, too.
    """


class Reminders:
    """The calendar of reminders of one account, a context manager.

    Every method raises as those of `Calendars` do, beside `Conflict`.
    """

    def __init__(self, account: CalDavAccount) -> None:
        self._dav = Dav(account)

    @property
    def named(self) -> str:
        """The calendar as the config names it, and on which server: with another one it is another calendar."""
        account = self._dav.account
        return f"{account.reminders} at {account.url}" if account.reminders else ""

    def calendar(self) -> CalendarInfo:
        """The calendar. Raises `ConfigError` when it isn't there, naming those that are."""
        return discovery.for_reminders(self._dav)

    def writable(self, calendar: CalendarInfo) -> bool:
        """False when the server says that it can't be written."""
        return discovery.writable(self._dav, calendar)

    def place(self, calendar: CalendarInfo, uid: str) -> str:
        """The URL that the entry with this UID has."""
        return urljoin(calendar.url, quote(uid, safe="") + ".ics")

    def read(self, url: str) -> tuple[Versions, str] | None:
        """The entry as it stands; None when there is none. A text that is no event counts as "" (it isn't ours)."""
        try:
            return self._dav.look(url, limit=_LIMIT)
        except (Garbled, TooLarge):
            return Versions(), ""
        except Refused as error:
            if error.status in (404, 410):
                return None
            raise

    def create(self, calendar: CalendarInfo, url: str, text: str) -> None:
        """Makes the entry. Raises `Conflict` where there is one already, there or elsewhere with this UID."""
        if self.read(url) is not None:
            raise Conflict(f"{self._dav.host} has another entry there")
        try:
            self._dav.put(url, text, {"If-None-Match": "*"})
        except Refused as error:
            if error.status in (409, 412) or any(name in error.body for name in _UID_TAKEN):
                raise Conflict(f"{self._dav.host} has another entry there") from error
            if error.status in (403, 405) and not self.writable(calendar):
                self._read_only(calendar, error)
            raise

    def replace(self, url: str, text: str, versions: Versions) -> None:
        """Changes the entry that is known in these `versions`. Raises `Conflict` when it isn't that one any more."""
        try:
            self._dav.put(url, text, _conditions(versions))
        except Refused as error:
            _conflict(error)

    def remove(self, url: str, versions: Versions) -> None:
        """Removes the entry that is known in these `versions`; one that is gone is fine. Raises `Conflict`."""
        try:
            self._dav.delete(url, _conditions(versions))
        except Refused as error:
            if error.status not in (404, 410):
                _conflict(error)

    def close(self) -> None:
        """Close the connection; the door can be used again."""
        self._dav.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read_only(self, calendar: CalendarInfo, error: Refused) -> NoReturn:
        user = self._dav.account.username
        text = f"[caldav] reminders_calendar: {user} may read {calendar.name!r}, but not write it"
        raise ConfigError(f"{text}; choose a calendar of your own") from error


def _conditions(versions: Versions) -> dict[str, str]:
    """The headers that hold only for these versions. A weak ETag never matches (RFC 9110 13.1.1), and none neither."""
    conditions = {"If-Match": versions.etag or '"none"'}
    if versions.schedule_tag:
        conditions["If-Schedule-Tag-Match"] = versions.schedule_tag
    return conditions


def _conflict(error: Refused) -> NoReturn:
    if error.status in (404, 409, 410, 412):
        raise Conflict("it is not what it was") from error
    raise error
