"""Which servers a domain names in the DNS: SRV and TXT records (RFC 2782, RFC 6763 6, RFC 6764, RFC 6186).

A door like the others: nothing of the DNS library comes out of it, and a domain that names nothing, or a DNS that
can't be asked, is simply nothing. The DNS is rarely signed, so what it names is a proposal and no more: `within` tells
whether a host belongs to the domain that was asked; one that doesn't has to be agreed to by the owner before it sees a
password (RFC 6764 8, RFC 6186 6). That is for the callers to ask.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver

_PATIENCE = 5.0  # seconds for one question, retries included
_MOST = 10  # records of one answer that are looked at


@dataclass(frozen=True, slots=True)
class Service:
    """One server of a service. `path` is what a TXT record says of where to begin, "" where none does."""

    host: str
    port: int
    path: str = ""


def domain_of(identifier: str) -> str:
    """The domain of an email address, or the bare domain itself; "" for what is neither."""
    domain = identifier.strip().rpartition("@")[2].rstrip(".").lower()
    return domain if domain and not any(char.isspace() or char in "/:\\" for char in domain) else ""


def within(host: str, domain: str) -> bool:
    """True when the host is the domain itself or lies below it."""
    host, domain = host.rstrip(".").lower(), domain.rstrip(".").lower()
    return bool(domain) and (host == domain or host.endswith(f".{domain}"))


def services(name: str, domain: str) -> tuple[Service, ...]:
    """The servers of `_name._tcp.domain`, the one to try first in front; () where there are none."""
    label = f"_{name}._tcp.{domain}"
    found = sorted(_asked(label, "SRV"), key=lambda one: (one.priority, -one.weight, str(one.target), one.port))
    hosts = [(str(one.target).rstrip("."), int(one.port)) for one in found[:_MOST]]
    if not any(host for host, _ in hosts):  # a target of "." says that there is no such service (RFC 2782)
        return ()
    path = next(_paths(label), "")
    return tuple(Service(host, port, path) for host, port in hosts if host and 0 < port < 65536)


def _paths(label: str) -> Iterator[str]:
    """What `path=` says in the TXT records, where it is the path of a URL."""
    for record in _asked(label, "TXT")[:_MOST]:
        for text in record.strings:
            key, _, value = text.decode("utf-8", "replace").partition("=")
            if key.lower() == "path" and value.startswith("/") and value.isprintable() and " " not in value:
                yield value


def _asked(label: str, kind: str) -> list[Any]:
    """The records of this kind; [] where there are none, or nobody to ask."""
    try:
        answer = dns.resolver.resolve(dns.name.from_text(label), kind, lifetime=_PATIENCE, search=False)
    except (dns.exception.DNSException, OSError, ValueError):
        return []
    return list(answer)
