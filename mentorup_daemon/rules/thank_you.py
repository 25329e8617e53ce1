"""Thanks after a meeting (T9, C15): a draft that names one concrete thing, else a question to the owner.

A mentee is owed none; after a meeting with one, `mentee_promises` asks something else.

Due at the first slot of the thank-you schedule after the meeting's end. Grace: seven days after that a thank-you note
would need an apology of its own, so then it is left. A word of thanks that the owner gives later (`THANKS for`)
makes the draft at once: the owner asked for it. After a first meeting it doesn't wait for a schedule that is rarer than
daily: it comes within a day, or when the working hours next begin.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from mentorup_daemon.records import Due, Meeting, Snapshot, key_part
from mentorup_daemon.records.candidates import is_first_meeting
from mentorup_daemon.rules.hours import next_opening
from mentorup_daemon.rules.schedule import first_after

RULE = "thank_you"
GRACE = timedelta(days=7)
_A_DAY = timedelta(days=1)
_SETTLED = timedelta(hours=1)  # on the way out of a meeting nobody reads
_WITHIN = timedelta(days=32)  # a thank-you schedule rarer than monthly is no thank-you schedule


def concrete(snapshot: Snapshot, meeting: Meeting) -> bool:
    """True when the records hold something that a note of thanks could name."""
    if any(thanks.text.strip() for thanks in snapshot.thanks_about(meeting.key)):
        return True
    return any(
        item.mentor == meeting.mentor and item.state != "dropped" and item.text.strip()
        for item in snapshot.feedback_from(meeting.key)
    )


def scheduled(snapshot: Snapshot, meeting: Meeting) -> datetime | None:
    """When the schedule brings it, in working hours; None where the schedule is too rare."""
    slot = first_after(snapshot.practice.thank_you, snapshot.owner.zone, meeting.end, _WITHIN)
    moment = next_opening(slot.at, snapshot.owner) if slot is not None else None
    if (moment is None or moment > meeting.end + _A_DAY) and is_first_meeting(snapshot, meeting):
        soon = next_opening(meeting.end + _SETTLED, snapshot.owner)
        return soon if moment is None else min(moment, soon)
    return moment


def candidates(snapshot: Snapshot, now: datetime, until: datetime) -> Iterator[Due]:
    """One for each meeting that took place since the first start."""
    # no slot, quiet or thanks of the owner's brings one back that is over for longer
    for meeting in snapshot.meetings_over(max(snapshot.started_at, now - _WITHIN - 2 * GRACE), until):
        person = snapshot.person(meeting.mentor)
        if person is None or person.role == "mentee":
            continue
        usual = scheduled(snapshot, meeting)
        if usual is None:
            continue
        key = f"{RULE}/{key_part(meeting.mentor)}/{meeting.key}"
        given = [thanks.created_at for thanks in snapshot.thanks_about(meeting.key)]
        asked_for = bool(given) and meeting.end <= now
        moment = max(min(given), meeting.end) if asked_for else usual
        if moment > until:
            continue
        drafted = concrete(snapshot, meeting)
        yield Due(
            key=f"{key}/draft" if drafted else key,
            rule=RULE,
            due_at=moment,
            expires_at=moment + GRACE,
            lands="drafts" if drafted else "inbox",
            mentor=meeting.mentor,
            object=meeting.key,
            asked_for=asked_for,
            reason=(
                f"You met {person.name} on {meeting.start.astimezone(snapshot.owner.zone):%d %B %Y}; "
                + (
                    "the records hold something concrete to give thanks for."
                    if drafted
                    else "nothing concrete to give thanks for is known yet, so you are asked."
                )
            ),
        )
