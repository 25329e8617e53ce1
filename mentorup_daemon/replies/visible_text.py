"""The writer's own words out of a reply.

What goes: quoted history and the line above it, forwarded messages, signatures, what devices, servers and lists add.
What stays: everything else, in its order, with answers between quoted lines kept beside what they answer. When in
doubt the words stay. The stages, each in its module: which part of the message speaks (`bodies`), HTML as text with
quote marks (`html_text`), own lines from quoted ones (`quotes`, with `attribution` and `history`), and the ends of
what is left (`signature`, `notices`). All of them are linear in the input. The hard thing, taking the result through
the same mill again must change nothing: so it is milled until it stays.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mentorup_daemon.replies.addresses import addresses
from mentorup_daemon.replies.bodies import Body, bodies
from mentorup_daemon.replies.fields import first_of, header_fields
from mentorup_daemon.replies.history import ForwardedBlock, forwarded_block, is_rule
from mentorup_daemon.replies.html_text import html_text
from mentorup_daemon.replies.notices import (
    is_banner,
    is_list_footer,
    is_notice,
    is_reply_above_line,
    may_be_banner,
    may_hold_footer,
    may_say_reply_above,
)
from mentorup_daemon.replies.quotes import Division, Segment, divide, may_hold_history
from mentorup_daemon.replies.signature import delimiter_at, is_device_line, without_contact_block

__all__ = [
    "ForwardedBlock",
    "InlineAnswer",
    "VisibleText",
    "forwarded_block",
    "html_text",
    "visible_text",
    "visible_text_of_html",
    "visible_text_of_plain",
]

_MOST_ROUNDS = 12
_LONGEST_MILLED = 100_000  # characters; a longer text is no letter, and is taken through once
_MOST_FOOTERS = 16  # paragraphs looked at from the end
_LONGEST_FOOTER = 16  # lines
_INVISIBLE = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\u0000\u00ad\ufffc"
_LINE_ENDS = "\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"  # beside the line feed, as `str.splitlines` has them
_BLANK_RUN = re.compile(r"\n[ \t\u00a0]*(?:\n[ \t\u00a0]*){2,}(?=\n|$)")
_MOST_LINES = 20_000
_QUOTED_LINE = re.compile(r"^>.*\n?", re.MULTILINE)
_INLINE_IMAGE = re.compile(r"\[(?:cid:|image: )[^\[\]\n]{1,200}\]$")


@dataclass(frozen=True, slots=True)
class InlineAnswer:
    """An answer written below a quote, with the quoted lines that it answers (marks removed)."""

    quoted: str
    answer: str


@dataclass(frozen=True, slots=True)
class VisibleText:
    """`text`: the writer's own words, a blank line between paragraphs. `answers`: those that stand below quotes."""

    text: str
    answers: tuple[InlineAnswer, ...] = ()


def visible_text(raw: bytes) -> VisibleText:
    """The writer's own words in a whole RFC 5322 message; empty when there are none. Never raises."""
    writer = first_of(header_fields(raw), "from")
    found = [_of_body(body, writer) for body in bodies(raw)]
    return VisibleText(
        "\n\n".join(part.text for part in found if part.text),
        tuple(answer for part in found for answer in part.answers),
    )


def _of_body(body: Body, writer: str) -> VisibleText:
    if body.html:
        return visible_text_of_html(body.text, writer=writer)
    mill = _Mill(writer)
    plain = mill.once(_unflowed(body.text, body.delsp) if body.flowed else body.text)
    if mill.doubtful and body.alternative:
        # The plain part has lost the marks of its quote; the HTML may have kept them.
        told = visible_text_of_html(body.alternative, writer=writer)
        if told.text:
            return told
    return mill.settled(plain, body.text)


def visible_text_of_plain(text: str, *, flowed: bool = False, delsp: bool = False, writer: str = "") -> VisibleText:
    """The writer's own words in a plain text body.

    `flowed` and `delsp` are as its content type says (RFC 3676); `writer` is the From field, where it is known: it
    tells the writer's own contact block from one that the mail is about.
    """
    mill = _Mill(writer)
    return mill.settled(mill.once(_unflowed(text, delsp) if flowed else text), text)


def visible_text_of_html(html: str, *, writer: str = "") -> VisibleText:
    """The writer's own words in an HTML body, as plain text; `writer` as for plain text."""
    return visible_text_of_plain(html_text(html), writer=writer)


class _Mill:
    """What a text is taken through, round by round. `doubtful`: history without marks may be among the words.

    `clean` are words that were found to have no signature or footer, so that the next round needn't look again.
    """

    def __init__(self, writer: str) -> None:
        names = addresses(writer)[:3] if writer else ()
        self.writer = frozenset(word for name, address in names for word in (*_name_words(name), address))
        self.clean: set[str] = set()
        self.doubtful = False

    def settled(self, found: VisibleText, given: str) -> VisibleText:
        """Until a further round changes nothing, so that a text that has been cleaned is left alone."""
        text = found.text
        if text == given.strip() or len(text) > _LONGEST_MILLED:
            return found
        for _ in range(_MOST_ROUNDS):
            if self.stands(text):
                break
            again = self.once(text).text
            if again == text:
                break
            text = again
        return VisibleText(text, found.answers)

    def stands(self, text: str) -> bool:
        """True when a further round would surely change nothing: clean words, and none that tell of anything else.

        `text` is what a round has made.
        """
        if may_hold_history(text) or may_be_banner(text) or may_say_reply_above(text):
            return False
        return text.count("\n") < _MOST_LINES and self.cleaned(Segment(text.split("\n"))) == text

    def cleaned(self, segment: Segment) -> str:
        """The words of a segment."""
        lines = _collapsed(segment.lines)
        words = "\n".join(lines)
        if words in self.clean:
            return words
        found = _cleaned(lines, self.writer)
        if found == words:
            self.clean.add(words)
        return found

    def once(self, text: str) -> VisibleText:
        """One round."""
        text = _visible(_with_plain_line_ends(text))
        lines = _BLANK_RUN.sub("\n", text).split("\n", _MOST_LINES)
        rest = lines.pop() if len(lines) > _MOST_LINES else ""
        lines = _without_opening(lines, text)
        division = divide(lines) if may_hold_history(text) else Division((Segment(lines),))
        self.doubtful = self.doubtful or division.doubtful
        kept: list[str] = []
        answers: list[InlineAnswer] = []
        for segment in division.segments:
            words = self.cleaned(segment)
            if words:
                kept.append(words)
                if segment.quoted:
                    answers.append(InlineAnswer("\n".join(segment.quoted), words))
        if rest and not division.ended:
            # Nobody writes so much; what is neither quoted nor below history is kept as it is.
            kept.append(_QUOTED_LINE.sub("", rest).strip())
        return VisibleText("\n\n".join(kept).strip(), tuple(answers))


def _cleaned(lines: list[str], writer: frozenset[str]) -> str:
    """Without what stands at the end and isn't said by the writer."""
    lines = _without_device_lines(lines)
    lines = _without_footers(lines)
    delimiter = delimiter_at(lines)
    if delimiter is not None:
        lines = _without_footers(lines[:delimiter])
    return "\n".join(_collapsed(without_contact_block(lines, writer)))


def _with_plain_line_ends(text: str) -> str:
    """With a line feed for whatever ends a line, as `str.splitlines` has it; what is below the last one stays so."""
    if not any(map(text.__contains__, _LINE_ENDS)):
        return text
    return "\n".join(f"{text}.".splitlines())[:-1]


def _visible(text: str) -> str:
    """Without characters that show nothing; to look for each is five times as fast as one look for all."""
    for character in _INVISIBLE:
        if character in text:
            text = text.replace(character, "")
    return text


def _name_words(name: str) -> list[str]:
    return [word for word in name.lower().replace(",", " ").split() if len(word) > 2 or (word > "\u2e80" and word[1:])]


def _without_opening(lines: list[str], text: str) -> list[str]:
    """Without a gateway's banner at the beginning, and without all that stands below `reply above this line`."""
    if may_be_banner(text):
        first = next((index for index, line in enumerate(lines) if line.strip()), len(lines))
        end = next((index for index in range(first, len(lines)) if not lines[index].strip()), len(lines))
        if end > first and is_banner("\n".join(lines[first:end])):
            lines = lines[end:]
    if may_say_reply_above(text):
        for index, line in enumerate(lines):
            if is_reply_above_line(line):
                return lines[:index]
    return lines


def _without_device_lines(lines: list[str]) -> list[str]:
    """Without the lines that devices add, where they stand apart or near the end."""
    last = len(lines)
    kept = []
    for index, line in enumerate(lines):
        if line and is_device_line(line):
            above = index == 0 or not lines[index - 1].strip() or is_device_line(lines[index - 1])
            below = index + 1 >= last or not lines[index + 1].strip() or is_device_line(lines[index + 1])
            if below or (above and last - index <= 12):
                continue
        if line.startswith("[") and _INLINE_IMAGE.match(line.strip()):
            continue
        kept.append(line)
    return kept


def _without_footers(lines: list[str]) -> list[str]:
    """Without legal notices and list footers at the end, paragraph by paragraph from the last."""
    if not may_hold_footer(lines):
        return lines
    end = len(lines)
    cut = end
    passed = 0  # paragraphs passed over that may belong to the footer of a list above them
    looked = 0
    while end > 0 and passed < 6 and looked < _MOST_FOOTERS:
        looked += 1
        while end > 0 and not lines[end - 1].strip():
            end -= 1
        start = end
        while start > 0 and lines[start - 1].strip():
            start -= 1
        if start == end:
            break
        start = _footer_rule(lines, start, end)
        paragraph = "\n".join(lines[start:end])
        if is_notice(paragraph) or is_list_footer(paragraph):
            cut = start
            passed = 0
        elif len(paragraph) > 600 or (cut != len(lines) and end <= cut):
            break
        else:
            passed += 1
            if cut != len(lines):
                break
        end = start
    return lines[:cut]


def _footer_rule(lines: list[str], start: int, end: int) -> int:
    """Where a list's footer begins inside a paragraph: at the rule drawn straight below the writer's last line."""
    for index in range(end - 2, max(start, end - _LONGEST_FOOTER), -1):
        if is_rule(lines[index]) and is_list_footer("\n".join(lines[index:end])):
            return index
    return start


def _collapsed(lines: Sequence[str]) -> list[str]:
    """Without blanks at the ends of lines (but the mark of a signature has one), one blank line where several stand."""
    kept: list[str] = []
    for line in lines:
        bare = line.rstrip() if line != "-- " else line
        if bare or (kept and kept[-1]):
            kept.append(bare)
    if kept and not kept[-1]:
        kept.pop()
    return kept


def _unflowed(text: str, delsp: bool) -> str:
    """Soft line breaks of format=flowed taken out, quotes joined with quotes of their depth only (RFC 3676 4)."""
    joined: list[tuple[int, list[str]]] = []
    open_depth = -1  # of the line above, when it ends softly
    for line in _with_plain_line_ends(text).split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        words = line[depth:].removeprefix(" ")
        soft = words.endswith(" ") and words != "-- "
        if soft and delsp:
            words = words[:-1]
        if depth == open_depth and words != "-- ":
            joined[-1][1].append(words)
        else:
            joined.append((depth, [words]))
        open_depth = depth if soft else -1
    return "\n".join(f"{'>' * depth} {''.join(pieces)}" if depth else "".join(pieces) for depth, pieces in joined)
