"""What the owner and a mentor expect of each other, looked at again (T4, C16, C27): the note, and the draft with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mentorup_daemon.letters.headers import flat
from mentorup_daemon.letters.views import bare, common
from mentorup_daemon.letters.wording import rhythm, when
from mentorup_daemon.records import Compact, Due, Mentor, Snapshot
from mentorup_daemon.records.standing import next_meeting, standing_compact
from mentorup_daemon.rules.compact import ASK

FIELDS = ("aims", "rhythm", "drives", "mine", "theirs", "ends")
_STYLES = 3
_NOTHING = Compact(id=0, mentor="", created_at=datetime.min)  # noqa: DTZ901 - never shown


@dataclass(frozen=True, slots=True)
class FieldView:
    """One field of a compact: `name` as a reply names it, `text` on one line, "" where it isn't written down."""

    name: str
    text: str


def compact_context(snapshot: Snapshot, due: Due, mentor: Mentor, now: datetime) -> Mapping[str, object]:
    """The variables of `compact/note` and `compact/draft`.

    `asked` is true where nothing is written down yet. `agreed` is a date in words or ""; `next` the next meeting's;
    `every` how often the config says that they meet, or "".
    """
    standing = standing_compact(snapshot.compacts, mentor.id) or _NOTHING
    fields = tuple(FieldView(name, bare(getattr(standing, name))) for name in FIELDS)
    ahead = next_meeting(snapshot, mentor, now)
    zone = snapshot.owner.zone
    styles = [
        flat(one.text, 200).rstrip(".") for one in snapshot.profile if one.kind == "style" and one.state == "kept"
    ]
    return {
        **common(snapshot, mentor),
        "asked": due.key.endswith(f"/{ASK}"),
        "drafted": "drafts" in snapshot.practice.delivery,
        "agreed": when(standing.agreed_at, now, zone).short if standing.agreed_at else "",
        "stands": tuple(field for field in fields if field.text),
        "missing": tuple(field.name for field in fields if not field.text),
        "ends": bare(standing.ends),
        "next": when(ahead.start, now, zone).date if ahead else "",
        "every": rhythm(mentor.cadence.days) if mentor.cadence else "",
        "styles": tuple(styles[:_STYLES]),
    }


def compact_ready(context: Mapping[str, object]) -> bool:
    """True when something is written down that the mentor could look at."""
    return bool(context["stands"])
