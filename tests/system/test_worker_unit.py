"""The shipped unit of a fleet's workers under a booted systemd, with a database, a mailbox and a calendar in reach."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import tomli_w

from tests.servers.booted import Machine, wait_until
from tests.servers.mentees import Hung, Mentees
from tests.system.test_systemd import SAFE_ENOUGH

pytestmark = [pytest.mark.debian, pytest.mark.slow]

FLEET = "/etc/mentorup/fleet.toml"
UNIT = "mentorup-worker@1"
SAM = "sam@example.org"


class Worker:
    """mentorup-worker@1.service on the machine, for the fleet of the test."""

    def __init__(self, machine: Machine, mentees: Mentees) -> None:
        self.machine, self.mentees = machine, mentees
        self.configure(keys={"credential": "fleet-keys"})
        machine.write("/etc/credstore/mentorup.fleet-keys", "\n".join(mentees.hosting.keys), 0o600)

    def configure(self, **seal: object) -> None:
        text = tomli_w.dumps({"store": {"url": self.mentees.database.url}, "seal": seal})
        self.machine.write(FLEET, text, 0o640)
        self.machine.succeeds("chgrp", "mentorup-config", FLEET)

    def drop_in(self, *lines: str) -> None:
        text = "\n".join(("[Service]", *lines)) + "\n"
        self.machine.write("/etc/systemd/system/mentorup-worker@.service.d/test.conf", text)
        self.machine.succeeds("systemctl", "daemon-reload")

    def start(self) -> None:
        self.machine.succeeds("systemctl", "start", UNIT)

    def shows(self, name: str) -> str:
        return self.machine.shows(name, UNIT)

    def journal(self) -> str:
        return self.machine.journal(UNIT)

    def end(self) -> None:
        self.machine.run("systemctl", "stop", UNIT)
        self.machine.run("systemctl", "reset-failed", UNIT)
        gone = ["/etc/mentorup", "/etc/credstore", "/etc/systemd/system/mentorup-worker@.service.d"]
        self.machine.succeeds("rm", "-rf", *gone)
        self.machine.succeeds("systemctl", "daemon-reload")
        self.machine.succeeds("journalctl", "--rotate")
        self.machine.succeeds("journalctl", "--vacuum-time=1us")


@pytest.fixture
def worker(machine: Machine, mentees: Mentees) -> Iterator[Worker]:
    made = Worker(machine, mentees)
    try:
        yield made
    finally:
        made.end()


def test_i8_a_worker_serves_its_fleet_within_the_sandbox_and_starts_again_when_killed(worker: Worker) -> None:
    worker.mentees.add("sam")
    worker.drop_in("RestartSec=100ms")
    worker.start()
    assert worker.shows("ActiveState") == "active"
    wait_until(worker.mentees.looked_at, 60, worker.journal)
    assert worker.mentees.ask("failure", SAM) == ("",)
    name = worker.machine.succeeds("hostname").strip() + "/worker-1"
    assert worker.mentees.ask("worker", SAM) == (name,)
    assert worker.machine.succeeds("ps", "-o", "user=", "-p", worker.shows("MainPID")).strip() == "mentorup"
    wait_until(lambda: " passes under way" in worker.shows("StatusText"), 30, worker.journal)
    worker.machine.succeeds("systemctl", "kill", "-s", "KILL", UNIT)
    wait_until(lambda: worker.shows("NRestarts") == "1", 30, worker.journal)
    wait_until(lambda: worker.shows("ActiveState") == "active", 30, worker.journal)
    worker.machine.succeeds("systemctl", "stop", UNIT)
    assert (worker.shows("ActiveState"), worker.shows("Result")) == ("inactive", "success")
    assert worker.mentees.database.ask("SELECT 1 FROM fleet_processes") == []


def test_i8_stop_takes_less_than_five_seconds_also_from_a_server_that_is_silent(worker: Worker) -> None:
    with Hung("127.0.0.2") as hung:
        worker.mentees.add("sam", imap={"host": hung.host, "port": hung.port})
        worker.drop_in("TimeoutStopSec=5")  # one that takes longer is killed, and its result is `timeout`
        worker.start()
        wait_until(lambda: hung.open == 1, 60, worker.journal)
        worker.machine.succeeds("systemctl", "stop", UNIT)
    assert (worker.shows("ActiveState"), worker.shows("Result")) == ("inactive", "success")


def test_i8_without_keys_it_ends_with_78_and_is_not_tried_again(worker: Worker) -> None:
    worker.drop_in("RestartSec=100ms")
    (worker.machine.root / "etc/credstore/mentorup.fleet-keys").unlink()
    assert worker.machine.run("systemctl", "start", UNIT).returncode != 0
    assert (worker.shows("ExecMainStatus"), worker.shows("NRestarts")) == ("78", "0")
    assert "seal.keys" in worker.journal()


def test_i8_a_worker_that_stands_still_is_ended_by_the_watchdog(worker: Worker) -> None:
    worker.drop_in("WatchdogSec=8", "RestartSec=1h")
    worker.start()
    beats = {worker.shows("WatchdogTimestampMonotonic")}
    wait_until(lambda: beats.add(worker.shows("WatchdogTimestampMonotonic")) or len(beats) > 2, 30, worker.journal)
    worker.machine.succeeds("systemctl", "kill", "-s", "STOP", UNIT)
    wait_until(lambda: worker.shows("Result") == "watchdog", 60, worker.journal)


@pytest.mark.parametrize("unit", ["mentorup-worker@1.service"])
def test_i8_the_unit_is_without_fault_and_leaves_little_exposed(machine: Machine, unit: str) -> None:
    done = machine.run("systemd-analyze", "verify", "--man=no", unit)
    assert (done.returncode, done.stderr) == (0, "")
    told = machine.run("systemd-analyze", "security", "--no-pager", unit).stdout
    found = re.search(r"Overall exposure level for .*: ([\d.]+)", told)
    assert found, told
    assert float(found[1]) <= SAFE_ENOUGH
