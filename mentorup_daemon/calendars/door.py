"""The door itself: one account's calendars, over one connection that is made when it is first needed.

It puts the parts together and adds nothing: `discovery` finds the calendars, `sync` what changed in one, `dav` talks.
Not for two threads at once. After an error of the network it is still good: the next call connects anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Self

from mentorup_daemon.calendars import discovery, sync
from mentorup_daemon.calendars.dav import Dav
from mentorup_daemon.calendars.values import CalDavAccount, CalendarChanges, CalendarInfo, Known, Resource


class Calendars:
    """An account's calendars. A context manager; reads only.

    Every method raises `ConfigError` (a wrong URL, a calendar that isn't there, a redirect to another host),
    `CredentialsError` (refused; not asked again by itself) or `Unavailable` (later, with `retry_after` if given).
    """

    def __init__(self, account: CalDavAccount) -> None:
        self._dav = Dav(account)

    @property
    def asks_for(self) -> tuple[str, ...]:
        """What `discover` depends on: address, user, the calendar for reminders, those that are wanted (none: all)."""
        account = self._dav.account
        return (account.url, account.username, account.reminders, *account.calendars)

    @property
    def takes_all(self) -> bool:
        """True when no calendars are named, so that a new one belongs to them."""
        return not self._dav.account.calendars

    def discover(self) -> tuple[CalendarInfo, ...]:
        """The configured calendars, or all that hold events."""
        return discovery.discover(self._dav)

    def changes(self, calendar: CalendarInfo, cursor: str, known: Known) -> Iterator[CalendarChanges]:
        """What differs from what is `known` since `cursor` ("" at first); one small request when nothing does.

        At least one; several pieces of a large calendar, each to be stored before the next. `known` is asked only when
        something has changed, and for no more than that where the server tells the difference (RFC 6578). Raises
        `CalendarGone` when there is no such calendar any more.
        """
        return sync.changes(self._dav, calendar, cursor, known)

    def read(self, calendar_url: str, href: str) -> Resource | None:
        """One event as it is now, to be looked at again before a note about it goes out; None when it is gone."""
        return sync.read(self._dav, calendar_url, href)

    def close(self) -> None:
        """Close the connection; the door can be used again."""
        self._dav.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
