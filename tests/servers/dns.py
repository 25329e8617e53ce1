"""A DNS server on loopback that knows what a test tells it; without it no test asks any DNS at all."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.rrset
import pytest


@dataclass(slots=True)
class DnsServer:
    """`records` are by name and kind, each a list of what stands in a zone file; `asked` are the questions so far."""

    port: int
    records: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def srv(self, name: str, *targets: str) -> None:
        """`PRIORITY WEIGHT PORT TARGET` of each server of a service."""
        self.records[name, "SRV"] = list(targets)

    def txt(self, name: str, *texts: str) -> None:
        self.records[name, "TXT"] = [f'"{text}"' for text in texts]

    def answer(self, wire: bytes) -> bytes:
        query = dns.message.from_wire(wire)
        question = query.question[0]
        asked = (question.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(question.rdtype))
        self.asked.append(asked)
        response = dns.message.make_response(query, recursion_available=True)
        found = self.records.get(asked, [])
        if found:
            response.answer.append(dns.rrset.from_text_list(question.name, 60, "IN", asked[1], found))
        elif all(name != asked[0] for name, _ in self.records):
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response.to_wire()


def _serve(server: DnsServer, sock: socket.socket, closing: threading.Event) -> None:
    while not closing.is_set():
        try:
            wire, sender = sock.recvfrom(4096)
            sock.sendto(server.answer(wire), sender)
        except (dns.exception.DNSException, OSError):
            continue  # nobody has asked, or nobody waits for the answer any more


@pytest.fixture(autouse=True)
def no_dns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody to ask, as on a machine without a network."""
    monkeypatch.setattr(dns.resolver, "default_resolver", dns.resolver.Resolver(configure=False))


@pytest.fixture
def dns_server(no_dns: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[DnsServer]:
    """The DNS of this test."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    server = DnsServer(sock.getsockname()[1])
    sock.settimeout(0.05)
    closing = threading.Event()
    thread = threading.Thread(target=_serve, args=(server, sock, closing), daemon=True)
    thread.start()
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], server.port
    monkeypatch.setattr(dns.resolver, "default_resolver", resolver)
    yield server
    closing.set()
    thread.join(5)
    sock.close()
