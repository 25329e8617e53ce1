"""What the families of records have in common: `list` (also what the bare family does), `show`, `edit`, `done`, `drop`.

Every number is the one that replies use (`DONE 7`). A record that a command changes is printed as it then stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any

import typer

from mentorup_daemon.cli.opened import Opened, opened
from mentorup_daemon.cli.output import ConfigOption, JsonOption, as_object, errors_told, print_json, print_table
from mentorup_daemon.errors import MentorUpError
from mentorup_daemon.records import ActionItem, Feedback, Goal, Topic

MentorOption = Annotated[str | None, typer.Option("--mentor", metavar="ID", help="The person's id, as in the config.")]
ByOption = Annotated[str | None, typer.Option("--by", metavar="YYYY-MM-DD", help="The date it is due.")]
AllOption = Annotated[bool, typer.Option("--all", help="Also what is done or dropped.")]
Number = Annotated[int, typer.Argument(metavar="NUMBER", help="Its number, as listed.")]
Text = Annotated[str, typer.Argument(help="In your own words; quote it.")]
NewText = Annotated[str | None, typer.Option("--text", help="The new words.")]


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of record on the command line. `shown` are the columns of its table, `open_states` what `list` shows."""

    name: str
    kind: type[Topic] | type[ActionItem] | type[Feedback] | type[Goal]
    fields: Sequence[str]
    shown: Sequence[str]
    open_states: Sequence[str]
    done_state: str

    def app(self, about: str) -> typer.Typer:
        """The commands that every family has."""
        app = typer.Typer(help=about)

        @app.callback(invoke_without_command=True)
        def family(
            context: typer.Context,
            config: ConfigOption = None,
            mentor: MentorOption = None,
            everything: AllOption = False,
            as_json: JsonOption = False,
        ) -> None:
            if context.invoked_subcommand is None:
                self.print_all(config, mentor, everything, as_json)

        @app.command("list", help=f"List {self.name}s.")
        def list_all(
            config: ConfigOption = None,
            mentor: MentorOption = None,
            everything: AllOption = False,
            as_json: JsonOption = False,
        ) -> None:
            self.print_all(config, mentor, everything, as_json)

        @app.command("show", help=f"Show one {self.name}.")
        def show(number: Number, config: ConfigOption = None, as_json: JsonOption = False) -> None:
            with errors_told(), opened(config) as account:
                self.print_one(account, number, as_json)

        @app.command("done", help=f"A {self.name} that is done with.")
        def done(number: Number, config: ConfigOption = None, as_json: JsonOption = False) -> None:
            done_at = {"done_at": datetime.now(UTC)} if self.kind in (ActionItem, Goal, Feedback) else {}
            self.change(config, number, as_json, state=self.done_state, **done_at)

        @app.command("drop", help=f"A {self.name} that is not wanted any more.")
        def drop(number: Number, config: ConfigOption = None, as_json: JsonOption = False) -> None:
            self.change(config, number, as_json, state="dropped")

        return app

    def print_all(self, config: ConfigOption, mentor: str | None, everything: bool, as_json: bool) -> None:
        """All records that are asked for."""
        from mentorup_daemon.store import work

        with errors_told(), opened(config) as account:
            with account.store.reading() as scope:
                found = [
                    one
                    for one in work.items(scope, self.kind)
                    if (everything or one.state in self.open_states) and mentor in (None, one.mentor)
                ]
            if as_json:
                print_json([as_object(one, self.fields) for one in found])
                return
            shown = self.shown
            rows = [[cell(getattr(one, name)) for name in shown] for one in found]
            print_table("", shown, rows, f"No {self.name}s here. `add` adds one, `--all` shows old ones.")

    def print_one(self, account: Opened, number: int, as_json: bool) -> None:
        """One record, every field."""
        from mentorup_daemon.store import work

        with account.store.reading() as scope:
            found = work.item(scope, self.kind, number)
        if found is None:
            raise MentorUpError(f"There is no {self.name} with the number {number}; `list --all` shows them.")
        facts = as_object(found, self.fields)
        if as_json:
            print_json(facts)
        else:
            print_table("", ["", ""], [(name, cell(value)) for name, value in facts.items() if value is not None], "")

    def add(self, account: Opened, record: Topic | ActionItem | Feedback | Goal, as_json: bool) -> None:
        """Keeps a new record and prints it."""
        from mentorup_daemon.store import work

        account.store.first_start(account.now)
        with account.store.writing() as scope:
            number = work.add(scope, record).id
        self.print_one(account, number, as_json)

    def change(self, config: ConfigOption, number: int, as_json: bool, **values: Any) -> None:
        """Sets the fields that are not None, and prints the record as it then stands."""
        from mentorup_daemon.store import work

        given = {name: value for name, value in values.items() if value is not None}
        with errors_told(), opened(config) as account:
            if not given:
                raise MentorUpError("Nothing to change: say what is new, for example with --text.")
            with account.store.writing() as scope:
                if not work.change(scope, self.kind, number, **given):
                    raise MentorUpError(f"There is no {self.name} with the number {number}; `list --all` shows them.")
            self.print_one(account, number, as_json)


def person_of(account: Opened, mentor: str | None) -> str | None:
    """The id, checked against the config."""
    known = [person.id for person in account.snapshot().mentors]
    if mentor is not None and mentor not in known:
        raise MentorUpError(f"No one has the id {mentor!r}. The config knows: {', '.join(known) or 'no one yet'}.")
    return mentor


def day_of(text: str | None) -> date | None:
    """A date as typed on the command line."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise MentorUpError(f"{text!r} is no date; write it as 2026-12-11.") from error


def one_line(text: str) -> str:
    """The owner's words on one line; an empty text is refused."""
    words = " ".join(text.split())
    if not words:
        raise MentorUpError("There are no words in that; say what it is about.")
    return words


def cell(value: object) -> object:
    """A value as a table shows it."""
    return f"{value:%d %b %Y}" if isinstance(value, (datetime, date)) else value
