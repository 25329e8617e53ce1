"""A receipt answers each reply that carried commands, at once: the owner has just written, so no quiet applies."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from mentorup_daemon.records import Due, Snapshot

RULE = "receipt"
GRACE = timedelta(days=14)


def candidates(snapshot: Snapshot, now: datetime, until: datetime) -> Iterator[Due]:  # noqa: ARG001 - the shape of a rule
    """One for each reply that the store holds the answer to."""
    for receipt in snapshot.receipts:
        yield Due(
            key=receipt.key,
            rule=RULE,
            due_at=receipt.at,
            expires_at=receipt.at + GRACE,
            lands="inbox",
            object=receipt.key.rpartition("/")[2],
            asked_for=True,
            reason=f"You replied to {receipt.about}; each reply with commands gets one receipt.",
        )
