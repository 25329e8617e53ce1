"""One process with 1, 10, 100, 1,000 accounts: the memory of each beyond the first, and the cost of a pass over one.

Each account has a mailbox on Dovecot that is held in IDLE over TLS, and records of its own in one store; all look at
the same small calendar. A pass is one over an account where nothing has changed, as a worker of a fleet makes it: the
config is read, the account opened, both servers are logged into, and all is closed again. Beside it stand bare TLS
sockets in IDLE, and a bare login that opens the inbox; the calendar has nothing beside it here, it has a benchmark of
its own. Everything is in a process of its own, servers aside.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.benchmarks.kit import ours
from tests.benchmarks.kit.figures import Figure, Report, Row
from tests.benchmarks.kit.stage import Stage
from tests.servers.imap import PASSWORD

_ROOT = Path(__file__).parents[2]
_EVENTS = 30
_GOAL = 150  # KB
_RATIO = 1.1
_BESIDE = 500  # open files beside one for each account


def run(stage: Stage) -> Report:
    report = Report("growth")
    sizes = stage.size.accounts
    accounts, sockets = _asked(stage, sizes)
    mine, bare = _measured(accounts), _measured(sockets)
    for at in range(len(sizes)):
        _add(report, mine, bare, at, accounts["idle"])
    report.remark("At rest Dovecot says every two minutes to each that it is still there, and IDLE is begun anew.")
    few, many = _figure(mine[0], "cpu"), _figure(mine[-1], "cpu")
    report.add(
        Row(
            f"a pass at {sizes[-1]:,} accounts, processor time",
            many,
            f"at {sizes[0]:,}",
            few,
            goal=f"ratio at most {_RATIO}",
            holds=many.median <= few.median * _RATIO,
        )
    )
    return report


def bytes_each(stage: Stage, number: int) -> float:
    """The memory of one mailbox that is held in IDLE over TLS, as a mean over those beyond the first."""
    accounts, _ = _asked(stage, (1, number))
    first, last = _measured(accounts)
    return _beyond(last, first) * 1024


def _asked(stage: Stage, sizes: tuple[int, ...]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the process with the accounts is to do, and the one with bare sockets beside it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, max(sizes) + _BESIDE)), hard))
    dovecot = stage.crowded_dovecot()
    dav = stage.calendar(stage.size.dav_servers[0], _EVENTS)
    state = stage.fresh("state")
    reach = {"host": "localhost", "port": dovecot.tls_port, "ca_file": str(dovecot.certificates / "ca.pem")}
    (state / "password").write_text(PASSWORD)
    (state / "password").chmod(0o600)
    imap = {**reach, "security": "tls", "username": "ACCOUNT", "password": {"file": str(state / "password")}}
    config = ours.config(state, dav=dav, imap=imap).read_text()
    common = {"sizes": sizes, "sample": stage.size.sample, "idle": min(10.0, stage.size.idle_seconds)}
    store = f"sqlite:///{state / 'mentorup.db'}"
    return (
        {**common, "kind": "accounts", "config": config, "store": store},
        {**common, **reach, "kind": "sockets", "password": PASSWORD},
    )


def _add(report: Report, mine: list[dict[str, Any]], bare: list[dict[str, Any]], at: int, seconds: float) -> None:
    own, other = mine[at], bare[at]
    what = f"{own['size']:,} accounts" if own["size"] > 1 else "1 account"
    report.add(Row(f"{what}: memory (RSS)", Figure((own["memory"] / 1024,), "MB"),
                   "bare TLS sockets", Figure((other["memory"] / 1024,), "MB")))  # fmt: skip
    if at:
        each, beside = (Figure((_beyond(them[at], them[0]),), "KB") for them in (mine, bare))
        report.add(Row(f"{what}: each beyond the first", each, "a bare TLS socket in IDLE", beside,
                       goal=f"under {_GOAL} KB", holds=each.median < _GOAL))  # fmt: skip
    for name, part in (("processor time", "cpu"), ("wall time", "wall")):
        report.add(Row(f"{what}: a pass, {name}", _figure(own, part), "a bare login and EXAMINE", _figure(other, part)))
    share, beside = (Figure((100 * them[at]["idle"] / seconds,), "%") for them in (mine, bare))
    report.add(Row(f"{what}: a core over {seconds:.0f} s with nothing to do", share, "bare TLS sockets", beside))


def _beyond(grown: dict[str, Any], first: dict[str, Any]) -> float:
    return (grown["memory"] - first["memory"]) / (grown["size"] - first["size"])


def _figure(measured: dict[str, Any], part: str) -> Figure:
    return Figure(tuple(measured[part]), "ms")


def _measured(given: dict[str, Any]) -> list[dict[str, Any]]:
    """What the process said, one for each size."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.kit.many"],
        cwd=_ROOT,
        env=os.environ,
        input=json.dumps(given),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=7200,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]
