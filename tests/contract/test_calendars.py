"""The door to calendars, on real servers: the same promises on Radicale and on Xandikos."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import pytest

from mentorup_daemon.calendars import CalDavAccount, CalendarChanges, CalendarInfo, Calendars
from mentorup_daemon.errors import ConfigError, CredentialsError, Unavailable
from tests.servers.caldav import CalDavServer


def event(uid: str, title: str = "Talk", *, start: str = "20261203T140000Z", more: str = "") -> str:
    return (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//tests//EN\r\nBEGIN:VEVENT\r\n"
        f"UID:{uid}\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:{start}\r\nDURATION:PT1H\r\nSUMMARY:{title}\r\n{more}"
        "END:VEVENT\r\nEND:VCALENDAR\r\n"
    )


def account(server: CalDavServer, url: str = "", *calendars: str, password: str | None = None) -> CalDavAccount:
    secret = server.password if password is None else password
    return CalDavAccount(url or server.url, server.username, lambda: secret, tuple(calendars), timeout=10)


class Follower:
    """Keeps what a store would keep: the cursor, and the ETag and text of each href; stops after the first piece."""

    def __init__(self, door: Calendars, url: str) -> None:
        self.door = door
        self.calendar = CalendarInfo(url, "Work")
        self.cursor = ""
        self.etags: dict[str, str] = {}
        self.texts: dict[str, str] = {}

    def look(self) -> CalendarChanges:
        found = next(self.door.changes(self.calendar, self.cursor, self.known))
        self.keep(found)
        return found

    def keep(self, found: CalendarChanges) -> None:
        self.cursor = found.cursor
        for href in found.deleted:
            del self.etags[href], self.texts[href]
        for resource in found.changed:
            self.etags[resource.href], self.texts[resource.href] = resource.etag, resource.text

    def look_twice(self) -> None:
        """The first look, and the one that holds what it brought against a listing."""
        self.look()
        found = self.look()
        assert (found.changed, found.deleted) == ((), ())

    def known(self, hrefs: Collection[str] | None) -> Mapping[str, str]:
        return self.etags if hrefs is None else {href: self.etags[href] for href in hrefs if href in self.etags}

    @property
    def titles(self) -> list[str]:
        lines = [line for text in self.texts.values() for line in text.splitlines()]
        return sorted(line.removeprefix("SUMMARY:") for line in lines if line.startswith("SUMMARY:"))


@pytest.fixture
def follower(caldav_server: CalDavServer) -> Iterator[Follower]:
    with Calendars(account(caldav_server)) as door:
        yield Follower(door, caldav_server.calendar_url)


class TestDiscovery:
    @pytest.mark.parametrize("start", ["url", "principal_url", "home_url"])
    def test_finds_the_calendars_from_anywhere(self, caldav_server: CalDavServer, start: str) -> None:
        with Calendars(account(caldav_server, getattr(caldav_server, start))) as door:
            assert CalendarInfo(caldav_server.calendar_url, "Work") in door.discover()

    def test_a_calendar_as_url_is_that_calendar_alone(self, caldav_server: CalDavServer) -> None:
        caldav_server.make_calendar("Other")
        with Calendars(account(caldav_server, caldav_server.calendar_url)) as door:
            assert door.discover() == (CalendarInfo(caldav_server.calendar_url, "Work"),)

    def test_leaves_out_what_holds_no_events(self, caldav_server: CalDavServer) -> None:
        caldav_server.make_calendar("Tasks", ("VTODO",))
        with Calendars(account(caldav_server)) as door:
            assert "Tasks" not in {info.name for info in door.discover()}

    def test_chooses_by_name_and_by_url(self, caldav_server: CalDavServer) -> None:
        other = caldav_server.make_calendar("Mentoring & more")
        caldav_server.make_calendar("Private")
        wanted = ("mentoring & MORE", caldav_server.calendar_url)
        with Calendars(account(caldav_server, "", *wanted)) as door:
            assert [info.url for info in door.discover()] == [other, caldav_server.calendar_url]

    def test_a_configured_calendar_that_is_not_there_names_those_that_are(self, caldav_server: CalDavServer) -> None:
        with Calendars(account(caldav_server, "", "Wrok")) as door, pytest.raises(ConfigError, match=r"'Wrok'.*'Work'"):
            door.discover()


class TestChanges:
    def test_the_first_look_brings_everything(self, caldav_server: CalDavServer, follower: Follower) -> None:
        caldav_server.put_event("a", event("a", "First"))
        caldav_server.put_event("b", event("b", "Zweite Überschrift ☕"))
        found = follower.look()
        assert found.complete
        assert not found.unchanged
        assert follower.titles == ["First", "Zweite Überschrift ☕"]

    def test_nothing_new_is_said_to_be_unchanged(self, caldav_server: CalDavServer, follower: Follower) -> None:
        caldav_server.put_event("a", event("a"))
        follower.look_twice()
        found = follower.look()
        assert found.unchanged
        assert (found.changed, found.deleted) == ((), ())

    def test_new_changed_and_deleted_events_are_told_and_no_others(
        self, caldav_server: CalDavServer, follower: Follower
    ) -> None:
        for name in "abc":
            caldav_server.put_event(name, event(name, name))
        follower.look_twice()
        caldav_server.put_event("b", event("b", "moved", start="20261204T140000Z"))
        caldav_server.put_event("d", event("d", "d"))
        caldav_server.delete_event("c")
        found = follower.look()
        assert len(found.changed) == 2
        assert len(found.deleted) == 1
        assert follower.titles == ["a", "d", "moved"]
        assert follower.look().unchanged

    @pytest.mark.parametrize("name", ["a b@c+d", "ümlaut", "50%", "plus+=&x"])
    def test_odd_names_match_when_they_go(self, caldav_server: CalDavServer, follower: Follower, name: str) -> None:
        caldav_server.put_event(name, event("odd"))
        (resource,) = follower.look().changed
        read = follower.door.read(follower.calendar.url, resource.href)
        assert read is not None
        assert (read.href, read.problem) == (resource.href, "")
        caldav_server.delete_event(name)
        assert follower.look().deleted == (resource.href,)
        assert follower.texts == {}

    def test_d02_a_token_the_server_does_not_know_costs_no_deletion(
        self, caldav_server: CalDavServer, follower: Follower
    ) -> None:
        for name in "abc":
            caldav_server.put_event(name, event(name, name))
        follower.look()
        caldav_server.delete_event("b")
        caldav_server.put_event("c", event("c", "changed"))
        follower.cursor = '{"ctag": "old", "token": "http://example.org/no/such/token", "by": "ctag", "after": ""}'
        found = follower.look()
        assert len(found.deleted) == 1
        assert len(found.changed) == 1
        assert follower.titles == ["a", "changed"]

    @pytest.mark.parametrize("cursor", ["", "nonsense", "[]", "null", '{"ctag": 3, "token": [], "by": 0, "after": ""}'])
    def test_without_a_usable_cursor_only_what_differs_is_fetched(
        self, caldav_server: CalDavServer, follower: Follower, cursor: str
    ) -> None:
        caldav_server.put_event("a", event("a"))
        follower.look()
        caldav_server.put_event("b", event("b"))
        follower.cursor = cursor
        assert len(follower.look().changed) == 1
        assert follower.look().unchanged

    def test_more_events_than_one_batch(self, caldav_server: CalDavServer, follower: Follower) -> None:
        for number in range(52):
            caldav_server.put_event(f"e{number}", event(f"e{number}", f"{number:02}"))
        follower.look()
        assert follower.titles == [f"{number:02}" for number in range(52)]

    def test_a_calendar_that_is_gone_is_unavailable(self, caldav_server: CalDavServer, follower: Follower) -> None:
        caldav_server.remove(caldav_server.calendar_url)
        with pytest.raises(Unavailable, match="'Work' isn't on"):
            follower.look()


class TestReading:
    def test_d09_the_event_is_read_as_it_is_now(self, caldav_server: CalDavServer, follower: Follower) -> None:
        caldav_server.put_event("a", event("a", "before"))
        (before,) = follower.look().changed
        caldav_server.put_event("a", event("a", "after"))
        now = follower.door.read(follower.calendar.url, before.href)
        assert now is not None
        assert "SUMMARY:after" in now.text
        assert now.etag != before.etag

    def test_d09_a_deleted_event_reads_as_none(self, caldav_server: CalDavServer, follower: Follower) -> None:
        caldav_server.put_event("a", event("a"))
        (resource,) = follower.look().changed
        caldav_server.delete_event("a")
        assert follower.door.read(follower.calendar.url, resource.href) is None

    def test_the_text_read_is_the_text_synced(self, caldav_server: CalDavServer, follower: Follower) -> None:
        caldav_server.put_event("a", event("a", "Über\\, und", more="DESCRIPTION:one\\ntwo\r\n"))
        (resource,) = follower.look().changed
        read = follower.door.read(follower.calendar.url, resource.href)
        assert read is not None
        assert read.text.split() == resource.text.split()
        assert read.etag == resource.etag

    def test_d10_reading_and_syncing_write_nothing(self, caldav_server: CalDavServer, follower: Follower) -> None:
        url = caldav_server.put_event("a", event("a", more="ATTENDEE:mailto:ana@example.org\r\n"))
        before = caldav_server.request("GET", url)
        follower.look()
        follower.look()
        follower.door.discover()
        assert caldav_server.request("GET", url) == before


class TestLogin:
    def test_a_refused_password_names_server_and_user(self, radicale: CalDavServer) -> None:
        refused = pytest.raises(CredentialsError, match=rf"127\.0\.0\.1.*{radicale.username}")
        with Calendars(account(radicale, password="wrong")) as door, refused as caught:
            door.discover()
        assert "wrong" not in str(caught.value)

    def test_p03_a_renewed_password_is_fetched_at_the_next_connect(self, radicale: CalDavServer) -> None:
        passwords = iter(["expired", "expired", radicale.password])
        with Calendars(CalDavAccount(radicale.url, radicale.username, lambda: next(passwords), timeout=10)) as door:
            with pytest.raises(CredentialsError):
                door.discover()
            assert [info.name for info in door.discover()] == ["Work"]
