"""`mentorup fleet`: the processes that serve the accounts of a fleet, and how they fare."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from mentorup_daemon.cli.hosting import FleetOption, fleet_settings, opened_fleet
from mentorup_daemon.cli.output import JsonOption, errors_told, print_json

if TYPE_CHECKING:
    from datetime import datetime

    from mentorup_daemon.service.fleet.status import Status

fleet_app = typer.Typer(help="The processes that serve the accounts of a fleet.", no_args_is_help=True)

NameOption = Annotated[
    str, typer.Option("--name", metavar="NAME", help="What `fleet status` calls it; its machine and process otherwise.")
]


@fleet_app.command("work")
def work(name: NameOption = "", fleet: FleetOption = None) -> None:
    """Tend the accounts that are due until told to stop. Any number of workers may run, on any number of machines."""
    with errors_told():
        settings = fleet_settings(fleet)
        gc.disable()  # what is imported stays: to look through it for rubbish takes a fifth of the start
        from mentorup_daemon.service.fleet.worker import Worker

        gc.freeze()
        gc.enable()
        Worker(settings, os.environ, name).run()


@fleet_app.command("listen")
def listen(name: NameOption = "", fleet: FleetOption = None) -> None:
    """Hold mailboxes in IDLE until told to stop, so that new mail is read at once. Listeners share them evenly."""
    with errors_told():
        settings = fleet_settings(fleet)
        from mentorup_daemon.service.fleet.listener import FleetListener

        FleetListener(settings, os.environ, name).run()


@fleet_app.command("status")
def status(fleet: FleetOption = None, as_json: JsonOption = False) -> None:
    """How the fleet fares; ends with 1 when no worker is alive, or an account is more than ten minutes late."""
    with errors_told(), opened_fleet(fleet) as hosting:
        from mentorup_daemon.service.fleet.status import status as fleet_status

        found = fleet_status(hosting.engine)
    if as_json:
        print_json(_facts(found))
    else:
        for line in _lines(found):
            print(line)
    if found.faults:
        raise typer.Exit(1)


def _facts(found: Status) -> dict[str, object]:
    tally = found.tally
    return {
        "healthy": not found.faults,
        "faults": found.faults,
        "accounts": {"active": tally.active, "paused": tally.paused, "listened": found.listened},
        "due": tally.due,
        "late": tally.late,
        "oldest_due": found.oldest,
        "latest": found.latest,
        "in_flight": tally.in_flight,
        "failing": tally.failing,
        "failures": found.failing,
        "queue": {"queued": found.queued, "picked": found.picked},
        "processes": found.processes,
    }


def _lines(found: Status) -> Iterator[str]:
    """For people: one thing a line, the names of accounts whole."""
    tally = found.tally
    yield from found.faults
    polled = tally.active - found.listened
    rest = f", the mail of the other {polled} is polled" if polled > 0 else ""
    yield f"Accounts: {tally.active} active, {tally.paused} paused; IDLE is held for {found.listened}{rest}"
    yield f"Due: {tally.due}, of which {tally.late} for more than a minute{_since(found.oldest)}"
    yield f"Under way: {tally.in_flight}; in the queue {found.queued}, taken {found.picked}"
    for one in found.processes:
        seen = "" if one.alive else f"; NOT SEEN since {_second(one.seen_at)}"
        unit = "passes" if one.kind == "worker" else "mailboxes"
        full = "; no room for more" if one.kind == "listener" and one.busy >= one.slots else ""
        yield f"  {one.kind} {one.name}: {one.busy} of {one.slots} {unit}, {one.a_minute} a minute{full}{seen}"
    for late in found.latest:
        if (tally.now - late.due_at).total_seconds() > 60:
            yield f"  late: {late.account}, due {_second(late.due_at)}"
    yield f"Failing: {tally.failing}"
    for one_failing in found.failing:
        yield f"  {one_failing.account}: {one_failing.failure}"
        yield f"    next look {_second(one_failing.next_look)}"
    if tally.failing > len(found.failing):
        yield f"  and {tally.failing - len(found.failing)} more"


def _since(oldest: datetime | None) -> str:
    return f"; the oldest since {_second(oldest)}" if oldest else ""


def _second(moment: datetime) -> str:
    return f"{moment.astimezone():%a %d %b %H:%M:%S}"
