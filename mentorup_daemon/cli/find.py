"""`mentorup find`: whom to write to (C4), and whom to ask for a name (C5). What it asks for comes into Drafts.

Without names it only proposes: the candidates on record whom nobody has written to, and the places of the network where
nobody is. With names, three at most, or with `--ask` it keeps a request; the service writes the draft at its next look.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from mentorup_daemon.cli.candidates import keep_about
from mentorup_daemon.cli.opened import Opened, opened
from mentorup_daemon.cli.output import ConfigOption, JsonOption, as_object, errors_told, print_json, print_table
from mentorup_daemon.errors import MentorUpError
from mentorup_daemon.records import Mentor, Request, Snapshot
from mentorup_daemon.records.growth import RequestKind

_MOST = 3
_FOLLOWED_UP = timedelta(days=60)  # by then the last try was weeks ago
_FIELDS = ("id", "kind", "person", "text", "state", "created_at")


def find_command(
    who: Annotated[
        list[str] | None, typer.Argument(metavar="[WHO]...", help="Up to three people, by id or name.")
    ] = None,
    config: ConfigOption = None,
    ask: Annotated[
        str | None, typer.Option("--ask", metavar="WHO", help="Ask this person whom they recommend.")
    ] = None,
    support: Annotated[
        str | None, typer.Option("--for", metavar="SUPPORT", help='With --ask: for what, "sponsor".')
    ] = None,
    why: Annotated[str | None, typer.Option("--why", help="With one name: why them, as you would tell them.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Pick up to three people to write a hello to, or ask somebody for a name; without either, proposals."""
    with errors_told(), opened(config) as account:
        names = who or []
        if (ask is not None and (names or why is not None)) or (support is not None and ask is None):
            raise MentorUpError("Either names (with --why for one), or --ask (with --for).")
        if why is not None and len(names) != 1:
            raise MentorUpError("--why needs one name: each has a reason of their own.")
        if len(names) > _MOST:
            raise MentorUpError(f"Up to {_MOST} at a time: more are more than you can follow up.")
        if ask is not None:
            person = _called(account.snapshot(), ask)
            _tell(account, [_requested(account, "referral", person, " ".join((support or "").split()))], as_json)
        elif names:
            people = list(dict.fromkeys(_called(account.snapshot(), name) for name in names))
            for person in people:
                _may_be_greeted(account, person)
            if why is not None:
                keep_about(account, people[0].id, why=why)
            _tell(account, [_requested(account, "hello", person, "") for person in people], as_json)
        else:
            _propose(account, as_json)


def _called(view: Snapshot, name: str) -> Mentor:
    from mentorup_daemon.records.candidates import called

    found = list(called(view.mentors, name))
    if len(found) > 1:
        raise MentorUpError(f"{name} could be any of {', '.join(one.id for one in found)}: say the id.")
    if not found:
        raise MentorUpError(f'Nobody is called {name!r}. `mentorup candidates add "{name}" --email ...` adds them.')
    return found[0]


def _may_be_greeted(account: Opened, person: Mentor) -> None:
    """Raises MentorUpError when a hello to this person can't come, or has been asked for already."""
    from mentorup_daemon.records.candidates import is_candidate
    from mentorup_daemon.rules.hello import greeted

    view = account.snapshot()
    if person.role == "mentee" or (person.role == "candidate" and not is_candidate(view, person)):
        raise MentorUpError(f"{person.name} is no candidate: `mentorup candidates list --all` shows who was let go.")
    if not view.active(person.id, account.now):
        raise MentorUpError(f"{person.name} is paused or closed; `mentorup mentors resume {person.id}` first.")
    for request, asked in greeted(view):
        if asked.id == person.id and account.now - request.created_at < _FOLLOWED_UP:
            day = request.created_at.astimezone(view.owner.zone)
            raise MentorUpError(
                f"A hello to {person.name} was asked for on {day.day} {day:%B %Y}. For another one, reply "
                f"DROP {request.id} to any note first."
            )


def _requested(account: Opened, kind: RequestKind, person: Mentor, text: str) -> Request:
    from mentorup_daemon.store import work

    if "drafts" not in account.settings.agenda.delivery:
        raise MentorUpError('Your config wants no drafts: [agenda] delivery lacks "drafts".')
    account.store.first_start(account.now)
    with account.store.writing() as scope:
        for one in work.items(scope, Request):
            if kind == "hello" and (one.kind, one.person, one.state) == ("hello", person.id, "open"):
                work.change(scope, Request, one.id, state="dropped")
        return work.add(scope, Request(id=0, kind=kind, person=person.id, text=text, created_at=account.now))


def _tell(account: Opened, requests: list[Request], as_json: bool) -> None:
    from mentorup_daemon.records.candidates import kept_about

    if as_json:
        print_json([as_object(one, _FIELDS) for one in requests])
        return
    view = account.snapshot()
    for one in requests:
        person, kept = view.person(one.person), kept_about(view.candidates, one.person)
        name = person.name if person else one.person
        what = "A hello" if one.kind == "hello" else "A question whom they would recommend"
        print(f"{what} to {name} will be in your Drafts at the service's next look (number {one.id}).")
        if one.kind == "hello" and not (kept and kept.why.strip()):
            edit = f'mentorup candidates edit {one.person} --why "your work on ..."'
            print(f"  It has no To: until you say why them: {edit}")
        if person is not None and not person.emails:
            print("  No address is known, so add the To: yourself.")


def _propose(account: Opened, as_json: bool) -> None:
    """The candidates without a hello, and the empty cells of the network, each with a next step."""
    from mentorup_daemon.records.candidates import is_candidate, kept_about
    from mentorup_daemon.rules.hello import greeted
    from mentorup_daemon.rules.network import network

    view = account.snapshot()
    asked = {person.id for _, person in greeted(view)}
    met = {one.mentor for one in view.meetings if one.on}
    people = [one for one in view.mentors if is_candidate(view, one) and one.id not in asked | met]
    cells = network(view, account.now).empty
    if as_json:
        print_json(
            {
                "candidates": [one.id for one in people],
                "empty": [
                    {"support": cell.support, "distance": cell.distance, "next_step": cell.next_step} for cell in cells
                ],
            }
        )
        return
    kept = {one.id: kept_about(view.candidates, one.id) for one in people}
    rows = [(one.id, one.name, about.why if (about := kept[one.id]) else "") for one in people]
    print_table("Not written to yet", ["id", "name", "why"], rows, "There is no candidate whom you haven't written to.")
    if people:
        print(f"\n`mentorup find {' '.join(one.id for one in people[:_MOST])}` puts a hello to each into your Drafts.")
    if cells:
        print("\nNobody yet:")
        for cell in cells[:_MOST]:
            print(f"  {cell.distance} {cell.support}: {cell.next_step}")
        print("`mentorup network` shows all of it; `mentorup find --ask WHO --for SUPPORT` asks somebody for a name.")
