"""The package as people install it: the sdist built from the checkout, and the wheel built from that sdist, once a run.

Nothing comes from the network: the build runs with this environment's hatchling, and whoever installs the wheel takes
its dependencies from this environment's site-packages.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
DEPENDENCIES = Path(sysconfig.get_path("purelib"))


def _build(source: Path, kind: str, to: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(to)]
    done = subprocess.run(command, cwd=source, check=False, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    return next(to.iterdir())


@pytest.fixture(scope="session")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution of this checkout."""
    return _build(CHECKOUT, "sdist", tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="session")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from nothing but the sdist."""
    unpacked = tmp_path_factory.mktemp("unpacked")
    # Not by tarfile: Debian 12's Python doesn't know the argument that later ones insist on.
    subprocess.run(["tar", "-xzf", str(sdist), "-C", str(unpacked)], check=True, timeout=60)
    return _build(next(unpacked.iterdir()), "wheel", tmp_path_factory.mktemp("wheel"))
