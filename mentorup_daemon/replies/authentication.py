"""What the owner's server found out about who sent a message (Authentication-Results, RFC 8601).

Anyone can write such a field. With a trusted authserv-id only fields of that id are read (its server removes what
others forged in its name, RFC 8601 5), and where it has stamped one, a pass is asked for. Without one, the topmost
field, written last, is read together with the others of its id, and only its failures are believed: a pass may be the
sender's own invention, a confession hardly is. A field that says `none` alone was stamped on mail that wasn't checked
(submitted by the owner), and a message without any never passed a border: both say nothing either way.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["pass", "fail", "unproven", "silent"]
"""pass: proven for the domain in From. fail: checked and refused. unproven: checked, neither. silent: not checked."""

_RESULT = re.compile(r"\s*([a-z0-9-]+)(?:\s*/\s*\d+)?\s*=\s*([a-z]+)")
_PROPERTY = re.compile(r"\b(?:smtp|header|policy)\s*\.\s*([a-z-]+)\s*=\s*\"?([^\s\";]+)")
_REFUSED = frozenset({"fail", "softfail", "permerror", "policy"})


@dataclass(frozen=True, slots=True)
class _Check:
    """One result: `dkim=pass header.d=example.org`."""

    method: str
    result: str
    domains: tuple[str, ...]
    addresses: tuple[str, ...] = ()


def verdict(fields: Sequence[str], sender: str, *, trusted: str = "") -> tuple[Verdict, str]:
    """What `fields` (topmost first) prove about `sender`, the address in From; and the result that decided, in words.

    Aligned means the same domain, or one of the two below the other (RFC 7489 3.1, relaxed).
    """
    checks = _deciding([_parsed(value) for value in fields], trusted.strip().lower())
    domain = sender.rpartition("@")[2].lower()
    told = ", ".join(f"{check.method}={check.result}" for check in checks)
    dmarc = {check.result for check in checks if check.method == "dmarc"}
    if not checks:
        return "silent", ""
    if dmarc & _REFUSED:
        return "fail", told
    if "pass" in dmarc or any(_proves(check, sender, domain) for check in checks):
        return ("pass" if trusted else "unproven"), told
    identity = {check.result for check in checks if check.method in ("dkim", "spf")}
    return ("fail" if identity & _REFUSED and "pass" not in identity else "unproven"), told


def _proves(check: _Check, sender: str, domain: str) -> bool:
    if check.result != "pass":
        return False
    if check.method == "auth":  # submitted with a login, and the login is the sender
        return sender in check.addresses
    return check.method in ("dkim", "spf") and any(_aligned(name, domain) for name in check.domains)


def _aligned(one: str, other: str) -> bool:
    """The same domain, or a subdomain; a top-level domain alone is aligned with nothing."""
    if one == other:
        return bool(one)
    short, long = sorted((one, other), key=len)
    return "." in short and long.endswith("." + short)


def _deciding(parsed: Sequence[tuple[str, tuple[_Check, ...]]], trusted: str) -> list[_Check]:
    """The checks that count: per method, those of the topmost field of the right authserv-id that speaks of it."""
    wanted = trusted or (parsed[0][0] if parsed else "")
    checks: list[_Check] = []
    for server, found in parsed:
        if server == wanted:
            settled = {check.method for check in checks}
            checks.extend(check for check in found if check.method not in settled)
    return checks


def _parsed(value: str) -> tuple[str, tuple[_Check, ...]]:
    """The authserv-id, lower case, and the results of one field."""
    head, *results = _without_comments(value).lower().split(";")
    server = (head.split() or [""])[0].strip('"')
    checks = []
    for result in results:
        if found := _RESULT.match(result):
            properties = _PROPERTY.findall(result)
            named = [text for name, text in properties if name in ("d", "i", "from", "mailfrom", "auth")]
            mailfrom_or_d = [text for name, text in properties if name in ("d", "i", "mailfrom")]
            domains = tuple(text.rpartition("@")[2].rstrip(".") for text in mailfrom_or_d)
            checks.append(_Check(found.group(1), found.group(2), domains, tuple(each for each in named if "@" in each)))
    return server, tuple(checks)


def _without_comments(value: str) -> str:
    kept: list[str] = []
    depth, quoted = 0, False
    for char in value:
        if char == '"' and not depth:
            quoted = not quoted
        if char == "(" and not quoted:
            depth += 1
        if not depth:
            kept.append(char)
        if char == ")" and not quoted and depth:
            depth -= 1
    return "".join(kept)
