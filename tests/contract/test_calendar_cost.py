"""What looking at calendars costs: nothing has changed, something has, and there are ten thousand events."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event as sqlalchemy_event

from mentorup_daemon.service.tend import CALDAV, Pass, tend
from mentorup_daemon.store import calendar as kept
from tests.contract.test_calendars import event
from tests.servers.caldav import CalDavServer
from tests.servers.counting import Counted, Counting
from tests.servers.imap import Mailserver
from tests.servers.world import MONDAY, World

SMALL = 1_000  # bytes of an answer


class CountedWorld(World):
    """Sam's world, with a count of what is asked of the calendars and of the store."""

    __slots__ = ("counted",)
    counted: Counted

    def acquaint_with_calendars(self) -> None:
        """The first look, and the second, which holds what the first brought against a listing."""
        self.poll()
        self.poll()

    def poll(self) -> Pass:
        """A pass of a poll's time later, that looks at the calendars; what it asks is counted from here."""
        self.now += timedelta(minutes=5)
        self.counted.begin()
        done = tend(self.account, self.now, look={CALDAV})
        assert done.failures == {}
        return done


@contextmanager
def statements(world: World) -> Iterator[list[str]]:
    """The SQL statements that are about calendars, their events or meetings, while the block runs."""
    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if any(f" {table}" in statement for table in ("resources", "calendars", "meetings")):
            seen.append(statement)

    engine = world.account.store._engine
    sqlalchemy_event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sqlalchemy_event.remove(engine, "before_cursor_execute", note)


def made(mail: Mailserver, dav: CalDavServer, counting: Counting, state: Path) -> CountedWorld:
    counted = counting(dav)
    world = CountedWorld(mail, counted.server, state)
    world.counted = counted
    return world


@pytest.fixture
def counted(
    pymap: Mailserver, caldav_server: CalDavServer, counting: Counting, tmp_path: Path
) -> Iterator[CountedWorld]:
    world = made(pymap, caldav_server, counting, tmp_path)
    yield world
    world.restart()


def names(world: World) -> set[str]:
    """The calendars that are kept."""
    with world.account.store.reading() as scope:
        return set(kept.standing(scope).cursors)


def test_an_unchanged_poll_is_one_small_request_for_each_calendar_and_writes_nothing(counted: CountedWorld) -> None:
    world = counted
    world.changes["caldav"] = {"calendars": []}
    for number in range(30):
        world.meet(f"m{number}", MONDAY + timedelta(days=20 + number))
    world.acquaint_with_calendars()
    assert len(world.records().meetings) == 30
    calendars = names(world)
    for _ in range(2):
        with statements(world) as asked:
            world.poll()
        assert sorted(path for _, path, _ in world.counted.asked) == sorted(
            "/" + url.split("/", 3)[3] for url in calendars
        )
        assert set(world.counted.methods) == {"PROPFIND"}
        assert all(size < SMALL for _, _, size in world.counted.asked)
        assert not any(" resources" in statement for statement in asked)
        assert all(statement.startswith("SELECT") for statement in asked)
    world.restart()
    world.poll()
    assert len(world.counted.asked) <= 1 + len(calendars)  # a new connection is asked for its login once


def test_of_many_events_only_those_that_changed_are_read(counted: CountedWorld) -> None:
    world = counted
    for number in range(40):
        world.meet(f"m{number}", MONDAY + timedelta(days=20 + number))
    world.acquaint_with_calendars()
    world.meet("m7", MONDAY + timedelta(days=27, hours=2))
    world.meet("new", MONDAY + timedelta(days=70))
    world.dav.delete_event("m8")
    with statements(world) as asked:
        world.poll()
    whole = ["PROPFIND", "REPORT"]  # which server gives the texts with the difference, and which needs to be asked
    assert world.counted.methods == (whole if world.dav.name != "xandikos" else [*whole, "REPORT"])
    assert world.counted.answered < 5_000
    reads = [statement for statement in asked if "SELECT" in statement and "FROM resources" in statement]
    assert all("href IN" in statement or "count(" in statement for statement in reads)
    starts = {meeting.uid: meeting.start for meeting in world.records().meetings if meeting.on}
    assert len(starts) == 40
    assert starts["m7"] == MONDAY + timedelta(days=27, hours=2)


def test_what_could_be_no_meeting_is_kept_as_it_is_until_the_config_says_that_it_could(counted: CountedWorld) -> None:
    world = counted
    world.dav.put_event("m", event("m", "Catch-up with Ana"))
    world.poll()
    assert world.records().meetings == ()
    with world.account.store.reading() as scope:
        assert kept.candidates(scope) == set()
    world.restart()
    world.changes["recognition"] = {"titles": ["(?i)^catch-up"]}
    world.poll()
    assert set(world.counted.methods) == {"PROPFIND"}  # from the text in the store
    assert [meeting.recognised_by for meeting in world.records().meetings] == ["title"]


def test_a_new_calendar_is_noticed_within_the_hour(counted: CountedWorld) -> None:
    world = counted
    world.changes["caldav"] = {"calendars": []}
    world.poll()
    url = world.dav.make_calendar("Mentoring")
    world.dav.put_event("m", event("m", "Ana Ortiz", more="ATTENDEE:mailto:ana@example.org\r\n"), url)
    world.poll()
    assert url not in names(world)
    world.now += timedelta(minutes=55)
    world.poll()
    assert url in names(world)
    assert [meeting.uid for meeting in world.records().meetings] == ["m"]


def test_where_calendars_are_named_the_server_is_asked_for_them_once_a_day(counted: CountedWorld) -> None:
    world = counted
    world.changes["caldav"] = {"calendars": ["Work"]}
    world.acquaint_with_calendars()
    world.now += timedelta(hours=23, minutes=45)
    world.poll()
    assert len(world.counted.asked) == 1
    world.poll()
    assert len(world.counted.asked) > 1
    assert names(world) == {world.dav.calendar_url}


@pytest.mark.parametrize("change", [{"calendars": ["Other"]}, {"reminders_calendar": "Work"}])
def test_another_config_has_the_server_asked_at_once(counted: CountedWorld, change: dict[str, object]) -> None:
    world = counted
    world.changes["caldav"] = {"calendars": []}
    other = world.dav.make_calendar("Other")
    world.poll()
    world.restart()
    world.changes["caldav"] |= change
    world.poll()
    with world.account.store.reading() as scope:
        found = kept.standing(scope).discovery
    assert found is not None
    assert (other, "Other") in found.calendars
    assert "Work" not in [name for _, name in found.calendars]


def test_a_calendar_that_is_gone_has_the_server_asked_until_it_is_believed(counted: CountedWorld) -> None:
    world = counted
    world.changes["caldav"] = {"calendars": []}
    other = world.dav.make_calendar("Other")
    start = MONDAY + timedelta(days=30)
    attendee = "ATTENDEE:mailto:ana@example.org\r\n"
    world.dav.put_event("m", event("m", "Ana", start=f"{start:%Y%m%dT%H%M%SZ}", more=attendee), other)
    world.poll()
    world.dav.remove(other)
    world.poll()
    assert "REPORT" not in world.counted.methods
    assert [meeting.on for meeting in world.records().meetings] == [True]
    world.poll()
    assert len(world.counted.asked) > len(names(world)) - 1
    world.now += timedelta(hours=1)
    world.poll()
    assert [meeting.on for meeting in world.records().meetings] == [False]
    world.poll()
    assert len(world.counted.asked) == len(names(world))


@pytest.fixture
def huge(
    xandikos: CalDavServer, xandikos_directory: Path, counting: Counting, pymap: Mailserver, tmp_path: Path
) -> Iterator[CountedWorld]:
    """Ten thousand events, one of them a meeting, put where the server keeps them as its own tool would: by git."""
    place = xandikos_directory / xandikos.calendar_url.removeprefix(xandikos.url)
    for number in range(10_000):
        (place / f"e{number}.ics").write_text(event(f"e{number}", f"Talk {number}"), newline="")
    git = ["git", "-c", "user.name=Sam", "-c", "user.email=sam@example.org", "-c", "core.fsync=none"]
    subprocess.run([*git, "add", "--all"], cwd=place, check=True)
    subprocess.run([*git, "commit", "--quiet", "--message", "many"], cwd=place, check=True)
    world = made(pymap, xandikos, counting, tmp_path)
    world.meet("first", MONDAY + timedelta(days=20))
    yield world
    world.restart()


@pytest.mark.slow
@pytest.mark.debian
@pytest.mark.timeout(300)
def test_of_ten_thousand_events_a_poll_reads_nothing_and_a_change_what_has_changed(huge: CountedWorld) -> None:
    world = huge
    world.poll()
    assert world.counted.methods.count("PROPFIND") <= 5
    assert world.counted.methods.count("REPORT") <= 30  # one, if the server is done before we give it up
    assert [meeting.uid for meeting in world.records().meetings] == ["first"]

    world.poll()
    assert "REPORT" not in world.counted.methods  # nothing was left out
    world.poll()
    assert (world.counted.methods, world.counted.answered < SMALL) == (["PROPFIND"], True)

    world.dav.put_event("e77", event("e77", "Ana Ortiz", more="ATTENDEE:mailto:ana@example.org\r\n"))
    world.dav.delete_event("e78")
    with statements(world) as asked:
        world.poll()
    assert len(world.counted.asked) == 3
    assert world.counted.answered < 5_000
    assert not any("text FROM resources" in statement for statement in asked)
    assert {meeting.uid for meeting in world.records().meetings} == {"first", "e77"}
    with world.account.store.reading() as scope:
        assert kept.count(scope, world.dav.calendar_url) == 10_000
