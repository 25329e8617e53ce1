"""Bodies made to hang whoever reads them: each up to a megabyte, by name. Tests and benchmarks read them."""

from __future__ import annotations

import base64
import random

MEGABYTE = 1_000_000


def _base64_like(size: int) -> str:
    return base64.encodebytes(random.Random(1).randbytes(size * 3 // 4)).decode()


def plain(size: int = MEGABYTE) -> dict[str, str]:
    """Plain text bodies of about `size` characters."""
    line = {
        "On": "On ",
        "On, a line each": "On \n",
        "quote marks": ">",
        "quote marks, a line each": ">\n",
        "blank lines": "\n",
        "lines of blanks": " \n",
        "dashes": "-",
        "lines of dashes": "--\n",
        "signature delimiters": "-- \n",
        "rules": "____\n",
        "Von": "Von: ",
        "Von, a line each": "Von: \n",
        "wrote, a line each": "wrote:\n",
        "attributions": "On Mon, Nov 2, 2026 at 12:00 Sam <a@example.org> wrote:\n",
        "attributions of 380 letters": "On Mon, 2 Nov 2026 " + "y" * 360 + ":\n",
        "colons": ":\n",
        "quote, answer": "> a\nb\n",
        "devices": "Sent from my iPhone\n",
        "devices apart": "Sent from my iPhone\n\n",
        "notices": "This message is confidential, for its addressee, sent in error, delete it.\n\n",
        "addresses": "a@",
        "telephones": "1 ",
        "blanks": " ",
        "initials": "AB> x\n",
        "forwards": "---------- Forwarded message ---------\n",
        "rules and blanks": "-----\n\n\n",
    }
    bodies = {name: text * (size // len(text)) for name, text in line.items()}
    bodies["nested quotes"] = "".join(">" * (depth % 300) + " x\n" for depth in range(size // 150))
    bodies["base64"] = _base64_like(size)
    bodies["dates, each its own"] = "\n".join(f"Date: {n}, 2026 at 12:{n % 60:02}" for n in range(size // 26))
    return bodies


def html(size: int = MEGABYTE) -> dict[str, str]:
    """HTML bodies of about `size` characters."""
    piece = {
        "div": "<div>",
        "blockquote": "<blockquote>x",
        "br": "<br>",
        "closed div": "<div>a</div>",
        "gmail_quote": "<div class=gmail_quote>x",
        "script": "<script>",
        "comment": "<!--",
        "quote in a tag": '<a "',
        "quotes in a tag": "<a '\"",
        "style in a tag": "<p style='",
        "less than": "<",
        "ampersand": "&",
        "pre": "<pre>\n",
        "crossed": "<div class=gmail_quote><blockquote></div>",
        "signature": "<div class=gmail_signature>",
    }
    bodies = {name: text * (size // len(text)) for name, text in piece.items()}
    bodies["attributes"] = "<a " + "x=1 " * (size // 4) + ">"
    bodies["class"] = '<div class="' + "x " * (size // 2) + '">'
    return bodies


def messages(size: int = MEGABYTE) -> dict[str, bytes]:
    """Whole messages of about `size` bytes."""
    nested = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(size // 58))
    head = b'Content-Type: multipart/mixed; boundary="b"\n\n'
    return {
        "nested parts": nested,
        "parts": head + b"--b\nContent-Type: text/plain\n\nx\n" * (size // 34),
        "boundaries in a line": head + b"--b" * (size // 3),
        "quoted-printable": b"Content-Transfer-Encoding: quoted-printable\n\n" + b"=" * size,
        "broken base64": b"Content-Transfer-Encoding: base64\n\n" + b"QQ\n" * (size // 3),
        "quotes in a header": b"Content-Type: text/plain; " + b'a="' * (size // 3) + b"\n\nx",
        "parameters": b"Content-Type: text/plain" + b"; a*1=b" * (size // 7) + b"\n\nx",
        "header fields": b"X: y\n" * (size // 5) + b"\nx",
    }
