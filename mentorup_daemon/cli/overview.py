"""The commands by name: where each lives, and the line that `mentorup --help` shows for it.

The overview is told from this table, and a command's module is loaded when that command is called: `--help` takes half
the time, and the service at rest keeps no command in memory but its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

COMMANDS: Mapping[str, tuple[str, str]] = {
    "demo": ("demo", "The whole story on embedded servers and made-up people; needs no account."),
    "init": ("init", "Ask what is needed, try the logins, write the config."),
    "login": ("login", "Log in where the provider wants OAuth (`oauth` in the config), and keep the login."),
    "check": (
        "check",
        "Check config, credentials, logins, capabilities, folders, calendars, templates; one line each.",
    ),
    "run": ("run", "Run the service until told to stop."),
    "status": ("run", "Health, last contact with each server, what came last and what comes next."),
    "rehearse": ("run", "Every note and draft that would come, from the calendar as it is; touches nothing."),
    "why": ("why", "The rule, the event and the records behind one note or draft, and when it comes next."),
    "explain": (
        "explain",
        "Show how mails and calendar files would be understood, and why; reads no account, writes nothing.",
    ),
    "find": (
        "find",
        "Pick up to three people to write a hello to, or ask somebody for a name; without either, proposals.",
    ),
    "network": ("history", "Who gives you which support from which distance, and where nobody does."),
    "letter": (
        "history",
        "What a mentor needs for a letter of recommendation, from your records: as Markdown, or as a draft to them.",
    ),
    "backup": ("keeping", "One file with everything that is kept; works while the service runs."),
    "restore": ("keeping", "Bring a backup back. The service must be stopped."),
    "purge": ("keeping", "Remove everything that is kept. There is no way back but a backup."),
    "meetings": ("people", "The mentoring meetings found in your calendar."),
    "mentors": ("people", "The people of your config."),
    "candidates": ("candidates", "Who may become a mentor."),
    "topics": ("work", "Topics for the next agendas."),
    "actions": ("work", "Action items: what you and they have promised."),
    "goals": ("work", "Goals that meetings serve."),
    "feedback": ("work", "Feedback that was filed."),
    "contacts": ("contacts", "Contact with people: meetings held, mail from and to them, and what you add."),
    "compacts": ("compacts", "What you and each mentor expect of each other."),
    "profile": ("growth", "Your values, how you work, and what you want to get better at."),
    "wins": ("growth", "What went well, and whose help is in it."),
    "notes": ("history", "Your private notes: what stood below the commands of your replies, and what you add."),
    "templates": ("templates", "The words of notes and drafts."),
    "service": ("service", "Install MentorUp as a service of systemd, or take it away again."),
    "accounts": ("accounts", "The accounts that a fleet hosts."),
    "fleet": ("fleet", "The processes that serve the accounts of a fleet."),
}
"""In the order of the overview: the module, which has NAME_command or NAME_app, and the first paragraph of its help."""


class Overview(TyperGroup):
    """The group of all commands, each loaded when it is asked for."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = {name: TyperCommand(name, help=line) for name, (_, line) in COMMANDS.items()}

    def get_command(self, _context: Any, name: str) -> Any:
        """The command itself, its module loaded; None when there is none of this name."""
        return _loaded(name) if name in COMMANDS else None

    def format_help(self, context: Any, formatter: Any) -> None:
        """The overview, for which no command is loaded."""
        told = TyperGroup(name=self.name, commands=dict(self.commands), params=self.params, help=self.help)
        told.format_help(context, formatter)


def _loaded(name: str) -> Any:
    module = import_module(f"{__package__}.{COMMANDS[name][0]}")
    alone = typer.Typer(add_completion=False)
    if hasattr(module, f"{name}_app"):
        alone.add_typer(getattr(module, f"{name}_app"), name=name)
    else:
        alone.command(name)(getattr(module, f"{name}_command"))
    return get_group(alone).commands[name]
