"""What the service has in memory is what it uses."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mentorup_daemon.process import without

LOADED = """
from mentorup_daemon.process import without
with without("rich"):
    import mentorup_daemon.logs
import mentorup_daemon.service.daemon, sys
print(*sys.modules)
"""


def test_a_module_that_is_left_out_is_there_again_behind_the_block() -> None:
    sys.modules.pop("this", None)
    with without("this"), pytest.raises(ImportError):
        import this  # noqa: F401
    assert "this" not in sys.modules


def test_a_module_that_is_loaded_already_stays() -> None:
    with without("sys"):
        import sys as same
    assert sys.modules["sys"] is same


def test_the_service_loads_nothing_that_it_does_not_need() -> None:
    loaded = set(
        subprocess.run([sys.executable, "-c", LOADED], check=True, capture_output=True, text=True).stdout.split()
    )
    assert "structlog" in loaded
    heavy = """
        rich alembic dateparser typer.testing psycopg dns oauthlib keyring
        caldav.davclient caldav.collection caldav.config icalendar icalendar_searcher recurring_ical_events yaml
        jinja2 mentorup_daemon.letters.compose mentorup_daemon.replies.understand mentorup_daemon.service.answers
    """.split()
    assert [name for name in heavy if name in loaded] == []
