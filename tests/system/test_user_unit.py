"""The unit for one user, in that user's own systemd: its sandbox holds, and its state is where the commands look."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mentorup_daemon.oauth import browser
from tests.conftest import require_debian
from tests.servers.booted import PYTHON, Machine, wait_until
from tests.servers.oauth import Browser, Gate, OAuthServer
from tests.servers.wheel import CHECKOUT
from tests.servers.world import World

pytestmark = [pytest.mark.debian, pytest.mark.slow]

HOME = "/home/sam"


class Login:
    """Sam's account on the machine, with a systemd of its own that goes on when Sam is away."""

    def __init__(self, machine: Machine, world: World) -> None:
        self.machine, self.world = machine, world
        world.changes |= {
            "owner": {"working_hours": "00:00-24:00"},
            "imap": {"password": {"file": "imap-password"}},
            "caldav": {"password": {"file": "caldav-password"}},
            "store": {"url": ""},
        }
        machine.succeeds("useradd", "--create-home", "--shell", "/bin/sh", "sam")
        machine.write(f"{HOME}/.config/mentorup/config.toml", world.config())
        machine.write(f"{HOME}/.config/mentorup/imap-password", world.mail.password, 0o600)
        machine.write(f"{HOME}/.config/mentorup/caldav-password", world.dav.password, 0o600)
        unit = (CHECKOUT / "systemd/user/mentorup.service").read_text()
        machine.write(f"{HOME}/.config/systemd/user/mentorup.service", unit)
        machine.succeeds("mkdir", "-p", f"{HOME}/.local/bin")
        machine.succeeds("ln", "-s", "/opt/mentorup/bin/mentorup", f"{HOME}/.local/bin/mentorup")
        machine.succeeds("chown", "-R", "sam:", HOME)
        self.uid = machine.succeeds("id", "-u", "sam").strip()
        machine.succeeds("systemctl", "start", "dbus", "systemd-logind")
        machine.succeeds("loginctl", "enable-linger", "sam")
        wait_until(lambda: self.run("systemctl", "--user", "show").returncode == 0, 30, machine.journal)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        sam = ("runuser", "-u", "sam", "--", "env", f"HOME={HOME}", f"XDG_RUNTIME_DIR=/run/user/{self.uid}")
        sam = (*sam, f"LD_LIBRARY_PATH={PYTHON}/lib")  # for the Python that is bound in, where it isn't Debian's own
        return self.machine.run(*sam, *command)

    def succeeds(self, *command: str) -> str:
        done = self.run(*command)
        told = self.machine.run("journalctl", "--no-pager", "-o", "cat", f"_UID={self.uid}").stdout
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}{told[-4000:]}"
        return done.stdout

    def shows(self, name: str) -> str:
        return self.succeeds("systemctl", "--user", "show", "--value", "-p", name, "mentorup").strip()

    def end(self) -> None:
        self.machine.run("loginctl", "disable-linger", "sam")
        self.machine.run("systemctl", "stop", f"user@{self.uid}")
        self.machine.run("userdel", "--remove", "sam")


@pytest.fixture
def sam(machine: Machine, light_world: World) -> Iterator[Login]:
    require_debian("dbus-daemon", "dbus libpam-systemd")
    login = Login(machine, light_world)
    try:
        yield login
    finally:
        login.end()


def test_it_runs_in_a_users_own_systemd(sam: Login) -> None:
    sam.succeeds("systemctl", "--user", "enable", "--now", "mentorup")
    assert sam.shows("ActiveState") == "active"
    assert sum("MentorUp" in str(note["Subject"]) for note in sam.world.folder("INBOX")) == 1
    # The commands of the same user see the service's state: systemd 252 would have put it elsewhere.
    assert "last reached" in sam.succeeds(f"{HOME}/.local/bin/mentorup", "status")

    told = sam.machine.succeeds("cat", f"/proc/{sam.shows('MainPID')}/mountinfo")
    modes = {line.split()[4]: line.split()[5].split(",")[0] for line in told.splitlines()}
    assert modes["/"] == modes.get(HOME, "ro") == "ro"
    assert modes[f"{HOME}/.local/state/mentorup"] == "rw"

    sam.machine.write(f"{HOME}/.config/mentorup/config.toml", "[owner\n")
    assert sam.run("systemctl", "--user", "reload", "mentorup").returncode != 0
    assert sam.shows("ActiveState") == "active"
    sam.succeeds("systemctl", "--user", "stop", "mentorup")
    assert sam.shows("Result") == "success"


def test_i5_install_and_uninstall_do_it_for_a_user(sam: Login) -> None:
    unit = f"{HOME}/.config/systemd/user/mentorup.service"
    sam.succeeds("rm", unit)
    told = sam.succeeds("mentorup", "service", "install", "--user", "--yes")
    assert f"write    {unit}" in told
    assert (sam.shows("ActiveState"), sam.shows("UnitFileState")) == ("active", "enabled")
    assert "ExecStart=/opt/mentorup/bin/mentorup run" in sam.machine.succeeds("cat", unit)
    assert "last reached" in sam.succeeds("mentorup", "status")

    sam.succeeds("mentorup", "service", "uninstall", "--user", "--yes")
    assert sam.machine.run("cat", unit).returncode != 0
    assert sam.shows("ActiveState") == "inactive"
    assert sam.machine.succeeds(
        "ls", f"{HOME}/.config/mentorup/config.toml", f"{HOME}/.local/state/mentorup/mentorup.db"
    )


def test_i6_the_service_and_the_commands_of_a_user_share_a_login_that_rotates(
    sam: Login, gate: Gate, oauth_server: OAuthServer, tmp_path: Path
) -> None:
    """The service can't write where the config is, the commands can; a token that is used twice ends the login."""
    token = f"{HOME}/.config/mentorup/caldav-token"
    first = browser.log_in(oauth_server.client(gate.user), lambda _page: None, open_page=Browser().open, patience=30)
    secret = f"{HOME}/.config/mentorup/secret"
    login = oauth_server.config({"file": token}, tmp_path / "secret", client_secret={"file": secret})
    calendar = sam.world.dav.calendar_url.replace(sam.world.dav.url, gate.url)
    sam.world.changes["caldav"] = {"url": gate.url, "username": gate.user, "password": None}
    sam.world.changes["caldav"] |= {"oauth": login, "calendars": [calendar]}
    sam.machine.write(f"{HOME}/.config/mentorup/config.toml", sam.world.config())
    sam.machine.write(token, str(first["refresh_token"]), 0o600)
    sam.machine.write(secret, (tmp_path / "secret").read_text(), 0o600)
    sam.machine.succeeds("chown", "-R", "sam:", f"{HOME}/.config")

    def kept() -> str:
        return sam.machine.succeeds("cat", token).strip()

    for _ in range(2):
        before = kept()
        sam.succeeds("systemctl", "--user", "restart", "mentorup")
        assert sam.shows("StatusText").startswith(("Nothing due", "Next: "))
        assert kept() == before  # what followed is in the state directory
        assert "ok       caldav: calendars at" in sam.succeeds(f"{HOME}/.local/bin/mentorup", "check")
        assert kept() != before


def test_systemd_finds_no_fault_in_the_users_unit(sam: Login) -> None:
    done = sam.run("systemd-analyze", "--user", "verify", "--man=no", "mentorup.service")
    assert (done.returncode, done.stderr) == (0, "")
