"""Opening the fleet that a command works on; without the extra `fleet` the command says what to install."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mentorup_daemon.errors import ConfigError

if TYPE_CHECKING:
    from mentorup_daemon.service.fleet.opening import Fleet
    from mentorup_daemon.service.fleet.settings import FleetSettings

FleetOption = Annotated[
    Path | None,
    typer.Option("--fleet", metavar="PATH", help="The fleet's config; $MENTORUP_FLEET, else /etc/mentorup/fleet.toml."),
]

_BROUGHT = ("pgqueuer", "psycopg", "cryptography")


def need_extra() -> None:
    """Raises ConfigError, with what to do, where the extra isn't installed."""
    if any(find_spec(name) is None for name in _BROUGHT):
        raise ConfigError("a fleet needs what isn't installed here: pip install 'mentorup-daemon[fleet]'")


def fleet_settings(path: Path | None) -> FleetSettings:
    """The fleet.toml that applies; logging is set up by it. Raises ConfigError."""
    need_extra()
    from mentorup_daemon.logs import configure
    from mentorup_daemon.service.fleet.settings import find_fleet, load_fleet

    settings = load_fleet(find_fleet(path, os.environ))
    configure(settings.log.level, settings.log.format)
    return settings


@contextmanager
def opened_fleet(path: Path | None, *, connections: int = 5) -> Iterator[Fleet]:
    """The fleet, let go of at the end. Raises ConfigError, StoreError, Busy."""
    settings = fleet_settings(path)
    from mentorup_daemon.service.fleet.opening import Fleet

    fleet = Fleet.open(settings, connections=connections)
    try:
        yield fleet
    finally:
        fleet.close()
