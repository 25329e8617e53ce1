"""From nothing to a running service by the README's own lines, with the wheel in the place of the package index."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

import pytest

from tests.servers.booted import LIBRARIES, PYTHON, Machine
from tests.servers.wheel import CHECKOUT
from tests.servers.world import SAM, ZONE, World

pytestmark = [pytest.mark.debian, pytest.mark.slow]

HOME = "/home/sam"
UNIT = "/etc/systemd/system/mentorup.service"
PYTHON_NAME = f"python{sys.version_info.major}.{sys.version_info.minor}"
# There is no sudo and no package index in there: who runs a line is told from it, and the wheel lies in /opt.
_PRETENDED = {"sudo": '#!/bin/sh\nexec "$@"\n'}
_INDEX = ("PIP_NO_INDEX=1", "PIP_FIND_LINKS=/opt", "PIP_NO_DEPS=1", "PIP_ROOT_USER_ACTION=ignore")
if sys.base_prefix != "/usr":
    _PRETENDED["python3"] = f'#!/bin/sh\nexec {PYTHON}/bin/{PYTHON_NAME} "$@"\n'


def lines() -> list[str]:
    """The README's shell lines that lead to a running service."""
    blocks = re.findall(r"```sh\n(.*?)```", (CHECKOUT / "README.md").read_text("utf-8"), re.DOTALL)
    (block,) = (block for block in blocks if "sudo mentorup service install" in block)
    return [line.split("  #")[0].strip() for line in block.splitlines() if line.strip()]


class Newcomer:
    """Sam, on a machine with nothing of MentorUp but the wheel."""

    def __init__(self, machine: Machine, world: World) -> None:
        self.machine, self.world = machine, world
        self._unit = (machine.root / UNIT.lstrip("/")).read_text()
        machine.succeeds("rm", UNIT, "/usr/local/bin/mentorup")
        machine.succeeds("mv", "/opt/mentorup", "/opt/before")
        machine.succeeds("groupdel", "mentorup-config")
        machine.succeeds("systemctl", "daemon-reload")
        machine.succeeds("useradd", "--create-home", "--shell", "/bin/sh", "sam")
        for name, text in _PRETENDED.items():
            machine.write(f"/usr/local/sbin/{name}", text, 0o755)

    def types(self, line: str, answers: str = "") -> str:
        """Runs a line as Sam, or as root where it says sudo; `answers` are typed into it."""
        as_root = line.startswith("sudo ")
        user = () if as_root else ("runuser", "-u", "sam", "--")
        line = line.replace("~/", f"{HOME}/")  # which Sam's shell does, before sudo makes a root of it
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        environ = (
            f"HOME={'/root' if as_root else HOME}",
            f"PATH={path}",
            f"LD_LIBRARY_PATH={PYTHON}/lib",
            "LANG=C.UTF-8",
            *_INDEX,
        )
        done = self.machine.run(*user, "env", *environ, "sh", "-c", line, typed=answers, seconds=110)
        assert done.returncode == 0, f"{line}: {done.stdout}{done.stderr}{self.machine.journal()[-4000:]}"
        if "-m venv" in line:  # what the index would have brought beside the wheel
            self.machine.write(f"/opt/mentorup/lib/{PYTHON_NAME}/site-packages/dependencies.pth", f"{LIBRARIES}\n")
        return done.stdout

    @property
    def answers(self) -> str:
        """To the questions of `mentorup init`."""
        mail, dav = self.world.mail, self.world.dav
        told = [
            *("Sam Rivera", SAM, ZONE.key),
            *(mail.host, mail.security, str(mail.port), mail.username, "file", "", mail.password),
            *(dav.url, dav.username, "n", "file", "", dav.password),
            *("Ana Ortiz", "ana@example.org", "", ""),
        ]
        return "\n".join(told) + "\n"

    def leave(self) -> None:
        """Everything as it was."""
        machine = self.machine
        machine.run("systemctl", "stop", "mentorup")
        gone = [
            "/etc/mentorup",
            "/etc/credstore",
            "/var/lib/private/mentorup",
            "/opt/mentorup",
            "/usr/local/bin/mentorup",
        ]
        machine.succeeds("rm", "-rf", *gone, *(f"/usr/local/sbin/{name}" for name in _PRETENDED))
        machine.succeeds("mv", "/opt/before", "/opt/mentorup")
        machine.succeeds("ln", "-s", "/opt/mentorup/bin/mentorup", "/usr/local/bin/mentorup")
        machine.succeeds("groupadd", "--system", "--force", "mentorup-config")
        machine.run("userdel", "--remove", "sam")
        machine.write(UNIT, self._unit)
        machine.succeeds("systemctl", "daemon-reload")


@pytest.fixture
def newcomer(machine: Machine, light_world: World) -> Iterator[Newcomer]:
    made = Newcomer(machine, light_world)
    try:
        yield made
    finally:
        made.leave()


def test_i5_the_lines_of_the_readme_lead_from_nothing_to_a_running_service(newcomer: Newcomer) -> None:
    steps = lines()
    assert len(steps) <= 6
    told = ""
    for line in steps:
        asked = newcomer.answers if line == "mentorup init" else "y\n"
        told += newcomer.types(line, asked)
    assert "Installed and started" in told
    assert "imap: last reached" in told
    machine = newcomer.machine
    assert (machine.shows("ActiveState"), machine.shows("UnitFileState")) == ("active", "enabled")
    status = newcomer.types("sudo mentorup status")
    assert "imap: last reached" in status
    assert "caldav: last reached" in status
    assert "ExecStart=/opt/mentorup/bin/mentorup " in (machine.root / UNIT.lstrip("/")).read_text()

    newcomer.types("sudo mentorup service uninstall", "y\n")
    assert machine.shows("ActiveState") == "inactive"
    assert (machine.root / f"{HOME}/.config/mentorup/config.toml".lstrip("/")).exists()
