"""Logging in by OAuth the whole way: Dovecot looks the tokens up, Radicale stands behind a gate that does."""

from __future__ import annotations

import base64
import io
import json
import stat
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mentorup_daemon import logs
from mentorup_daemon.calendars import CalDavAccount, Calendars
from mentorup_daemon.cli import app
from mentorup_daemon.errors import ConfigError, CredentialsError
from mentorup_daemon.mailbox.session import Session
from mentorup_daemon.oauth import Access, Tokens, TokenStore, browser
from mentorup_daemon.service.tend import EVERYWHERE, tend
from tests.servers.caldav import CalDavServer
from tests.servers.fake_imap import FakeImap, Line
from tests.servers.imap import PASSWORD, Dovecot, Mailserver, running_dovecot
from tests.servers.oauth import Browser, Gate, OAuthServer
from tests.servers.world import World

pytestmark = pytest.mark.debian


class Login:
    """One account's tokens, and a count of what became of them."""

    def __init__(self, server: OAuthServer, user: str, directory: Path) -> None:
        self.server = server
        client = server.client(user)
        self.store = TokenStore("imap", "file", str(directory / f"{user}-token"), user, directory)
        token = browser.log_in(client, lambda _page: None, open_page=Browser().open, patience=30)
        self.store.write(str(token["refresh_token"]))
        self.tokens = Tokens(client, self.store)
        self.asked: list[str] = []

    def access(self, refused: str = "") -> str:
        self.asked.append(refused)
        return self.tokens.access(refused)


@pytest.fixture(scope="session")
def oauthbearer_dovecot(certificates: Path, oauth_server: OAuthServer) -> Iterator[Dovecot]:
    with running_dovecot(certificates, "oauthbearer", oauth_server.introspection) as server:
        yield server


@pytest.fixture(scope="session")
def xoauth2_dovecot(certificates: Path, oauth_server: OAuthServer) -> Iterator[Dovecot]:
    with running_dovecot(certificates, "xoauth2", oauth_server.introspection) as server:
        yield server


def new_user(dovecot: Dovecot) -> Mailserver:
    user = f"sam{uuid.uuid4().hex[:8]}@example.org"
    return Mailserver(
        "dovecot", "127.0.0.1", dovecot.plain_port, "none", user, PASSWORD, "", dovecot.plain_port, dovecot
    )


@pytest.fixture(params=["oauthbearer_dovecot", "xoauth2_dovecot"])
def mailserver(request: pytest.FixtureRequest) -> Mailserver:
    """A new user on a Dovecot that takes tokens by one of the two mechanisms."""
    return new_user(request.getfixturevalue(request.param))


@pytest.fixture
def login(oauth_server: OAuthServer, mailserver: Mailserver, tmp_path: Path) -> Login:
    return Login(oauth_server, mailserver.username, tmp_path)


# IMAP


def test_i6_imap_lets_in_by_token(mailserver: Mailserver, login: Login) -> None:
    mailserver.deliver(b"Subject: one\r\n\r\ntext\r\n")
    session = Session(mailserver.account(access_token=login.access))
    try:
        assert session.open("INBOX").exists == 1
    finally:
        session.close()
    assert login.asked == [""]


def test_i6_a_token_that_ended_is_renewed_and_tried_once_more(mailserver: Mailserver, login: Login) -> None:
    login.server.expire(ended := login.tokens.access())
    session = Session(mailserver.account(access_token=login.access))
    try:
        assert session.open("INBOX").exists == 0
    finally:
        session.close()
    assert login.asked == ["", ended]


def test_i6_a_token_that_ends_during_a_session_is_renewed_at_the_next_connection(
    mailserver: Mailserver, login: Login
) -> None:
    session = Session(mailserver.account(access_token=login.access))
    try:
        session.open("INBOX")
        login.server.expire(login.tokens.access())
        session.drop()  # as servers do when a token has ended
        session.open("INBOX")
    finally:
        session.close()


def test_i6_the_token_of_another_account_is_refused_after_one_more_try(mailserver: Mailserver, login: Login) -> None:
    account = mailserver.account(access_token=login.access, username="ana@example.org")
    with pytest.raises(CredentialsError, match=r"refused the login by OAuth.*mentorup login --imap") as told:
        Session(account).connect()
    assert len(login.asked) == 2
    assert login.tokens.access() not in str(told.value)


def test_i6_a_renewed_login_that_is_refused_says_what_to_do(mailserver: Mailserver, login: Login) -> None:
    login.server.revoke(login.store.read())
    with pytest.raises(CredentialsError, match="mentorup login --imap"):
        Session(mailserver.account(access_token=login.access)).connect()


@pytest.mark.parametrize(
    ("mechanism", "first", "after_refusal"),
    [
        ("OAUTHBEARER", "n,a=s=3Da=2Cm,\1host=127.0.0.1\1port={port}\1auth=Bearer a-token\1\1", "AQ=="),
        ("XOAUTH2", "user=s=a,m\1auth=Bearer a-token\1\1", ""),
    ],
)
def test_i6_what_is_said_to_the_server_is_as_the_standards_have_it(
    mechanism: str, first: str, after_refusal: str
) -> None:
    """RFC 7628 3.1 and 3.2.3, and what Google and Microsoft tell of XOAUTH2; a name's signs are escaped (RFC 5801)."""
    said: list[str] = []

    def refuse(line: Line) -> None:
        line.greet(f"IMAP4rev1 AUTH={mechanism}")
        tag = line.expect(f"AUTHENTICATE {mechanism}")
        line.send("+ ")
        said.append(line.read_line())
        line.send("+ " + base64.b64encode(b'{"status":"invalid_token"}').decode())
        said.append(line.read_line())
        line.send(f"{tag} NO [AUTHENTICATIONFAILED] no")
        line.serve({})

    with FakeImap(refuse) as server, pytest.raises(CredentialsError, match="mentorup login --imap"):
        Session(server.account(username="s=a,m", access_token=lambda _refused: "a-token")).connect()
    assert base64.b64decode(said[0]).decode() == first.format(port=server.port)
    assert said[1] == after_refusal


def test_i6_a_server_without_oauth_is_told(pymap: Mailserver) -> None:
    with pytest.raises(ConfigError, match="offers no login by OAuth"):
        Session(pymap.account(access_token=lambda _refused: "a-token")).connect()


# CalDAV


@pytest.fixture
def dav_login(oauth_server: OAuthServer, tmp_path: Path) -> Login:
    return Login(oauth_server, "sam", tmp_path)


def calendars(gate: Gate, login: Login) -> Calendars:
    return Calendars(CalDavAccount(gate.url, "sam", lambda: "", access_token=login.access, timeout=20.0))


def test_i6_caldav_lets_in_by_token_without_being_asked_twice(gate: Gate, dav_login: Login) -> None:
    with calendars(gate, dav_login) as door:
        assert "Work" in [info.name for info in door.discover()]
    assert gate.refused == []


def test_i6_a_token_that_ends_between_two_requests_is_renewed_and_sent_once_more(gate: Gate, dav_login: Login) -> None:
    with calendars(gate, dav_login) as door:
        door.discover()
        ended = dav_login.tokens.access()
        dav_login.server.expire(ended)
        assert "Work" in [info.name for info in door.discover()]
    assert gate.refused == [f"Bearer {ended}"]
    assert dav_login.asked.count(ended) == 1


def test_i6_a_connection_goes_on_with_the_token_that_is_good_now(gate: Gate, dav_login: Login) -> None:
    with calendars(gate, dav_login) as door:
        door.discover()
        dav_login.tokens._access = replace(dav_login.tokens._access, renew_at=0.0)  # its end is near
        door.discover()
    assert len(set(gate.passed)) == 2
    assert gate.refused == []


def test_i6_the_calendars_of_another_account_are_refused_after_one_more_try(gate: Gate, dav_login: Login) -> None:
    gate.user = "ana"
    with calendars(gate, dav_login) as door, pytest.raises(CredentialsError, match="mentorup login --caldav"):
        door.discover()
    assert len(gate.refused) == 2


# The whole way


@pytest.fixture
def oauth_world(
    oauthbearer_dovecot: Dovecot,
    radicale: CalDavServer,
    gate: Gate,
    oauth_server: OAuthServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    logging_as_before: None,
) -> Iterator[World]:
    """Sam's world where both servers want tokens; nobody has logged in yet."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    mailserver = new_user(oauthbearer_dovecot)
    gate.user = mailserver.username
    made = World(mailserver, radicale, tmp_path)
    for section in ("imap", "caldav"):
        token = {"file": str(tmp_path / "logins" / section)}
        made.changes[section] = {"oauth": oauth_server.config(token, tmp_path / "client-secret"), "password": None}
    home = radicale.calendar_url.replace(radicale.url, gate.url)
    made.changes["caldav"] |= {"url": gate.url, "username": mailserver.username, "calendars": [home]}
    made.changes["log"] = {"level": "debug"}
    yield made
    made.restart()


@pytest.fixture
def command(oauth_world: World, tmp_path: Path) -> Callable[..., Any]:
    """The command line with this world's config; where a login is wanted, a browser comes."""
    path = tmp_path / "config.toml"
    path.write_text(oauth_world.config())

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(app, ["--config", str(path), *arguments])

    return run


@pytest.fixture
def a_browser_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":9")
    monkeypatch.setattr("webbrowser.open", lambda page: Browser().open(page))


@pytest.mark.usefixtures("a_browser_comes")
def test_i6_after_mentorup_login_everything_works_and_no_log_shows_a_token(
    oauth_world: World, command: Callable[..., Any], tmp_path: Path
) -> None:
    before = command("check")
    assert before.exit_code == 77
    assert "nobody has logged in yet: run `mentorup login --imap`" in before.stdout

    done = command("login")
    assert done.exit_code == 0, done.output
    assert "ok       imap: logged in" in done.stdout
    assert "ok       caldav: calendars at" in done.stdout
    kept = {section: tmp_path / "logins" / section for section in ("imap", "caldav")}
    assert [stat.S_IMODE(path.stat().st_mode) for path in kept.values()] == [0o600, 0o600]
    assert command("check").exit_code == 0

    stream = io.StringIO()
    logs.configure("debug", "json", stream)
    oauth_world.tend()
    assert sum("MentorUp" in str(note["Subject"]) for note in oauth_world.folder("INBOX")) == 1
    spoken = stream.getvalue() + done.output
    for path in kept.values():
        assert path.read_text().strip() not in spoken
    account = oauth_world.account
    for door in (account.mailbox._session.account, account.calendars._dav.account):  # type: ignore[union-attr]
        assert door.access_token is not None
        assert door.access_token("") not in spoken


@pytest.mark.usefixtures("a_browser_comes")
def test_i6_a_login_that_ends_is_told_to_the_owner_once_and_a_new_one_is_taken_up(
    oauth_world: World, command: Callable[..., Any], oauth_server: OAuthServer, tmp_path: Path
) -> None:
    assert command("login").exit_code == 0
    oauth_world.tend()
    oauth_server.revoke((tmp_path / "logins" / "caldav").read_text().strip())
    oauth_world.restart()
    dav = oauth_world.account.calendars._dav.account  # type: ignore[union-attr]
    dav.access_token.__self__._access = Access("", 0.0, 0.0)  # as in a process of its own
    for _ in range(3):
        done = tend(oauth_world.account, oauth_world.now, look=EVERYWHERE)
        assert isinstance(done.failures["caldav"], CredentialsError)
    told = [note for note in oauth_world.notes if "mentorup login --caldav" in note.as_string().replace("=\n", "")]
    assert len(told) == 1
    assert "the login for your calendars" in str(told[0]["Subject"])

    assert command("login", "--caldav").exit_code == 0
    assert oauth_world.tend().failures == {}


@pytest.mark.usefixtures("a_browser_comes")
def test_i6_purge_leaves_the_login_and_nothing_of_it_in_the_state_directory(
    oauth_world: World, command: Callable[..., Any], tmp_path: Path
) -> None:
    assert command("login").exit_code == 0
    oauth_world.tend()
    oauth_world.restart()
    state = tmp_path / "state" / "mentorup"
    assert list(state.glob("oauth-*"))
    (state / "oauth-imap.token").write_text("{}")
    assert command("purge", "--account", "--yes").exit_code == 0
    assert list(state.glob("oauth-*")) == []
    assert (tmp_path / "logins" / "imap").exists()


@pytest.mark.usefixtures("a_browser_comes")
def test_i6_the_json_of_check_says_it_too(command: Callable[..., Any]) -> None:
    found = json.loads(command("check", "--json").stdout)
    assert [one["state"] for one in found if one["name"] in ("imap", "caldav")] == ["problem", "problem"]


def test_i6_a_login_with_a_code_is_shown_and_waited_for(
    oauth_world: World, oauth_server: OAuthServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = oauth_server.client("x", device=True)
    oauth_world.changes["imap"]["oauth"] = {
        "client_id": client.client_id,
        "token_url": client.token_url,
        "device_url": client.device_url,
        "scope": "mail",
        "token": {"file": str(tmp_path / "logins" / "imap")},
    }
    (tmp_path / "config.toml").write_text(oauth_world.config())
    shown = threading.Event()
    codes: list[str] = []

    def show(_address: str, code: str) -> None:
        codes.append(code)
        shown.set()

    def confirm() -> None:
        assert shown.wait(60)
        oauth_server.confirm(oauth_world.mail.username, codes[0])

    monkeypatch.setattr("mentorup_daemon.cli.login._show_code", show)
    elsewhere = threading.Thread(target=confirm)
    elsewhere.start()
    done = CliRunner().invoke(app, ["login", "--imap", "--config", str(tmp_path / "config.toml")])
    elsewhere.join()
    assert done.exit_code == 0, done.output
    assert "ok       imap: logged in" in done.stdout


def test_i6_login_says_what_it_cannot_do(oauth_world: World, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"

    def run(*arguments: str) -> Any:
        path.write_text(oauth_world.config())
        return CliRunner().invoke(app, ["login", "--config", str(path), *arguments])

    refused = run("--device")
    assert (refused.exit_code, "offers no login with another device" in refused.stderr) == (78, True)
    assert run("--device", "--browser").exit_code == 2
    for section in ("imap", "caldav"):
        oauth_world.changes[section] = {"password": {"file": "password"}}
    without = run()
    assert (without.exit_code, "There is no oauth in [imap] or [caldav]" in without.stderr) == (78, True)


def test_i6_a_login_at_a_server_that_gives_no_refresh_token_is_told(
    oauth_world: World, fake_http: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mentorup_daemon.oauth import browser as in_browser

    monkeypatch.setattr(in_browser, "log_in", lambda *_given, **_more: {"access_token": "a"})
    (tmp_path / "config.toml").write_text(oauth_world.config())
    done = CliRunner().invoke(app, ["login", "--imap", "--config", str(tmp_path / "config.toml")])
    assert done.exit_code == 78
    assert "no refresh token" in done.stderr
    assert not (tmp_path / "logins").exists()


def test_i6_a_token_that_others_can_read_is_warned_of(oauth_world: World, tmp_path: Path) -> None:
    store = TokenStore("imap", "file", str(tmp_path / "logins" / "imap"), "x", tmp_path)
    store.write("a-refresh-token")
    Path(store.where).chmod(0o644)
    (tmp_path / "config.toml").write_text(oauth_world.config())
    done = CliRunner().invoke(app, ["check", "--config", str(tmp_path / "config.toml")])
    assert f"warning  imap.oauth.token: {store.where} can be read or changed by others" in done.stdout
