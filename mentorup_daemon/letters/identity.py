"""Message-IDs that follow from what a message is about.

The same key gives the same Message-ID after any crash, so that one search tells whether it was written already
(exactly once, in effect). Whoever hasn't the account's secret can't guess one: a reply that names it comes from
somebody who has seen the note (I23). It looks like any other Message-ID.
"""

from __future__ import annotations

import hashlib
import hmac
import json

from mentorup_daemon.letters.headers import ascii_domain

_DIGITS = 40  # hexadecimal: 160 bits


def message_id(secret: bytes, account: str, key: str, revision: int, domain: str) -> str:
    """`<HEX@domain>`: HMAC-SHA256 over account, key and revision, cut to 160 bits (RFC 5322 3.6.4, RFC 2104).

    `secret` is the account's, made at its first start; an internationalised `domain` appears in its ASCII form.
    """
    return f"<{_keyed(secret, [account, key, revision])}@{ascii_domain(domain)}>"


def reminder_uid(secret: bytes, account: str, key: str) -> str:
    """The UID (RFC 5545 3.8.4.7, RFC 7986 5.3) that the reminder with this key has, however often it moves."""
    return f"mentorup-{_keyed(secret, [account, key])}"


def _keyed(secret: bytes, what: list[object]) -> str:
    if not secret:
        raise ValueError("Message-IDs need the account's secret")
    return hmac.new(secret, json.dumps(what).encode(), hashlib.sha256).hexdigest()[:_DIGITS]
