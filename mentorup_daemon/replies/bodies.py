"""The bodies of a message that hold the writer's words, as text: which parts, in which character set.

It promises an answer for any bytes: a boundary that never comes, broken base64, an unknown character set are read as
far as can be. Attachments and attached messages never count. It splits multiparts itself, part by part along the
bytes, since the standard library's parser recurses (a mail of 2,000 nested parts ends it) and reads line by line
(half a second for a megabyte of empty ones). The hard thing is which of two alternatives speaks: the plain one,
unless it only says that there is another.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import collapse_rfc2231_value
from quopri import decodestring

_LONGEST_HEADER = 65_536  # bytes of a part's header that are read
_DEEPEST = 30  # multiparts inside multiparts
_MOST_PARTS = 300  # parts of one message that are looked at
_PLACEHOLDER = re.compile(
    r"(?:this (?:is an? |message |e-?mail |mail )(?:is |was |in |contains |requires )?.{0,40}html|"
    r"your (?:e-?mail|mail) (?:client|program|reader|software) (?:does|can)(?:n't| not|not)|"
    r"(?:please )?(?:view|open|read) (?:this|the) (?:e-?mail|message|mail) (?:in|with|using).{0,40}html|"
    r"to view this (?:message|e-?mail)|no plain.?text|html[- ](?:only )?(?:message|e-?mail|version))",
    re.IGNORECASE,
)
_LOOKS_LIKE_HTML = re.compile(r"\s*<(?:!doctype html|html|body|div|p|meta|table|span)\b[^<>]{0,2000}>", re.IGNORECASE)
_ARMOUR = re.compile(r"\s{0,20}-----BEGIN PGP SIGNED MESSAGE-----[ \t]*\r?\n(?:Hash: .{1,80}\n){0,4}\r?\n")
_DASH_ESCAPE = re.compile(r"^- (?=-)", re.MULTILINE)
_META_CHARSET = re.compile(rb"<meta[^<>]{0,200}charset\s?=\s?[\"']?([\w-]{2,40})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Body:
    """A readable part. `html` says which language; `alternative` is the HTML twin of a plain text, "" without one.

    `flowed` and `delsp` are RFC 3676's parameters.
    """

    text: str
    html: bool = False
    flowed: bool = False
    delsp: bool = False
    alternative: str = ""


def bodies(raw: bytes) -> tuple[Body, ...]:
    """The bodies of an RFC 5322 message that hold its writer's words, in order. Never raises."""
    return tuple(_walk(raw, _Budget(_MOST_PARTS), 0))


@dataclass(slots=True)
class _Budget:
    parts: int


def _walk(raw: bytes, budget: _Budget, depth: int) -> Iterator[Body]:
    if budget.parts <= 0:
        return
    budget.parts -= 1
    header, body = _split_header(raw)
    kind = header.get_content_type()
    if depth and _is_attachment(header):
        return
    if kind.startswith("multipart/"):
        boundary = header.get_boundary()
        if boundary and depth < _DEEPEST:
            parts = _split_parts(body, boundary.encode("utf-8", "replace"), budget.parts)
            if parts:
                yield from _of_multipart(kind, parts, budget, depth)
                return
        yield Body(_decode(body, "utf-8"))
    elif kind in ("text/html", "application/xhtml+xml"):
        yield Body(_decoded(header, body), html=True)
    elif kind in ("text/plain", "text/enriched", "text/markdown"):
        text = _decoded(header, body)
        flowed = str(header.get_param("format") or "").lower() == "flowed"
        delsp = str(header.get_param("delsp") or "").lower() == "yes"
        text = _unsigned(text)
        yield Body(text, bool(_LOOKS_LIKE_HTML.match(text)), flowed, delsp)


def _unsigned(text: str) -> str:
    """A text without the armour of a clear signature around it (RFC 9580 7)."""
    begin = _ARMOUR.match(text)
    end = text.find("\n-----BEGIN PGP SIGNATURE-----") if begin else -1
    if begin is None or end < 0:
        return text
    return _DASH_ESCAPE.sub("", text[begin.end() : end])


def _of_multipart(kind: str, parts: list[bytes], budget: _Budget, depth: int) -> Iterator[Body]:
    if kind == "multipart/alternative":
        found = [body for part in parts for body in _walk(part, budget, depth + 1)]
        plain = [body for body in found if not body.html]
        html = [body for body in found if body.html]
        if plain and (not html or not _says_nothing(plain)):
            first, *rest = plain
            twin = "\n".join(body.text for body in html)
            yield Body(first.text, False, first.flowed, first.delsp, twin if not rest else "")
            yield from rest
        else:
            yield from html
    elif kind == "multipart/related":
        found = [body for part in parts[:1] for body in _walk(part, budget, depth + 1)]
        yield from found or (body for part in parts[1:] for body in _walk(part, budget, depth + 1))
    elif kind == "multipart/signed":
        yield from _walk(parts[0], budget, depth + 1)
    elif kind != "multipart/digest":
        for part in parts:
            yield from _walk(part, budget, depth + 1)


def _says_nothing(plain: list[Body]) -> bool:
    """The plain alternative is empty, or only says that there is an HTML one."""
    text = " ".join(body.text[:600] for body in plain).strip()
    return not text or (len(text) < 400 and bool(_PLACEHOLDER.search(text)))


def _split_header(raw: bytes) -> tuple[Message, bytes]:
    if raw.startswith((b"\r\n", b"\n")):
        return Message(), raw[2:] if raw.startswith(b"\r\n") else raw[1:]
    found = _HEADER_END.search(raw, 0, _LONGEST_HEADER)
    head, body = (raw[: found.start()], raw[found.end() :]) if found else (raw[:_LONGEST_HEADER], b"")
    try:
        message = BytesHeaderParser().parsebytes(head)
    except (ValueError, LookupError, RecursionError):
        return Message(), raw
    if not message.keys():
        return message, raw
    kind = message.get("Content-Type")
    if kind is not None and len(str(kind)) > 2000:
        message.replace_header("Content-Type", str(kind)[:2000])
    return message, body


_HEADER_END = re.compile(rb"\r?\n\r?\n")


def _is_attachment(header: Message) -> bool:
    disposition = str(header.get("Content-Disposition") or "")[:1000]
    if disposition.partition(";")[0].strip().lower() == "attachment":
        return True
    return (
        "filename" in disposition.lower()
        and header.get_content_type() != "text/html"
        and "inline" not in disposition.lower()
    )


def _split_parts(body: bytes, boundary: bytes, most: int) -> list[bytes]:
    """The parts between the lines of a boundary (RFC 2046 5.1.1); a missing last line ends with the bytes."""
    mark = b"--" + boundary
    starts: list[tuple[int, int]] = []  # (where the line begins, where the part below it does)
    at = body.find(mark)
    while at >= 0 and len(starts) <= most:
        line_end = body.find(b"\n", at)
        if at == 0 or body[at - 1 : at] in (b"\n", b"\r"):
            after = body[at + len(mark) : at + len(mark) + 2]
            end = len(body) if line_end < 0 else line_end + 1
            if after == b"--":
                starts.append((at, -1))
                break
            if not after.strip() or after[:1].isspace():
                starts.append((at, end))
        at = body.find(mark, at + len(mark))
    parts = []
    for index, (_, begin) in enumerate(starts):
        if begin < 0:
            break
        stop = starts[index + 1][0] if index + 1 < len(starts) else len(body)
        parts.append(body[begin:stop].removesuffix(b"\n").removesuffix(b"\r"))
    return parts


def _decoded(header: Message, body: bytes) -> str:
    encoding = str(header.get("Content-Transfer-Encoding") or "")[:100].strip().lower()
    if encoding == "base64":
        body = _from_base64(body)
    elif encoding == "quoted-printable":
        body = decodestring(body)
    charset = header.get_param("charset")
    name = collapse_rfc2231_value(charset) if charset else ""
    if not name and header.get_content_type() == "text/html" and (meta := _META_CHARSET.search(body[:4000])):
        name = meta[1].decode("ascii", "replace")
    return _decode(body, name)


def _from_base64(body: bytes) -> bytes:
    letters = _NOT_BASE64.sub(b"", body)
    letters = (
        letters[: len(letters) - len(letters) % 4] if len(letters) % 4 == 1 else letters + b"=" * (-len(letters) % 4)
    )
    try:
        return binascii.a2b_base64(letters)
    except binascii.Error:
        return body


_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


def _decode(body: bytes, charset: str) -> str:
    """Bytes as text: the charset named, else UTF-8, else Windows-1252, what can't be read replaced."""
    names = {
        "us-ascii": "",
        "ascii": "",
        "iso-8859-1": "cp1252",
        "latin1": "cp1252",
        "gb2312": "gb18030",
        "gbk": "gb18030",
        "ks_c_5601-1987": "cp949",
        "euc-kr": "cp949",
        "iso-8859-8-i": "iso-8859-8",
        "utf-7": "",
        "shift_jis": "cp932",
    }
    charset = charset.strip().strip("\"'").lower()
    charset = names.get(charset, charset)
    for name in (charset, "utf-8"):
        if not name:
            continue
        try:
            return body.decode(name)
        except (LookupError, ValueError, TypeError):  # codecs that aren't for text raise the last
            continue
    if charset in ("utf-8", "utf8"):
        return body.decode("utf-8", "replace")
    return body.decode("cp1252", "replace")
