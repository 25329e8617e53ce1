"""`mentorup demo`: the whole story on embedded servers, told step by step; needs no account."""

from __future__ import annotations

from typing import Annotated

import typer

from mentorup_daemon.cli.output import errors_told


def demo_command(
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the servers up at the end, for a mail program, until Ctrl-C.")
    ] = False,
    days: Annotated[int | None, typer.Option("--days", min=1, help="How many days of the story; all of them.")] = None,
) -> None:
    """The whole story on embedded servers and made-up people; needs no account."""
    with errors_told():
        from mentorup_daemon.demo.performance import perform

        if code := perform(keep=keep, days=days):
            raise typer.Exit(code)
