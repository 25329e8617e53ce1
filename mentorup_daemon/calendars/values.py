"""What goes in and out of the door to calendars: an account, its calendars, resources and what changed.

Values only. Hrefs are paths on the calendar's server in one spelling (RFC 3986 6.2.2: what needn't be percent-encoded
isn't), so that the same resource always has the same href; ETags stay as the server wrote them (RFC 9110 8.8.3).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from mentorup_daemon.errors import Unavailable

Known = Callable[[Collection[str] | None], Mapping[str, str]]
"""The ETags that are stored, by href: of these hrefs, as far as they are known, or of all when asked with None."""


class CalendarGone(Unavailable):
    """The calendar isn't on its server any more, or has another address there: look which there are."""


@dataclass(frozen=True, slots=True)
class CalDavAccount:
    """Where the calendars are, and who asks. `password` is called at every connect, so that a renewed one is seen.

    With `access_token` requests carry a bearer token (RFC 6750) instead: it is called with the token that the server
    has just refused, "" otherwise, returns the one to use, and may raise CredentialsError.

    `url` may be the server's root, the principal, the calendar home or one calendar. `calendars` are names or URLs,
    empty for all that hold events. `reminders` is the one that reminders are written into, by name or URL, "" for none:
    it isn't read for events. `timeout` is in seconds, for each wait on the server. `ca_file` is a private CA.
    """

    url: str
    username: str
    password: Callable[[], str]
    calendars: tuple[str, ...] = ()
    timeout: float = 30.0
    ca_file: str = ""
    reminders: str = ""
    access_token: Callable[[str], str] | None = None

    def secret(self, refused: str = "") -> str:
        """The password or the access token as it is now; `refused` is one that the server has just refused."""
        return self.password() if self.access_token is None else self.access_token(refused)


@dataclass(frozen=True, slots=True)
class CalendarInfo:
    """One calendar: its absolute URL (ends in a slash) and the name its owner gave it."""

    url: str
    name: str


@dataclass(frozen=True, slots=True)
class Resource:
    """One calendar object resource (RFC 4791 4.1): one UID, as the text the server holds.

    `problem` says why the text could not be had ("" when it could; `text` is empty then): too large, refused. Such a
    resource is to be quarantined; with an empty `etag` it is worth another try at the next listing.
    """

    href: str
    etag: str
    text: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class CalendarChanges:
    """What is different from what was known. `cursor` is opaque: store it with the changes, hand it in next time.

    `deleted` are hrefs that were known and are gone. `unchanged` is True when the server said so, at the price of one
    request. `complete` is False for a piece of what there is: the others follow, or come when asked with its `cursor`.
    """

    cursor: str
    changed: tuple[Resource, ...] = ()
    deleted: tuple[str, ...] = ()
    unchanged: bool = False
    complete: bool = True
