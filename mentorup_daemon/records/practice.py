"""The settings that the rules and the reader of mail work with, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """[agenda] and [schedules] of the config: what the rules go by. Schedules are five-field cron, owner's zone.

    `reminders` is true where the owner has named a calendar for them.
    """

    lead_time: timedelta = timedelta(hours=48)
    questions_lead_time: timedelta = timedelta(days=5)
    delivery: tuple[str, ...] = ("inbox", "drafts")
    thank_you: str = "0 17 * * *"
    check_in: str = "0 9 1 1,4,7,10 *"
    digest: str = "0 8 * * mon"
    reminders: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags:
    """[tags] of the config: what files a message as feedback, any one of these."""

    keywords: tuple[str, ...] = ("feedback", "$MentorFeedback")
    folders: tuple[str, ...] = ("MentorUp/Feedback",)
    subjects: tuple[str, ...] = ("#feedback",)
    plus_addresses: tuple[str, ...] = ("feedback",)
    gmail_labels: tuple[str, ...] = ("feedback",)
