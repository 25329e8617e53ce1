"""Opening a fleet, and one account of it for a pass: the same `Account` that a single owner's daemon tends.

One engine and one set of compiled templates serve all accounts of a process; everything else is the account's own.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Self

from sqlalchemy import Engine

from mentorup_daemon.config import Settings, parse
from mentorup_daemon.errors import MentorUpError
from mentorup_daemon.letters.templates import Templates
from mentorup_daemon.service.account import Account, account_of
from mentorup_daemon.service.fleet.keeping import SealedSecrets
from mentorup_daemon.service.fleet.sealing import Seals
from mentorup_daemon.service.fleet.settings import FleetSettings
from mentorup_daemon.store import fleet as kept
from mentorup_daemon.store.account import Store
from mentorup_daemon.store.engine import open_engine, told


class NoAccountError(MentorUpError):
    """There is no account with that id (any more)."""

    def __init__(self, account: str) -> None:
        super().__init__(f"There is no account {account!r}; `mentorup accounts list` shows them.")


@dataclass(frozen=True, slots=True)
class Fleet:
    """What a process of a fleet works with. `engine` has two connections for each pass, and some to spare."""

    engine: Engine
    seals: Seals
    templates: Templates = field(default_factory=lambda: Templates(None))

    @classmethod
    def open(cls, settings: FleetSettings, *, connections: int = 5) -> Self:
        """The database of fleet.toml, its schema brought up to date. Raises ConfigError, StoreError, Busy."""
        seals = Seals(settings.seal.read())
        return cls(open_engine(settings.store.address(), connections=connections), seals)

    def close(self) -> None:
        """Lets go of every connection."""
        self.engine.dispose()

    def secrets(self, account: str) -> SealedSecrets:
        """Those of one account."""
        return SealedSecrets(self.engine, self.seals, account)

    def settings(self, account: str) -> Settings:
        """The config of an account. Raises NoAccountError, ConfigError."""
        with told(), self.engine.connect() as connection:
            sealed = kept.config_of(connection, account)
        if sealed is None:
            raise NoAccountError(account)
        return self.settings_in(sealed, account)

    def settings_in(self, sealed: bytes, account: str) -> Settings:
        """The config of an account, out of what is sealed. Raises ConfigError."""
        return parse(self.seals.open(account, kept.CONFIG, sealed), f"the config of {account}")


def opened(fleet: Fleet, account: str) -> tuple[Account, Settings]:
    """An account over its own records, to be closed after the pass, and its config.

    Nothing but the config is read before the doors are used. Raises NoAccountError, ConfigError.
    """
    settings = fleet.settings(account)
    store = Store(fleet.engine, account=account)
    secrets = fleet.secrets(account)
    return account_of(settings, store, fleet.templates, secrets=secrets, feed_name=_feed_name), settings


def _feed_name(url: str) -> str:
    """What the events of a feed are kept under: its address is a password, which no dump may hold in clear."""
    return f"feed:{hashlib.sha256(url.encode()).hexdigest()[:32]}"
