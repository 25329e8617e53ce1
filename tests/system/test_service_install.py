"""`mentorup service install`, from a config with password files to a running service, and back again."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from mentorup_daemon.oauth import browser
from tests.servers.booted import Machine, wait_until
from tests.servers.oauth import Browser, Gate, OAuthServer
from tests.servers.world import World

NEEDS_A_MACHINE = [pytest.mark.debian, pytest.mark.slow]
SOURCE = "/srv/sam"
UNIT = "/etc/systemd/system/mentorup.service"


@pytest.fixture
def bare(machine: Machine, light_world: World) -> Iterator[Machine]:
    """The machine without the unit; Sam's config and password files lie in a directory of root's."""
    unit = (machine.root / UNIT.lstrip("/")).read_text()
    machine.succeeds("rm", UNIT)
    machine.succeeds("systemctl", "daemon-reload")
    light_world.changes |= {
        "owner": {"working_hours": "00:00-24:00"},
        "imap": {"password": {"file": "imap-password"}},
        "caldav": {"password": {"file": "caldav-password"}},
        "store": {"url": ""},
    }
    machine.write(f"{SOURCE}/config.toml", light_world.config(), 0o600)
    machine.write(f"{SOURCE}/imap-password", light_world.mail.password, 0o600)
    machine.write(f"{SOURCE}/caldav-password", light_world.dav.password, 0o600)
    try:
        yield machine
    finally:
        machine.run("systemctl", "stop", "mentorup")
        machine.succeeds("rm", "-rf", SOURCE, "/etc/mentorup", "/etc/credstore", "/var/lib/private/mentorup")
        machine.succeeds("groupadd", "--system", "--force", "mentorup-config")
        machine.write(UNIT, unit)
        machine.succeeds("systemctl", "daemon-reload")


def install(machine: Machine, *options: str) -> str:
    return machine.succeeds("mentorup", "service", "install", "--config", f"{SOURCE}/config.toml", *options)


class TestOnAMachine:
    pytestmark = NEEDS_A_MACHINE

    def test_a_dry_run_shows_all_and_does_nothing(self, bare: Machine) -> None:
        told = install(bare, "--dry-run")
        for path in (
            UNIT,
            "/etc/credstore/mentorup.imap",
            "/etc/credstore/mentorup.caldav",
            "/etc/mentorup/config.toml",
        ):
            assert f"write    {path}" in told
            assert not (bare.root / path.lstrip("/")).exists()
        assert "systemctl restart mentorup" in told

    def test_installed_it_runs_and_uninstalled_it_is_gone(self, bare: Machine, light_world: World) -> None:
        install(bare, "--yes")
        assert (bare.shows("ActiveState"), bare.shows("UnitFileState")) == ("active", "enabled")
        assert light_world.folder("INBOX")
        passwords = bare.root / "etc/credstore/mentorup.imap"
        assert (stat.S_IMODE(passwords.stat().st_mode), passwords.read_text()) == (0o600, light_world.mail.password)
        config_file = (bare.root / "etc/mentorup/config.toml").stat()
        group = bare.succeeds("getent", "group", "mentorup-config").split(":")[2]
        assert (stat.S_IMODE(config_file.st_mode), str(config_file.st_gid)) == (0o640, group)
        config = tomllib.loads((bare.root / "etc/mentorup/config.toml").read_text())
        assert (config["imap"]["password"], config["caldav"]["password"]) == (
            {"credential": "imap"},
            {"credential": "caldav"},
        )
        assert "ExecStart=/opt/mentorup/bin/mentorup " in (bare.root / UNIT.lstrip("/")).read_text()
        bare.succeeds("systemctl", "reload", "mentorup")
        assert "imap: last reached" in bare.succeeds("mentorup", "status")  # root's command sees the service's state

        again = bare.succeeds("mentorup", "service", "install", "--yes")  # by the config that is there now
        assert "replace" in again
        assert "credstore" not in again
        assert "the config, from" not in again
        assert sum("MentorUp" in str(note["Subject"]) for note in light_world.folder("INBOX")) == 1

        told = bare.succeeds("mentorup", "service", "uninstall", "--yes")
        assert "/var/lib/private/mentorup" in told
        assert bare.shows("ActiveState") == "inactive"
        for path in (
            UNIT,
            "/etc/credstore/mentorup.imap",
            "/etc/credstore/mentorup.caldav",
            "/etc/mentorup/config.toml",
        ):
            assert not (bare.root / path.lstrip("/")).exists()
        assert (bare.root / "var/lib/private/mentorup/mentorup.db").exists()
        assert bare.run("getent", "group", "mentorup-config").returncode != 0
        assert "nothing to take away" in bare.succeeds("mentorup", "service", "uninstall", "--yes")

    def test_i6_a_login_by_oauth_is_handed_to_the_service_and_mended_by_a_new_one(
        self, bare: Machine, light_world: World, gate: Gate, oauth_server: OAuthServer, tmp_path: Path
    ) -> None:
        login = oauth_server.config({"file": "caldav-token"}, tmp_path / "secret", client_secret={"file": "secret"})
        calendar = light_world.dav.calendar_url.replace(light_world.dav.url, gate.url)
        light_world.changes["caldav"] = {
            "url": gate.url,
            "username": gate.user,
            "password": None,
            "oauth": login,
            "calendars": [calendar],
        }
        first = browser.log_in(
            oauth_server.client(gate.user), lambda _page: None, open_page=Browser().open, patience=30
        )
        bare.write(f"{SOURCE}/config.toml", light_world.config(), 0o600)
        bare.write(f"{SOURCE}/secret", (tmp_path / "secret").read_text(), 0o600)
        bare.write(f"{SOURCE}/caldav-token", str(first["refresh_token"]), 0o600)
        assert f"{SOURCE}/caldav-token is the service's now" in install(bare, "--yes")
        kept = bare.root / "etc/credstore/mentorup.caldav-token"
        assert (stat.S_IMODE(kept.stat().st_mode), kept.read_text()) == (0o600, first["refresh_token"])
        config = tomllib.loads((bare.root / "etc/mentorup/config.toml").read_text())["caldav"]
        assert config["oauth"]["token"] == {"credential": "caldav-token"}
        assert config["oauth"]["client_secret"] == {"credential": "caldav-client-secret"}
        assert "password" not in config
        assert "mentorup login" not in bare.shows("StatusText")

        # The credential's own token has been used up by now; the one that followed it is in the state directory.
        bare.succeeds("systemctl", "restart", "mentorup")
        assert bare.shows("StatusText").startswith(("Nothing due", "Next: "))
        followed = bare.root / "var/lib/private/mentorup/oauth-caldav.token"
        assert stat.S_IMODE(followed.stat().st_mode) == 0o600

        oauth_server.revoke(json.loads(followed.read_text())["token"])
        bare.succeeds("systemctl", "restart", "mentorup")
        assert "run `mentorup login --caldav`" in bare.shows("StatusText")
        assert bare.run("runuser", "-u", "nobody", "--", "mentorup", "login").returncode != 0

        told = bare.root / "srv/told"
        command = "mentorup login --caldav >/srv/told 2>&1"
        ended: list[int] = []
        root = threading.Thread(target=lambda: ended.append(bare.run("sh", "-c", command).returncode))
        root.start()
        pages = re.compile(r"^  (http://\S+)$", re.MULTILINE)
        wait_until(lambda: told.exists() and pages.search(told.read_text()), 30, bare.journal)
        Browser().open(pages.findall(told.read_text())[0])
        root.join()
        assert ended == [0], told.read_text()
        assert "/etc/credstore/mentorup.caldav-token" in told.read_text()
        bare.succeeds("systemctl", "restart", "mentorup")
        assert bare.shows("StatusText").startswith(("Nothing due", "Next: "))

        bare.succeeds("mentorup", "service", "uninstall", "--yes")
        assert list((bare.root / "etc/credstore").iterdir()) == []

    def test_a_config_that_names_files_in_a_home_is_refused(self, bare: Machine, light_world: World) -> None:
        bare.write("/home/ca.pem", "")
        light_world.changes["imap"] |= {"ca_file": "/home/ca.pem"}
        bare.write(f"{SOURCE}/config.toml", light_world.config())
        done = bare.run("mentorup", "service", "install", "--config", f"{SOURCE}/config.toml", "--yes")
        assert done.returncode == 78
        assert "imap.ca_file" in done.stderr
        assert not (bare.root / UNIT.lstrip("/")).exists()


def _as_user(home: Path, *arguments: str, answer: str = "") -> subprocess.CompletedProcess[str]:
    """`mentorup service` for the user of this home, where a systemctl writes down what it is asked."""
    fake = home / "bin" / "systemctl"
    fake.parent.mkdir(exist_ok=True)
    fake.write_text(f'#!/bin/sh\necho "$@" >>{home}/asked\n')
    fake.chmod(0o755)
    (home / "bin" / "mentorup").touch(0o755)
    environ = {"HOME": str(home), "PATH": f"{home}/bin:{os.environ['PATH']}", "LANG": "C.UTF-8"}
    environ["PYTHONPATH"] = os.pathsep.join(sys.path)
    command = [sys.executable, "-m", "mentorup_daemon", "service", *arguments]
    return subprocess.run(
        command, env=environ, input=answer, capture_output=True, text=True, timeout=60, cwd=home, check=False
    )


@pytest.fixture
def home(tmp_path: Path, light_world: World) -> Path:
    """A home with a config in its place."""
    light_world.changes["store"] = {"url": ""}
    config = tmp_path / ".config" / "mentorup" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(light_world.config())
    return tmp_path


def test_a_users_service_is_installed_after_asking_and_taken_away(home: Path) -> None:
    unit = home / ".config/systemd/user/mentorup.service"
    no = _as_user(home, "install", "--user", answer="n\n")
    assert (no.returncode, unit.exists(), (home / "asked").exists()) == (0, False, False)
    yes = _as_user(home, "install", "--user", answer="y\n")
    assert yes.returncode == 0, yes.stderr
    assert "enable-linger" in yes.stdout
    assert "mentorup run\n" in unit.read_text()
    assert "%h/.local/bin/mentorup" not in "".join(
        line for line in unit.read_text().splitlines() if line.startswith("Exec")
    )
    assert (home / "asked").read_text().splitlines() == [
        "--user daemon-reload",
        "--user enable mentorup",
        "--user restart mentorup",
    ]
    gone = _as_user(home, "uninstall", "--user", "--yes")
    assert gone.returncode == 0
    assert not unit.exists()
    assert (home / ".config/mentorup/config.toml").exists()


def test_a_password_that_a_users_service_would_not_have_is_refused(home: Path, light_world: World) -> None:
    light_world.changes["imap"] = {"password": {"env": "IMAP_PASSWORD"}}
    (home / ".config/mentorup/config.toml").write_text(light_world.config())
    done = _as_user(home, "install", "--user", "--yes")
    assert done.returncode == 78
    assert "imap.password" in done.stderr
