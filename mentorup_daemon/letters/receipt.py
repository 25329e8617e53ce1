"""The answer to a reply: what was understood, line by line, and what was done (or why nothing was)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from mentorup_daemon.letters.headers import flat
from mentorup_daemon.letters.views import owner_view, words
from mentorup_daemon.records import Owner, Receipt

_REPLY = re.compile(r"(?:re|aw|sv|antw)\s*(?:\[\d+\])?:\s*", re.IGNORECASE)

_CHANGE_NOTHING = ("PENDING", "WHY", "HELP", "UNDO")


@dataclass(frozen=True, slots=True)
class LineView:
    """One command as understood: HEARD, "Cut the second cohort.", filed as feedback from Ana.

    Without a command it is one more line of what the command above it told.
    """

    command: str
    text: str
    outcome: str


@dataclass(frozen=True, slots=True)
class ProblemView:
    """One line that can't be carried out, as it was typed, and how to mend it."""

    line: str
    mend: str


def receipt_context(owner: Owner, receipt: Receipt) -> Mapping[str, object]:
    """The variables of `receipt/note`. With `problems` nothing has been carried out, and `lines` is empty."""
    carried_out = [command for command, _, _ in receipt.lines if command]
    return {
        "owner": owner_view(owner),
        "person": None,
        "subject": _answered(receipt.subject),
        "lines": tuple(
            LineView(flat(command, 40), words(text), words(outcome))
            for command, text, outcome in receipt.lines
            if not (receipt.help and command == "HELP")
        ),
        "carried_out": len(carried_out),
        "undoable": any(command not in _CHANGE_NOTHING for command in carried_out),
        "problems": tuple(ProblemView(words(line), words(mend)) for line, mend in receipt.problems),
        "note_kept": bool(receipt.note_kept),
        "offers": tuple(words(offer) for offer in receipt.offers),
        "help": receipt.help,
        "hint": receipt.hint,
    }


def _answered(subject: str) -> str:
    """`Re: ` once, however often the thread has been answered before."""
    bare = flat(subject)
    while match := _REPLY.match(bare):
        bare = bare[match.end() :]
    return f"Re: {bare or 'your reply'}"
