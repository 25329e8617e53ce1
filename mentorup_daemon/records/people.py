"""The owner, and the people the owner meets: mentors, candidates, mentees."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Role = Literal["mentor", "candidate", "mentee"]
Distance = Literal["peer", "step-ahead", "senior"]
Channel = Literal["email", "phone", "text", "video", "in person"]

_TITLES = frozenset("dr prof professor mr mrs ms mx sir dame frau herr pd med phd".split())


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """When somebody works, the owner or a mentor: minutes since local midnight, `opens` <= t < `closes` (at most 1440).

    The owner is written to within theirs; meetings are proposed within both.

    `days` are weekdays, Monday 0. 00:00-24:00 means always, whatever the days say (contract: "always").
    """

    opens: int = 8 * 60
    closes: int = 18 * 60
    days: frozenset[int] = frozenset(range(5))

    @property
    def always(self) -> bool:
        """True when there are no quiet hours at all."""
        return self.opens == 0 and self.closes == 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The person MentorUp works for, and the only one it writes to."""

    name: str
    email: str
    aliases: tuple[str, ...] = ()
    timezone: str = "UTC"
    hours: WorkingHours = field(default_factory=WorkingHours)
    action_item_cap: int = 12

    @property
    def zone(self) -> ZoneInfo:
        """The owner's IANA time zone."""
        return ZoneInfo(self.timezone)

    @property
    def addresses(self) -> frozenset[str]:
        """All addresses that are the owner, lower case."""
        return frozenset(address.lower() for address in (self.email, *self.aliases))

    @property
    def domain(self) -> str:
        """The domain of the owner's address, for Message-IDs and the List-Id."""
        return self.email.rpartition("@")[2].lower() or "localhost"

    @property
    def given_name(self) -> str:
        """How the owner signs: the first name."""
        return given_name(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mentor:
    """A person the owner meets: a mentor, a candidate for one, or a mentee of the owner's."""

    id: str
    name: str
    emails: tuple[str, ...] = ()
    role: Role = "mentor"
    support: tuple[str, ...] = ()
    distance: Distance | None = None
    cadence: timedelta | None = None
    channel: Channel = "email"
    timezone: str = ""
    hours: WorkingHours = WorkingHours(opens=9 * 60, closes=17 * 60)
    away: tuple[tuple[date, date], ...] = ()  # holidays: first and last day, on the person's own calendar
    topics: tuple[str, ...] = ()
    agenda_lead_time: timedelta | None = None

    def zone(self, owner: Owner) -> ZoneInfo:
        """The person's own time zone; the owner's where theirs isn't known."""
        return ZoneInfo(self.timezone) if self.timezone else owner.zone

    def away_until(self, day: date) -> date | None:
        """The first day on which a person who is away on `day` is back; None for one who isn't away."""
        back = day
        for first, last in sorted(self.away):
            if first <= back <= last:
                back = last + timedelta(days=1)
        return back if back > day else None

    @property
    def addresses(self) -> frozenset[str]:
        """The person's addresses, lower case."""
        return frozenset(address.lower() for address in self.emails)

    @property
    def given_name(self) -> str:
        """The first name, titles left out: `Ana` for `Dr. Ana Ortiz`."""
        return given_name(self.name)

    def allows(self, text: str) -> bool:
        """True when the allow-list is empty or one of its entries stands in the text, as a word, in any case (C25)."""
        if not self.topics:
            return True
        folded = " ".join(text.casefold().split())
        wanted = (" ".join(entry.casefold().split()) for entry in self.topics)
        return any(entry and re.search(rf"(?<!\w){re.escape(entry)}(?!\w)", folded) for entry in wanted)


FOR_GOOD = datetime(9999, 1, 1, tzinfo=UTC)
"""Later than anything falls due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonState:
    """What the owner has said of the schedules of one person: PAUSE, CLOSE, RESUME. `since` is when it was said.

    `paused_until` is None for a pause that lasts until RESUME. A person without a state is active, and always was.
    """

    mentor: str
    state: Literal["active", "paused", "closed"] = "active"
    since: datetime
    paused_until: datetime | None = None

    @property
    def quiet_until(self) -> datetime:
        """What fell due before this moment is not chased; after a RESUME that is the moment of the RESUME."""
        if self.state == "active":
            return self.since
        return self.paused_until or FOR_GOOD if self.state == "paused" else FOR_GOOD


def given_name(name: str) -> str:
    """The first word of a name that is no title; the whole name when there is none."""
    for word in name.split():
        if word.rstrip(".").lower() not in _TITLES:
            return word.rstrip(",")
    return name


def short_names(name: str) -> Iterator[str]:
    """Ids for a person, the nicest first: ana, ana-2, ana-3, ..."""
    plain = unicodedata.normalize("NFKD", given_name(name)).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain)
    first = words[0][:60] if words and words[0] != "me" else "mentor"
    yield first
    yield from (f"{first}-{number}" for number in range(2, 1000))
