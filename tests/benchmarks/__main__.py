"""`python -m tests.benchmarks NAME... | all`: measure, and print the tables.

A benchmark is a module of this package with a `run(stage)` that gives a report. `all` runs those of the table in the
README, one after the other, and writes `benchmarks.md` and `benchmarks.json` as well. `fuzz` looks for faults instead
of measuring, and is run by its name only.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import mentorup_daemon
from mentorup_daemon import logs
from tests.benchmarks.kit import peers
from tests.benchmarks.kit.figures import Report, machine, version, version_told
from tests.benchmarks.kit.stage import FULL, TINY, Absent, Stage

NAMES = (
    "calendar-unchanged",
    "calendar-first",
    "calendar-one-change",
    "mail-wake",
    "mail-growth",
    "mail-resync",
    "mail-first",
    "replies",
    "letters",
    "plan",
    "start",
    "idle",
    "growth",
    "fleet",
)
_LIBRARIES = ("imapclient", "caldav", "niquests", "icalendar", "sqlalchemy", "jinja2", "radicale", "xandikos")


def main(arguments: list[str]) -> int:
    """Run what is named; 2 when there is no such benchmark."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="+", metavar="NAME", help=f"{', '.join(NAMES)}, fuzz, or all")
    parser.add_argument("--tiny", action="store_true", help="a size at which figures say nothing, to see that all runs")
    parser.add_argument("--into", type=Path, metavar="FOLDER", help="write the tables there (all: here)")
    wanted = parser.parse_args(arguments)
    everything = "all" in wanted.names
    names = list(NAMES) if everything else wanted.names
    if "fuzz" in names:
        from tests.benchmarks import fuzz

        fuzz.run()
        names = [name for name in names if name != "fuzz"]
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        print(f"No benchmark {', '.join(unknown)}. There are: {', '.join(NAMES)}, fuzz.", file=sys.stderr)
        return 2
    reports = _run(names, tiny=wanted.tiny) if names else []
    into = wanted.into or (Path() if everything else None)
    if into is not None and reports:
        into.mkdir(parents=True, exist_ok=True)
        _write(into, reports)
    return 0


def _run(names: list[str], *, tiny: bool) -> list[Report]:
    logs.configure("error")
    print("\n".join(_where()), "\n")
    reports = []
    with Stage(TINY if tiny else FULL) as stage:
        for name in names:
            report = Report(name)
            try:
                report = importlib.import_module(f"tests.benchmarks.{name.replace('-', '_')}").run(stage)
            except Absent as absent:
                report.remark(f"Not measured: {absent}.")
            print(report.markdown(), flush=True)
            reports.append(report)
    return reports


def _where() -> list[str]:
    """The machine, and the versions of all that takes part."""
    libraries = ", ".join(f"{name} {version(name) or 'absent'}" for name in _LIBRARIES)
    return [
        f"MentorUp {mentorup_daemon.__version__} on {datetime.now(UTC):%d %b %Y}",
        machine(),
        libraries,
        f"Dovecot {version_told(['/usr/sbin/dovecot', '--version']) or 'absent'}",
        *peers.versions(),
    ]


def _write(into: Path, reports: list[Report]) -> None:
    lines = ["## Benchmarks", "", *(f"{line}  " for line in _where()), "", *(one.markdown() for one in reports)]
    (into / "benchmarks.md").write_text("\n".join(lines), "utf-8")
    content = {"where": _where(), "reports": [one.as_json() for one in reports]}
    (into / "benchmarks.json").write_text(json.dumps(content, indent=1), "utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
