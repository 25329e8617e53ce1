"""Which hosts are this very machine: the only ones that may be spoken to in plain text. One rule for every door."""

from __future__ import annotations

import ipaddress


def is_loopback(host: str) -> bool:
    """True for localhost, 127.0.0.0/8 and ::1, written as a name or a number, with a zone or without (RFC 4007 11)."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False
