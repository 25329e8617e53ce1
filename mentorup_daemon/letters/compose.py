"""What is due and the records in, a message out: the one entry that the service calls.

`compose` looks up the words of a due note by its rule and by where it lands, and gives back the bytes to append, the
digest to compare them with later, and what the owner should hear about their own templates. It reads template files and
nothing else; the time is an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from mentorup_daemon.errors import Malformed
from mentorup_daemon.letters.agenda import agenda_for
from mentorup_daemon.letters.agenda_letter import agenda_context, draft_view, note_context, questions_context
from mentorup_daemon.letters.candidates import (
    brief_context,
    brief_ready,
    candidate_context,
    fit_context,
    hello_context,
    hello_ready,
    referral_context,
    referral_ready,
    retry_context,
)
from mentorup_daemon.letters.check_in import check_in_context, check_in_ready, round_context
from mentorup_daemon.letters.closing import (
    closing_agenda_context,
    closing_context,
    closing_note_context,
    closing_update_context,
    concrete,
    update_ready,
)
from mentorup_daemon.letters.compact import compact_context, compact_ready
from mentorup_daemon.letters.digest import content_digest
from mentorup_daemon.letters.keeping_up import (
    contact_context,
    feedback_plan_context,
    next_meeting_context,
    opening_views,
    shorten_context,
)
from mentorup_daemon.letters.mentee import mentee_context, mentee_note_context
from mentorup_daemon.letters.message import draft, note
from mentorup_daemon.letters.news import change_context, trouble_context, welcome_context
from mentorup_daemon.letters.occasion import Occasion
from mentorup_daemon.letters.packet import letter_context
from mentorup_daemon.letters.profile import profile_context
from mentorup_daemon.letters.recap import recap_context
from mentorup_daemon.letters.receipt import receipt_context
from mentorup_daemon.letters.rendered import Rendered
from mentorup_daemon.letters.review import review_context
from mentorup_daemon.letters.subject import found, meeting_of, person_of
from mentorup_daemon.letters.templates import Templates
from mentorup_daemon.letters.thank_you import gratitude_for, thank_you_context
from mentorup_daemon.letters.unknown_writer import unknown_writer_context
from mentorup_daemon.letters.week import digest_context
from mentorup_daemon.letters.win import part_in, win_context
from mentorup_daemon.records import Due, Mentor, Snapshot

Draft = tuple[Mentor, Mapping[str, object], bool]
"""Whom a draft is for, what its template can name, and whether it may have a `To:`."""

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
        if due.rule not in _DRAFTS:
            raise Malformed(f"{due.key}: there is no draft of the rule {due.rule!r}.")
        mentor, context, ready = _DRAFTS[due.rule](due, snapshot, now)
        if occasion.openings:
            context = {**context, "openings": opening_views(snapshot, mentor, occasion.openings, now)}
        rendered = templates.render(f"{_SAME_WORDS.get(due.rule, due.rule)}/draft", context)
        raw = draft(owner, [mentor], rendered, message_id=occasion.message_id, at=at, ready=ready)
        ready = ready and bool(mentor.emails)
    elif due.rule == "receipt":
        receipt = found(due, (entry for entry in snapshot.receipts if entry.key == due.key))
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


def _agenda_draft(due: Due, snapshot: Snapshot, now: datetime) -> Draft:
    agenda = agenda_for(snapshot, meeting_of(due, snapshot)[0], now)
    return agenda.mentor, agenda_context(snapshot, agenda, now), agenda.ready


def _thank_you_draft(due: Due, snapshot: Snapshot, now: datetime) -> Draft:
    meeting, mentor = meeting_of(due, snapshot)
    gratitude = gratitude_for(snapshot, meeting)
    return mentor, thank_you_context(snapshot, meeting, mentor, gratitude, now), gratitude.concrete


def _shorten_draft(due: Due, snapshot: Snapshot, now: datetime) -> Draft:
    meeting, mentor = meeting_of(due, snapshot)
    return mentor, shorten_context(snapshot, meeting, mentor, now), True


def _next_meeting_draft(due: Due, snapshot: Snapshot, now: datetime) -> Draft:
    meeting, mentor = meeting_of(due, snapshot)
    return mentor, next_meeting_context(snapshot, meeting, mentor, now), True


def _check_in_draft(due: Due, snapshot: Snapshot, now: datetime) -> Draft:
    mentor = person_of(due, snapshot)
    context = check_in_context(snapshot, mentor, now)
    return mentor, context, check_in_ready(context)


def _mentee_draft(due: Due, snapshot: Snapshot, now: datetime) -> Draft:
    meeting, mentee = meeting_of(due, snapshot)
    return mentee, mentee_context(snapshot, meeting, mentee, now), True


def _closing_draft(due: Due, snapshot: Snapshot, now: datetime) -> Draft:
    mentor = person_of(due, snapshot)
    context = closing_context(snapshot, mentor, now)
    return mentor, context, concrete(context)


def _closing_agenda_draft(due: Due, snapshot: Snapshot, now: datetime) -> Draft:
    meeting, mentor = meeting_of(due, snapshot)
    return mentor, closing_agenda_context(snapshot, meeting, mentor, now), True


def _closing_update_draft(due: Due, snapshot: Snapshot, now: datetime) -> Draft:
    mentor = person_of(due, snapshot)
    context = closing_update_context(snapshot, mentor, now)
    return mentor, context, update_ready(context)


def _win_draft(due: Due, snapshot: Snapshot, now: datetime) -> Draft:
    mentor = person_of(due, snapshot)
    win = found(due, (one for one in snapshot.wins if f"win-{one.id}" == due.object))
    return mentor, win_context(snapshot, win, mentor, now), part_in(snapshot, win, mentor).sure


def _compact_draft(due: Due, snapshot: Snapshot, now: datetime) -> Draft:
    mentor = person_of(due, snapshot)
    context = compact_context(snapshot, due, mentor, now)
    return mentor, context, compact_ready(context)


def _letter_draft(due: Due, snapshot: Snapshot, now: datetime) -> Draft:
    mentor = person_of(due, snapshot)
    context = letter_context(snapshot, due, mentor, now)
    return mentor, context, bool(context["facts"])


def _recap_draft(due: Due, snapshot: Snapshot, now: datetime) -> Draft:
    return person_of(due, snapshot), recap_context(snapshot, due, now), True


def _hello_draft(due: Due, snapshot: Snapshot, now: datetime) -> Draft:
    person = person_of(due, snapshot)
    context = hello_context(snapshot, person, now)
    return person, context, hello_ready(context)


def _retry_draft(due: Due, snapshot: Snapshot, now: datetime) -> Draft:
    person = person_of(due, snapshot)
    context = retry_context(snapshot, due, person, now)
    return person, context, hello_ready(context)


def _referral_draft(due: Due, snapshot: Snapshot, now: datetime) -> Draft:
    person = person_of(due, snapshot)
    context = referral_context(snapshot, due, person, now)
    return person, context, referral_ready(context)


def _brief_draft(due: Due, snapshot: Snapshot, now: datetime) -> Draft:
    meeting, person = meeting_of(due, snapshot)
    context = brief_context(snapshot, meeting, person, now)
    return person, context, brief_ready(context)


_DRAFTS: Mapping[str, Callable[[Due, Snapshot, datetime], Draft]] = {
    "agenda": _agenda_draft,
    "closing": _closing_draft,
    "closing_agenda": _closing_agenda_draft,
    "closing_update": _closing_update_draft,
    "mentee_agenda": _mentee_draft,
    "letter": _letter_draft,
    "recap": _recap_draft,
    "thank_you": _thank_you_draft,
    "shorten": _shorten_draft,
    "next_meeting": _next_meeting_draft,
    "check_in": _check_in_draft,
    "contact": _check_in_draft,
    "win": _win_draft,
    "compact": _compact_draft,
    "hello": _hello_draft,
    "retry": _retry_draft,
    "referral": _referral_draft,
    "brief": _brief_draft,
}
"""What the draft of each rule is made from."""

DRAFT_RULES = tuple(_DRAFTS)
"""The rules that write drafts."""


def _after_meeting(due: Due, snapshot: Snapshot, now: datetime, _: Occasion) -> Mapping[str, object]:
    meeting, mentor = meeting_of(due, snapshot)
    return thank_you_context(snapshot, meeting, mentor, gratitude_for(snapshot, meeting), now)


def _questions(due: Due, snapshot: Snapshot, now: datetime, occasion: Occasion) -> Mapping[str, object]:
    agenda = agenda_for(snapshot, meeting_of(due, snapshot)[0], now)
    return questions_context(snapshot, agenda, occasion.moved_from, now)


def _unknown_writer(due: Due, snapshot: Snapshot, now: datetime, _: Occasion) -> Mapping[str, object]:
    item = found(due, (one for one in snapshot.feedback if f"{one.id}" == due.object))
    return unknown_writer_context(snapshot, item, now)


def _trouble(due: Due, snapshot: Snapshot, now: datetime, _: Occasion) -> Mapping[str, object]:
    return trouble_context(snapshot, found(due, (one for one in snapshot.troubles if one.about == due.object)), now)


def _change(due: Due, snapshot: Snapshot, now: datetime, occasion: Occasion) -> Mapping[str, object]:
    return change_context(snapshot, due, occasion.draft_state, occasion.moved_from, now)


def _mentee_note(due: Due, snapshot: Snapshot, now: datetime, occasion: Occasion) -> Mapping[str, object]:
    return mentee_note_context(snapshot, *meeting_of(due, snapshot), occasion, now)


def _mentee_promises(due: Due, snapshot: Snapshot, now: datetime, _: Occasion) -> Mapping[str, object]:
    return mentee_context(snapshot, *meeting_of(due, snapshot), now)


def _fit(due: Due, snapshot: Snapshot, now: datetime, _: Occasion) -> Mapping[str, object]:
    about = replace(due, object=due.object.removeprefix("fit/"))  # its own thread beside the meeting's
    return fit_context(snapshot, *meeting_of(about, snapshot), now)


_NOTES: Mapping[str, Callable[[Due, Snapshot, datetime, Occasion], Mapping[str, object]]] = {
    "closing": lambda due, snapshot, now, _: closing_context(snapshot, person_of(due, snapshot), now),
    "mentee_agenda": _mentee_note,
    "mentee_promises": _mentee_promises,
    "thank_you": _after_meeting,
    "fit": _fit,
    "candidate": lambda due, snapshot, _, __: candidate_context(snapshot, person_of(due, snapshot)),
    "questions": _questions,
    "digest": lambda due, snapshot, now, _: digest_context(snapshot, due.due_at, now),
    "feedback_plan": lambda due, snapshot, now, _: feedback_plan_context(snapshot, due, now),
    "contact": lambda due, snapshot, now, _: contact_context(snapshot, person_of(due, snapshot), now),
    "check_in": lambda _, snapshot, now, __: round_context(snapshot, now),
    "compact": lambda due, snapshot, now, _: compact_context(snapshot, due, person_of(due, snapshot), now),
    "profile": lambda due, snapshot, _, __: profile_context(snapshot, due),
    "review": lambda due, snapshot, now, _: review_context(snapshot, due, now),
    "welcome": lambda _, snapshot, now, __: welcome_context(snapshot, now),
    "change": _change,
    "unknown_writer": _unknown_writer,
    "trouble": _trouble,
}
"""What the note of each rule can name."""


def _note(due: Due, snapshot: Snapshot, now: datetime, templates: Templates, occasion: Occasion) -> Rendered:
    if due.rule == "agenda":
        return _agenda_note(due, snapshot, now, templates, occasion)
    if due.rule == "closing_agenda":
        context = closing_note_context(snapshot, *meeting_of(due, snapshot), occasion, now)
        return _with_draft(due.rule, context, {}, templates, occasion)
    if due.rule not in _NOTES:
        raise Malformed(f"{due.key}: there is no note of the rule {due.rule!r}.")
    return templates.render(f"{due.rule}/note", _NOTES[due.rule](due, snapshot, now, occasion))


def _agenda_note(due: Due, snapshot: Snapshot, now: datetime, templates: Templates, occasion: Occasion) -> Rendered:
    agenda = agenda_for(snapshot, meeting_of(due, snapshot)[0], now)
    context, own = agenda_context(snapshot, agenda, now), note_context(snapshot, agenda, occasion, now)
    return _with_draft(due.rule, context, own, templates, occasion)


def _with_draft(
    rule: str,
    context: Mapping[str, object],
    own: Mapping[str, object],
    templates: Templates,
    occasion: Occasion,
) -> Rendered:
    """The note with its draft below it, as that lies in Drafts; without one where it isn't there as we wrote it.

    `context` is what both can name, `own` what the note alone sees, or sees otherwise.
    """
    written = templates.render(f"{rule}/draft", context) if occasion.draft_state == "fresh" else None
    rendered = templates.render(f"{rule}/note", {**context, **own, **draft_view(written)})
    return replace(rendered, fallbacks=(*rendered.fallbacks, *(written.fallbacks if written else ())))
