"""The network of mentors (T2): kinds of support by distance, and what is missing in it.

A network is not ranked or scored; the matrix only says who is where, and names the cells in which nobody is, each with
a next step. Mentees and candidates are no part of it yet, nor is whoever is paused or closed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mentorup_daemon.records import Mentor, Snapshot
from mentorup_daemon.records.people import Distance

KINDS = ("coach", "research advisor", "sponsor", "advocate", "confidante")
"""The usual kinds of support; whatever else the config names comes behind them."""

DISTANCES: tuple[Distance, ...] = ("peer", "step-ahead", "senior")


@dataclass(frozen=True, slots=True)
class Cell:
    """Those who give one kind of support from one distance. `next_step` is "" where somebody does."""

    support: str
    distance: Distance
    people: tuple[Mentor, ...]
    next_step: str


@dataclass(frozen=True, slots=True)
class Network:
    """The whole matrix, row by row. `unplaced` are people whose kinds of support or distance the config doesn't say."""

    kinds: tuple[str, ...]
    cells: tuple[Cell, ...]
    unplaced: tuple[Mentor, ...]

    @property
    def empty(self) -> tuple[Cell, ...]:
        """The cells in which nobody is."""
        return tuple(cell for cell in self.cells if not cell.people)

    @property
    def empty_distances(self) -> tuple[Distance, ...]:
        """The distances at which nobody is, whatever the support (C8)."""
        return tuple(
            distance
            for distance in DISTANCES
            if not any(cell.people for cell in self.cells if cell.distance == distance)
        )


def network(snapshot: Snapshot, now: datetime) -> Network:
    """The network as the config and the states have it at `now`."""
    people = [one for one in snapshot.mentors if one.role == "mentor" and snapshot.active(one.id, now)]
    further = {_kind(kind) for person in people for kind in person.support} - set(KINDS)
    kinds = (*KINDS, *sorted(kind for kind in further if kind))
    cells = tuple(_cell(people, kind, distance) for kind in kinds for distance in DISTANCES)
    placed = {person.id for cell in cells for person in cell.people}
    return Network(kinds, cells, tuple(person for person in people if person.id not in placed))


def with_article(kind: str) -> str:
    """A kind of support as one says it of a person: `a sponsor`, `an advocate`."""
    return f"{'an' if kind[:1].lower() in 'aeio' else 'a'} {kind}"


def _cell(people: Sequence[Mentor], kind: str, distance: Distance) -> Cell:
    there = tuple(one for one in people if one.distance == distance and kind in map(_kind, one.support))
    return Cell(kind, distance, there, "" if there else _next_step(people, kind, distance))


def _next_step(people: Sequence[Mentor], kind: str, distance: Distance) -> str:
    """Whom to ask: someone who gives that support from elsewhere, else someone at that distance, else oneself."""
    giving = next((one for one in people if kind in map(_kind, one.support)), None)
    near = next((one for one in people if one.distance == distance), None)
    if giving is not None:
        return f"ask {giving.given_name}, {with_article(kind)} of yours, whom they would suggest"
    if near is not None:
        return f"ask {near.given_name} whether they would be one, or whom they know"
    return "think of one person you know, and keep them as a candidate"


def _kind(text: str) -> str:
    return " ".join(text.casefold().split())
