"""Header fields, built by hand so that nothing but their value can come of a value (T02).

Every text is flattened to one line before it is encoded: a line break in an event's title becomes a blank, never a
header. Encoding is RFC 2047 in UTF-8 and base64, folding RFC 5322 2.2.3. The standard library's folding changes between
Python versions and has let line breaks through (CVE-2024-6923); these few lines give the same bytes everywhere.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Iterable

from mentorup_daemon.errors import Malformed

_MAX_TEXT = 400  # characters of a header's text: more is no subject and no name
_WORD_BYTES = 42  # of UTF-8 in one encoded word: 56 base64 digits, 68 columns in all (RFC 2047 2: at most 75)
_LINE = 76
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,900}>")
_SPECIALS = re.compile(r'[()<>@,;:\\".\[\]]')


def flat(text: str, limit: int = _MAX_TEXT) -> str:
    """One line: controls, line and paragraph separators and direction overrides become blanks, runs of blanks one.

    Lone surrogates, which no encoding can carry, become question marks; more than `limit` characters are cut.
    """
    line = text
    if not (text.isascii() and text.isprintable()):
        line = "".join(" " if unicodedata.category(char) in _CONTROLS or char in _OVERRIDES else char for char in text)
        line = line.encode("utf-8", "replace").decode("utf-8")
    line = " ".join(line.split())
    return line if len(line) <= limit else line[: limit - 3].rstrip() + "..."


_CONTROLS = frozenset({"Cc", "Zl", "Zp"})
_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # they can reorder a whole line


def field(name: str, value: str) -> str:
    """`Name: value`, unstructured (RFC 5322 2.2.1), encoded and folded, ending in CRLF."""
    return _folded(name, _encoded(flat(value)).split(" "))


def address_field(name: str, people: Iterable[tuple[str, str]]) -> str:
    """A field of addresses; `people` are (display name, address). Raises `Malformed` for an address that is none."""
    entries = [_mailbox(display, address) for display, address in people]
    tokens = [f"{entry}," for entry in entries[:-1]] + entries[-1:]
    return _folded(name, " ".join(tokens).split(" "))


def id_field(name: str, ids: Iterable[str]) -> str:
    """Message-IDs, each on a line of its own; those that are none are left out. "" when nothing is left."""
    good = [entry for entry in ids if _MESSAGE_ID.fullmatch(entry)]
    return f"{name}: " + "\r\n ".join(good) + "\r\n" if good else ""


def ascii_domain(domain: str) -> str:
    """The domain as it is written in a header: IDNA for names beyond ASCII, `localhost` for what is no name."""
    try:
        name = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        name = ""
    return name if re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", name) else "localhost"


def _mailbox(display: str, address: str) -> str:
    local, _, domain = address.strip().rpartition("@")
    plain = f"{local}@{ascii_domain(domain)}"
    if not _ADDRESS.fullmatch(plain):
        raise Malformed(
            f"{flat(address)!r} is no address that mail can be written to: correct it in the configuration."
        )
    name = flat(display)
    if not name:
        return plain
    if not name.isascii():
        return f"{_encoded(name)} <{plain}>"
    if _SPECIALS.search(name):
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}" <{plain}>'
    return f"{_encoded(name)} <{plain}>"


def _encoded(text: str) -> str:
    """Plain ASCII stays as it is, unless it could be taken for an encoded word or has a word too long to fold."""
    if text.isascii() and "=?" not in text and all(len(word) < 200 for word in text.split()):
        return text
    words, chunk = [], b""
    for char in text:
        letter = char.encode("utf-8")
        if len(chunk) + len(letter) > _WORD_BYTES:
            words.append(chunk)
            chunk = b""
        chunk += letter
    return " ".join(f"=?utf-8?B?{base64.b64encode(word).decode()}?=" for word in (*words, chunk))


def _folded(name: str, words: list[str]) -> str:
    lines = [f"{name}: {words[0]}"]
    for word in words[1:]:
        if len(lines[-1]) + 1 + len(word) > _LINE:
            lines.append(word)
        else:
            lines[-1] += f" {word}"
    return "\r\n ".join(lines) + "\r\n"
