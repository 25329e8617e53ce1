"""Finding servers from an address or a domain: a real DNS server, real and scripted calendars (RFC 6764, RFC 6186)."""

from __future__ import annotations

from pathlib import Path

import pytest

from mentorup_daemon.calendars import CalDavAccount, Calendars
from mentorup_daemon.calendars.locating import CalendarPlace, locate
from mentorup_daemon.errors import ConfigError
from mentorup_daemon.mailbox.locating import MailPlace
from mentorup_daemon.mailbox.locating import locate as locate_mail
from mentorup_daemon.records.providers import PROVIDERS, provider_at, provider_of
from mentorup_daemon.service_records import Service, domain_of, services, within
from tests.servers.caldav import CalDavServer
from tests.servers.dns import DnsServer
from tests.servers.fake_http import FakeHttp, Reply, Seen, serve

SAM = "sam@rivera.test"
WANTS_LOGIN = Reply(401, headers={"WWW-Authenticate": 'Basic realm="dav"'})


def port_of(url: str) -> int:
    return int(url.split(":")[2].split("/", maxsplit=1)[0])


class TestRecords:
    """What the DNS says."""

    def test_the_lowest_priority_comes_first_and_then_the_heaviest(self, dns_server: DnsServer) -> None:
        dns_server.srv(
            "_caldavs._tcp.rivera.test",
            "20 9 443 c.rivera.test.",
            "10 1 443 b.rivera.test.",
            "10 5 8443 a.rivera.test.",
        )
        assert services("caldavs", "rivera.test") == (
            Service("a.rivera.test", 8443),
            Service("b.rivera.test", 443),
            Service("c.rivera.test", 443),
        )

    def test_a_path_is_taken_from_txt_where_it_is_one(self, dns_server: DnsServer) -> None:
        dns_server.srv("_caldavs._tcp.rivera.test", "0 1 443 dav.rivera.test.")
        for texts, path in (
            (["path=/dav/"], "/dav/"),
            (["v=spf1 -all", "PATH=/dav/x"], "/dav/x"),
            (["path=https://evil.test/"], ""),
            (["path="], ""),
            ([], ""),
        ):
            dns_server.txt("_caldavs._tcp.rivera.test", *texts)
            assert services("caldavs", "rivera.test")[0].path == path

    def test_a_dot_says_that_there_is_no_such_service(self, dns_server: DnsServer) -> None:
        dns_server.srv("_imaps._tcp.rivera.test", "0 0 0 .")
        assert services("imaps", "rivera.test") == ()

    @pytest.mark.parametrize("domain", ["nothing.test", "a" * 70 + ".test", "x..test", "", "ü.test"])
    def test_what_names_nothing_is_nothing(self, dns_server: DnsServer, domain: str) -> None:
        assert services("caldavs", domain) == ()

    def test_without_a_dns_there_is_nothing(self) -> None:
        assert services("caldavs", "rivera.test") == ()
        assert locate_mail(SAM) is None

    def test_a_domain_is_that_of_an_address_or_itself(self) -> None:
        assert [domain_of(one) for one in (SAM, " Rivera.Test. ", "https://x/", "a b", "")] == [
            "rivera.test",
            "rivera.test",
            "",
            "",
            "",
        ]

    def test_a_host_is_within_its_domain_only(self) -> None:
        assert [within(host, "rivera.test") for host in ("rivera.test", "a.b.RIVERA.test.")] == [True, True]
        assert [within(host, "rivera.test") for host in ("evilrivera.test", "rivera.test.evil.test", "")] == [False] * 3


class TestMail:
    """RFC 6186."""

    def test_tls_from_the_start_is_preferred(self, dns_server: DnsServer) -> None:
        dns_server.srv("_imap._tcp.rivera.test", "0 1 143 imap.rivera.test.")
        assert locate_mail(SAM) == MailPlace("imap.rivera.test", 143, "starttls", foreign=False)
        dns_server.srv("_imaps._tcp.rivera.test", "0 1 993 imap.rivera.test.")
        assert locate_mail("rivera.test") == MailPlace("imap.rivera.test", 993, "tls", foreign=False)

    def test_a_server_of_another_domain_is_told_apart(self, dns_server: DnsServer) -> None:
        dns_server.srv("_imaps._tcp.rivera.test", "0 1 993 imap.elsewhere.test.")
        assert locate_mail(SAM) == MailPlace("imap.elsewhere.test", 993, "tls", foreign=True)


class TestCalendars:
    """RFC 6764."""

    @pytest.mark.parametrize("identifier", [SAM, "rivera.test"])
    @pytest.mark.parametrize("path", ["path=/", ""])
    def test_an_address_or_a_bare_domain_leads_to_the_calendars(
        self, dns_server: DnsServer, radicale: CalDavServer, identifier: str, path: str
    ) -> None:
        dns_server.srv("_caldav._tcp.rivera.test", f"0 1 {port_of(radicale.url)} localhost.")
        if path:
            dns_server.txt("_caldav._tcp.rivera.test", path)
        found = locate(identifier)
        assert found is not None
        assert not found.foreign
        account = CalDavAccount(found.url, radicale.username, lambda: radicale.password, timeout=10)
        with Calendars(account) as door:
            assert [info.name for info in door.discover()] == ["Work"]

    def test_the_well_known_way_is_followed_to_where_it_leads(self, dns_server: DnsServer, fake_http: FakeHttp) -> None:
        dns_server.srv("_caldav._tcp.rivera.test", f"0 1 {fake_http.port} localhost.")

        def script(seen: Seen) -> Reply:
            moved = {"/.well-known/caldav": "/remote.php/dav", "/remote.php/dav": "/remote.php/dav/"}
            return Reply(301, headers={"Location": moved[seen.path]}) if seen.path in moved else WANTS_LOGIN

        fake_http.script = script
        assert locate(SAM) == CalendarPlace(f"http://localhost:{fake_http.port}/remote.php/dav/", foreign=False)

    def test_no_login_is_sent_anywhere_however_it_is_asked_for(
        self, dns_server: DnsServer, fake_http: FakeHttp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        netrc = tmp_path / "netrc"
        netrc.write_text("machine localhost login sam password secret\nmachine 127.0.0.1 login sam password secret\n")
        monkeypatch.setenv("NETRC", str(netrc))
        other = FakeHttp(script=lambda seen: WANTS_LOGIN)
        stop = serve(other)
        try:
            dns_server.srv("_caldav._tcp.rivera.test", f"0 1 {fake_http.port} localhost.")
            to_the_other = {"Location": other.url.replace("127.0.0.1", "sam:secret@127.0.0.1")}
            fake_http.script = lambda seen: Reply(302, headers=to_the_other)
            found = locate(SAM)
        finally:
            stop()
        asked = [*fake_http.requests, *other.requests]
        assert len(asked) >= 2
        assert all("authorization" not in map(str.lower, seen.headers) for seen in asked)
        assert found is not None
        assert "secret" not in found.url

    @pytest.mark.parametrize(
        "reply",
        [
            Reply(200, "<html>Welcome</html>"),
            Reply(404),
            Reply(401),
            Reply(405),
            Reply(500),
            Reply(302, headers={"Location": "/.well-known/caldav"}),
            Reply(302, headers={"Location": "http://dav.example.org/"}),
            Reply(302, headers={"Location": "file:///etc/passwd"}),
            Reply(302, headers={"Location": "https://[/"}),
        ],
        ids=["page", "404", "401-without-asking", "405", "500", "circle", "plain-text", "file", "no-url"],
    )
    def test_what_is_no_caldav_server_is_none(self, dns_server: DnsServer, fake_http: FakeHttp, reply: Reply) -> None:
        dns_server.srv("_caldav._tcp.rivera.test", f"0 1 {fake_http.port} localhost.")
        fake_http.script = lambda seen: reply
        assert locate(SAM, timeout=5) is None
        assert fake_http.asked("PROPFIND")

    def test_the_next_server_is_asked_where_the_first_is_away(
        self, dns_server: DnsServer, radicale: CalDavServer
    ) -> None:
        dns_server.srv(
            "_caldav._tcp.rivera.test",
            "0 1 1 localhost.",
            f"1 1 {port_of(radicale.url)} localhost.",
            "2 1 2 localhost.",
        )
        found = locate(SAM, timeout=5)
        assert found is not None
        assert found.url.startswith(f"http://localhost:{port_of(radicale.url)}/")

    def test_plain_text_is_for_this_machine_only(self, dns_server: DnsServer) -> None:
        dns_server.srv("_caldav._tcp.rivera.test", "0 1 80 dav.rivera.test.")
        assert locate(SAM, timeout=2) is None
        assert ("dav.rivera.test", "A") not in dns_server.asked

    def test_a_missing_ca_file_is_told(self) -> None:
        with pytest.raises(ConfigError, match="there is no file"):
            locate(SAM, ca_file="/nowhere.pem")


@pytest.mark.debian
class TestTls:
    """With certificates."""

    def test_a_server_with_tls_is_found_when_its_certificate_can_be_verified(
        self, dns_server: DnsServer, tls_http: tuple[FakeHttp, str]
    ) -> None:
        fake, ca_file = tls_http
        dns_server.srv("_caldavs._tcp.rivera.test", f"0 1 {fake.port} localhost.")
        dns_server.txt("_caldavs._tcp.rivera.test", "path=/dav/")
        fake.script = lambda seen: WANTS_LOGIN
        assert locate(SAM, ca_file=ca_file) == CalendarPlace(f"https://localhost:{fake.port}/dav/", foreign=False)
        assert locate(SAM) is None

    def test_nothing_safe_is_left_for_what_isnt(
        self, dns_server: DnsServer, tls_http: tuple[FakeHttp, str], fake_http: FakeHttp
    ) -> None:
        fake, ca_file = tls_http
        dns_server.srv("_caldavs._tcp.rivera.test", f"0 1 {fake.port} localhost.")
        fake.script = lambda seen: Reply(301, headers={"Location": fake_http.url})
        fake_http.script = lambda seen: WANTS_LOGIN
        assert locate(SAM, ca_file=ca_file) is None
        assert fake_http.requests == []


def test_providers_are_known_by_their_addresses_and_their_servers() -> None:
    assert [getattr(provider_of(one), "name", None) for one in ("sam@GMAIL.com", "sam@me.com", SAM)] == [
        "Google",
        "iCloud",
        None,
    ]
    hosts = ("imap.gmail.com", "p42-caldav.icloud.com", "outlook.office365.com", "notgmail.com", "gmail.com.evil.test")
    assert [getattr(provider_at(one), "name", None) for one in hosts] == ["Google", "iCloud", "Microsoft", None, None]
    assert all(provider_at(one.imap) is one for one in PROVIDERS)
    assert [one.name for one in PROVIDERS if not one.caldav] == ["Microsoft"]
