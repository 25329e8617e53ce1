"""What of a mail is worth quoting back to whoever wrote it: the substance, without greeting, closing and name.

The records keep every word; a letter that says "Dear Sam, ... Best wishes, Ana" to Ana reads as made by a machine. What
stands at the edges is told by its shape and not by its language: a short first line with the owner's name in it, a
last line that is nothing but a name, a short line with a comma above that. In doubt a line stays. A long mail is quoted
up to the end of a sentence.
"""

from __future__ import annotations

import re

from mentorup_daemon.letters.wrap import shorten

_MOST = 300  # characters of a quotation: some four lines of a letter
_FEW = 5  # words of a greeting or a closing
_NAME = re.compile(r"(?:[^\W\d_][\w'’-]*\.?\s+){0,2}[^\W\d_][\w'’-]*")
_GREETING_ALONE = re.compile(r"(?:hi|hello|hey)\b(?: (?:there|again))?[ ,!.]*", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


def worth_quoting(text: str, reader: str) -> str:
    """The substance of `text` on one line, in its own words; `reader` is the first name it was written to.

    Never empty unless the text is: what is left when everything looks like an edge is the text itself.
    """
    lines = [line.strip() for line in text.strip().splitlines()]
    if len(lines) > 1 and _greets(lines[0], reader):
        lines = _without_blank_edges(lines[1:])
    if len(lines) > 1 and _closes_with_name(lines):
        lines = _without_blank_edges(lines[:-1])
        if len(lines) > 1 and not lines[-2] and len(lines[-1].split()) <= _FEW and lines[-1][-1] not in ".?!":
            lines = _without_blank_edges(lines[:-1])
    if len(lines) > 1 and _is_short(lines[-1]) and lines[-1].endswith(","):
        lines = _without_blank_edges(lines[:-1])
    return _up_to_a_sentence(" ".join(" ".join(lines).split()))


def _greets(line: str, reader: str) -> bool:
    if _GREETING_ALONE.fullmatch(line):
        return True
    named = re.search(rf"(?<!\w){re.escape(reader)}(?!\w)", line, re.IGNORECASE) if reader else None
    return (
        named is not None and _is_short(line) and not line.endswith("?") and line[named.end() :].strip(" ,!:.-–") == ""
    )


def _closes_with_name(lines: list[str]) -> bool:
    """A last line that is a name, apart from the text or under a closing."""
    above = lines[-2]
    closing = _is_short(above) and (above.endswith(",") or (above[-1:] not in ".?!" and lines[-3:-2] == [""]))
    apart = not above or closing
    return apart and lines[-1][:1].isupper() and _NAME.fullmatch(lines[-1]) is not None


def _is_short(line: str) -> bool:
    return len(line.split()) <= _FEW


def _without_blank_edges(lines: list[str]) -> list[str]:
    return "\n".join(lines).strip("\n").split("\n")


def _up_to_a_sentence(line: str) -> str:
    if len(line) <= _MOST:
        return line
    kept = ""
    for sentence in _SENTENCE_END.split(line):
        longer = f"{kept} {sentence}".strip()
        if len(longer) > _MOST:
            break
        kept = longer
    return kept or shorten(line, _MOST)
