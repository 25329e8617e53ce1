"""Logging in to an IMAP server: with a password, or with an access token (SASL, RFC 4422).

Promises that a secret goes out once for each call, over a connection that `session` has found fit for it, and shows in
no error. A password goes by AUTHENTICATE PLAIN where the server has it (any characters, RFC 4616), else by LOGIN (I14);
a token by OAUTHBEARER (RFC 7628), else by XOAUTH2, its forerunner, which is all that Microsoft has.
"""

from __future__ import annotations

import functools
from typing import Any

from mentorup_daemon.errors import ConfigError, CredentialsError
from mentorup_daemon.mailbox import arguments
from mentorup_daemon.mailbox.account import ImapAccount
from mentorup_daemon.mailbox.failures import LIBRARY, told_login


class TokenRefused(CredentialsError):
    """The server refused this access token; `renewed` gets another, if there is one."""

    def __init__(self, error: CredentialsError, account: ImapAccount, token: str) -> None:
        super().__init__(str(error))
        self._account, self._token = account, token

    def renewed(self) -> str:
        """Another token than the one that was refused. Raises CredentialsError when there is none."""
        token = self._account.access_token(self._token) if self._account.access_token else self._token
        if token == self._token:
            raise CredentialsError(str(self))
        return token


def log_in(client: Any, account: ImapAccount, token: str = "") -> None:
    """Log in; with OAuth by `token`, or when it is "" by the one that the account has now.

    Raises:
        TokenRefused: the access token that the account had was refused; a newer one may do.
        CredentialsError, ConfigError, Unavailable: as `Session.connect` says.
    """
    username = arguments.plain(account.username, "[imap] username")
    if account.access_token is None:
        _by_password(client, account, username)
        return
    secret = token or account.access_token("")
    try:
        _by_token(client, account, username, secret)
    except CredentialsError as error:
        raise (error if token else TokenRefused(error, account, secret)) from None


def _by_password(client: Any, account: ImapAccount, username: str) -> None:
    password = account.password()
    if any(sign in password for sign in "\r\n\0"):
        raise ConfigError(
            "the IMAP password holds a line break or a NUL: is there a stray end of line where it is kept?"
        )
    try:
        can = upper(client.capabilities())
        if "AUTH=PLAIN" in can:
            client.sasl_login("PLAIN", lambda _challenge: f"\0{username}\0{password}".encode())
        elif "LOGINDISABLED" in can:
            raise ConfigError(
                f'{account.where} takes no password on this connection (LOGINDISABLED): use security = "tls"'
            )
        elif not (username + password).isascii():
            raise ConfigError(f"{account.where} takes only ASCII in username and password: change them there")
        else:
            client.login(arguments.quoted(username, "[imap] username"), password)
    except LIBRARY as problem:
        raise told_login(problem, account) from None


def _by_token(client: Any, account: ImapAccount, username: str, token: str) -> None:
    try:
        can = upper(client.capabilities())
        if "AUTH=OAUTHBEARER" in can:
            name = username.replace("=", "=3D").replace(",", "=2C")  # saslname, RFC 5801 4
            where = f"host={account.host}\1port={account.port}\1"
            _sasl(client, "OAUTHBEARER", f"n,a={name},\1{where}auth=Bearer {token}\1\1", b"\1")
        elif "AUTH=XOAUTH2" in can:
            _sasl(client, "XOAUTH2", f"user={username}\1auth=Bearer {token}\1\1", b"")
        else:
            raise ConfigError(f"{account.where} offers no login by OAuth: set password instead of oauth in [imap]")
    except LIBRARY as problem:
        raise told_login(problem, account) from None


def _sasl(client: Any, mechanism: str, first: str, after_refusal: bytes) -> None:
    """The first message, and to the server's words about why not the answer that lets it say NO (RFC 7628 3.2.3)."""
    client.sasl_login(mechanism, lambda challenge: after_refusal if challenge else first.encode())


def upper(capabilities: Any) -> frozenset[str]:
    """Capabilities as text, upper case."""
    return _upper(tuple(bytes(each) for each in capabilities))


@functools.lru_cache(maxsize=64)
def _upper(capabilities: tuple[bytes, ...]) -> frozenset[str]:
    """One set for all connections to servers that can do the same: four of the forty KB that each needs else."""
    return frozenset(each.decode("ascii", "replace").upper() for each in capabilities)
