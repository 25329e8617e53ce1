"""Hosted accounts that log in by OAuth: renewed on several machines at once, no token used twice or by another."""

from __future__ import annotations

import threading
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from mentorup_daemon.errors import ConfigError, CredentialsError
from mentorup_daemon.service.doors import imap_account
from mentorup_daemon.service.fleet.opening import Fleet
from tests.contract.test_oauth import in_browser
from tests.servers.fleet import Hosting, config_of, in_clear
from tests.servers.oauth import OAuthServer
from tests.servers.oauth_clients import CLIENT_SECRET

pytestmark = pytest.mark.debian

SAM, KIM = "sam@example.org", "kim@example.org"


@dataclass(slots=True)
class Logins:
    """Accounts that log in at a real authorization server."""

    server: OAuthServer
    hosting: Hosting

    def log_in(self, name: str) -> str:
        """A new login of `name`: its refresh token."""
        return str(in_browser(self.server.client(name))["refresh_token"])

    def given(self, name: str, token: str, *, username: str = "") -> Path:
        """The config of `name`, with this login."""
        oauth = self.server.config({"file": f"{name}.token"}, self.hosting.directory / "client-secret")
        config = config_of(name, imap={"username": username or name, "oauth": oauth})
        del config["imap"]["password"]
        return self.hosting.given(name, config=config, token=token)

    def access(self, account: str, fleet: Fleet | None = None, *, refused: str = "") -> str:
        """An access token, as the door of a new pass asks for it."""
        fleet = fleet or self.hosting.fleet
        door = imap_account(fleet.settings(account), fleet.secrets(account))
        assert door.access_token is not None
        return door.access_token(refused)


@pytest.fixture
def logins(oauth_server: OAuthServer, hosting: Hosting) -> Logins:
    return Logins(oauth_server, hosting)


def test_i8_each_account_gets_tokens_by_its_own_login(logins: Logins) -> None:
    """Also when somebody's config names another one's user, client and token in the same words."""
    for name in ("sam", "kim"):
        logins.hosting.run("add", logins.given(name, logins.log_in(name), username="sam"))
    users = [logins.server.looked_up(logins.access(account))["username"] for account in (SAM, KIM, SAM)]
    assert users == ["sam", "kim", "sam"]


def test_i8_a_token_is_renewed_once_for_all_processes(logins: Logins) -> None:
    logins.hosting.run("add", logins.given("sam", logins.log_in("sam")))
    with closing(logins.hosting.opened()) as other:
        first = logins.access(SAM)
        assert logins.access(SAM, other) == first
        second = logins.access(SAM, other, refused=first)
        assert second != first
        assert logins.access(SAM) == second


def test_i8_processes_that_renew_at_once_use_no_refresh_token_twice(logins: Logins) -> None:
    """The server takes back the whole login when one comes a second time."""
    logins.hosting.run("add", logins.given("sam", logins.log_in("sam")))
    got: list[str] = []

    def renew() -> None:
        with closing(logins.hosting.opened()) as fleet:
            for _ in range(3):
                got.append(logins.access(SAM, fleet, refused=got[-1] if got else ""))

    threads = [threading.Thread(target=renew) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 9
    assert logins.server.looked_up(logins.access(SAM, refused=got[-1]))["active"]


def test_i8_an_update_with_the_login_of_before_goes_on_with_the_token_it_has_come_to(logins: Logins) -> None:
    path = logins.given("sam", logins.log_in("sam"))
    logins.hosting.run("add", path)
    first = logins.access(SAM)
    logins.hosting.run("update", path)
    second = logins.access(SAM, refused=first)
    assert logins.server.looked_up(second)["active"]


def test_i8_a_login_that_has_ended_says_how_to_give_a_new_one_and_a_new_one_is_taken_up(logins: Logins) -> None:
    token = logins.log_in("sam")
    logins.hosting.run("add", logins.given("sam", token))
    logins.server.revoke(token)
    with pytest.raises(CredentialsError, match=f"mentorup accounts update FILE --id {SAM}"):
        logins.access(SAM)
    logins.hosting.run("update", logins.given("sam", logins.log_in("sam")))
    assert logins.server.looked_up(logins.access(SAM))["username"] == "sam"


def test_i8_no_token_lies_in_the_database_in_clear(logins: Logins) -> None:
    token = logins.log_in("sam")
    logins.hosting.run("add", logins.given("sam", token))
    access = logins.access(SAM)
    names = logins.hosting.database.ask("SELECT name FROM fleet_secrets WHERE account <> '' ORDER BY name")
    assert [name for (name,) in names] == [
        "caldav.password",
        "imap.oauth.access",
        "imap.oauth.client_secret",
        "imap.oauth.given",
        "imap.oauth.token",
    ]
    dump = logins.hosting.dump()
    assert not any(in_clear(secret, dump) for secret in (token, access, CLIENT_SECRET))


def test_i8_a_login_that_nobody_has_made_is_a_fault_of_the_config(logins: Logins) -> None:
    path = logins.given("sam", "x")
    (logins.hosting.directory / "sam.token").unlink()
    assert "mentorup login --imap" in logins.hosting.run("add", path, code=78).stderr


def test_i8_a_secret_that_is_gone_says_how_to_give_it_anew(logins: Logins) -> None:
    logins.hosting.run("add", logins.hosting.given("kim"))
    logins.hosting.database.ask("DELETE FROM fleet_secrets WHERE name = 'imap.password'")
    door = imap_account(logins.hosting.fleet.settings(KIM), logins.hosting.fleet.secrets(KIM))
    with pytest.raises(ConfigError, match=f"The account {KIM} has no imap.password: mentorup accounts update FILE"):
        door.password()


def test_i8_a_login_is_imported_from_a_file_beside_the_config(logins: Logins) -> None:
    directory = logins.hosting.directory / "mentees"
    config = config_of("sam", imap={"oauth": logins.server.config({"file": "sam.token"}, directory.parent / "secret")})
    config["imap"]["oauth"]["client_secret"] = {"file": "sam.client"}
    del config["imap"]["password"]
    logins.hosting.given("sam", beneath=directory, config=config, token=logins.log_in("sam"), client=CLIENT_SECRET)
    assert logins.hosting.told("import", directory) == {"imported": [SAM]}
    assert logins.server.looked_up(logins.access(SAM))["username"] == "sam"
