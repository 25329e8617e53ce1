"""The headers of a message as a value that everything else goes by.

Tolerant of everything: what is missing or broken becomes "" or nothing, and it never raises. Message-IDs keep their
angle brackets, as IMAP searches and In-Reply-To use them; they thread, and are never taken for an identity (they are
missing, repeated and rewritten).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from mentorup_daemon.records import MessageHeaders
from mentorup_daemon.replies.addresses import addresses
from mentorup_daemon.replies.automatic import why_automatic
from mentorup_daemon.replies.fields import Fields, all_of, decode_words, first_of, header_fields

MOST_REFERENCES = 200
_DELIVERED_TO = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to")
_BRACKETED = re.compile(r"<([^<>]{1,998})>")
_OUR_LIST = re.compile(r"\bMentorUp\s*<mentorup\.[^<>\s]+>|^<mentorup\.[^<>\s]+>$", re.IGNORECASE)


def parse_headers(raw: bytes) -> MessageHeaders:
    """The headers at the start of `raw` (a whole message or its header block alone). Never raises."""
    return headers_of(header_fields(raw))


def headers_of(fields: Fields) -> MessageHeaders:
    """The same from fields that have been split already."""
    senders = tuple(pair for value in all_of(fields, "from") for pair in addresses(value))
    name, address = senders[0] if senders else ("", "")
    return MessageHeaders(
        message_id=next(iter(message_ids(first_of(fields, "message-id"))), ""),
        in_reply_to=_all_ids(fields, "in-reply-to"),
        references=_all_ids(fields, "references"),
        from_address=address,
        from_name=name,
        to=_recipients(fields, "to"),
        cc=_recipients(fields, "cc"),
        delivered_to=_recipients(fields, *_DELIVERED_TO),
        subject=decode_words(first_of(fields, "subject")),
        date=date_of(first_of(fields, "date")),
        authentication=all_of(fields, "authentication-results"),
        automatic=why_automatic(fields, address),
        ours=any(_OUR_LIST.search(value) for value in all_of(fields, "list-id")),
    )


def message_ids(value: str) -> tuple[str, ...]:
    """The Message-IDs in `value`, in angle brackets; blanks inside one (from folding) are dropped.

    A lone word with an @ and no brackets counts as one: some mailers leave them away.
    """
    found = ["".join(inner.split()) for inner in _BRACKETED.findall(value)]
    if not found and "@" in value and len(value.split()) == 1:
        found = [value.strip().strip("<>")]
    return tuple(f"<{inner}>" for inner in dict.fromkeys(found) if inner)


def date_of(value: str) -> datetime | None:
    """An RFC 5322 date as an aware time, None when it can't be read or lies outside 1971 to 2199."""
    try:
        found = parsedate_to_datetime(value)
        aware = found if found.tzinfo else found.replace(tzinfo=UTC)
        return aware if 1970 < aware.astimezone(UTC).year < 2200 else None
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _all_ids(fields: Fields, name: str) -> tuple[str, ...]:
    found = dict.fromkeys(each for value in all_of(fields, name) for each in message_ids(value))
    return tuple(found)[-MOST_REFERENCES:]


def _recipients(fields: Fields, *names: str) -> tuple[str, ...]:
    pairs = (pair for name, value in fields if name in names for pair in addresses(value))
    return tuple(dict.fromkeys(address for _, address in pairs))
