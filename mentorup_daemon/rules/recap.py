"""A recap for the mentor (T8): what was heard, and what will be done about it, by when.

The morning after the owner has made a plan, one draft for each mentor and day of planning. None where another draft
says the same: the thank-you for the meeting at which it was said, still to come or written since, or the agenda of a
meeting that is prepared by then. None for what was said before the first start. Grace: a week.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from mentorup_daemon.records import Due, Feedback, Mentor, Snapshot, key_part
from mentorup_daemon.records.standing import advice_at, next_meeting, planned_on
from mentorup_daemon.rules import agenda, thank_you
from mentorup_daemon.rules.hours import next_opening
from mentorup_daemon.rules.schedule import first_after

RULE = "recap"
GRACE = timedelta(days=7)
_THANKED_WITHIN = timedelta(days=32)


def candidates(snapshot: Snapshot, now: datetime, until: datetime) -> Iterator[Due]:
    """One for each mentor and day with plans that nothing else tells of."""
    if "drafts" not in snapshot.practice.delivery:
        return
    groups: dict[tuple[str, date], list[Feedback]] = {}
    for one in snapshot.feedback:
        day = planned_on(snapshot, one)
        if day is not None and one.mentor is not None:
            groups.setdefault((one.mentor, day), []).append(one)
    for (mentor, day), pieces in groups.items():
        person = snapshot.person(mentor)
        moment = next_opening(
            datetime.combine(day + timedelta(days=1), time(), tzinfo=snapshot.owner.zone), snapshot.owner
        )
        if person is None or person.role != "mentor" or moment > until or moment + GRACE <= now:
            continue
        if all(_thanked(snapshot, one, now) for one in pieces) or _on_an_agenda(snapshot, person, moment):
            continue
        yield Due(
            key=f"{RULE}/{key_part(mentor)}/{day}/draft",
            rule=RULE,
            due_at=moment,
            expires_at=moment + GRACE,
            lands="drafts",
            mentor=mentor,
            object=f"{mentor}/{day}",
            reason=(
                f"On {day:%d %B %Y} you said what you will do about what {person.name} told you; a few lines let them "
                "know what was heard, and what becomes of it."
            ),
        )


def _thanked(snapshot: Snapshot, one: Feedback, now: datetime) -> bool:
    """True when the thank-you for the meeting at which it was said tells of the plan, or still will."""
    meeting = snapshot.meeting(one.meeting or "")
    if meeting is None or meeting.mentor != one.mentor or not meeting.on or one.planned_at is None:
        return False
    if advice_at(snapshot, meeting) != one:
        return False
    key = f"{thank_you.RULE}/{key_part(meeting.mentor)}/{meeting.key}"
    written = snapshot.ledger.get(f"{key}/draft")
    if written is not None:
        return written.outcome in ("delivered", "left", "intended") and written.intended_at >= one.planned_at
    if key in snapshot.marks and snapshot.marks[key].skipped:
        return False
    slot = first_after(snapshot.practice.thank_you, snapshot.owner.zone, meeting.end, _THANKED_WITHIN)
    return slot is not None and now < next_opening(slot.at, snapshot.owner) + thank_you.GRACE


def _on_an_agenda(snapshot: Snapshot, person: Mentor, at: datetime) -> bool:
    """True when the agenda of the next meeting is there by then, and tells of the plan."""
    ahead = next_meeting(snapshot, person, at)
    return ahead is not None and agenda.due_at(ahead, person, snapshot) <= at
