"""What a due note is about, found in the records again: a person, a meeting, whatever else it names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from mentorup_daemon.errors import Malformed
from mentorup_daemon.records import Due, Meeting, Mentor, Snapshot

_T = TypeVar("_T")


def person_of(due: Due, snapshot: Snapshot) -> Mentor:
    """The person it is about. Raises `Malformed` when they are gone from the records."""
    return found(due, (person for person in snapshot.mentors if person.id == due.mentor))


def meeting_of(due: Due, snapshot: Snapshot) -> tuple[Meeting, Mentor]:
    """The meeting it is about, and with whom that is. Raises `Malformed` when either is gone from the records."""
    meeting = snapshot.meeting(due.object)
    if meeting is None:
        raise Malformed(f"{due.key}: the meeting isn't in the calendar any more.")
    mentor = snapshot.person(meeting.mentor)
    if mentor is None:
        raise Malformed(f"{due.key}: {meeting.mentor!r} is not in the configuration any more.")
    return meeting, mentor


def found(due: Due, candidates: Iterable[_T]) -> _T:
    """The first of `candidates`. Raises `Malformed` when there is none."""
    first = next(iter(candidates), None)
    if first is None:
        raise Malformed(f"{due.key}: what it is about is not in the records any more.")
    return first
