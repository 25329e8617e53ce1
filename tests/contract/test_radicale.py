"""The CalDAV server of the demo: starts on a free port, ends with everything it is."""

from __future__ import annotations

import importlib.util
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from mentorup_daemon.calendars import CalDavAccount, Calendars
from mentorup_daemon.demo.radicale import Radicale
from mentorup_daemon.errors import ConfigError, CredentialsError


def listening(url: str) -> bool:
    parts = urlsplit(url)
    with socket.socket() as probe:
        return probe.connect_ex((parts.hostname or "", parts.port or 0)) == 0


def test_it_serves_its_users_only_and_leaves_nothing_running(tmp_path: Path) -> None:
    empty, refused = pytest.raises(ConfigError, match="no calendar"), pytest.raises(CredentialsError)
    with Radicale(tmp_path / "radicale", {"sam": "pässword"}) as server:
        url = server.url
        assert listening(url)
        with Calendars(CalDavAccount(url, "sam", lambda: "pässword", timeout=5)) as door, empty:
            door.discover()
        with Calendars(CalDavAccount(url, "sam", lambda: "guess", timeout=5)) as door, refused:
            door.discover()
    assert not listening(url)
    server.stop()


def test_without_the_extra_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"mentorup-daemon\[demo\]"):
        Radicale(tmp_path, {}).start()
