"""The tags that a message carries in itself: a hashtag in its subject, a plus-address among its recipients.

Tags that live outside (keywords, folders, Gmail labels) are the mailbox's to know.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from mentorup_daemon.records import MessageHeaders, Tags


def message_tags(headers: MessageHeaders, tags: Tags, addresses: Collection[str] | None) -> tuple[str, ...]:
    """The sources found: `subject`, `plus_address`, in this order.

    `addresses` are the owner's, lower case: only `sam+feedback@` of one of them counts. None, for an owner who isn't
    known, lets it count at any address.
    """
    found = []
    if any(_in_subject(tag, headers.subject) for tag in tags.subjects):
        found.append("subject")
    wanted = {tag.casefold() for tag in tags.plus_addresses}
    if any(_plus(address, addresses) in wanted for address in (*headers.to, *headers.cc, *headers.delivered_to)):
        found.append("plus_address")
    return tuple(found)


def _in_subject(tag: str, subject: str) -> bool:
    """True when the hashtag stands there as a word of its own: `#feedback` is not in `#feedbackloop`."""
    if not tag.strip():
        return False
    return re.search(rf"(?<![\w#]){re.escape(tag.strip().casefold())}(?![\w-])", subject.casefold()) is not None


def _plus(address: str, addresses: Collection[str] | None) -> str:
    """What stands behind the plus, when the address without it is one that counts; "" otherwise."""
    local, _, domain = address.rpartition("@")
    name, plus, tag = local.partition("+")
    if not plus or (addresses is not None and f"{name}@{domain}" not in addresses):
        return ""
    return tag
