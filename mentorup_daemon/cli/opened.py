"""Opening what a command works on: the config that applies, and the account's store."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mentorup_daemon.errors import ConfigError

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
    from mentorup_daemon.config import store_url
    from mentorup_daemon.logs import configure
    from mentorup_daemon.store.account import Store

    settings = settings_of(config)
    configure(settings.log.level, settings.log.format)
    store = Store.open(store_url(settings, os.environ))
    try:
        now = datetime.now(UTC)
        store.first_start(now)
        yield Opened(settings, store, now)
    finally:
        store.close()
