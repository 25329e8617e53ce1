"""A year on a clock that the story moves: passes when the daemon would make them, and a transcript of what came.

The daemon looks when something falls due, when mail comes, and every few minutes for safety; here time goes from what
falls due next to what happens next, with one look each midnight, so that a year takes minutes. What is told is read
from the mailbox by a plain client: every note, every draft, and each draft that is gone again.
"""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from tests.servers.world import SAM, World, body

_MINUTE = timedelta(minutes=1)
Happening = Callable[["Life"], None]


@dataclass(slots=True)
class Life:
    """One account through time. `told` is the transcript, by month; `came` every message of ours with its moment."""

    world: World
    client: Any
    told: dict[str, list[str]] = field(default_factory=dict)
    came: list[tuple[datetime, str, EmailMessage]] = field(default_factory=list)
    letters: dict[str, str] = field(default_factory=dict)
    _next_look: datetime | None = None
    _seen: dict[str, dict[int, EmailMessage]] = field(default_factory=dict)
    _numbers: int = 0

    @property
    def now(self) -> datetime:
        """The time on Sam's clock."""
        return self.world.now

    def until(self, moment: datetime, *, outage: bool = False) -> None:
        """Time goes by, with a pass whenever something falls due and at each midnight; none during an outage."""
        while not outage:
            midnight = (self.now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
            due = self._next_look.astimezone(self.now.tzinfo) if self._next_look else midnight
            coming = max(min(midnight, due), self.now + _MINUTE)
            if coming >= moment:
                break
            self.world.now = coming
            self.look()
        self.world.now = moment

    def look(self) -> None:
        """One pass, and what it brought."""
        done = self.world.tend()
        self._next_look = done.next_look
        for place in ("INBOX", self.world.drafts_folder):
            self._read(place)

    def happens(self, what: str) -> None:
        """A line of the transcript about what somebody did."""
        self._tell(f"* {what}")

    def answers(self, subject: str, text: str) -> None:
        """Sam replies to the latest note with this in its subject, and MentorUp sees it a minute later."""
        note = self.note(subject)
        text = re.sub(r"\{(.+?)\}", lambda found: str(self._number(found[1])), text)
        self.happens('Sam replies to "' + str(note["Subject"]) + '":\n' + _indented(text))
        self.world.reply(note, text)
        self._pass_on()

    def sends(self, subject: str) -> None:
        """Sam sends the draft with this in its subject, as a mail program does: a new message, the draft gone."""
        folder = self.world.drafts_folder
        found = [(uid, one) for uid, one in self._seen[folder].items() if subject in str(one["Subject"])]
        assert found, f"no draft about {subject!r} on {self.now}; there are {self.drafts}"
        uid, draft = found[-1]
        assert draft["To"], f"{draft['Subject']} has no To:"
        self.happens(f'Sam sends "{draft["Subject"]}" to {draft["To"]}')
        sent = EmailMessage(policy=email.policy.SMTP)
        for name in ("From", "To", "Subject"):
            sent[name] = str(draft[name])
        sent["Date"] = format_datetime(self.now)
        sent["Message-ID"] = self._message_id()
        sent.set_content(body(draft))
        self.client.select_folder(folder)
        self.client.delete_messages([uid])
        self.client.expunge()
        self._seen[folder].pop(uid)
        self.world.mail.deliver(sent.as_bytes(), "Ausgang", ["\\Seen"])
        self.letters[subject] = str(sent["Message-ID"])
        self._pass_on()

    def hears(self, name: str, address: str, text: str, *, about: str = "", subject: str = "") -> None:
        """Somebody writes to Sam; `about` names the mail of Sam's that it answers."""
        self.happens(f"{name} writes" + (f' (answering "{about}")' if about else "") + ":\n" + _indented(text))
        headers = {"In_Reply_To": self.letters[about], "References": self.letters[about]} if about else {}
        self.world.write(
            text,
            to=SAM,
            sender=f"{name} <{address}>",
            subject=f"Re: {about}" if about else subject,
            Message_ID=self._message_id(),
            **headers,
        )
        self._pass_on()

    def plans(self, what: str, uid: str, text: str) -> None:
        """Sam's calendar changes."""
        self.happens(what)
        self.world.dav.put_event(uid, text)
        self._pass_on()

    def note(self, subject: str) -> EmailMessage:
        """The latest note with this in its subject."""
        found = [one for at, place, one in self.came if place == "INBOX" and subject in str(one["Subject"])]
        assert found, f"no note about {subject!r} by {self.now}"
        return found[-1]

    def _number(self, words: str) -> int:
        view = self.world.records()
        kept = (*view.topics, *view.actions, *view.feedback, *view.goals)
        return next(one.id for one in kept if words in one.text)

    @property
    def drafts(self) -> list[str]:
        """The subjects of what lies in Drafts."""
        return [str(one["Subject"]) for one in self._seen.get(self.world.drafts_folder, {}).values()]

    def _pass_on(self) -> None:
        self.world.now += _MINUTE
        self.look()

    def _read(self, place: str) -> None:
        self.client.select_folder(place, readonly=True)
        uids = self.client.search("ALL")
        seen = self._seen.setdefault(place, {})
        for uid in [uid for uid in seen if uid not in uids]:
            self._tell(f'- gone from {_place(place)}: "{seen.pop(uid)["Subject"]}"')
        fresh = [uid for uid in uids if uid not in seen]
        for uid, answer in sorted(self.client.fetch(fresh, ["BODY.PEEK[]"]).items() if fresh else ()):
            message = email.message_from_bytes(answer[b"BODY[]"], policy=email.policy.default)
            seen[uid] = message  # type: ignore[assignment]
            if place != "INBOX" or "mentorup." in str(message["List-Id"]):
                self.came.append((self.now, place, message))  # type: ignore[arg-type]
                self._tell(_letter(place, message))  # type: ignore[arg-type]

    def _tell(self, text: str) -> None:
        self.told.setdefault(f"{self.now:%Y-%m}", []).append(
            f"{self.now:%a} {self.now.day} {self.now:%b %H:%M}  {text}"
        )

    def _message_id(self) -> str:
        self._numbers += 1
        return f"<mail{self._numbers}@example.org>"


def _letter(place: str, message: EmailMessage) -> str:
    to = f"To: {message['To']}\n" if place != "INBOX" and message["To"] else "" if place == "INBOX" else "(no To:)\n"
    text = re.sub(r"\n{3,}", "\n\n", body(message)).strip()
    return f"{_place(place)}\n{to}Subject: {message['Subject']}\n\n{_indented(text)}\n"


def _place(folder: str) -> str:
    return "Inbox" if folder == "INBOX" else "Drafts"


def _indented(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in text.splitlines())
