"""The pitfalls of calendars (D01 to D11) that are about servers, each on Radicale, Xandikos and Cyrus."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mentorup_daemon.calendars import Calendars
from mentorup_daemon.errors import Unavailable
from mentorup_daemon.events import expand
from mentorup_daemon.service import calendar_in
from mentorup_daemon.service.tend import CALDAV, IMAP, tend
from mentorup_daemon.store import mail
from tests.contract.test_calendars import Follower, account
from tests.servers.caldav import CalDavServer
from tests.servers.counting import Counting
from tests.servers.imap import Mailserver
from tests.servers.world import ANA, LONG_AGO, MONDAY, SAM, ZONE, World, body
from tests.servers.world import event as meeting

TUESDAY = MONDAY + timedelta(days=1, hours=5)

LOS_ANGELES = """BEGIN:VTIMEZONE
TZID:America/Los_Angeles
BEGIN:DAYLIGHT
TZOFFSETFROM:-0800
TZOFFSETTO:-0700
TZNAME:PDT
DTSTART:20070311T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:-0700
TZOFFSETTO:-0800
TZNAME:PST
DTSTART:20071104T020000
RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU
END:STANDARD
END:VTIMEZONE
"""


def calendar(*events: str, zone: str = "") -> str:
    """A calendar of events given by their lines."""
    bodies = [
        f"BEGIN:VEVENT\nUID:m\nDTSTAMP:20261101T000000Z\nSUMMARY:Ana\n{event.strip()}\nEND:VEVENT\n" for event in events
    ]
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//EN\n{zone}{''.join(bodies)}END:VCALENDAR\n"
    return text.replace("\n", "\r\n")


def occurrences(text: str) -> list[tuple[str, str, str]]:
    """Recurrence-id, local start and status of all occurrences of half a year."""
    window = (datetime(2026, 9, 1, tzinfo=UTC), datetime(2027, 4, 1, tzinfo=UTC))
    found = expand(text, zone=ZONE, start=window[0], end=window[1], owner_addresses={SAM})
    assert found.faults == ()
    return [(one.recurrence_id, f"{one.start.astimezone(ZONE):%d %b %H:%M}", one.status) for one in found.occurrences]


@pytest.fixture
def dav_world(pymap: Mailserver, caldav_server: CalDavServer, tmp_path: Path) -> Iterator[World]:
    """Sam's world with the calendar on each server."""
    made = World(pymap, caldav_server, tmp_path)
    yield made
    made.restart()


@pytest.fixture
def follower(caldav_server: CalDavServer) -> Iterator[Follower]:
    with Calendars(account(caldav_server)) as door:
        yield Follower(door, caldav_server.calendar_url)


def test_d01_a_server_that_stands_still_is_unavailable_and_found_when_it_goes_on(caldav_server: CalDavServer) -> None:
    with Calendars(replace(account(caldav_server), timeout=0.5)) as impatient:
        follower = Follower(impatient, caldav_server.calendar_url)
        caldav_server.signal(signal.SIGSTOP)
        try:
            with pytest.raises(Unavailable, match="in time"):
                follower.look()
        finally:
            caldav_server.signal(signal.SIGCONT)
    with Calendars(account(caldav_server)) as door:
        assert Follower(door, caldav_server.calendar_url).look().complete


def test_d03_d08_a_series_is_expanded_here_and_stays_at_its_hour(
    caldav_server: CalDavServer, counting: Counting
) -> None:
    weekly = """DTSTART;TZID=America/Los_Angeles:20261021T150000
DURATION:PT45M
RRULE:FREQ=WEEKLY;COUNT=4
EXDATE;TZID=America/Los_Angeles:20261028T150000"""
    counted = counting(caldav_server)
    counted.server.put_event("m", calendar(weekly, zone=LOS_ANGELES))
    with Calendars(account(counted.server)) as door:
        follower = Follower(door, counted.server.calendar_url)
        follower.look()
    [text] = follower.texts.values()
    assert [start for _, start, _ in occurrences(text)] == ["21 Oct 15:00", "04 Nov 15:00", "11 Nov 15:00"]
    assert not any("expand" in seen.body for seen in counted.fake.requests)


def test_d07_a_series_comes_through_each_server_with_all_that_is_said_of_it(
    caldav_server: CalDavServer, follower: Follower
) -> None:
    series = "DTSTART:20261201T220000Z\nDURATION:PT45M\nRRULE:FREQ=WEEKLY;COUNT=8\nEXDATE:20261208T220000Z"
    moved = "RECURRENCE-ID:20261215T220000Z\nDTSTART:20261216T170000Z\nDURATION:PT1H"
    off = "RECURRENCE-ID:20261222T220000Z\nDTSTART:20261222T220000Z\nDURATION:PT45M\nSTATUS:CANCELLED"
    onwards = "RECURRENCE-ID;RANGE=THISANDFUTURE:20270105T220000Z\nDTSTART:20270105T230000Z\nDURATION:PT45M"
    caldav_server.put_event("m", calendar(series, moved, off, onwards))
    follower.look()
    [text] = follower.texts.values()
    assert occurrences(text) == [
        ("20261201T220000Z", "01 Dec 14:00", "confirmed"),
        ("20261215T220000Z", "16 Dec 09:00", "confirmed"),
        ("20261222T220000Z", "22 Dec 14:00", "cancelled"),
        ("20261229T220000Z", "29 Dec 14:00", "confirmed"),
        ("20270105T220000Z", "05 Jan 15:00", "confirmed"),
        ("20270112T220000Z", "12 Jan 15:00", "confirmed"),
        ("20270119T220000Z", "19 Jan 15:00", "confirmed"),
    ]


def test_d04_a_calendar_that_lost_most_of_its_events_is_not_believed_for_an_hour(dav_world: World) -> None:
    world = dav_world
    for number in range(12):
        world.meet(f"m{number}", TUESDAY + timedelta(days=number))
    world.tend()
    for number in range(10):
        world.dav.delete_event(f"m{number}")
    for _ in range(3):
        world.now += timedelta(minutes=15)
        world.tend()
        assert all(one.on for one in world.records().meetings)
    world.now += timedelta(minutes=30)
    world.tend()
    assert sum(one.on for one in world.records().meetings) == 2


@pytest.mark.parametrize("restored", [True, False])
def test_d04_d09_nothing_is_written_about_a_meeting_whose_calendar_is_suddenly_empty(
    dav_world: World, restored: bool
) -> None:
    world = dav_world
    world.acquaint()
    for number in range(3):
        world.meet(f"m{number}", TUESDAY + timedelta(days=2 + 7 * number))
    world.tend()
    for uid in ("m0", "m1", "m2", LONG_AGO):
        world.dav.delete_event(uid)
    world.now = TUESDAY + timedelta(hours=2)  # the agenda is due, and the calendar not polled yet
    assert tend(world.account, world.now, look={IMAP}).failures == {}
    assert (world.notes, world.drafts) == ([], [])
    assert all(one.on for one in world.records().meetings)
    if restored:
        for number in range(3):
            world.meet(f"m{number}", TUESDAY + timedelta(days=2 + 7 * number))
    for _ in range(2):
        world.now += timedelta(minutes=31)
        world.tend()
    assert len(world.notes) == len(world.drafts) == int(restored)
    assert [one.on for one in world.records().meetings if one.uid != LONG_AGO] == [restored] * 3


@pytest.mark.parametrize(
    "bad",
    [
        "DTSTART:20261201T220000Z\nDURATION:PT45M\nRRULE:FREQ=SECONDLY",
        "DTSTART:19900101T220000Z\nDURATION:PT45M\nRRULE:FREQ=MINUTELY;INTERVAL=7",
        "DTSTART:20261201T220000Z\nDTEND:20261101T220000Z",
        "DTSTART;TZID=Mars/Olympus:20261201T140000\nDURATION:PT45M",
    ],
    ids=["every second", "every seventh minute since 1990", "ends before it starts", "zone unknown"],
)
def test_d05_d06_an_event_that_breaks_costs_at_most_itself(dav_world: World, bad: str) -> None:
    world = dav_world
    world.meet("good", TUESDAY)
    text = calendar(f"{bad}\nATTENDEE:mailto:{ANA}").replace("UID:m\r\n", "UID:bad\r\n")
    with suppress(AssertionError):  # the server may not take it in, which is the best that it can do
        world.dav.put_event("bad", text)
    world.tend()
    assert "good" in {one.uid for one in world.records().meetings if one.on}
    assert len(world.records().meetings) < 10
    with world.account.store.reading() as scope:
        first = mail.quarantined(scope)
    world.now += timedelta(minutes=5)
    world.meet("good", TUESDAY + timedelta(hours=1))
    world.tend()
    assert [one.start for one in world.records().meetings if one.uid == "good"] == [TUESDAY + timedelta(hours=1)]
    with world.account.store.reading() as scope:
        assert mail.quarantined(scope) == first


def test_d09_the_event_is_read_again_just_before_its_note(dav_world: World) -> None:
    world = dav_world
    world.acquaint()
    world.meet("moved", TUESDAY + timedelta(days=2))
    world.meet("off", TUESDAY + timedelta(days=2, hours=2), title="Ana again")
    world.tend()
    assert world.notes == []
    world.meet("moved", TUESDAY + timedelta(days=2, hours=1))
    world.dav.delete_event("off")
    world.now = TUESDAY + timedelta(hours=3)
    assert tend(world.account, world.now, look={IMAP}).failures == {}  # between two polls of the calendar
    [note] = world.notes
    assert "Thursday 3 December, 15:00" in body(note)
    [draft] = world.drafts
    assert draft["Subject"] == "Thursday, 15:00"


def test_d09_what_was_asked_a_moment_ago_in_the_same_pass_is_not_asked_again(
    pymap: Mailserver, caldav_server: CalDavServer, counting: Counting, tmp_path: Path
) -> None:
    counted = counting(caldav_server)
    world = World(pymap, counted.server, tmp_path)
    world.acquaint()
    world.tend()
    world.meet("m", MONDAY + timedelta(hours=30))
    counted.begin()
    world.tend()
    assert (len(world.notes), len(world.drafts)) == (1, 1)
    world.restart()
    assert "GET" not in counted.methods


def test_d09_an_event_that_was_read_long_ago_in_the_same_pass_is_read_again(
    dav_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = dav_world
    world.acquaint()
    world.tend()
    world.meet("m", TUESDAY + timedelta(hours=6))

    def moved_meanwhile(step: str) -> None:
        if step == "calendar kept":
            world.meet("m", TUESDAY + timedelta(hours=7))
            monkeypatch.setattr(calendar_in, "_JUST_NOW", 0.0)

    world.tend(step=moved_meanwhile)
    [draft] = world.drafts
    assert draft["Subject"] == "Tuesday, 21:00"


def test_d10_a_whole_day_with_a_meeting_writes_nothing_into_the_calendar(
    pymap: Mailserver, caldav_server: CalDavServer, counting: Counting, tmp_path: Path
) -> None:
    counted = counting(caldav_server)
    world = World(pymap, counted.server, tmp_path)
    world.meet("m", TUESDAY)
    counted.begin()
    for hours in (0, 6, 30, 34, 54):
        world.now = MONDAY + timedelta(hours=hours)
        world.tend()
    world.restart()
    assert len(world.notes) > 1
    assert set(counted.methods) <= {"PROPFIND", "REPORT", "GET"}


def test_d11_tentative_private_transparent_and_declined_meetings_are_treated_as_stated(dav_world: World) -> None:
    world = dav_world
    world.meet("tentative", TUESDAY, title="Talk", extra="STATUS:TENTATIVE")
    world.meet("private", TUESDAY + timedelta(days=7), title="My divorce", extra="CLASS:PRIVATE")
    world.meet("free", TUESDAY + timedelta(days=14), title="Lunch", extra="TRANSP:TRANSPARENT")
    declined = meeting("declined", TUESDAY + timedelta(days=21)).replace(
        f"ORGANIZER:mailto:{SAM}", f"ORGANIZER:mailto:{ANA}"
    )
    world.dav.put_event("declined", declined.replace(f"ACCEPTED:mailto:{SAM}", f"DECLINED:mailto:{SAM}"))
    assert tend(world.account, world.now, look={CALDAV, IMAP}).failures == {}
    found = {one.uid: one for one in world.records().meetings}
    assert {uid: one.status for uid, one in found.items()} == {
        "tentative": "tentative",
        "private": "confirmed",
        "free": "confirmed",
        "declined": "declined",
    }
    assert "divorce" not in found["private"].title
    [note] = world.notes
    assert "The time is still tentative in your calendar." in " ".join(body(note).split())
