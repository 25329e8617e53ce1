"""What all tests share: the servers, and the rule about servers that are missing.

A server from Debian's packages that isn't there skips its tests on a developer's machine, saying so, and fails them
in CI (`CI=true`): nothing is skipped silently where it counts.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator
from typing import NoReturn

import pytest
import structlog

pytest_plugins = [
    "tests.servers.caldav",
    "tests.servers.imap",
    "tests.servers.cyrus",
    "tests.servers.dns",
    "tests.servers.fake_http",
    "tests.servers.counting",
    "tests.servers.oauth",
    "tests.servers.postgres",
    "tests.servers.fleet",
    "tests.servers.world",
    "tests.servers.process",
    "tests.servers.wheel",
    "tests.servers.booted",
    "tests.servers.mentees",
]


def require_debian(program: str, package: str) -> None:
    """Skip (fail in CI) unless `program`, from Debian's `package`, is installed."""
    if shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin"):
        return
    missing(f"{program} is missing: apt-get install {package}")


def missing(message: str) -> NoReturn:
    """Skip (fail in CI) for want of a server; `message` says how to get it."""
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests have measured on the way, by `record_property("told", ...)`, for whoever reads the log."""
    told = [
        f"{report.nodeid.rpartition('::')[2]}: {text}"
        for report in terminalreporter.getreports("passed")
        for name, text in report.user_properties
        if name == "told"
    ]
    if told:
        terminalreporter.section("measured on the way")
    for line in told:
        terminalreporter.line(line)


@pytest.fixture(autouse=True)
def config_of_its_own() -> Iterator[None]:
    """The command line names its config to what it starts by $MENTORUP_CONFIG: no test inherits another one's."""
    before = os.environ.pop("MENTORUP_CONFIG", None)
    yield
    os.environ.pop("MENTORUP_CONFIG", None)
    if before is not None:
        os.environ["MENTORUP_CONFIG"] = before


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    """For tests of what sets logging up: the root's handlers and the levels are afterwards what they were."""
    root, ours = logging.getLogger(), logging.getLogger("mentorup_daemon")
    handlers, levels = root.handlers[:], (root.level, ours.level)
    yield
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    ours.setLevel(levels[1])
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()
