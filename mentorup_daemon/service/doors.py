"""From the config to the doors: the accounts that `mailbox` and `calendars` open.

A door gets a function that reads its password afresh at each connect (P03), or gives an access token that is good now;
what was read is blotted out of the logs. The access tokens of one config are shared by all its connections.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from mentorup_daemon import logs
from mentorup_daemon.calendars import CalDavAccount
from mentorup_daemon.config import Settings, state_directory
from mentorup_daemon.config_oauth import OAuthSettings
from mentorup_daemon.mailbox import ImapAccount
from mentorup_daemon.oauth import OAuthClient, Tokens, TokenStore
from mentorup_daemon.secrets import Secret


def imap_account(settings: Settings) -> ImapAccount:
    """The mailbox of [imap]."""
    imap = settings.imap
    return ImapAccount(
        host=imap.host,
        port=imap.port,
        security=imap.security,
        username=imap.username,
        password=password_reader(imap.password, "imap.password", imap.username),
        access_token=_access_token(settings, "imap"),
        ca_file=imap.ca_file,
        timeout=imap.timeout.total_seconds(),
        drafts=imap.drafts,
        sent=imap.sent,
    )


def caldav_account(settings: Settings) -> CalDavAccount | None:
    """The calendars of [caldav]; None when the config has feeds only."""
    caldav = settings.caldav
    if caldav is None:
        return None
    return CalDavAccount(
        url=caldav.url,
        username=caldav.username,
        password=password_reader(caldav.password, "caldav.password", caldav.username),
        access_token=_access_token(settings, "caldav"),
        calendars=caldav.calendars,
        timeout=caldav.timeout.total_seconds(),
        ca_file=caldav.ca_file,
        reminders=caldav.reminders_calendar,
    )


def oauth_login(settings: Settings, section: Literal["imap", "caldav"]) -> tuple[OAuthClient, TokenStore] | None:
    """How a section logs in by OAuth, and where the login is kept; None when it doesn't."""
    given = settings.imap if section == "imap" else settings.caldav
    if given is None or given.oauth is None:
        return None
    provider = given.oauth.provided()
    writes = settings.caldav is not None and bool(settings.caldav.reminders_calendar)
    calendars = provider.caldav_writing_scope if writes else provider.caldav_scope
    scope = provider.imap_scope if section == "imap" else calendars
    return _login(
        given.oauth, section, given.username, scope, given.timeout.total_seconds(), state_directory(os.environ)
    )


@functools.lru_cache(maxsize=8)
def _login(
    oauth: OAuthSettings, key: str, username: str, scope: str, timeout: float, state: Path
) -> tuple[OAuthClient, TokenStore]:
    provider, secret = oauth.provided(), oauth.client_secret
    client = OAuthClient(
        key=key,
        client_id=oauth.client_id,
        client_secret=password_reader(secret, f"{key}.oauth.client_secret", username) if secret else None,
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
    return client, TokenStore(key, oauth.token.kind, oauth.token.where, username, state)


@functools.lru_cache(maxsize=8)
def _tokens(client: OAuthClient, store: TokenStore) -> Tokens:
    return Tokens(client, store)


def _access_token(settings: Settings, section: Literal["imap", "caldav"]) -> Callable[[str], str] | None:
    login = oauth_login(settings, section)
    return _tokens(*login).access if login else None


def password_reader(secret: Secret | None, key: str, username: str) -> Callable[[], str]:
    """A function that reads the password anew, "" where there is none; it raises ConfigError that names `key`."""

    def read() -> str:
        if secret is None:
            return ""
        password = secret.read(key=key, username=username)
        logs.conceal(password)
        return password

    return read
