"""What is due and the records in, a message out: the one entry that the service calls.

`compose` looks up the words of a due note by its rule and by where it lands, and gives back the bytes to append, the
digest to compare them with later, and what the owner should hear about their own templates. It reads template files and
nothing else; the time is an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from mentorup_daemon.errors import Malformed
from mentorup_daemon.letters.agenda import agenda_for
from mentorup_daemon.letters.agenda_letter import agenda_context, note_context, questions_context
from mentorup_daemon.letters.check_in import check_in_context, check_in_ready, round_context
from mentorup_daemon.letters.digest import content_digest
from mentorup_daemon.letters.keeping_up import (
    contact_context,
    feedback_plan_context,
    next_meeting_context,
    shorten_context,
)
from mentorup_daemon.letters.message import draft, note
from mentorup_daemon.letters.news import change_context, trouble_context, welcome_context
from mentorup_daemon.letters.occasion import Occasion
from mentorup_daemon.letters.receipt import receipt_context
from mentorup_daemon.letters.templates import Rendered, Templates
from mentorup_daemon.letters.thank_you import gratitude_for, thank_you_context
from mentorup_daemon.letters.unknown_writer import unknown_writer_context
from mentorup_daemon.letters.week import digest_context
from mentorup_daemon.records import Due, Meeting, Mentor, Snapshot

_T = TypeVar("_T")

_SAME_WORDS = {"contact": "check_in"}
"""Rules whose drafts say what another's do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message to append. `digest` is its `content_digest`; `ready` is false for a draft without `To:`."""

    raw: bytes
    message_id: str
    subject: str
    text: str
    digest: str
    fallbacks: tuple[str, ...] = ()
    ready: bool = True


def compose(due: Due, snapshot: Snapshot, *, now: datetime, templates: Templates, occasion: Occasion) -> Letter:
    """The letter for `due`. `now` is aware and becomes its `Date`, in the owner's zone.

    Raises `Malformed` when what it is about is gone from the records, or can't be written (an address that is none).
    """
    owner, at = snapshot.owner, now.astimezone(snapshot.owner.zone)
    ready = True
    if due.lands == "drafts":
        mentor, context, ready = _draft(due, snapshot, now)
        rendered = templates.render(f"{_SAME_WORDS.get(due.rule, due.rule)}/draft", context)
        raw = draft(owner, [mentor], rendered, message_id=occasion.message_id, at=at, ready=ready)
        ready = ready and bool(mentor.emails)
    elif due.rule == "receipt":
        receipt = _found(due, (entry for entry in snapshot.receipts if entry.key == due.key))
        rendered = templates.render("receipt/note", receipt_context(owner, receipt))
        raw = note(
            owner,
            rendered,
            message_id=occasion.message_id,
            at=at,
            thread=receipt.references,
            in_reply_to=receipt.in_reply_to,
        )
    else:
        rendered = _note(due, snapshot, now, templates, occasion)
        thread = (occasion.thread,) if occasion.thread else ()
        raw = note(owner, rendered, message_id=occasion.message_id, at=at, thread=thread)
    return Letter(
        raw=raw,
        message_id=occasion.message_id,
        subject=rendered.subject,
        text=rendered.text,
        digest=content_digest(raw),
        fallbacks=rendered.fallbacks,
        ready=ready,
    )


def _draft(due: Due, snapshot: Snapshot, now: datetime) -> tuple[Mentor, Mapping[str, object], bool]:
    """Whom a draft is for, what its template can name, and whether it may have a `To:`."""
    if due.rule == "agenda":
        agenda = agenda_for(snapshot, _meeting(due, snapshot)[0])
        return agenda.mentor, agenda_context(snapshot, agenda, now), agenda.ready
    if due.rule == "thank_you":
        meeting, mentor = _meeting(due, snapshot)
        gratitude = gratitude_for(snapshot, meeting)
        return mentor, thank_you_context(snapshot, meeting, mentor, gratitude, now), gratitude.concrete
    if due.rule == "shorten":
        meeting, mentor = _meeting(due, snapshot)
        return mentor, shorten_context(snapshot, meeting, mentor, now), True
    if due.rule == "next_meeting":
        meeting, mentor = _meeting(due, snapshot)
        return mentor, next_meeting_context(snapshot, meeting, mentor, now), True
    if due.rule in ("check_in", "contact"):
        mentor = _person(due, snapshot)
        context = check_in_context(snapshot, mentor, now)
        return mentor, context, check_in_ready(context)
    raise Malformed(f"{due.key}: there is no draft of the rule {due.rule!r}.")


def _note(due: Due, snapshot: Snapshot, now: datetime, templates: Templates, occasion: Occasion) -> Rendered:
    if due.rule == "agenda":
        return _agenda_note(due, snapshot, now, templates, occasion)
    return templates.render(f"{due.rule}/note", _context(due, snapshot, now, occasion))


def _context(due: Due, snapshot: Snapshot, now: datetime, occasion: Occasion) -> Mapping[str, object]:
    if due.rule not in _NOTES:
        raise Malformed(f"{due.key}: there is no note of the rule {due.rule!r}.")
    return _NOTES[due.rule](due, snapshot, now, occasion)


def _after_meeting(due: Due, snapshot: Snapshot, now: datetime) -> Mapping[str, object]:
    meeting, mentor = _meeting(due, snapshot)
    return thank_you_context(snapshot, meeting, mentor, gratitude_for(snapshot, meeting), now)


def _questions(due: Due, snapshot: Snapshot, now: datetime, occasion: Occasion) -> Mapping[str, object]:
    return questions_context(snapshot, agenda_for(snapshot, _meeting(due, snapshot)[0]), occasion.moved_from, now)


def _unknown_writer(due: Due, snapshot: Snapshot, now: datetime) -> Mapping[str, object]:
    item = _found(due, (one for one in snapshot.feedback if f"{one.id}" == due.object))
    return unknown_writer_context(snapshot, item, now)


def _trouble(due: Due, snapshot: Snapshot, now: datetime) -> Mapping[str, object]:
    return trouble_context(snapshot, _found(due, (one for one in snapshot.troubles if one.about == due.object)), now)


def _person(due: Due, snapshot: Snapshot) -> Mentor:
    return _found(due, (person for person in snapshot.mentors if person.id == due.mentor))


_NOTES: Mapping[str, Callable[[Due, Snapshot, datetime, Occasion], Mapping[str, object]]] = {
    "thank_you": lambda due, snapshot, now, _: _after_meeting(due, snapshot, now),
    "questions": _questions,
    "digest": lambda due, snapshot, now, _: digest_context(snapshot, due.due_at, now),
    "feedback_plan": lambda due, snapshot, now, _: feedback_plan_context(snapshot, due, now),
    "contact": lambda due, snapshot, now, _: contact_context(snapshot, _person(due, snapshot), now),
    "check_in": lambda _, snapshot, now, __: round_context(snapshot, now),
    "welcome": lambda _, snapshot, now, __: welcome_context(snapshot, now),
    "change": lambda due, snapshot, now, occasion: change_context(
        snapshot, due, occasion.draft_state, occasion.moved_from, now
    ),
    "unknown_writer": lambda due, snapshot, now, _: _unknown_writer(due, snapshot, now),
    "trouble": lambda due, snapshot, now, _: _trouble(due, snapshot, now),
}
"""What the note of each rule can name."""


def _agenda_note(due: Due, snapshot: Snapshot, now: datetime, templates: Templates, occasion: Occasion) -> Rendered:
    """The note with its draft below it, as that lies in Drafts."""
    agenda = agenda_for(snapshot, _meeting(due, snapshot)[0])
    context = agenda_context(snapshot, agenda, now)
    written = templates.render("agenda/draft", context) if occasion.draft_state == "fresh" else None
    rendered = templates.render("agenda/note", {**context, **note_context(snapshot, agenda, occasion, written, now)})
    return replace(rendered, fallbacks=(*rendered.fallbacks, *(written.fallbacks if written else ())))


def _meeting(due: Due, snapshot: Snapshot) -> tuple[Meeting, Mentor]:
    meeting = snapshot.meeting(due.object)
    if meeting is None:
        raise Malformed(f"{due.key}: the meeting isn't in the calendar any more.")
    mentor = snapshot.person(meeting.mentor)
    if mentor is None:
        raise Malformed(f"{due.key}: {meeting.mentor!r} is not in the configuration any more.")
    return meeting, mentor


def _found(due: Due, candidates: Iterator[_T]) -> _T:
    found = next(candidates, None)
    if found is None:
        raise Malformed(f"{due.key}: what it is about is not in the records any more.")
    return found
