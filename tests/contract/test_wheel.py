"""What pip installs: everything is in the wheel, and works where there is no checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.wheel import CHECKOUT, DEPENDENCIES
from tests.servers.world import World

pytestmark = pytest.mark.slow


class Installed:
    """The wheel in a venv of its own. What runs there stands in another directory and sees no checkout."""

    def __init__(self, directory: Path, wheel: Path) -> None:
        self.bin = directory / "venv" / "bin"
        self._home = directory / "home"
        self._home.mkdir()
        self.succeeds(sys.executable, "-m", "venv", "--without-pip", str(directory / "venv"))
        # pip is borrowed. --ignore-installed: nothing that stands in the other environment counts as being here.
        install = ["-m", "pip", "install", "-q", "--no-index", "--no-deps", "--ignore-installed", str(wheel)]
        self.succeeds(str(self.bin / "python"), *install, PYTHONPATH=str(DEPENDENCIES))
        # A path in a .pth comes after the venv's own packages, and .pth files in it (an editable install) aren't read.
        site = next((directory / "venv" / "lib").glob("python*/site-packages"))
        (site / "dependencies.pth").write_text(f"{DEPENDENCIES}\n")
        self.package = site / "mentorup_daemon"

    def run(self, *command: str, **environ: str) -> subprocess.CompletedProcess[str]:
        clean = {"PATH": os.environ["PATH"], "HOME": str(self._home), "LANG": "C.UTF-8", **environ}
        return subprocess.run(
            command, cwd=self._home, env=clean, check=False, capture_output=True, text=True, timeout=100
        )

    def succeeds(self, *command: str, **environ: str) -> str:
        done = self.run(*command, **environ)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def mentorup(self, *arguments: str) -> str:
        return self.succeeds(str(self.bin / "mentorup"), *arguments)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(tmp_path_factory.mktemp("installed"), wheel)


def _files(directory: Path, *patterns: str) -> Iterator[Path]:
    for pattern in patterns:
        yield from (path for path in directory.rglob(pattern) if "__pycache__" not in path.parts)


def test_every_module_template_and_unit_of_the_checkout_is_in_the_wheel(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    modules = {str(path.relative_to(CHECKOUT)) for path in _files(CHECKOUT / "mentorup_daemon", "*.py", "py.typed")}
    shipped = {
        f"mentorup_daemon/_shipped/{path.relative_to(CHECKOUT)}"
        for folder, pattern in (("templates", "*.j2"), ("systemd", "*.service"))
        for path in _files(CHECKOUT / folder, pattern)
    }
    assert modules | shipped | {"mentorup_daemon/_shipped/config.example.toml"} <= inside
    assert any(name.endswith("licenses/LICENSE") for name in inside)


def test_nothing_but_the_package_is_in_the_wheel(wheel: Path) -> None:
    inside = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].partition("-")[0] for name in inside} == {"mentorup_daemon"}
    assert not [name for name in inside if "__pycache__" in name or name.endswith((".db", ".eml"))]


def test_the_installed_package_uses_its_own_files(installed: Installed) -> None:
    where = "import mentorup_daemon; from mentorup_daemon.letters.templates import shipped_templates as templates; "
    told = installed.succeeds(
        str(installed.bin / "python"), "-c", where + "print(mentorup_daemon.__file__, templates(), sep='\\n')"
    )
    assert told.splitlines() == [
        str(installed.package / "__init__.py"),
        str(installed.package / "_shipped" / "templates"),
    ]


def test_the_command_helps_and_tells_its_version(installed: Installed) -> None:
    assert "rehearse" in installed.mentorup("--help")
    assert installed.mentorup("--version").startswith("mentorup ")


def test_the_demo_tells_its_story(installed: Installed) -> None:
    assert "Drafts" in installed.mentorup("demo")


def test_an_account_is_checked_and_tended_with_a_store_migrated_from_nothing(
    installed: Installed, light_world: World, tmp_path: Path
) -> None:
    light_world.changes["owner"] = {"working_hours": "00:00-24:00"}
    config = tmp_path / "config.toml"
    config.write_text(light_world.config())
    told = installed.mentorup("check", "--config", str(config))
    assert "problem" not in told
    assert "templates: the shipped ones" in told
    installed.mentorup("run", "--once", "--config", str(config))
    assert "MentorUp" in str(light_world.folder("INBOX")[0]["From"])
    assert installed.mentorup("status", "--json", "--config", str(config)).startswith("{")
