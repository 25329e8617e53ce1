"""What lies in the mailbox when a calendar changes its mind: a table, one row for each way in which it does.

Every story begins on a Monday at nine with a meeting the next day at two, whose agenda has been written, unless it says
otherwise. The mailbox beside it is what Sam should find then: all notes but the welcome, and all drafts, with the words
that make the difference. A look more, and a restart, change nothing of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from mentorup_daemon.service.tend import EVERYWHERE, tend
from tests.servers.world import ANA, BEN, LONG_AGO, MONDAY, SAM, World, body, event

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
TUESDAY = MONDAY + DAY + 5 * HOUR
WEEKLY = "FREQ=WEEKLY;COUNT=4"

Step = Callable[[World], None]
Mailbox = tuple[tuple[str, str, str], ...]
"""Place, what the subject reads like, what stands in it."""


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    story: tuple[Step, ...]
    mailbox: Mailbox


def look(world: World) -> None:
    world.now += timedelta(minutes=5)
    world.tend()


def later(time: timedelta) -> Step:
    def step(world: World) -> None:
        world.now += time
        world.tend()

    return step


def meets(start: datetime = TUESDAY, uid: str = "m", **facts: str) -> Step:
    return lambda world: world.dav.put_event(uid, event(uid, start, **facts)) and None  # type: ignore[arg-type]


def repeats(start: datetime = TUESDAY, *overrides: str, uid: str = "m", rule: str = WEEKLY, extra: str = "") -> Step:
    series = event(uid, start, rule=rule, extra=extra)
    text = series.replace("END:VCALENDAR", "".join(overrides) + "END:VCALENDAR")
    return lambda world: world.dav.put_event(uid, text) and None


def instead(of: datetime, start: datetime, parameter: str = "", extra: str = "") -> str:
    """An override of one occurrence, or with RANGE of all from it on (RFC 5545 3.8.4.4)."""
    text = event("m", start, extra=f"RECURRENCE-ID{parameter}:{utc(of)}\n{extra}")
    return text[text.index("BEGIN:VEVENT") : text.index("END:VCALENDAR")]


def utc(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def deletes(uid: str = "m") -> Step:
    return lambda world: world.dav.delete_event(uid)


def answers(partstat: str) -> Step:
    """Sam answers an invitation of Ana's."""
    text = event("m", TUESDAY).replace(f"ORGANIZER:mailto:{SAM}", f"ORGANIZER:mailto:{ANA}")
    answered = text.replace(f"PARTSTAT=ACCEPTED:mailto:{SAM}", f"PARTSTAT={partstat}:mailto:{SAM}")
    return lambda world: world.dav.put_event("m", answered) and None


def edits(world: World) -> None:
    """Sam changes the draft; a mail program saves it as a new message for the old one."""
    folder = world.drafts_folder
    [(uid, _, raw)] = world.mail.messages(folder)
    with world.mail.client() as client:
        client.select_folder(folder)
        client.delete_messages([uid])
        client.expunge()
        client.append(folder, raw.replace(b"Dear Ana", b"Dearest Ana", 1), [r"\Draft"])


def takes_all(world: World) -> None:
    """No calendar is named in the config: all of them are taken."""
    world.changes["caldav"] = {"calendars": []}


def by_name(world: World) -> None:
    world.changes["caldav"] = {"calendars": ["Work"]}


def renamed(world: World) -> None:
    name = '<d:set><d:prop><d:displayname xmlns:d="DAV:">Office</d:displayname></d:prop></d:set>'
    update = f'<d:propertyupdate xmlns:d="DAV:">{name}</d:propertyupdate>'
    world.dav.request("PROPPATCH", world.dav.calendar_url, update, {"Content-Type": "text/xml"})


def moves_into_another_calendar(world: World) -> None:
    world.dav.delete_event("m")
    world.dav.put_event("m", event("m", TUESDAY), world.dav.make_calendar("Other"))


def calendar_is_deleted(world: World) -> None:
    world.dav.make_calendar("Other")
    world.dav.remove(world.dav.calendar_url)


def a_day_later_it_is_looked_for(world: World) -> None:
    """The day's one question for the calendars; it fails, for the name that the config has is gone."""
    world.now += DAY
    failures = tend(world.account, world.now, look=EVERYWHERE).failures
    assert "the calendar 'Work'" in str(failures["caldav"])


FOUR = tuple(meets(TUESDAY + number * WEEK, f"m{number}") for number in range(4))
EMPTIED = tuple(deletes(uid) for uid in ("m0", "m1", "m2", "m3", LONG_AGO))
ASKED = ("Inbox", "Ana tomorrow: what do you want to ask?", "tomorrow, 14:00")
DRAFT = ("Drafts", "Tuesday, 14:00", "Dear Ana,")
OWN = ("Drafts", "Tuesday, 14:00", "Dearest Ana,")
NOW_AT_THREE = (
    ("Inbox", "Ana, now tomorrow: what do you want to ask?", "tomorrow, 15:00, 45 minutes (it was Tuesday 1 December"),
    ("Drafts", "Tuesday, 15:00", "Dear Ana,"),
)
OFF = ("Inbox", "Ana tomorrow is off", "is no longer in your calendar")
CALLED_OFF = ("Inbox", "Ana tomorrow is off", "has been cancelled")
LATER = ("Inbox", "Ana, now on Tuesday 15 December, 14:00", "I took my draft back")

TABLE = (
    # moved
    Row("moved once", (meets(), look, meets(TUESDAY + HOUR), look), NOW_AT_THREE),
    Row(
        "moved twice",
        (meets(), look, meets(TUESDAY + 2 * HOUR), look, meets(TUESDAY + HOUR), look),
        (
            ("Inbox", "Ana, now tomorrow: what do you want to ask?", "tomorrow, 15:00"),
            ("Drafts", "Tuesday, 15:00", "Dear Ana,"),
        ),
    ),
    Row(
        "moved twice between two looks",
        (meets(), look, meets(TUESDAY + 2 * HOUR), meets(TUESDAY + HOUR), look),
        NOW_AT_THREE,
    ),
    Row("moved and back between two looks", (meets(), look, meets(TUESDAY + HOUR), meets(), look), (ASKED, DRAFT)),
    Row(
        "moved before its agenda was written",
        (meets(TUESDAY + DAY), look, meets(TUESDAY + DAY + HOUR), look, later(6 * HOUR)),
        (
            ("Inbox", "Ana on Wednesday: what do you want to ask?", "Wednesday 2 December, 15:00, 45 minutes. Reply"),
            ("Drafts", "Wednesday, 15:00", "Dear Ana,"),
        ),
    ),
    Row("moved nearer, before its agenda was written", (meets(TUESDAY + 9 * DAY), look, meets(), look), (ASKED, DRAFT)),
    Row("moved far away after its agenda was written", (meets(), look, meets(TUESDAY + 2 * WEEK), look), (LATER,)),
    Row(
        "moved far away twice",
        (meets(), look, meets(TUESDAY + 2 * WEEK), look, meets(TUESDAY + 3 * WEEK), look),
        (("Inbox", "Ana, now on Tuesday 22 December, 14:00", "I took my draft back"),),
    ),
    Row("moved far away and back", (meets(), look, meets(TUESDAY + 2 * WEEK), look, meets(), look), (ASKED, DRAFT)),
    Row(
        "moved into the past",
        (meets(), look, meets(MONDAY - 3 * DAY), look),
        (("Inbox", "Ana, now on Friday 27 November, 09:00", "which is over"),),
    ),
    Row(
        "moved into the past before its agenda was written",
        (meets(TUESDAY + 9 * DAY), look, meets(MONDAY - 3 * DAY), look),
        (),
    ),
    # a series
    Row(
        "one occurrence moved",
        (repeats(), look, repeats(TUESDAY, instead(TUESDAY, TUESDAY + HOUR)), look),
        NOW_AT_THREE,
    ),
    Row(
        "another occurrence moved",
        (repeats(), look, repeats(TUESDAY, instead(TUESDAY + WEEK, TUESDAY + WEEK + HOUR)), look),
        (ASKED, DRAFT),
    ),
    Row("the series moved by an hour", (repeats(), look, repeats(TUESDAY + HOUR), look), NOW_AT_THREE),
    Row(
        "the series moved by a day",
        (repeats(), look, repeats(TUESDAY + DAY), look),
        (("Inbox", "Ana, now on Wednesday, 14:00", "has moved: it is now on Wednesday 2 December, 14:00"),),
    ),
    Row(
        "split by THISANDFUTURE",
        (
            repeats(TUESDAY - WEEK),
            look,
            repeats(TUESDAY - WEEK, instead(TUESDAY, TUESDAY + HOUR, ";RANGE=THISANDFUTURE")),
            look,
        ),
        NOW_AT_THREE,
    ),
    Row(
        "split into two series",
        (
            repeats(TUESDAY - WEEK),
            look,
            repeats(TUESDAY - WEEK, rule="FREQ=WEEKLY;COUNT=1"),
            repeats(TUESDAY + HOUR, uid="m2", rule="FREQ=WEEKLY;COUNT=3"),
            look,
        ),
        NOW_AT_THREE,
    ),
    # cancelled, and back
    Row("cancelled by STATUS", (meets(), look, meets(extra="STATUS:CANCELLED"), look), (CALLED_OFF,)),
    Row(
        "one occurrence cancelled by STATUS",
        (repeats(), look, repeats(TUESDAY, instead(TUESDAY, TUESDAY, extra="STATUS:CANCELLED")), look),
        (CALLED_OFF,),
    ),
    Row("cancelled by EXDATE", (repeats(), look, repeats(extra=f"EXDATE:{utc(TUESDAY)}"), look), (OFF,)),
    Row("cancelled by deletion", (meets(), look, deletes(), look), (OFF,)),
    Row("deleted before its agenda was written", (meets(TUESDAY + 9 * DAY), look, deletes(), look), ()),
    Row(
        "deleted, and put in anew under another name",
        (meets(), look, deletes(), meets(TUESDAY + HOUR, "n"), look),
        NOW_AT_THREE,
    ),
    Row(
        "declined by the owner",
        (answers("ACCEPTED"), look, answers("DECLINED"), look),
        (("Inbox", "Ana tomorrow is off", "You declined the meeting"),),
    ),
    Row("declined, then accepted", (answers("DECLINED"), look, answers("ACCEPTED"), look), (ASKED, DRAFT)),
    Row("revived after STATUS", (meets(), look, meets(extra="STATUS:CANCELLED"), look, meets(), look), (ASKED, DRAFT)),
    Row("revived after deletion", (meets(), look, deletes(), look, meets(), look), (ASKED, DRAFT)),
    Row(
        "revived at another time",
        (meets(), look, meets(extra="STATUS:CANCELLED"), look, meets(TUESDAY + HOUR), look),
        NOW_AT_THREE,
    ),
    # the people
    Row(
        "mentor added",
        (meets(title="Talk", attendee="kim@example.com"), look, meets(title="Talk"), look),
        (ASKED, DRAFT),
    ),
    Row("mentor removed", (meets(title="Talk"), look, meets(title="Talk", attendee="kim@example.com"), look), (OFF,)),
    Row(
        "one mentor in another's place",
        (meets(title="Talk"), look, meets(title="Talk", attendee=BEN), look),
        (
            ("Inbox", "Ben tomorrow: what do you want to ask?", "Ben Lindqvist tomorrow, 14:00"),
            OFF,
            ("Drafts", "Tuesday, 14:00", "Dear Ben,"),
        ),
    ),
    Row(
        "a second mentor added",
        (meets(), look, meets(extra=f"ATTENDEE:mailto:{BEN}"), look),
        (("Inbox", "Ana tomorrow: what do you want to ask?", "With you: Ben Lindqvist."), DRAFT),
    ),
    Row(
        "the second mentor removed",
        (meets(extra=f"ATTENDEE:mailto:{BEN}"), look, meets(), look),
        (ASKED, DRAFT),
    ),
    # the calendar
    Row(
        "the event moved into another calendar",
        (takes_all, meets(), look, moves_into_another_calendar, later(HOUR)),
        (ASKED, DRAFT),
    ),
    Row("calendar renamed where all are taken", (takes_all, meets(), look, renamed, later(2 * HOUR)), (ASKED, DRAFT)),
    Row(
        "calendar renamed that is taken by name",
        (by_name, meets(TUESDAY + DAY), look, renamed, a_day_later_it_is_looked_for),
        (
            ("Inbox", "the calendar 'Work'", "there are: 'Office'"),
            ("Inbox", "Ana tomorrow: what do you want to ask?", "tomorrow, 14:00"),
            ("Drafts", "Wednesday, 14:00", "Dear Ana,"),
        ),
    ),
    Row("calendar emptied", (*FOUR, look, *EMPTIED, look), (ASKED, DRAFT)),
    Row(
        "calendar emptied for more than an hour",
        (*FOUR, look, *EMPTIED, look, later(HOUR)),
        (OFF,),
    ),
    Row("calendar gone", (takes_all, meets(), look, calendar_is_deleted, look), (ASKED, DRAFT)),
    Row(
        "calendar gone for more than an hour",
        (takes_all, meets(), look, calendar_is_deleted, look, later(HOUR)),
        (OFF,),
    ),
    # a draft that Sam has made their own stays, and the note says so
    Row(
        "moved, the draft Sam's own",
        (meets(), look, edits, meets(TUESDAY + HOUR), look),
        (("Inbox", "Ana, now tomorrow: your own draft stands", "it still says Tuesday 14:00"), OWN),
    ),
    Row(
        "moved far away, the draft Sam's own",
        (meets(), look, edits, meets(TUESDAY + 2 * WEEK), look),
        (("Inbox", "Ana, now on Tuesday 15 December, 14:00", "it still says Tuesday 14:00"), OWN),
    ),
    Row(
        "moved into the past, the draft Sam's own",
        (meets(), look, edits, meets(MONDAY - 3 * DAY), look),
        (("Inbox", "Ana, now on Friday 27 November, 09:00", "Look at your draft for Ana: it is yours by now"), OWN),
    ),
    Row(
        "the series moved, the draft Sam's own",
        (repeats(), look, edits, repeats(TUESDAY + HOUR), look),
        (
            ("Inbox", "Ana, now tomorrow: what do you want to ask?", "tomorrow, 15:00"),
            ("Inbox", "Ana, now tomorrow, 15:00", "it still says Tuesday 14:00"),
            OWN,
            ("Drafts", "Tuesday, 15:00", "Dear Ana,"),
        ),
    ),
    Row(
        "deleted, the draft Sam's own",
        (meets(), look, edits, deletes(), look),
        (("Inbox", "Ana tomorrow is off", "it is yours by now, so I left it as it is"), OWN),
    ),
    Row(
        "mentor removed, the draft Sam's own",
        (meets(title="Talk"), look, edits, meets(title="Talk", attendee="kim@example.com"), look),
        (("Inbox", "Ana tomorrow is off", "it is yours by now, so I left it as it is"), OWN),
    ),
    Row(
        "calendar gone for more than an hour, the draft Sam's own",
        (takes_all, meets(), look, edits, calendar_is_deleted, look, later(HOUR)),
        (("Inbox", "Ana tomorrow is off", "it is yours by now, so I left it as it is"), OWN),
    ),
)

TELLING = (
    "moved once",
    "one occurrence moved",
    "the series moved by an hour",
    "split by THISANDFUTURE",
    "cancelled by EXDATE",
    "cancelled by deletion",
    "declined by the owner",
    "revived at another time",
    "mentor removed",
    "the event moved into another calendar",
    "calendar renamed where all are taken",
    "calendar emptied",
    "calendar gone for more than an hour",
    "deleted, the draft Sam's own",
)


def stands(world: World, mailbox: Mailbox) -> None:
    """The mailbox holds these and no others, in any order."""
    there = [("Inbox", note) for note in world.notes] + [("Drafts", draft) for draft in world.drafts]
    seen = [(place, str(message["Subject"]), " ".join(body(message).split())) for place, message in there]
    left = list(seen)
    for place, subject, words in mailbox:
        fits = [one for one in left if one[0] == place and re.fullmatch(f"{re.escape(subject)}.*", one[1])]
        fits = [one for one in fits if words in one[2]]
        assert fits, f"no {place}: {subject!r} with {words!r} among {seen}"
        left.remove(fits[0])
    assert left == []


def tell(world: World, row: Row) -> None:
    for step in row.story:
        step(world)
    stands(world, row.mailbox)
    world.restart()
    failures = tend(world.account, world.now, look=EVERYWHERE).failures
    assert set(failures) <= {"caldav"}
    stands(world, row.mailbox)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_c24_i22_the_calendar_changes_its_mind(light_world: World, row: Row) -> None:
    tell(light_world, row)


@pytest.mark.debian
@pytest.mark.parametrize("row", [row for row in TABLE if row.name in TELLING], ids=lambda row: row.name)
def test_c24_i22_the_calendar_changes_its_mind_on_cyrus(cyrus_world: World, row: Row) -> None:
    tell(cyrus_world, row)
