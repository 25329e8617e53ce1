"""`mentorup mentors` and `meetings`: the people of the config, and the meetings found with them."""

from __future__ import annotations

from typing import Annotated

import typer

from mentorup_daemon.cli.opened import Opened, opened
from mentorup_daemon.cli.output import ConfigOption, JsonOption, as_object, errors_told, print_json, print_table
from mentorup_daemon.cli.standing import close_command, forget_command, pause_command, resume_command
from mentorup_daemon.errors import MentorUpError
from mentorup_daemon.records import Snapshot

mentors_app = typer.Typer(help="The people of your config.", no_args_is_help=False)
meetings_app = typer.Typer(help="The mentoring meetings found in your calendar.", no_args_is_help=False)

MEETING_FIELDS = ("key", "mentor", "title", "start", "end", "status", "recognised_by", "also", "location", "calendar")
MENTOR_FIELDS = ("id", "name", "emails", "role", "support", "distance", "cadence", "channel", "timezone", "topics")


@meetings_app.callback(invoke_without_command=True)
def meetings(
    context: typer.Context,
    config: ConfigOption = None,
    past: Annotated[bool, typer.Option("--past", help="Only those that are over.")] = False,
    as_json: JsonOption = False,
) -> None:
    """The mentoring meetings found in your calendar."""
    if context.invoked_subcommand is None:
        meetings_list(config, past, as_json)


@meetings_app.command("list")
def meetings_list(
    config: ConfigOption = None,
    past: Annotated[bool, typer.Option("--past", help="Only those that are over.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List meetings by their start: those ahead, or with --past those that are over. JSON has all."""
    with errors_told(), opened(config) as account:
        found = account.snapshot().meetings
        if as_json:
            wanted = [one for one in found if not past or one.end <= account.now]
            print_json([as_object(one, MEETING_FIELDS) for one in wanted])
            return
        shown = [one for one in found if (one.end <= account.now) == past]
        rows = [
            (f"{one.start:%a %d %b %Y %H:%M}", f"{one.minutes} min", one.mentor, one.title, one.status, one.key)
            for one in shown
        ]
        print_table("", ["start", "length", "mentor", "title", "status", "key"], rows, "No mentoring meetings here.")


@meetings_app.command("show")
def meetings_show(
    key: Annotated[str, typer.Argument(help="The meeting's key, as listed.")],
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one meeting."""
    with errors_told(), opened(config) as account:
        found = account.snapshot().meeting(key)
        if found is None:
            raise MentorUpError(f"No meeting has the key {key!r}; `mentorup meetings --json` shows them all.")
        _print(as_object(found, MEETING_FIELDS), as_json)


@mentors_app.callback(invoke_without_command=True)
def mentors(context: typer.Context, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """The people of your config."""
    if context.invoked_subcommand is None:
        mentors_list(config, as_json)


@mentors_app.command("list")
def mentors_list(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List the people, with the last and the next meeting."""
    with errors_told(), opened(config) as account:
        facts = [_mentor(account, one.id) for one in account.snapshot().mentors]
        if as_json:
            print_json(facts)
            return
        names = ("id", "name", "role", "distance", "state", "last_meeting", "next_meeting")
        rows = [[_minute(row[name]) for name in names] for row in facts]
        print_table("", [name.replace("_", " ") for name in names], rows, "No one yet: add [[mentors]] to the config.")


@mentors_app.command("show")
def mentors_show(
    mentor: Annotated[str, typer.Argument(metavar="ID", help="The id, as in the config.")],
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one person."""
    with errors_told(), opened(config) as account:
        _print(_mentor(account, mentor), as_json)


mentors_app.command("pause")(pause_command)
mentors_app.command("resume")(resume_command)
mentors_app.command("close")(close_command)
mentors_app.command("forget")(forget_command)


def _mentor(account: Opened, mentor: str) -> dict[str, object]:
    """One person, with the last and the next meeting."""
    view = account.snapshot()
    person = view.person(mentor)
    if person is None:
        raise MentorUpError(f"No one has the id {mentor!r}; `mentorup mentors` lists them.")
    theirs = [one for one in view.meetings if one.mentor == mentor and one.on]
    held = [one.start for one in theirs if one.end <= account.now]
    ahead = [one.start for one in theirs if one.start > account.now]
    return {
        **as_object(person, MENTOR_FIELDS),
        "away": tuple(f"{first} to {last}" if last > first else f"{first}" for first, last in person.away),
        "state": _state(view, mentor, account),
        "last_meeting": max(held, default=None),
        "next_meeting": min(ahead, default=None),
    }


def _state(view: Snapshot, mentor: str, account: Opened) -> str:
    """active, paused or closed; a pause that is over is none."""
    state = view.states.get(mentor)
    return state.state if state is not None and not view.active(mentor, account.now) else "active"


def _print(facts: dict[str, object], as_json: bool) -> None:
    if as_json:
        print_json(facts)
    else:
        print_table("", ["", ""], [(name, _minute(value)) for name, value in facts.items() if value], "")


def _minute(value: object) -> object:
    from datetime import datetime

    if isinstance(value, datetime):
        return f"{value:%a %d %b %Y %H:%M}"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else value
