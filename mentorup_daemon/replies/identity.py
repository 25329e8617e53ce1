"""Which message this is, whatever folder it lies in and whichever way it came.

Message-IDs are missing, repeated or rewritten in real mail (I19), so they are never the sole key: the digest is over
what the writer's side made (Message-ID, From, Date, Subject, body), and leaves out what servers add on the way.
"""

from __future__ import annotations

import hashlib
import re

_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_MADE_BY_WRITER = (b"message-id", b"from", b"date", b"subject")


def mail_identity(raw: bytes) -> str:
    """A SHA-256 in hex over the parts of `raw` that stay the same in every copy of the message."""
    split = _BLANK_LINE.search(raw)
    head, body = (raw[: split.start()], raw[split.end() :]) if split else (raw, b"")
    digest = hashlib.sha256()
    wanted = False
    for line in head.splitlines():
        if line[:1] in (b" ", b"\t"):
            if wanted:
                digest.update(line.strip() + b"\n")
            continue
        name, _, value = line.partition(b":")
        wanted = name.strip().lower() in _MADE_BY_WRITER
        if wanted:
            digest.update(name.strip().lower() + b":" + value.strip() + b"\n")
    digest.update(b"\n" + b"\n".join(body.splitlines()))
    return digest.hexdigest()
