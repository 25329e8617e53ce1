"""The fleet's units for systemd: shut off as the single owner's is, one like the other."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import require_debian

UNITS = Path(__file__).parents[3] / "systemd"
FLEET = sorted(UNITS.glob("mentorup-*@.service"))
SAFE_ENOUGH = 15  # of a hundred, where 0 is shut off best: as for the single owner's


def walls(unit: Path) -> list[str]:
    """What keeps a service from the rest of the machine."""
    lines = unit.read_text().splitlines()
    begin, end = lines.index("CapabilityBoundingSet="), lines.index("[Install]")
    return lines[begin:end]


@pytest.mark.parametrize("unit", FLEET, ids=lambda unit: unit.name)
def test_i8_the_fleets_units_are_hardened_like_the_single_owners(unit: Path) -> None:
    assert walls(unit) == walls(UNITS / "mentorup.service")


@pytest.mark.debian
@pytest.mark.parametrize("unit", FLEET, ids=lambda unit: unit.name)
def test_i8_systemd_finds_no_fault_in_the_fleets_units_and_finds_them_safe(unit: Path, tmp_path: Path) -> None:
    require_debian("systemd-analyze", "systemd")
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", f"--threshold={SAFE_ENOUGH}", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    instance = tmp_path / unit.name.replace("@", "@1")
    there = shutil.which("true") or ""
    instance.write_text(unit.read_text().replace("/usr/local/bin/mentorup", there))  # which it looks for
    command = ["systemd-analyze", "verify", "--man=no", str(instance)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
