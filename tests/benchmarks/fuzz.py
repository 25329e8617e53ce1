"""Looks for bytes that `understand` can't take: a minute of coverage-guided fuzzing from the mails of the tests.

Any bytes are to become an `Understood` or `Malformed`, within seconds; everything else is a finding, and its input is
kept for a test. Uses atheris (libFuzzer), which has wheels for Linux on x86-64 alone and is no dependency of the tests:
`pip install atheris` brings it, and without it this says so. `MENTORUP_FUZZ_SECONDS` makes it longer.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

DATA = Path(__file__).parent.parent / "data"
SECONDS = 60
SLOWEST = 10  # seconds for one input
LARGEST = 64 * 1024  # bytes of one input
_RUNS = re.compile(r"stat::number_of_executed_units:\s*(\d+)")
_COVERED = re.compile(r"cov: (\d+)")


def run() -> None:
    """Fuzz for a while, and tell what came of it; exits with 1 on a finding."""
    if importlib.util.find_spec("atheris") is None:
        print("Fuzzing is skipped: atheris isn't installed (pip install atheris).")
        return
    seconds = int(os.environ.get("MENTORUP_FUZZ_SECONDS") or SECONDS)
    with tempfile.TemporaryDirectory() as corpus:
        for number, path in enumerate(sorted(DATA.rglob("*.eml"))):
            (Path(corpus) / f"{number}.eml").write_bytes(path.read_bytes())
        findings = Path(tempfile.mkdtemp(prefix="mentorup-fuzz-"))
        done = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.fuzz", corpus, f"-artifact_prefix={findings}/",
             f"-max_total_time={seconds}", f"-timeout={SLOWEST}", f"-max_len={LARGEST}", "-print_final_stats=1"],
            stderr=subprocess.PIPE, text=True, errors="replace", timeout=3 * seconds + 120, check=False,
        )  # fmt: skip
    runs, covered = _RUNS.search(done.stderr), _COVERED.findall(done.stderr)
    if done.returncode == 0:
        findings.rmdir()
        inputs, edges = int(runs[1]) if runs else 0, covered[-1] if covered else "?"
        print(f"Fuzzing: {inputs:,} inputs in {seconds} s, {edges} edges covered, each understood or refused.")
        return
    print(done.stderr[-4_000:])
    print(f"Fuzzing: a finding. Its input lies in {findings}.")
    sys.exit(1)


def _fuzz() -> None:
    """The child process: libFuzzer takes it over, and ends it."""
    import atheris

    with atheris.instrument_imports(include=["mentorup_daemon.replies"]):
        from mentorup_daemon.replies.understand import understand
    from mentorup_daemon.errors import Malformed
    from mentorup_daemon.records import Mentor, Owner, Tags

    owner = Owner(name="Sam Rivera", email="sam@example.org", timezone="America/Los_Angeles")
    people = (Mentor(id="ana", name="Ana Ortiz", emails=("ana@example.org",)),)
    now = datetime(2026, 11, 30, 17, tzinfo=UTC)

    def one(raw: bytes) -> None:
        try:
            understand(
                raw, owner=owner, people=people, tags=Tags(), now=now, tagged=("keyword",) if len(raw) % 2 else (),
                answers_note=lambda _headers: True, answers_draft=lambda _headers: True,
            )  # fmt: skip
        except Malformed:
            return

    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    _fuzz()
