"""A fleet for the tests: hundreds of accounts on Dovecot and Radicale, a PostgreSQL, and the processes that tend them.

Everything goes by the command line and by what lands in the mailboxes; the database is looked into only to learn how
long a takeover took. The clock is the real one, and nobody has quiet hours.
"""

from __future__ import annotations

import email
import email.policy
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import tomli_w

from mentorup_daemon.demo.radicale import Radicale
from tests.servers.caldav import PASSWORD, CalDavServer, on_radicale
from tests.servers.imap import Dovecot, Mailserver, on_dovecot
from tests.servers.world import ANA, BEN, LONG_AGO, SAM, event

POLL = 60  # seconds between looks at a calendar


@dataclass(frozen=True, slots=True)
class Hosted:
    """One account: its mailbox and its calendar."""

    name: str
    mail: Mailserver
    dav: CalDavServer

    @property
    def address(self) -> str:
        return f"{self.name}@example.org"

    def config(self, secrets: Path) -> dict[str, Any]:
        """The config of a single owner, but for the store."""
        return {
            "owner": {
                "name": "Sam Rivera",
                "email": self.address,
                "aliases": [SAM],
                "timezone": _morning(),
                "working_hours": "00:00-24:00",
                "working_days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
            },
            "imap": {
                "host": self.mail.host,
                "port": self.mail.port,
                "security": self.mail.security,
                "username": self.mail.username,
                "password": {"file": str(secrets)},
                "ca_file": self.mail.ca_file,
            },
            "caldav": {
                "url": self.dav.url,
                "username": self.dav.username,
                "password": {"file": str(secrets)},
                "calendars": [self.dav.calendar_url],
                "poll_interval": f"{POLL}s",
            },
            "mentors": [
                {"id": "ana", "name": "Ana Ortiz", "emails": [ANA], "cadence": "60d"},
                {"id": "ben", "name": "Ben Lindqvist", "emails": [BEN], "distance": "peer"},
            ],
        }

    def acquaint(self, now: datetime) -> None:
        """Ana and Ben were met long ago, so that no meeting is a first one."""
        both = f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{BEN}"
        self.dav.put_event(LONG_AGO, event(LONG_AGO, now - timedelta(days=200), title="Ana and Ben", extra=both))

    def meet(self, uid: str, start: datetime) -> None:
        """A meeting with Ana comes into the calendar."""
        self.dav.put_event(uid, event(uid, start))

    def hear(self, uid: str, text: str) -> None:
        """Ana writes, and the mail is tagged as feedback by its subject."""
        message = EmailMessage(policy=email.policy.SMTP)
        message["From"], message["To"], message["Subject"] = ANA, self.address, f"{uid} #feedback"
        message["Message-ID"] = f"<{uid}.{self.name}@example.org>"
        message.set_content(text)
        self.mail.deliver(message.as_bytes())

    def letters(self) -> list[tuple[str, EmailMessage]]:
        """(folder, message) of all that MentorUp has written: notes in the inbox, and whatever lies in Drafts."""
        found = []
        with self.mail.client() as client:
            folders = {"INBOX", "Vorlagen", "Drafts"} & {name for _, _, name in client.list_folders()}
            for folder in sorted(folders):
                client.select_folder(folder, readonly=True)
                for answer in client.fetch(client.search("ALL"), ["BODY.PEEK[HEADER]"]).values():
                    message = email.message_from_bytes(answer[b"BODY[HEADER]"], policy=email.policy.default)
                    if folder != "INBOX" or "mentorup." in str(message["List-Id"]):
                        found.append((folder, message))
        return found

    def subjects(self) -> Counter[tuple[str, str]]:
        """How often each subject lies in each folder."""
        return Counter((folder, str(message["Subject"])) for folder, message in self.letters())


@dataclass(slots=True)
class Fleet:
    """The accounts, the config of the fleet, and its processes by name."""

    directory: Path
    url: str
    hosted: list[Hosted]
    processes: dict[str, tuple[str, subprocess.Popen[bytes]]] = field(default_factory=dict)
    stopped: set[str] = field(default_factory=set)

    @property
    def config(self) -> Path:
        return self.directory / "fleet.toml"

    def cli(self, *arguments: str, limit: float = 300) -> str:
        """What a command prints; it must succeed."""
        command = [sys.executable, "-m", "mentorup_daemon", *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=limit, check=False, env=self._environ(), cwd=self.directory
        )
        assert done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def status(self) -> dict[str, Any]:
        """`mentorup fleet status --json`; what it says by its exit code is not looked at."""
        command = [sys.executable, "-m", "mentorup_daemon", "fleet", "status", "--json"]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=False, env=self._environ(), cwd=self.directory
        )
        status: dict[str, Any] = json.loads(done.stdout)
        return status

    def write_config(self, **sections: dict[str, Any]) -> None:
        """fleet.toml, and a key to seal with."""
        keys = self.directory / "keys"
        config = {
            "store": {"url": self.url},
            "seal": {"keys": {"file": str(keys)}},
            "log": {"level": "info", "format": "json"},
            **sections,
        }
        self.config.write_text(tomli_w.dumps(config))
        if not keys.exists():
            keys.touch(mode=0o600)
            keys.write_text(self.cli("accounts", "key"))

    def import_all(self) -> None:
        """Every account, by one `accounts import`."""
        folder = self.directory / "accounts"
        folder.mkdir(mode=0o700)
        secret = folder / "password"
        secret.touch(mode=0o600)
        secret.write_text(PASSWORD)
        for one in self.hosted:
            (folder / f"{one.name}.toml").write_text(tomli_w.dumps(one.config(secret)))
        self.cli("accounts", "import", str(folder))

    def start(self, kind: str, name: str) -> None:
        """`mentorup fleet work` or `listen` as a process of its own."""
        log = (self.directory / f"{name}.log").open("ab")
        command = [sys.executable, "-m", "mentorup_daemon", "fleet", kind, "--name", name]
        process = subprocess.Popen(command, stdout=log, stderr=log, env=self._environ(), cwd=self.directory)
        log.close()
        self.processes[name] = (kind, process)

    def kill(self, name: str) -> str:
        """SIGKILL; returns what it was."""
        kind, process = self.processes.pop(name)
        process.kill()
        process.wait(10)
        self.stopped.discard(name)
        return kind

    def stop(self, name: str) -> None:
        """SIGSTOP."""
        self.processes[name][1].send_signal(signal.SIGSTOP)
        self.stopped.add(name)

    def go_on(self, name: str) -> None:
        """SIGCONT."""
        self.processes[name][1].send_signal(signal.SIGCONT)
        self.stopped.discard(name)

    def log(self, name: str) -> str:
        return (self.directory / f"{name}.log").read_text()

    def _environ(self) -> dict[str, str]:
        return {**os.environ, "MENTORUP_FLEET": str(self.config)}


@contextmanager
def running_fleet(directory: Path, url: str, dovecot: Dovecot, accounts: int) -> Iterator[Fleet]:
    """Mailboxes and calendars for `accounts` accounts, imported; every process that is started ends with it."""
    users = [f"m{number:04}" for number in range(accounts)]
    with Radicale(directory / "radicale", dict.fromkeys(users, PASSWORD)) as radicale:
        hosted = []
        for user in users:
            dav = on_radicale(radicale.url, user)
            dav.calendar_url = dav.make_calendar("Work", slug="work")
            hosted.append(Hosted(user, on_dovecot(dovecot, user), dav))
        fleet = Fleet(directory, url, hosted)
        try:
            yield fleet
        finally:
            for _, process in fleet.processes.values():
                process.send_signal(signal.SIGCONT)
                process.kill()
                process.wait(10)


def patiently(condition: Callable[[], object], seconds: float, told: Callable[[], str]) -> float:
    """Waits until it is true; how long that took. A net under the test, not a goal."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < seconds, told()
        time.sleep(0.25)
    return time.monotonic() - begun


def _morning() -> str:
    """A zone where it is between nine and ten in the morning: no day ends while a test goes on."""
    ahead = (9 - datetime.now(UTC).hour + 12) % 24 - 12
    return f"Etc/GMT{-ahead:+d}"  # POSIX signs: behind is plus
