"""fleet.toml: where the accounts are kept, what seals their secrets, and how much one process takes on.

Made like the config of a single owner, with the same words for the same faults: every fault at once, no secret shown.
Each machine of a fleet has its own, all with the same store and the same keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from mentorup_daemon import logs
from mentorup_daemon.config import LogSettings, Section, checked, read
from mentorup_daemon.config_faults import Fault
from mentorup_daemon.config_values import Host, expected
from mentorup_daemon.secrets import Secret

_DEFAULT = Path("/etc/mentorup/fleet.toml")


def _postgresql(value: str) -> str:
    """A URL of SQLAlchemy's for PostgreSQL; the driver needn't be named, there is one that we use."""
    wording = 'expected a database URL like "postgresql://mentorup@db.example.org/mentorup"'
    if not value.isprintable() or not re.match(r"postgresql(\+psycopg)?://", value):
        raise expected(wording)
    try:
        url = make_url(value)
    except (ArgumentError, ValueError):
        raise expected(wording) from None
    return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


class FleetStoreSettings(Section):
    """[store]: the PostgreSQL database of the whole fleet."""

    url: Annotated[
        str,
        AfterValidator(_postgresql),
        Field(description='the database, like "postgresql://mentorup@db.example.org/mentorup"', repr=False),
    ]
    password: Secret | None = None

    def address(self) -> URL:
        """Where the database is, with the password as it is now. Raises ConfigError when that can't be read."""
        url = make_url(self.url)
        if self.password is None:
            return url
        password = self.password.read(key="store.password", username=url.username or "")
        logs.conceal(password)
        return url.set(password=password)


class SealSettings(Section):
    """[seal]: the keys that the accounts' secrets are sealed with. The first seals, all of them open."""

    keys: Annotated[Secret, Field(description='where the keys are kept, like { credential = "fleet-keys" }')]

    def read(self) -> tuple[str, ...]:
        """The keys, the one that seals first. Raises ConfigError when they can't be read."""
        keys = self.keys.read_lines(key="seal.keys")
        for key in keys:
            logs.conceal(key)
        return keys


class WorkSettings(Section):
    """[work]: how many accounts a worker tends at once, and which part of them one host may hold up."""

    passes_at_once: Annotated[int, Field(ge=1, le=200)] = 8
    share: Annotated[float, Field(ge=0.01, le=1)] = 0.5


class ListenSettings(Section):
    """[listen]: how many mailboxes a listener holds IDLE for, and the hosts where none is held."""

    connections: Annotated[int, Field(ge=1, le=100_000)] = 5000
    polled_hosts: Annotated[tuple[Host, ...], Field(strict=False)] = ()


class FleetSettings(Section):
    """The whole of fleet.toml."""

    store: Annotated[FleetStoreSettings, Field(description="the database of the fleet: url")]
    seal: Annotated[SealSettings, Field(description="the keys of the accounts' secrets: keys")]
    work: WorkSettings = WorkSettings()
    listen: ListenSettings = ListenSettings()
    log: LogSettings = LogSettings()


def find_fleet(explicit: Path | None, environ: Mapping[str, str]) -> Path:
    """Where fleet.toml is: `--fleet`, `$MENTORUP_FLEET`, the machine's. `load_fleet` says when there is none."""
    return explicit or Path(environ.get("MENTORUP_FLEET") or _DEFAULT)


def load_fleet(path: Path) -> FleetSettings:
    """The settings in the file at `path`; raises ConfigError that lists all faults, one a line."""
    text = read(path, "write one as the README's part on the fleet shows, or name another with --fleet")
    return checked(FleetSettings, text, str(path), base=path.parent, across=_across)


def _across(given: Mapping[str, Any]) -> Iterator[Fault]:
    """A password in two places is one that is forgotten at one of them."""
    store = given.get("store")
    if isinstance(store, dict) and "password" in store and isinstance(store.get("url"), str):
        try:
            twice = make_url(store["url"]).password is not None
        except (ArgumentError, ValueError):
            return  # told already
        if twice:
            yield Fault(("store", "password"), "expected no password here: store.url holds one already")
