"""What the service knows about one letter that the records don't say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

DraftState = Literal["fresh", "edited", "gone", "none"]
"""Where the draft for a meeting stands: as we wrote it; changed by the owner; sent or removed; never written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """One writing of one letter.

    `thread` is the Message-ID under which all notes about the same thing hang, "" for none. `moved_from` is the start
    that the revision before told, where the meeting has another one now. `openings` are times that a draft can propose.
    """

    message_id: str
    thread: str = ""
    draft_state: DraftState = "none"
    moved_from: datetime | None = None
    openings: tuple[datetime, ...] = ()
