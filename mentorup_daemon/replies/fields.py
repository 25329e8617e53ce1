"""A message's header fields as text, whatever their bytes.

The standard library stops at the first line it doesn't know and raises on encoded words that a mailer has broken; here
every field that can be found is found, in order, and every value becomes text. Bounded: what lies past 256 KB of
header, or past 32 KB in one field, is not read. A bare CR never begins a field: the servers that check signatures
don't see one there, so neither do we. NUL and other controls become blanks, so that no value can carry a line end.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

MOST_HEADER = 256 * 1024
MOST_FIELD = 32 * 1024
MOST_FIELDS = 2_000

Fields = tuple[tuple[str, str], ...]
"""Header fields in order: the name in lower case, the value unfolded, encoded words still encoded."""

_NAME = re.compile(rb"[!-9;-~]{1,100}[ \t]*:")
_ENCODED = re.compile(r"=\?([^?\s*]{1,64})(?:\*[^?\s]{0,64})?\?([bBqQ])\?([^?]*)\?=")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_NO_TEXT_CODECS = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "utf_7"})
_MEANT = {  # what mailers that name the first mean
    "iso_8859_1": "windows_1252", "latin1": "windows_1252", "latin_1": "windows_1252", "gb2312": "gb18030",
    "gbk": "gb18030", "ks_c_5601_1987": "cp949", "euc_kr": "cp949", "shift_jis": "cp932",
}  # fmt: skip


def header_fields(raw: bytes) -> Fields:
    """The fields of the header block at the start of `raw`, broken lines left out."""
    values: list[tuple[str, bytearray]] = []
    for line in _header_lines(raw):
        if line[:1] in (b" ", b"\t"):
            if values and len(values[-1][1]) < MOST_FIELD:
                values[-1][1].extend(b" " + line.strip())
            continue
        found = _NAME.match(line)
        if found and len(values) < MOST_FIELDS:
            name = found.group()[:-1].strip().decode("ascii").lower()
            values.append((name, bytearray(line[found.end() :].strip())))
    return tuple((name, _one_line(to_text(bytes(value[:MOST_FIELD]))).strip()) for name, value in values)


def all_of(fields: Fields, name: str) -> tuple[str, ...]:
    """The values of every field called `name` (lower case), topmost first."""
    return tuple(value for field, value in fields if field == name)


def first_of(fields: Fields, name: str) -> str:
    """The value of the topmost field called `name` (lower case), "" when there is none."""
    return next((value for field, value in fields if field == name), "")


def decode_words(value: str) -> str:
    """`value` with its encoded words decoded (RFC 2047), broken ones as far as can be.

    Neighbouring words of one charset are joined before decoding: many mailers cut in the middle of a character.
    """
    parts: list[str] = []
    run, charset, end = b"", "", 0
    for found in _ENCODED.finditer(value):
        between = value[end : found.start()]
        name = found.group(1).lower()
        if run and (between.strip() or name != charset):
            parts.append(to_text(run, charset))
            run = b""
        if between.strip() or not end:
            parts.append(between)
        charset, run, end = name, run + _word_bytes(found.group(2), found.group(3)), found.end()
    if run:
        parts.append(to_text(run, charset))
    parts.append(value[end:])
    return " ".join(_one_line("".join(parts)).split())


def to_text(raw: bytes, charset: str = "") -> str:
    """`raw` as text: in `charset` when that is known and fits, else UTF-8, else Windows-1252. Never raises."""
    name = charset.strip().lower().replace("-", "_")
    if name and name not in _NO_TEXT_CODECS:
        try:
            return raw.decode(_MEANT.get(name, name))
        except (LookupError, ValueError):
            pass
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("windows-1252", errors="replace")


def _header_lines(raw: bytes) -> Iterator[bytes]:
    """The lines of the header block, up to the first empty one."""
    for line in raw[:MOST_HEADER].replace(b"\r\n", b"\n").replace(b"\r", b" ").split(b"\n"):
        if not line:
            return
        yield line


def _one_line(text: str) -> str:
    return _CONTROLS.sub(" ", text)


def _word_bytes(encoding: str, payload: str) -> bytes:
    """The bytes of one encoded word, padded where the mailer forgot to."""
    coded = payload.encode("utf-8", errors="replace")
    if encoding in "qQ":
        return binascii.a2b_qp(coded.replace(b" ", b"_"), header=True)
    try:
        return base64.b64decode(coded + b"=" * (-len(coded) % 4))
    except binascii.Error:
        return coded
