"""The owner's own profile (C1, C2, C3): values, work style, and what they want to get better at.

Asked for once some days after the first start, for whatever of the three isn't there yet. Half a year after the first
start, and every half year, the ratings are looked at again, and once a year how the owner works, too. Who has never
answered is asked three times in all, and then left in peace.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from mentorup_daemon.records import Due, Snapshot
from mentorup_daemon.rules.calm import THURSDAY, calm_opening

RULE = "profile"
SET_UP = "set-up"
AFTER = timedelta(days=4)
HALF_YEAR = timedelta(days=182)
GRACE = timedelta(days=21)
_ASKED_IN_VAIN = 2  # half years


def candidates(snapshot: Snapshot, now: datetime, until: datetime) -> Iterator[Due]:
    """The questions at set-up, and those of each half year up to `until`."""
    zone = snapshot.owner.zone
    begun = snapshot.started_at.astimezone(zone).date()
    answered = any(one.state == "kept" for one in snapshot.profile)
    moment = calm_opening(snapshot, begun + AFTER)
    if missing(snapshot) and moment <= until:
        reason = "Some days after the first start you are asked once for your values, your work style and your gaps."
        yield _due(SET_UP, moment, reason)
    passed = max(1, (now.astimezone(zone).date() - begun) // HALF_YEAR)
    while (day := begun + passed * HALF_YEAR) <= until.astimezone(zone).date():
        moment = calm_opening(snapshot, day, THURSDAY)
        if moment <= until and (answered or passed <= _ASKED_IN_VAIN):
            what = "what you want to get better at" + (", and how you work," if yearly(snapshot, day) else "")
            yield _due(f"{day}", moment, f"Twice a year {what} is looked at again.")
        passed += 1


def missing(snapshot: Snapshot) -> tuple[str, ...]:
    """Of value, style and gap those of which nothing is kept."""
    known = {one.kind for one in snapshot.profile if one.state == "kept"}
    return tuple(kind for kind in ("value", "style", "gap") if kind not in known)


def yearly(snapshot: Snapshot, day: date) -> bool:
    """True for every second of the half years."""
    begun = snapshot.started_at.astimezone(snapshot.owner.zone).date()
    return (day - begun) // HALF_YEAR % 2 == 0


def _due(about: str, moment: datetime, reason: str) -> Due:
    return Due(
        key=f"{RULE}/owner/{about}",
        rule=RULE,
        due_at=moment,
        expires_at=moment + GRACE,
        lands="inbox",
        object=about,
        reason=reason,
    )
