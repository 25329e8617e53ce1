"""Reminders in the owner's own calendar, on real servers: written once, kept in step, and the owner's when touched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urljoin

import icalendar
import pytest

from mentorup_daemon.errors import ConfigError
from mentorup_daemon.letters.identity import reminder_uid
from mentorup_daemon.records import ActionItem
from mentorup_daemon.service.tend import REMINDERS, tend
from mentorup_daemon.store import reminders, work
from mentorup_daemon.store.forgetting import forget_person
from tests.contract.test_crashes import Killed, Steps, named_in_the_service
from tests.servers.caldav import CalDavServer
from tests.servers.imap import Mailserver
from tests.servers.world import LONG_AGO, MONDAY, World, event

NEXT_WEEK = MONDAY + timedelta(days=10, hours=5)  # Thursday, 14:00
PREPARE, THANK = "reminder/ana/first/prepare", "reminder/ana/first/thank"


class Shelf:
    """The calendar for reminders, seen by another program."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.url = world.dav.make_calendar("Reminders")
        world.changes = {"caldav": {"calendars": [], "reminders_calendar": self.url}}

    def address(self, key: str) -> str:
        """Where the reminder with this key is."""
        facts = self.world.account.store.first_start(self.world.now)
        return urljoin(self.url, reminder_uid(facts.secret, self.world.account.store.account, key) + ".ics")

    def text(self, key: str) -> str:
        return self.world.dav.request("GET", self.address(key))[1]

    def put(self, key: str, text: str) -> None:
        self.world.dav.request("PUT", self.address(key), text, {"Content-Type": "text/calendar; charset=utf-8"})

    def edit(self, key: str, old: str, new: str) -> str:
        text = self.text(key)
        assert old in text
        self.put(key, text.replace(old, new))
        return self.text(key)

    @property
    def entries(self) -> dict[str, icalendar.Event]:
        """All there is, by UID."""
        listing = self.world.dav.request("PROPFIND", self.url, headers={"Depth": "1"})[1]
        names = {part.split("<")[0] for part in listing.split(self.url.split("/", 3)[3])[1:]}
        texts = [self.world.dav.request("GET", urljoin(self.url, name))[1] for name in names if name.endswith(".ics")]
        found = [icalendar.Calendar.from_ical(text).walk("VEVENT")[0] for text in texts]
        return {str(one["UID"]): one for one in found}

    @property
    def titles(self) -> list[str]:
        return sorted(str(one["SUMMARY"]) for one in self.entries.values())

    def states(self) -> dict[str, str]:
        with self.world.account.store.reading() as scope:
            return {key: one.state for key, one in reminders.all_reminders(scope).items()}


@pytest.fixture(
    params=[
        pytest.param(("pymap", "radicale"), id="radicale"),
        pytest.param(("pymap", "xandikos"), id="xandikos"),
        pytest.param(("cyrus", "cyrus_dav"), id="cyrus", marks=pytest.mark.debian),
    ]
)
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shelf]:
    mail, dav = (request.getfixturevalue(name) for name in request.param)
    world = World(mail, dav, tmp_path)
    yield Shelf(world)
    world.restart()


@pytest.fixture
def light_shelf(light_world: World) -> Shelf:
    """The same where one server is as good as another."""
    return Shelf(light_world)


def steps_of(world: World) -> list[str]:
    """The steps about reminders of one more pass."""
    steps = Steps()
    world.tend(step=steps)
    return [name for name in steps.names if name.startswith("reminder")]


QUESTIONS, THANKS = "Questions for Ana: Thursday 10 December, 14:00", "A word of thanks to Ana"


def test_t6_reminders_stand_in_the_owners_calendar_and_a_second_pass_writes_nothing(shelf: Shelf) -> None:
    world = shelf.world
    world.meet("first", NEXT_WEEK)
    world.tend()
    assert shelf.titles == sorted([QUESTIONS, THANKS])
    assert all({"ATTENDEE", "ORGANIZER"}.isdisjoint(one.keys()) for one in shelf.entries.values())
    assert all(len(one.walk("VALARM")) == 1 for one in shelf.entries.values())
    before = {key: shelf.text(key) for key in (PREPARE, THANK)}
    world.restart()
    assert steps_of(world) == []
    assert {key: shelf.text(key) for key in before} == before


def test_d10_nothing_is_written_unless_a_calendar_is_named(light_shelf: Shelf) -> None:
    shelf = light_shelf
    world = shelf.world
    world.changes["caldav"]["reminders_calendar"] = ""
    world.meet("first", NEXT_WEEK)
    world.tend()
    assert shelf.entries == {}


def test_c24_a_moved_meeting_moves_its_reminders_and_a_cancelled_one_takes_them_away(shelf: Shelf) -> None:
    world = shelf.world
    world.meet("first", NEXT_WEEK)
    world.tend()
    before = shelf.entries
    world.meet("first", NEXT_WEEK + timedelta(days=7))
    world.tend()
    after = shelf.entries
    assert after.keys() == before.keys()
    assert {str(one["SUMMARY"]) for one in after.values()} == {QUESTIONS.replace("10", "17"), THANKS}
    assert {after[uid].start - before[uid].start for uid in after} == {timedelta(days=7)}
    world.dav.delete_event("first")
    world.tend()
    assert shelf.entries == {}
    assert shelf.states() == {}


def test_c24_a_meeting_that_moves_far_away_takes_its_reminders_along(light_shelf: Shelf) -> None:
    shelf = light_shelf
    world = shelf.world
    world.meet("first", NEXT_WEEK)
    world.tend()
    before = shelf.entries
    world.meet("first", NEXT_WEEK + timedelta(days=70))
    world.meet("other", NEXT_WEEK + timedelta(days=80))
    world.tend()
    assert {uid: one.start for uid, one in shelf.entries.items()} == {
        uid: one.start + timedelta(days=70) for uid, one in before.items()
    }


def test_p4_a_promise_that_is_kept_takes_its_reminder_away(light_shelf: Shelf) -> None:
    shelf = light_shelf
    world = shelf.world
    world.tend()
    due = (MONDAY + timedelta(days=11)).date()
    with world.account.store.writing() as scope:
        item = work.add(scope, ActionItem(id=0, text="send; the, abstract", mentor="ana", due=due, created_at=MONDAY))
    world.tend()
    [entry] = shelf.entries.values()
    assert (str(entry["SUMMARY"]), entry.start) == ("Due: send; the, abstract, for Ana", due)
    with world.account.store.writing() as scope:
        work.change(scope, ActionItem, item.id, state="done")
    world.tend()
    assert shelf.entries == {}


def test_d10_what_the_owner_has_edited_is_theirs(shelf: Shelf) -> None:
    world = shelf.world
    world.meet("first", NEXT_WEEK)
    world.tend()
    edited = shelf.edit(PREPARE, QUESTIONS.replace(",", "\\,"), "Ask Ana about Kim")
    world.meet("first", NEXT_WEEK + timedelta(days=7))
    world.tend()
    assert shelf.text(PREPARE) == edited
    assert shelf.states() == {PREPARE: "left", THANK: "written"}
    world.dav.delete_event("first")
    world.tend()
    assert shelf.text(PREPARE) == edited
    assert shelf.titles == ["Ask Ana about Kim"]


def test_d10_one_that_the_owner_has_deleted_stays_away(shelf: Shelf) -> None:
    world = shelf.world
    world.meet("first", NEXT_WEEK)
    world.tend()
    world.dav.request("DELETE", shelf.address(PREPARE))
    world.meet("first", NEXT_WEEK + timedelta(days=7))
    world.tend()
    assert shelf.titles == [THANKS]
    world.meet("first", NEXT_WEEK + timedelta(days=8))
    world.tend()
    assert shelf.titles == [THANKS]


def test_an_alarm_that_was_dismissed_is_no_edit(shelf: Shelf) -> None:
    world = shelf.world
    world.meet("first", NEXT_WEEK)
    world.tend()
    shelf.edit(PREPARE, "END:VALARM", "ACKNOWLEDGED:20261130T170000Z\r\nEND:VALARM")
    world.meet("first", NEXT_WEEK + timedelta(days=7))
    world.tend()
    assert QUESTIONS.replace("10", "17") in shelf.titles


@pytest.mark.parametrize("ours", [True, False], ids=["same-href", "same-uid-elsewhere"])
def test_d10_a_foreign_entry_in_the_way_is_never_touched(shelf: Shelf, ours: bool) -> None:
    world = shelf.world
    world.tend()
    uid = shelf.address(PREPARE).rpartition("/")[2].removesuffix(".ics")
    place = shelf.address(PREPARE) if ours else urljoin(shelf.url, "elsewhere.ics")
    foreign = event(uid, NEXT_WEEK, title="Dentist", attendee="")
    world.dav.request("PUT", place, foreign, {"Content-Type": "text/calendar; charset=utf-8"})
    before = world.dav.request("GET", place)[1]
    world.meet("first", NEXT_WEEK)
    world.tend()
    world.meet("first", NEXT_WEEK + timedelta(days=7))
    world.tend()
    world.dav.delete_event("first")
    world.tend()
    assert world.dav.request("GET", place)[1] == before
    assert shelf.titles == ["Dentist"]


def test_p01_killed_after_any_step_the_calendar_ends_like_without(
    pymap: Mailserver, radicale: CalDavServer, tmp_path: Path
) -> None:
    def begun(name: str) -> tuple[World, Shelf]:
        """One reminder is to be moved, one to be removed, one to be made."""
        (tmp_path / name).mkdir()
        dav = replace(radicale, calendar_url=radicale.make_calendar(name))
        world = World(pymap, dav, tmp_path / name)
        world.acquaint()
        shelf = Shelf(world)
        world.changes["caldav"]["calendars"] = [dav.calendar_url]
        world.changes["schedules"] = {"thank_you": "0 17 1 7 *"}  # too rare to be one
        world.meet("moves", NEXT_WEEK)
        world.meet("is-off", NEXT_WEEK + timedelta(hours=1))
        world.tend()
        world.meet("moves", NEXT_WEEK + timedelta(days=7))
        world.dav.delete_event("is-off")
        world.meet("new", NEXT_WEEK + timedelta(hours=2))
        return world, shelf

    world, shelf = begun("whole")
    steps = Steps()
    world.tend(step=steps)
    expected = shelf.titles
    assert [title.rpartition(": ")[2] for title in expected] == [
        "Thursday 10 December, 16:00",
        "Thursday 17 December, 14:00",
    ]
    about = [number for number, name in enumerate(steps.names) if name.startswith("reminder")]
    assert len(about) == 9
    there_are = {name for name in named_in_the_service() if name.startswith("reminder")}
    assert {steps.names[number] for number in about} == there_are - {"reminder left"}  # after which nothing is done
    world.restart()
    for number in about:
        world, shelf = begun(f"killed-{number}")
        with pytest.raises(Killed):
            world.tend(step=Steps(number))
        world.restart()
        world.tend()
        assert shelf.titles == expected, steps.names[number]
        assert set(shelf.states().values()) == {"written"}
        assert steps_of(world) == []
        world.restart()


def test_a_crash_and_an_edit_before_the_restart_leave_the_edit(light_shelf: Shelf) -> None:
    shelf = light_shelf
    world = shelf.world
    world.meet("first", NEXT_WEEK)

    def killed(name: str) -> None:
        if name == "reminder written":
            raise Killed

    with pytest.raises(Killed):
        world.tend(step=killed)
    world.restart()
    edited = shelf.edit(PREPARE, QUESTIONS.replace(",", "\\,"), "Mine now")
    world.tend()
    assert shelf.text(PREPARE) == edited
    assert shelf.titles == sorted(["Mine now", THANKS])


def test_a_calendar_that_is_missing_costs_the_reminders_alone_and_is_told(light_shelf: Shelf) -> None:
    shelf = light_shelf
    world = shelf.world
    world.changes["caldav"]["reminders_calendar"] = "Nudges"
    world.meet("first", NEXT_WEEK)
    done = tend(world.account, world.now)
    assert list(done.failures) == [REMINDERS]
    assert isinstance(done.failures[REMINDERS], ConfigError)
    assert "'Nudges' isn't on" in str(done.failures[REMINDERS])
    assert "'Reminders'" in str(done.failures[REMINDERS])
    assert [trouble.about for trouble in world.records().troubles] == [REMINDERS]
    world.restart()
    world.changes["caldav"]["reminders_calendar"] = "Reminders"  # by its name this time
    assert steps_of(world) == []
    world.now += timedelta(minutes=15)
    world.tend()
    assert len(shelf.entries) == 2
    assert world.records().troubles == ()


def test_turned_off_the_reminders_go_and_the_owners_own_stay(light_shelf: Shelf) -> None:
    shelf = light_shelf
    world = shelf.world
    world.meet("first", NEXT_WEEK)
    world.tend()
    shelf.edit(THANK, THANKS, "Thank Ana for Kim")
    world.restart()
    world.changes["caldav"]["reminders_calendar"] = ""
    world.changes["caldav"]["calendars"] = [world.dav.calendar_url]
    world.tend()
    assert shelf.titles == ["Thank Ana for Kim"]
    assert shelf.states() == {}


def test_a_forgotten_person_leaves_no_reminder_and_no_key(light_shelf: Shelf) -> None:
    shelf = light_shelf
    world = shelf.world
    world.meet("first", NEXT_WEEK)
    world.tend()
    mine = shelf.edit(THANK, THANKS, "Thank Ana for Kim")
    with world.account.store.writing() as scope:
        forgotten = forget_person(scope, "ana", names=["Ana Ortiz"], at_rest=True, now=world.now)
    assert forgotten.counts["reminders"] == 2
    assert not [key for key in shelf.states() if "ana" in key]
    world.tend()
    assert shelf.text(THANK) == mine
    assert shelf.titles == ["Thank Ana for Kim"]
    assert shelf.states() == {}


def test_with_another_calendar_the_reminders_move_there(shelf: Shelf) -> None:
    world = shelf.world
    world.meet("first", NEXT_WEEK)
    world.tend()
    first, shelf.url = shelf.url, world.dav.make_calendar("Other")
    world.restart()
    world.changes["caldav"]["reminders_calendar"] = shelf.url
    world.tend()
    assert shelf.titles == sorted([QUESTIONS, THANKS])
    shelf.url = first
    assert shelf.entries == {}


def test_nothing_in_the_calendar_of_reminders_is_a_meeting(light_shelf: Shelf) -> None:
    shelf = light_shelf
    world = shelf.world
    world.dav.put_event("decoy", event("decoy", NEXT_WEEK, title="Mentoring with Ana"), shelf.url)
    world.meet("first", NEXT_WEEK)
    world.tend()
    assert [meeting.uid for meeting in world.records().meetings] == [LONG_AGO, "first"]


def test_a_reminder_of_ours_that_was_moved_to_another_calendar_is_no_meeting(light_shelf: Shelf) -> None:
    shelf = light_shelf
    world = shelf.world
    world.meet("first", NEXT_WEEK)
    world.tend()
    text = shelf.text(THANK)
    world.dav.request("DELETE", shelf.address(THANK))
    world.dav.put_event("moved", text.replace(THANKS, "Mentoring: thank Ana"))
    world.tend()
    assert [meeting.uid for meeting in world.records().meetings] == [LONG_AGO, "first"]


def test_what_has_passed_is_taken_away_the_day_after(light_shelf: Shelf) -> None:
    shelf = light_shelf
    world = shelf.world
    world.meet("first", NEXT_WEEK)
    world.tend()
    world.now = NEXT_WEEK + timedelta(hours=6)
    world.tend()
    assert shelf.titles == [THANKS]
    world.now = NEXT_WEEK + timedelta(hours=11)
    world.tend()
    assert shelf.entries == {}
