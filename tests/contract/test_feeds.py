"""Feeds: one conditional request when nothing changed, bounds on everything else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mentorup_daemon.calendars import Feed, feeds
from mentorup_daemon.errors import ConfigError, CredentialsError, Unavailable
from tests.contract.test_calendars import event
from tests.servers.fake_http import FakeHttp, Reply, Seen, serve

ICS = {"Content-Type": "text/calendar; charset=utf-8"}
SECRET = "private-8f3a"


@pytest.fixture
def feed(fake_http: FakeHttp) -> Iterator[Feed]:
    with Feed(f"{fake_http.url}{SECRET}/sam.ics", timeout=5) as made:
        yield made


def test_the_whole_feed_is_one_resource(fake_http: FakeHttp, feed: Feed) -> None:
    fake_http.script = lambda seen: Reply(200, b"\xef\xbb\xbf" + event("a", "Grüße").encode(), ICS)
    found = feed.changes("")
    assert [resource.href for resource in found.changed] == [feed.url]
    assert found.changed[0].text == event("a", "Grüße")
    assert (found.deleted, found.unchanged, found.complete) == ((), False, True)


@pytest.mark.parametrize(
    ("validator", "condition"), [("ETag", "If-None-Match"), ("Last-Modified", "If-Modified-Since")]
)
def test_nothing_new_costs_one_conditional_request(
    fake_http: FakeHttp, feed: Feed, validator: str, condition: str
) -> None:
    value = '"v1"' if validator == "ETag" else "Sun, 22 Nov 2026 08:00:00 GMT"

    def script(seen: Seen) -> Reply:
        fresh = seen.headers.get(condition) != value
        return Reply(200, event("a"), {**ICS, validator: value}) if fresh else Reply(304)

    fake_http.script = script
    cursor = feed.changes("").cursor
    again = feed.changes(cursor)
    assert again.unchanged
    assert feed.changes(again.cursor).unchanged
    assert len(fake_http.requests) == 3


def test_without_validators_the_text_itself_is_compared(fake_http: FakeHttp, feed: Feed) -> None:
    texts = [event("a"), event("a"), event("a", "moved")]
    fake_http.script = lambda seen: Reply(200, texts[len(fake_http.requests) - 1], ICS)
    first = feed.changes("")
    second = feed.changes(first.cursor)
    third = feed.changes(second.cursor)
    assert (second.unchanged, second.changed) == (True, ())
    assert "SUMMARY:moved" in third.changed[0].text


@pytest.mark.parametrize("cursor", ["nonsense", "[]", "{}", "3"])
def test_a_cursor_that_is_none_is_none(fake_http: FakeHttp, feed: Feed, cursor: str) -> None:
    fake_http.script = lambda seen: Reply(200, event("a"), ICS)
    assert feed.changes(cursor).changed


@pytest.mark.parametrize(
    ("reply", "family"),
    [
        (Reply(401), CredentialsError),
        (Reply(403), CredentialsError),
        (Reply(404), Unavailable),
        (Reply(500), Unavailable),
        (Reply(503, headers={"Retry-After": "60"}), Unavailable),
        (Reply(200, "<html>Please log in</html>", {"Content-Type": "text/html"}), Unavailable),
        (Reply(200, "", ICS), Unavailable),
        (Reply(200, "BEGIN:VCAL", ICS, claim=5000), Unavailable),
        (Reply(302, headers={"Location": "/somewhere"}), Unavailable),
        (Reply(302, headers={"Location": "file:///etc/passwd"}), ConfigError),
    ],
    ids=lambda value: f"{value.status}-{value.body[:6]!r}" if isinstance(value, Reply) else value.__name__,
)
def test_d01_trouble_is_of_our_families_and_keeps_the_address_secret(
    fake_http: FakeHttp, feed: Feed, reply: Reply, family: type[Exception]
) -> None:
    fake_http.script = lambda seen: reply
    with pytest.raises(family) as caught:
        feed.changes("")
    assert SECRET not in str(caught.value)


def test_d01_a_feed_that_drips_is_cut(fake_http: FakeHttp) -> None:
    fake_http.script = lambda seen: Reply(200, event("a") * 100, ICS, drip=0.02)
    with Feed(fake_http.url, timeout=0.1) as feed, pytest.raises(Unavailable, match="in time"):
        feed.changes("")


def test_an_endless_feed_is_cut(fake_http: FakeHttp, feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "FEED_LIMIT", 100_000)
    fake_http.script = lambda seen: Reply(200, event("a") * 10_000, ICS)
    with pytest.raises(Unavailable, match="more than"):
        feed.changes("")


def test_redirects_are_followed_to_where_they_lead(fake_http: FakeHttp, feed: Feed) -> None:
    there = Reply(200, event("a"), ICS)
    fake_http.script = lambda seen: there if seen.path == "/new.ics" else Reply(301, headers={"Location": "/new.ics"})
    assert feed.changes("").changed[0].href == feed.url


def test_a_login_in_the_address_is_used_and_never_told(fake_http: FakeHttp) -> None:
    fake_http.script = lambda seen: Reply(401)
    url = f"http://sam:{SECRET}@127.0.0.1:{fake_http.port}/sam.ics"
    with Feed(url, timeout=5) as feed, pytest.raises(CredentialsError) as caught:
        feed.changes("")
    assert fake_http.requests[0].headers["Authorization"].startswith("Basic ")
    assert SECRET not in str(caught.value)


def test_webcal_means_https(fake_http: FakeHttp) -> None:
    with Feed(f"webcal://127.0.0.1:{fake_http.port}/sam.ics", timeout=1) as feed, pytest.raises(Unavailable):
        feed.changes("")
    assert fake_http.requests == []


@pytest.mark.parametrize("url", ["ftp://example.org/a.ics", "example.org/a.ics", "https://", "https://[", "file:///x"])
def test_an_address_that_is_none_is_for_the_owner_to_mend(url: str) -> None:
    with pytest.raises(ConfigError, match=r"\[\[feeds\]\] url"):
        Feed(url)


@pytest.mark.debian
def test_a_redirect_to_a_safer_scheme_is_followed_and_none_back(
    fake_http: FakeHttp, tls_http: tuple[FakeHttp, str]
) -> None:
    safe, ca_file = tls_http
    safe.script = lambda seen: Reply(200, event("a"), ICS)
    fake_http.script = lambda seen: Reply(302, headers={"Location": f"{safe.url}{SECRET}.ics"})
    with Feed(fake_http.url, timeout=5, ca_file=ca_file) as feed:
        assert feed.changes("").changed
    safe.script = lambda seen: Reply(302, headers={"Location": fake_http.url})
    fake_http.requests.clear()
    with Feed(safe.url, timeout=5, ca_file=ca_file) as feed, pytest.raises(Unavailable, match="isn't followed"):
        feed.changes("")
    assert fake_http.requests == []


@pytest.mark.debian
def test_webcal_is_asked_for_over_tls_also_behind_a_redirect(
    fake_http: FakeHttp, tls_http: tuple[FakeHttp, str]
) -> None:
    safe, ca_file = tls_http
    safe.script = lambda seen: Reply(200, event("a"), ICS)
    webcal = safe.url.replace("https://", "webcal://")
    with Feed(webcal, timeout=5, ca_file=ca_file) as feed:
        assert [resource.href for resource in feed.changes("").changed] == [webcal]
    fake_http.script = lambda seen: Reply(302, headers={"Location": webcal})
    with Feed(fake_http.url, timeout=5, ca_file=ca_file) as feed:
        assert feed.changes("").changed


def test_a_login_stays_with_the_server_it_is_for(fake_http: FakeHttp) -> None:
    other = FakeHttp(script=lambda seen: Reply(200, event("a"), ICS))
    stop = serve(other)
    try:
        fake_http.script = lambda seen: Reply(302, headers={"Location": other.url})
        with Feed(f"http://sam:{SECRET}@127.0.0.1:{fake_http.port}/sam.ics", timeout=5) as feed:
            assert feed.changes("").changed
    finally:
        stop()
    assert "Authorization" in fake_http.requests[0].headers
    assert "Authorization" not in other.requests[0].headers
