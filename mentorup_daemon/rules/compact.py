"""What two people expect of each other (T4, C16, C27): looked at again every 90 days, for each active mentor.

Counted from when they last agreed on it, from the first start at the earliest. A draft asks the mentor what to change
and when it should end; a note asks the owner for what isn't written down yet. Where nothing is written down at all
there is no draft, and the owner is asked for one compact a quarter, no more, each mentor in turn. A review waits for a
mentor who is away. Each comes on a Tuesday, and no two in one week. Grace: two weeks; after longer downtime the next
review is near enough.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from mentorup_daemon.records import Due, Lands, Mentor, Snapshot, key_part
from mentorup_daemon.records.standing import standing_compact
from mentorup_daemon.rules.calm import TUESDAY, calm_opening
from mentorup_daemon.rules.hours import when_back

RULE = "compact"
ASK = "ask"
EVERY = timedelta(days=90)
GRACE = timedelta(days=14)


def candidates(snapshot: Snapshot, now: datetime, until: datetime) -> Iterator[Due]:
    """The reviews that come by `until`, the draft before the note that tells of it; then who is asked to begin one."""
    mentors = [person for person in snapshot.mentors if person.role == "mentor"]
    weeks: Counter[tuple[int, int]] = Counter()
    seen = until + timedelta(weeks=1)  # what falls into the last week counts towards those before it
    for person in mentors:
        standing = standing_compact(snapshot.compacts, person.id)
        if standing is None:
            continue
        begun = max(standing.agreed_at or standing.created_at, snapshot.started_at)
        for day in _days(snapshot, begun, now, seen):
            moment = when_back(_moment(snapshot, day, weeks), person, snapshot.owner)
            if moment <= until:
                yield from _review(snapshot, person, day, moment)
    for day in _days(snapshot, snapshot.started_at, now, seen):
        moment = _moment(snapshot, day, weeks)
        if moment <= until and "inbox" in snapshot.practice.delivery:
            yield from _ask(snapshot, mentors, day, moment)


def _moment(snapshot: Snapshot, day: date, weeks: Counter[tuple[int, int]]) -> datetime:
    """When what falls on this day comes: on the next calm Tuesday, a week later for each that came before it there."""
    tuesday = day + timedelta(days=(TUESDAY - day.weekday()) % 7)
    week = tuesday.isocalendar()[:2]
    weeks[week] += 1
    return calm_opening(snapshot, tuesday + (weeks[week] - 1) * timedelta(weeks=1))


def _days(snapshot: Snapshot, begun: datetime, now: datetime, until: datetime) -> Iterator[date]:
    """Every 90th day after `begun`, from a little before `now` up to `until`."""
    zone = snapshot.owner.zone
    first, last = begun.astimezone(zone).date(), until.astimezone(zone).date()
    passed = max(1, (now.astimezone(zone).date() - first).days // EVERY.days)
    day = first + passed * EVERY
    while day <= last:
        yield day
        day += EVERY


def _review(snapshot: Snapshot, person: Mentor, day: date, moment: datetime) -> Iterator[Due]:
    reason = (
        f"Every {EVERY.days} days what you and {person.name} have agreed on is looked at again, so that it says what "
        "you both expect, and when it should end."
    )
    for place in ("drafts", "inbox"):
        if place in snapshot.practice.delivery:
            yield _due(person, day, moment, "drafts" if place == "drafts" else "inbox", reason)


def _ask(snapshot: Snapshot, mentors: list[Mentor], day: date, moment: datetime) -> Iterator[Due]:
    """The note about one mentor without a compact, each in turn; whoever was asked about that day stays the one."""
    part = f"{day}/{ASK}"
    asked = {one.mentor for one in snapshot.ledger.values() if one.rule == RULE and one.key.endswith(f"/{part}")}
    without = [person for person in mentors if standing_compact(snapshot.compacts, person.id) is None]
    if not without:
        return
    turn = (day - snapshot.started_at.astimezone(snapshot.owner.zone).date()) // EVERY - 1
    for person in without if asked else [without[turn % len(without)]]:
        if not asked or person.id in asked:
            reason = (
                f"Nothing is written down about what you and {person.name} expect of each other; you are asked for "
                "one such compact a quarter, no more."
            )
            yield _due(person, day, moment, "inbox", reason, part=f"/{ASK}")


def _due(person: Mentor, day: date, moment: datetime, lands: Lands, reason: str, part: str = "") -> Due:
    return Due(
        key=f"{RULE}/{key_part(person.id)}/{day}" + ("/draft" if lands == "drafts" else part),
        rule=RULE,
        due_at=moment,
        expires_at=moment + GRACE,
        lands=lands,
        mentor=person.id,
        object=f"{person.id}/{day}",
        reason=reason,
    )
