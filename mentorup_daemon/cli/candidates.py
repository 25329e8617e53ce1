"""`mentorup candidates`: who may become a mentor, why them, who recommended them, and what was said of the fit.

Somebody is named by id, as the config names people, or by the number that replies use. What is kept about a person of
the config, a mentor too, is kept here by the same words. Nobody is ranked: the list is in the order of their coming.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from mentorup_daemon.cli.family import AllOption, one_line
from mentorup_daemon.cli.opened import Opened, opened
from mentorup_daemon.cli.output import ConfigOption, JsonOption, errors_told, print_json, print_table
from mentorup_daemon.errors import MentorUpError
from mentorup_daemon.records import Candidate, Mentor, Snapshot

candidates_app = typer.Typer(help="Who may become a mentor.", no_args_is_help=False)

Who = Annotated[str, typer.Argument(metavar="WHO", help="The id, or the number as listed.")]
WhyOption = Annotated[str | None, typer.Option("--why", help='Why them, as you would tell them: "your work on data".')]
ByWhomOption = Annotated[str | None, typer.Option("--recommended-by", metavar="NAME", help="Who recommended them.")]
HelpedOption = Annotated[str | None, typer.Option("--helped", help="How they have helped you already.")]
EmailOption = Annotated[list[str] | None, typer.Option("--email", help="Their address; may stand there again.")]

_SHOWN = ("number", "id", "name", "why", "recommended by", "state")


@dataclass(frozen=True, slots=True)
class _Found:
    """A person, and what is kept about them: either may be missing, never both."""

    person: Mentor | None
    kept: Candidate | None

    @property
    def id(self) -> str:
        return self.person.id if self.person else self.kept.person if self.kept else ""


@candidates_app.callback(invoke_without_command=True)
def candidates(
    context: typer.Context, config: ConfigOption = None, everybody: AllOption = False, as_json: JsonOption = False
) -> None:
    """Who may become a mentor."""
    if context.invoked_subcommand is None:
        candidates_list(config, everybody, as_json)


@candidates_app.command("list")
def candidates_list(config: ConfigOption = None, everybody: AllOption = False, as_json: JsonOption = False) -> None:
    """List the candidates."""
    with errors_told(), opened(config) as account:
        view = account.snapshot()
        found = [_facts(view, one) for one in _all(view) if everybody or _stands(one)]
        if as_json:
            print_json(found)
            return
        rows = [
            [one["number"], one["id"], one["name"], one["why"], one["recommended_by"], one["state"]] for one in found
        ]
        print_table("", _SHOWN, rows, "No candidates. `mentorup candidates add` adds one, `--all` shows old ones.")


@candidates_app.command("show")
def candidates_show(who: Who, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show one candidate, with what was answered about the fit."""
    with errors_told(), opened(config) as account:
        _print(account, _find(account.snapshot(), who), as_json)


@candidates_app.command("add")
def candidates_add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The whole name; quote it.")],
    config: ConfigOption = None,
    email: EmailOption = None,
    why: WhyOption = None,
    recommended_by: ByWhomOption = None,
    helped: HelpedOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a candidate: "Kim Okafor" --email kim@example.org --why "your work on data"."""
    from mentorup_daemon.records.candidates import new_candidate
    from mentorup_daemon.store import work

    with errors_told(), opened(config) as account:
        view = account.snapshot()
        emails = _addresses(view, email or [])
        fresh = new_candidate(one_line(name), emails, people=view.mentors, kept=view.candidates, now=account.now)
        account.store.first_start(account.now)
        with account.store.writing() as scope:
            number = work.add(scope, fresh).id
            values = _given(why=why, recommended_by=recommended_by, helped=helped)
            if values:
                work.change(scope, Candidate, number, **values)
        _print(account, _find(account.snapshot(), f"{number}"), as_json)


@candidates_app.command("edit")
def candidates_edit(
    who: Who,
    config: ConfigOption = None,
    email: EmailOption = None,
    why: WhyOption = None,
    recommended_by: ByWhomOption = None,
    helped: HelpedOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change what is kept about a candidate, or about anybody in the config."""
    with errors_told(), opened(config) as account:
        view = account.snapshot()
        found = _find(view, who)
        values: dict[str, object] = dict(_given(why=why, recommended_by=recommended_by, helped=helped))
        if email:
            if found.kept is None or not found.kept.name:
                raise MentorUpError(f"{found.id} is in your config: change the addresses there.")
            values["emails"] = list(_addresses(view, email, besides=found.id))
        if not values:
            raise MentorUpError("Nothing to change: say what is new, for example with --why.")
        _print(account, keep(account, found, **values), as_json)


@candidates_app.command("done")
def candidates_done(who: Who, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """A candidate who is none any more, for the best reason or another."""
    with errors_told(), opened(config) as account:
        found = _candidate(account.snapshot(), who)
        _print(account, keep(account, found, state="done"), as_json)
        if not as_json:
            print(f"If they are your mentor now: {_how_to_move(found)}.")


@candidates_app.command("drop")
def candidates_drop(who: Who, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Let a candidate go; nobody hears of it."""
    with errors_told(), opened(config) as account:
        _print(account, keep(account, _candidate(account.snapshot(), who), state="dropped"), as_json)


def keep(account: Opened, found: _Found, **values: object) -> _Found:
    """Sets fields of what is kept about a person, in a new record if need be."""
    from mentorup_daemon.store import work

    account.store.first_start(account.now)
    with account.store.writing() as scope:
        kept = found.kept or work.add(scope, Candidate(id=0, person=found.id, name="", created_at=account.now))
        work.change(scope, Candidate, kept.id, **values)
    return _find(account.snapshot(), found.id)


def keep_about(account: Opened, person: str, *, why: str) -> None:
    """Keeps why somebody."""
    keep(account, _find(account.snapshot(), person), **_given(why=why))


def _all(view: Snapshot) -> list[_Found]:
    """The candidates of the config and of the store, those of the store by number and behind the others."""
    from mentorup_daemon.records.candidates import kept_about

    listed = [person for person in view.mentors if person.role == "candidate"]
    found = [_Found(person, kept_about(view.candidates, person.id)) for person in listed]
    ids = {person.id for person in view.mentors}
    gone = {one.person: one for one in view.candidates if one.person not in ids and one.name}
    return [*found, *(_Found(None, one) for one in gone.values())]


def _stands(found: _Found) -> bool:
    return found.person is not None and (found.kept is None or found.kept.state == "open")


def _find(view: Snapshot, who: str) -> _Found:
    """A person of the config or of the store, by id or number. Raises MentorUpError when there is none."""
    from mentorup_daemon.records.candidates import kept_about

    by_number = next((one for one in view.candidates if f"{one.id}" == who.strip().removeprefix("#")), None)
    person = view.person(by_number.person if by_number else who)
    kept = kept_about(view.candidates, person.id if person else who) or by_number
    if person is None and (kept is None or not kept.name):
        raise MentorUpError(f"Nobody has the id or the number {who!r}; `mentorup candidates list --all` shows them.")
    return _Found(person, kept)


def _candidate(view: Snapshot, who: str) -> _Found:
    found = _find(view, who)
    if found.person is not None and found.person.role != "candidate":
        raise MentorUpError(f"{found.id} is a {found.person.role} in your config, and no candidate.")
    return found


def _facts(view: Snapshot, found: _Found) -> dict[str, object]:
    """One candidate, as JSON has it: the answers about the fit in the order of the questions, nothing counted."""
    from mentorup_daemon.records.candidates import FIT, fit_answers

    person, kept = found.person, found.kept
    return {
        "number": kept.id if kept else None,
        "id": found.id,
        "name": person.name if person else kept.name if kept else "",
        "emails": person.emails if person else kept.emails if kept else (),
        "role": person.role if person else None,
        "why": kept.why if kept else "",
        "recommended_by": kept.recommended_by if kept else "",
        "helped": kept.helped if kept else "",
        "state": kept.state if kept else "open",
        "created_at": kept.created_at if kept else None,
        "fit": [
            {"question": number, "about": FIT[number - 1], "text": answer.text, "at": answer.created_at}
            for number, answer in sorted(fit_answers(view, found.id).items())
        ],
    }


def _print(account: Opened, found: _Found, as_json: bool) -> None:
    facts = _facts(account.snapshot(), found)
    if as_json:
        print_json(facts)
        return
    answers = facts.pop("fit")
    rows: list[Sequence[object]] = [
        (name.replace("_", " "), ", ".join(value) if isinstance(value, tuple) else value)
        for name, value in facts.items()
        if value and name != "created_at"
    ]
    if isinstance(answers, list):
        rows += [(f"fit: {answer['about']}", answer["text"]) for answer in answers]
    print_table("", ["", ""], rows, "")


def _how_to_move(found: _Found) -> str:
    if found.kept is None or not found.kept.name:
        return f'set role = "mentor" for {found.id} in your config'
    lines = [f'id = "{found.id}"', f'name = "{found.kept.name}"', f"emails = {list(found.kept.emails)}"]
    return f"add [[mentors]] to your config, with {', '.join(lines)}".replace("'", '"')


def _given(**texts: str | None) -> dict[str, str]:
    """The texts that were given, on one line each; an empty one takes back what stood there."""
    from mentorup_daemon.records.candidates import reason_of

    found = {name: " ".join(text.split()) for name, text in texts.items() if text is not None}
    return {name: reason_of(text) if name == "why" else text for name, text in found.items()}


def _addresses(view: Snapshot, given: Sequence[str], besides: str = "") -> tuple[str, ...]:
    """The addresses, checked: each is one, and nobody else's."""
    from pydantic import TypeAdapter, ValidationError

    from mentorup_daemon.config_values import Email

    found = []
    for address in given:
        try:
            checked = TypeAdapter(Email).validate_python(address.strip())
        except ValidationError as error:
            raise MentorUpError(f"--email {address!r}: {error.errors()[0]['msg']}.") from error
        if checked.lower() in view.owner.addresses:
            raise MentorUpError(f"--email {address!r}: that address is your own.")
        bearer = next((one for one in view.mentors if checked.lower() in one.addresses and one.id != besides), None)
        if bearer is not None:
            raise MentorUpError(f"--email {address!r}: that is the address of {bearer.name} ({bearer.id}).")
        found.append(checked)
    return tuple(found)
