"""The stage: two servers on loopback, a config, an account on them, a clock; and Sam's hands on mail and calendar.

What Sam and the mentors do goes over plain IMAP and HTTP, as their own programs would do it, so the service meets them
from outside. `look()` is what the daemon does, one pass at the stage's clock, and returns what changed in the mailbox.
The one hard thing is the end: the servers and the account are let go of in every case, and servers that a Ctrl-C has
reached before us are no reason to stumble.
"""

from __future__ import annotations

import base64
import contextlib
import email
import email.policy
import http.client
import secrets
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, make_msgid
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from mentorup_daemon import logs
from mentorup_daemon.config import load
from mentorup_daemon.demo import people
from mentorup_daemon.demo.imap_server import ImapServer
from mentorup_daemon.demo.people import Event
from mentorup_daemon.demo.radicale import Radicale
from mentorup_daemon.errors import MentorUpError, Unavailable
from mentorup_daemon.records import Snapshot
from mentorup_daemon.service.account import Account, open_account
from mentorup_daemon.service.tend import tend
from mentorup_daemon.store import snapshot

FOLDERS = ("INBOX", "Drafts", "Sent", "MentorUp/Feedback")
_TIMEOUT = 20  # seconds

_MKCALENDAR = """<?xml version="1.0" encoding="utf-8"?>
<C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">
<D:set><D:prop><D:displayname>Sam</D:displayname>
<C:supported-calendar-component-set><C:comp name="VEVENT"/></C:supported-calendar-component-set>
</D:prop></D:set></C:mkcalendar>"""


@dataclass(frozen=True, slots=True)
class Mail:
    """A message where it lies."""

    folder: str
    uid: int
    flags: frozenset[str]
    raw: bytes = field(repr=False)

    @property
    def message(self) -> EmailMessage:
        """The message, parsed."""
        return email.message_from_bytes(self.raw, policy=email.policy.default)

    @property
    def text(self) -> str:
        """Its text part."""
        part = self.message.get_body(("plain",))
        return "" if part is None else str(part.get_content())


@dataclass(frozen=True, slots=True)
class Change:
    """What one look of the service did to the mailbox."""

    came: tuple[Mail, ...] = ()
    went: tuple[Mail, ...] = ()

    @property
    def note(self) -> Mail:
        """The one note that came."""
        return _only(self.notes, "note in the inbox")

    @property
    def notes(self) -> list[Mail]:
        """The notes that came."""
        return [mail for mail in self.came if mail.folder == "INBOX"]

    @property
    def draft(self) -> Mail:
        """The one draft that came."""
        return _only(self.drafts, "draft")

    @property
    def drafts(self) -> list[Mail]:
        """The drafts that came."""
        return [mail for mail in self.came if mail.folder == "Drafts"]


def _only(mails: list[Mail], what: str) -> Mail:
    if len(mails) != 1:
        found = "; ".join(str(mail.message["Subject"]) for mail in mails) or "none"
        raise MentorUpError(f"the story expects one {what} here and found {len(mails)} ({found}); please report this")
    return mails[0]


class Stage:
    """A context manager. `directory` must exist; everything is kept in it. `now` is the clock of the story."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.now = people.at(30, 11, "08:30")
        self.next_look: datetime | None = None
        self.password = secrets.token_urlsafe(9)
        self.mail_server = ImapServer(people.SAM, self.password)
        self.calendar_server = Radicale(directory / "calendar-server", {people.SAM: self.password})
        self.config_path = directory / "config.toml"
        self.log_path = directory / "mentorup.log"
        self._open = contextlib.ExitStack()
        self._account: Account | None = None
        self._client: Any = None

    def __enter__(self) -> Self:
        try:
            self._set()
        except BaseException:
            self._open.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def _set(self) -> None:
        """Servers, an empty mailbox and a calendar; config and account."""
        log = self._open.enter_context(self.log_path.open("w", encoding="utf-8"))
        self._open.callback(logs.configure)  # nothing is logged into a closed file
        logs.configure("info", "console", log)
        for server in (self.mail_server, self.calendar_server):
            self._open.callback(server.stop)
            server.start()
        self._client = self._open.enter_context(self._mail_program())
        self._dav("MKCALENDAR", self.calendar_url, _MKCALENDAR)
        password_file = self.directory / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(self.password)
        text = people.config(
            imap_port=self.mail_server.port,
            calendar_root=self.calendar_server.url,
            password_file=password_file,
            database=self.directory / "mentorup.db",
        )
        self.config_path.write_text(text, encoding="utf-8")
        self._account = open_account(load(self.config_path), {})
        self._open.callback(self._close_account)

    def _close_account(self) -> None:
        if self._account is not None:
            self._account.close()

    @contextlib.contextmanager
    def _mail_program(self) -> Iterator[Any]:
        """A plain IMAP client as Sam, on a mailbox that is empty."""
        client = IMAPClient(self.mail_server.host, self.mail_server.port, ssl=False, timeout=_TIMEOUT)
        client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # 40 ms a command otherwise
        try:
            client.plain_login(people.SAM, self.password)
            for attributes, _, name in client.list_folders():
                if name != "INBOX" and b"\\Noselect" not in attributes:
                    client.delete_folder(name)
            client.select_folder("INBOX")
            client.delete_messages(client.search("ALL"), silent=True)
            client.expunge()
            for folder in FOLDERS[1:]:
                client.create_folder(folder)
            yield client
        finally:
            with contextlib.suppress(IMAPClientError, OSError):  # the server may have met the same Ctrl-C
                client.shutdown()

    @property
    def calendar_url(self) -> str:
        """Sam's calendar, for a calendar program."""
        return f"{self.calendar_server.url}{people.SAM}/sam/"

    @property
    def account(self) -> Account:
        """The account, open."""
        if self._account is None:
            raise RuntimeError("the stage isn't set")
        return self._account

    # The service.

    def look(self) -> Change:
        """One pass of the service at the stage's clock. A pass in which a server failed raises its error."""
        before = self.mailbox()
        done = tend(self.account, self.now)
        for failure in done.failures.values():
            raise failure
        self.next_look = done.next_look
        after = self.mailbox()
        known, standing = ({(mail.folder, mail.uid) for mail in each} for each in (before, after))
        return Change(
            came=tuple(mail for mail in after if (mail.folder, mail.uid) not in known),
            went=tuple(mail for mail in before if (mail.folder, mail.uid) not in standing),
        )

    def records(self) -> Snapshot:
        """All that the store holds."""
        account = self.account
        with account.store.reading() as scope:
            return snapshot.take(
                scope, owner=account.owner, practice=account.practice, people=account.people, now=self.now
            )

    # Sam's mail program, and the mentors'.

    def mailbox(self) -> list[Mail]:
        """Every message, by folder."""
        with _plainly("the mailbox"):
            return [mail for folder in FOLDERS for mail in self._lying_in(folder)]

    def _lying_in(self, folder: str) -> Iterator[Mail]:
        self._client.select_folder(folder, readonly=True)
        answers = self._client.fetch(self._client.search("ALL"), ["FLAGS", "BODY.PEEK[]"])
        for uid in sorted(answers):
            flags = frozenset(flag.decode() for flag in answers[uid][b"FLAGS"]) - {"\\Recent"}
            yield Mail(folder, uid, flags, answers[uid][b"BODY[]"])

    def write(self, sender: str, to: str, subject: str, text: str, *, answers: Mail | None = None) -> Mail:
        """A mail that arrives in Sam's inbox, with what it answers quoted below."""
        message = EmailMessage(policy=email.policy.SMTP)
        message["From"] = formataddr((people.NAMES[sender], sender))
        message["To"] = formataddr((people.NAMES[to], to))
        message["Subject"] = subject
        message["Date"] = format_datetime(self.now)
        message["Message-ID"] = make_msgid(domain=sender.partition("@")[2])
        if answers is not None:
            message["In-Reply-To"] = message["References"] = answers.message["Message-ID"]
        message.set_content(text)
        return self._put("INBOX", message.as_bytes())

    def reply(self, note: Mail, text: str) -> Mail:
        """Sam answers a note of MentorUp's."""
        words = f"{text.strip()}\n\n{_quoted(note)}"
        return self.write(people.SAM, people.SAM, f"Re: {note.message['Subject']}", words, answers=note)

    def answer(self, sender: str, sent: Mail, text: str, signature: str) -> Mail:
        """A mentor answers what Sam has sent."""
        words = f"{text}\n{_quoted(sent)}\n{signature}"
        return self.write(sender, people.SAM, f"Re: {sent.message['Subject']}", words, answers=sent)

    def send(self, draft: Mail) -> Mail:
        """Sam sends a draft: it leaves Drafts, its copy lies in Sent under the Message-ID that the program gave it."""
        message = draft.message
        message.replace_header("Message-ID", make_msgid(domain="example.org"))
        message.replace_header("Date", format_datetime(self.now))
        sent = self._put("Sent", message.as_bytes(policy=email.policy.SMTP), flags=(r"\Seen",))
        self._remove(draft)
        return sent

    def edit(self, draft: Mail, old: str, new: str) -> Mail:
        """Sam changes words of a draft and saves it."""
        message = EmailMessage(policy=email.policy.SMTP)
        for name in ("From", "To", "Subject", "Date", "Message-ID"):
            if draft.message[name]:
                message[name] = draft.message[name]
        message.set_content(draft.text.replace(old, new))
        saved = self._put("Drafts", message.as_bytes(), flags=(r"\Draft", r"\Seen"))
        self._remove(draft)
        return saved

    def move(self, mail: Mail, folder: str) -> None:
        """Sam drags a message into another folder."""
        self._put(folder, mail.raw, flags=tuple(mail.flags))
        self._remove(mail)

    def _put(self, folder: str, raw: bytes, flags: tuple[str, ...] = ()) -> Mail:
        with _plainly("a new message"):
            self._client.append(folder, raw, flags, self.now)
            return list(self._lying_in(folder))[-1]

    def _remove(self, mail: Mail) -> None:
        with _plainly("a message taken away"):
            self._client.select_folder(mail.folder)
            self._client.delete_messages([mail.uid], silent=True)
            self._client.expunge()

    # Sam's calendar program.

    def put_event(self, event: Event) -> None:
        """Puts an event into the calendar, or changes it there."""
        self._dav("PUT", f"{self.calendar_url}{event.uid}.ics", event.ics())

    def calendar(self) -> str:
        """The whole calendar as the server has it."""
        return self._dav("GET", self.calendar_url)

    def _dav(self, method: str, url: str, body: str = "") -> str:
        parts = urlsplit(url)
        token = base64.b64encode(f"{people.SAM}:{self.password}".encode()).decode()
        kind = "application/xml" if method == "MKCALENDAR" else "text/calendar"
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_TIMEOUT)
        try:
            headers = {"Authorization": f"Basic {token}", "Content-Type": f"{kind}; charset=utf-8"}
            connection.request(method, parts.path, body.encode() or None, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable(f"the demo's calendar server doesn't answer: {error}") from error
        finally:
            connection.close()
        if answer.status >= 400:
            raise Unavailable(f"the demo's calendar server refused {method} {url}: {answer.status} {text}")
        return text


@contextlib.contextmanager
def _plainly(what: str) -> Iterator[None]:
    try:
        yield
    except (IMAPClientError, OSError) as error:
        raise Unavailable(f"the demo's mail server failed over {what}: {error}") from error


def _quoted(mail: Mail) -> str:
    """What is answered, as mail programs put it below."""
    sender, date = mail.message["From"], mail.message["Date"].datetime
    lines = "".join(f"> {line}".rstrip() + "\n" for line in mail.text.splitlines())
    return f"On {date:%a, %d %b %Y at %H:%M}, {sender} wrote:\n{lines}"
