"""The secrets of one hosted account, as its doors ask for them: out of the store, opened with the fleet's keys.

They are read afresh at each connect, so that what `mentorup accounts update` has brought is found at once. A refresh
token is renewed under a lock on its row: the server takes the second use of one for a theft, and listeners and workers
on several machines need it. What follows it is committed before it is used, and the access token is shared with all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from sqlalchemy import Connection, Engine, text

from mentorup_daemon import logs
from mentorup_daemon.config import Settings
from mentorup_daemon.errors import ConfigError
from mentorup_daemon.oauth import Access, Tokens
from mentorup_daemon.secrets import Secret
from mentorup_daemon.service.doors import AccessToken, PasswordReader, Section, oauth_client
from mentorup_daemon.service.fleet.sealing import Seals
from mentorup_daemon.store import fleet as kept
from mentorup_daemon.store.engine import told

_PATIENCE = text(  # while another one asks the authorization server, and while we do
    "SELECT set_config('lock_timeout', '5min', true), set_config('statement_timeout', '5min', true), "
    "set_config('idle_in_transaction_session_timeout', '15min', true)"
)


def token_of(section: Section) -> str:
    """What the refresh token of a section is sealed as."""
    return f"{section}.oauth.token"


def given_of(section: Section) -> str:
    """What the digest of the refresh token is sealed as that came with the account, before any renewal."""
    return f"{section}.oauth.given"


def access_of(section: Section) -> str:
    """What the shared access token of a section is sealed as."""
    return f"{section}.oauth.access"


@dataclass(frozen=True, slots=True)
class SealedSecrets:
    """Those of one account of a fleet (`service.doors.Secrets`)."""

    engine: Engine
    seals: Seals
    account: str

    def password(self, secret: Secret | None, key: str, username: str) -> PasswordReader:  # noqa: ARG002
        """A function that opens the password which is sealed as `key`; from where it came is of no matter here."""

        def read() -> str:
            if secret is None:
                return ""
            with told(), self.engine.connect() as connection:
                sealed = kept.secret(connection, self.account, key)
            if sealed is None:
                raise ConfigError(f"The account {self.account} has no {key}: {give_anew(self.account)}")
            password = self.seals.open(self.account, key, sealed)
            logs.conceal(password)
            return password

        return read

    def access_token(self, settings: Settings, section: Section) -> AccessToken | None:
        """The tokens of the login that came with the account."""
        client = oauth_client(settings, section, self)
        if client is None:
            return None
        anew = f"log in anew with `mentorup login`, then {give_anew(self.account)}"
        return Tokens(replace(client, login_anew=anew), SealedLogin(self, section)).access


def give_anew(account: str) -> str:
    """How the operator gives the secrets of an account anew."""
    return f"mentorup accounts update FILE --id {account}"


class SealedLogin:
    """One login by OAuth (`oauth.Login`). For one thread at a time, as `Tokens` sees to."""

    def __init__(self, secrets: SealedSecrets, section: Section) -> None:
        self._secrets = secrets
        self._section = section
        self._connection: Connection | None = None

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """A transaction that holds the refresh token's row."""
        with told(), self._secrets.engine.begin() as connection:
            connection.execute(_PATIENCE)
            self._connection = connection
            try:
                yield
            finally:
                self._connection = None

    def read(self) -> str:
        """The refresh token; "" when none is sealed."""
        return self._opened(token_of(self._section), hold=True)

    def keep(self, token: str) -> None:
        """Seals the one that follows."""
        self._seal(token_of(self._section), token)

    def shared(self) -> Access | None:
        """The access token that is sealed beside it."""
        given = self._opened(access_of(self._section))
        return Access(**json.loads(given)) if given else None

    def share(self, access: Access) -> None:
        """Seals it for the other processes."""
        facts = {"token": access.token, "renew_at": access.renew_at, "ends_at": access.ends_at}
        self._seal(access_of(self._section), json.dumps(facts))

    def _opened(self, name: str, *, hold: bool = False) -> str:
        account, seals = self._secrets.account, self._secrets.seals
        sealed = kept.secret(self._held(), account, name, hold=hold)
        return "" if sealed is None else seals.open(account, name, sealed)

    def _seal(self, name: str, secret: str) -> None:
        connection, account = self._held(), self._secrets.account
        sealed = self._secrets.seals.seal(account, name, secret)
        kept.keep_secret(connection, account, name, sealed, at=kept.now(connection))

    def _held(self) -> Connection:
        if self._connection is None:
            raise RuntimeError("a login is read and kept inside of `exclusive`")
        return self._connection
