"""What is due: a year's rehearsal for six people, and one plan over two hundred people and ten thousand records.

Each run has a snapshot of its own, as each pass has: what is found in it once has to be found again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from mentorup_daemon.rules.plan import plan, upcoming
from tests.benchmarks.kit.events import NOW
from tests.benchmarks.kit.figures import Report, Row, timed
from tests.benchmarks.kit.records import size, snapshot
from tests.benchmarks.kit.stage import Stage


def run(stage: Stage) -> Report:
    report = Report("plan")
    few, many = snapshot(6, 600), snapshot(200, 10_000)
    for view, what, limit in (
        (few, "a year's rehearsal", 1000),
        (many, "a year's rehearsal", None),
        (few, "one plan", None),
        (many, "one plan", 50),
    ):
        if what == "one plan":
            taken = timed(stage.size.runs, lambda view=view: plan(replace(view), NOW))
        else:
            taken = timed(stage.size.runs, lambda view=view: upcoming(replace(view), NOW, NOW + timedelta(days=366)))
        report.add(
            Row(
                f"{what}, {len(view.mentors)} people, {size(view):,} records",
                taken,
                goal=f"under {limit:,} ms" if limit else "",
                holds=taken.median < limit if limit else None,
            )
        )
    return report
