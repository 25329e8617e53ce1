"""Each benchmark runs, at a size at which figures say nothing, and prints its table; nothing here looks at times."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.__main__ import NAMES
from tests.conftest import require_debian

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.debian
@pytest.mark.timeout(600)
def test_every_benchmark_prints_its_table(tmp_path: Path) -> None:
    for program, package in (("dovecot", "dovecot-imapd"), ("openssl", "openssl")):
        require_debian(program, package)
    command = [sys.executable, "-m", "tests.benchmarks", "all", "--tiny", "--into", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=580, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    printed = json.loads((tmp_path / "benchmarks.json").read_text())
    assert [report["name"] for report in printed["reports"]] == list(NAMES)
    for report in printed["reports"]:
        assert report["rows"], f"{report['name']}: {report['remarks']}"
        assert all(row["other"] or row["absent"] for row in report["rows"] if row["against"]), report["name"]
        assert f"### {report['name']}\n" in done.stdout
    assert (tmp_path / "benchmarks.md").read_text().count("\n### ") == len(NAMES)


def test_a_benchmark_that_is_none_is_refused_by_name() -> None:
    command = [sys.executable, "-m", "tests.benchmarks", "nothing"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "mail-wake" in done.stderr
