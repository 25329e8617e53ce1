"""`mentorup wins` and `profile`: what went well and whose help is in it, and what the owner knows of themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from mentorup_daemon.cli.family import AllOption, MentorOption, NewText, Number, Text, cell, one_line, person_of
from mentorup_daemon.cli.kept import change, every, keep, one_of, show_one
from mentorup_daemon.cli.opened import Opened, opened
from mentorup_daemon.cli.output import ConfigOption, JsonOption, as_object, errors_told, print_json, print_table
from mentorup_daemon.errors import MentorUpError
from mentorup_daemon.records import Goal, ProfileEntry, Win

wins_app = typer.Typer(help="What went well, and whose help is in it.")
profile_app = typer.Typer(help="Your values, how you work, and what you want to get better at.")

WIN_FIELDS = ("id", "text", "credit", "state", "created_at")
PROFILE_FIELDS = ("id", "kind", "text", "rating", "goal", "state", "created_at")

CreditOption = Annotated[
    list[str] | None, typer.Option("--credit", metavar="ID", help="Whose help is in it; once for each person.")
]
RatingOption = Annotated[
    int | None, typer.Option("--rating", min=1, max=5, help="Where you see yourself, 1 to 5; gaps only.")
]


@wins_app.callback(invoke_without_command=True)
def wins(
    context: typer.Context,
    config: ConfigOption = None,
    mentor: MentorOption = None,
    everything: AllOption = False,
    as_json: JsonOption = False,
) -> None:
    """What went well, and whose help is in it."""
    if context.invoked_subcommand is None:
        wins_list(config, mentor, everything, as_json)


@wins_app.command("list")
def wins_list(
    config: ConfigOption = None,
    mentor: MentorOption = None,
    everything: AllOption = False,
    as_json: JsonOption = False,
) -> None:
    """List wins."""
    with errors_told(), opened(config) as account:
        found = [
            one
            for one in every(account, Win)
            if (everything or one.state == "kept") and (mentor is None or mentor in one.credit)
        ]
        if as_json:
            print_json([as_object(one, WIN_FIELDS) for one in found])
            return
        rows = [(one.id, cell(one.created_at), one.text, ", ".join(one.credit)) for one in found]
        print_table("", ["id", "when", "win", "credit"], rows, "No wins here yet. `add` adds one.")


@wins_app.command("show")
def wins_show(number: Number, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show one win."""
    with errors_told(), opened(config) as account:
        show_one(account, Win, number, WIN_FIELDS, as_json)


@wins_app.command("add")
def wins_add(text: Text, config: ConfigOption = None, credit: CreditOption = None, as_json: JsonOption = False) -> None:
    """Keep a win; those whose help is in it get a draft on the next working morning."""
    with errors_told(), opened(config) as account:
        win = Win(id=0, text=one_line(text), credit=_credit(account, credit) or (), created_at=account.now)
        show_one(account, Win, keep(account, win), WIN_FIELDS, as_json)


@wins_app.command("edit")
def wins_edit(
    number: Number,
    config: ConfigOption = None,
    text: NewText = None,
    credit: CreditOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change a win's words, or whose help is in it: all of them are named anew."""
    with errors_told(), opened(config) as account:
        words = one_line(text) if text is not None else None
        change(account, Win, number, text=words, credit=_credit(account, credit))
        show_one(account, Win, number, WIN_FIELDS, as_json)


@wins_app.command("drop")
def wins_drop(number: Number, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """A win that shall not count any more; nobody hears of it from then on."""
    with errors_told(), opened(config) as account:
        change(account, Win, number, state="dropped")
        show_one(account, Win, number, WIN_FIELDS, as_json)


@profile_app.callback(invoke_without_command=True)
def profile(
    context: typer.Context, config: ConfigOption = None, everything: AllOption = False, as_json: JsonOption = False
) -> None:
    """Your values, how you work, and what you want to get better at."""
    if context.invoked_subcommand is None:
        profile_list(config, everything, as_json)


@profile_app.command("list")
def profile_list(config: ConfigOption = None, everything: AllOption = False, as_json: JsonOption = False) -> None:
    """List your profile."""
    with errors_told(), opened(config) as account:
        found = [one for one in every(account, ProfileEntry) if everything or one.state == "kept"]
        if as_json:
            print_json([as_object(one, PROFILE_FIELDS) for one in found])
            return
        rows = [(one.id, one.kind, one.text, one.rating, one.goal) for one in found]
        print_table("", ["id", "kind", "text", "rating", "goal"], rows, "Nothing here yet. `add` adds a line.")


@profile_app.command("show")
def profile_show(number: Number, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show one line of your profile."""
    with errors_told(), opened(config) as account:
        show_one(account, ProfileEntry, number, PROFILE_FIELDS, as_json)


@profile_app.command("add")
def profile_add(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="value, style or gap.")],
    text: Text,
    config: ConfigOption = None,
    rating: RatingOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a value, a habit of work, or a gap in what you know or can; a gap becomes a goal without a date."""
    with errors_told(), opened(config) as account:
        if kind not in ("value", "style", "gap"):
            raise MentorUpError(f"{kind!r} is no kind of entry: use value, style or gap.")
        _rated(kind, rating)
        words, goal = one_line(text), None
        if kind == "gap":
            goal = keep(account, Goal(id=0, text=f"get better at {words}", created_at=account.now))
        entry = ProfileEntry(
            id=0,
            kind=kind,  # type: ignore[arg-type]  # checked
            text=words,
            rating=rating,
            goal=goal,
            created_at=account.now,
        )
        show_one(account, ProfileEntry, keep(account, entry), PROFILE_FIELDS, as_json)


@profile_app.command("edit")
def profile_edit(
    number: Number,
    config: ConfigOption = None,
    text: NewText = None,
    rating: RatingOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change a line of your profile, or where you see yourself."""
    with errors_told(), opened(config) as account:
        _rated(one_of(account, ProfileEntry, number).kind, rating)
        change(account, ProfileEntry, number, text=one_line(text) if text is not None else None, rating=rating)
        show_one(account, ProfileEntry, number, PROFILE_FIELDS, as_json)


@profile_app.command("drop")
def profile_drop(number: Number, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """A line that doesn't hold any more; the goal that a gap became goes with it while it has no date."""
    with errors_told(), opened(config) as account:
        goal = one_of(account, ProfileEntry, number).goal
        change(account, ProfileEntry, number, state="dropped")
        if goal is not None and (became := one_of(account, Goal, goal)).state == "open" and became.due is None:
            change(account, Goal, goal, state="dropped")
        show_one(account, ProfileEntry, number, PROFILE_FIELDS, as_json)


def _credit(account: Opened, credit: Sequence[str] | None) -> tuple[str, ...] | None:
    """The ids, each once, checked against the people there are; None for none given."""
    if credit is None:
        return None
    return tuple(dict.fromkeys(person_of(account, one) or "" for one in credit))


def _rated(kind: str, rating: int | None) -> None:
    if rating is not None and kind != "gap":
        raise MentorUpError("Only a gap has a rating; values and habits are not measured.")
