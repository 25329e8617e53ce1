"""The draft that asks for the next meeting proposes times that are free in all of the owner's calendars (P3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from mentorup_daemon.records import Mentor, WorkingHours
from mentorup_daemon.service.tend import IMAP, tend
from mentorup_daemon.store import calendar as kept
from mentorup_daemon.store import health
from tests.servers.world import MONDAY, World, body, event

HELD = MONDAY + timedelta(hours=5)  # Monday 30 November, 14:00; 60 days later is Friday 29 January
ASKED = HELD + timedelta(days=1, hours=1)


def met(world: World) -> None:
    """Two calendars, of which one holds no meeting at all; the meeting has taken place."""
    world.changes = {"caldav": {"calendars": []}}
    world.meet("held", HELD)
    private = world.dav.make_calendar("Private")
    january = HELD + timedelta(days=60)
    for uid, start, facts in (
        ("climbing", january - timedelta(days=56), {"rule": "FREQ=WEEKLY", "title": "Climbing"}),  # Fridays, 14:00
        ("holiday", january - timedelta(hours=14), {"extra": "TRANSP:TRANSPARENT", "minutes": 1440}),
        ("off", january - timedelta(hours=4), {"extra": "STATUS:CANCELLED", "minutes": 600}),
        ("offsite", january - timedelta(days=3, hours=14), {"minutes": 2 * 1440, "title": "Offsite"}),
    ):
        world.dav.put_event(uid, event(uid, start, attendee="", **facts), private)  # type: ignore[arg-type]
    world.tend()
    world.now = ASKED


def proposals(world: World) -> list[str]:
    [draft] = [one for one in world.drafts if "next meeting" in str(one["Subject"])]
    return [line.strip(" -") for line in body(draft).splitlines() if line.startswith("  - ")]


def test_p3_the_draft_proposes_three_times_free_in_every_calendar(world: World) -> None:
    met(world)
    world.tend()
    assert proposals(world) == [
        "Friday 22 January, 15:00",
        "Monday 25 January, 10:00",
        "Friday 29 January, 13:00",
    ]


def test_p3_the_mentors_clock_is_told_beside_the_owners(light_world: World) -> None:
    met(light_world)
    berlin = {"timezone": "Europe/Berlin", "hours": WorkingHours(opens=10 * 60, closes=20 * 60)}
    people = tuple(replace(one, **berlin) if one.id == "ana" else one for one in light_world.account.people)
    assert tend(replace(light_world.account, people=people), light_world.now).failures == {}
    assert proposals(light_world) == [
        "Friday 22 January, 10:00 my time (19:00 yours)",
        "Monday 25 January, 10:00 my time (19:00 yours)",
        "Friday 29 January, 10:00 my time (19:00 yours)",
    ]


def people_never_free(people: tuple[Mentor, ...]) -> tuple[Mentor, ...]:
    return tuple(replace(one, hours=WorkingHours(opens=0, closes=60)) for one in people)


def test_p3_without_a_time_that_suits_both_the_draft_asks_for_one(light_world: World) -> None:
    met(light_world)
    account = replace(light_world.account, people=people_never_free(light_world.account.people))
    assert tend(account, light_world.now).failures == {}
    assert proposals(light_world) == []
    assert "Name a day or two that suit you" in body(light_world.drafts[-1])


def test_p3_no_time_is_proposed_while_the_calendars_are_not_known(light_world: World) -> None:
    met(light_world)
    with light_world.account.store.writing() as scope:
        health.failed(scope, "caldav", "away", light_world.now)
    assert tend(light_world.account, light_world.now, look={IMAP}).failures == {}
    assert proposals(light_world) == []


def test_p3_d06_a_broken_event_costs_itself_and_the_draft_stays_as_it_is(light_world: World) -> None:
    world = light_world
    met(world)
    with world.account.store.writing() as scope:
        for name, text in (("broken", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n"), ("page", "<html>"), ("none", "")):
            kept.keep_resources(scope, "https://dav.example.org/", [(name, '"1"', text, False)])
    world.tend()
    before = proposals(world)
    assert len(before) == 3
    world.meet("later", HELD + timedelta(days=100))
    world.now += timedelta(hours=1)
    world.tend()
    assert proposals(world) == before
