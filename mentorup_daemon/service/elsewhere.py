"""Where else a server may be, when the one of the config can't be reached or is none: what the owner's domain says.

For `mentorup check`: one more half sentence behind what went wrong. Only asked then, for it takes the DNS, and for
calendars one request without a login.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from mentorup_daemon.calendars import CalDavAccount
from mentorup_daemon.calendars.locating import locate as locate_calendars
from mentorup_daemon.errors import CredentialsError, MentorUpError
from mentorup_daemon.mailbox import ImapAccount
from mentorup_daemon.mailbox.locating import locate as locate_mail
from mentorup_daemon.records.providers import provider_at
from mentorup_daemon.service_records import domain_of


def mail(error: MentorUpError, account: ImapAccount, email: str) -> str:
    """What to add to `error` of the mailbox; "" for nothing that is known."""
    if isinstance(error, CredentialsError):
        return _note(account.host)
    found = locate_mail(email)
    if found is None or (found.host, found.port) == (account.host, account.port):
        return ""
    return f"; {domain_of(email)} names {found.host}:{found.port} for mail ({found.security})"


def calendars(error: MentorUpError, account: CalDavAccount, email: str) -> str:
    """What to add to `error` of the calendars; "" for nothing that is known."""
    if isinstance(error, CredentialsError):
        return _note(urlsplit(account.url).hostname or "")
    found = locate_calendars(email, timeout=account.timeout, ca_file=account.ca_file)
    if found is None or found.url.rstrip("/") == account.url.rstrip("/"):
        return ""
    return f"; {domain_of(email)} names {found.url} for calendars"


def _note(host: str) -> str:
    provider = provider_at(host)
    return f". {provider.note}" if provider else ""
