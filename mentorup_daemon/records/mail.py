"""What is known of a message: its headers as the server gave them, and what it was understood to say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Kind = Literal["feedback", "command", "reply", "ignored"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageHeaders:
    """The headers of one message in one folder, decoded (RFC 2047), addresses lower case.

    `authentication` holds the Authentication-Results fields, topmost first (RFC 8601). `automatic` says in words why
    it is no person's mail ("" when it is one): Auto-Submitted, Precedence, List-Id, null return path, a DSN.
    """

    message_id: str = ""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    from_address: str = ""
    from_name: str = ""
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    delivered_to: tuple[str, ...] = ()
    subject: str = ""
    date: datetime | None = None
    authentication: tuple[str, ...] = ()
    automatic: str = ""
    ours: bool = False  # carries our List-Id: a note of ours coming by

    @property
    def answers(self) -> tuple[str, ...]:
        """The Message-IDs it answers, nearest first: In-Reply-To, then References from the end (RFC 5322 3.6.4)."""
        seen = dict.fromkeys((*self.in_reply_to, *reversed(self.references)))
        return tuple(seen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One line of a reply to a note of ours, as understood.

    `name` is the command in capitals (`ADD`, `I PROMISED`, ...); `text` what follows it, without the date;
    `number` for `DONE 7`; `when` for a date or time that was given (aware, owner's zone); `line` as it was typed.
    `problem` says why it can't be understood, and how to mend it; "" when it can.
    """

    name: str
    line: str
    text: str = ""
    number: int | None = None
    when: datetime | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """What a message says. `note` is what the owner wrote below the commands; `tags` the sources found in it.

    `written_at` is when the words were written as far as the message says: the forwarded message's date behind a
    forward, else its own; None when there is none.
    """

    kind: Kind
    reason: str
    headers: MessageHeaders
    writer: str = ""  # address of the one who wrote the words, behind a forward by the owner too
    mentor: str | None = None
    visible_text: str = ""
    commands: tuple[Command, ...] = ()
    note: str = ""
    action_items: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    written_at: datetime | None = None
