"""`mentorup mentors pause`, `resume`, `close` and `forget`: whether anything comes about a person, and what is kept."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated

import typer

from mentorup_daemon.cli.family import day_of, person_of
from mentorup_daemon.cli.opened import Opened, opened
from mentorup_daemon.cli.output import ConfigOption, JsonOption, as_object, errors_told, print_json, print_table
from mentorup_daemon.errors import MentorUpError
from mentorup_daemon.records import PersonState

Id = Annotated[str, typer.Argument(metavar="ID", help="The id, as in the config.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Don't ask.")]


def pause_command(
    mentor: Id,
    config: ConfigOption = None,
    until: Annotated[str | None, typer.Option("--until", metavar="YYYY-MM-DD", help="Begin again on this day.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Hold back all that is about a person, until a date or until resume."""
    with errors_told(), opened(config) as account:
        person_of(account, mentor)
        day, zone = day_of(until), account.settings.owner_record().zone
        end = datetime.combine(day, time(), zone) if day else None
        if end is not None and end <= account.now:
            raise MentorUpError(f"--until {until}: that day is not ahead of us.")
        if _state(account, mentor) == "closed":
            raise MentorUpError(f"{mentor} is closed; `mentorup mentors resume {mentor}` first.")
        _keep(account, PersonState(mentor=mentor, state="paused", since=account.now, paused_until=end))
        when = f"{day:%A} {day.day} {day:%B %Y}" if day else "you resume it"
        _tell(account, mentor, f"Nothing about {mentor} comes until {when}.", as_json)


def resume_command(mentor: Id, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Begin again with a person; what fell due meanwhile is left alone."""
    with errors_told(), opened(config) as account:
        person_of(account, mentor)
        if account.snapshot().active(mentor, account.now):
            _tell(account, mentor, f"{mentor} is active already.", as_json)
            return
        _keep(account, PersonState(mentor=mentor, since=account.now))
        _tell(account, mentor, f"{mentor} is active again; what fell due meanwhile is left alone.", as_json)


def close_command(mentor: Id, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """End with a person: a closing note in Drafts, then nothing more; the records stay."""
    with errors_told(), opened(config) as account:
        person_of(account, mentor)
        if _state(account, mentor) == "closed":
            _tell(account, mentor, f"{mentor} is closed already.", as_json)
            return
        _keep(account, PersonState(mentor=mentor, state="closed", since=account.now))
        person = account.snapshot().person(mentor)
        letters = (
            " A closing note comes into your Drafts with the next pass." if person and person.role == "mentor" else ""
        )
        stops = "every schedule stops, drafts you haven't changed are taken back, all records stay."
        revives = f"`mentorup mentors resume {mentor}` revives."
        _tell(account, mentor, f"{mentor} is closed: {stops}{letters} {revives}", as_json)


def forget_command(
    mentor: Id, config: ConfigOption = None, yes: YesOption = False, as_json: JsonOption = False
) -> None:
    """Remove all that is kept of a person: records, history, originals of mail. There is no way back."""
    from mentorup_daemon.store import originals
    from mentorup_daemon.store.forgetting import Forgotten, forget_person, scrub

    with errors_told(), opened(config) as account:
        if as_json and not yes:
            raise MentorUpError("--json asks no question: say --yes as well.")
        person = account.snapshot().person(mentor)
        names = (person.name, person.given_name) if person is not None else ()
        listed = any(one.id == mentor for one in account.settings.people())

        def forget(*, really: bool) -> Forgotten:
            with account.store.writing() as scope, scope.connection.begin_nested() as savepoint:
                gone = forget_person(scope, mentor, names=names, at_rest=listed, now=account.now)
                if not really:
                    savepoint.rollback()
                return gone

        would = forget(really=False)
        if would.nothing:
            raise MentorUpError(f"Nothing is kept of {mentor!r}; `mentorup mentors` lists the people.")
        if not yes:
            print_table(f"Kept of {mentor}", ["", ""], _items(would.counts), "")
            typer.confirm("Remove all of this for good?", abort=True, err=True)
        gone = forget(really=True)
        originals.remove(account.store, gone.originals)
        if account.store.database is not None:
            scrub(account.store.database)
        if as_json:
            print_json({"mentor": mentor, "removed": gone.counts})
            return
        print_table(f"Removed of {mentor}", ["", ""], _items(gone.counts), "")
        print("Mail and calendar are yours and were not touched.")
        if person is not None:
            print(
                f"Your config still names {mentor}: take the entry out, or nothing comes about them until you resume."
            )


def _items(counts: dict[str, int]) -> list[tuple[object, ...]]:
    return [(count, name) for name, count in counts.items() if count]


def _state(account: Opened, mentor: str) -> str:
    state = account.snapshot().states.get(mentor)
    return state.state if state is not None else "active"


def _tell(account: Opened, mentor: str, words: str, as_json: bool) -> None:
    """How it stands now: in words, or as JSON."""
    if not as_json:
        print(words)
        return
    state = account.snapshot().states.get(mentor)
    facts = {"mentor": mentor, "state": "active", "since": None, "paused_until": None}
    print_json(facts if state is None else as_object(state, tuple(facts)))


def _keep(account: Opened, state: PersonState) -> None:
    from mentorup_daemon.store.states import keep_state

    account.store.first_start(account.now)
    with account.store.writing() as scope:
        keep_state(scope, state)
