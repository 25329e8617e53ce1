"""From the config to the doors: the accounts that `mailbox` and `calendars` open.

A door gets a function that reads its password afresh at each connect (P03), or gives an access token that is good now;
what was read is blotted out of the logs. The access tokens of one config are shared by all its connections. Where a
secret is kept is the business of `Secrets`: for an owner's own config (OWN) the places that it names.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal, Protocol

from mentorup_daemon import logs
from mentorup_daemon.calendars import CalDavAccount
from mentorup_daemon.config import Settings, state_directory
from mentorup_daemon.config_oauth import OAuthSettings
from mentorup_daemon.mailbox import ImapAccount
from mentorup_daemon.oauth import OAuthClient, Tokens, TokenStore
from mentorup_daemon.secrets import Secret

Section = Literal["imap", "caldav"]
PasswordReader = Callable[[], str]
"""Gives the password as it is now, "" where there is none. Raises ConfigError that names its key."""
AccessToken = Callable[[str], str]
"""Gives an access token that is good now, and isn't the one in its argument, which was refused."""


class Secrets(Protocol):
    """Where the secrets of one account are kept."""

    def password(self, secret: Secret | None, key: str, username: str) -> PasswordReader:
        """How the password at `key` in the config is read."""

    def access_token(self, settings: Settings, section: Section) -> AccessToken | None:
        """How a section logs in by OAuth; None when it doesn't."""


class OwnSecrets:
    """Those of a config on this machine: they are where it says."""

    def password(self, secret: Secret | None, key: str, username: str) -> PasswordReader:
        """A function that reads the password from its source."""
        return password_reader(secret, key, username)

    def access_token(self, settings: Settings, section: Section) -> AccessToken | None:
        """The tokens of the login that `mentorup login` has kept."""
        login = oauth_login(settings, section)
        return _tokens(*login).access if login else None


OWN = OwnSecrets()


def imap_account(settings: Settings, secrets: Secrets = OWN) -> ImapAccount:
    """The mailbox of [imap]."""
    imap = settings.imap
    return ImapAccount(
        host=imap.host,
        port=imap.port,
        security=imap.security,
        username=imap.username,
        password=secrets.password(imap.password, "imap.password", imap.username),
        access_token=secrets.access_token(settings, "imap"),
        ca_file=imap.ca_file,
        timeout=imap.timeout.total_seconds(),
        drafts=imap.drafts,
        sent=imap.sent,
    )


def caldav_account(settings: Settings, secrets: Secrets = OWN) -> CalDavAccount | None:
    """The calendars of [caldav]; None when the config has feeds only."""
    caldav = settings.caldav
    if caldav is None:
        return None
    return CalDavAccount(
        url=caldav.url,
        username=caldav.username,
        password=secrets.password(caldav.password, "caldav.password", caldav.username),
        access_token=secrets.access_token(settings, "caldav"),
        calendars=caldav.calendars,
        timeout=caldav.timeout.total_seconds(),
        ca_file=caldav.ca_file,
        reminders=caldav.reminders_calendar,
    )


def oauth_login(settings: Settings, section: Section) -> tuple[OAuthClient, TokenStore] | None:
    """How a section logs in by OAuth, and where the login is kept; None when it doesn't."""
    given = settings.imap if section == "imap" else settings.caldav
    if given is None or given.oauth is None:
        return None
    timeout = given.timeout.total_seconds()
    scope = _scope(settings, section, given.oauth)
    return _login(given.oauth, section, given.username, scope, timeout, state_directory(os.environ))


def oauth_client(settings: Settings, section: Section, secrets: Secrets) -> OAuthClient | None:
    """How a section logs in by OAuth, whoever keeps the login; None when it doesn't."""
    given = settings.imap if section == "imap" else settings.caldav
    if given is None or given.oauth is None:
        return None
    timeout = given.timeout.total_seconds()
    return _client(given.oauth, section, given.username, _scope(settings, section, given.oauth), timeout, secrets)


def _scope(settings: Settings, section: Section, oauth: OAuthSettings) -> str:
    provider = oauth.provided()
    if section == "imap":
        return provider.imap_scope
    writes = settings.caldav is not None and bool(settings.caldav.reminders_calendar)
    return provider.caldav_writing_scope if writes else provider.caldav_scope


@functools.lru_cache(maxsize=8)
def _login(
    oauth: OAuthSettings, key: str, username: str, scope: str, timeout: float, state: Path
) -> tuple[OAuthClient, TokenStore]:
    client = _client(oauth, key, username, scope, timeout, OWN)
    return client, TokenStore(key, oauth.token.kind, oauth.token.where, username, state)


def _client(oauth: OAuthSettings, key: str, username: str, scope: str, timeout: float, secrets: Secrets) -> OAuthClient:
    provider, secret = oauth.provided(), oauth.client_secret
    return OAuthClient(
        key=key,
        client_id=oauth.client_id,
        client_secret=secrets.password(secret, f"{key}.oauth.client_secret", username) if secret else None,
        authorization_url=provider.authorization_url,
        token_url=provider.token_url,
        device_url=provider.device_url,
        scope=scope,
        login_hint=username,
        redirect_host=provider.redirect_host,
        extras=provider.extras,
        ca_file=oauth.ca_file,
        timeout=timeout,
    )


@functools.lru_cache(maxsize=8)
def _tokens(client: OAuthClient, store: TokenStore) -> Tokens:
    return Tokens(client, store)


def password_reader(secret: Secret | None, key: str, username: str) -> PasswordReader:
    """A function that reads the password anew, "" where there is none; it raises ConfigError that names `key`."""

    def read() -> str:
        if secret is None:
            return ""
        password = secret.read(key=key, username=username)
        logs.conceal(password)
        return password

    return read
