"""`mentorup templates`: every letter as it reads, with made-up people, by your templates if you have any."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from mentorup_daemon.cli.output import ConfigOption, JsonOption, errors_told, print_json
from mentorup_daemon.errors import MentorUpError

templates_app = typer.Typer(help="The words of notes and drafts.", no_args_is_help=True)


@templates_app.command("list")
def templates_list(as_json: JsonOption = False) -> None:
    """List the names of all letters."""
    from mentorup_daemon.letters.templates import Templates

    names = Templates(None).names()
    if as_json:
        print_json(list(names))
    else:
        print("\n".join(names))


@templates_app.command("show")
def templates_show(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="A letter; without it, all of them.")] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show letters with made-up people, each as it reads when there is much to say."""
    from mentorup_daemon.letters.sample_letters import contexts
    from mentorup_daemon.letters.templates import Templates

    with errors_told():
        templates, samples = Templates(_directory(config)), contexts()
        if name is not None and (name not in templates.names() or name not in samples):
            raise MentorUpError(f"There is no letter {name!r}. There are: {', '.join(templates.names())}.")
        shown = [(one, templates.render(one, samples[one][0])) for one in ([name] if name else templates.names())]
        if as_json:
            told = [
                {"name": one, "subject": letter.subject, "text": letter.text, "html": letter.html}
                for one, letter in shown
            ]
            print_json(told if name is None else told[0])
            return
        for one, letter in shown:
            for fault in letter.fallbacks:
                sys.stderr.write(f"mentorup: {fault}\n")
            heading = f"{one}\n{'=' * len(one)}\n" if name is None else ""
            print(f"{heading}Subject: {letter.subject}\n\n{letter.text}", end="" if name else "\n")


def _directory(config: Path | None) -> Path | None:
    """Where the owner's own templates are; None without a config, for the shipped ones need none."""
    from mentorup_daemon.config import find_config, load

    path = find_config(config, os.environ)
    directory = load(path).templates.directory if path is not None else ""
    return Path(directory) if directory else None
