"""`mentorup backup`, `restore` and `purge`: the whole of what is kept, as one file, back again, or gone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from mentorup_daemon.cli.opened import opened, settings_of
from mentorup_daemon.cli.output import ConfigOption, JsonOption, errors_told, print_json, print_table
from mentorup_daemon.cli.standing import YesOption
from mentorup_daemon.errors import ConfigError, MentorUpError

FileArgument = Annotated[Path, typer.Argument(metavar="PATH", help="The backup, a .tar.gz for your eyes only.")]


def backup_command(path: FileArgument, config: ConfigOption = None) -> None:
    """One file with everything that is kept; works while the service runs."""
    from mentorup_daemon.store.backup import save

    with errors_told():
        count = save(_database(config), path)
        print(f"{path}: the records and {count} originals of mail. Your config is not in it; keep that too.")


def restore_command(
    path: FileArgument,
    config: ConfigOption = None,
    force: Annotated[bool, typer.Option("--force", help="Replace what is there.")] = False,
) -> None:
    """Bring a backup back. The service must be stopped."""
    from mentorup_daemon.store.backup import bring_back, is_empty
    from mentorup_daemon.store.engine import locked

    with errors_told():
        database = _database(config)
        database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with locked(database):
            if not is_empty(database) and not force:
                raise MentorUpError(
                    f"There are records in {database.parent} already. Nothing was changed; "
                    "--force replaces them (make a backup of them first)."
                )
            count = bring_back(path, database)
        with opened(config):
            print(f"{database.parent}: the records and {count} originals of mail are back.")


def purge_command(
    config: ConfigOption = None,
    account: Annotated[bool, typer.Option("--account", help="Say that you mean all of it.")] = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Remove everything that is kept. There is no way back but a backup."""
    from mentorup_daemon.service.doors import oauth_login

    with errors_told():
        if as_json and not yes:
            raise MentorUpError("--json asks no question: say --yes as well.")
        if not account:
            raise MentorUpError("`mentorup purge --account` removes everything; `mentorup mentors forget` one person.")
        with _all_of_it(config) as (place, counts, remove):
            items = [(count, name) for name, count in counts.items() if count]
            if not yes:
                print_table(f"Kept in {place}", ["", ""], items, "No records.")
                if counts["reminders"]:
                    print("Reminders in your calendar stay there. To have them taken away before, empty")
                    print("caldav.reminders_calendar and make one pass: mentorup run --once")
                typer.confirm("Remove all of this for good?", abort=True, err=True)
            remove()
            for login in (oauth_login(settings_of(config), "imap"), oauth_login(settings_of(config), "caldav")):
                if login is not None:
                    login[1].clear()
        if as_json:
            print_json({"removed": counts})
            return
        print_table("Removed", ["", ""], items, "No records.")
        print("Mail, calendar and config are yours and were not touched.")


@contextmanager
def _all_of_it(config: Path | None) -> Iterator[tuple[str, dict[str, int], Callable[[], None]]]:
    """Where everything is kept, how much it is, and what removes it; meanwhile no service works on it."""
    from mentorup_daemon.config import store_url
    from mentorup_daemon.service.pulse import exclusive
    from mentorup_daemon.store import purging
    from mentorup_daemon.store.account import Store
    from mentorup_daemon.store.backup import remove_all
    from mentorup_daemon.store.engine import locked

    database = Store.path_of(store_url(settings_of(config), os.environ))
    if database is None:
        with opened(config) as kept, exclusive(kept.store):
            yield "the database", purging.counts(kept.store), lambda: purging.remove(kept.store)
        return
    if not database.exists():
        raise MentorUpError(f"Nothing is kept in {database.parent}.")
    with locked(database):
        with opened(config) as kept:
            counts = purging.counts(kept.store)
        yield str(database.parent), counts, lambda: remove_all(database)


def _database(config: Path | None) -> Path:
    """The SQLite file of the config."""
    from mentorup_daemon.config import store_url
    from mentorup_daemon.store.account import Store

    path = Store.path_of(store_url(settings_of(config), os.environ))
    if path is None:
        raise ConfigError("store.url names no SQLite file: back up and restore that database with its own tools.")
    return path
