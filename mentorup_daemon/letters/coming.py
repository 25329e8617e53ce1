"""What MentorUp will write next, for the weekly digest: the next few notes and drafts, each with its day.

The same candidates that `rehearse` lists. A note and the draft that goes with it are one thing here, and so are the
drafts of one check-in round; what comes of itself, a receipt or the next digest, is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from mentorup_daemon.letters.headers import flat
from mentorup_daemon.letters.wording import when
from mentorup_daemon.records import Due, Snapshot
from mentorup_daemon.rules import check_in, compact
from mentorup_daemon.rules.plan import upcoming

_AHEAD = timedelta(days=35)
_SHOWN = 5
_OF_ITSELF = frozenset({"digest", "receipt", "welcome", "trouble", "change", "unknown_writer"})


@dataclass(frozen=True, slots=True)
class ComingView:
    """A note or draft to come. `what` is its rule, `compact_ask` for the question where no compact is written down.

    `name` is the first name of whom it is about, "" for nobody; `on` is " on Thursday" where it is about a meeting.
    """

    day: str
    what: str
    name: str
    drafted: bool
    on: str


def coming(snapshot: Snapshot, now: datetime) -> tuple[ComingView, ...]:
    """The next five within five weeks, in order of time."""
    found: dict[tuple[str, str, str | None], Due] = {}
    for one in upcoming(snapshot, now, now + _AHEAD):
        if one.due_at > now and one.rule not in _OF_ITSELF and one.lands != "calendar":
            found.setdefault((one.rule, one.object, None if one.rule == check_in.RULE else one.mentor), one)
    return tuple(_view(snapshot, one, now) for one in list(found.values())[:_SHOWN])


def _view(snapshot: Snapshot, due: Due, now: datetime) -> ComingView:
    zone = snapshot.owner.zone
    person, meeting = snapshot.person(due.mentor), snapshot.meeting(due.object)
    day = when(due.due_at, now, zone).day
    return ComingView(
        day=day[:1].upper() + day[1:],
        what="compact_ask" if due.key.endswith(f"/{compact.ASK}") else due.rule,
        name=flat(person.given_name) if person and due.rule != check_in.RULE else "",
        drafted=due.lands == "drafts",
        on=f" {when(meeting.start, now, zone).on}" if meeting else "",
    )
