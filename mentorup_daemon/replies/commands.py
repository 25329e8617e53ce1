"""The commands at the top of a reply to a note of ours, and the words below them.

The rule, in full:

* One command a line, from the top; empty lines between them don't count; the first line that is none ends them, and it
  and all below it is the note.
* A line is a command when its word and its shape fit, in any case: `add K award`, `Done 3 and 4.`, `next friday`. Prose
  that begins with such a word and has another shape stays prose: `Done with it all`, `Next week is fine`, `Thanks Ana`.
* A word typed in capitals says that a command is meant. When its shape is wrong, or the word is one slip away from a
  command (`SNOZE 3d`), the line is a command with a problem that says how to mend it. In a line that is all capitals
  and more than three words long, capitals say nothing.
* `by DATE` and `until DATE` count only when what follows the last of them is a date; else they are part of the text.
* A text that a mail program has broken is joined again: the line is 60 to 80 characters long, the next word wouldn't
  have fitted into 72, and the next line follows at once and is no command itself.

The one hard thing is restraint: a note taken for a command changes the records, a command taken for a note is kept and
read. So the receipt tells every text as understood, and `UNDO` takes it back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from zoneinfo import ZoneInfo

from mentorup_daemon.records import Command, Mentor
from mentorup_daemon.records.work import Wants
from mentorup_daemon.replies.command_shapes import MOST_TEXT, SHAPES, WITH_TEXT, Line, Setting, read_shape

MOST_COMMANDS = 100
MOST_LINE = 20_000  # characters of a line that are looked at for a command

_QUOTES = "\"“”„‟'‘’`*_"
_MARKS = re.escape(_QUOTES)
_LEADING = re.compile(rf"[\s\u200b\u200e\u200f\u2060\ufeff{_MARKS}•·–—+-]*(?:\d{{1,2}}[.)]\s+)?[{_MARKS}]*")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_AFTER_WORD = re.compile(rf"[{_MARKS}]{{0,3}}[:.,;!?]{{0,9}}[{_MARKS}]{{0,3}}(?=\s|\d|#|\Z)\s*(?:[–—:-]+\s+)?")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_NOT_MISTYPED = frozenset({"ONE", "HEAR", "THANK", "CLOSED", "PLANS", "ADDS"})
_SPEAKERS = frozenset({"I", "THEY", "SHE", "HE", "WE", "YOU"})

_TRAILER = re.compile(r"\(([^()]{1,300})\)[\s.!]*\Z")
_READ = re.compile(r"(?:\A|[,;])\s*(?:to )?read(?: beforehand| before| first)?:\s*", re.IGNORECASE)
_MINUTES = re.compile(r"(\d{1,3})\s?(?:min(?:ute)?s?\.?|m|['’′])")
_ARTICLES = re.compile(r"^(?:(?:her|his|their|your|an?|the|for|just)\s+)+")
_WANTS: dict[str, Wants] = {
    "decision": "decision", "decide": "decision", "view": "view", "opinion": "view", "thoughts": "view",
    "advice": "view", "introduction": "introduction", "intro": "introduction", "feedback": "feedback",
    "nothing": "nothing", "update": "nothing", "fyi": "nothing", "info": "nothing",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedReply:
    """The commands in order, and the note: what stands below them, as typed. Every word is in one of them."""

    commands: tuple[Command, ...] = ()
    note: str = ""


def parse_commands(text: str, *, zone: ZoneInfo, now: datetime, people: Sequence[Mentor] = ()) -> ParsedReply:
    """The commands at the top of `text` (the visible text of a reply) and the note below. Never raises.

    Dates are read in `zone`, seen from the aware `now`. `people` are those whom `MENTOR`, `PAUSE`, `RESUME` and `CLOSE`
    may name, by id, name or first name: the command's text is then their id. No text holds a line end or a NUL, nor
    more than 2,000 characters.
    """
    setting = Setting(zone, now, people)
    lines = text.splitlines()
    commands: list[Command] = []
    at = 0
    while at < len(lines):
        if not any(char.isalnum() for char in lines[at]):
            if not set(lines[at].strip()) <= set("-_*=–—"):
                break  # an emoji is a word too
            at += 1
            continue
        used = _lines_of(lines, at, setting)
        read = _read(" ".join(lines[at : at + used]), setting)
        if not read or len(commands) + len(read) > MOST_COMMANDS:
            break
        commands.extend(read)
        at += used
    return ParsedReply(commands=tuple(commands), note="\n".join(lines[at:]).strip())


@dataclass(frozen=True, slots=True)
class Asked:
    """What an `ADD` says: the text, what is wanted from the mentor, the minutes, and what to read beforehand ("")."""

    text: str
    wants: Wants = "view"
    minutes: int | None = None
    read: str = ""


def topic_of(text: str) -> Asked:
    """What an `ADD` says, out of a last `(decision, 15 min, read: the aims page)`.

    A parenthesis that says anything else belongs to the text. Without one: a view is wanted, the minutes are open.
    `read:` stands last, for a page or a link may have commas in it.
    """
    trailer = _TRAILER.search(text)
    head = text[: trailer.start()].rstrip() if trailer else ""
    if not trailer or not head:
        return Asked(text)
    reading = _READ.search(trailer.group(1))
    said = trailer.group(1)[: reading.start()] if reading else trailer.group(1)
    read = trailer.group(1)[reading.end() :].strip() if reading else ""
    wants: Wants | None = None
    minutes: int | None = None
    for item in re.split(r"[,;]|\band\b", said.lower()):
        word = _ARTICLES.sub("", item.strip())
        if (found := _MINUTES.fullmatch(word)) and minutes is None and 0 < int(found.group(1)) <= 480:
            minutes = int(found.group(1))
        elif word in _WANTS and wants is None:
            wants = _WANTS[word]
        elif word or not read:
            return Asked(text)
    return Asked(head, wants or "view", minutes, read)


def _read(line: str, setting: Setting) -> tuple[Command, ...]:
    """The commands that one line says, problems included; nothing when it is prose."""
    found = _begins_with(line[:MOST_LINE])
    if isinstance(found, Line):
        return read_shape(found, setting)
    return (found,) if found else ()


def _begins_with(line: str) -> Line | Command | None:
    """The command's word at the start of `line` with what follows, or a problem for a slip of the pen."""
    leading = _LEADING.match(line)
    start = leading.end() if leading else 0
    first = _WORD.match(line, start)
    if not first:
        return None
    shouted = line.isupper() and len(line.split()) > 3
    word, end = first.group().upper(), first.end()
    typed = first.group()
    if word in _SPEAKERS and (second := _WORD.match(line, end + 1)) and line[end].isspace():
        word, end = f"{word} {second.group().upper()}", second.end()
        typed = f"{typed} {second.group()}"
    meant = typed.isupper() and not shouted
    after = _AFTER_WORD.match(line, end)
    if not after:
        return None
    if word in SHAPES:
        rest = " ".join(_CONTROLS.sub(" ", line[after.end() :]).split())
        if start and set(line[:start]) & set(_QUOTES):
            rest = rest.rstrip(_QUOTES)
        return Line(word, rest, " ".join(_CONTROLS.sub(" ", line).split()), meant)
    if not meant or word in _NOT_MISTYPED:
        return None
    near = get_close_matches(word[:20], SHAPES, n=1, cutoff=0.8)
    mend = f"{word[:20]} is no command: did you mean {near[0]}? HELP lists them all" if near else ""
    return Command(name="", line=" ".join(_CONTROLS.sub(" ", line).split())[:MOST_TEXT], problem=mend) if near else None


def _lines_of(lines: Sequence[str], at: int, setting: Setting) -> int:
    """How many lines the command at `at` was broken over: 1 unless a text goes on."""
    found = _begins_with(lines[at][:MOST_LINE])
    used = 1
    if not isinstance(found, Line) or found.name not in WITH_TEXT:
        return used
    while at + used < len(lines) and _goes_on(lines[at + used - 1], lines[at + used]):
        if _read(lines[at + used], setting):
            break
        used += 1
    return used


def _goes_on(line: str, following: str) -> bool:
    """True when a program that breaks lines at 72 columns or more would have broken here."""
    line = line.rstrip()
    word = (following.split() or [""])[0]
    return bool(word) and 60 <= len(line) <= 80 and len(line) + 1 + len(word) > 72
