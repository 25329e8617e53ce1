"""`mentorup login`: the owner's one login at a provider that wants OAuth, kept where the config says.

In a browser on this machine where there is one, else with a code that is typed in anywhere. A login for the machine's
service, whose config names a credential, takes root: the credential is written where the service's unit reads it.
"""

from __future__ import annotations

import os
import sys
import webbrowser
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from mentorup_daemon.cli.output import ConfigOption, errors_told
from mentorup_daemon.errors import ConfigError, MentorUpError

if TYPE_CHECKING:
    from mentorup_daemon.config import Settings
    from mentorup_daemon.oauth import OAuthClient, TokenStore

CREDENTIALS = Path("/etc/credstore")
_SECTIONS: tuple[Literal["imap", "caldav"], ...] = ("imap", "caldav")


def login_command(
    config: ConfigOption = None,
    imap: Annotated[bool, typer.Option("--imap", help="For your mail only.")] = False,
    caldav: Annotated[bool, typer.Option("--caldav", help="For your calendars only.")] = False,
    browser: Annotated[bool, typer.Option("--browser", help="In a browser on this machine.")] = False,
    device: Annotated[bool, typer.Option("--device", help="With a code, in a browser anywhere.")] = False,
    port: Annotated[
        int,
        typer.Option(min=0, max=65535, metavar="PORT", help="Where --browser comes back to; any by default."),
    ] = 0,
    no_try: Annotated[
        bool, typer.Option("--no-try", help="Don't try the login at the mail or calendar server.")
    ] = False,
) -> None:
    """Log in where the provider wants OAuth (`oauth` in the config), and keep the login."""
    from mentorup_daemon.cli.opened import settings_of
    from mentorup_daemon.logs import configure
    from mentorup_daemon.service.doors import oauth_login

    with errors_told():
        if browser and device:
            raise typer.BadParameter("--browser or --device, not both")
        settings = settings_of(config)
        configure(settings.log.level, settings.log.format)
        asked = [name for name, wanted in (("imap", imap), ("caldav", caldav)) if wanted or not (imap or caldav)]
        found = {section: oauth_login(settings, section) for section in _SECTIONS if section in asked}
        logins = {section: login for section, login in found.items() if login is not None}
        if not logins:
            raise ConfigError(f"There is no oauth in {' or '.join(f'[{name}]' for name in asked)} of the config.")
        logins = {
            section: (_as_the_service(settings, section, client), store) for section, (client, store) in logins.items()
        }
        for client, store in logins.values():
            _possible(client, store)
        for client, store in logins.values():
            typer.echo(f"Log in at {client.server} for {client.purpose}, as {client.login_hint}.")
            _keep(store, _token(client, browser=browser, device=device, port=port))
        code = 0 if no_try else _try(settings, logins)
    if code:
        raise typer.Exit(code)


def _token(client: OAuthClient, *, browser: bool, device: bool, port: int) -> str:
    """The refresh token of a new login. Raises CredentialsError, ConfigError or Unavailable."""
    from mentorup_daemon import logs
    from mentorup_daemon.oauth import browser as in_browser
    from mentorup_daemon.oauth import device as with_code

    by_device = device or not (browser or port or _has_browser(client))
    token: dict[str, Any]
    if by_device:
        with_code.offered(client)
        token = with_code.log_in(client, _show_code)
    else:
        in_browser.offered(client)
        # Without a display the library would open a browser for terminals in this one.
        open_page = webbrowser.open if _has_display() else _leave_it
        token = in_browser.log_in(client, _show_page, port=port, open_page=open_page)
    kept = token.get("refresh_token")
    if not isinstance(kept, str) or not kept:
        raise ConfigError(
            f"{client.key}.oauth: {client.server} gave access for a moment only, no refresh token: "
            "does this client, or its scope (offline_access, with many), allow offline access?"
        )
    logs.conceal(kept)
    return kept


def _has_browser(client: OAuthClient) -> bool:
    """Whether a browser on this machine can be counted on; yes also where there is no other way."""
    if not client.device_url:
        return True
    return bool(client.authorization_url) and _has_display()


def _has_display() -> bool:
    return sys.platform == "darwin" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def _leave_it(_page: str) -> None:
    """The owner opens it."""


def _show_code(address: str, code: str) -> None:
    typer.echo(f"  Open   {address}\n  Type   {code}\nWaiting until you have confirmed there.")


def _show_page(page: str) -> None:
    typer.echo(
        f"A browser opens; if none does, open this on this machine:\n  {page}\nWaiting until you have logged in."
    )
    typer.echo("(From another machine: `ssh -L PORT:127.0.0.1:PORT` to this one, and `mentorup login --port PORT`.)")


def _as_the_service(settings: Settings, section: Literal["imap", "caldav"], client: OAuthClient) -> OAuthClient:
    """The client with its secret from where the service's credentials are kept, which root can read."""
    from mentorup_daemon.secrets import Secret

    given = settings.imap if section == "imap" else settings.caldav
    secret = given.oauth.client_secret if given and given.oauth else None
    if secret is None or secret.credential is None or os.environ.get("CREDENTIALS_DIRECTORY") or os.geteuid() != 0:
        return client
    kept = Secret(file=str(CREDENTIALS / f"mentorup.{secret.credential}"))
    return replace(client, client_secret=lambda: kept.read(key=f"{section}.oauth.client_secret"))


def _possible(client: OAuthClient, store: TokenStore) -> None:
    """Raises, before anyone logs in, when the client's secret isn't there or the login can't be kept."""
    if store.kind == "credential" and os.geteuid() != 0:
        raise MentorUpError(
            f"{store.key}.oauth.token is a credential of the machine's service, and to write it takes root: "
            "run this with sudo, or with a config whose token is a file or a keyring."
        )
    client.credentials()


def _keep(store: TokenStore, token: str) -> None:
    from mentorup_daemon.oauth.stored import write

    with store.exclusive():
        if store.kind != "credential":
            store.write(token)
            typer.echo(f"The login is kept in {'your keyring' if store.kind == 'keyring' else store.where}.")
            typer.echo("A service that runs takes it up within the hour, or at once when it is reloaded.")
            return
        path = CREDENTIALS / f"mentorup.{store.where}"
        write(path, token + "\n", f"{store.key}.oauth.token")
    typer.echo(f"The login is kept in {path}; `systemctl restart mentorup` hands it to the service.")


def _try(settings: Settings, logins: dict[Literal["imap", "caldav"], tuple[OAuthClient, TokenStore]]) -> int:
    """Whether the server takes it: the exit code."""
    from mentorup_daemon.cli.check import print_finding
    from mentorup_daemon.service import checks, doors

    found = []
    if "imap" in logins and logins["imap"][1].kind != "credential":
        found.append(checks.imap_login(doors.imap_account(settings)))
    account = doors.caldav_account(settings)
    if "caldav" in logins and logins["caldav"][1].kind != "credential" and account is not None:
        found.append(checks.caldav_login(account))
    for finding in found:
        print_finding(finding)
    return checks.exit_code(found)
