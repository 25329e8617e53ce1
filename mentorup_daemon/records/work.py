"""What the owner works on with people: topics, action items, feedback, goals, thanks, contact.

Topics, action items, feedback and goals share one sequence of numbers per account, so that `DONE 7` in a reply means
one thing only, the same number that the command line shows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

Wants = Literal["decision", "view", "introduction", "feedback", "nothing"]
FeedbackSource = Literal["reply", "keyword", "folder", "subject", "plus_address", "gmail_label", "manual"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """Something for an agenda. `wants` says what the owner wants from the mentor; "nothing" makes it an update.

    `priority` counts from 1, the most important; equal ones keep the order of their numbers. `minutes` is the owner's
    own estimate, None to let the agenda share out the time. `read` is what the mentor should read beforehand, in words
    or as a link (T5). `private` topics stay out of everything mentor-bound.
    """

    id: int
    text: str
    mentor: str | None = None
    wants: Wants = "view"
    priority: int = 2
    minutes: int | None = None
    read: str = ""
    state: Literal["open", "discussed", "dropped"] = "open"
    private: bool = False
    created_at: datetime

    @property
    def is_question(self) -> bool:
        """True when it asks something of the mentor."""
        return self.wants != "nothing"

    @property
    def label(self) -> str:
        """A few words for a subject line: `K award` for `K award: this cycle or next?`."""
        head = re.split(r"[:?(;.\n]", self.text, maxsplit=1)[0].strip() or self.text.strip()
        words = head.split()
        return " ".join(words[:6]) + ("..." if len(words) > 6 else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionItem:
    """A promise: the owner's (`owner` is "me") or a mentor's (`owner` is that mentor's id)."""

    id: int
    text: str
    owner: str = "me"
    mentor: str | None = None
    due: date | None = None
    state: Literal["open", "done", "dropped"] = "open"
    source: str = "manual"
    created_at: datetime
    done_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What a mentor said, in their words, with where it came from and what the owner will do about it."""

    id: int
    text: str
    mentor: str | None
    received_at: datetime
    filed_at: datetime | None = None  # a tag may come long after the mail; None for what was typed in when it was said
    source: FeedbackSource
    message_id: str = ""
    meeting: str | None = None
    subject: str = ""
    original: str = ""  # file name under mail/, "" when typed in by hand
    writer: str = ""  # address of the one who wrote it; `mentor` is None while nobody knows whose that is
    guess: str = ""  # why it is thought to answer a draft of ours, "" when that is sure or it was tagged
    offers: tuple[str, ...] = ()  # what it asks or promises, each as the line of a reply that would keep it
    plan: str | None = None
    plan_due: date | None = None
    planned_at: datetime | None = None
    done_at: datetime | None = None
    state: Literal["filed", "planned", "done", "dropped"] = "filed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What the owner is after; `mentor` is None for a goal that serves every meeting."""

    id: int
    text: str
    mentor: str | None = None
    due: date | None = None
    state: Literal["open", "done", "dropped"] = "open"
    created_at: datetime
    done_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Thanks:
    """One concrete thing that helped, in the owner's words, to be named in a thank-you note."""

    id: int
    text: str
    mentor: str
    meeting: str | None = None
    created_at: datetime
    used: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """The owner's own words below the commands of a reply: kept for the owner, private always."""

    id: int
    text: str
    mentor: str | None = None
    about: str = ""  # the key of the note it answered
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Contact with a person: a meeting that was held, mail in either direction, or what only the owner can tell of.

    `talked` is a call, a text or a word in the corridor, which neither calendar nor mail knows.
    """

    mentor: str
    at: datetime
    kind: Literal["meeting", "mail from", "mail to", "talked"]
