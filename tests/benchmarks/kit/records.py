"""Records from a seed: people, their meetings, and what has been kept and written about them over the years."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from mentorup_daemon.records import (
    ActionItem,
    Contact,
    Entry,
    Feedback,
    Goal,
    Meeting,
    Mentor,
    Owner,
    Practice,
    Snapshot,
    Thanks,
    Topic,
)
from tests.benchmarks.kit.events import NOW, OWNER, SEED

ZONE = ZoneInfo("America/Los_Angeles")


def snapshot(people: int, records: int, *, seed: int = SEED) -> Snapshot:
    """`records` in all beside the `people`: a third meetings, half of them ahead, a fifth each contacts and entries."""
    chance = random.Random(seed)
    mentors = tuple(
        Mentor(id=f"p{index}", name=f"Person {index}", emails=(f"p{index}@example.net",), cadence=timedelta(days=60))
        for index in range(people)
    )
    meetings = tuple(_meeting(index, chance.choice(mentors), chance) for index in range(records // 3))
    prepared = [meeting for meeting in meetings if meeting.start <= NOW + timedelta(days=2)]
    entries = [_entry(meeting, place) for meeting in prepared for place in ("drafts", "inbox")][: records // 5]
    rest = (records - len(meetings) - len(entries) - records // 5) // 6

    def some(count: int = rest) -> list[tuple[int, Mentor, timedelta]]:
        return [(index, chance.choice(mentors), timedelta(days=chance.randint(1, 390))) for index in range(count)]

    return Snapshot(
        owner=Owner(name="Sam Rivera", email=OWNER, timezone=ZONE.key),
        practice=Practice(),
        started_at=NOW - timedelta(days=400),
        mentors=mentors,
        meetings=meetings,
        topics=tuple(Topic(id=i, text=f"Topic {i}?", mentor=p.id, created_at=NOW - d) for i, p, d in some(2 * rest)),
        actions=tuple(ActionItem(id=i, text=f"Do {i}", mentor=p.id, created_at=NOW - d) for i, p, d in some()),
        feedback=tuple(
            Feedback(
                id=i,
                text=f"Say less {i}",
                mentor=p.id,
                received_at=NOW - d,
                filed_at=NOW - d,
                source="keyword",
                plan="I will",
            )
            for i, p, d in some()
        ),
        goals=tuple(Goal(id=i, text=f"Reach {i}", created_at=NOW - d) for i, _, d in some()),
        thanks=tuple(Thanks(id=i, text=f"for {i}", mentor=p.id, created_at=NOW - d) for i, p, d in some()),
        contacts=tuple(Contact(mentor=p.id, at=NOW - d, kind="mail from") for _, p, d in some(records // 5)),
        ledger={entry.key: entry for entry in entries},
    )


def size(view: Snapshot) -> int:
    """How many records there are beside the people."""
    kinds = (view.meetings, view.topics, view.actions, view.feedback, view.goals, view.thanks, view.contacts)
    return sum(len(kind) for kind in kinds) + len(view.ledger)


def _meeting(index: int, person: Mentor, chance: random.Random) -> Meeting:
    start = NOW + timedelta(days=chance.randint(-390, 365), hours=chance.randint(0, 9))
    return Meeting(
        key=f"meeting-{index}@bench",
        uid=f"meeting-{index}@bench",
        mentor=person.id,
        title=f"Talk with {person.name}",
        start=start,
        end=start + timedelta(minutes=45),
        recognised_by="attendee",
    )


def _entry(meeting: Meeting, place: Literal["drafts", "inbox"]) -> Entry:
    at = meeting.start - timedelta(days=2)
    return Entry(
        key=f"agenda/{meeting.mentor}/{meeting.key}" + ("/draft" if place == "drafts" else ""),
        rule="agenda",
        revision=1,
        message_id=f"<{meeting.uid}>",
        digest="",
        lands=place,
        outcome="delivered",
        due_at=at,
        intended_at=at,
        outcome_at=at,
        mentor=meeting.mentor,
        object=meeting.key,
        basis=f"{meeting.start.timestamp():.0f}-{meeting.end.timestamp():.0f} {meeting.mentor}",
    )
