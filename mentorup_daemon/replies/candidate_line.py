"""Somebody named on one line: `Kim Okafor <kim@example.org>: your work on data`.

Address and reason may be missing, the address may stand without its brackets, as some mail programs show it, and the
reason may follow `for` or `because of`. What was read is written out in one form, which reads as the same again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_ADDRESS = re.compile(r"<?\s*(?:mailto:)?([^\s<>\"(),;:@]{1,64}@[^\s<>\"(),;:@]{1,255}[^\s<>\"(),;:@.])\s*>?")
_LINKED = re.compile(r"[\[<(]\s*mailto:[^\s\]>)]*\s*[\])>]*")  # what a program adds behind an address it made a link of
_REASON = re.compile(r"^[\s>:,;.–—-]*(?:(?:for|because(?:\s+of)?)\s+)?(?P<why>.*)$", re.IGNORECASE)
_SPLIT = re.compile(r":|\s(?:for|because(?:\s+of)?)\s", re.IGNORECASE)
_EDGES = " \t.,;:!?<>()[]\"'“”‘’–—-"


@dataclass(frozen=True, slots=True)
class CandidateLine:
    """Who, where to write to ("" when not said), and why them ("" when not said)."""

    name: str
    address: str = ""
    why: str = ""

    def __str__(self) -> str:
        whom = f"{self.name} <{self.address}>" if self.address else self.name
        return f"{whom}: {self.why}" if self.why else whom


def candidate_line(text: str) -> CandidateLine:
    """What the line says; the name is "" when it names nobody. Never raises."""
    line = " ".join(text.split())
    found = _ADDRESS.search(line)
    if found:
        name, rest = line[: found.start()], _LINKED.sub(" ", line[found.end() :])
        return CandidateLine(_bare(name), found[1].lower(), _why(rest))
    split = _SPLIT.search(line)
    if split:
        return CandidateLine(_bare(line[: split.start()]), "", _why(line[split.end() :]))
    return CandidateLine(_bare(line))


def _bare(name: str) -> str:
    return " ".join(name.strip(_EDGES).split())


def _why(text: str) -> str:
    reason = _REASON.match(text)
    return reason["why"].strip() if reason else ""
