"""Sam's world for the tests of the whole way: a calendar, a mailbox, a store, and a clock that the test moves.

What a test sees is what Sam would see: the messages in the folders, read by a plain IMAP client.
"""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import tomli_w

from mentorup_daemon.calendars import Feed
from mentorup_daemon.config import Settings, parse
from mentorup_daemon.records import Snapshot
from mentorup_daemon.service.account import Account, Step, go_on, open_account
from mentorup_daemon.service.tend import EVERYWHERE, Pass, tend
from mentorup_daemon.store import snapshot
from tests.servers.caldav import CalDavServer
from tests.servers.imap import Mailserver

ZONE = ZoneInfo("America/Los_Angeles")
MONDAY = datetime(2026, 11, 30, 9, 0, tzinfo=ZONE)
LONG_AGO = "long-ago"
SAM, ANA, BEN = "sam@example.org", "ana@example.org", "ben@example.net"


def event(
    uid: str,
    start: datetime,
    *,
    minutes: int = 45,
    title: str = "Ana Ortiz",
    attendee: str = ANA,
    extra: str = "",
    rule: str = "",
) -> str:
    """One event as a calendar program writes it; `rule` an RRULE, `extra` further lines."""
    utc = "%Y%m%dT%H%M%SZ"
    begin, end = start.astimezone(UTC), (start + timedelta(minutes=minutes)).astimezone(UTC)
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//test//EN",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        "DTSTAMP:20261101T000000Z",
        f"DTSTART:{begin:{utc}}",
        f"DTEND:{end:{utc}}",
        f"SUMMARY:{title}",
        f"ORGANIZER:mailto:{SAM}",
        f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{SAM}",
        *([f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{attendee}"] if attendee else []),
        *([f"RRULE:{rule}"] if rule else []),
        *(extra.splitlines()),
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "\r\n".join(lines) + "\r\n"


@dataclass(slots=True)
class World:
    """One account on real servers. `now` is the clock; `tend()` makes one pass at it."""

    mail: Mailserver
    dav: CalDavServer
    state: Path
    now: datetime = MONDAY
    changes: dict[str, dict[str, object]] = field(default_factory=dict)
    feeds: tuple[str, ...] = ()
    mentors: list[dict[str, object]] = field(
        default_factory=lambda: [
            {"id": "ana", "name": "Ana Ortiz", "emails": [ANA], "cadence": "60d"},
            {"id": "ben", "name": "Ben Lindqvist", "emails": [BEN], "distance": "peer"},
        ]
    )
    _account: Account | None = None

    def config(self) -> str:
        """The config file as Sam would have it."""
        password = self.state / "password"
        dav_password = self.state / "dav-password"
        password.write_text(self.mail.password)
        dav_password.write_text(self.dav.password)
        for path in (password, dav_password):
            path.chmod(0o600)
        config: dict[str, dict[str, object]] = {
            "owner": {"name": "Sam Rivera", "email": SAM, "timezone": ZONE.key},
            "imap": {
                "host": self.mail.host,
                "port": self.mail.port,
                "security": self.mail.security,
                "username": self.mail.username,
                "password": {"file": str(password)},
                "ca_file": self.mail.ca_file,
            },
            "caldav": {
                "url": self.dav.url,
                "username": self.dav.username or "sam",
                "password": {"file": str(dav_password)},
                "calendars": [self.dav.calendar_url],
            },
            "store": {"url": f"sqlite:///{self.state / 'mentorup.db'}"},
        }
        for section, values in self.changes.items():
            changed = {**config.get(section, {}), **values}
            config[section] = {key: value for key, value in changed.items() if value is not None}
        return tomli_w.dumps({**config, "mentors": self.mentors})

    def settings(self) -> Settings:
        """The config, validated."""
        return parse(self.config(), "test")

    @property
    def account(self) -> Account:
        """The account, opened when first needed."""
        if self._account is None:
            opened = open_account(self.settings(), {})
            self._account = replace(opened, feeds=tuple(Feed(url) for url in self.feeds)) if self.feeds else opened
        return self._account

    def restart(self) -> None:
        """As if the process had ended and another one begun."""
        if self._account is not None:
            self._account.close()
            self._account = None

    def tend(self, *, step: Step = go_on) -> Pass:
        """One pass, which must not fail."""
        done = tend(self.account, self.now, look=EVERYWHERE, step=step)
        assert (done.failures, done.set_aside) == ({}, [])
        return done

    def records(self) -> Snapshot:
        """All the records."""
        account = self.account
        with account.store.reading() as scope:
            return snapshot.take(
                scope, owner=account.owner, practice=account.practice, people=account.people, now=self.now
            )

    def meet(self, uid: str, start: datetime, **facts: object) -> None:
        """Puts a meeting into the calendar, or moves it there."""
        self.dav.put_event(uid, event(uid, start, **facts))  # type: ignore[arg-type]

    def acquaint(self) -> None:
        """Sam has met Ana and Ben long before all this, so that no meeting is a first one."""
        both = f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{BEN}"
        self.meet(LONG_AGO, MONDAY - timedelta(days=200), title="Ana and Ben", extra=both)

    def folder(self, name: str) -> list[EmailMessage]:
        """The messages of a folder, oldest first; [] when there is no such folder."""
        if name not in self.mail.folders():
            return []
        return [email.message_from_bytes(raw, policy=email.policy.default) for _, _, raw in self.mail.messages(name)]

    @property
    def notes(self) -> list[EmailMessage]:
        """What MentorUp has written into the inbox, aside from its first questions: the welcome and the profile."""
        ours = [one for one in self.folder("INBOX") if "mentorup." in str(one["List-Id"])]
        return [one for one in ours if not _introduces(one)]

    @property
    def drafts(self) -> list[EmailMessage]:
        """What lies in Drafts."""
        return self.folder(self.drafts_folder)

    @property
    def drafts_folder(self) -> str:
        """The name of the Drafts folder here."""
        return self.account.mailbox.special_folders().drafts

    def write(
        self, text: str, *, to: str, sender: str = SAM, subject: str, folder: str = "INBOX", **headers: str
    ) -> str:
        """A mail that arrives; returns its Message-ID."""
        message = EmailMessage(policy=email.policy.SMTP)
        message["From"], message["To"], message["Subject"] = sender, to, subject
        message["Date"] = format_datetime(self.now)
        message["Message-ID"] = headers.pop("Message_ID", None) or make_msgid(domain="example.org")
        for name, value in headers.items():
            message[name.replace("_", "-")] = value
        message.set_content(text)
        self.mail.deliver(message.as_bytes(), folder)
        return str(message["Message-ID"])

    def reply(self, note: EmailMessage, text: str) -> str:
        """Sam answers a note, with the note quoted below as mail programs do."""
        quoted = "\n".join(f"> {line}" for line in body(note).splitlines())
        return self.write(
            f"{text}\n\nOn Mon, 30 Nov 2026 at 09:00, MentorUp <{SAM}> wrote:\n{quoted}\n",
            to=SAM,
            subject=f"Re: {note['Subject']}",
            In_Reply_To=str(note["Message-ID"]),
            References=str(note["Message-ID"]),
        )


def body(message: EmailMessage) -> str:
    """The text part."""
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def _introduces(message: EmailMessage) -> bool:
    return "MentorUp" in str(message["Subject"]) or message["Subject"] == "A few lines about you"


PAIRS = [
    pytest.param(("pymap", "radicale"), id="pymap-radicale"),
    pytest.param(("dovecot", "xandikos"), id="dovecot-xandikos", marks=pytest.mark.debian),
    pytest.param(("dovecot_tls", "radicale"), id="dovecot_tls-radicale", marks=pytest.mark.debian),
    pytest.param(("cyrus", "cyrus_dav"), id="cyrus", marks=pytest.mark.debian),
]
"""Mail and calendars as an account may have them; the last are one server's."""


@pytest.fixture(params=PAIRS)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """Sam's world on each pair of servers."""
    mail, dav = (request.getfixturevalue(name) for name in request.param)
    made = World(mail, dav, tmp_path)
    made.acquaint()
    yield made
    made.restart()


@pytest.fixture
def cyrus_world(cyrus: Mailserver, cyrus_dav: CalDavServer, tmp_path: Path) -> Iterator[World]:
    """Sam's world on one server for mail and calendars."""
    made = World(cyrus, cyrus_dav, tmp_path)
    made.acquaint()
    yield made
    made.restart()


@pytest.fixture
def light_world(pymap: Mailserver, radicale: CalDavServer, tmp_path: Path) -> Iterator[World]:
    """Sam's world on the servers that need nothing but pip."""
    made = World(pymap, radicale, tmp_path)
    made.acquaint()
    yield made
    made.restart()
