"""`mentorup notes`, `network` and `letter`: what has come together about people, to be read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mentorup_daemon.cli.family import MentorOption, Number, Text, one_line, person_of
from mentorup_daemon.cli.kept import every, keep
from mentorup_daemon.cli.opened import Opened, opened
from mentorup_daemon.cli.output import ConfigOption, JsonOption, as_object, errors_told, print_json, print_table
from mentorup_daemon.errors import MentorUpError
from mentorup_daemon.records import Mentor, Note

notes_app = typer.Typer(help="Your private notes: what stood below the commands of your replies, and what you add.")

NOTE_FIELDS = ("id", "text", "mentor", "about", "created_at")


@notes_app.callback(invoke_without_command=True)
def notes(
    context: typer.Context, config: ConfigOption = None, mentor: MentorOption = None, as_json: JsonOption = False
) -> None:
    """Your private notes."""
    if context.invoked_subcommand is None:
        notes_list(config, mentor, as_json)


@notes_app.command("list")
def notes_list(config: ConfigOption = None, mentor: MentorOption = None, as_json: JsonOption = False) -> None:
    """List your private notes."""
    with errors_told(), opened(config) as account:
        found = [one for one in every(account, Note) if mentor in (None, one.mentor)]
        if as_json:
            print_json([as_object(one, NOTE_FIELDS) for one in found])
            return
        rows = [(one.id, f"{one.created_at:%d %b %Y}", one.mentor, one.text) for one in found]
        print_table("", ["id", "written", "about", "note"], rows, "No notes: write below the commands of a reply.")


@notes_app.command("show")
def notes_show(number: Number, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show one private note."""
    with errors_told(), opened(config) as account:
        _print(_note(account, number), as_json)


@notes_app.command("add")
def notes_add(
    text: Text, config: ConfigOption = None, mentor: MentorOption = None, as_json: JsonOption = False
) -> None:
    """Keep a private note: nobody but you ever sees it."""
    with errors_told(), opened(config) as account:
        note = Note(id=0, text=one_line(text), mentor=person_of(account, mentor), created_at=account.now)
        _print(_note(account, keep(account, note)), as_json)


@notes_app.command("edit")
def notes_edit(number: Number, text: Text, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Write a private note anew."""
    from mentorup_daemon.store import work

    with errors_told(), opened(config) as account:
        with account.store.writing() as scope:
            work.change(scope, Note, number, text=one_line(text))
        _print(_note(account, number), as_json)


@notes_app.command("drop")
def notes_drop(number: Number, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Remove a private note for good."""
    from mentorup_daemon.store import work

    with errors_told(), opened(config) as account:
        gone = _note(account, number)
        with account.store.writing() as scope:
            work.remove(scope, Note, number)
        _print(gone, as_json)


def _note(account: Opened, number: int) -> Note:
    found: Note | None = next((one for one in every(account, Note) if one.id == number), None)
    if found is None:
        raise MentorUpError(f"There is no note with the number {number}; `mentorup notes` lists them.")
    return found


def _print(note: Note, as_json: bool) -> None:
    facts = as_object(note, NOTE_FIELDS)
    if as_json:
        print_json(facts)
    else:
        print_table("", ["", ""], list(facts.items()), "")


def network_command(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Who gives you which support from which distance, and where nobody does."""
    from mentorup_daemon.rules.network import DISTANCES, network

    with errors_told(), opened(config) as account:
        found = network(account.snapshot(), account.now)
        if as_json:
            print_json(
                {
                    "kinds": found.kinds,
                    "distances": DISTANCES,
                    "cells": [
                        {
                            "support": cell.support,
                            "distance": cell.distance,
                            "people": [person.id for person in cell.people],
                            "next_step": cell.next_step or None,
                        }
                        for cell in found.cells
                    ],
                    "unplaced": [person.id for person in found.unplaced],
                }
            )
            return
        names = {
            (cell.support, cell.distance): ", ".join(person.given_name for person in cell.people)
            for cell in found.cells
        }
        rows = [(kind, *(names[kind, distance] or "-" for distance in DISTANCES)) for kind in found.kinds]
        print_table("", ["", *DISTANCES], rows, "")
        if found.empty:
            print("\nNobody yet:")
            for cell in found.empty:
                print(f"  {cell.distance} {cell.support}: {cell.next_step}")
        if found.unplaced:
            ids = ", ".join(person.id for person in found.unplaced)
            print(f"\nNot placed: {ids}. Give them `support` and `distance` in the config.")


def letter_command(
    mentor: Annotated[str, typer.Argument(metavar="MENTOR", help="The id, as in the config.")],
    config: ConfigOption = None,
    to: Annotated[Path | None, typer.Option("--to", metavar="FILE", help="A file; standard output otherwise.")] = None,
    draft: Annotated[bool, typer.Option("--draft", help="A draft in your Drafts that asks them for it.")] = False,
    purpose: Annotated[str, typer.Option("--for", metavar="WORDS", help="What the letter is for, and by when.")] = "",
    as_json: JsonOption = False,
) -> None:
    """What a mentor needs for a letter of recommendation, from your records: as Markdown, or as a draft to them."""
    from mentorup_daemon.letters.packet import packet

    with errors_told(), opened(config) as account:
        person_of(account, mentor)
        view = account.snapshot()
        person = view.person(mentor)
        if person is None:
            return
        if draft:
            _ask_for_letter(account, person, " ".join(purpose.split()), as_json)
            return
        document = packet(view, person, account.now)
        if as_json:
            print_json({"mentor": mentor, "markdown": document})
        elif to is None:
            typer.echo(document, nl=False)
        else:
            try:
                to.write_text(document, encoding="utf-8")
            except OSError as error:
                raise MentorUpError(f"{to} can't be written: {error.strerror}.") from error


def _ask_for_letter(account: Opened, person: Mentor, purpose: str, as_json: bool) -> None:
    """Keeps the request; the draft comes with the next pass, and replaces one that was asked for before."""
    from mentorup_daemon.records import Request
    from mentorup_daemon.store import work

    account.store.first_start(account.now)
    with account.store.writing() as scope:
        for one in work.items(scope, Request):
            if one.kind == "letter" and one.person == person.id and one.state == "open":
                work.change(scope, Request, one.id, state="dropped")
        asked = work.add(scope, Request(id=0, kind="letter", person=person.id, text=purpose, created_at=account.now))
    if as_json:
        print_json(as_object(asked, ("id", "kind", "person", "text", "created_at")))
        return
    missing = "" if purpose else " It doesn't say what for; --for does, or write it in before you send it."
    print(f"A draft that asks {person.name} comes into your Drafts with the next pass.{missing}")
