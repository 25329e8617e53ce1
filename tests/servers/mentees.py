"""Mentees of a fleet on real servers, each a user of Dovecot's and of Radicale's, and the processes that serve them.

All share Dovecot's "127.0.0.1" as their mail host unless they are told to be somewhere else.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self, cast

import pytest
import tomli_w

from mentorup_daemon.demo.radicale import Radicale
from mentorup_daemon.service.fleet.ready import ready
from mentorup_daemon.service.fleet.settings import load_fleet
from tests.servers.caldav import _fresh_user, on_radicale
from tests.servers.fleet import Hosting
from tests.servers.imap import Dovecot, on_dovecot
from tests.servers.postgres import Postgres
from tests.servers.process import ALWAYS
from tests.servers.world import World


@dataclass(slots=True)
class Mentees:
    """A fleet on a database, its mentees by id, and its processes by name."""

    hosting: Hosting
    dovecot: Dovecot
    radicale: Radicale
    directory: Path
    worlds: dict[str, World] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def database(self) -> Postgres:
        return self.hosting.database

    def settle(self, **sections: dict[str, Any]) -> None:
        """Lays these sections over fleet.toml, for the processes that start from now on."""
        facts: dict[str, dict[str, Any]] = {
            "store": {"url": self.database.url},
            "seal": {"keys": {"file": str(self.hosting.directory / "keys")}},
            "log": {"level": "debug"},
        }
        for section, values in sections.items():
            facts[section] = {**facts.get(section, {}), **values}
        self.hosting.path.write_text(tomli_w.dumps(facts))

    def add(self, name: str, **changes: dict[str, object]) -> World:
        """Hosts a mentee called `name`, who works at all hours and has long met Ana and Ben."""
        state = self.directory / name
        state.mkdir()
        dav = on_radicale(self.radicale.url, next(_fresh_user))
        dav.calendar_url = dav.make_calendar("Work")
        world = World(on_dovecot(self.dovecot, f"{name}-{uuid.uuid4().hex[:8]}"), dav, state)
        world.now = datetime.now(UTC)
        owner = {"email": f"{name}@example.org", **ALWAYS}
        world.changes = {"owner": owner, "store": {"url": None}, **changes}
        world.acquaint()
        path = state / "config.toml"
        path.write_text(world.config())
        self.hosting.run("add", path)
        self.worlds[f"{name}@example.org"] = world
        return world

    def ready(self) -> None:
        """The queue is there, as when a worker has been started once."""
        ready(load_fleet(self.hosting.path), connections=2).close()

    def hire(self, name: str, kind: str = "work", **environ: str) -> subprocess.Popen[bytes]:
        """Starts a worker (`kind` work) or a listener (listen) as a process of its own."""
        command = [sys.executable, "-m", "mentorup_daemon", "fleet", kind, "--name", name]
        command += ["--fleet", str(self.hosting.path)]
        with (self.directory / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **environ})
        return self.processes[name]

    def log(self, name: str) -> list[dict[str, Any]]:
        """What this process has logged, one object a line."""
        lines = (self.directory / f"{name}.log").read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def logged(self, name: str, event: str) -> list[dict[str, Any]]:
        """What it has logged under this name."""
        return [entry for entry in self.log(name) if entry["event"] == event]

    def works(self, name: str) -> bool:
        """Whether this worker counts as alive."""
        seen = f"SELECT 1 FROM fleet_processes WHERE name = '{name}' AND seen_at > now() - interval '10 seconds'"
        return bool(self.database.ask(seen))

    def dismiss(self) -> None:
        """Ends all processes."""
        for process in self.processes.values():
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait(10)

    def ask(self, columns: str, account: str) -> tuple[Any, ...]:
        """What stands in the row of one account."""
        return self.database.ask(f"SELECT {columns} FROM fleet_accounts WHERE account = '{account}'")[0]

    def due_now(self, *accounts: str) -> None:
        """Their time has come."""
        named = ", ".join(f"'{account}'" for account in accounts)
        self.database.ask(f"UPDATE fleet_accounts SET next_look = now() WHERE account IN ({named})")

    def looked_at(self, *accounts: str) -> bool:
        """Whether a pass over each of these has ended."""
        return all(self.ask("looked_at IS NOT NULL", account)[0] for account in accounts or self.worlds)


class Hung:
    """A server that takes every connection and never says anything; `most` were open at one time."""

    def __init__(self, host: str) -> None:
        self._listening = socket.create_server((host, 0), backlog=100)
        self.host, self.port = host, int(self._listening.getsockname()[1])
        self.most = 0
        self._selector = selectors.DefaultSelector()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._selector.register(self._listening, selectors.EVENT_READ)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(10)
        for key in list(self._selector.get_map().values()):
            cast("socket.socket", key.fileobj).close()

    @property
    def open(self) -> int:
        """How many connections are open now."""
        return len(self._selector.get_map()) - 1

    def _run(self) -> None:
        while not self._over.is_set():
            for key, _ in self._selector.select(0.1):
                if key.fileobj is self._listening:
                    self._selector.register(self._listening.accept()[0], selectors.EVENT_READ)
                    self.most = max(self.most, self.open)
                elif not self._heard(connection := cast("socket.socket", key.fileobj)):
                    self._selector.unregister(connection)
                    connection.close()

    def _heard(self, connection: socket.socket) -> bool:
        try:
            return bool(connection.recv(65536))
        except OSError:
            return False


def prepare(world: World, uid: str = "m1", *, hours: int = 30) -> None:
    """A meeting with Ana that is to be prepared now: one note and one draft."""
    world.meet(uid, datetime.now(UTC).replace(microsecond=0) + timedelta(hours=hours))


def copies(world: World) -> Counter[str]:
    """How often each message lies in the mailbox."""
    return Counter(str(message["Message-ID"]) for name in ("INBOX", "Drafts") for message in world.folder(name))


@pytest.fixture
def mentees(
    hosting: Hosting, dovecot_process: Dovecot, radicale_process: Radicale, tmp_path: Path
) -> Iterator[Mentees]:
    """A fleet without mentees and without processes."""
    directory = tmp_path / "mentees"
    directory.mkdir()
    made = Mentees(hosting, dovecot_process, radicale_process, directory)
    made.settle()
    yield made
    made.dismiss()
    for world in made.worlds.values():
        world.restart()
