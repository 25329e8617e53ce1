"""OAuth on a real authorization server: logins in both ways, tokens renewed in time, refusals in words."""

from __future__ import annotations

import http.client
import json
import ssl
import stat
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from mentorup_daemon.errors import ConfigError, CredentialsError, Unavailable
from mentorup_daemon.oauth import OAuthClient, Tokens, TokenStore, browser, device
from tests.servers.fake_http import FakeHttp, Reply, Seen, serve
from tests.servers.oauth import Browser, OAuthServer

USER = "sam@example.org"


def in_browser(client: OAuthClient) -> dict[str, object]:
    """A login as its owner makes it."""
    return browser.log_in(client, lambda _page: None, open_page=Browser().open, patience=30)


@pytest.fixture
def store(tmp_path: Path) -> TokenStore:
    """A login kept in a file."""
    return TokenStore("imap", "file", str(tmp_path / "config" / "imap-token"), USER, tmp_path / "state")


@pytest.fixture
def client(oauth_server: OAuthServer) -> OAuthClient:
    return oauth_server.client(USER)


@pytest.fixture
def logged_in(client: OAuthClient, store: TokenStore) -> TokenStore:
    store.write(str(in_browser(client)["refresh_token"]))
    return store


class Clock:
    """Seconds, moved by the test."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


# The login in a browser


def test_i6_a_login_in_a_browser_gives_tokens_for_the_account_that_was_proposed(
    oauth_server: OAuthServer, client: OAuthClient
) -> None:
    shown: list[str] = []
    token = browser.log_in(client, shown.append, open_page=Browser().open, patience=30)
    assert oauth_server.looked_up(str(token["access_token"]))["username"] == USER
    assert token["refresh_token"]
    (page,) = shown
    asked = parse_qs(urlsplit(page).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"][0].startswith("http://127.0.0.1:")


def test_i6_nothing_but_the_answer_with_our_state_ends_the_login(client: OAuthClient) -> None:
    statuses: list[int] = []

    def interfere(page: str) -> None:
        asked = parse_qs(urlsplit(page).query)
        port = urlsplit(asked["redirect_uri"][0]).port
        for path in ("/?code=theirs&state=guessed", "/?code=theirs", "/?error=access_denied", "/favicon.ico"):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            connection.request("GET", path)
            statuses.append(connection.getresponse().status)
            connection.close()
        Browser().open(page)

    token = browser.log_in(client, lambda _page: None, open_page=interfere, patience=30)
    assert statuses == [404] * 4
    assert token["refresh_token"]


def test_i6_a_code_is_of_no_use_without_its_verifier(client: OAuthClient) -> None:
    """Whoever saw the address in the browser's history can't redeem it."""

    def swap_the_challenge(page: str) -> None:
        asked = parse_qs(urlsplit(page).query)
        Browser().open(page.replace(asked["code_challenge"][0], "x" * 43))

    with pytest.raises(CredentialsError, match=r"mentorup login --imap.*invalid_grant"):
        browser.log_in(client, lambda _page: None, open_page=swap_the_challenge, patience=30)


def test_i6_an_owner_who_says_no_is_believed(client: OAuthClient) -> None:
    def refuse(page: str) -> None:
        asked = parse_qs(urlsplit(page).query)
        Browser().open(f"{asked['redirect_uri'][0]}/?error=access_denied&state={asked['state'][0]}")

    with pytest.raises(CredentialsError, match="was told no"):
        browser.log_in(client, lambda _page: None, open_page=refuse, patience=30)


def test_i6_a_login_that_nobody_makes_comes_to_an_end(client: OAuthClient) -> None:
    with pytest.raises(CredentialsError, match=r"nobody has logged in at .* in time"):
        browser.log_in(client, lambda _page: None, open_page=lambda _page: None, patience=0.2)


def test_i6_a_wrong_client_is_a_fault_of_the_config(client: OAuthClient) -> None:
    with pytest.raises(ConfigError, match=r"invalid_client.*check client_id, client_secret and scope in \[imap\]"):
        in_browser(replace(client, client_secret=lambda: "another"))


# The login with a code


def test_i6_a_login_with_another_device_waits_until_it_is_confirmed(oauth_server: OAuthServer) -> None:
    shown: list[tuple[str, str]] = []
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 2:  # the first question was too early
            oauth_server.confirm(USER, shown[0][1])

    client = oauth_server.client(USER, device=True)
    token = device.log_in(client, lambda address, code: shown.append((address, code)), sleep=sleep)
    assert oauth_server.looked_up(str(token["access_token"]))["username"] == USER
    assert token["refresh_token"]
    assert shown[0][0].endswith("/o/device/")
    assert waited == [1, 1]  # seconds, as the server wants it


def test_i6_a_login_that_is_denied_on_the_other_device_ends(oauth_server: OAuthServer) -> None:
    codes: list[str] = []
    with pytest.raises(CredentialsError, match=r"was told no|invalid_grant"):
        device.log_in(
            oauth_server.client(USER, device=True),
            lambda _address, code: codes.append(code),
            sleep=lambda _seconds: oauth_server.confirm(USER, codes[0], "deny"),
        )


def test_i6_a_code_that_nobody_types_in_comes_to_an_end(oauth_server: OAuthServer) -> None:
    clock = Clock()

    def sleep(seconds: float) -> None:
        clock.now += 700

    with pytest.raises(CredentialsError, match="in time"):
        device.log_in(oauth_server.client(USER, device=True), lambda *_shown: None, sleep=sleep, clock=clock)


# Access tokens


def test_i6_a_token_is_kept_until_shortly_before_its_end_and_then_renewed(
    oauth_server: OAuthServer, client: OAuthClient, logged_in: TokenStore
) -> None:
    clock = Clock()
    tokens = Tokens(client, logged_in, clock=clock)
    first = tokens.access()
    lifetime = 36_000  # seconds, the server's
    clock.now += lifetime - 301
    assert tokens.access() == first
    clock.now += 2
    second = tokens.access()
    assert second != first
    assert oauth_server.looked_up(second)["active"]


def test_i6_a_refresh_token_that_rotates_is_kept_for_its_owner_alone(
    client: OAuthClient, logged_in: TokenStore
) -> None:
    before = logged_in.read()
    Tokens(client, logged_in).access()
    after = logged_in.read()
    assert after != before
    file = Path(logged_in.where)
    assert (stat.S_IMODE(file.stat().st_mode), stat.S_IMODE(file.parent.stat().st_mode)) == (0o600, 0o700)
    assert Tokens(client, logged_in).access()  # as after a restart


def test_i6_a_token_that_was_refused_is_not_given_again(
    oauth_server: OAuthServer, client: OAuthClient, logged_in: TokenStore
) -> None:
    tokens = Tokens(client, logged_in)
    first = tokens.access()
    second = tokens.access(first)
    assert second != first
    assert tokens.access(first) == second  # the other connection's refusal comes later, and changes nothing


def test_i6_connections_and_processes_that_renew_at_once_use_no_token_twice(
    client: OAuthClient, logged_in: TokenStore
) -> None:
    """The server takes back the whole login when a refresh token comes a second time."""
    got: list[str] = []

    def renew() -> None:
        tokens = Tokens(client, logged_in)  # as in a process of its own
        for _ in range(3):
            got.append(tokens.access(got[-1] if got else ""))

    threads = [threading.Thread(target=renew) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 12
    assert Tokens(client, logged_in).access()


def test_i6_a_login_that_was_taken_back_is_told_with_the_remedy_and_not_asked_for_again(
    oauth_server: OAuthServer, client: OAuthClient, logged_in: TokenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    oauth_server.revoke(logged_in.read())
    tokens = Tokens(client, logged_in)
    with pytest.raises(
        CredentialsError, match=r"login for your mail \(sam@example\.org\) has ended: run `mentorup login --imap`"
    ):
        tokens.access()
    nowhere = Tokens(replace(client, token_url="http://127.0.0.1:9/"), logged_in)
    nowhere._ended = tokens._ended
    with pytest.raises(CredentialsError, match="mentorup login --imap"):  # and not that nobody listens there
        nowhere.access()
    logged_in.write(str(in_browser(client)["refresh_token"]))
    assert tokens.access()  # a new login is noticed without a restart


def test_i6_nobody_has_logged_in_yet(client: OAuthClient, store: TokenStore) -> None:
    with pytest.raises(CredentialsError, match=r"imap\.oauth: nobody has logged in yet: run `mentorup login --imap`"):
        Tokens(client, store).access()


def test_i6_a_server_that_is_away_costs_nothing_while_the_token_is_good(
    client: OAuthClient, logged_in: TokenStore
) -> None:
    clock = Clock()
    tokens = Tokens(client, logged_in, clock=clock)
    good = tokens.access()
    tokens._client = replace(client, token_url="http://127.0.0.1:9/token")
    clock.now += 36_000 - 100  # time to renew, but not its end
    assert tokens.access() == good
    with pytest.raises(Unavailable):
        tokens.access(good)
    clock.now += 200
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1"):
        tokens.access()


@pytest.mark.parametrize(
    ("status", "body", "family"),
    [
        (200, b"<html>", Unavailable),
        (200, b"[]", Unavailable),
        (200, b"{}", Unavailable),
        (200, b'{"access_token": "a", "token_type": "Bearer", "expires_in": "soon"}', Unavailable),
        (200, json.dumps({"access_token": "a\r\nb", "token_type": "Bearer"}).encode(), Unavailable),
        (200, json.dumps({"access_token": 7, "token_type": "Bearer"}).encode(), Unavailable),
        (200, b"x" * 300_000, Unavailable),
        (503, b"", Unavailable),
        (429, b"slow down", Unavailable),
        (500, b"{}", Unavailable),
        (400, b'{"error": "invalid_scope"}', ConfigError),
        (400, b'{"error": "interaction_required", "error_description": "a\\u001b[31m"}', CredentialsError),
        (302, b"elsewhere", ConfigError),
    ],
)
def test_i6_whatever_the_server_answers_becomes_an_error_of_ours(
    client: OAuthClient, store: TokenStore, fake_http: FakeHttp, status: int, body: bytes, family: type[Exception]
) -> None:
    fake_http.script = lambda _seen: Reply(status, body, {"Location": "https://elsewhere.example/"})
    store.write("a-refresh-token")
    with pytest.raises(family) as told:
        Tokens(replace(client, token_url=fake_http.url), store).access()
    assert str(told.value).isprintable()
    assert "a-refresh-token" not in str(told.value)
    (asked,) = fake_http.requests
    assert asked.method == "POST"
    assert store.read() == "a-refresh-token"


def test_i6_a_server_that_repeats_our_secrets_is_not_quoted(
    client: OAuthClient, store: TokenStore, fake_http: FakeHttp
) -> None:
    def repeat(seen: Seen) -> Reply:
        return Reply(400, json.dumps({"error": "invalid_grant", "error_description": f"no {seen.body}"}))

    fake_http.script = repeat
    store.write("a-refresh-token")
    with pytest.raises(CredentialsError, match="invalid_grant") as told:
        Tokens(replace(client, token_url=fake_http.url), store).access()
    assert "a-refresh-token" not in str(told.value)


@pytest.mark.debian
def test_i6_tokens_come_over_verified_tls_from_a_private_ca_that_is_named(
    client: OAuthClient, store: TokenStore, server_tls: tuple[ssl.SSLContext, dict[str, str]]
) -> None:
    context, settings = server_tls
    fake = FakeHttp(lambda _seen: Reply(200, '{"access_token": "a", "token_type": "Bearer"}'))
    stop = serve(fake, tls=context)
    store.write("a-refresh-token")
    secure = replace(client, token_url=fake.url)
    try:
        with pytest.raises(Unavailable, match=r"certificate of .* can't be verified"):
            Tokens(secure, store).access()
        assert fake.requests == []
        assert Tokens(replace(secure, ca_file=settings["ca_file"]), store).access() == "a"
        with pytest.raises(ConfigError, match="ca_file"):
            Tokens(replace(secure, ca_file="/nowhere.pem"), store).access()
    finally:
        stop()


def test_i6_a_token_without_a_lifetime_or_with_one_in_quotes_is_taken(
    client: OAuthClient, store: TokenStore, fake_http: FakeHttp
) -> None:
    clock = Clock()
    store.write("a-refresh-token")
    for lifetime, renewed_after in ((None, 3300.0), ("7200", 6900.0), (120, 60.0), (-1, 3300.0)):
        given = {} if lifetime is None else {"expires_in": lifetime}
        answers = iter("abc")

        def script(_seen: Seen, answers: Iterator[str] = answers, given: dict[str, object] = given) -> Reply:
            return Reply(200, json.dumps({"access_token": next(answers), "token_type": "Bearer", **given}))

        fake_http.script = script
        tokens = Tokens(replace(client, token_url=fake_http.url), store, clock=clock)
        assert tokens.access() == "a"
        clock.now += renewed_after - 1
        assert tokens.access() == "a"
        clock.now += 2
        assert tokens.access() == "b"


def test_i6_no_token_goes_to_a_server_without_tls_beyond_this_machine(client: OAuthClient, store: TokenStore) -> None:
    store.write("a-refresh-token")
    with pytest.raises(ConfigError, match="use https://") as told:
        Tokens(replace(client, token_url="http://login.example.org/token"), store).access()
    assert "a-refresh-token" not in str(told.value)


# Where the login is kept


def test_i6_a_token_that_follows_a_credential_is_kept_in_the_state_directory_and_preferred(
    client: OAuthClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    (credentials / "imap-token").write_text(str(in_browser(client)["refresh_token"]) + "\n")
    (credentials / "imap-token").chmod(0o400)
    store = TokenStore("imap", "credential", "imap-token", USER, tmp_path / "state")
    original = store.read()
    Tokens(client, store).access()
    assert (credentials / "imap-token").read_text().strip() == original
    assert store.read() != original
    for path in (tmp_path / "state").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Tokens(client, store).access()  # as after a restart

    (credentials / "imap-token").chmod(0o600)
    (credentials / "imap-token").write_text("of-a-new-login")
    assert store.read() == "of-a-new-login"


def test_i6_a_file_that_cannot_be_written_keeps_its_successor_in_the_state_directory(tmp_path: Path) -> None:
    original = tmp_path / "token"
    original.write_text("first\n")
    with original.open() as held:  # /proc is where even root can't make a file
        store = TokenStore("imap", "file", f"/proc/self/fd/{held.fileno()}", USER, tmp_path / "state")
        with store.exclusive():
            store.keep("second")
        assert (store.read(), original.read_text()) == ("second", "first\n")
        original.write_text("of-a-new-login")
        assert store.read() == "of-a-new-login"


def test_i6_a_keyring_keeps_the_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring

    kept: dict[tuple[str, str], str] = {}
    monkeypatch.setattr(keyring, "get_password", lambda service, user: kept.get((service, user)))
    monkeypatch.setattr(keyring, "set_password", lambda service, user, value: kept.update({(service, user): value}))
    store = TokenStore("imap", "keyring", "mentorup", USER, tmp_path)
    assert store.read() == ""
    store.write("first")
    store.keep("second")
    assert (store.read(), kept) == ("second", {("mentorup", USER): "second"})


def test_i6_a_file_that_holds_no_token_is_told(tmp_path: Path) -> None:
    for content in (b"\xff", b"two\nlines", b"x" * 20_000):
        (tmp_path / "token").write_bytes(content)
        with pytest.raises(ConfigError, match=r"imap\.oauth\.token: .* holds no token"):
            TokenStore("imap", "file", str(tmp_path / "token"), USER, tmp_path).read()
