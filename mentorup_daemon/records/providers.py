"""What is known of the large providers, for those who set MentorUp up: where their servers are, what they ask for.

Knowledge only, and only what an address or a server's name tells reliably; everybody else is found by the DNS.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One provider. `addresses` are the domains of its mail addresses, `servers` those that its servers lie below.

    `caldav` is "" where there is none; `{email}` in it stands for the address. `note` is for the owner. `by_name` where
    mail is logged in to with what stands before the @ of the address.
    """

    name: str
    addresses: tuple[str, ...]
    servers: tuple[str, ...]
    imap: str
    caldav: str
    note: str
    by_name: bool = False


PROVIDERS = (
    Provider(
        name="Google",
        addresses=("gmail.com", "googlemail.com"),
        servers=("gmail.com", "googlemail.com", "google.com", "googleusercontent.com"),
        imap="imap.gmail.com",
        caldav="https://apidata.googleusercontent.com/caldav/v2/{email}/user",
        note="Google's calendars want a login by OAuth (answer oauth); its mail takes that, or an app password.",
    ),
    Provider(
        name="Microsoft",
        addresses=("outlook.com", "hotmail.com", "live.com", "msn.com"),
        servers=("outlook.com", "office365.com", "office.com"),
        imap="outlook.office365.com",
        caldav="",
        note="Microsoft has no CalDAV: publish your calendar and give its ICS address. Its mail wants OAuth.",
    ),
    Provider(
        name="iCloud",
        addresses=("icloud.com", "me.com", "mac.com"),
        servers=("icloud.com", "mail.me.com"),
        imap="imap.mail.me.com",
        caldav="https://caldav.icloud.com/",
        note="iCloud wants an app-specific password, made at account.apple.com, for both mail and calendars.",
        by_name=True,
    ),
    Provider(
        name="Fastmail",
        addresses=("fastmail.com", "fastmail.fm"),
        servers=("fastmail.com", "messagingengine.com"),
        imap="imap.fastmail.com",
        caldav="https://caldav.fastmail.com/",
        note="Fastmail wants an app password, made under Privacy & Security, with access to mail and calendars.",
    ),
)


def provider_of(address: str) -> Provider | None:
    """The provider of an email address, by its domain; None for any other."""
    domain = address.rpartition("@")[2].lower()
    return next((one for one in PROVIDERS if domain in one.addresses), None)


def provider_at(host: str) -> Provider | None:
    """The provider that a server belongs to; None for any other."""
    host = host.lower().rstrip(".")
    return next((one for one in PROVIDERS if any(f".{host}".endswith(f".{name}") for name in one.servers)), None)
