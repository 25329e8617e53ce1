"""Persistence (C7): a hello without an answer is followed up twice, 10 and 21 days after it was sent, then never again.

That it was sent is known from the mails to that person since the draft was written. An answer, or a meeting, held or
booked, ends it and takes back what lies in Drafts unsent. A mail that the owner wrote unasked counts as a try of their
own: two further ones end it, and the next draft keeps ten days' distance from the last. What comes late is let go
after a week, so that there is never more than one draft at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from mentorup_daemon.records import Due, Entry, Mentor, Request, Snapshot, key_part
from mentorup_daemon.rules import hello, requested
from mentorup_daemon.rules.hours import next_opening

RULE = "retry"
GRACE = timedelta(days=7)
FIRST, SECOND = timedelta(days=10), timedelta(days=21)
_SKEW = timedelta(minutes=10)  # between the clock of the sending machine and ours


def key_of(request: Request, time: int) -> str:
    """The key of the first or the second try."""
    return f"{RULE}/{key_part(request.person)}/{request.id}.{time}/draft"


def sent(snapshot: Snapshot, request: Request) -> list[datetime]:
    """When the owner wrote to that person since the hello was drafted: the hello itself first."""
    entry = snapshot.ledger.get(requested.key_of(request))
    if entry is None or entry.outcome not in ("delivered", "left"):
        return []
    drafted = entry.intended_at - _SKEW
    return sorted(
        one.at
        for one in snapshot.contacts
        if one.mentor == request.person and one.kind == "mail to" and one.at >= drafted
    )


def answered(snapshot: Snapshot, person: Mentor, since: datetime) -> bool:
    """True when they wrote after `since`, or a meeting with them took place, or is in the calendar."""
    wrote = any(
        one.mentor == person.id and one.kind == "mail from" and one.at > since - _SKEW for one in snapshot.contacts
    )
    return wrote or any(
        one.on and one.end > since and person.id in (one.mentor, *one.also) for one in snapshot.meetings
    )


def wanted(entry: Entry, snapshot: Snapshot) -> bool:
    """True while what was written still holds: nobody has answered, and no later try lies beside it."""
    for request, person in hello.greeted(snapshot):
        tries = [key_of(request, time) for time in (1, 2)]
        if entry.key in tries:
            written = sent(snapshot, request)
            later = tries[-1] != entry.key and tries[-1] in snapshot.ledger
            return not later and not (written and answered(snapshot, person, written[0]))
    return False


def candidates(snapshot: Snapshot, now: datetime, until: datetime) -> Iterator[Due]:  # noqa: ARG001 - the shape of a rule
    """The tries that come by `until` if the silence goes on."""
    if "drafts" not in snapshot.practice.delivery:
        return
    for request, person in hello.greeted(snapshot):
        written = sent(snapshot, request)
        if not written or answered(snapshot, person, written[0]):
            continue
        if len(written) == 1 or key_of(request, 1) in snapshot.ledger:
            yield from _due(snapshot, request, person, 1, written[0] + FIRST, until)
        if len(written) <= 2:
            moment = max(written[0] + SECOND, written[-1] + FIRST)
            yield from _due(snapshot, request, person, 2, moment, until)


def _due(
    snapshot: Snapshot, request: Request, person: Mentor, time: int, at: datetime, until: datetime
) -> Iterator[Due]:
    moment = next_opening(at, snapshot.owner)
    if moment <= until:
        yield Due(
            key=key_of(request, time),
            rule=RULE,
            due_at=moment,
            expires_at=moment + GRACE,
            lands="drafts",
            mentor=person.id,
            object=f"{person.id}/{request.id}",
            reason=(
                f"You wrote to {person.name}, and there has been no answer; "
                + ("this is the first of two further tries." if time == 1 else "this is the last try.")
            ),
        )
