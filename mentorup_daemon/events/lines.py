"""The bytes of a calendar -> its components, as content lines (RFC 5545 3.1 and 3.6).

Promise: whatever is whole can be read, whatever stands around it. A byte order mark, line ends of any kind, text before
the first BEGIN, bytes that are no UTF-8, several VCALENDARs in one text, a component that never ends: each costs at
most the component it stands in. Only a text without any component at all is `Malformed`.

Left out on purpose: what the values mean (times.py and expansion.py), and every component but VEVENT and VTIMEZONE.

The hard thing is to lose neither speed nor words: lines are kept raw and taken apart only when their property is asked
for, so that a calendar of ten thousand events costs little more than finding its line ends. Parsers that read the
whole calendar in one go give up at the first broken line, and take it with all the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mentorup_daemon.errors import Malformed

# Every pattern here takes linear time on any text: no two neighbouring parts of one match the same character.
_FOLD = re.compile(r"\n[ \t]")
_FOLD_BYTES = re.compile(rb"\n[ \t]")
_NAME = re.compile(r"([A-Za-z0-9-]+)[ \t]*(?=[;:])")
_PARAM = re.compile(r';([^=;:,"]+)=((?:"[^"]*"|[^";:])*)')
_DEEPEST = 16  # no calendar nests deeper; a search further up would let one take quadratic time
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_LISTED = re.compile(r"(?:\\.|[^,])+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Line:
    """One content line: name and parameter names in capitals, the value as it stands (still escaped)."""

    name: str
    params: Mapping[str, str]
    value: str

    @property
    def text(self) -> str:
        """The value as TEXT (RFC 5545 3.3.11)."""
        return _unescaped(self.value)

    @property
    def texts(self) -> tuple[str, ...]:
        """The value as a list of TEXT, separated by commas that are not escaped."""
        return tuple(_unescaped(part) for part in _LISTED.findall(self.value))


@dataclass(slots=True)
class Component:
    """One component: its raw lines by property name, and the components inside it."""

    name: str
    properties: dict[str, list[str]] = field(default_factory=dict)
    inner: list[Component] = field(default_factory=list)

    def all(self, name: str) -> Iterator[Line]:
        """Every line of this property, in order. Raises `Malformed` for one that can't be taken apart."""
        for raw in self.properties.get(name, ()):
            yield content_line(raw)

    def first(self, name: str) -> Line | None:
        """The first line of this property, or None. A property that may come only once counts by its first line."""
        raw = self.properties.get(name)
        return content_line(raw[0]) if raw else None

    def word(self, name: str) -> str:
        """The value of a property as one word in capitals, "" when there is none."""
        line = self.first(name)
        return line.value.strip().upper() if line else ""


@dataclass(slots=True)
class Calendar:
    """What of a calendar matters here. `unfinished` names components that were cut off, as far as they can be named."""

    method: str = ""
    zones: list[Component] = field(default_factory=list)
    events: list[Component] = field(default_factory=list)
    unfinished: list[Component] = field(default_factory=list)


def unfolded(text: str | bytes) -> str:
    r"""The text with folded lines joined and `\n` alone as line end (RFC 5545 3.1).

    Bytes are UTF-8, by RFC; UTF-16 is told by its byte order mark; a line that is neither is taken for Windows-1252.
    Folds are undone in the bytes first where needed: they may stand inside a character.
    """
    if isinstance(text, bytes):
        text = _decoded(text)
    if not text.isascii() or "\x00" in text:
        text = text.replace("\ufeff", "").replace("\x00", "")
    # Some servers end lines with a CR too many: that must not look like a blank line in the middle of a fold.
    if "\r" in text:
        text = text.replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n")
    return _FOLD.sub("", text)


def content_line(raw: str) -> Line:
    """Take one unfolded line apart. Raises `Malformed` when it has no name or no value."""
    name = _NAME.match(raw)
    if name is None:
        raise Malformed(f"the line {raw[:60]!r} is no property")
    params: dict[str, str] = {}
    at = name.end()
    while raw[at : at + 1] == ";" and (param := _PARAM.match(raw, at)):
        params[param[1].strip().upper()] = param[2].replace('"', "").strip()
        at = param.end()
    if raw[at : at + 1] != ":":  # a quote that never closes, a parameter without a value: go by the next colon
        at = raw.find(":", at)
        if at < 0:
            raise Malformed(f"the line {raw[:60]!r} has no value")
    value = raw[at + 1 :]
    if "TZID" in params and ":" in value and not value[:4].isdigit():  # TZID=tzone://Microsoft/Utc, without the quotes
        rest, _, value = value.rpartition(":")
        params["TZID"] += f":{rest}"
    return Line(name[1].upper(), params, value)


def calendars(text: str | bytes) -> list[Calendar]:
    """The calendars of a text, in order; events outside any VCALENDAR count as one more.

    Raises `Malformed` when there is no component at all (an error page, an empty file).
    """
    reading = _Reading()
    for raw in unfolded(text).split("\n"):
        head = raw[:6].upper()
        if head == "BEGIN:":
            reading.begin(raw[6:].strip().upper())
        elif head[:4] == "END:":
            reading.end(raw[4:].strip().upper())
        elif reading.open and (name := _NAME.match(raw)):
            reading.open[-1].properties.setdefault(name[1].upper(), []).append(raw)
    reading.close_down_to(0)
    if not reading.found:
        start = unfolded(text).lstrip()[:40]
        what = "a web page" if start.startswith("<") else "empty" if not start else f"something else ({start!r})"
        raise Malformed(f"this is no calendar: it holds no BEGIN:VCALENDAR and no event; it is {what}")
    return reading.found


class _Reading:
    """The components open at one line of the text, and the calendars found so far."""

    def __init__(self) -> None:
        self.open: list[Component] = []
        self.found: list[Calendar] = []

    def begin(self, name: str) -> None:
        if name == "VCALENDAR":
            self.close_down_to(0)
            self.found.append(Calendar())
        elif name in ("VEVENT", "VTIMEZONE"):
            # Neither may stand inside another component: what is still open has lost its END.
            keep = 1 if self.open and self.open[0].name == "VCALENDAR" else 0
            self.close_down_to(keep)
            if not self.found:
                self.found.append(Calendar())
        self.open.append(Component(name))

    def end(self, name: str) -> None:
        innermost = range(len(self.open) - 1, max(-1, len(self.open) - 1 - _DEEPEST), -1)
        depth = next((i for i in innermost if self.open[i].name == name), None)
        if depth is None:
            return
        self.close_down_to(depth + 1)
        done = self.open.pop()
        if self.open and self.open[-1].name == "VTIMEZONE":
            self.open[-1].inner.append(done)
        elif name == "VEVENT":
            self.found[-1].events.append(done)
        elif name == "VTIMEZONE":
            self.found[-1].zones.append(done)
        elif name == "VCALENDAR":
            self.found[-1].method = _method(done)

    def close_down_to(self, depth: int) -> None:
        """Give up what is open deeper than this: its END never came."""
        for lost in self.open[depth:]:
            if lost.name == "VCALENDAR":
                self.found[-1].method = _method(lost)
            if lost.name in ("VCALENDAR", "VEVENT", "VTIMEZONE") and self.found:
                self.found[-1].unfinished.append(lost)
        del self.open[depth:]


def _method(calendar: Component) -> str:
    try:
        return calendar.word("METHOD")
    except Malformed:
        return ""


def _unescaped(value: str) -> str:
    if "\\" not in value:
        return value
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        data = data.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return "\n".join(_decoded_line(line) for line in _FOLD_BYTES.sub(b"", data).split(b"\n"))


def _decoded_line(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("cp1252", errors="replace")
