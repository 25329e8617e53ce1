"""What the service costs at rest: memory, and processor time over ten minutes, with one account and nothing to do.

It runs with the usual intervals, listening by IDLE, on an inbox of the smallest size and a calendar. Beside it stands
the memory of a Python that has imported the libraries which are loaded then, and nothing else: structlog without rich,
of caldav and pydantic what the service has of them, and not Jinja2, for there is no letter to write.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.benchmarks.kit import ours
from tests.benchmarks.kit.figures import Figure, Report, Row
from tests.benchmarks.kit.stage import Stage
from tests.benchmarks.start import as_installed, ready

_RESIDENT = """
import sys
sys.modules["rich"] = None
import typer, structlog, sqlalchemy, sqlalchemy.dialects.sqlite, imapclient, croniter, lxml.etree, niquests
import caldav.base_client
from pydantic import BaseModel

class Model(BaseModel):  # the better part of pydantic is loaded for the first
    value: int

print([line for line in open("/proc/self/status") if line.startswith("VmRSS")][0])
"""


def run(stage: Stage) -> Report:
    report = Report("idle")
    as_installed()
    server, _ = stage.mailbox(min(stage.size.mails))
    dav = stage.calendar(stage.size.dav_servers[0], min(stage.size.events))
    config = ours.config(stage.fresh("state"), mail=server, dav=dav)
    with ready(config):
        pass  # the first start reads everything once
    with ready(config) as process:
        time.sleep(min(5.0, stage.size.idle_seconds))  # the connection that listens is made meanwhile
        before, memory = _processor_seconds(process.pid), []
        for _ in range(5):
            time.sleep(stage.size.idle_seconds / 5)
            memory.append(_resident(process.pid))
        spent = _processor_seconds(process.pid) - before
    alone = subprocess.run([sys.executable, "-c", _RESIDENT], capture_output=True, text=True, check=True).stdout.split()
    libraries = Figure((int(alone[1]) / 1024,), "MB")
    mine = Figure(tuple(memory), "MB")
    report.add(Row("memory (RSS)", mine, "the libraries alone", libraries, goal="under 70 MB", holds=mine.median < 70))
    share = Figure((100 * spent / stage.size.idle_seconds,), "%")
    report.add(
        Row(f"a core over {stage.size.idle_seconds:.0f} s", share, goal="under 0.05 %", holds=share.median < 0.05)
    )
    return report


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident(pid: int) -> float:
    """MB."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS"))
