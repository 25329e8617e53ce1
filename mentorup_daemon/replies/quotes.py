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
from itertools import compress

from mentorup_daemon.replies.attribution import LONGEST_LINE, attribution_ending_at, closes_attribution
from mentorup_daemon.replies.history import header_field, history_at, is_groupwise, is_rule

_MARKED = re.compile(r"[ \t]{0,3}>(?!From )")
_QUOTE = re.compile(r"[ \t]{0,3}(?:>[ \t]?){1,200}")
_SUPERCITE = re.compile(r"[ \t]{0,3}([A-Z][A-Za-z]{0,4})>[ \t]?")
_PROMPT = ">>> "  # Python's, in a mail that quotes nothing else
_LESS_THAN = re.compile(r">=?[€$£]?\d")
_LONGEST_LOOK = 6  # blank lines looked over between an attribution and its quote
_MOST_LOOKS = 500  # lines of one body that may begin history; more have no place in a mail, and are kept
_MOST_SEGMENTS = 2_000  # segments of one body that are told apart
_TELLING = re.compile(r"[:：@]|^[ \t>*#]{0,6}[-–—_=*]{2}|[-–—_=]{2}[ \t*]{0,4}$")  # what every mark of history holds
# Without one of these, or two strokes, a text has no line that `_TELLING` finds or that is quoted.
_TELLING_MARKS = (">", ":", "：", "@")
_STROKES = re.compile(r"[-–—_=*][-–—_=*]")
_CONTEXT = 12  # quoted lines kept as the context of an answer


@dataclass(slots=True)
class Segment:
    """Own lines in a row. `quoted`: the quoted lines straight above, marks removed; empty for what opens the mail."""

    lines: list[str] = field(default_factory=list)
    quoted: tuple[str, ...] = ()

    @property
    def blank(self) -> bool:
        """No words in it."""
        return not any(line.strip() for line in self.lines)


@dataclass(frozen=True, slots=True)
class Division:
    """A body divided: the writer's segments in order.

    `ended`: the last segment is followed by history, so that nothing further is theirs. `doubtful`: history without
    quote marks was found, but no own words above it, so that it was kept.
    """

    segments: tuple[Segment, ...]
    ended: bool = False
    doubtful: bool = False


def is_quoted(line: str) -> bool:
    """Begins with a quote mark. `>From` is a line of the writer's that a mail store has escaped (RFC 4155)."""
    return _MARKED.match(line) is not None


def unquoted(line: str) -> str:
    """A quoted line without its marks."""
    match = _QUOTE.match(line)
    return line[match.end() :].strip() if match else line.strip()


def may_hold_history(text: str) -> bool:
    """False when a division would find nothing but own lines in the text: a glance at the whole, not line by line."""
    return any(mark in text for mark in _TELLING_MARKS) or _STROKES.search(text) is not None


def divide(lines: Sequence[str]) -> Division:
    """Divide a body into the writer's segments; see the module for what counts as theirs."""
    return _Walk(lines).run()


class _Walk:
    """The walk: where it stands (`at`), and the line before which all is spoken for (`floor`)."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        self.marks = _quote_marks(lines)
        self.following = _next_text_lines(lines)
        self.segments = [Segment()]
        self.at = self.floor = self.looks = 0
        self.ended = self.doubtful = False

    def run(self) -> Division:
        while self.at < len(self.lines) and not self.ended:
            line = self.lines[self.at]
            if self.marks[self.at]:
                end = _quote_end(self.lines, self.marks, self.following, self.at)
                self.answer_below(self.at, end)
            elif not line or line.isspace():
                self.keep("")
            elif not self.history(line):
                self.keep(line)
        return Division(tuple(self.segments), self.ended, self.doubtful)

    def keep(self, line: str) -> None:
        self.segments[-1].lines.append(line)
        self.at += 1

    def own_words(self, lines: list[str]) -> bool:
        """Whether the writer has said anything so far, `lines` being the segment at hand."""
        return any(line.strip() for line in lines) or any(not segment.blank for segment in self.segments[:-1])

    def next_text(self, index: int) -> int | None:
        """The first line from `index` on that is not blank."""
        found = self.following[index] if index < len(self.lines) else len(self.lines)
        return found if found < len(self.lines) else None

    def history(self, line: str) -> bool:
        """Whether quoted history begins here; then the walk has gone past it, or ended."""
        if self.looks >= _MOST_LOOKS or len(line) > LONGEST_LINE:
            return False
        if not _TELLING.search(line):
            below = self.next_text(self.at + 1)
            if below is None or not self.marks[below]:
                return False
        start = history_at(self.lines, self.at)
        self.looks += start is not None or header_field(line) is not None
        if start is not None:
            below = self.next_text(start.end)
            if below is not None and self.marks[below] and (not start.forwarded or self.marks[start.end - 1]):
                self.answer_below(self.at, below)
            else:
                self.ended = True
            return True
        if not closes_attribution(line):
            return False
        self.looks += 1
        return self.attribution()

    def attribution(self) -> bool:
        """Whether an attribution ends at this line; see `history`."""
        below = self.next_text(self.at + 1)
        quoted = below is not None and bool(self.marks[below]) and below - self.at <= _LONGEST_LOOK
        found = attribution_ending_at(self.lines, self.at, self.floor, quote_follows=quoted)
        if found is None or not (quoted or found.sure):
            return False
        held = self.segments[-1].lines[: len(self.segments[-1].lines) - (self.at - found.first)]
        if not quoted:
            self.ended = below is None or bool(found.prefix) or self.own_words(held)
            if self.doubtful and not self.ended:
                return False
            self.doubtful = not self.ended
        self.segments[-1].lines = _without_last_rule(held, found.prefix)
        self.at = self.floor = found.end
        return True

    def answer_below(self, start: int, end: int) -> None:
        """Go past the quote in lines `start` to `end`, and begin the segment below it."""
        if self.next_text(end) is None:  # nothing stands below it
            self.at = len(self.lines)
            return
        context = _context(self.lines, start, end)
        if self.segments[-1].blank:
            self.segments[-1] = Segment(quoted=context or self.segments[-1].quoted)
        elif len(self.segments) < _MOST_SEGMENTS:
            self.segments.append(Segment(quoted=context))
        else:
            self.segments[-1].lines.append("")
        self.at = self.floor = end


def _context(lines: Sequence[str], start: int, end: int) -> tuple[str, ...]:
    """The last paragraph of a quote, without its marks."""
    context: list[str] = []
    for index in range(end - 1, max(start, end - 2 * _CONTEXT) - 1, -1):
        words = unquoted(lines[index])
        if words:
            context.append(words)
        elif context:
            break
        if len(context) >= _CONTEXT:
            break
    return tuple(reversed(context))


def _without_last_rule(lines: list[str], prefix: str) -> list[str]:
    """Own lines above an attribution: without the rule drawn above it, with the words that share its first line."""
    if prefix:
        return [*lines, prefix]
    while lines and (is_rule(lines[-1]) or not lines[-1]):
        lines.pop()
    return lines


def _next_text_lines(lines: Sequence[str]) -> list[int]:
    """For each line, the index of the first line from it on that is not blank (the number of lines when none is)."""
    following = [len(lines)] * len(lines)
    nearest = len(lines)
    for index in range(len(lines) - 1, -1, -1):
        if lines[index] and not lines[index].isspace():
            nearest = index
        following[index] = nearest
    return following


def _quote_marks(lines: Sequence[str]) -> bytearray:
    """For each line 1 if it is quoted, by `>` or by initials (`AO> `) on at least two lines near; else 0.

    Bytes, since `bytearray.find` goes to the next quote, or to its end, in one step.
    """
    quoted = [
        line[1:6] != "From " if line[:1] == ">" else ">" in line[1:4] and is_quoted(line)  # most lines, without a call
        for line in lines
    ]
    marks = bytearray(quoted)
    if any(marks):  # with those about, initials mark the writer's answers
        _take_back(lines, marks)
        return marks
    announced: dict[str, bool] = {}
    for index, line in enumerate(lines):
        if ">" in line[1:10]:
            match = _SUPERCITE.match(line)
            if match and match[1] not in announced:
                announced[match[1]] = _announced(lines, index)
            marks[index] = bool(match and announced[match[1]]) and any(
                (other := _SUPERCITE.match(near)) and match and other[1] == match[1]
                for near in (*lines[max(0, index - 2) : index], *lines[index + 1 : index + 3])
            )
    return marks


def _take_back(lines: Sequence[str], marks: bytearray) -> None:
    """The marks of lines that are the writer's for all their `>`: prompts, comparisons, GroupWise's line."""
    prompting = [line[:4] == _PROMPT for line in compress(lines, marks)]
    prompts, prompted, only = all(prompting), any(prompting), len(prompting) == 1
    index = -1
    while (index := marks.find(1, index + 1)) >= 0:
        line = lines[index]
        if index > 0 and marks[index - 1]:  # what goes on with a quote is no exception, but for prompts
            if not prompted:
                index = marks.find(0, index)
                if index < 0:
                    return
                continue
            if not prompts and not line.startswith(_PROMPT):
                continue
        told = is_groupwise(line) or prompts or (only and _LESS_THAN.match(line) is not None)
        if told and (is_groupwise(line) or not _announced(lines, index)):
            marks[index] = False
        elif _below_own_words(lines, marks, index):
            # `>50% of them`, broken at the margin, or a line of arrows: the writer's.
            below = index + 1 < len(lines) and bool(lines[index + 1].strip())
            marks[index] = not (_LESS_THAN.match(line) or (only and below))


def _announced(lines: Sequence[str], index: int) -> bool:
    """Whether a line near above closes an attribution."""
    return any(closes_attribution(near) for near in lines[max(0, index - 3) : index])


def _below_own_words(lines: Sequence[str], marks: bytearray, index: int) -> bool:
    """A marked line alone, straight below an own line that announces no quote."""
    if index == 0 or marks[index - 1] or not lines[index - 1].strip():
        return False
    return not (index + 1 < len(lines) and marks[index + 1]) and not closes_attribution(lines[index - 1])


def _quote_end(lines: Sequence[str], marks: bytearray, following: Sequence[int], start: int) -> int:
    """Where the quote that begins at `start` ends: over blank lines, and over the tails of lines broken in transit."""
    at = start
    count = len(lines)
    while at < count:
        if marks[at]:
            at = marks.find(0, at)
            if at < 0:
                return count
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


def _broken_tail(lines: Sequence[str], marks: bytearray, at: int) -> bool:
    """An unmarked line between two marked ones that goes on with a long line above, which a program broke."""
    above, line = lines[at - 1], lines[at]
    if not marks[at - 1] or at + 1 >= len(lines) or not marks[at + 1] or not 66 <= len(above) <= LONGEST_LINE:
        return False
    below = unquoted(lines[at + 1])
    if above.rstrip()[-1:] in ".?!:;" or len(line) > 30 or not (line[:1].islower() or line[:1] in "(<"):
        return False
    return len(line.split()) <= 3 and bool(below)
