"""Who wrote what is forwarded: a message attached as a message, or a block of headers and text inside the body.

The owner forwards a mentor's words to file them, so the words are the mentor's and not the owner's. Blocks are found
in the formats and languages that `history` knows; a reply that only quotes in the same format is told apart by its
subject.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from mentorup_daemon.replies.addresses import addresses
from mentorup_daemon.replies.bodies import bodies
from mentorup_daemon.replies.dates import read_stamp
from mentorup_daemon.replies.headers import date_of, parse_headers
from mentorup_daemon.replies.mime import Part, is_message
from mentorup_daemon.replies.subjects import is_reply
from mentorup_daemon.replies.visible_text import forwarded_block, html_text, visible_text, visible_text_of_plain

_OFFSET = re.compile(r"[+-]\d{4}\s*(?:\([^()]*\))?\s*$")  # only then is it sure to be an RFC 5322 date
_MAILTO = re.compile(r"[\[<(]\s*mailto:\s*([^\s\[\]<>()]{3,320})\s*[\])>]", re.IGNORECASE)
_LINK = re.compile(r"<([^\s<>]{3,320})>\s*<\1>", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarded:
    """A forwarded message: its writer (address lower case, "" when only a name is told), words, and date."""

    writer: str
    name: str
    text: str
    date: datetime | None
    above: str = ""  # what stands before it: the words of whoever forwarded it


def forwarded_message(raw: bytes, parts: Sequence[Part], *, subject: str, zone: ZoneInfo) -> Forwarded | None:
    """The first message forwarded in `raw`, None when there is none. `subject` is the outer one, decoded."""
    return _attached(raw, parts) or _inline(raw, is_reply=is_reply(subject), zone=zone)


def _attached(raw: bytes, parts: Sequence[Part]) -> Forwarded | None:
    part = next((part for part in parts if is_message(part.kind) and part.start > 0), None)
    if part is None:
        return None
    headers = parse_headers(part.body)
    if not headers.from_address:
        return None
    return Forwarded(
        writer=headers.from_address,
        name=headers.from_name,
        text=visible_text(part.body).text,
        date=headers.date,
        above=visible_text(raw).text,
    )


def _inline(raw: bytes, *, is_reply: bool, zone: ZoneInfo) -> Forwarded | None:
    for body in bodies(raw):
        block = forwarded_block(html_text(body.text, whole=True) if body.html else body.text)
        if block is None or "from" not in block.headers or (is_reply and block.before.strip()):
            continue
        name, address = _writer(block.headers["from"])
        stamp = block.headers.get("date", "")
        return Forwarded(
            writer=address,
            name=name,
            text=visible_text_of_plain(block.body).text or block.body,
            date=date_of(stamp) if _OFFSET.search(stamp) else read_stamp(stamp, zone),
            above=visible_text_of_plain(block.before).text,
        )
    return None


def _writer(value: str) -> tuple[str, str]:
    """`(name, address)` out of what a mail program writes behind `From:` in a block."""
    value = _LINK.sub(r"<\1>", _MAILTO.sub(r"<\1>", value.replace("*", "")))
    found = addresses(value)
    if found:
        return found[0][0] or value.partition("<")[0].strip(" \"'"), found[0][1]
    return " ".join(value.split()).strip(" \"'")[:200], ""
