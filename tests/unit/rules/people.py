"""Sam and the others, for the tests of the rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from mentorup_daemon.records import Due, Entry, Meeting, Mentor, Owner, Practice, Snapshot, WorkingHours

ZONE = ZoneInfo("America/Los_Angeles")
SAM = Owner(name="Sam Rivera", email="sam@example.org", timezone=ZONE.key)
ALWAYS = replace(SAM, hours=WorkingHours(0, 24 * 60, frozenset(range(7))))
ANA = Mentor(id="ana", name="Ana Ortiz", emails=("ana@example.org",))
BEN = Mentor(id="ben", name="Ben Lindqvist", emails=("ben@example.net",))
MONDAY = datetime(2026, 11, 30, 9, 0, tzinfo=ZONE)


def meeting(start: datetime, *, key: str = "m1", mentor: str = "ana", minutes: int = 45, **facts: Any) -> Meeting:
    """A meeting of `minutes` at `start`."""
    made = Meeting(
        key=key,
        uid=key,
        mentor=mentor,
        title="Ana Ortiz",
        start=start,
        end=start + timedelta(minutes=minutes),
        recognised_by="attendee",
    )
    return replace(made, **facts)


LONG_AGO = meeting(MONDAY - timedelta(days=200), key="long-ago", also=("ben",))


def snapshot(
    meetings: Iterable[Meeting] = (), *, owner: Owner = SAM, acquainted: bool = True, **facts: Any
) -> Snapshot:
    """The records, begun a month before the meetings. `acquainted`: Ana and Ben have been met before."""
    made = Snapshot(
        owner=owner,
        practice=Practice(),
        started_at=datetime(2026, 11, 1, tzinfo=ZONE),
        mentors=(ANA, BEN),
        meetings=(*((LONG_AGO,) if acquainted else ()), *meetings),
        ledger={"welcome/owner/first-start": entry("welcome/owner/first-start", "welcome", MONDAY)},
    )
    return replace(made, **facts)


def entry(key: str, rule: str, at: datetime, **facts: Any) -> Entry:
    """A ledger entry that stands delivered."""
    made = Entry(
        key=key,
        rule=rule,
        revision=1,
        message_id=f"<{abs(hash(key))}@example.org>",
        digest="",
        lands="drafts" if key.endswith("/draft") else "inbox",
        outcome="delivered",
        due_at=at,
        intended_at=at,
        outcome_at=at,
    )
    return replace(made, **facts)


def keys(due: Iterable[Due]) -> list[str]:
    """The keys of what is due, in order."""
    return [one.key for one in due]


def delivered(ledger: Mapping[str, Entry], due: Iterable[Due], now: datetime) -> dict[str, Entry]:
    """The ledger after these have been delivered at `now`."""
    return dict(ledger) | {
        one.key: entry(
            one.key,
            one.rule,
            now,
            revision=one.revision,
            lands=one.lands,
            mentor=one.mentor,
            object=one.object,
            basis=one.basis,
            due_at=one.due_at,
        )
        for one in due
    }
