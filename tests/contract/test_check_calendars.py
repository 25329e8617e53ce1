"""What `mentorup check` says of the calendar for reminders, and of feeds."""

from __future__ import annotations

import pytest

from mentorup_daemon.config import parse
from mentorup_daemon.service import checks
from mentorup_daemon.service.checks import Finding
from tests.contract.test_calendars import event
from tests.servers.fake_http import FakeHttp, Reply
from tests.servers.world import World


def found(world: World) -> dict[str, Finding]:
    return {one.name: one for one in checks.calendars(world.settings())}


@pytest.mark.parametrize("named", ["by name", "by address"])
def test_t6_a_calendar_for_reminders_that_can_be_written_is_fine_and_left_as_it_was(world: World, named: str) -> None:
    url = world.dav.make_calendar("Reminders")
    world.changes = {"caldav": {"reminders_calendar": "Reminders" if named == "by name" else url}}
    finding = found(world)["caldav.reminders_calendar"]
    assert (finding.state, finding.message) == ("ok", "Reminders can be written; what else is in it isn't read")
    assert ".ics" not in world.dav.request("PROPFIND", url, headers={"Depth": "1"})[1]


def test_t6_a_calendar_for_reminders_that_is_missing_is_a_problem_that_names_those_there(light_world: World) -> None:
    light_world.changes = {"caldav": {"reminders_calendar": "Nudges"}}
    finding = found(light_world)["caldav.reminders_calendar"]
    assert (finding.state, finding.exit_code) == ("problem", 78)
    assert "'Nudges' isn't on 127.0.0.1; there are: 'Work'" in finding.message


def test_t6_without_one_nothing_is_said(light_world: World) -> None:
    assert list(found(light_world)) == ["caldav"]


def test_t6_the_only_calendar_is_none_for_reminders(light_world: World) -> None:
    light_world.changes = {"caldav": {"calendars": [], "reminders_calendar": "Work"}}
    finding = found(light_world)["caldav"]
    assert finding.state == "warning"
    assert "make one of its own" in finding.message


def test_feeds_are_looked_at_each_by_itself_and_their_addresses_kept(light_world: World, fake_http: FakeHttp) -> None:
    served = Reply(200, event("a"), {"Content-Type": "text/calendar"})
    fake_http.script = lambda seen: served if seen.path == "/secret-1.ics" else Reply(404)
    feeds = "".join(f'\n[[feeds]]\nurl = "{fake_http.url}secret-{number}.ics"\n' for number in (1, 2))
    looked_at = {one.name: one for one in checks.calendars(parse(light_world.config() + feeds, "test"))}
    assert looked_at["feeds[1]"] == Finding("feeds[1]", "ok", "the feed at 127.0.0.1 can be read")
    assert looked_at["feeds[2]"].state == "problem"
    assert "isn't there" in looked_at["feeds[2]"].message
    assert "secret" not in looked_at["feeds[2]"].message
