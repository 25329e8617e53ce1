"""The question whose words a piece of feedback are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from mentorup_daemon.letters.headers import flat
from mentorup_daemon.letters.views import advice_view, common, person_view
from mentorup_daemon.letters.wording import listing
from mentorup_daemon.records import Feedback, Snapshot

_SHOWN = 3  # people with a line of their own: with SKIP, four ways to answer


def unknown_writer_context(snapshot: Snapshot, item: Feedback, now: datetime) -> Mapping[str, object]:
    """The variables of `unknown_writer/note`. `writer` is an address, "" when not even that is known."""
    people = [person_view(person) for person in snapshot.mentors]
    return {
        **common(snapshot, None),
        "writer": flat(item.writer, 100),
        "about": flat(item.subject, 60),
        "said": advice_view(item, snapshot.owner, now),
        "people": tuple(people[:_SHOWN]),
        "others": listing([person.id for person in people[_SHOWN:]], "or"),
    }
