"""`mentorup init` finds the servers by itself, and `check` says where else they may be (RFC 6764, RFC 6186)."""

from __future__ import annotations

from pathlib import Path

import pytest

from mentorup_daemon.config import load
from tests.contract.test_init_check import Ended, Home, table
from tests.servers.caldav import CalDavServer
from tests.servers.dns import DnsServer
from tests.servers.fake_http import FakeHttp, Reply
from tests.servers.imap import Mailserver

ME = ("init", "--name", "Sam Rivera", "--email", "sam@rivera.test", "--timezone", "America/Los_Angeles")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logging_as_before: None) -> Home:
    for variable in ("MENTORUP_CONFIG", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "STATE_DIRECTORY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MAIL_PASSWORD", "secret")
    monkeypatch.setenv("TERM", "dumb")
    return Home(tmp_path)


@pytest.fixture
def found(dns_server: DnsServer, pymap: Mailserver, radicale: CalDavServer) -> DnsServer:
    """The DNS names both servers."""
    dns_server.srv("_imap._tcp.rivera.test", f"0 1 {pymap.port} localhost.")
    dns_server.srv("_caldav._tcp.rivera.test", f"0 1 {radicale.url.split(':')[2].strip('/')} localhost.")
    dns_server.txt("_caldav._tcp.rivera.test", "path=/")
    return dns_server


def words(ended: Ended) -> str:
    return " ".join((ended.out + ended.err).replace("│", " ").split())


def test_servers_that_no_flag_names_are_found_by_the_dns(
    home: Home, found: DnsServer, pymap: Mailserver, radicale: CalDavServer
) -> None:
    logins = (
        "--imap-username",
        pymap.username,
        "--imap-password-env",
        "MAIL_PASSWORD",
        "--caldav-username",
        radicale.username,
    )
    made = home.run(*ME, "--yes", *logins)
    assert made.code == 0, words(made)
    settings = load(home.config)
    assert (settings.imap.host, settings.imap.port, settings.imap.security) == ("localhost", pymap.port, "none")
    assert settings.caldav is not None
    assert settings.caldav.url == radicale.url.replace("127.0.0.1", "localhost")
    assert "calendars at" in made.out
    assert home.run("check").code == 0


def test_on_a_terminal_they_are_proposed(
    home: Home, found: DnsServer, pymap: Mailserver, radicale: CalDavServer
) -> None:
    password = home.path / "password"
    password.write_text("secret")
    typed = ["", "", "", pymap.username, "file", str(password), "", radicale.username, "y", ""]
    made = home.run(*ME, typed="\n".join(typed) + "\n")
    assert made.code == 0, words(made)
    assert "rivera.test names localhost." in words(made)
    assert f"Your CalDAV server (its address, or your email address there) [{radicale.url[:7]}localhost" in words(made)
    assert load(home.config).imap.host == "localhost"


def test_an_address_or_a_domain_in_place_of_the_url_will_do(
    home: Home, found: DnsServer, radicale: CalDavServer
) -> None:
    flags = ("--imap-host", "imap.example.org", "--imap-password-env", "MAIL_PASSWORD", "--no-try", "--yes")
    for given in ("sam@rivera.test", "rivera.test"):
        made = home.run(*ME, *flags, "--caldav-url", given, "--force")
        assert made.code == 0, words(made)
        caldav = load(home.config).caldav
        assert caldav is not None
        assert caldav.url == radicale.url.replace("127.0.0.1", "localhost")
    nothing = home.run(*ME, *flags, "--caldav-url", "nothing.test", "--force")
    assert nothing.code == 2
    assert "no calendars are found at nothing.test" in words(nothing)


def test_a_server_of_another_domain_takes_the_owners_word(home: Home, dns_server: DnsServer) -> None:
    dns_server.srv("_imaps._tcp.rivera.test", "0 1 993 imap.elsewhere.test.")
    silent = home.run(*ME, "--yes", "--imap-password-env", "MAIL_PASSWORD", "--no-try")
    assert silent.code == 2
    assert "would see your password; if that is right, say so with --imap-host imap.elsewhere.test" in words(silent)
    assert not home.config.exists()
    flags = ("--imap-password-env", "MAIL_PASSWORD", "--caldav-url", "https://dav.rivera.test/", "--no-try")
    asked = home.run(*ME, *flags, typed="\n\n\n\n\n\n\n")
    assert asked.code == 0, words(asked)
    assert "That is no part of rivera.test: take it only if you know it." in words(asked)
    assert load(home.config).imap.host == "imap.elsewhere.test"


def test_without_anything_in_the_dns_the_usual_names_are_proposed(home: Home, dns_server: DnsServer) -> None:
    made = home.run(*ME, "--yes", "--imap-password-env", "MAIL_PASSWORD", "--no-try")
    assert made.code == 0, words(made)
    settings = load(home.config)
    assert settings.imap.host == "imap.rivera.test"
    assert settings.caldav is not None
    assert settings.caldav.url == "https://rivera.test/"
    asked = [kind for name, kind in dns_server.asked if name.startswith("_")]
    assert asked == ["SRV"] * 4


@pytest.mark.parametrize(
    ("address", "imap", "caldav"),
    [
        ("sam@gmail.com", "imap.gmail.com", "https://apidata.googleusercontent.com/caldav/v2/sam@gmail.com/user"),
        ("sam@icloud.com", "imap.mail.me.com", "https://caldav.icloud.com/"),
        ("sam@fastmail.com", "imap.fastmail.com", "https://caldav.fastmail.com/"),
    ],
)
def test_large_providers_are_known(home: Home, dns_server: DnsServer, address: str, imap: str, caldav: str) -> None:
    made = home.run(*ME, "--email", address, "--yes", "--imap-password-env", "MAIL_PASSWORD", "--no-try")
    assert made.code == 0, words(made)
    settings = load(home.config)
    assert (settings.imap.host, settings.caldav and settings.caldav.url) == (imap, caldav)
    assert settings.imap.username == ("sam" if address == "sam@icloud.com" else address)
    assert settings.caldav is not None
    assert settings.caldav.username == address
    assert dns_server.asked == []


def test_a_provider_without_caldav_is_asked_for_a_published_calendar(home: Home) -> None:
    flags = ("--email", "sam@outlook.com", "--imap-password-env", "MAIL_PASSWORD", "--no-try")
    silent = home.run(*ME, *flags, "--yes")
    assert silent.code == 2
    assert "--feed is needed with --yes" in words(silent)
    asked = home.run(*ME, *flags, typed="\n\n\n\nhttps://outlook.test/sam.ics\n\n")
    assert asked.code == 0, words(asked)
    assert "Microsoft has no CalDAV" in words(asked)
    settings = load(home.config)
    assert settings.caldav is None
    assert [feed.url for feed in settings.feeds] == ["https://outlook.test/sam.ics"]


def test_check_says_what_the_domain_names_where_a_server_can_not_be_reached(
    home: Home, found: DnsServer, pymap: Mailserver, radicale: CalDavServer, fake_http: FakeHttp
) -> None:
    fake_http.script = lambda seen: Reply(404)
    owner = {"email": "sam@rivera.test"}
    home.write(table(pymap, radicale, owner=owner, imap={"port": 1}, caldav={"url": fake_http.url}))
    told = home.run("check", "--json").findings
    assert told["imap"][0][1].endswith(f"; rivera.test names localhost:{pymap.port} for mail (none)")
    assert "there is no calendar" in told["caldav"][0][1]
    assert told["caldav"][0][1].endswith(
        f"; rivera.test names {radicale.url.replace('127.0.0.1', 'localhost')} for calendars"
    )


def test_check_asks_no_dns_where_all_is_well(
    home: Home, found: DnsServer, pymap: Mailserver, radicale: CalDavServer
) -> None:
    home.write(table(pymap, radicale, owner={"email": "sam@rivera.test"}))
    assert home.run("check").code == 0
    assert found.asked == []
