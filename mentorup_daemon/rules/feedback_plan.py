"""A plan for feedback (T8): the morning after, the owner is asked what they will do about it, and by when.

One note for each person and day, however many mails there were. `#sting` in a subject holds it for 48 hours first. A
week later one nudge, where there still is no plan; after that only the agenda has it. Feedback from before the first
start is filed and left in peace.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from mentorup_daemon.records import Due, Feedback, Snapshot, key_part
from mentorup_daemon.records.standing import asked_about_on
from mentorup_daemon.rules.hours import next_opening

RULE = "feedback_plan"
GRACE = timedelta(days=7)
NUDGE_AFTER = timedelta(days=7)


def candidates(snapshot: Snapshot, now: datetime, until: datetime) -> Iterator[Due]:  # noqa: ARG001 - the shape of a rule
    """For each person and day with feedback that has no plan: the note, and the nudge once the note has come."""
    groups: dict[tuple[str, date], list[Feedback]] = {}
    for one in snapshot.feedback:
        if one.mentor is not None and one.state == "filed" and one.received_at > snapshot.started_at:
            groups.setdefault((one.mentor, asked_about_on(snapshot, one)), []).append(one)
    for (mentor, day), pieces in groups.items():
        person = snapshot.person(mentor)
        if person is None:
            continue
        key = f"{RULE}/{key_part(mentor)}/{day}"
        moment = next_opening(datetime.combine(day, time(), tzinfo=snapshot.owner.zone), snapshot.owner)
        said = f"{person.name} gave you feedback ({len(pieces)} without a plan)"
        if moment <= until:
            yield _due(key, mentor, day, moment, f"{said}; you are asked once what you will do about it.")
        first, mark = snapshot.ledger.get(key), snapshot.marks.get(key)
        if first is None or first.outcome_at is None or (mark is not None and mark.skipped):
            continue
        later = next_opening(first.outcome_at + NUDGE_AFTER, snapshot.owner)
        if later <= until:
            yield _due(f"{key}/nudge", mentor, day, later, f"{said}, a week after you were asked; this comes once.")


def _due(key: str, mentor: str, day: date, moment: datetime, reason: str) -> Due:
    return Due(
        key=key,
        rule=RULE,
        due_at=moment,
        expires_at=moment + GRACE,
        lands="inbox",
        mentor=mentor,
        object=f"{mentor}/{day}",
        reason=reason,
    )
