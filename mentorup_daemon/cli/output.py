"""How the command line answers: JSON on standard output for scripts, tables for people, errors in words.

`--json` prints one array or object and nothing else; logs and errors go to standard error. Exit codes are those of
the contract, carried by the error families.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from mentorup_daemon.errors import MentorUpError

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", metavar="PATH", help="The config file; $MENTORUP_CONFIG otherwise."),
]


@contextmanager
def errors_told() -> Iterator[None]:
    """Ends the command with the error's own text and exit code; a reader of our output that went away ends it too."""
    try:
        yield
    except MentorUpError as error:
        sys.stderr.write(f"mentorup: {error}\n")
        raise typer.Exit(error.exit_code) from error
    except BrokenPipeError:
        sys.stderr.close()
        raise typer.Exit(1) from None


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=_plain) + "\n")


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], empty: str) -> None:
    """A table for people, or a sentence when there is nothing in it."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if not rows:
        console.print(Text(empty))
        return
    table = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    console.print(table)


def as_object(record: Any, names: Sequence[str]) -> dict[str, object]:
    """The named fields of a record, as JSON will have them."""
    return {name: getattr(record, name) for name in names}


def _plain(value: object) -> object:
    """What JSON has no form for: moments as RFC 3339, durations in seconds, records as objects."""
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, (Mapping, set, frozenset)):
        return dict(value) if isinstance(value, Mapping) else sorted(value)
    return str(value)
