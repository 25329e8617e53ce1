"""The quarter in words (C22), and the network with its empty places (T2): what `review/note` can name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from mentorup_daemon.letters.headers import flat
from mentorup_daemon.letters.views import common
from mentorup_daemon.letters.wording import count, listing
from mentorup_daemon.records import Due, Snapshot
from mentorup_daemon.records.people import Distance
from mentorup_daemon.records.quarter import Quarter, quarter_before
from mentorup_daemon.rules.network import DISTANCES, Network, network
from mentorup_daemon.rules.review import hint_wanted, placed

_SEASONS = ("January to March", "April to June", "July to September", "October to December")
_PLACES: Mapping[Distance, str] = {"peer": "among your peers", "step-ahead": "a step ahead", "senior": "senior"}
_SHOWN = 6


@dataclass(frozen=True, slots=True)
class GiverView:
    """Who gives what, from where: `distance` is peer, a step ahead or senior."""

    name: str
    gives: str
    distance: str


@dataclass(frozen=True, slots=True)
class EmptyView:
    """One kind of support and where nobody gives it, "" for nowhere at all; `next_step` is what could be done."""

    kind: str
    where: str
    next_step: str


def review_context(snapshot: Snapshot, due: Due, now: datetime) -> Mapping[str, object]:
    """The variables of `review/note`. `quarter` holds counts; `suggestion` names the one thing to do, or is ""."""
    day = date.fromisoformat(due.object)
    quarter = quarter_before(snapshot, day)
    known = placed(snapshot, now)
    found = network(snapshot, now)
    empty = _empty(found) if known else ()
    return {
        **common(snapshot, None),
        "season": _SEASONS[(quarter.begin.month - 1) // 3],
        "quarter": quarter,
        "looked_back": not quarter.empty,
        "meetings": count(quarter.met, "meeting"),
        "questions": count(quarter.questions, "question"),
        "promises": count(quarter.kept, "promise"),
        "pieces": count(quarter.heard, "piece"),
        "suggestion": suggestion(quarter, has_empty=bool(empty)),
        "someone": _someone(snapshot, now),
        "givers": _givers(found) if known else (),
        "empty": empty[:_SHOWN],
        "unplaced": listing([flat(person.given_name) for person in found.unplaced]) if known else "",
        "hint": not known and hint_wanted(snapshot, day),
    }


def suggestion(quarter: Quarter, *, has_empty: bool) -> str:
    """The one thing that the facts suggest: question, feedback, late, plan, thanks, network, or "" for none."""
    open_ends = (
        ("late", quarter.late > 0),
        ("question", quarter.with_question < quarter.met),
        ("feedback", quarter.met > 0 and not quarter.heard and not quarter.feedback_asked),
        ("plan", quarter.planned < quarter.heard),
        ("thanks", quarter.met > 0 and not quarter.thanked),
        ("network", has_empty),
    )
    return next((name for name, stands in open_ends if stands), "")


def _someone(snapshot: Snapshot, now: datetime) -> str:
    """A mentor who could be asked, by first name; "" when there is none."""
    active = (one for one in snapshot.mentors if one.role == "mentor" and snapshot.active(one.id, now))
    person = next(active, None)
    return flat(person.given_name) if person else ""


def _givers(found: Network) -> tuple[GiverView, ...]:
    people = {person.id: person for cell in found.cells for person in cell.people}
    return tuple(
        GiverView(
            flat(person.name),
            listing([flat(kind) for kind in person.support]),
            {"step-ahead": "a step ahead"}.get(person.distance or "", person.distance or ""),
        )
        for person in people.values()
    )


def _empty(found: Network) -> tuple[EmptyView, ...]:
    """The kinds of support with an empty place, those that nobody gives at all first; alike ones share a line."""
    kinds: dict[tuple[bool, str, str], list[str]] = {}
    for kind in found.kinds:
        cells = [cell for cell in found.empty if cell.support == kind]
        if cells:
            somewhere = len(cells) < len(DISTANCES)
            where = listing([_PLACES[cell.distance] for cell in cells], "or") if somewhere else ""
            kinds.setdefault((somewhere, where, flat(cells[0].next_step)), []).append(flat(kind))
    return tuple(
        EmptyView(listing(alike), where, next_step)
        for (_, where, next_step), alike in sorted(kinds.items(), key=lambda line: line[0][0])
    )
