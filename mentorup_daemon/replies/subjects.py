"""What a subject says of a message: whether it is a reply, and what it is a reply to."""

from __future__ import annotations

import re

_REPLY = re.compile(
    r"\s*(?:re|aw|antw|sv|vs|rv|res|ref|r|odp|ynt|απ|רע|回复|答复|回覆|答覆|返信|회신|رد)\s?(?:\[\d{1,3}\]|\(\d{1,3}\))?\s?[:：]",
    re.IGNORECASE,
)


def is_reply(subject: str) -> bool:
    """True when a subject begins with one of the signs of a reply (`Re:`, `AW:`, `SV:`, ...)."""
    return _REPLY.match(subject[:200]) is not None


def bare_subject(subject: str) -> str:
    """A subject for comparing: without the signs of a reply, lower case, single blanks."""
    bare = subject[:1000]
    while sign := _REPLY.match(bare):
        bare = bare[sign.end() :]
    return " ".join(bare.casefold().split())
