"""What a message is, and what it says: the one door of this room.

Nothing is decided by a single sign that a stranger can set. A command needs three: the owner's address, a reply to one
of our notes (whose Message-ID holds a secret token, so `answers_note` knows it), and no word from the owner's server
against the sender. What a mentor writes is never a command, whatever it quotes. What isn't a person's mail is ignored
before anything else is asked. Every ignored message gets a reason that its reader understands: it is the answer to
"why was this not filed?".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from mentorup_daemon.records import Command, Mentor, MessageHeaders, Owner, Tags, Understood
from mentorup_daemon.replies.action_items import action_items
from mentorup_daemon.replies.addresses import addresses
from mentorup_daemon.replies.authentication import verdict
from mentorup_daemon.replies.bodies import bodies
from mentorup_daemon.replies.commands import parse_commands
from mentorup_daemon.replies.fields import all_of, header_fields
from mentorup_daemon.replies.forward import Forwarded, forwarded_message
from mentorup_daemon.replies.headers import headers_of
from mentorup_daemon.replies.mime import Part, parts_of
from mentorup_daemon.replies.subjects import is_reply
from mentorup_daemon.replies.tags import message_tags
from mentorup_daemon.replies.unreadable import why_unreadable
from mentorup_daemon.replies.visible_text import visible_text, visible_text_of_html

_TOLD = {
    "keyword": "a keyword",
    "folder": "the folder it lies in",
    "gmail_label": "a Gmail label",
    "subject": "its subject",
    "plus_address": "a plus-address",
}
_BY_HAND = frozenset({"keyword", "folder", "gmail_label"})  # only who can open the mailbox sets these
_BOM = b"\xef\xbb\xbf"
_LATE, _EARLY = timedelta(days=400), timedelta(days=60)
_UNTAGGED = "not tagged, and not in reply to a note or draft of MentorUp's"


def understand(
    raw: bytes,
    *,
    owner: Owner | None,
    people: Sequence[Mentor],
    tags: Tags,
    now: datetime,
    tagged: Sequence[str] = (),
    answers_note: Callable[[MessageHeaders], bool | None],
    answers_draft: Callable[[MessageHeaders], bool],
    trusted_authserv_id: str = "",
) -> Understood:
    """What `raw`, a whole message, says.

    `now` is aware. `tagged` are the sources known from outside the message (`keyword`, `folder`, `gmail_label`); those
    inside it are found here, whatever the caller says of them.
    `answers_note` says whether a message answers one of our notes (None: nobody can know, there is no store),
    `answers_draft` whether it answers a message that was one of our drafts. Without an owner every sender is a
    stranger. `Friday` is the one after the message's own date, as long as that isn't far from `now`. Raises
    `Malformed` for what is too long, too nested or too divided to be read; nothing else.
    """
    raw = raw.removeprefix(_BOM)
    parts = parts_of(raw)
    fields = header_fields(raw)
    headers = headers_of(fields)
    text = visible_text(raw).text
    unreadable = why_unreadable(parts, text)
    mail = _Mail(
        raw=raw,
        parts=parts,
        headers=headers,
        owner=owner,
        people=people,
        as_of=_as_of(headers.date, now),
        by_hand=tuple(source for source in tagged if source in _BY_HAND),
        in_itself=message_tags(headers, tags, owner.addresses if owner else None),
        text="" if unreadable else text,
        against=_against(headers, sum(len(addresses(value)) for value in all_of(fields, "from")), trusted_authserv_id),
    )
    found = _decide(mail, answers_note, answers_draft)
    return replace(found, reason=f"{found.reason}; {unreadable}") if unreadable else found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mail:
    """A message with all that was found out about it before anything is decided."""

    raw: bytes
    parts: Sequence[Part]
    headers: MessageHeaders
    owner: Owner | None
    people: Sequence[Mentor]
    as_of: datetime
    by_hand: tuple[str, ...]
    in_itself: tuple[str, ...]
    text: str
    against: _Against

    @property
    def zone(self) -> ZoneInfo:
        return self.owner.zone if self.owner else ZoneInfo("UTC")

    @property
    def tagged(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.by_hand, *self.in_itself)))

    @property
    def by_tags(self) -> str:
        return " and ".join(_TOLD.get(source, source) for source in self.tagged)


@dataclass(frozen=True, slots=True)
class _Against:
    """What speaks against the sender: `forged` is a refusal, `unproven` the lack of a proof that was asked for."""

    forged: str = ""
    unproven: str = ""


def _as_of(written: datetime | None, now: datetime) -> datetime:
    """The time that dates are seen from: when it was written, or now where the writer's clock must be wrong."""
    return written if written and now - _LATE < written < now + _EARLY else now


def _against(headers: MessageHeaders, senders: int, trusted: str) -> _Against:
    """Several senders in From are a forgery in all but name: checks and readers would look at different ones."""
    if senders > 1:
        return _Against(forged="it names several senders")
    found, told = verdict(headers.authentication, headers.from_address, trusted=trusted)
    if found == "fail":
        return _Against(forged=f"the mail server's checks refused the sender: {told}")
    if found == "unproven" and trusted:
        return _Against(unproven=f"the mail server could not prove the sender: {told}")
    return _Against()


def _decide(
    mail: _Mail,
    answers_note: Callable[[MessageHeaders], bool | None],
    answers_draft: Callable[[MessageHeaders], bool],
) -> Understood:
    headers = mail.headers
    person = _by_address(headers.from_address, mail.people)
    said = Understood(
        kind="ignored",
        reason=_UNTAGGED,
        headers=headers,
        writer=headers.from_address,
        mentor=person.id if person else None,
        visible_text=mail.text,
        tags=mail.in_itself,
        written_at=headers.date,
    )
    if headers.ours:
        return replace(said, reason="a note of MentorUp's own")
    if headers.automatic:
        return replace(said, reason=headers.automatic)
    said = replace(said, action_items=action_items(mail.text))
    if mail.owner and headers.from_address in mail.owner.addresses:
        said = replace(said, mentor=None)
        return _answer_to_note(mail, said, answers_note(headers)) or _tagged(mail, said) or _own(said)
    return _tagged(mail, said) or _from_another(mail, said, person, answers_draft)


def _own(said: Understood) -> Understood:
    return replace(said, reason=f"your own message, {_UNTAGGED}")


def _answer_to_note(mail: _Mail, said: Understood, answers: bool | None) -> Understood | None:
    """The owner's reply to one of our notes; None when it is none, or is to be filed as feedback."""
    known = answers is True
    if not (known or (answers is None and (mail.headers.answers or is_reply(mail.headers.subject)))):
        return None
    against = mail.against.forged or mail.against.unproven
    if against and (known or not mail.by_hand):
        return replace(said, reason=f"it says that it is from you, but {against}")
    parsed = parse_commands(mail.text, zone=mail.zone, now=mail.as_of, people=mail.people)
    commands = _agreed(mail, parsed.commands)
    if commands:
        reason = "your reply to a note of MentorUp's"
        if not known:
            reason = "commands of yours; they count only in reply to a note of MentorUp's, with its token"
        return replace(said, kind="command", reason=reason, commands=commands, note=_unsigned(parsed.note, mail.owner))
    if mail.tagged:
        return None
    if known:
        return replace(said, kind="reply", reason="your reply to a note of MentorUp's, kept as a note", note=mail.text)
    return replace(said, kind="reply", reason="your own reply; kept as a note where it answers a note of MentorUp's")


def _unsigned(note: str, owner: Owner | None) -> str:
    """The note, unless it is only the owner's name below the commands."""
    signed = note.strip(" \n-–—.,!").casefold()
    return "" if owner and signed in (owner.name.casefold(), owner.given_name.casefold()) else note


def _tagged(mail: _Mail, said: Understood) -> Understood | None:
    """Feedback, when the message is tagged: filed under the one who wrote the words. None when it isn't tagged."""
    if not mail.tagged:
        return None
    forged = mail.against.forged
    if forged and not mail.by_hand:
        whom = said.headers.from_address or "someone"
        reason = f"it says that it is from {whom}, but {forged}; tag it by hand to file it all the same"
        return replace(said, reason=reason, mentor=None)
    reason = f"tagged by {mail.by_tags}"
    filed = replace(said, kind="feedback", reason=reason + (f", though {forged}" if forged else ""))
    own = mail.owner is not None and mail.headers.from_address in mail.owner.addresses
    forward = forwarded_message(mail.raw, mail.parts, subject=mail.headers.subject, zone=mail.zone)
    if forward is None and own and mail.tagged == ("subject",) and is_reply(mail.headers.subject):
        return replace(said, reason="your own answer in a conversation that is tagged by its subject")
    if forward is None or (mail.text and not own):
        return filed
    writer = _by_address(forward.writer, mail.people) or _by_name(forward, mail.people)
    return replace(
        filed,
        reason=f"{filed.reason}; written by {forward.writer or forward.name or 'someone'}, forwarded",
        writer=forward.writer or next(iter(writer.emails if writer else ()), ""),
        mentor=writer.id if writer else None,
        visible_text=forward.text,
        note=forward.above,
        action_items=action_items(forward.text),
        written_at=forward.date or mail.headers.date,
    )


def _from_another(
    mail: _Mail, said: Understood, person: Mentor | None, answers_draft: Callable[[MessageHeaders], bool]
) -> Understood:
    """What a mentor or a stranger wrote, untagged."""
    if answers_draft(mail.headers):
        if person is None:
            reason = (
                "in reply to a draft of MentorUp's, but from an address that none of your people has; tag it to file it"
            )
            return replace(said, reason=reason)
        if mail.against.forged:
            reason = f"it says that it is from {person.name}, but {mail.against.forged}; tag it to file it all the same"
            return replace(said, reason=reason, mentor=None)
        return replace(said, kind="feedback", reason=f"{person.given_name}'s reply to a draft of MentorUp's")
    if person and mail.headers.answers:
        reason = f"a reply from {person.given_name}, not tagged, and not to a draft of MentorUp's"
        return replace(said, kind="reply", reason=reason)
    return said


def _agreed(mail: _Mail, commands: tuple[Command, ...]) -> tuple[Command, ...]:
    """The commands, with a problem where the HTML twin of the text says other ones: only one of the two was seen."""
    for body in bodies(mail.raw):
        told = visible_text_of_html(body.alternative).text if body.alternative else ""
        if not told.strip():
            continue
        others = parse_commands(told, zone=mail.zone, now=mail.as_of, people=mail.people).commands
        if [_gist(command) for command in others] != [_gist(command) for command in commands]:
            problem = "the text and the HTML part of your mail say different things: send it again as plain text"
            return tuple(replace(command, problem=problem) for command in (commands or others))
    return commands


def _gist(command: Command) -> tuple[str, str, int | None, datetime | None]:
    """What a command says, however its lines were broken and its marks were made."""
    return command.name, "".join(char for char in command.text if char.isalnum()), command.number, command.when


def _by_address(address: str, people: Sequence[Mentor]) -> Mentor | None:
    return next((person for person in people if address and address in person.addresses), None)


def _by_name(forward: Forwarded, people: Sequence[Mentor]) -> Mentor | None:
    """Some programs tell only the name of whom they forward: it counts when one person alone has it."""
    name = " ".join(forward.name.casefold().split())
    found = [person for person in people if name and name in (person.name.casefold(), _untitled(person).casefold())]
    return found[0] if len(found) == 1 else None


def _untitled(person: Mentor) -> str:
    return person.name[person.name.find(person.given_name) :]
