"""Figures and the tables they stand in: medians with their spread, ours beside the other's, and on what machine.

A figure is the median of several runs, of at least five unless its size says otherwise, with the lowest and the highest
beside it. A row says what was measured, ours, what it is held against, their ratio, and the goal with whether it holds.
"""

from __future__ import annotations

import os
import platform
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """What several runs came to, in `unit`: "ms", "s", "KB", "MB", "/s", "%" or "" for a count."""

    values: tuple[float, ...]
    unit: str

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def __str__(self) -> str:
        middle, unit = _number(self.median), f" {self.unit}" if self.unit and self.unit != "/s" else self.unit
        low, high = _number(min(self.values)), _number(max(self.values))
        return f"{middle}{unit}" if low == high else f"{middle}{unit} ({low} to {high})"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table. `other` is what ours is held against; `absent` says why there is no figure of it."""

    what: str
    ours: Figure
    against: str = ""
    other: Figure | None = None
    absent: str = ""
    goal: str = ""
    holds: bool | None = None

    @property
    def ratio(self) -> float | None:
        """Ours over the other's; None where there is nothing to divide by."""
        return self.ours.median / self.other.median if self.other is not None and self.other.median else None


@dataclass(slots=True)
class Report:
    """All rows of one benchmark, and what has to be said beside them."""

    name: str
    rows: list[Row] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def add(self, row: Row) -> None:
        self.rows.append(row)

    def remark(self, text: str) -> None:
        if text not in self.remarks:
            self.remarks.append(text)

    def markdown(self) -> str:
        """The table as Markdown, readable as it is on a terminal."""
        head = ["what", "ours", "held against", "its figure", "ours / its", "goal", "holds"]
        lines = [head, *(_cells(row) for row in self.rows)]
        widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
        text = [_line(head, widths), "|" + "|".join("-" * (width + 2) for width in widths) + "|"]
        text += [_line(line, widths) for line in lines[1:]]
        return "\n".join([f"### {self.name}", "", *text, *(f"\n{remark}" for remark in self.remarks)]) + "\n"

    def as_json(self) -> dict[str, object]:
        """The same for programs: every run's value, in the unit named."""
        return {"name": self.name, "rows": [_row_json(row) for row in self.rows], "remarks": self.remarks}


def timed(runs: int, work: Callable[[], object], before: Callable[[], object] = lambda: None) -> Figure:
    """Milliseconds of wall time of `work`, over `runs` runs; `before` each is not counted."""
    values = []
    for _ in range(runs):
        before()
        started = time.perf_counter()
        work()
        values.append((time.perf_counter() - started) * 1000)
    return Figure(tuple(values), "ms")


def paired(runs: int, ours: Callable[[], object], other: Callable[[], object]) -> tuple[Figure, Figure]:
    """Milliseconds of both, taken in turns, so that what else the machine does falls on both."""
    mine, theirs = zip(*[(timed(1, ours).values[0], timed(1, other).values[0]) for _ in range(runs)], strict=True)
    return Figure(mine, "ms"), Figure(theirs, "ms")


def machine() -> str:
    """Processor, cores, memory, kernel and Python, in one line."""
    facts = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    model = next((line.partition(":")[2].strip() for line in facts.splitlines() if line.startswith("model name")), "")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{model or platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    )


def version(distribution: str) -> str:
    """The version of a Python distribution beside us; "" when it isn't installed."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


def version_told(command: Sequence[str]) -> str:
    """The first line of what a program says of its version; "" when it isn't there."""
    if shutil.which(command[0]) is None:
        return ""
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return (done.stdout.strip() or done.stderr.strip()).partition("\n")[0]


def _number(value: float) -> str:
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.3g}"


def _cells(row: Row) -> list[str]:
    ratio = row.ratio
    return [
        row.what,
        str(row.ours),
        row.against or "-",
        str(row.other) if row.other is not None else row.absent or "-",
        _number(ratio) if ratio is not None else "-",
        row.goal or "-",
        "-" if row.holds is None else "yes" if row.holds else "no",
    ]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"


def _row_json(row: Row) -> dict[str, object]:
    return {
        "what": row.what,
        "ours": {"median": row.ours.median, "runs": row.ours.values, "unit": row.ours.unit},
        "against": row.against or None,
        "other": None
        if row.other is None
        else {"median": row.other.median, "runs": row.other.values, "unit": row.other.unit},
        "absent": row.absent or None,
        "ratio": row.ratio,
        "goal": row.goal or None,
        "holds": row.holds,
    }
