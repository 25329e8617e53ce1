"""A machine with a booted systemd, on which the wheel is installed as the README says: for the tests of the units.

systemd-nspawn boots an overlay of this machine's own root, written to memory: no image is needed, and nothing outside
the overlay changes. It shares the network, so that it reaches the servers of the tests on loopback, and starts nothing
but what systemd itself needs. This Python and its libraries are bound into it, for a home directory and /tmp are other
ones in there. It is ended by its own process, and its mounts and its control group go with it; a run that is killed
leaves it up for a quarter of an hour.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import require_debian
from tests.servers.wheel import CHECKOUT, DEPENDENCIES

_CGROUPS = Path("/sys/fs/cgroup")
LIBRARIES = "/opt/dependencies"
PYTHON = Path("/opt/python")
_PATIENCE = 30.0  # seconds to boot, and to power off
_UP = ("running", "degraded")  # where some unit of this machine has no place in a container, that is no matter here

# The mounts are made in a mount namespace of their own, so that they end with the machine, whatever ends it.
_BOOT = """
set -e
echo $$ > "$1/cgroup.procs"
mount -t tmpfs tmpfs "$2"
mkdir "$2/upper" "$2/work" "$2/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$2/upper,workdir=$2/work" "$2/root"
rm -f "$2/root/etc/machine-id"
touch "$2/root/etc/machine-id"
shift 2
exec "$@"
"""


class Machine:
    """The booted machine."""

    def __init__(self, directory: Path) -> None:
        self.name = f"mentorup-{uuid.uuid4().hex[:8]}"
        self._directory = directory
        self._memory = directory / "memory"
        unified = _CGROUPS / "unified"
        self._cgroup = (unified if unified.is_dir() else _CGROUPS) / self.name
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def root(self) -> Path:
        """The machine's root directory, seen from outside."""
        assert self._process is not None
        return Path(f"/proc/{self._process.pid}/root{self._memory}/root")

    def start(self) -> None:
        """Boot, and wait until systemd says that it is running."""
        self._memory.mkdir()
        # A control group of its own, with the unified hierarchy: this machine may have neither to give.
        self._cgroup.mkdir()
        command = ["unshare", "--mount", "--propagation", "private"]
        command += ["sh", "-c", _BOOT, "boot", str(self._cgroup), str(self._memory)]
        command += ["systemd-nspawn", "--quiet", f"--directory={self._memory}/root", f"--machine={self.name}"]
        command += ["--register=no", "--keep-unit", "--console=pipe", *self._binds(), "--boot"]
        with (self._directory / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [*command, "systemd.unit=sysinit.target"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
                start_new_session=True,
            )
        wait_until(self._running, _PATIENCE, lambda: (self._directory / "log").read_text(errors="replace"))
        self.succeeds("systemd-run", "--quiet", "--on-active=15min", "systemctl", "poweroff")

    def _binds(self) -> Iterator[str]:
        yield f"--bind-ro={DEPENDENCIES}:{LIBRARIES}"
        if sys.base_prefix != "/usr":
            yield f"--bind-ro={sys.base_prefix}:{PYTHON}"

    def _running(self) -> bool:
        return self._leader() is not None and self.run("systemctl", "is-system-running").stdout.strip() in _UP

    def _leader(self) -> int | None:
        """The machine's process 1, as numbered outside."""
        if self._process is None or self._process.poll() is not None:
            return None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        named = (child for child in children if Path(f"/proc/{child}/comm").read_text().strip() == "systemd")
        return next(map(int, named), None)

    def run(self, *command: str, seconds: float = 60, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command inside, as root; `typed` is its standard input."""
        leader = self._leader()
        assert leader is not None, "the machine isn't up"
        enter = ["nsenter", "-t", str(leader), "-m", "-u", "-i", "-p", "-C", "--", "env", "--chdir=/"]
        clean = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
        return subprocess.run(
            [*enter, *command], env=clean, check=False, capture_output=True, text=True, timeout=seconds, input=typed
        )

    def succeeds(self, *command: str) -> str:
        """Run a command inside, which must not fail; its output."""
        done = self.run(*command)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}\n{self.journal()[-4000:]}"
        return done.stdout

    def journal(self, unit: str = "mentorup") -> str:
        """What the journal has of a unit."""
        return self.run("journalctl", "--no-pager", "-o", "cat", "-u", unit).stdout

    def shows(self, name: str, unit: str = "mentorup") -> str:
        """A property of a unit."""
        return self.run("systemctl", "show", "--value", "-p", name, unit).stdout.strip()

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """A file inside, its directories made."""
        there = self.root / path.lstrip("/")
        there.parent.mkdir(parents=True, exist_ok=True)
        there.touch(mode)
        there.chmod(mode)
        there.write_text(text)

    def install(self, wheel: Path) -> None:
        """The wheel in a venv of its own, its command on the PATH, and the units."""
        shutil.copy(wheel, self.root / "opt")
        python = Path(f"python{sys.version_info.major}.{sys.version_info.minor}")
        base = "/usr/bin" / python
        if sys.base_prefix != "/usr":
            base = PYTHON / "bin" / python
            for manager in ("system", "user"):  # its own library, which it would look for where it was built
                found = f"[Manager]\nDefaultEnvironment=LD_LIBRARY_PATH={PYTHON / 'lib'}\n"
                self.write(f"/etc/systemd/{manager}.conf.d/python.conf", found)
        self.succeeds(str(base), "-m", "venv", "--without-pip", "/opt/mentorup")
        pip = "/opt/mentorup/bin/python -m pip install -q --no-index --no-deps --ignore-installed".split()
        self.succeeds(f"PYTHONPATH={LIBRARIES}", *pip, f"/opt/{wheel.name}")
        self.write(f"/opt/mentorup/lib/{python}/site-packages/dependencies.pth", f"{LIBRARIES}\n")
        (self.root / "usr/local/bin/mentorup").unlink(missing_ok=True)
        (self.root / "usr/local/bin/mentorup").symlink_to("/opt/mentorup/bin/mentorup")
        self.succeeds("groupadd", "--system", "mentorup-config")
        for unit in (CHECKOUT / "systemd").glob("*.service"):
            self.write(f"/etc/systemd/system/{unit.name}", unit.read_text())
        self.succeeds("systemctl", "daemon-reload")

    def stop(self) -> None:
        """Power off, and leave nothing behind, however far the start came."""
        if self._process is not None:
            for number in (signal.SIGRTMIN + 4, signal.SIGKILL):  # systemd(1): RTMIN+4 powers off
                leader = self._leader()
                with contextlib.suppress(ProcessLookupError):
                    os.kill(leader or self._process.pid, number)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(_PATIENCE)
                    break
        if self._cgroup.is_dir():
            for path, _, _ in os.walk(self._cgroup, topdown=False):
                Path(path).rmdir()
        shutil.rmtree(self._directory)


def wait_until(condition: Callable[[], object], seconds: float, explain: Callable[[], str]) -> None:
    """Wait for something to come true; `explain` says what there is to know when it doesn't."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"it never came true: {explain()[-4000:]}"
        time.sleep(0.05)


@pytest.fixture(scope="session")
def machine(wheel: Path) -> Iterator[Machine]:
    """One booted machine for the whole run, the package and the system units installed."""
    require_debian("systemd-nspawn", "systemd-container")
    if os.geteuid() != 0:
        message = "booting a machine takes root"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    booted = Machine(Path(tempfile.mkdtemp(prefix="mentorup-machine-")))
    try:
        booted.start()
        booted.install(wheel)
        yield booted
    finally:
        booted.stop()
