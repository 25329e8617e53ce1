"""What the owner has to know because only they can mend it: told once for each trouble, with the remedy.

Refused credentials are told in the next working hour; a server that is away only after a day, for most come back.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from mentorup_daemon.records import Due, Snapshot
from mentorup_daemon.rules.hours import next_opening

RULE = "trouble"
GRACE = timedelta(days=30)
AWAY_TOLD_AFTER = timedelta(days=1)


def candidates(snapshot: Snapshot, now: datetime, until: datetime) -> Iterator[Due]:  # noqa: ARG001 - the shape of a rule
    """One for each trouble that still stands."""
    for trouble in snapshot.troubles:
        since = trouble.since + (AWAY_TOLD_AFTER if trouble.passing else timedelta())
        moment = next_opening(since, snapshot.owner)
        if moment <= until:
            yield Due(
                key=f"{RULE}/owner/{trouble.about}/{trouble.since:%Y%m%dT%H%M%SZ}",
                rule=RULE,
                due_at=moment,
                expires_at=moment + GRACE,
                lands="inbox",
                object=trouble.about,
                reason=trouble.text,
            )
