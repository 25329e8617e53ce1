"""Lines that read well in any mail program: 72 columns, hanging indents, no trailing blanks.

Templates write a paragraph or an entry of a list on one line; `reflow` breaks what is too long and sets the rest under
the text it belongs to: under the words behind `1. `, behind `- `, or behind a column (`HEARD     `). What is short
enough is left exactly as it is.
"""

from __future__ import annotations

import re
import textwrap

WIDTH = 72
_LEAD = re.compile(r"\s*(?:\d{1,4}[.)] +|[-*>] +|\S+(?: \S+){0,4} {2,})?")


def reflow(text: str, width: int = WIDTH) -> str:
    """The text with every line at most `width` columns (a single longer word stays whole), ending in one line break.

    More than one empty line in a row becomes one; empty lines at the start and the end go.
    """
    lines: list[str] = []
    for line in text.splitlines():
        lines += _broken(line.rstrip(), width) if line.strip() else [""] * bool(lines and lines[-1])
    return "\n".join(lines).rstrip("\n") + "\n"


def _broken(line: str, width: int) -> list[str]:
    if len(line) <= width:
        return [line]
    match = _LEAD.match(line)
    lead = match.group() if match else ""
    if len(lead) > width // 2:
        lead = line[: len(line) - len(line.lstrip())][: width // 2]
    return textwrap.wrap(
        line[len(lead) :].strip(),
        width,
        initial_indent=lead,
        subsequent_indent=" " * len(lead),
        break_long_words=False,
        break_on_hyphens=False,
    ) or [line.strip()]


def paragraph(text: str) -> str:
    """Words of several lines as one, for `reflow` to break: `{% filter paragraph %}...{% endfilter %}`."""
    return " ".join(text.split())


def shorten(text: str, width: int = 100) -> str:
    """One line of at most `width` characters, cut between words with three dots where it must be."""
    line = paragraph(text)
    if len(line) <= width:
        return line
    head = line[: width - 3].rsplit(" ", 1)[0].rstrip(" ,;:.-")
    return (head or line[: width - 3]) + "..."


def column(text: object, width: int) -> str:
    """The words with blanks behind them up to `width` columns (40 at most), two at least, so that `reflow` sees it."""
    return f"{text}  ".ljust(min(width, 40))
