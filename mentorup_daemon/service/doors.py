"""From the config to the doors: the accounts that `mailbox` and `calendars` open.

A door gets a function that reads its password afresh at each connect (P03); what was read is blotted out of the logs.
"""

from __future__ import annotations

from collections.abc import Callable

from mentorup_daemon import logs
from mentorup_daemon.calendars import CalDavAccount
from mentorup_daemon.config import Settings
from mentorup_daemon.mailbox import ImapAccount
from mentorup_daemon.secrets import Secret


def imap_account(settings: Settings) -> ImapAccount:
    """The mailbox of [imap]."""
    imap = settings.imap
    return ImapAccount(
        host=imap.host,
        port=imap.port,
        security=imap.security,
        username=imap.username,
        password=password_reader(imap.password, "imap.password", imap.username),
        ca_file=imap.ca_file,
        timeout=imap.timeout.total_seconds(),
        drafts=imap.drafts,
        sent=imap.sent,
    )


def caldav_account(settings: Settings) -> CalDavAccount | None:
    """The calendars of [caldav]; None when the config has feeds only."""
    caldav = settings.caldav
    if caldav is None:
        return None
    secret = caldav.password
    return CalDavAccount(
        url=caldav.url,
        username=caldav.username,
        password=password_reader(secret, "caldav.password", caldav.username) if secret else lambda: "",
        calendars=caldav.calendars,
        timeout=caldav.timeout.total_seconds(),
        ca_file=caldav.ca_file,
        reminders=caldav.reminders_calendar,
    )


def password_reader(secret: Secret, key: str, username: str) -> Callable[[], str]:
    """A function that reads the password anew; it raises ConfigError that names `key`."""

    def read() -> str:
        password = secret.read(key=key, username=username)
        logs.conceal(password)
        return password

    return read
