"""`mentorup contacts`: contact with people, as calendar and mail tell of it, and what only the owner knows of."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Annotated

import typer

from mentorup_daemon.cli.family import MentorOption, day_of, person_of
from mentorup_daemon.cli.opened import Opened, opened
from mentorup_daemon.cli.output import ConfigOption, JsonOption, errors_told, print_json, print_table
from mentorup_daemon.errors import MentorUpError
from mentorup_daemon.records import Contact

contacts_app = typer.Typer(help="Contact with people: meetings held, mail from and to them, and what you add.")

_BACK = timedelta(days=400)
Id = Annotated[str, typer.Argument(metavar="ID", help="The person's id, as in the config.")]
OnOption = Annotated[str | None, typer.Option("--on", metavar="YYYY-MM-DD", help="The day; today otherwise.")]


@contacts_app.callback(invoke_without_command=True)
def contacts(
    context: typer.Context, config: ConfigOption = None, mentor: MentorOption = None, as_json: JsonOption = False
) -> None:
    """Contact with people, newest first."""
    if context.invoked_subcommand is None:
        contacts_list(config, mentor, as_json)


@contacts_app.command("list")
def contacts_list(config: ConfigOption = None, mentor: MentorOption = None, as_json: JsonOption = False) -> None:
    """List contact with people, newest first."""
    from mentorup_daemon.store import work

    with errors_told(), opened(config) as account:
        person_of(account, mentor)
        view = account.snapshot()
        with account.store.reading() as scope:
            kept = work.all_contacts(scope, account.now - _BACK)
        met = [
            Contact(mentor=person, at=one.start, kind="meeting")
            for one in view.meetings
            if one.on and one.end <= account.now
            for person in (one.mentor, *one.also)
        ]
        found = sorted({*kept, *met}, key=lambda one: (one.at, one.mentor, one.kind), reverse=True)
        _print(account, [one for one in found if mentor in (None, one.mentor)], as_json)


@contacts_app.command("add")
def contacts_add(mentor: Id, config: ConfigOption = None, on: OnOption = None, as_json: JsonOption = False) -> None:
    """Say that you talked: a call, a text, a word in the corridor."""
    from mentorup_daemon.store import work

    with errors_told(), opened(config) as account:
        person_of(account, mentor)
        contact = Contact(mentor=mentor, at=_noon(account, on), kind="talked")
        account.store.first_start(account.now)
        with account.store.writing() as scope:
            work.note_contact(scope, contact)
        _print(account, [contact], as_json)


@contacts_app.command("drop")
def contacts_drop(mentor: Id, config: ConfigOption = None, on: OnOption = None, as_json: JsonOption = False) -> None:
    """Take back what you added for a day; what calendar and mail tell stays."""
    from mentorup_daemon.store import work

    with errors_told(), opened(config) as account:
        person_of(account, mentor)
        zone = account.settings.owner_record().zone
        day = day_of(on) or account.now.astimezone(zone).date()
        begin = datetime.combine(day, time(), tzinfo=zone)
        with account.store.writing() as scope:
            gone = [
                one
                for one in work.all_contacts(scope, begin)
                if one.mentor == mentor and one.kind == "talked" and one.at.astimezone(zone).date() == day
            ]
            for one in gone:
                work.forget_contact(scope, one)
        if not gone:
            raise MentorUpError(f"Nothing was added for {mentor} on {day:%Y-%m-%d}; `mentorup contacts` lists all.")
        _print(account, gone, as_json)


def _noon(account: Opened, on: str | None) -> datetime:
    """The moment of a contact of which only the day is known; now when it is today's."""
    day = day_of(on)
    if day is None:
        return account.now
    at = datetime.combine(day, time(12), tzinfo=account.settings.owner_record().zone).astimezone(UTC)
    if at.date() > account.now.date():
        raise MentorUpError(f"--on {on}: that day is still ahead.")
    return min(at, account.now)


def _print(account: Opened, found: list[Contact], as_json: bool) -> None:
    zone = account.settings.owner_record().zone
    if as_json:
        print_json([{"mentor": one.mentor, "at": one.at.astimezone(zone), "kind": one.kind} for one in found])
        return
    rows = [(f"{one.at.astimezone(zone):%a %d %b %Y %H:%M}", one.mentor, one.kind) for one in found]
    print_table("", ["when", "who", "what"], rows, "No contact on record yet.")
