"""The door to calendars against servers that answer wrong, late, half, or not at all."""

from __future__ import annotations

import json
import logging
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from mentorup_daemon.calendars import (
    CalDavAccount,
    CalendarChanges,
    CalendarGone,
    CalendarInfo,
    Calendars,
    Feed,
    fetching,
    sync,
)
from mentorup_daemon.errors import ConfigError, CredentialsError, MentorUpError, Unavailable
from tests.contract.test_calendars import Follower, event
from tests.servers.fake_http import FakeHttp, Reply, Seen, serve

XML = {"Content-Type": "application/xml; charset=utf-8"}
SPACES = 'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:cs="http://calendarserver.org/ns/"'
CALENDAR = "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>"


def multistatus(*responses: str, token: str = "") -> Reply:
    tail = f"<d:sync-token>{token}</d:sync-token>" if token else ""
    return Reply(207, f"<d:multistatus {SPACES}>{''.join(responses)}{tail}</d:multistatus>", XML)


def response(href: str, props: str = "", status: str = "") -> str:
    if status:
        return f"<d:response><d:href>{href}</d:href><d:status>HTTP/1.1 {status}</d:status></d:response>"
    found = f"<d:propstat><d:prop>{props}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>"
    return f"<d:response><d:href>{href}</d:href>{found}</d:response>"


class ScriptedCalendar:
    """A calendar at /cal/ as a script for the fake server, with what real servers do differently as switches."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.ctag = True
        self.token = "t1"
        self.on_report: Callable[[Seen], Reply | None] = lambda seen: None
        self.on_get: Callable[[Seen], Reply | None] = lambda seen: None
        self.lengths: dict[str, int] = {}
        self.listed = True

    def etag(self, href: str) -> str:
        return f'"{abs(hash(self.texts[href]))}"'

    def put(self, name: str, title: str = "Talk", text: str = "") -> None:
        self.texts[f"/cal/{name}.ics"] = text or event(name, title)

    def __call__(self, seen: Seen) -> Reply:
        if seen.method == "GET":
            return self.on_get(seen) or self.got(seen.path)
        if seen.method == "REPORT":
            return self.on_report(seen) or (self.multiget(seen) if "multiget" in seen.body else Reply(403))
        if seen.headers.get("Depth") == "1":
            return self.listing()
        state = f"<d:sync-token>{self.token}</d:sync-token>" if self.token else ""
        if self.ctag:
            state += f"<cs:getctag>{hash(tuple(sorted(self.texts.items())))}</cs:getctag>"
        return multistatus(response("/cal/", state + CALENDAR))

    def got(self, path: str) -> Reply:
        if path not in self.texts:
            return Reply(404)
        return Reply(200, self.texts[path], {"Content-Type": "text/calendar", "ETag": self.etag(path)})

    def member(self, href: str, more: str = "") -> str:
        size = self.lengths.get(href, len(self.texts[href]))
        etag = f"<d:getetag>{self.etag(href)}</d:getetag><d:getcontentlength>{size}</d:getcontentlength>"
        return response(href, etag + more)

    def listing(self) -> Reply:
        if not self.listed:
            return multistatus()
        return multistatus(response("/cal/", CALENDAR), *(self.member(href) for href in self.texts))

    def multiget(self, seen: Seen) -> Reply:
        wanted = [href for href in self.texts if f"<d:href>{href}</d:href>" in seen.body]
        return multistatus(
            *(self.member(href, f"<c:calendar-data>{self.texts[href]}</c:calendar-data>") for href in wanted)
        )


def account(url: str, *, timeout: float = 5, password: str = "secret") -> CalDavAccount:
    return CalDavAccount(url, "sam", lambda: password, timeout=timeout)


@pytest.fixture
def scripted(fake_http: FakeHttp) -> ScriptedCalendar:
    fake_http.script = calendar = ScriptedCalendar()
    return calendar


@pytest.fixture
def follower(fake_http: FakeHttp, scripted: ScriptedCalendar) -> Iterator[Follower]:
    with Calendars(account(fake_http.url)) as door:
        yield Follower(door, f"{fake_http.url}cal/")


class TestWhatComesInsteadOfAnAnswer:
    """Whatever comes, it comes as one of our families (D01)."""

    @pytest.mark.parametrize(
        "reply",
        [
            Reply(200, "<html><body>Welcome<br></body></html>", {"Content-Type": "text/html"}),
            Reply(200, "<html><body>Welcome<br></body></html>", XML),
            Reply(207, f"<d:multistatus {SPACES}><d:response><d:href>/cal/</d:hr", XML),
            Reply(207, "", XML),
            Reply(207, b"\x00\xff\xfe", {"Content-Type": "application/octet-stream"}),
            multistatus(response("http://[", CALENDAR)),
            Reply(204),
            Reply(207, f"<d:multistatus {SPACES}><d:resp", XML, claim=5000),
            Reply(500, "oops", {"Content-Type": "text/plain"}),
            Reply(502, "<html>Bad gateway</html>", {"Content-Type": "text/html"}),
            Reply(503),
            Reply(429),
            Reply(418),
        ],
        ids=lambda reply: f"{reply.status}-{reply.body[:12]!r}",
    )
    def test_d01_nonsense_is_unavailable(self, fake_http: FakeHttp, follower: Follower, reply: Reply) -> None:
        fake_http.script = lambda seen: reply
        with pytest.raises(Unavailable):
            follower.look()
        with pytest.raises(Unavailable):
            follower.door.read(follower.calendar.url, "/cal/a.ics")
        with pytest.raises((Unavailable, ConfigError)):
            follower.door.discover()

    def test_d01_a_server_that_says_nothing_is_unavailable(self, fake_http: FakeHttp) -> None:
        fake_http.script = lambda seen: Reply(hang=30)
        with Calendars(account(fake_http.url, timeout=0.2)) as door, pytest.raises(Unavailable, match="in time"):
            door.discover()

    def test_d01_a_server_that_stops_in_the_midst_of_an_answer_is_unavailable(self, fake_http: FakeHttp) -> None:
        fake_http.script = lambda seen: Reply(207, b" " * 10, XML, drip=30)
        with Calendars(account(fake_http.url, timeout=0.2)) as door, pytest.raises(Unavailable, match="in time"):
            door.discover()

    @pytest.mark.parametrize("reply", [Reply(207, b" " * 10_000, XML, drip=0.02), Reply(drip_head=0.02)])
    def test_d01_a_server_that_drips_is_unavailable(self, fake_http: FakeHttp, reply: Reply) -> None:
        fake_http.script = lambda seen: reply
        with Calendars(account(fake_http.url, timeout=0.1)) as door, pytest.raises(Unavailable, match="in time"):
            door.discover()

    def test_d01_a_server_that_is_not_there_is_unavailable_and_found_when_it_is_back(self) -> None:
        calendar = ScriptedCalendar()
        calendar.put("a")
        fake = FakeHttp(calendar)
        serve(fake)()
        with Calendars(account(fake.url)) as door:
            follower = Follower(door, f"{fake.url}cal/")
            with pytest.raises(Unavailable, match=r"127\.0\.0\.1"):
                follower.look()
            stop = serve(fake, fake.port)
            try:
                follower.look()
                assert follower.titles == ["Talk"]
            finally:
                stop()

    def test_p02_a_connection_that_the_server_has_closed_is_made_anew(
        self, fake_http: FakeHttp, scripted: ScriptedCalendar, follower: Follower
    ) -> None:
        scripted.put("a")
        fake_http.script = lambda seen: Reply(**_closing(scripted(seen)))
        follower.look()
        assert follower.look().unchanged

    @pytest.mark.parametrize("status", [429, 503])
    def test_d01_retry_after_is_honoured_in_seconds(self, fake_http: FakeHttp, status: int) -> None:
        fake_http.script = lambda seen: Reply(status, headers={"Retry-After": "120"})
        with Calendars(account(fake_http.url)) as door, pytest.raises(Unavailable) as caught:
            door.discover()
        assert caught.value.retry_after == 120

    @pytest.mark.parametrize("status", [429, 503])
    def test_d01_retry_after_is_honoured_as_a_date(self, fake_http: FakeHttp, status: int) -> None:
        when = format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True)
        fake_http.script = lambda seen: Reply(status, headers={"Retry-After": when})
        with Calendars(account(fake_http.url)) as door, pytest.raises(Unavailable) as caught:
            door.discover()
        assert caught.value.retry_after is not None
        assert 540 < caught.value.retry_after <= 600

    @pytest.mark.parametrize("value", ["soon", "-5", "", "99999999999999999999"])
    def test_d01_a_senseless_retry_after_is_no_trap(self, fake_http: FakeHttp, value: str) -> None:
        fake_http.script = lambda seen: Reply(503, headers={"Retry-After": value})
        with Calendars(account(fake_http.url)) as door, pytest.raises(Unavailable) as caught:
            door.discover()
        assert caught.value.retry_after is None or caught.value.retry_after <= 24 * 3600

    def test_an_endless_answer_is_cut(
        self, fake_http: FakeHttp, follower: Follower, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("mentorup_daemon.calendars.dav.BODY_LIMIT", 1000)
        fake_http.script = lambda seen: Reply(207, b"<a/>" + b" " * 200_000, XML)
        with pytest.raises(Unavailable):
            follower.look()


def _closing(reply: Reply) -> dict[str, object]:
    return {"status": reply.status, "body": reply.body, "headers": {**reply.headers, "Connection": "close"}}


class TestLogin:
    def test_p03_a_refused_login_is_asked_once_only(self, fake_http: FakeHttp) -> None:
        fake_http.script = lambda seen: Reply(401, headers={"WWW-Authenticate": 'Basic realm="x"'})
        with Calendars(account(fake_http.url)) as door, pytest.raises(CredentialsError, match="sam") as caught:
            door.discover()
        assert "secret" not in str(caught.value)
        assert sum("Authorization" in seen.headers for seen in fake_http.requests) == 1

    def test_p03_a_password_renewed_while_connected_is_taken(
        self, fake_http: FakeHttp, scripted: ScriptedCalendar
    ) -> None:
        scripted.put("a")
        valid = ["Basic c2FtOm9uZQ=="]  # sam:one
        passwords = ["one"]

        def script(seen: Seen) -> Reply:
            if seen.headers.get("Authorization") != valid[0]:
                return Reply(401, headers={"WWW-Authenticate": 'Basic realm="x"'})
            return scripted(seen)

        fake_http.script = script
        with Calendars(CalDavAccount(fake_http.url, "sam", lambda: passwords[-1], timeout=5)) as door:
            follower = Follower(door, f"{fake_http.url}cal/")
            follower.look()
            valid[0] = "Basic c2FtOnR3bw=="  # sam:two
            passwords.append("two")
            assert follower.look().unchanged

    def test_a_server_that_wants_oauth_says_so(self, fake_http: FakeHttp) -> None:
        fake_http.script = lambda seen: Reply(401, headers={"WWW-Authenticate": "GoogleLogin realm=x"})
        with Calendars(account(fake_http.url)) as door, pytest.raises(CredentialsError):
            door.discover()

    def test_p03_a_login_that_may_see_nothing_is_told(self, fake_http: FakeHttp) -> None:
        fake_http.script = lambda seen: Reply(403)
        with Calendars(account(fake_http.url)) as door, pytest.raises(CredentialsError, match="sam"):
            door.discover()

    def test_the_netrc_file_is_left_alone(
        self, fake_http: FakeHttp, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        netrc = tmp_path_factory.mktemp("home") / "netrc"
        netrc.write_text("machine 127.0.0.1 login other password other\n")
        netrc.chmod(0o600)
        monkeypatch.setenv("NETRC", str(netrc))
        with Calendars(account(fake_http.url)) as door, pytest.raises(ConfigError):
            door.discover()
        assert not any("Authorization" in seen.headers for seen in fake_http.requests)

    @pytest.mark.parametrize(
        "url", ["http://dav.example.org/", "ftp://dav.example.org/", "dav.example.org", "https://"]
    )
    def test_no_password_goes_anywhere_unencrypted(self, url: str) -> None:
        with Calendars(account(url)) as door, pytest.raises(ConfigError, match=r"\[caldav\] url"):
            door.discover()

    def test_a_ca_file_that_is_missing_is_told(self, fake_http: FakeHttp) -> None:
        asks = CalDavAccount(fake_http.url, "sam", lambda: "secret", ca_file="/no/such.pem")
        with Calendars(asks) as door, pytest.raises(ConfigError, match=r"ca_file.*/no/such\.pem"):
            door.discover()


class TestRedirects:
    def test_well_known_leads_to_the_calendars(self, fake_http: FakeHttp, scripted: ScriptedCalendar) -> None:
        def script(seen: Seen) -> Reply:
            if seen.path == "/.well-known/caldav":
                return Reply(301, headers={"Location": "/cal/"})
            return scripted(seen) if seen.path.startswith("/cal/") else Reply(405)

        fake_http.script = script
        with Calendars(account(fake_http.url)) as door:
            assert door.discover() == (CalendarInfo(f"{fake_http.url}cal/", "cal"),)

    @pytest.mark.parametrize("host", ["localhost", "elsewhere.example.org"])
    def test_another_host_is_never_asked(self, fake_http: FakeHttp, host: str) -> None:
        target = f"https://{host}:{fake_http.port}/cal/"
        fake_http.script = lambda seen: Reply(302, headers={"Location": target})
        with Calendars(account(fake_http.url)) as door, pytest.raises(ConfigError, match=host):
            door.discover()

    def test_back_to_plain_http_is_refused(self, fake_http: FakeHttp) -> None:
        fake_http.script = lambda seen: Reply(302, headers={"Location": "http://dav.example.org/cal/"})
        with Calendars(account(fake_http.url)) as door, pytest.raises(ConfigError, match="unencrypted"):
            door.discover()

    def test_a_home_on_another_host_is_not_given_the_password(self, fake_http: FakeHttp) -> None:
        home = "<c:calendar-home-set><d:href>https://evil.example.org/home/</d:href></c:calendar-home-set>"
        fake_http.script = lambda seen: multistatus(response("/", home))
        with Calendars(account(fake_http.url)) as door, pytest.raises(ConfigError, match=r"evil\.example\.org"):
            door.discover()

    def test_circles_end(self, fake_http: FakeHttp, follower: Follower) -> None:
        fake_http.script = lambda seen: Reply(301, headers={"Location": seen.path})
        with pytest.raises(Unavailable):
            follower.look()


@pytest.mark.debian
class TestTls:
    @pytest.fixture
    def server(self, server_tls: tuple[ssl.SSLContext, dict[str, str]]) -> Iterator[FakeHttp]:
        calendar = ScriptedCalendar()
        calendar.put("a")
        fake = FakeHttp(calendar)
        stop = serve(fake, tls=server_tls[0])
        yield fake
        stop()

    @pytest.fixture
    def ca_file(self, server_tls: tuple[ssl.SSLContext, dict[str, str]]) -> str:
        return server_tls[1]["ca_file"]

    def test_a_private_ca_is_believed_when_it_is_named(self, server: FakeHttp, ca_file: str) -> None:
        with Calendars(CalDavAccount(server.url, "sam", lambda: "secret", timeout=5, ca_file=ca_file)) as door:
            follower = Follower(door, f"{server.url}cal/")
            follower.look()
            assert follower.titles == ["Talk"]
        with Feed(f"{server.url}cal/a.ics", timeout=5, ca_file=ca_file) as feed:
            assert feed.changes("").changed

    def test_d01_a_certificate_that_cannot_be_verified_is_never_accepted(self, server: FakeHttp) -> None:
        with Calendars(account(server.url)) as door, pytest.raises(Unavailable, match=r"certificate.*set ca_file"):
            door.discover()
        with Feed(server.url, timeout=5) as feed, pytest.raises(Unavailable, match=r"certificate.*set ca_file"):
            feed.changes("")
        assert server.requests == []

    def test_the_way_back_to_plain_http_is_refused(self, server: FakeHttp, fake_http: FakeHttp, ca_file: str) -> None:
        server.script = lambda seen: Reply(301, headers={"Location": f"{fake_http.url}cal/"})
        asks = CalDavAccount(server.url, "sam", lambda: "secret", timeout=5, ca_file=ca_file)
        with Calendars(asks) as door, pytest.raises(ConfigError, match="isn't given the password"):
            door.discover()
        with Feed(server.url, timeout=5, ca_file=ca_file) as feed, pytest.raises(Unavailable, match="https to http"):
            feed.changes("")
        assert fake_http.requests == []


class TestDiscovery:
    def test_inboxes_trash_and_address_books_are_no_calendars(self, fake_http: FakeHttp) -> None:
        def kind(types: str) -> str:
            return f"<d:resourcetype><d:collection/>{types}</d:resourcetype>"

        book = '<b:addressbook xmlns:b="urn:ietf:params:xml:ns:carddav"/>'
        trash = '<n:trash-bin xmlns:n="http://nextcloud.com/ns"/>'
        tasks = '<c:supported-calendar-component-set><c:comp name="VTODO"/></c:supported-calendar-component-set>'
        fake_http.script = lambda seen: multistatus(
            response("/", kind("")),
            response("/in/", kind("<c:calendar/><c:schedule-inbox/>")),
            response("/out/", kind("<c:schedule-outbox/>")),
            response("/book/", kind(book)),
            response("/trash/", kind(f"<c:calendar/>{trash}")),
            response("/tasks/", kind("<c:calendar/>") + tasks),
            response("/work/", kind("<c:calendar/>") + "<d:displayname>Work</d:displayname>"),
        )
        with Calendars(account(fake_http.url)) as door:
            assert door.discover() == (CalendarInfo(f"{fake_http.url}work/", "Work"),)

    def test_a_server_that_serves_anybody_is_logged_in_to(self, fake_http: FakeHttp) -> None:
        def script(seen: Seen) -> Reply:
            if "Authorization" not in seen.headers:
                nobody = "<d:current-user-principal><d:unauthenticated/></d:current-user-principal>"
                return multistatus(response("/", nobody))
            return multistatus(response("/cal/", CALENDAR))

        fake_http.script = script
        with Calendars(account(fake_http.url)) as door:
            assert [info.name for info in door.discover()] == ["cal"]

    def test_no_calendar_at_all_is_for_the_owner_to_mend(self, fake_http: FakeHttp) -> None:
        with Calendars(account(fake_http.url)) as door, pytest.raises(ConfigError, match="no calendar"):
            door.discover()


class TestSync:
    def test_nothing_new_costs_one_request(
        self, fake_http: FakeHttp, scripted: ScriptedCalendar, follower: Follower
    ) -> None:
        scripted.put("a")
        follower.look()
        fake_http.requests.clear()
        assert follower.look().unchanged
        assert len(fake_http.requests) == 1

    def test_a_token_that_changes_by_itself_is_not_asked_about_again(
        self, fake_http: FakeHttp, scripted: ScriptedCalendar, follower: Follower
    ) -> None:
        scripted.put("a")
        scripted.on_report = lambda seen: multistatus(token="t2") if "sync-collection" in seen.body else None
        follower.look()
        scripted.token = "t3"
        follower.look()
        scripted.token = "t4"
        fake_http.requests.clear()
        assert follower.look().unchanged
        assert len(fake_http.requests) == 1

    def test_without_a_ctag_the_token_is_asked_for(
        self, fake_http: FakeHttp, scripted: ScriptedCalendar, follower: Follower
    ) -> None:
        scripted.ctag = False
        scripted.put("a")
        follower.look()
        fake_http.requests.clear()
        assert follower.look().unchanged
        [asked] = fake_http.requests
        assert "sync-token" in asked.body
        assert "getctag" not in asked.body

    @pytest.mark.parametrize("ctag", [True, False])
    def test_a_server_that_names_its_state_no_more_is_not_taken_for_unchanged(
        self, scripted: ScriptedCalendar, follower: Follower, ctag: bool
    ) -> None:
        scripted.ctag = ctag
        scripted.put("a")
        follower.look()
        scripted.ctag, scripted.token = False, ""
        scripted.put("b")
        assert [resource.href for resource in follower.look().changed] == ["/cal/b.ics"]
        del scripted.texts["/cal/a.ics"]
        assert follower.look().deleted == ("/cal/a.ics",)

    def test_texts_that_a_server_wont_give_with_the_difference_are_not_asked_for_again(
        self, fake_http: FakeHttp, scripted: ScriptedCalendar, follower: Follower
    ) -> None:
        tokens = iter(["t2", "t3"])

        def report(seen: Seen) -> Reply | None:
            if "sync-collection" not in seen.body:
                return None
            return Reply(400) if "calendar-data" in seen.body else multistatus(*members(), token=next(tokens))

        def members() -> list[str]:
            return [scripted.member(href) for href in scripted.texts]

        scripted.on_report = report
        follower.look()
        requests = []
        for name in "ab":
            scripted.put(name, name)
            fake_http.requests.clear()
            follower.look()
            requests.append(len(fake_http.asked("REPORT")))
        assert follower.titles == ["a", "b"]
        assert requests == [3, 2]

    @pytest.mark.parametrize("status", [400, 403, 404, 409, 412, 500, 501, 507])
    def test_d02_a_refused_token_falls_back_to_a_listing(
        self, scripted: ScriptedCalendar, follower: Follower, status: int
    ) -> None:
        for name in "abc":
            scripted.put(name, name)
        scripted.on_report = lambda seen: Reply(status) if "sync-collection" in seen.body else None
        follower.look()
        del scripted.texts["/cal/b.ics"]
        scripted.put("c", "changed")
        found = follower.look()
        assert found.deleted == ("/cal/b.ics",)
        assert [resource.href for resource in found.changed] == ["/cal/c.ics"]

    def test_d02_a_made_up_token_is_never_sent(
        self, fake_http: FakeHttp, scripted: ScriptedCalendar, follower: Follower
    ) -> None:
        scripted.put("a")
        follower.look()
        follower.cursor = json.dumps({"ctag": "old", "token": "fake-0123", "by": "ctag", "after": ""})
        del scripted.texts["/cal/a.ics"]
        scripted.token = "fake-4567"
        assert follower.look().deleted == ("/cal/a.ics",)
        assert not any("fake-" in seen.body for seen in fake_http.requests)
        assert "fake-" not in follower.cursor

    @pytest.mark.parametrize("ctag", [True, False])
    def test_without_tokens_a_listing_tells(self, scripted: ScriptedCalendar, follower: Follower, ctag: bool) -> None:
        scripted.token, scripted.ctag = "", ctag
        scripted.put("a")
        scripted.put("b")
        follower.look()
        scripted.put("b", "new title")
        del scripted.texts["/cal/a.ics"]
        found = follower.look()
        assert (len(found.changed), found.deleted) == (1, ("/cal/a.ics",))
        again = follower.look()
        assert (again.unchanged, again.changed, again.deleted) == (ctag, (), ())

    def test_a_truncated_difference_is_followed_to_its_end(
        self, scripted: ScriptedCalendar, follower: Follower
    ) -> None:
        for name in "abc":
            scripted.put(name, name)
        follower.look()
        scripted.put("a", "A")
        scripted.put("b", "B")
        gone = scripted.texts.pop("/cal/c.ics")
        assert gone
        pages = {
            "t1": lambda: multistatus(scripted.member("/cal/a.ics"), response("/cal/", status="507 Full"), token="t2"),
            "t2": lambda: multistatus(
                response("/cal/c.ics", status="404 Gone"), response("/cal/", status="507 Full"), token="t3"
            ),
            "t3": lambda: multistatus(scripted.member("/cal/b.ics"), token="t4"),
        }

        def report(seen: Seen) -> Reply | None:
            return next((page() for token, page in pages.items() if f">{token}<" in seen.body), None)

        scripted.on_report = report
        found = follower.look()
        assert {resource.href for resource in found.changed} == {"/cal/a.ics", "/cal/b.ics"}
        assert found.deleted == ("/cal/c.ics",)
        assert '"t4"' in found.cursor

    def test_a_truncated_difference_that_does_not_move_ends_in_a_listing(
        self, scripted: ScriptedCalendar, follower: Follower
    ) -> None:
        scripted.put("a")
        follower.look()
        scripted.put("b")
        stuck = multistatus(response("/cal/", status="507 Full"), token="t1")
        scripted.on_report = lambda seen: stuck if "sync-collection" in seen.body else None
        assert [resource.href for resource in follower.look().changed] == ["/cal/b.ics"]

    def test_data_that_comes_inline_is_not_fetched_again(
        self, fake_http: FakeHttp, scripted: ScriptedCalendar, follower: Follower
    ) -> None:
        follower.look()
        scripted.put("a", "inline")
        data = f"<c:calendar-data>{scripted.texts['/cal/a.ics']}</c:calendar-data>"
        scripted.on_report = lambda seen: multistatus(scripted.member("/cal/a.ics", data), token="t2")
        fake_http.requests.clear()
        follower.look()
        assert follower.titles == ["inline"]
        assert len(fake_http.requests) == 2

    @pytest.mark.parametrize(
        "spelling",
        ["http://127.0.0.1:9/cal/a%40b.ics", "/cal/a@b.ics", "/cal/%61%40b.ics", "/cal/a%40b.ics", "a@b.ics"],
    )
    def test_an_event_is_the_same_in_every_spelling(
        self, scripted: ScriptedCalendar, follower: Follower, spelling: str
    ) -> None:
        scripted.put("a%40b")
        follower.look()
        assert list(follower.texts) == ["/cal/a@b.ics"]
        scripted.texts.clear()
        scripted.on_report = lambda seen: multistatus(response(spelling, status="404 Not Found"), token="t2")
        assert follower.look().deleted == ("/cal/a@b.ics",)

    def test_an_empty_answer_to_a_listing_deletes_nothing(self, scripted: ScriptedCalendar, follower: Follower) -> None:
        scripted.put("a")
        follower.look()
        scripted.put("b")
        scripted.listed = False
        assert follower.look().deleted == ()

    def test_a_large_calendar_comes_in_pieces(
        self, scripted: ScriptedCalendar, follower: Follower, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sync, "AT_ONCE", 10)
        for number in range(25):
            scripted.put(f"e{number}")
        complete = [(found.complete, len(found.changed)) for found in (follower.look() for _ in range(3))]
        assert complete == [(False, 10), (False, 10), (True, 5)]
        assert len(follower.texts) == 25
        assert follower.look().unchanged

    def test_pieces_come_to_an_end_though_nothing_of_them_is_kept(
        self, scripted: ScriptedCalendar, follower: Follower, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sync, "AT_ONCE", 10)
        for number in range(25):
            scripted.put(f"e{number}", text="\x07")
        scripted.on_get = lambda seen: Reply(403)
        looks, complete = 0, False
        while not complete and looks < 10:
            found = next(follower.door.changes(follower.calendar, follower.cursor, lambda hrefs: {}))
            looks, complete, follower.cursor = looks + 1, found.complete, found.cursor
        assert looks == 3

    def test_what_changes_between_two_pieces_is_told(
        self, scripted: ScriptedCalendar, follower: Follower, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sync, "AT_ONCE", 2)
        for name in "abc":
            scripted.put(name, name)
        assert not follower.look().complete
        scripted.put("a", "changed")
        assert follower.look().complete
        follower.look()
        assert follower.titles == ["b", "c", "changed"]


class TestTheFirstLook:
    """All of a calendar comes with one answer, which is held against a listing in the next look."""

    @pytest.fixture(autouse=True)
    def three(self, scripted: ScriptedCalendar) -> None:
        for name in "abc":
            scripted.put(name, name)

    def query(self, scripted: ScriptedCalendar, names: str = "abc", more: str = "") -> Callable[[Seen], Reply | None]:
        """A script for REPORTs: these events in the answer to a calendar-query."""

        def report(seen: Seen) -> Reply | None:
            if "calendar-query" not in seen.body:
                return None
            hrefs = [f"/cal/{name}.ics" for name in names]
            texts = (f"<c:calendar-data>{scripted.texts[href]}</c:calendar-data>" for href in hrefs)
            return multistatus(*map(scripted.member, hrefs, texts), more)

        return report

    def looked(self, follower: Follower) -> list[CalendarChanges]:
        """All pieces of one look, kept."""
        found = []
        for piece in follower.door.changes(follower.calendar, follower.cursor, follower.known):
            follower.keep(piece)
            found.append(piece)
        return found

    def test_it_is_one_request_beside_the_poll(
        self, fake_http: FakeHttp, scripted: ScriptedCalendar, follower: Follower
    ) -> None:
        scripted.on_report = self.query(scripted)
        [found] = self.looked(follower)
        assert (found.complete, follower.titles) == (True, ["a", "b", "c"])
        assert len(fake_http.asked("REPORT")) == 1
        assert not [seen for seen in fake_http.requests if seen.method == "PROPFIND" and seen.headers["Depth"] == "1"]
        follower.look()
        assert follower.look().unchanged

    def test_what_the_server_left_out_is_found_by_the_next_look(
        self, scripted: ScriptedCalendar, follower: Follower
    ) -> None:
        scripted.on_report = self.query(scripted, "ac")
        self.looked(follower)
        assert follower.titles == ["a", "c"]
        self.looked(follower)
        assert follower.titles == ["a", "b", "c"]

    def test_what_a_server_says_that_it_cut_short_is_listed_at_once(
        self, fake_http: FakeHttp, scripted: ScriptedCalendar, follower: Follower
    ) -> None:
        scripted.on_report = self.query(scripted, "ac", more=response("/cal/", status="507 Insufficient Storage"))
        self.looked(follower)
        assert follower.titles == ["a", "b", "c"]
        assert fake_http.asked("REPORT")[-1].body.count("<d:href>") == 1  # what had come isn't fetched again

    def test_what_breaks_off_is_listed_at_once(
        self, fake_http: FakeHttp, scripted: ScriptedCalendar, follower: Follower
    ) -> None:
        whole = self.query(scripted)

        def broken(seen: Seen) -> Reply | None:
            reply = whole(seen)
            return reply and replace(reply, body=reply.body[: len(reply.body) * 3 // 4])

        scripted.on_report = broken
        self.looked(follower)
        assert follower.titles == ["a", "b", "c"]
        assert fake_http.asked("REPORT")[-1].body.count("<d:href>") == 1

    def test_what_says_nothing_is_listed_at_once(self, scripted: ScriptedCalendar, follower: Follower) -> None:
        scripted.on_report = self.query(scripted, "")
        self.looked(follower)
        assert follower.titles == ["a", "b", "c"]

    def test_a_server_that_asks_us_to_wait_is_asked_nothing_more(
        self, fake_http: FakeHttp, scripted: ScriptedCalendar, follower: Follower
    ) -> None:
        scripted.on_report = lambda seen: Reply(503, headers={"Retry-After": "120"})
        with pytest.raises(Unavailable) as caught:
            follower.look()
        assert caught.value.retry_after == 120
        assert fake_http.requests[-1].method == "REPORT"

    def test_a_calendar_that_went_after_the_first_look_is_said_to_be_gone(
        self, fake_http: FakeHttp, scripted: ScriptedCalendar, follower: Follower
    ) -> None:
        scripted.on_report = self.query(scripted)
        self.looked(follower)
        fake_http.script = lambda seen: multistatus(response("/cal/", status="404 Not Found"))
        with pytest.raises(CalendarGone):
            follower.look()


class TestOneBadEvent:
    """One event that can't be had costs itself."""

    @pytest.fixture(autouse=True)
    def good(self, scripted: ScriptedCalendar) -> None:
        scripted.put("good", "good")
        scripted.put("other", "other")

    def problem(self, follower: Follower, href: str) -> str:
        found = follower.look()
        assert follower.titles == ["good", "other"]
        return next(resource.problem for resource in found.changed if resource.href == href)

    def test_larger_than_the_limit_by_its_own_word(
        self, fake_http: FakeHttp, scripted: ScriptedCalendar, follower: Follower
    ) -> None:
        scripted.put("big", text="never asked for")
        scripted.lengths["/cal/big.ics"] = fetching.EVENT_LIMIT + 1
        assert "larger than" in self.problem(follower, "/cal/big.ics")
        assert not any("big" in seen.body + seen.path for seen in fake_http.requests)

    def test_larger_than_the_limit_unannounced(
        self, scripted: ScriptedCalendar, follower: Follower, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(fetching, "EVENT_LIMIT", 2_000)
        scripted.put("big", text="X" * 3_000)
        scripted.lengths["/cal/big.ics"] = 10
        assert "larger than" in self.problem(follower, "/cal/big.ics")

    def test_d06_one_that_breaks_the_xml_of_its_batch_comes_alone(
        self, scripted: ScriptedCalendar, follower: Follower
    ) -> None:
        scripted.put("odd", text=event("odd", "bell\x07"))
        follower.look()
        assert follower.titles == ["bell\x07", "good", "other"]

    def test_d06_one_that_breaks_the_xml_of_a_large_batch_is_found_by_halving(
        self, fake_http: FakeHttp, scripted: ScriptedCalendar, follower: Follower
    ) -> None:
        for number in range(200):
            scripted.put(f"e{number}")
        scripted.put("odd", text=event("odd", "bell\x07"))
        follower.look()
        assert len(follower.texts) == 203
        assert len(fake_http.asked("GET")) == 1
        assert len(fake_http.asked("REPORT")) < 20

    def test_a_batch_is_bounded_in_number_and_in_bytes(
        self, fake_http: FakeHttp, scripted: ScriptedCalendar, follower: Follower
    ) -> None:
        for number in range(600):
            scripted.put(f"e{number}")
        for number in range(4):
            scripted.put(f"large{number}")
            scripted.lengths[f"/cal/large{number}.ics"] = 4_500_000
        follower.look()
        assert len(follower.texts) == 606
        sizes = [seen.body.count("<d:href>") for seen in fake_http.asked("REPORT")]
        larges = [seen.body.count("large") for seen in fake_http.asked("REPORT")]
        assert max(sizes) == 500
        assert max(larges) == 1

    def test_one_that_is_no_text(self, scripted: ScriptedCalendar, follower: Follower) -> None:
        scripted.put("odd", text="\x07")
        scripted.on_get = lambda seen: Reply(200, b"\xff\xfe\x00", {"ETag": '"x"'}) if "odd" in seen.path else None
        assert "UTF-8" in self.problem(follower, "/cal/odd.ics")

    def test_one_the_server_fails_on_is_tried_again(self, scripted: ScriptedCalendar, follower: Follower) -> None:
        scripted.put("odd", text="\x07")
        scripted.on_get = lambda seen: Reply(500) if "odd" in seen.path else None
        assert "500" in self.problem(follower, "/cal/odd.ics")
        scripted.on_get = lambda seen: None
        scripted.put("odd", "mended")
        follower.look()
        assert "mended" in follower.titles

    def test_one_that_vanishes_meanwhile_is_not_told(self, scripted: ScriptedCalendar, follower: Follower) -> None:
        scripted.put("odd", text="\x07")
        scripted.on_get = lambda seen: Reply(404) if "odd" in seen.path else None
        found = follower.look()
        assert "/cal/odd.ics" not in {resource.href for resource in found.changed}

    def test_a_server_without_multiget(self, scripted: ScriptedCalendar, follower: Follower) -> None:
        scripted.on_report = lambda seen: Reply(501)
        follower.look()
        assert follower.titles == ["good", "other"]


def test_the_library_keeps_its_complaints_to_itself(
    fake_http: FakeHttp, follower: Follower, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    fake_http.script = lambda seen: Reply(200, "<html>broken<br>", {"Content-Type": "text/html"})
    with caplog.at_level(logging.WARNING), pytest.raises(Unavailable):
        follower.look()
    fake_http.script = lambda seen: Reply(401)
    with caplog.at_level(logging.WARNING), pytest.raises(CredentialsError):
        follower.look()
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


def test_every_error_is_of_our_families_when_the_port_is_no_http_server() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.listen()
        url = f"https://127.0.0.1:{server.getsockname()[1]}/"
        with Calendars(account(url, timeout=0.3)) as door, pytest.raises(MentorUpError):
            door.discover()
