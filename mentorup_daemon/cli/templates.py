"""`mentorup templates show`: every letter as it reads, with made-up people, by your templates if you have any."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from mentorup_daemon.cli.output import ConfigOption, JsonOption, errors_told, print_json
from mentorup_daemon.errors import MentorUpError

templates_app = typer.Typer(help="The words of notes and drafts.", no_args_is_help=True)


@templates_app.command("show")
def templates_show(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="A letter; without it their names.")] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a letter with made-up people; without a name, list the letters there are."""
    from mentorup_daemon.letters.sample_letters import contexts
    from mentorup_daemon.letters.templates import Templates

    with errors_told():
        templates, samples = Templates(_directory(config)), contexts()
        if name is None:
            if as_json:
                print_json(list(templates.names()))
            else:
                print("\n".join(templates.names()))
            return
        if name not in templates.names() or name not in samples:
            raise MentorUpError(f"There is no letter {name!r}. There are: {', '.join(templates.names())}.")
        letter = templates.render(name, samples[name][0])
        if as_json:
            print_json({"name": name, "subject": letter.subject, "text": letter.text, "html": letter.html})
            return
        for fault in letter.fallbacks:
            sys.stderr.write(f"mentorup: {fault}\n")
        print(f"Subject: {letter.subject}\n\n{letter.text}", end="")


def _directory(config: Path | None) -> Path | None:
    """Where the owner's own templates are; None without a config, for the shipped ones need none."""
    from mentorup_daemon.config import find_config, load

    path = find_config(config, os.environ)
    directory = load(path).templates.directory if path is not None else ""
    return Path(directory) if directory else None
