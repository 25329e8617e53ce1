"""Which meeting a piece of feedback belongs to, where one fits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from mentorup_daemon.records import Meeting

_AFTER = timedelta(days=14)
_BEFORE = timedelta(days=7)


def meeting_for(meetings: Sequence[Meeting], mentor: str | None, at: datetime) -> Meeting | None:
    """The last meeting with the mentor that began up to 14 days before `at`, else the next within 7 days, else None."""
    theirs = [meeting for meeting in meetings if mentor in (meeting.mentor, *meeting.also) and meeting.on]
    held = [meeting for meeting in theirs if at - _AFTER <= meeting.start <= at]
    ahead = [meeting for meeting in theirs if at < meeting.start <= at + _BEFORE]
    if held:
        return max(held, key=lambda meeting: meeting.start)
    return min(ahead, key=lambda meeting: meeting.start, default=None)
