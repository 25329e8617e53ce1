"""Reading, keeping and changing numbered records on the command line, whatever their kind.

`family` has the commands that topics, promises and the like share; these few functions are for the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mentorup_daemon.cli.family import cell
from mentorup_daemon.cli.opened import Opened
from mentorup_daemon.cli.output import as_object, print_json, print_table
from mentorup_daemon.errors import MentorUpError


def every(account: Opened, kind: type[Any]) -> tuple[Any, ...]:
    """All records of one kind, by number."""
    from mentorup_daemon.store import work

    with account.store.reading() as scope:
        return work.items(scope, kind)


def one_of(account: Opened, kind: type[Any], number: int) -> Any:
    """The record with this number. Raises MentorUpError when there is none."""
    from mentorup_daemon.store import work

    with account.store.reading() as scope:
        found = work.item(scope, kind, number)
    if found is None:
        raise MentorUpError(f"There is nothing with the number {number} here; `list --all` shows what there is.")
    return found


def keep(account: Opened, record: Any) -> int:
    """Keeps a new record; its number."""
    from mentorup_daemon.store import work

    account.store.first_start(account.now)
    with account.store.writing() as scope:
        number: int = work.add(scope, record).id
    return number


def change(account: Opened, kind: type[Any], number: int, **values: Any) -> None:
    """Sets the fields that are not None."""
    from mentorup_daemon.store import work

    given = {name: value for name, value in values.items() if value is not None}
    if not given:
        raise MentorUpError("Nothing to change: say what is new, for example with --text.")
    one_of(account, kind, number)
    with account.store.writing() as scope:
        work.change(scope, kind, number, **given)


def show_one(account: Opened, kind: type[Any], number: int, names: Sequence[str], as_json: bool) -> None:
    """One record, every field that is filled."""
    facts = as_object(one_of(account, kind, number), names)
    if as_json:
        print_json(facts)
        return
    rows = [(name, ", ".join(value) if isinstance(value, tuple) else cell(value)) for name, value in facts.items()]
    print_table("", ["", ""], [row for row in rows if row[1] not in (None, "")], "")
