"""Where a domain's mail is read (RFC 6186): what the DNS says, for the owner to agree to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mentorup_daemon.records.hosts import is_loopback
from mentorup_daemon.service_records import domain_of, services, within


@dataclass(frozen=True, slots=True)
class MailPlace:
    """An IMAP server. `foreign` when it isn't part of the domain that was asked."""

    host: str
    port: int
    security: Literal["tls", "starttls", "none"]
    foreign: bool


def locate(identifier: str) -> MailPlace | None:
    """The IMAP server of an email address's domain, or of a bare one; None where the DNS names none.

    One that speaks TLS from the start is preferred (RFC 8314 5.1); the other kind is asked for STARTTLS, unless it is
    on this machine.
    """
    domain = domain_of(identifier)
    if not domain:
        return None
    for name in ("imaps", "imap"):
        for service in services(name, domain):
            here = is_loopback(service.host)
            security: Literal["tls", "starttls", "none"] = "tls" if name == "imaps" else "none" if here else "starttls"
            return MailPlace(service.host, service.port, security, not (here or within(service.host, domain)))
    return None
