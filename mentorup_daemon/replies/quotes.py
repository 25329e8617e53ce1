"""Telling the writer's own lines from the lines they quote.

One walk over the lines, each looked at a bounded number of times. It promises that a line is dropped only as part of a
quote (`>`), of what stands above one (an attribution), or of history that announces itself (a separator, a header
block, an attribution with a time or an address). Own lines between quoted ones are answers and stay. The hard thing is
history without quote marks below an attribution: it goes only when there are own words above it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from mentorup_daemon.replies.attribution import LONGEST_LINE, Attribution, attribution_ending_at, closes_attribution
from mentorup_daemon.replies.history import history_at, is_rule

_QUOTE = re.compile(r"[ \t]{0,3}(?:>[ \t]?){1,200}")
_SUPERCITE = re.compile(r"[ \t]{0,3}([A-Z][A-Za-z]{0,4})>[ \t]?")
_LESS_THAN = re.compile(r">[ ]?=?[ ]?[€$£]?\d")
_LONGEST_LOOK = 6  # blank lines looked over between an attribution and its quote
_CONTEXT = 12  # quoted lines kept as the context of an answer


@dataclass(slots=True)
class Segment:
    """Own lines in a row. `quoted` are the quoted lines straight above, marks removed, empty for what opens the mail.

    `answered_below` says that quoted lines or history follow.
    """

    lines: list[str] = field(default_factory=list)
    quoted: tuple[str, ...] = ()

    @property
    def blank(self) -> bool:
        """No words in it."""
        return not any(line.strip() for line in self.lines)


@dataclass(frozen=True, slots=True)
class Division:
    """A body divided: the writer's segments in order.

    `doubtful`: history without quote marks was found, but no own words above it, so that it was kept.
    `forwarded`: what was cut is a forwarded message.
    """

    segments: tuple[Segment, ...]
    doubtful: bool = False
    forwarded: bool = False


def is_quoted(line: str) -> bool:
    """Begins with a quote mark. `>From` is a line of the writer's that a mail store has escaped (RFC 4155)."""
    stripped = line.lstrip(" \t")
    return stripped[:1] == ">" and len(line) - len(stripped) <= 3 and not stripped.startswith(">From ")


def unquoted(line: str) -> str:
    """A quoted line without its marks."""
    match = _QUOTE.match(line)
    return line[match.end() :].strip() if match else line.strip()


def divide(lines: Sequence[str]) -> Division:  # noqa: C901, PLR0912, PLR0915  # one walk, told in one place
    """Divide a body into the writer's segments; see the module for what counts as theirs."""
    marks = _quote_marks(lines)
    count = len(lines)
    following = _next_text_lines(lines)
    segments = [Segment()]
    doubtful = False
    forwarded = False
    at = 0
    floor = 0  # lines before it are spoken for
    while at < count:
        line = lines[at]
        if marks[at]:
            end = _quote_end(lines, marks, following, at)
            _new_segment(segments, lines, marks, at, end)
            at = floor = end
            continue
        if not line.strip():
            segments[-1].lines.append("")
            at += 1
            continue
        history = history_at(lines, at)
        if history is not None:
            after = following[history.end] if history.end < count else count
            if after < count and marks[after] and not history.forwarded:
                _new_segment(segments, lines, marks, at, at)
                at = floor = after
                continue
            forwarded = history.forwarded
            break
        if closes_attribution(line):
            after = following[at + 1] if at + 1 < count else count
            quoted = after < count and marks[after] and after - at <= _LONGEST_LOOK
            found = attribution_ending_at(lines, at, floor, quote_follows=quoted)
            if found is not None and (quoted or found.sure):
                _take_back(segments[-1], found, at)
                if quoted or after >= count:
                    if not quoted:
                        break
                    at = floor = after
                    continue
                if any(not segment.blank for segment in segments):
                    break
                doubtful = True
                at += 1
                floor = at
                continue
        segments[-1].lines.append(line)
        at += 1
    return Division(tuple(segments), doubtful, forwarded)


def _take_back(segment: Segment, found: Attribution, at: int) -> None:
    """Remove from the segment the lines of an attribution that were taken for own words before its end was seen."""
    for _ in range(at - found.first):
        segment.lines.pop()
    if found.prefix:
        segment.lines.append(found.prefix)
    while segment.lines and is_rule(segment.lines[-1]):
        segment.lines.pop()


def _new_segment(segments: list[Segment], lines: Sequence[str], marks: Sequence[bool], start: int, end: int) -> None:
    """Begin the segment below the quote in `lines[start:end]`."""
    quoted = [unquoted(line) for line in lines[max(start, end - 3 * _CONTEXT) : end] if line.strip()]
    while quoted and not quoted[-1]:
        quoted.pop()
    context: list[str] = []
    for line in reversed(quoted):
        if not line or len(context) >= _CONTEXT:
            break
        context.insert(0, line)
    if segments[-1].blank:
        segments[-1] = Segment(quoted=tuple(context) or segments[-1].quoted)
    else:
        segments.append(Segment(quoted=tuple(context)))


def _next_text_lines(lines: Sequence[str]) -> list[int]:
    """For each line, the index of the first line from it on that is not blank (the number of lines when none is)."""
    following = [len(lines)] * len(lines)
    nearest = len(lines)
    for index in range(len(lines) - 1, -1, -1):
        if lines[index] and not lines[index].isspace():
            nearest = index
        following[index] = nearest
    return following


def _quote_marks(lines: Sequence[str]) -> list[bool]:
    """For each line, whether it is quoted, by `>` or by initials (`AO> `) that mark at least two lines near."""
    marks = [">" in line[:4] and is_quoted(line) for line in lines]
    for index, line in enumerate(lines):
        if marks[index]:
            alone = _alone(lines, marks, index)
            if alone and _LESS_THAN.match(line) and line[1:2] != " ":
                marks[index] = False
        elif ">" in line[1:10]:
            match = _SUPERCITE.match(line)
            if match and any(
                (other := _SUPERCITE.match(near)) and other[1] == match[1]
                for near in (*lines[max(0, index - 2) : index], *lines[index + 1 : index + 3])
            ):
                marks[index] = True
    return marks


def _alone(lines: Sequence[str], marks: Sequence[bool], index: int) -> bool:
    """A marked line with own text straight above and no other mark beside it: `>50% of them`, broken at the margin."""
    above = index > 0 and bool(lines[index - 1].strip()) and not marks[index - 1]
    if not above or closes_attribution(lines[index - 1]):
        return False
    return index + 1 >= len(lines) or not marks[index + 1]


def _quote_end(lines: Sequence[str], marks: Sequence[bool], following: Sequence[int], start: int) -> int:
    """Where the quote that begins at `start` ends: over blank lines, and over the tails of lines broken in transit."""
    at = start
    count = len(lines)
    while at < count:
        if marks[at]:
            at += 1
        elif not lines[at].strip():
            after = following[at]
            if after >= count or not marks[after]:
                return at
            at = after
        elif _broken_tail(lines, marks, at):
            at += 1
        else:
            return at
    return at


def _broken_tail(lines: Sequence[str], marks: Sequence[bool], at: int) -> bool:
    """An unmarked line between two marked ones that goes on with a long line above, which a program broke."""
    above, line = lines[at - 1], lines[at]
    if not marks[at - 1] or at + 1 >= len(lines) or not marks[at + 1] or not 66 <= len(above) <= LONGEST_LINE:
        return False
    below = unquoted(lines[at + 1])
    if above.rstrip()[-1:] in ".?!:;" or len(line) > 30 or not (line[:1].islower() or line[:1] in "(<"):
        return False
    return len(line.split()) <= 3 and bool(below)
