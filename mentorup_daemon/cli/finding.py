"""Finding the servers for `mentorup init`: what is known of the provider, what the DNS says, and last a guess.

What the DNS names outside of the owner's own domain is only taken with the owner's word (RFC 6764 8, RFC 6186 6): it
would see the password. On a terminal it is proposed with that said; where nothing is asked, the flag is asked for.
"""

from __future__ import annotations

from collections.abc import Callable

import typer
from pydantic import TypeAdapter, ValidationError

from mentorup_daemon import config_values as values
from mentorup_daemon.calendars.locating import locate as locate_calendars
from mentorup_daemon.mailbox.locating import MailPlace
from mentorup_daemon.mailbox.locating import locate as locate_mail
from mentorup_daemon.records.providers import Provider, provider_at, provider_of
from mentorup_daemon.service_records import domain_of


def mail_place(email: str, *, silent: bool) -> MailPlace:
    """The IMAP server to propose. Raises typer.BadParameter for one that nobody has agreed to."""
    domain, provider = domain_of(email), provider_of(email)
    if provider is not None:
        return MailPlace(provider.imap, 993, "tls", foreign=False)
    found = locate_mail(email)
    if found is None:
        return MailPlace(f"imap.{domain}", 993, "tls", foreign=False)
    _tell(found.host, domain, "--imap-host", foreign=found.foreign, silent=silent)
    return found


def calendar_url(email: str, provider: Provider | None, *, silent: bool) -> str:
    """The CalDAV server to propose; "" where the provider has none. Raises typer.BadParameter as above."""
    if provider is not None:
        return provider.caldav.format(email=email)
    domain = domain_of(email)
    found = locate_calendars(email)
    if found is None:
        return f"https://{domain}/"
    _tell(found.url, domain, "--caldav-url", foreign=found.foreign, silent=silent)
    return found.url


def provider_for(email: str, imap_host: str) -> Provider | None:
    """Whose customer the owner is, by the address or by where the mail is."""
    return provider_of(email) or provider_at(imap_host)


def calendar_answer(*, silent: bool) -> Callable[[str], str]:
    """A check of an answer: the URL that it is, or that the domain or email address in it leads to."""

    def check(value: str) -> str:
        text = value.strip()
        if "://" not in text and (domain := domain_of(text)):
            found = locate_calendars(text)
            if found is None:
                raise typer.BadParameter(f"no calendars are found at {domain}: give their address, https://...")
            _tell(found.url, domain, "--caldav-url", foreign=found.foreign, silent=silent)
            if found.foreign and not typer.confirm("Is that where your calendars are?", default=False):
                raise typer.BadParameter("then give their address, https://...")
            return found.url
        try:
            return str(TypeAdapter(values.CalDavUrl).validate_python(text))
        except ValidationError as error:
            raise typer.BadParameter(str(error.errors()[0]["msg"])) from None

    return check


def _tell(place: str, domain: str, flag: str, *, foreign: bool, silent: bool) -> None:
    if foreign and silent:
        raise typer.BadParameter(
            f"{domain} names {place}, which is no part of it and would see your password; "
            f"if that is right, say so with {flag} {place}"
        )
    if not silent:
        warning = f" That is no part of {domain}: take it only if you know it." if foreign else ""
        typer.echo(f"{domain} names {place}.{warning}")
