"""A fleet for the tests: a database, keys, a fleet.toml, and a directory full of configs."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from click.testing import Result
from typer.testing import CliRunner

from mentorup_daemon.cli import app
from mentorup_daemon.service.fleet.opening import Fleet
from mentorup_daemon.service.fleet.sealing import fresh_key
from mentorup_daemon.service.fleet.settings import load_fleet
from tests.servers.postgres import Postgres, programs

Config = dict[str, Any]


@dataclass(slots=True)
class Hosting:
    """A fleet on an empty database; `directory` holds what its operator has."""

    database: Postgres
    directory: Path
    fleet: Fleet = field(init=False)

    def __post_init__(self) -> None:
        self.use_keys(fresh_key())
        facts = {"store": {"url": self.database.url}, "seal": {"keys": {"file": str(self.directory / "keys")}}}
        self.path.write_text(tomli_w.dumps(facts))
        self.fleet = self.opened()

    @property
    def path(self) -> Path:
        """fleet.toml."""
        return self.directory / "fleet.toml"

    @property
    def keys(self) -> list[str]:
        """The keys that seal and open, the one that seals first."""
        return (self.directory / "keys").read_text().split()

    def use_keys(self, *keys: str) -> None:
        """Has the next that opens the fleet use these."""
        (self.directory / "keys").write_text("\n".join(keys) + "\n")

    def opened(self, *, connections: int = 5) -> Fleet:
        """The fleet, opened once more as another process would."""
        return Fleet.open(load_fleet(self.path), connections=connections)

    def given(self, name: str, *, beneath: Path | None = None, config: Config | None = None, **secrets: str) -> Path:
        """A config file of somebody called `name`, with its secrets in files beside it."""
        place = beneath or self.directory
        place.mkdir(exist_ok=True)
        for key, secret in {"imap": f"{name}-imap-secret", "caldav": f"{name}-caldav-secret", **secrets}.items():
            (place / f"{name}.{key}").write_text(secret + "\n")
        path = place / f"{name}.toml"
        path.write_text(tomli_w.dumps(config or config_of(name)))
        return path

    def run(self, *arguments: object, code: int = 0) -> Result:
        """`mentorup accounts ...` on this fleet."""
        words = [str(one) for one in arguments]
        named = [] if words == ["key"] else ["--fleet", str(self.path)]
        done = CliRunner().invoke(app, ["accounts", *words, *named], env={"COLUMNS": "200"})
        assert done.exit_code == code, done.output
        return done

    def dump(self) -> str:
        """The whole database as pg_dump tells it."""
        command = [programs() / "pg_dump", "-h", "127.0.0.1", "-p", str(self.database.cluster.port), "-U", "mentorup"]
        done = subprocess.run([*command, self.database.name], check=True, capture_output=True, text=True, timeout=60)
        return done.stdout

    def told(self, *arguments: object) -> Any:
        """What it prints with --json."""
        return json.loads(self.run(*arguments, "--json").stdout)


def in_clear(secret: str, dump: str) -> bool:
    """Whether a dump gives it away: as it is, as pg_dump writes bytes, or in base64 at any offset."""
    raw = secret.encode()
    in_base64 = [base64.b64encode(b"x" * offset + raw).decode()[4 if offset else 0 : -4] for offset in range(3)]
    return any(told in dump for told in (secret, raw.hex(), *in_base64))


def config_of(name: str, **sections: Config) -> Config:
    """A config as its owner has it, for servers that nobody asks; `sections` are laid over it."""
    config: Config = {
        "owner": {"name": name.title(), "email": f"{name}@example.org", "timezone": "Europe/Berlin"},
        "imap": {"host": "imap.example.org", "username": name, "password": {"file": f"{name}.imap"}},
        "caldav": {"url": "https://dav.example.org/", "username": name, "password": {"file": f"{name}.caldav"}},
        "mentors": [{"id": "ana", "name": "Ana Ortiz", "emails": ["ana@example.org"]}],
    }
    for section, values in sections.items():
        config[section] = {**config.get(section, {}), **values} if isinstance(values, dict) else values
    return config


@pytest.fixture
def hosting(postgres_store: Postgres, tmp_path: Path, logging_as_before: None) -> Iterator[Hosting]:
    """A fleet without accounts."""
    made = Hosting(postgres_store, tmp_path)
    yield made
    made.fleet.close()
