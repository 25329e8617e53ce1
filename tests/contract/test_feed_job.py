"""Meetings from a read-only feed: the same notes as from CalDAV, and distrust of a feed that is suddenly empty."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from mentorup_daemon.calendars import CalDavAccount, Calendars, Feed
from mentorup_daemon.service.tend import CALDAV, tend
from tests.servers.fake_http import FakeHttp, Reply
from tests.servers.world import MONDAY, World, event

EMPTY = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nEND:VCALENDAR\r\n"


def served(text: str) -> Reply:
    return Reply(200, text, {"Content-Type": "text/calendar"})


def test_a_feed_or_a_server_that_fails_costs_itself_alone(light_world: World, fake_http: FakeHttp) -> None:
    world = light_world
    ahead = event("fed", MONDAY + timedelta(days=1))
    fake_http.script = lambda seen: served(ahead) if seen.path == "/good.ics" else Reply(404)
    world.meet("dav", MONDAY + timedelta(days=2))
    with Feed(f"{fake_http.url}bad.ics") as bad, Feed(f"{fake_http.url}good.ics") as good:
        account = replace(world.account, feeds=(bad, good))
        done = tend(account, world.now)
        assert "the feed at 127.0.0.1 isn't there" in str(done.failures[CALDAV])
        assert {meeting.uid for meeting in world.records().meetings} >= {"dav", "fed"}
        ahead = event("fed", MONDAY + timedelta(days=3))
        away = Calendars(CalDavAccount("http://127.0.0.1:1/", "sam", lambda: "secret", timeout=5))
        assert CALDAV in tend(replace(account, calendars=away, feeds=(good,)), world.now).failures
        [fed] = [meeting for meeting in world.records().meetings if meeting.uid == "fed"]
        assert fed.start == MONDAY + timedelta(days=3)


def test_a_feed_is_a_calendar_and_an_emptied_one_is_not_believed_at_once(
    light_world: World, fake_http: FakeHttp
) -> None:
    world = light_world
    text = [event("fed", MONDAY + timedelta(days=1), rule="FREQ=WEEKLY;COUNT=5")]
    fake_http.script = lambda _seen: served(text[0])
    with Feed(f"{fake_http.url}/sam.ics") as feed:
        account = replace(world.account, calendars=None, feeds=(feed,))
        assert tend(account, world.now).failures == {}
        assert len(world.notes) == 1
        assert len(world.drafts) == 1
        text[0] = EMPTY
        for _ in range(2):
            world.now += timedelta(minutes=20)
            assert tend(account, world.now).failures == {}
            assert len(world.drafts) == 1
        world.now += timedelta(minutes=45)
        assert tend(account, world.now).failures == {}
        assert world.drafts == []
