"""What `mentorup fleet status` tells, and whether somebody has to look after the fleet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from mentorup_daemon.store import fleet_status
from mentorup_daemon.store.engine import told
from mentorup_daemon.store.fleet_status import Failing, Late, Process, Tally

TOO_LATE = 600.0
"""Seconds past due from which on something is wrong with the fleet itself."""

_SHOWN = 50  # failing and late accounts that are named


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A fleet as it is now. `faults` says in words what is wrong with the fleet itself; nothing is when it is empty."""

    tally: Tally
    latest: tuple[Late, ...]
    failing: tuple[Failing, ...]
    processes: tuple[Process, ...]
    queued: int
    picked: int

    @property
    def workers(self) -> tuple[Process, ...]:
        """The living ones."""
        return self._alive("worker")

    @property
    def listeners(self) -> tuple[Process, ...]:
        """The living ones."""
        return self._alive("listener")

    @property
    def listened(self) -> int:
        """How many mailboxes IDLE is held for."""
        return sum(one.busy for one in self.listeners)

    @property
    def oldest(self) -> datetime | None:
        """Since when the longest due account is due."""
        return self.latest[0].due_at if self.latest else None

    @property
    def faults(self) -> list[str]:
        """For whoever watches over the fleet."""
        found = []
        if not self.workers:
            found.append("No worker is alive.")
        if self.oldest is not None and (late := (self.tally.now - self.oldest).total_seconds()) > TOO_LATE:
            found.append(f"{self.latest[0].account} is {late / 60:.0f} minutes late.")
        return found

    def _alive(self, kind: str) -> tuple[Process, ...]:
        return tuple(one for one in self.processes if one.kind == kind and one.alive)


def status(engine: Engine) -> Status:
    """How the fleet fares. Raises StoreError and Busy."""
    with told(), engine.connect() as connection:
        jobs = fleet_status.queue(connection)
        return Status(
            tally=fleet_status.tally(connection),
            latest=fleet_status.latest(connection, _SHOWN),
            failing=fleet_status.failing(connection, _SHOWN),
            processes=fleet_status.processes(connection),
            queued=jobs.get("queued", 0),
            picked=jobs.get("picked", 0),
        )
