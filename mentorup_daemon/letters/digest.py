"""Has anybody changed this draft? A fingerprint of what a person can edit, and of nothing else (I22).

Servers refold headers, choose other transfer encodings, add trace fields; mail programs requote names and trim blanks
when they save. None of that is an edit. Another word, another recipient, an attachment is, and whatever can't be told
apart from one counts as one: what the owner has touched is never overwritten.
"""

from __future__ import annotations

import email
import hashlib
import json
import re
import unicodedata
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses

from mentorup_daemon.errors import Malformed

_WORDS_APART = re.compile(r"(=\?[^?\s]+\?[bBqQ]\?[^?\s]*\?=)\s+(?==\?)")


def content_digest(raw: bytes) -> str:
    """SHA-256, hexadecimal, over recipients, subject and the parts of the message, in normal form.

    Recipients as name and lower-case address, in order; texts decoded, NFC, with LF line ends, without blanks at the
    ends of lines; HTML with its runs of blanks as one; anything else (an attachment) byte by byte. Raises `Malformed`
    for a message whose parts are nested beyond reading.
    """
    try:
        message = email.message_from_bytes(raw)
        content = [
            *([name, _recipients(message, name)] for name in ("To", "Cc", "Bcc")),
            ["Subject", _line(_decoded(str(message.get("Subject", ""))))],
            *(_part(part) for part in message.walk() if not part.is_multipart()),
        ]
    except RecursionError as error:
        raise Malformed("The message's parts are nested too deeply to compare it.") from error
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _recipients(message: Message, name: str) -> list[list[str]]:
    values = [" ".join(str(value).split()) for value in message.get_all(name, [])]
    found = getaddresses(values)
    if not all(address for _, address in found):  # the parser gave up on it: compared as it stands
        return [[_line(_decoded(value)), ""] for value in values]
    return [[_line(_decoded(display)), address.strip().lower()] for display, address in found]


def _decoded(value: str) -> str:
    """The text behind encoded words (RFC 2047); blanks between two of them are none."""
    unfolded = _WORDS_APART.sub(r"\1", " ".join(value.split()))
    try:
        chunks = decode_header(unfolded)
    except (ValueError, MessageError):  # broken base64: compared as it stands
        return unfolded
    return "".join(_text(chunk, charset or "ascii") if isinstance(chunk, bytes) else chunk for chunk, charset in chunks)


def _text(octets: bytes, charset: str) -> str:
    try:
        return octets.decode(charset, "replace")
    except (LookupError, ValueError):
        return octets.decode("latin-1")


def _line(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _part(part: Message) -> list[str]:
    payload = part.get_payload(decode=True)
    octets = payload if isinstance(payload, bytes) else b""
    if part.get_content_maintype() != "text" or part.get_content_disposition() == "attachment":
        return [
            part.get_content_type(),
            _line(_decoded(str(part.get_filename("")))),
            hashlib.sha256(octets).hexdigest(),
        ]
    text = unicodedata.normalize("NFC", _text(octets, part.get_content_charset("utf-8")))
    if part.get_content_subtype() == "html":
        return ["text/html", _line(text)]
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    return ["text/plain", "\n".join(lines).strip("\n")]
