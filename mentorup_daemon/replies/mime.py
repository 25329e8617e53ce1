"""The parts of a message, found in one pass over its bytes, with bounds on all that can be made to grow.

The standard library's parser calls itself for every level of nesting and compares every line with every open boundary:
fifty kilobytes of the right bytes keep it busy for minutes. This one keeps a stack, looks only at lines that are open
boundaries, and refuses what no person's program writes (RFC 2046).
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field

from mentorup_daemon.errors import Malformed
from mentorup_daemon.replies.fields import MOST_HEADER, decode_words, first_of, header_fields

MOST_BYTES = 25 * 1024 * 1024
MOST_PARTS = 1_000
MOST_DEPTH = 50

_DASHES = re.compile(rb"^--[^\r\n]+", re.MULTILINE)
_BLANK_LINE = re.compile(rb"\n\r?\n")
_PARAMETER = re.compile(r";\s*([\w-]+)\*?(?:0\*?)?\s*=\s*(?:\"([^\"]*)\"|([^\s;]+))")
_MESSAGES = frozenset({"message/rfc822", "message/global"})
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")


@dataclass(slots=True)
class Part:
    """One part: its type (`text/plain`), its parameters, and where it stands in the message.

    `inside` holds the types of the parts around it, outermost first.
    """

    kind: str
    parameters: dict[str, str]
    encoding: str
    filename: str
    inside: tuple[str, ...]
    source: bytes = field(repr=False)
    start: int
    body_start: int
    end: int

    @property
    def body(self) -> bytes:
        """The body with its transfer encoding undone (RFC 2045 6), as far as it can be."""
        return _decoded(self.source[self.body_start : self.end], self.encoding)


def parts_of(raw: bytes) -> tuple[Part, ...]:
    """Every part of `raw`, in order, the message itself first, and those of messages inside it.

    Raises `Malformed` for more than 25 MB, 1,000 parts or 50 levels.
    """
    if len(raw) > MOST_BYTES:
        raise Malformed(f"the message is {len(raw) // 2**20} MB long; more than {MOST_BYTES // 2**20} MB is not read")
    return _Splitter(raw).split()


def is_message(kind: str) -> bool:
    """True for the types of a message inside a message."""
    return kind in _MESSAGES


class _Splitter:
    """A stack of what is open: multiparts with their boundary, messages inside messages with none."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._parts: list[Part] = []
        self._open: list[tuple[bytes | None, Part]] = []
        self._know_boundaries()

    def split(self) -> tuple[Part, ...]:
        at = self._begin(0)
        while self._boundaries and (found := self._boundary_lines.search(self._raw, at)):
            line = found.group(1).rstrip(b" \t\r")
            closing = line not in self._boundaries
            self._close_down_to(line[:-2] if closing else line, found.start(), ended=closing)
            at = found.end() if closing else self._begin(min(found.end() + 1, len(self._raw)))
        return tuple(self._parts)

    def _know_boundaries(self) -> None:
        """One pattern for the lines that matter, so that millions of others cost nothing."""
        self._boundaries = {known for known, _ in self._open if known}
        either = b"|".join(re.escape(known) for known in self._boundaries)
        self._boundary_lines = re.compile(rb"^--((?:" + either + rb")(?:--)?[ \t]{0,80}\r?)$", re.MULTILINE)

    def _close_down_to(self, boundary: bytes, at: int, *, ended: bool) -> None:
        """End all that stands inside the multipart with this boundary, and the multipart too when it is its end."""
        depth = max(level for level, (known, _) in enumerate(self._open) if known == boundary)
        cut = at - (2 if self._raw[max(0, at - 2) : at] == b"\r\n" else 1)
        first = self._open[depth][1]
        for part in reversed(self._parts):
            if part is first:
                break
            if part.end == len(self._raw):
                part.end = max(part.body_start, cut)
        del self._open[depth if ended else depth + 1 :]
        self._know_boundaries()

    def _begin(self, start: int) -> int:
        """Read the header of the part at `start`, and of the messages that begin with it; returns where to go on."""
        while True:
            if len(self._parts) >= MOST_PARTS:
                raise Malformed(f"the message has more than {MOST_PARTS:,} parts")
            part = self._read(start)
            self._parts.append(part)
            boundary = part.parameters.get("boundary", "").encode("utf-8", "replace").rstrip()
            embedded = part.kind in _MESSAGES and part.encoding not in ("base64", "quoted-printable")
            if embedded:
                self._enter(None, part)
            elif part.kind.startswith("multipart/") and boundary:
                self._enter(boundary, part)
            if not embedded:
                return part.body_start
            start = part.body_start

    def _enter(self, boundary: bytes | None, part: Part) -> None:
        self._open.append((boundary, part))
        self._know_boundaries()
        if len(self._open) > MOST_DEPTH:
            raise Malformed(f"the message is nested more than {MOST_DEPTH} levels deep")

    def _read(self, start: int) -> Part:
        body_start = self._header_end(start)
        fields = header_fields(self._raw[start:body_start])
        content_type = first_of(fields, "content-type")
        disposition = first_of(fields, "content-disposition")
        parameters = _parameters(content_type)
        filename = _parameters(disposition).get("filename", "") or parameters.get("name", "")
        kind = content_type.partition(";")[0].strip().lower()
        return Part(
            kind=kind if "/" in kind else "text/plain",
            parameters=parameters,
            encoding=first_of(fields, "content-transfer-encoding").partition(";")[0].strip().lower(),
            filename=decode_words(filename),
            inside=tuple(part.kind for _, part in self._open),
            source=self._raw,
            start=start,
            body_start=body_start,
            end=len(self._raw),
        )

    def _header_end(self, start: int) -> int:
        """Where the body of the part at `start` begins: after the blank line, or at the next boundary."""
        for blank in (b"\n", b"\r\n"):
            if self._raw.startswith(blank, start):
                return start + len(blank)
        limit = min(len(self._raw), start + MOST_HEADER)
        blank_line = _BLANK_LINE.search(self._raw, start, limit)
        dashes = _DASHES.search(self._raw, start, limit)
        return min(blank_line.end() if blank_line else limit, dashes.start() if dashes else limit)


def _parameters(value: str) -> dict[str, str]:
    """The parameters of a content field, names lower case (RFC 2045 5.1; the first piece of an RFC 2231 one)."""
    return {name.lower(): quoted or bare for name, quoted, bare in reversed(_PARAMETER.findall(value))}


def _decoded(body: bytes, encoding: str) -> bytes:
    if encoding == "quoted-printable":
        return binascii.a2b_qp(body)
    if encoding == "base64":
        clean = _NOT_BASE64.sub(b"", body)
        return base64.b64decode(clean[: len(clean) - (len(clean) % 4 == 1)] + b"==")
    return body
