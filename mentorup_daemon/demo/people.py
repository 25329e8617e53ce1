"""Sam's world, all of it made up: the people, the calendar, the records Sam begins with, the mails that others write.

Nothing here happens; `story.py` says when. Addresses are those reserved for examples (RFC 2606).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import icalendar
import tomli_w

from mentorup_daemon.records import Goal, Topic

ZONE = ZoneInfo("America/Los_Angeles")
SAM, ANA, BEN = "sam@example.org", "ana@example.edu", "ben@example.net"
NAMES = {SAM: "Sam Rivera", ANA: "Ana Ortiz", BEN: "Ben Lindqvist"}
FIRST_DAY = date(2026, 11, 30)
"""A Monday; the quarter's check-in on 1 January lies a month ahead."""


def at(day: int, month: int, clock: str) -> datetime:
    """A moment of the story, as Sam's clock shows it."""
    hour, minute = map(int, clock.split(":"))
    year = FIRST_DAY.year + (month < FIRST_DAY.month)
    return datetime(year, month, day, hour, minute, tzinfo=ZONE)


def config(*, imap_port: int, calendar_root: str, password_file: Path, database: Path) -> str:
    """The config file, TOML. It names where the password is kept, as any other would."""
    password = {"file": str(password_file)}
    settings: dict[str, object] = {
        "owner": {"name": NAMES[SAM], "email": SAM, "timezone": ZONE.key},
        "imap": {
            "host": "127.0.0.1",
            "port": imap_port,
            "security": "none",
            "username": SAM,
            "password": password,
        },
        "caldav": {"url": calendar_root, "username": SAM, "password": password},
        "mentors": [
            {
                "id": "ana",
                "name": NAMES[ANA],
                "emails": [ANA],
                "support": ["research advisor"],
                "distance": "senior",
                "cadence": "60d",
            },
            {
                "id": "ben",
                "name": NAMES[BEN],
                "emails": [BEN],
                "support": ["career"],
                "distance": "step-ahead",
                "cadence": "60d",
                "channel": "video",
            },
        ],
        "store": {"url": f"sqlite:///{database}"},
    }
    return tomli_w.dumps(settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event of Sam's calendar. `counts_not` says why it is no mentoring meeting, "" for one that is."""

    uid: str
    title: str
    start: datetime
    minutes: int
    people: tuple[str, ...] = ()
    category: str = ""
    rule: dict[str, str] = field(default_factory=dict)
    counts_not: str = ""

    def ics(self) -> str:
        """The event as a calendar program writes it (RFC 5545)."""
        event = icalendar.Event()
        event.add("uid", self.uid)
        event.add("dtstamp", datetime(2026, 11, 20, 9, 0, tzinfo=ZoneInfo("UTC")))
        event.add("dtstart", self.start)
        event.add("dtend", self.start + timedelta(minutes=self.minutes))
        event.add("summary", self.title)
        if self.category:
            event.add("categories", [self.category])
        if self.rule:
            event.add("rrule", self.rule)
        if self.people:
            event.add("organizer", f"mailto:{SAM}")
        for address in self.people:
            event.add("attendee", f"mailto:{address}", parameters={"PARTSTAT": "ACCEPTED"})
        calendar = icalendar.Calendar()
        calendar.add("version", "2.0")
        calendar.add("prodid", "-//made up//demo//EN")
        calendar.add_component(event)
        calendar.add_missing_timezones()
        return str(calendar.to_ical(), "utf-8")


BEN_IN_DECEMBER = Event(
    uid="coffee-with-ben",
    title="Coffee with Ben",
    start=at(8, 12, "12:30"),
    minutes=30,
    category="Mentoring",
)

CALENDAR = (
    Event(
        uid="plans",
        title="Plans for the year",
        start=datetime(2026, 9, 10, 15, 0, tzinfo=ZONE),
        minutes=60,
        people=(SAM, ANA, BEN),
    ),
    Event(
        uid="ana-monthly",
        title="Ana / Sam",
        start=at(3, 12, "14:00"),
        minutes=45,
        people=(SAM, ANA),
        rule={"FREQ": "MONTHLY", "BYDAY": "1TH"},
    ),
    BEN_IN_DECEMBER,
    Event(uid="lunch-with-ben", title="Mentor lunch: Ben", start=at(21, 1, "12:00"), minutes=60),
    Event(
        uid="lab-meeting",
        title="Lab meeting",
        start=at(1, 12, "10:00"),
        minutes=60,
        people=(SAM, "lab@example.edu"),
        rule={"FREQ": "WEEKLY"},
        counts_not="no mentor among the people, nothing about mentoring in the title",
    ),
    Event(
        uid="programme",
        title="Mentoring programme: evening for newcomers",
        start=at(10, 12, "17:30"),
        minutes=90,
        counts_not="the title sounds like it, but doesn't say with whom",
    ),
    Event(
        uid="dentist",
        title="Dentist",
        start=at(4, 12, "08:30"),
        minutes=30,
        counts_not="your own business",
    ),
)

GOAL = Goal(
    id=0,
    text="submit the K award application",
    mentor="ana",
    due=date(2027, 2, 12),
    created_at=at(30, 11, "08:30"),
)
TOPIC = Topic(
    id=0,
    text="Postdoc or industry: what tipped it for you?",
    mentor="ben",
    minutes=15,
    created_at=at(30, 11, "08:30"),
)
"""What Sam has told the command line before the story begins."""

ANA_ANSWERS = """\
Dear Sam,

cut the second cohort from aim 2, you can't power it.
On the K award, bring the reviewers' comments and we decide together.

See you Thursday,
Ana
"""
ANA_SIGNS = "-- \nAna Ortiz\nProfessor of Epidemiology\n"

BEN_WRITES = """\
Hi Sam,

I forgot to say it over coffee: put your name on the methods paper.
People remember who wrote it down first.

Ben
"""
