"""Occurrences of calendar events (RFC 5545), and those of them that are mentoring meetings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import quote

Status = Literal["confirmed", "tentative", "cancelled", "declined"]
RecognisedBy = Literal["attendee", "category", "title"]


def key_part(text: str) -> str:
    """One part of a key: percent-encoded where it could be taken for something else (`/`, blanks, controls)."""
    return quote(text, safe="@.-_:+=,")


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One occurrence of an event: what `events.expand` returns.

    `start` and `end` are aware, in the zone the event names (the owner's zone for floating times and all-day events,
    which run from local midnight to local midnight). `recurrence_id` is "" for an event that does not recur, else the
    original start in UTC as `20261203T220000Z` (`20261203` for all-day, `20261203T140000` for floating times), so
    that identity survives moves (RFC 5545 3.8.4.4). Addresses are lower case, without `mailto:`.
    """

    uid: str
    recurrence_id: str = ""
    start: datetime
    end: datetime
    all_day: bool = False
    status: Status = "confirmed"
    title: str = ""
    description: str = ""
    location: str = ""
    categories: tuple[str, ...] = ()
    organizer: str = ""
    attendees: tuple[str, ...] = ()
    transparent: bool = False
    private: bool = False
    zone_note: str = ""  # said in the note when a zone was unknown and the owner's was taken instead
    reminder: bool = False  # an entry that MentorUp itself wrote


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """A mentoring meeting: an occurrence that was recognised, and whose it is.

    `key` is `UID` or `UID/RECURRENCE-ID`, each percent-encoded. `mentor` is the id of the person it is prepared for,
    `also` further people of ours who take part. `seen_at` is when it was first seen in the calendar, `gone_at` when it
    was found to be in it no more, nor anything in its place under its key; None where that isn't known or isn't so.
    """

    key: str
    uid: str
    recurrence_id: str = ""
    mentor: str
    also: tuple[str, ...] = ()
    title: str
    start: datetime
    end: datetime
    all_day: bool = False
    status: Status = "confirmed"
    recognised_by: RecognisedBy
    location: str = ""
    calendar: str = ""
    href: str = ""
    zone_note: str = ""
    seen_at: datetime | None = None
    gone_at: datetime | None = None

    @property
    def length(self) -> timedelta:
        """How long it lasts, in real time (DST changes inside it counted)."""
        return timedelta(seconds=self.end.timestamp() - self.start.timestamp())

    @property
    def minutes(self) -> int:
        """The length in whole minutes."""
        return max(0, int(self.length.total_seconds() // 60))

    @property
    def on(self) -> bool:
        """True while it is meant to take place: neither cancelled nor declined by the owner."""
        return self.status in ("confirmed", "tentative")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """What makes an event a mentoring meeting: any one of these ([recognition] in the config)."""

    attendees: bool = True
    categories: tuple[str, ...] = ("mentoring",)
    titles: tuple[str, ...] = (r"(?i)\bmentor",)
