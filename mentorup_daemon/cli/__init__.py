"""The command line: parses, calls, prints. One module per family of commands; each loads only what it needs.

`overview` has them all in a table, and loads the one that is called.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from mentorup_daemon import __version__
from mentorup_daemon.cli.overview import Overview
from mentorup_daemon.process import keep_to_oneself

app = typer.Typer(
    name="mentorup",
    cls=Overview,
    help="MentorUp does the remembering: agendas, thank-you notes, check-ins and feedback, in your own mail program.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _tell_version(asked: bool) -> None:
    """Before anything else is looked for, a command included."""
    if asked:
        typer.echo(f"mentorup {__version__}")
        raise typer.Exit


@app.callback()
def mentorup(
    config: Annotated[
        Path | None, typer.Option("--config", metavar="PATH", help="The config file; $MENTORUP_CONFIG otherwise.")
    ] = None,
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_tell_version)
    ] = False,
) -> None:
    """Before any command: a config named here holds for it."""
    if config is not None:
        os.environ["MENTORUP_CONFIG"] = str(config)


def main() -> None:
    """The `mentorup` command."""
    keep_to_oneself()
    app()
