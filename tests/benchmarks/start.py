"""How long the command takes to say what it can do, and the service to be ready, with servers on this machine.

Ready is what systemd is told at the end of the first pass, over the same socket. Beside both, Python alone, and what
modules `--help` and a running service have in memory that neither of them uses.
"""

from __future__ import annotations

import compileall
import contextlib
import os
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import mentorup_daemon
from tests.benchmarks.kit import ours
from tests.benchmarks.kit.figures import Figure, Report, Row
from tests.benchmarks.kit.stage import Absent, Stage, own_program

_HEAVY = {
    "help": ("sqlalchemy", "alembic", "caldav", "icalendar", "imapclient", "jinja2", "pydantic", "lxml", "dateparser"),
    "run": (
        "alembic",
        "dateparser",
        "typer.testing",
        "icalendar",
        "caldav.davclient",
        "yaml",
        "jinja2",
        "rich",
        "pytest",
    ),
}
_AS_RUN_DOES = """
from mentorup_daemon.process import without
with without("rich"):
    import mentorup_daemon.logs
import mentorup_daemon.service.daemon
"""


def run(stage: Stage) -> Report:
    report = Report("start")
    as_installed()
    runs = max(stage.size.runs, 1)
    python = [_command([sys.executable, "-c", "pass"]) for _ in range(runs)]
    shown = [_command([own_program("mentorup"), "--help"]) for _ in range(runs)]
    for what, at, goal in (("", 0, 200), ("processor time, ", 1, None)):
        mine, other = (Figure(tuple(each[at] for each in many), "ms") for many in (shown, python))
        holds = mine.median < goal if goal else None
        report.add(
            Row(
                f"{what}mentorup --help",
                mine,
                "Python alone",
                other,
                goal=f"under {goal} ms" if goal else "",
                holds=holds,
            )
        )
    idle = _imported("help", "from mentorup_daemon.cli import app")
    report.add(Row("heavy modules in --help", Figure((len(idle),), ""), goal="0", holds=not idle))
    try:
        mail, dav = stage.empty_mailbox(), stage.calendar(stage.size.dav_servers[0], stage.size.events[0])
    except Absent as absent:
        report.remark(f"run is not measured: {absent}.")
        return report
    state = stage.fresh("state")
    config = ours.config(state, mail=mail, dav=dav)
    with ready(config):
        pass  # the first start of all syncs the calendar and makes the store
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        with ready(config):
            times.append((time.perf_counter() - started) * 1000)
    mine = Figure(tuple(times), "ms")
    what = "mentorup run to ready"
    report.add(Row(what, mine, "Python alone", Figure(tuple(wall for wall, _ in python), "ms"), goal="under 800 ms",
                   holds=mine.median < 800))  # fmt: skip
    idle = _imported("run", _AS_RUN_DOES)
    report.add(Row("heavy modules in run", Figure((len(idle),), ""), goal="0", holds=not idle))
    if idle:
        report.remark(f"The service has {', '.join(idle)} in memory before it needs them.")
    return report


def as_installed() -> None:
    """Compiles our modules as pip does: what has to be compiled at the start costs time, and memory for good."""
    compileall.compile_dir(Path(mentorup_daemon.__file__).parent, quiet=2)


@contextlib.contextmanager
def ready(config: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`mentorup run`, once it has told systemd that it is ready; ended afterwards."""
    address = config.parent / "notify"
    address.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear, (config.parent / "log").open("ab") as log:
        ear.bind(str(address))
        ear.settimeout(300)
        process = subprocess.Popen(
            [own_program("mentorup"), "--config", str(config), "run"],
            stdout=log,
            stderr=log,
            env={**os.environ, "NOTIFY_SOCKET": str(address)},
        )
        try:
            while b"READY=1" not in ear.recv(4096):
                pass
            threading.Thread(target=_hear, args=(ear,), daemon=True).start()
            yield process
        finally:
            process.terminate()
            process.wait(120)


def _hear(ear: socket.socket) -> None:
    """Goes on listening, as systemd does: a service whose signs of life nobody takes would wait in the end."""
    with contextlib.suppress(OSError):
        while ear.recv(4096):
            pass


def _command(command: list[str]) -> tuple[float, float]:
    """Milliseconds of wall time and of processor time."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall * 1000, spent * 1000


def _imported(which: str, statement: str) -> list[str]:
    """The heavy modules that are in memory after a statement."""
    command = [sys.executable, "-c", f"{statement}\nimport sys; print(*sys.modules)"]
    found = set(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())
    return [name for name in _HEAVY[which] if name in found]
