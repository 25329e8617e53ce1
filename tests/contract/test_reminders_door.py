"""The door to the calendar of reminders, on a server that answers as it is told (D10)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from mentorup_daemon.calendars import CalDavAccount, CalendarInfo, Conflict, Reminders
from mentorup_daemon.errors import ConfigError
from mentorup_daemon.service.tend import REMINDERS, tend
from mentorup_daemon.store import health
from tests.servers.fake_http import FakeHttp, Reply, Seen
from tests.servers.world import MONDAY, World

NEXT_WEEK = MONDAY + timedelta(days=10, hours=5)
ENTRY = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"


@pytest.fixture
def door(fake_http: FakeHttp) -> Iterator[tuple[Reminders, CalendarInfo]]:
    account = CalDavAccount(fake_http.url, "sam", lambda: "secret", timeout=5, reminders="Reminders")
    made = Reminders(account)
    yield made, CalendarInfo(f"{fake_http.url}cal/", "Reminders")
    made.close()


def test_d10_both_conflicts_are_one(fake_http: FakeHttp, door: tuple[Reminders, CalendarInfo]) -> None:
    reminders_door, calendar = door
    url = reminders_door.place(calendar, "a")
    tags = {"ETag": '"1"', "Schedule-Tag": '"s1"'}

    def script(seen: Seen) -> Reply:
        if seen.method == "GET":
            return Reply(200, ENTRY, tags)
        matches = (seen.headers.get("If-Match"), seen.headers.get("If-Schedule-Tag-Match")) == ('"1"', '"s1"')
        return Reply(204 if matches else 412)

    fake_http.script = script
    found = reminders_door.read(url)
    assert found is not None
    reminders_door.replace(url, ENTRY, found[0])
    for stale in (replace(found[0], etag='"0"'), replace(found[0], schedule_tag='"s0"')):
        with pytest.raises(Conflict):
            reminders_door.replace(url, ENTRY, stale)
        with pytest.raises(Conflict):
            reminders_door.remove(url, stale)


def test_d10_nothing_is_changed_on_a_server_that_names_no_version(
    fake_http: FakeHttp, door: tuple[Reminders, CalendarInfo]
) -> None:
    reminders_door, calendar = door
    fake_http.script = lambda seen: Reply(200, ENTRY) if seen.method == "GET" else Reply(412)
    found = reminders_door.read(reminders_door.place(calendar, "a"))
    assert found is not None
    with pytest.raises(Conflict):
        reminders_door.remove(reminders_door.place(calendar, "a"), found[0])
    assert fake_http.asked("DELETE")[0].headers["If-Match"] == '"none"'


class Shelves:
    """A server that heeds no If-None-Match, and refuses what it is told to."""

    def __init__(self, refused: str = "") -> None:
        self.texts: dict[str, str] = {}
        self.refused = refused

    def __call__(self, seen: Seen) -> Reply:
        if seen.method == "PUT" and self.refused and self.refused in seen.body:
            return Reply(415)
        if seen.method == "PUT":
            self.texts[seen.path] = seen.body
        elif seen.method == "DELETE":
            return Reply(204 if self.texts.pop(seen.path, "") else 404)
        elif seen.method == "PROPFIND":
            return Reply(207, CALENDAR)
        text = self.texts.get(seen.path, "")
        return Reply(200 if text else 404, text, {"ETag": f'"{hash(text)}"'})


CALENDAR = """<?xml version="1.0"?>
<d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:response><d:href>/</d:href><d:propstat><d:prop>
<d:resourcetype><d:collection/><c:calendar/></d:resourcetype><d:displayname>Reminders</d:displayname></d:prop>
<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>"""


def test_d10_a_server_that_heeds_no_condition_loses_nothing_of_the_owners(
    fake_http: FakeHttp, door: tuple[Reminders, CalendarInfo]
) -> None:
    reminders_door, calendar = door
    fake_http.script = shelves = Shelves()
    url = reminders_door.place(calendar, "a")
    reminders_door.create(calendar, url, ENTRY)
    mine = ENTRY.replace("UID:a", "UID:a\r\nSUMMARY:Mine")
    shelves.texts["/cal/a.ics"] = mine
    with pytest.raises(Conflict):
        reminders_door.create(calendar, url, ENTRY)
    assert shelves.texts["/cal/a.ics"] == mine


def test_an_entry_that_the_server_refuses_costs_itself_and_is_told(light_world: World, fake_http: FakeHttp) -> None:
    world = light_world
    fake_http.script = shelves = Shelves(refused="Questions for Ana")
    account = CalDavAccount(fake_http.url, "sam", lambda: "secret", timeout=5, reminders="Reminders")
    world.meet("first", NEXT_WEEK)
    practice = replace(world.account.practice, reminders=True)
    with Reminders(account) as reminders_door:
        strict = replace(world.account, practice=practice, reminders=reminders_door)
        done = tend(strict, world.now)
        assert "answers 415 to PUT" in str(done.failures[REMINDERS])
        assert ["A word of thanks to Ana" in text for text in shelves.texts.values()] == [True]
        shelves.refused = ""
        world.now += timedelta(minutes=20)
        assert tend(strict, world.now).failures == {}
    assert len(shelves.texts) == 2


PRIVILEGES = """<?xml version="1.0"?>
<d:multistatus xmlns:d="DAV:"><d:response><d:href>/cal/</d:href><d:propstat><d:prop>
<d:current-user-privilege-set><d:privilege><d:{}/></d:privilege></d:current-user-privilege-set></d:prop>
<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>"""
TRASHED = """<?xml version="1.0"?><d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns">
<s:message>Deleted calendar object with uid already exists in this calendar collection.</s:message></d:error>"""
CONFLICT = """<?xml version="1.0"?>
<d:error xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><{}/></d:error>"""


def test_a_calendar_that_may_only_be_read_is_for_the_owner_to_mend(
    fake_http: FakeHttp, door: tuple[Reminders, CalendarInfo]
) -> None:
    reminders_door, calendar = door
    answers = {"PUT": Reply(403), "GET": Reply(404), "PROPFIND": Reply(207, PRIVILEGES.format("read"))}
    fake_http.script = lambda seen: answers[seen.method]
    with pytest.raises(ConfigError, match="choose a calendar of your own"):
        reminders_door.create(calendar, reminders_door.place(calendar, "a"), ENTRY)
    assert not reminders_door.writable(calendar)
    fake_http.script = lambda seen: Reply(207, PRIVILEGES.format("all"))
    assert reminders_door.writable(calendar)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        *((status, CONFLICT.format("c:no-uid-conflict")) for status in (403, 409, 412)),
        (403, CONFLICT.format("c:unique-scheduling-object-resource")),
        (400, TRASHED),
        (409, ""),
        (412, ""),
    ],
)
def test_a_uid_that_another_entry_bears_is_a_conflict(
    fake_http: FakeHttp, door: tuple[Reminders, CalendarInfo], status: int, body: str
) -> None:
    reminders_door, calendar = door
    conflict = Reply(status, body, {"Content-Type": "text/xml"})
    fake_http.script = lambda seen: conflict if seen.method == "PUT" else Reply(404)
    with pytest.raises(Conflict):
        reminders_door.create(calendar, reminders_door.place(calendar, "a"), ENTRY)


def test_d01_a_failing_calendar_server_costs_the_reminders_alone(light_world: World, fake_http: FakeHttp) -> None:
    world = light_world
    fake_http.script = lambda seen: Reply(503, headers={"Retry-After": "60"})
    account = CalDavAccount(fake_http.url, "sam", lambda: "secret", timeout=5, reminders="Reminders")
    world.meet("first", MONDAY + timedelta(days=1))
    practice = replace(world.account.practice, reminders=True)
    away = replace(world.account, practice=practice, reminders=Reminders(account))
    done = tend(away, world.now)
    assert list(done.failures) == [REMINDERS]
    assert len(world.drafts) == 1
    with world.account.store.reading() as scope:
        failing = {row.server: row.failed_at is not None for row in health.all_servers(scope)}
    assert failing == {"caldav": False, "imap": False, "reminders": True}
