"""A rendered letter as the bytes of a message: a note to the owner, or a draft of the owner's for a mentor.

The same input gives the same bytes, boundary included, so that a pass that is run again writes what it wrote before.
A note says of itself that a program wrote it (RFC 3834), so that other programs leave it alone and ours knows it again
(I20). A draft says nothing of the kind: it is the owner's own message, and holds only what a person's mail program
writes.
"""

from __future__ import annotations

import hashlib
import quopri
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime

from mentorup_daemon.errors import Malformed
from mentorup_daemon.letters.digest import content_digest
from mentorup_daemon.letters.headers import address_field, ascii_domain, field, id_field
from mentorup_daemon.letters.rendered import Rendered
from mentorup_daemon.records import Mentor, Owner

__all__ = ["SENDER", "content_digest", "draft", "list_id", "note"]

SENDER = "MentorUp"
_MAX_REFERENCES = 30
_MAX_LINE = 78  # longer lines, and everything beyond ASCII, travel as quoted-printable


def note(
    owner: Owner,
    rendered: Rendered,
    *,
    message_id: str,
    at: datetime,
    thread: Sequence[str] = (),
    in_reply_to: str = "",
) -> bytes:
    """A message from MentorUp to the owner, CRLF line ends, text and HTML.

    `thread` holds the Message-IDs of what came before about the same meeting, oldest first; `in_reply_to` the one that
    is answered, where it isn't the last of them. `at` is aware. Raises `Malformed` when the owner's address is none.
    """
    answered = in_reply_to or (thread[-1] if thread else "")
    references = [entry for entry in dict.fromkeys((*thread, answered)) if entry][-_MAX_REFERENCES:]
    head = [
        address_field("From", [(SENDER, owner.email)]),
        address_field("To", [(owner.name, owner.email)]),
        field("Subject", rendered.subject),
        field("Date", format_datetime(at)),
        _message_id(message_id),
        id_field("In-Reply-To", [answered]),
        id_field("References", references),
        "Auto-Submitted: auto-generated\r\n",
        field("List-Id", list_id(owner)),
    ]
    return _message(head, rendered, message_id)


def draft(
    owner: Owner,
    recipients: Sequence[Mentor],
    rendered: Rendered,
    *,
    message_id: str,
    at: datetime,
    ready: bool,
) -> bytes:
    """The owner's own unsent message to a mentor. `To:` only when `ready`, so that it can't be sent by accident.

    A recipient without an address is left out. Raises `Malformed` when an address is none.
    """
    to = [(person.name, person.emails[0]) for person in recipients if person.emails] if ready else []
    head = [
        address_field("From", [(owner.name, owner.email)]),
        address_field("To", to) if to else "",
        field("Subject", rendered.subject),
        field("Date", format_datetime(at)),
        _message_id(message_id),
    ]
    return _message(head, rendered, message_id)


def list_id(owner: Owner) -> str:
    """The List-Id of the notes to this owner (RFC 2919)."""
    return f"{SENDER} <mentorup.{ascii_domain(owner.domain)}>"


def _message_id(message_id: str) -> str:
    line = id_field("Message-ID", [message_id])
    if not line:
        raise Malformed(f"{message_id!r} is no Message-ID (RFC 5322 3.6.4).")
    return line


def _message(head: Sequence[str], rendered: Rendered, message_id: str) -> bytes:
    boundary = f"=_{hashlib.sha256(message_id.encode()).hexdigest()[:32]}"  # "=_" can't occur in quoted-printable
    lines = [
        *head,
        "MIME-Version: 1.0\r\n",
        f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n',
        f"--{boundary}\r\n{_part('plain', rendered.text)}\r\n",
        f"--{boundary}\r\n{_part('html', rendered.html)}\r\n",
        f"--{boundary}--\r\n",
    ]
    return "".join(lines).encode("ascii")


def _part(subtype: str, text: str) -> str:
    body = text.encode("utf-8", "replace").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    seven_bit = body.isascii() and b"\0" not in body and all(len(line) <= _MAX_LINE for line in body.split(b"\n"))
    encoded = body if seven_bit else quopri.encodestring(body)
    return (
        f"Content-Type: text/{subtype}; charset=utf-8\r\n"
        f"Content-Transfer-Encoding: {'7bit' if seven_bit else 'quoted-printable'}\r\n\r\n"
    ) + encoded.decode("ascii").replace("\n", "\r\n")
