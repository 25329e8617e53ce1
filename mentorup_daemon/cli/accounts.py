"""`mentorup accounts`: who is hosted by a fleet; an account is the same config as a single owner's file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mentorup_daemon.cli.hosting import FleetOption, need_extra, opened_fleet
from mentorup_daemon.cli.output import JsonOption, as_object, errors_told, print_json, print_table
from mentorup_daemon.cli.standing import YesOption
from mentorup_daemon.errors import MentorUpError

if TYPE_CHECKING:
    from mentorup_daemon.config import Settings
    from mentorup_daemon.service.fleet.given import Given
    from mentorup_daemon.service.fleet.opening import Fleet
    from mentorup_daemon.store.fleet import Hosted

accounts_app = typer.Typer(help="The accounts that a fleet hosts.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="ID", help="The account's id, as listed.")]
File = Annotated[Path, typer.Argument(metavar="FILE", help="A config, as a single owner has it.")]
IdOption = Annotated[
    str | None, typer.Option("--id", metavar="ID", help="The account's id; the owner's address otherwise.")
]
CheckOption = Annotated[bool, typer.Option("--check", help="Try the logins first; keep nothing when one fails.")]

_FIELDS = (
    "account",
    "email",
    "state",
    "imap_host",
    "caldav_host",
    "shard",
    "added_at",
    "changed_at",
    "next_look",
    "begun_at",
    "looked_at",
    "worker",
    "failure",
)
_CALLED = {
    "accounts": "identity",
    "fleet_accounts": "config",
    "fleet_secrets": "secrets",
    "ledger": "notes and drafts on record",
    "marks": "skips and snoozes",
    "originals": "originals of mail",
    "pgqueuer": "place in the queue",
    "read_messages": "digests of messages read",
    "resources": "calendar events",
}
_SHOWN = ("account", "state", "imap_host", "caldav_host", "looked_at", "failure")


@accounts_app.command("add")
def add(
    path: File,
    account: IdOption = None,
    check: CheckOption = False,
    fleet: FleetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Host an account: its config and its secrets are sealed into the fleet's database."""
    with errors_told(), opened_fleet(fleet) as hosting:
        from mentorup_daemon.service.fleet import accounts

        given = _given(path, account, check=check)
        accounts.add(hosting, given)
        _tell(hosting, given.account, f"{given.account} is hosted; its first pass is due now.", as_json)


@accounts_app.command("update")
def update(
    path: File,
    account: IdOption = None,
    check: CheckOption = False,
    fleet: FleetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give an account a new config and new secrets; its records stay."""
    with errors_told(), opened_fleet(fleet) as hosting:
        from mentorup_daemon.service.fleet import accounts

        given = _given(path, account, check=check)
        accounts.change(hosting, given)
        _tell(hosting, given.account, f"{given.account} has its new config; a pass by it is due now.", as_json)


@accounts_app.command("import")
def import_directory(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="One config for each account, named like sam.toml.")],
    fleet: FleetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Host an account for each config in a directory, or none of them when one has a fault.

    No command is run for them and no file outside of the directory is read: their secrets are in files beside them.
    """
    with errors_told(), opened_fleet(fleet) as hosting:
        from mentorup_daemon.service.fleet import accounts

        with _progress("Importing") as progress:
            imported = accounts.import_all(hosting, directory, progress)
        if as_json:
            print_json({"imported": imported})
        else:
            counted = "1 account is" if len(imported) == 1 else f"{len(imported)} accounts are"
            print(f"{counted} hosted; their first passes come within the next minutes.")


@accounts_app.command("list")
def list_all(fleet: FleetOption = None, as_json: JsonOption = False) -> None:
    """List the accounts."""
    with errors_told(), opened_fleet(fleet) as hosting:
        from mentorup_daemon.store import fleet as kept
        from mentorup_daemon.store.engine import told

        with told(), hosting.engine.connect() as connection:
            found = list(kept.listed(connection))
        if as_json:
            print_json([as_object(one, _FIELDS) for one in found])
            return
        rows = [[_when(getattr(one, name)) for name in _SHOWN] for one in found]
        columns = [name.replace("_", " ") for name in _SHOWN]
        print_table("", columns, rows, "No accounts yet: `mentorup accounts add FILE` hosts one.")


@accounts_app.command("show")
def show(account: Id, fleet: FleetOption = None, as_json: JsonOption = False) -> None:
    """Show one account: where its servers are, how it stands, how much is kept of it. No secret is shown."""
    with errors_told(), opened_fleet(fleet) as hosting:
        from mentorup_daemon.service.fleet import accounts

        kept = {name: number for name, number in accounts.counted(hosting, account).items() if number}
        facts = {**as_object(_hosted(hosting, account), _FIELDS), "kept": kept}
        if as_json:
            print_json(facts)
            return
        facts["kept"] = ", ".join(f"{number} {_called(name)}" for name, number in kept.items())
        rows = [(name.replace("_", " "), _when(value)) for name, value in facts.items() if value not in (None, "")]
        print_table("", ["", ""], rows, "")


@accounts_app.command("pause")
def pause(account: Id, fleet: FleetOption = None, as_json: JsonOption = False) -> None:
    """Tend an account no more until it is resumed; a pass that is under way ends as it would."""
    with errors_told(), opened_fleet(fleet) as hosting:
        from mentorup_daemon.service.fleet import accounts

        changed = accounts.set_state(hosting, account, "paused")
        words = "is paused; nothing comes until it is resumed." if changed else "is paused already."
        _tell(hosting, account, f"{account} {words}", as_json)


@accounts_app.command("resume")
def resume(account: Id, fleet: FleetOption = None, as_json: JsonOption = False) -> None:
    """Tend a paused account again."""
    with errors_told(), opened_fleet(fleet) as hosting:
        from mentorup_daemon.service.fleet import accounts

        changed = accounts.set_state(hosting, account, "active")
        words = "is active again; a pass is due now." if changed else "is active already."
        _tell(hosting, account, f"{account} {words}", as_json)


@accounts_app.command("remove")
def remove(account: Id, yes: YesOption = False, fleet: FleetOption = None, as_json: JsonOption = False) -> None:
    """Remove an account and all that is kept of it, secrets and originals of mail included. There is no way back."""
    with errors_told(), opened_fleet(fleet) as hosting:
        from mentorup_daemon.service.fleet import accounts

        if as_json and not yes:
            raise MentorUpError("--json asks no question: say --yes as well.")
        if not yes:
            kept = _items(accounts.counted(hosting, account))
            print(f"Kept of {account}:")
            print_table("", ["", ""], kept, "")
            typer.confirm("Remove all of this for good?", abort=True, err=True)
        removed = accounts.remove(hosting, account)
        if as_json:
            print_json({"account": account, "removed": removed})
            return
        print(f"Removed of {account}:")
        print_table("", ["", ""], _items(removed), "")
        print("Mail and calendar are the owner's and were not touched. Backups of the database still hold the records.")


@accounts_app.command("key")
def key() -> None:
    """Print a fresh key for `seal.keys`; keep it where no dump of the database is."""
    with errors_told():
        need_extra()
        from mentorup_daemon.service.fleet.sealing import fresh_key

        print(fresh_key())


@accounts_app.command("reseal")
def reseal(fleet: FleetOption = None, as_json: JsonOption = False) -> None:
    """Seal every config and secret anew with the first of the keys, so that the others can go.

    Before it, put the new key in front on every machine and restart workers and listeners: they open with what they
    have read at their start.
    """
    with errors_told(), opened_fleet(fleet) as hosting:
        from mentorup_daemon.service.fleet import accounts

        done = accounts.reseal(hosting)
        if as_json:
            print_json({"resealed": done})
        else:
            print(f"{done} configs and secrets are sealed with the first key; the other keys can go.")


def _given(path: Path, account: str | None, *, check: bool) -> Given:
    """The account whose config is at `path`, its logins tried if asked for. Raises what `account_given` and they do."""
    from mentorup_daemon.service.fleet.given import account_given
    from mentorup_daemon.service.fleet.places import Anywhere

    given = account_given(path, Anywhere(), account)
    if check:
        _check(given.settings)
    return given


def _check(settings: Settings) -> None:
    """Tries the logins, one line each on standard error; ends the command when one fails."""
    from mentorup_daemon.service import checks
    from mentorup_daemon.service.doors import imap_account

    found = [checks.imap_login(imap_account(settings), email=settings.owner.email), *checks.calendars(settings)]
    for finding in found:
        typer.echo(f"{finding.state:<8} {finding.name}: {finding.message}", err=True)
    if code := checks.exit_code(found):
        typer.echo("mentorup: Nothing was kept.", err=True)
        raise typer.Exit(code)


def _tell(fleet: Fleet, account: str, words: str, as_json: bool) -> None:
    """How it stands now: in words, or as JSON."""
    if as_json:
        print_json(as_object(_hosted(fleet, account), _FIELDS))
    else:
        print(words)


def _hosted(fleet: Fleet, account: str) -> Hosted:
    from mentorup_daemon.service.fleet.opening import NoAccountError
    from mentorup_daemon.store import fleet as kept
    from mentorup_daemon.store.engine import told

    with told(), fleet.engine.connect() as connection:
        found = kept.one(connection, account)
    if found is None:
        raise NoAccountError(account)
    return found


def _items(counts: Mapping[str, int]) -> list[tuple[object, ...]]:
    return [(count, _called(name)) for name, count in counts.items() if count]


def _called(table: str) -> str:
    """What people call the rows of a table."""
    return _CALLED.get(table, table.replace("_", " "))


def _when(value: object) -> object:
    """A moment to the minute, in the time zone of whoever asks."""
    from datetime import datetime

    return f"{value.astimezone():%d %b %Y %H:%M}" if isinstance(value, datetime) else value


@contextmanager
def _progress(words: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error, where that is a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(words, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)
