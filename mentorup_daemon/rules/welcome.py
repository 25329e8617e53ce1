"""One welcome note at the first start: it introduces itself and chases nothing from before it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from mentorup_daemon.records import Due, Snapshot
from mentorup_daemon.rules.hours import next_opening

RULE = "welcome"
GRACE = timedelta(days=14)


def candidates(snapshot: Snapshot, now: datetime, until: datetime) -> Iterator[Due]:  # noqa: ARG001 - the shape of a rule
    """The welcome note, due when the account first started."""
    moment = next_opening(snapshot.started_at, snapshot.owner)
    if moment <= until:
        yield Due(
            key=f"{RULE}/owner/first-start",
            rule=RULE,
            due_at=moment,
            expires_at=moment + GRACE,
            lands="inbox",
            object="first-start",
            reason="MentorUp started for the first time with this account.",
        )
