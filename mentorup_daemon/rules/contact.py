"""Regular contact (T6): a check-in when the agreed cadence, or 91 days, have gone by without any.

By email it is a draft; for people who would rather be phoned, texted or met it is a note with what to say. It waits
where a meeting is ahead within two weeks, and keeps a week's distance from the quarterly check-in, which is the same
letter. One for each further such span without contact, three at most: after that only the digest tells of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from mentorup_daemon.records import Due, Mentor, Snapshot, key_part
from mentorup_daemon.records.standing import longest_silence, meets_soon, silent_since
from mentorup_daemon.rules.hours import next_opening
from mentorup_daemon.rules.schedule import first_after

RULE = "contact"
GRACE = timedelta(days=14)
MOST = 3
_WEEK = timedelta(days=7)


def candidates(snapshot: Snapshot, now: datetime, until: datetime) -> Iterator[Due]:
    """The check-ins of each mentor that come by `until` if the silence goes on."""
    for person in snapshot.mentors:
        if person.role != "mentor":
            continue
        since = silent_since(snapshot, person, now)
        for time in range(1, MOST + 1):
            moment = next_opening(
                _apart_from_check_in(snapshot, since + time * longest_silence(person)), snapshot.owner
            )
            if moment > until:
                break
            if not meets_soon(snapshot, person, max(moment, now)):
                yield _due(snapshot, person, since, time, moment)


def _due(snapshot: Snapshot, person: Mentor, since: datetime, time: int, moment: datetime) -> Due:
    day = since.astimezone(snapshot.owner.zone).date()
    drafted = person.channel == "email" and "drafts" in snapshot.practice.delivery
    return Due(
        key=f"{RULE}/{key_part(person.id)}/{day}.{time}" + ("/draft" if drafted else ""),
        rule=RULE,
        due_at=moment,
        expires_at=moment + GRACE,
        lands="drafts" if drafted else "inbox",
        mentor=person.id,
        object=f"{person.id}/{day}",
        reason=(
            f"There has been no contact with {person.name} since {day:%d %B %Y}, as far as your calendar and mail "
            f"tell; {longest_silence(person).days} days are what you have agreed on, or the longest there should be."
        ),
    )


def _apart_from_check_in(snapshot: Snapshot, moment: datetime) -> datetime:
    """The moment itself, or a week after a quarterly check-in that lies within a week of it."""
    near = first_after(snapshot.practice.check_in, snapshot.owner.zone, moment - _WEEK, 2 * _WEEK)
    return near.at + _WEEK if near else moment
