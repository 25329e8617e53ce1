"""The questions about the owner themselves (C1, C2, C3): values, work style, and what they want to get better at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from mentorup_daemon.letters.views import bare, common
from mentorup_daemon.records import Due, ProfileEntry, Snapshot
from mentorup_daemon.rules.profile import SET_UP, missing, yearly

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class EntryView:
    """One line of the profile. `rating` is 1 to 5, 0 where none was given."""

    number: int
    text: str
    rating: int = 0


def profile_context(snapshot: Snapshot, due: Due) -> Mapping[str, object]:
    """The variables of `profile/note`. `asked` are the kinds that the note asks for: value, style, gap."""
    set_up = due.object == SET_UP
    style_too = not set_up and yearly(snapshot, date.fromisoformat(due.object))
    return {
        **common(snapshot, None),
        "set_up": set_up,
        "yearly": style_too,
        "asked": missing(snapshot) if set_up else ("style", "gap") if style_too else ("gap",),
        "gaps": _views(snapshot, "gap"),
        "styles": _views(snapshot, "style"),
    }


def _views(snapshot: Snapshot, kind: str) -> tuple[EntryView, ...]:
    kept = [one for one in snapshot.profile if one.kind == kind and one.state == "kept"]
    return tuple(_view(one) for one in kept[-_SHOWN:])


def _view(one: ProfileEntry) -> EntryView:
    return EntryView(one.id, bare(one.text), one.rating or 0)
