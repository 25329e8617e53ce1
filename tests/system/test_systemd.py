"""The shipped unit under a booted systemd: readiness, status, restart, reload, watchdog, credentials, sandbox."""

from __future__ import annotations

import re
import socket
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.servers.booted import Machine, wait_until
from tests.servers.imap import Mailserver
from tests.servers.world import World

pytestmark = [pytest.mark.debian, pytest.mark.slow]

CONFIG = "/etc/mentorup/config.toml"
STATE = "var/lib/private/mentorup"  # where systemd keeps the state directory of a dynamic user
SAFE_ENOUGH = 1.5  # of systemd-analyze's scale from 0 to 10


class Service:
    """mentorup.service on the machine, for one account."""

    def __init__(self, machine: Machine, world: World) -> None:
        self.machine, self.world = machine, world
        world.now = datetime.now(UTC)
        world.changes |= {
            "owner": {"working_hours": "00:00-24:00"},
            "imap": {"password": {"credential": "imap"}},
            "caldav": {"password": {"credential": "caldav"}},
            "store": {"url": ""},
        }
        self.configure()
        machine.write("/etc/credstore/mentorup.imap", world.mail.password, 0o600)
        machine.write("/etc/credstore/mentorup.caldav", world.dav.password, 0o600)

    def configure(self) -> None:
        """Writes the config as the world has it now."""
        self.machine.write(CONFIG, self.world.config(), 0o640)
        self.machine.succeeds("chgrp", "mentorup-config", CONFIG)

    def away(self, *servers: str) -> None:
        """Has the config name ports at which nobody listens."""
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            port = unused.getsockname()[1]
        if "imap" in servers:
            self.world.changes["imap"]["port"] = port
        if "caldav" in servers:
            self.world.changes["caldav"] |= {"url": f"http://127.0.0.1:{port}/", "calendars": []}
        self.configure()

    def drop_in(self, *lines: str) -> None:
        """Changes the unit as `systemctl edit` does."""
        text = "\n".join(("[Service]", *lines)) + "\n"
        self.machine.write("/etc/systemd/system/mentorup.service.d/test.conf", text)
        self.machine.succeeds("systemctl", "daemon-reload")

    def start(self) -> None:
        self.machine.succeeds("systemctl", "start", "mentorup")

    @property
    def state(self) -> str:
        return self.machine.shows("ActiveState")

    @property
    def pid(self) -> str:
        return self.machine.shows("MainPID")

    def welcomes(self) -> int:
        """How many notes say that MentorUp has begun: one in the life of a store."""
        return sum("MentorUp" in str(note["Subject"]) for note in self.world.folder("INBOX"))

    def end(self) -> None:
        """Stops it and takes everything of it away."""
        self.machine.run("systemctl", "stop", "mentorup")
        self.machine.run("systemctl", "reset-failed", "mentorup")
        gone = ["/var/lib/private/mentorup", "/var/lib/mentorup", "/etc/mentorup", "/etc/credstore"]
        gone += ["/etc/credstore.encrypted", "/etc/systemd/system/mentorup.service.d"]
        self.machine.succeeds("rm", "-rf", *gone)
        self.machine.succeeds("systemctl", "daemon-reload")
        self.machine.succeeds("journalctl", "--rotate")
        self.machine.succeeds("journalctl", "--vacuum-time=1us")


@pytest.fixture
def service(machine: Machine, light_world: World) -> Iterator[Service]:
    made = Service(machine, light_world)
    try:
        yield made
    finally:
        made.end()


def test_start_returns_once_both_servers_were_reached(service: Service) -> None:
    service.start()
    assert service.state == "active"
    assert service.welcomes() == 1  # the first pass is over, not under way
    assert service.machine.shows("StatusText").startswith(("Nothing due", "Next: "))


def test_start_returns_when_servers_are_away_and_the_status_says_so(service: Service) -> None:
    service.away("imap", "caldav")
    service.start()
    assert service.state == "active"
    told = service.machine.shows("StatusText")
    assert "imap: " in told
    assert "caldav: " in told
    assert told in " ".join(service.machine.run("systemctl", "status", "--no-pager", "-l", "mentorup").stdout.split())


def test_a_slow_first_pass_is_given_its_time(service: Service) -> None:
    service.drop_in("TimeoutStartSec=8")
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and never says a word
        service.world.changes["imap"] |= {"port": silent.getsockname()[1], "timeout": "9s"}
        service.configure()
        service.start()
    assert service.state == "active"
    assert "imap: " in service.machine.shows("StatusText")


def test_a_kill_restarts_it_and_the_state_survives(service: Service) -> None:
    service.drop_in("RestartSec=100ms")
    service.start()
    first = service.pid
    service.machine.succeeds("systemctl", "kill", "-s", "KILL", "--kill-whom=main", "mentorup")
    wait_until(
        lambda: service.machine.shows("NRestarts") == "1" and service.state == "active", 30, service.machine.journal
    )
    assert service.pid not in (first, "0")
    service.machine.succeeds("systemctl", "restart", "mentorup")
    assert service.welcomes() == 1


def test_the_state_belongs_to_the_service_alone(service: Service) -> None:
    service.start()
    database = service.machine.root / STATE / "mentorup.db"
    assert stat.S_IMODE(database.stat().st_mode) == 0o600
    assert stat.S_IMODE(database.parent.stat().st_mode) == 0o700
    assert database.stat().st_uid != 0
    assert service.machine.succeeds("ps", "-o", "user=", "-p", service.pid).strip() == "mentorup"


def test_i7_the_service_leaves_no_core_dump(service: Service) -> None:
    service.start()
    limits = service.machine.succeeds("cat", f"/proc/{service.pid}/limits")
    assert re.search(r"^Max core file size +0 +0 ", limits, re.MULTILINE)
    # A process that isn't dumpable has its files in /proc in root's name, and nobody but root may read its memory.
    owner = service.machine.succeeds("stat", "-c", "%u", f"/proc/{service.pid}/mem").strip()
    assert (owner, service.machine.succeeds("ps", "-o", "user=", "-p", service.pid).strip()) == ("0", "mentorup")


def test_i7_the_config_is_readable_for_the_service_and_for_no_other_user(service: Service) -> None:
    service.start()
    other = service.machine.run("runuser", "-u", "nobody", "--", "cat", CONFIG)
    assert (other.returncode, other.stdout) == (1, "")
    service.machine.succeeds("systemctl", "reload", "mentorup")
    wait_until(lambda: "config read again" in service.machine.journal(), 30, service.machine.journal)


def test_i5_what_root_brings_back_belongs_to_the_service(service: Service) -> None:
    service.world.changes["store"] = {"url": "sqlite:////var/lib/mentorup/mentorup.db"}  # as install writes it
    service.configure()
    service.start()
    machine = service.machine
    machine.succeeds("mentorup", "--config", CONFIG, "backup", "/srv/backup.tar.gz")
    machine.succeeds("systemctl", "stop", "mentorup")
    machine.succeeds("mentorup", "--config", CONFIG, "restore", "--force", "/srv/backup.tar.gz")
    owners = {path.stat().st_uid for path in (machine.root / STATE).rglob("*")}
    assert owners == {(machine.root / STATE).stat().st_uid}
    service.start()
    assert service.welcomes() == 1
    assert "no faults" in machine.succeeds("mentorup", "--config", CONFIG, "check", "--config-only")

    machine.succeeds("systemctl", "stop", "mentorup")
    machine.succeeds("sh", "-c", f"rm -rf /{STATE}/*")
    machine.succeeds("mentorup", "--config", CONFIG, "status")  # root is the first to open a new store
    service.start()
    assert service.state == "active"


def test_a_wrong_config_ends_with_78_and_is_not_tried_again(service: Service) -> None:
    service.drop_in("RestartSec=100ms")
    service.world.changes["owner"]["timezone"] = "America/Los_Angles"
    service.configure()
    assert service.machine.run("systemctl", "start", "mentorup").returncode != 0
    assert service.machine.shows("ExecMainStatus") == "78"
    assert (service.state, service.machine.shows("NRestarts")) == ("failed", "0")
    assert "owner.timezone" in service.machine.journal()


def test_a_reload_with_a_wrong_config_changes_nothing(service: Service) -> None:
    service.start()
    before = service.pid
    service.machine.write(CONFIG, service.world.config().replace("[imap]", "[imapp]"))
    assert service.machine.run("systemctl", "reload", "mentorup").returncode != 0
    assert (service.state, service.pid) == ("active", before)
    told = service.machine.journal()
    assert "imapp" in told
    assert "config read again" not in told


def test_a_reload_takes_the_new_config_also_while_a_server_is_away(service: Service) -> None:
    service.start()
    before = service.pid
    service.away("caldav")
    service.machine.succeeds("systemctl", "reload", "mentorup")
    wait_until(lambda: "caldav: " in service.machine.shows("StatusText"), 30, service.machine.journal)
    assert (service.state, service.pid) == ("active", before)


def test_stop_takes_less_than_five_seconds_also_from_a_server_that_is_silent(service: Service) -> None:
    service.drop_in("TimeoutStopSec=5")  # one that takes longer is killed, and its result is `timeout`
    service.start()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        service.world.changes["imap"]["port"] = silent.getsockname()[1]
        service.configure()
        service.machine.succeeds("systemctl", "reload", "mentorup")
        silent.settimeout(20)
        with silent.accept()[0]:
            service.machine.succeeds("systemctl", "stop", "mentorup")
    assert (service.state, service.machine.shows("Result")) == ("inactive", "success")
    assert "stopped" in service.machine.journal()


def test_a_loop_that_stands_still_is_ended_and_the_journal_shows_where(service: Service) -> None:
    service.drop_in("WatchdogSec=5", "RestartSec=1h")
    service.start()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        service.world.changes["imap"]["port"] = silent.getsockname()[1]
        service.configure()
        service.machine.succeeds("systemctl", "reload", "mentorup")
        wait_until(lambda: service.machine.shows("Result") == "watchdog", 30, service.machine.journal)
    told = service.machine.journal()
    assert "Fatal Python error: Aborted" in told
    assert re.search(r"mailbox/session\.py\", line \d+ in connect", told)


# Passes go on by polling, but the loop that waits for mail sleeps for ever in its first turn.
_DEAF = """import time
import mentorup_daemon.service.daemon as daemon
from mentorup_daemon.cli import main
daemon._LISTENER_STUCK = 1.0
def stands_still(self):
    time.sleep(3600)
daemon.Listener._run = stands_still
main()
"""


def test_the_loop_that_waits_for_mail_is_watched_as_well(service: Service) -> None:
    service.machine.write("/opt/deaf.py", _DEAF)
    run = f"/opt/mentorup/bin/python /opt/deaf.py --config {CONFIG} run"
    service.drop_in("WatchdogSec=5", "RestartSec=1h", "ExecStart=", f"ExecStart={run}")
    service.world.changes["imap"]["poll_interval"] = "1s"
    service.configure()
    service.start()
    wait_until(lambda: service.machine.shows("Result") == "watchdog", 60, service.machine.journal)
    assert re.search(r"/opt/deaf\.py\", line \d+ in stands_still", service.machine.journal())


def test_a_calm_service_keeps_the_watchdog_content(service: Service) -> None:
    service.drop_in("WatchdogSec=3")
    service.start()
    beat = service.machine.shows("WatchdogTimestampMonotonic")
    beats = {beat}
    wait_until(
        lambda: beats.add(service.machine.shows("WatchdogTimestampMonotonic")) or len(beats) > 4,
        30,
        service.machine.journal,
    )
    assert (service.state, service.machine.shows("NRestarts")) == ("active", "0")


def test_encrypted_credentials_are_taken(service: Service) -> None:
    machine = service.machine
    machine.succeeds("mkdir", "-p", "-m", "700", "/etc/credstore.encrypted")
    for name in ("imap", "caldav"):
        there = f"/etc/credstore.encrypted/mentorup.{name}"
        machine.succeeds(
            "systemd-creds", "encrypt", "--with-key=host", f"--name={name}", f"/etc/credstore/mentorup.{name}", there
        )
        machine.succeeds("rm", f"/etc/credstore/mentorup.{name}")
        assert service.world.mail.password not in (machine.root / there.lstrip("/")).read_text()
    service.drop_in(
        "LoadCredential=", *(f"LoadCredentialEncrypted={name}:mentorup.{name}" for name in ("imap", "caldav"))
    )
    service.start()
    assert service.welcomes() == 1


def test_a_missing_password_is_told_and_waited_for(service: Service) -> None:
    (service.machine.root / "etc/credstore/mentorup.caldav").unlink()
    service.start()
    assert service.state == "active"
    assert "caldav.password (credential)" in service.machine.shows("StatusText")


def test_tls_works_within_the_sandbox(service: Service, dovecot_tls: Mailserver, certificates: Path) -> None:
    service.world.mail = dovecot_tls
    service.world.changes["imap"]["ca_file"] = "/etc/mentorup/ca.pem"
    service.machine.write("/etc/mentorup/ca.pem", (certificates / "ca.pem").read_text())
    service.configure()
    service.start()
    assert service.welcomes() == 1


def test_the_sandbox_leaves_little_exposed(machine: Machine) -> None:
    told = machine.run("systemd-analyze", "security", "--no-pager", "mentorup.service").stdout
    found = re.search(r"Overall exposure level for mentorup\.service: ([\d.]+)", told)
    assert found, told
    assert float(found[1]) <= SAFE_ENOUGH


def test_readiness_is_told_as_systemd_252_understands_it(machine: Machine) -> None:
    assert machine.shows("Type") == "notify"  # notify-reload came with 253
    assert machine.shows("DynamicUser") == "yes"


def test_systemd_finds_no_fault_in_the_unit(machine: Machine) -> None:
    done = machine.run("systemd-analyze", "verify", "--man=no", "mentorup.service")
    assert (done.returncode, done.stderr) == (0, "")
