"""How the story looks: rules, sentences, tables and mails in frames; in colour on a terminal, plain text elsewhere.

Every text is shown as it is, never read as markup. Off a terminal there are no control characters, and no spinner.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from rich import box
from rich.console import Console, Group
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from mentorup_daemon.demo.stage import Mail

_WIDTH = 80
_QUOTED_LINES = 2
_BORDERS = {"INBOX": "green", "Drafts": "blue", "Sent": "magenta", "": "yellow"}


class Show:
    """Tells the story on one console."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        self._console.width = min(self._console.width, _WIDTH)
        self._told = 0

    def title(self, headline: str, text: str) -> None:
        """What this is."""
        self._console.print(Text(headline, style="bold"))
        self.say(text)

    def scene(self, at: datetime, headline: str, of: int) -> None:
        """The clock moves on: a new scene, one `of` so many."""
        self._told += 1
        year = f" {at.year}" if self._told == 1 or at.month == 1 else ""
        self.heading(f"{self._told}/{of}  {at:%A} {at.day} {at:%B}{year}, {at:%H:%M}: {headline}")

    def heading(self, text: str) -> None:
        """A new part begins."""
        self._console.print(Rule(Text(text, style="bold cyan"), align="left", style="cyan"))
        self._console.print()

    def say(self, text: str) -> None:
        """A paragraph of the teller's."""
        self._console.print(Text(textwrap.fill(" ".join(text.split()), self._console.width)))
        self._console.print()

    def mail(self, heading: str, mail: Mail) -> None:
        """A message as a mail program would show it."""
        message = mail.message
        head = Table.grid(padding=(0, 1))
        for name in ("From", "To", "Subject"):
            shown = str(message[name]) if message[name] else "(nobody yet)"
            head.add_row(Text(f"{name}:", style="dim"), Text(shown, style="bold" if name == "Subject" else ""))
        self._frame(heading, Group(head, Text(), Text(_with_short_quote(mail.text))), mail.folder)

    def words(self, heading: str, text: str) -> None:
        """What somebody types, without what their program puts around it."""
        self._frame(heading, Text(text.strip()), "")

    def table(self, heading: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Facts, one a row."""
        table = Table(box=box.SIMPLE_HEAD, header_style="dim", pad_edge=False)
        for place, column in enumerate(columns):
            table.add_column(column, overflow="fold", no_wrap=place == 0)
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        self._console.print(Text(heading, style="bold"))
        self._console.print(table)

    def facts(self, heading: str, rows: Sequence[tuple[str, str]]) -> None:
        """Names and what they stand for."""
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="dim", no_wrap=True)
        grid.add_column(overflow="fold")
        for name, value in rows:
            grid.add_row(Text(name), Text(value))
        self._console.print(Text(heading, style="bold"), soft_wrap=True)
        self._console.print(Padding(grid, (0, 0, 1, 2), expand=False))

    def lines(self, lines: Sequence[str]) -> None:
        """What can be copied: kept as it is, never broken."""
        for line in lines:
            self._console.print(Text(f"  {line}", style="bold"), soft_wrap=True)
        self._console.print()

    @contextmanager
    def working(self, text: str) -> Iterator[None]:
        """Shows that something takes its time, where there is a terminal to show it on."""
        with self._console.status(Text(text)):
            yield

    def _frame(self, heading: str, content: Group | Text, folder: str) -> None:
        style = _BORDERS.get(folder, "cyan")
        self._console.print(Panel(content, title=Text(heading), title_align="left", border_style=style))
        self._console.print()


def _with_short_quote(text: str) -> str:
    """The text, of what it quotes only the beginning."""
    shown, quoted = [], 0
    for line in text.rstrip().splitlines():
        quoted = quoted + 1 if line.startswith(">") else 0
        if quoted <= _QUOTED_LINES:
            shown.append(line)
        elif quoted == _QUOTED_LINES + 1:
            shown.append("> ...")
    return "\n".join(shown)
