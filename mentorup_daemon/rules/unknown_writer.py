"""Whose words these are: feedback that was filed without a mentor is asked about, once for each writer.

The oldest piece of a writer's stands for all of them, so that three mails of one stranger's make one question; the
answer (`MENTOR id`) counts for all. SKIP is an answer, too: they stay filed without a name.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from mentorup_daemon.records import Due, Feedback, Snapshot
from mentorup_daemon.rules.hours import next_opening

RULE = "unknown_writer"
GRACE = timedelta(days=30)


def candidates(snapshot: Snapshot, now: datetime, until: datetime) -> Iterator[Due]:
    """One for each writer that none of the people is."""
    asked: dict[str, Feedback] = {}
    for item in sorted(snapshot.feedback, key=lambda one: one.id):
        if item.mentor is None and item.state in ("filed", "planned") and item.source != "manual":
            asked.setdefault(item.writer or f"number {item.id}", item)
    for item in asked.values():
        # old mail may be tagged today: what counts is that it has been filed, and nobody has been asked
        moment = next_opening(max(item.received_at, snapshot.started_at), snapshot.owner)
        if moment <= until:
            yield Due(
                key=f"{RULE}/owner/{item.id}",
                rule=RULE,
                due_at=moment,
                expires_at=max(moment, now) + GRACE,
                lands="inbox",
                object=f"{item.id}",
                reason=f"{item.writer or 'Someone'} wrote what you tagged as feedback, and nobody in your config has "
                "that address; you are asked once who it is.",
            )
