"""The command line: parses, calls, prints. One module per family of commands; each loads only what it needs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from mentorup_daemon import __version__
from mentorup_daemon.cli.candidates import candidates_app
from mentorup_daemon.cli.check import check_command
from mentorup_daemon.cli.compacts import compacts_app
from mentorup_daemon.cli.contacts import contacts_app
from mentorup_daemon.cli.demo import demo_command
from mentorup_daemon.cli.explain import explain_command
from mentorup_daemon.cli.find import find_command
from mentorup_daemon.cli.growth import profile_app, wins_app
from mentorup_daemon.cli.history import letter_command, network_command, notes_app
from mentorup_daemon.cli.init import init_command
from mentorup_daemon.cli.keeping import backup_command, purge_command, restore_command
from mentorup_daemon.cli.login import login_command
from mentorup_daemon.cli.people import meetings_app, mentors_app
from mentorup_daemon.cli.run import rehearse_command, run_command, status_command
from mentorup_daemon.cli.service import service_app
from mentorup_daemon.cli.standing import close_command, forget_command, pause_command, resume_command
from mentorup_daemon.cli.templates import templates_app
from mentorup_daemon.cli.why import why_command
from mentorup_daemon.cli.work import actions_app, feedback_app, goals_app, topics_app
from mentorup_daemon.process import keep_to_oneself

app = typer.Typer(
    name="mentorup",
    help="MentorUp does the remembering: agendas, thank-you notes, check-ins and feedback, in your own mail program.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command("demo")(demo_command)
app.command("init")(init_command)
app.command("login")(login_command)
app.command("check")(check_command)
app.command("run")(run_command)
app.command("status")(status_command)
app.command("rehearse")(rehearse_command)
app.command("why")(why_command)
app.command("explain")(explain_command)
app.command("find")(find_command)
app.command("network")(network_command)
app.command("letter")(letter_command)
app.command("backup")(backup_command)
app.command("restore")(restore_command)
app.command("purge")(purge_command)
app.add_typer(meetings_app, name="meetings")
app.add_typer(mentors_app, name="mentors")
mentors_app.command("pause")(pause_command)
mentors_app.command("resume")(resume_command)
mentors_app.command("close")(close_command)
mentors_app.command("forget")(forget_command)
app.add_typer(candidates_app, name="candidates")
app.add_typer(topics_app, name="topics")
app.add_typer(actions_app, name="actions")
app.add_typer(goals_app, name="goals")
app.add_typer(feedback_app, name="feedback")
app.add_typer(contacts_app, name="contacts")
app.add_typer(compacts_app, name="compacts")
app.add_typer(profile_app, name="profile")
app.add_typer(wins_app, name="wins")
app.add_typer(notes_app, name="notes")
app.add_typer(templates_app, name="templates")
app.add_typer(service_app, name="service")


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
