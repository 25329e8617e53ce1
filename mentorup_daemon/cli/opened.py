"""Opening what a command works on: the config that applies, and the account's store."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mentorup_daemon.errors import ConfigError, MentorUpError

if TYPE_CHECKING:
    from mentorup_daemon.config import Settings
    from mentorup_daemon.records import Snapshot
    from mentorup_daemon.store.account import Store


@dataclass(frozen=True, slots=True)
class Opened:
    """A config and its store, at one reading of the clock."""

    settings: Settings
    store: Store
    now: datetime

    def snapshot(self) -> Snapshot:
        """All the records as they are now."""
        from mentorup_daemon.store import snapshot

        with self.store.reading() as scope:
            return snapshot.take(
                scope,
                owner=self.settings.owner_record(),
                practice=self.settings.practice(),
                people=self.settings.people(),
                now=self.now,
            )


def settings_of(config: Path | None) -> Settings:
    """The config that applies. Raises ConfigError, also when there is none."""
    from mentorup_daemon.config import find_config, load

    path = find_config(config, os.environ)
    if path is None:
        raise ConfigError("There is no config yet. `mentorup init` writes one; `mentorup demo` needs none.")
    return load(path)


@contextmanager
def opened(config: Path | None) -> Iterator[Opened]:
    """The config and the store, let go of at the end."""
    from mentorup_daemon.logs import configure
    from mentorup_daemon.store.account import Store

    settings = settings_of(config)
    configure(settings.log.level, settings.log.format)
    store = Store.open(_store_url(settings))
    try:
        yield Opened(settings, store, datetime.now(UTC))
    finally:
        store.close()


@contextmanager
def rehearsed(config: Path | None) -> Iterator[Opened]:
    """The records as they are, with the calendar as it is now, in a copy that is thrown away."""
    import tempfile

    from mentorup_daemon.logs import configure
    from mentorup_daemon.service.account import open_account
    from mentorup_daemon.service.calendar_in import Seen, look
    from mentorup_daemon.store.account import Store
    from mentorup_daemon.store.copying import copy_account, copy_database

    settings = settings_of(config)
    configure("error", settings.log.format)
    with tempfile.TemporaryDirectory(prefix="mentorup-") as directory:
        copy = Path(directory) / "mentorup.db"
        path = Store.path_of(_store_url(settings))
        if path is None:
            with closing(Store.open(_store_url(settings))) as kept:
                copy_account(kept, copy)
        elif path.exists():
            copy_database(path, copy)
        beside = settings.model_copy(update={"store": settings.store.model_copy(update={"url": f"sqlite:///{copy}"})})
        account = open_account(beside, os.environ)
        now = datetime.now(UTC)
        try:
            account.store.first_start(now)
            try:
                look(account, now, lambda _step: None, Seen())
            except MentorUpError as error:
                sys.stderr.write(f"mentorup: {error} This is from the calendar as it was last seen.\n")
            yield Opened(settings, account.store, now)
        finally:
            account.close()


def _store_url(settings: Settings) -> str:
    from mentorup_daemon.config import store_url

    return store_url(settings, os.environ)
