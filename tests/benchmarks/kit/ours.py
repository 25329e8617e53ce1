"""MentorUp as it is measured: an account on the servers of a stage, by a config file as an owner would write it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import tomli_w

from mentorup_daemon.config import parse
from mentorup_daemon.service.account import Account, open_account
from tests.benchmarks.kit.events import MENTORS, NOW, OWNER
from tests.servers.caldav import CalDavServer
from tests.servers.imap import Mailserver


def config(state: Path, *, mail: Mailserver | None = None, dav: CalDavServer | None = None, **sections: Any) -> Path:
    """The config file of an account in `state`; a server that isn't given is one that nobody listens at."""
    for name, server in (("imap", mail), ("caldav", dav)):
        (state / name).write_text(server.password if server is not None else "none")
        (state / name).chmod(0o600)
    content: dict[str, Any] = {
        "owner": {
            "name": "Sam Rivera",
            "email": OWNER,
            "timezone": "America/Los_Angeles",
            "working_hours": "00:00-24:00",
            "working_days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
        },
        "imap": {
            "host": "127.0.0.1",
            "port": mail.port if mail is not None else 9,
            "security": "none",
            "username": mail.username if mail is not None else "nobody",
            "password": {"file": str(state / "imap")},
        },
        "store": {"url": f"sqlite:///{state / 'mentorup.db'}"},
    }
    content["caldav"] = {
        "url": dav.url if dav is not None else "http://127.0.0.1:9/",
        "username": dav.username if dav is not None else "nobody",
        "password": {"file": str(state / "caldav")},
        "calendars": [dav.calendar_url] if dav is not None else [],
        "timeout": "5m",
    }
    for section, values in sections.items():
        content.setdefault(section, {}).update(values)
    content["mentors"] = [
        {"id": one, "name": f"Mentor {one[-1]}", "emails": [email], "cadence": "60d"} for one, email in MENTORS.items()
    ]
    path = state / "config.toml"
    path.write_text(tomli_w.dumps(content))
    return path


LATER = NOW + timedelta(days=2)
"""What was filed within a day is looked at again in each pass, for its tag may go; two days on a pass is as usual."""


def account(path: Path) -> Account:
    """The account of a config file, opened, and started at the time of the data."""
    opened = open_account(parse(path.read_text(), str(path)), {})
    opened.store.first_start(NOW)
    return opened


def by_way_of(server: CalDavServer, port: int) -> CalDavServer:
    """The same calendar through another port."""
    other = f"127.0.0.1:{port}"
    urls = {
        name: urlsplit(getattr(server, name))._replace(netloc=other).geturl()
        for name in ("url", "principal_url", "home_url", "calendar_url")
    }
    return replace(server, **urls)


def mail_by_way_of(server: Mailserver, port: int) -> Mailserver:
    """The same mailbox through another port."""
    return replace(server, port=port, plain_port=port)
