"""Word of something that went well, to somebody whose help is in it (T9).

It names what the person said or did, where the records tie it to the win: by a word that both share. Without such a tie
the latest advice that was carried out is named, or nothing, and the draft has no `To:` until the owner has looked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mentorup_daemon.letters.views import advice_view, bare, common
from mentorup_daemon.records import Feedback, Mentor, Snapshot, Thanks, Win

_WORD = re.compile(r"[^\W\d_]{5,}")
_COMMON = frozenset(
    "about after again their there these thing think those which while would could should really".split()
)


@dataclass(frozen=True, slots=True)
class Part:
    """What somebody did towards a win; `sure` when the records tie it to that very win."""

    advice: Feedback | None = None
    thanks: Thanks | None = None
    sure: bool = False


def part_in(snapshot: Snapshot, win: Win, mentor: Mentor) -> Part:
    """Their part in it, the latest that shares a word with the win; else the latest advice carried out, unsure."""
    sought = _words(win.text)
    advice = [
        one
        for one in sorted(snapshot.feedback, key=lambda one: (one.received_at, one.id), reverse=True)
        if one.mentor == mentor.id
        and one.plan
        and one.state in ("planned", "done")
        and one.received_at <= win.created_at
    ]
    tied = next((one for one in advice if sought & _words(f"{one.text} {one.plan}")), None)
    if tied is not None:
        return Part(advice=tied, sure=True)
    given = [one for one in reversed(snapshot.thanks) if one.mentor == mentor.id and sought & _words(one.text)]
    if given:
        return Part(thanks=given[0], sure=True)
    return Part(advice=next((one for one in advice if one.state == "done"), None))


def win_context(snapshot: Snapshot, win: Win, mentor: Mentor, now: datetime) -> Mapping[str, object]:
    """The variables of `win/draft`. `advice` may be None, `thanks` ""; with neither no part is named."""
    part = part_in(snapshot, win, mentor)
    return {
        **common(snapshot, mentor),
        "news": bare(win.text),
        "advice": advice_view(part.advice, snapshot.owner, now) if part.advice else None,
        "acted": part.advice is not None and part.advice.state == "done",
        "thanks": bare(part.thanks.text).removeprefix("for ") if part.thanks else "",
    }


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.casefold())) - _COMMON
