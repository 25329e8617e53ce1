"""What single properties of an event say (RFC 5545 3.8.1, 3.8.4): words, people, status.

Used to read events and to scan texts for candidates, so that both see the same words.

- Status: cancelled by STATUS or by a METHOD:CANCEL around it; else declined when the owner's PARTSTAT is DECLINED or
  DELEGATED; else tentative by STATUS:TENTATIVE or the owner's PARTSTAT; else confirmed (no answer yet included).
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from urllib.parse import unquote

from mentorup_daemon.errors import Malformed
from mentorup_daemon.events.lines import Component, Line
from mentorup_daemon.records.meetings import Status

_MAILTO = re.compile(r"mailto:\s*([^?\s]+)", re.IGNORECASE)


def name_of(component: Component) -> str:
    """How a component is called in a fault: by its UID and RECURRENCE-ID, as far as they can be read."""
    words = [component.name]
    for name in ("UID", "RECURRENCE-ID"):
        try:
            line = component.first(name)
        except Malformed:
            continue
        if line is not None:
            words.append(f"{name.lower()}={line.text.strip()[:120]}")
    return " ".join(words)


def title_of(line: Line) -> str:
    """A SUMMARY as one line, runs of blanks as one blank."""
    return " ".join(line.text.split())


def categories_of(line: Line) -> tuple[str, ...]:
    """The categories of one CATEGORIES line."""
    return tuple(name for name in (" ".join(text.split()) for text in line.texts) if name)


def address_of(line: Line) -> str:
    """The mail address of an ORGANIZER or ATTENDEE, lower case; "" when it has none.

    Where the value is no mailto: (a principal's path, a urn:uuid), the EMAIL parameter tells (RFC 7986 6.2).
    """
    value = unquote(line.value.strip())
    found = _MAILTO.search(value)
    address = found[1] if found else value if "@" in value and "/" not in value else line.params.get("EMAIL", "")
    return address.strip(" <>").lower()


def status_of(stated: str, answers: AbstractSet[str], method: str) -> Status:
    """The status, from STATUS, the owner's PARTSTATs and the METHOD of the calendar, each in capitals or ""."""
    if stated == "CANCELLED" or method == "CANCEL":
        return "cancelled"
    if answers and answers <= {"DECLINED", "DELEGATED"}:
        return "declined"
    if stated == "TENTATIVE" or ("TENTATIVE" in answers and "ACCEPTED" not in answers):
        return "tentative"
    return "confirmed"
