"""`mentorup compacts`: what the owner and each mentor expect of each other, written down (T4, C16)."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mentorup_daemon.cli.family import AllOption, cell, day_of, one_line, person_of
from mentorup_daemon.cli.kept import change, every, keep, show_one
from mentorup_daemon.cli.opened import Opened, opened
from mentorup_daemon.cli.output import ConfigOption, JsonOption, as_object, errors_told, print_json, print_table
from mentorup_daemon.errors import MentorUpError
from mentorup_daemon.records import Compact
from mentorup_daemon.records.standing import standing_compact

compacts_app = typer.Typer(help="What you and each mentor expect of each other.")

COMPACT_FIELDS = (
    *("id", "mentor", "aims", "rhythm", "drives", "mine", "theirs", "ends"),
    *("state", "agreed_at", "created_at"),
)

Person = Annotated[str, typer.Argument(metavar="MENTOR", help="The person's id, as in the config.")]


@compacts_app.callback(invoke_without_command=True)
def compacts(
    context: typer.Context, config: ConfigOption = None, everything: AllOption = False, as_json: JsonOption = False
) -> None:
    """What you and each mentor expect of each other."""
    if context.invoked_subcommand is None:
        compacts_list(config, everything, as_json)


@compacts_app.command("list")
def compacts_list(config: ConfigOption = None, everything: AllOption = False, as_json: JsonOption = False) -> None:
    """List what you have agreed on, with whom."""
    with errors_told(), opened(config) as account:
        kept = every(account, Compact)
        found = [one for one in kept if everything or one == standing_compact(kept, one.mentor)]
        if as_json:
            print_json([as_object(one, COMPACT_FIELDS) for one in found])
            return
        rows = [(one.id, one.mentor, one.aims, one.rhythm, one.ends, cell(one.agreed_at)) for one in found]
        empty = "Nothing is written down yet. `set MENTOR --aims ...` begins."
        print_table("", ["id", "mentor", "aims", "rhythm", "ends", "agreed"], rows, empty)


@compacts_app.command("show")
def compacts_show(mentor: Person, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show what you and one mentor have agreed on."""
    with errors_told(), opened(config) as account:
        show_one(account, Compact, _standing(account, mentor).id, COMPACT_FIELDS, as_json)


@compacts_app.command("set")
def compacts_set(
    mentor: Person,
    config: ConfigOption = None,
    aims: Annotated[str | None, typer.Option("--aims", help="What it is for.")] = None,
    rhythm: Annotated[str | None, typer.Option("--rhythm", help="How often you meet.")] = None,
    drives: Annotated[str | None, typer.Option("--drives", help="Who drives the content.")] = None,
    mine: Annotated[str | None, typer.Option("--mine", help="What you expect of them.")] = None,
    theirs: Annotated[str | None, typer.Option("--theirs", help="What they expect of you.")] = None,
    ends: Annotated[str | None, typer.Option("--ends", help="When it should end, and how you'll both know.")] = None,
    agreed: Annotated[
        str | None, typer.Option("--agreed", metavar="YYYY-MM-DD", help="The day you last agreed on it.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write down what you and a mentor expect of each other; what isn't named stays as it is."""
    given = {"aims": aims, "rhythm": rhythm, "drives": drives, "mine": mine, "theirs": theirs, "ends": ends}
    with errors_told(), opened(config) as account:
        values: dict[str, Any] = {name: one_line(text) for name, text in given.items() if text is not None}
        values |= _agreed(account, agreed)
        if not values:
            raise MentorUpError("Nothing to write down: say what you have agreed on, for example with --aims.")
        person = person_of(account, mentor)
        standing = standing_compact(every(account, Compact), person or "")
        if standing is None:
            number = keep(account, Compact(id=0, mentor=person or "", created_at=account.now, **values))
        else:
            number = standing.id
            change(account, Compact, number, **values)
        show_one(account, Compact, number, COMPACT_FIELDS, as_json)


@compacts_app.command("agree")
def compacts_agree(mentor: Person, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """You both stand by it as of now; it comes up again in 90 days."""
    with errors_told(), opened(config) as account:
        number = _standing(account, mentor).id
        change(account, Compact, number, agreed_at=account.now)
        show_one(account, Compact, number, COMPACT_FIELDS, as_json)


@compacts_app.command("drop")
def compacts_drop(mentor: Person, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """What no longer holds between you and a mentor."""
    with errors_told(), opened(config) as account:
        number = _standing(account, mentor).id
        change(account, Compact, number, state="dropped")
        show_one(account, Compact, number, COMPACT_FIELDS, as_json)


def _standing(account: Opened, mentor: str) -> Compact:
    found = standing_compact(every(account, Compact), person_of(account, mentor) or "")
    if found is None:
        raise MentorUpError(f"Nothing is written down with {mentor} yet; `mentorup compacts set {mentor}` begins.")
    return found


def _agreed(account: Opened, agreed: str | None) -> dict[str, Any]:
    """The moment of a day on the owner's calendar, for `agreed_at`."""
    from datetime import datetime, time

    day = day_of(agreed)
    if day is None:
        return {}
    zone = account.settings.owner_record().zone
    if day > account.now.astimezone(zone).date():
        raise MentorUpError(f"{day} is still to come; --agreed takes the day you last agreed on it.")
    return {"agreed_at": datetime.combine(day, time(), tzinfo=zone)}
