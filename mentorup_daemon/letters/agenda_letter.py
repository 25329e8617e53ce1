"""The agenda in words: what `agenda/note` and `agenda/draft` can name.

Both are made of the same agenda, so that the note shows what the draft asks. The note alone also names what is private,
as `Private`, which a draft cannot print.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from mentorup_daemon.letters.agenda import Agenda, AgendaItem
from mentorup_daemon.letters.first_meeting import first_context
from mentorup_daemon.letters.headers import flat
from mentorup_daemon.letters.occasion import Occasion
from mentorup_daemon.letters.private import Private
from mentorup_daemon.letters.rendered import Rendered
from mentorup_daemon.letters.views import (
    AdviceView,
    advice_view,
    common,
    goal_view,
    meeting_view,
    promise_view,
    words,
)
from mentorup_daemon.letters.wording import When, count, listing, number, ordinal, when
from mentorup_daemon.letters.wrap import shorten
from mentorup_daemon.records import Snapshot, Topic
from mentorup_daemon.records.standing import carried_over
from mentorup_daemon.rules.proposal import PROPOSE, wants_proposal
from mentorup_daemon.rules.vague import SHAPE, is_vague

_SHOWN = 5  # entries of one kind in a note: it is read between two things
_HEADLINE = 42
_LABELS = 2  # topics named in a subject
_READ = 2  # things to read beforehand (T5)
_CARRIED = 2  # meetings that a promise may be carried over before it is asked what becomes of it (P4)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemView:
    """An entry of the agenda. `kind`: question, first, update, follow-up, rest. `wants`: decision, view, ... or "".

    `headline` is its first sentence, for a line of a list; `stage` of advice is plan, due (its date is past) or done.
    `point` names what a first meeting is also about, else "".
    """

    kind: str
    number: int
    text: str
    headline: str
    wants: str
    minutes: int
    advice: AdviceView | None
    stage: str
    point: str = ""


@dataclass(frozen=True, slots=True)
class AimView:
    """What is asked of the mentor: `wants` for `count` questions, which stand at `ordinals` ("first and third")."""

    wants: str
    count: int
    ordinals: str


def agenda_context(snapshot: Snapshot, agenda: Agenda, now: datetime) -> Mapping[str, object]:
    """The variables of both templates. All lists are whole; `more_...` says how many a note leaves unnamed."""
    owner = snapshot.owner
    listed = [item for item in agenda.items if item.kind != "rest"]
    rest = sum(item.minutes for item in agenda.items if item.kind == "rest")
    asked = [item.topic for item in listed if item.kind == "question" and item.topic]
    labels = [flat(topic.label, 60) for topic in agenda.questions]
    return {
        **common(snapshot, agenda.mentor),
        **first_context(snapshot, agenda.meeting, agenda.mentor, now),
        "meeting": meeting_view(snapshot, agenda.meeting, agenda.mentor, now),
        "goal": goal_view(agenda.goal, owner, now),
        "items": tuple(_item(item, snapshot, now) for item in listed),
        "if_time": tuple(_item(item, snapshot, now) for item in agenda.if_time),
        "used": sum(item.minutes for item in listed),
        "rest": rest,
        "aims": _aims(asked),
        "asked": len(asked),
        "asked_word": number(len(asked)),
        "questions": count(len(agenda.questions), "question") if agenda.questions else "",
        "missing": agenda.missing,
        "labels": _labels(labels),
        "unplanned": tuple(advice_view(entry, owner, now) for entry in agenda.unplanned[:3]),
        "overdue": tuple(promise_view(action, owner, now) for action in agenda.overdue[:_SHOWN]),
        "carried": _carried(snapshot, agenda, now),
        "mine": tuple(promise_view(action, owner, now) for action in agenda.mine[:_SHOWN]),
        "theirs": tuple(promise_view(action, owner, now) for action in agenda.theirs[:_SHOWN]),
        "mention": promise_view(agenda.mention, owner, now) if agenda.mention else None,
        "held_back": tuple(flat(topic.label, 60) for topic in agenda.held_back[:_SHOWN]),
        "private": tuple(Private(words(topic.text)) for topic in agenda.private[:_SHOWN]),
        "more_mine": max(0, len(agenda.mine) - _SHOWN),
        "read": listing(_pages(agenda.questions)[:_READ]),
        "vague": next((topic.id for topic in agenda.questions if is_vague(topic.text)), 0),
        "unproposed": next((topic.id for topic in agenda.questions if wants_proposal(topic)), 0),
        "better": {"shape": SHAPE, "propose": PROPOSE},
    }


def note_context(snapshot: Snapshot, agenda: Agenda, occasion: Occasion, now: datetime) -> Mapping[str, object]:
    """What the note knows beyond the agenda: how its draft stands, and whether the meeting has moved."""
    return {
        **_own(snapshot, agenda, now),
        "ready": agenda.ready,
        "has_address": bool(agenda.mentor.emails),
        "draft_state": occasion.draft_state,
        "offer_drafted": _offer_drafted(snapshot, agenda),
        "was": _was(agenda, occasion.moved_from, snapshot, now),
    }


def draft_view(draft: Rendered | None) -> Mapping[str, object]:
    """How a note shows its draft: as it lies in Drafts, None when it isn't there as we wrote it."""
    return {
        "draft": draft.text if draft else "",
        "draft_subject": draft.subject if draft else "",
        "draft_html": _body(draft.html) if draft else "",
    }


def questions_context(
    snapshot: Snapshot, agenda: Agenda, moved_from: datetime | None, now: datetime
) -> Mapping[str, object]:
    """The variables of `questions/note`: the agenda as it stands some days before, and what a SKIP would bring."""
    return {
        **agenda_context(snapshot, agenda, now),
        **_own(snapshot, agenda, now),
        "was": _was(agenda, moved_from, snapshot, now),
        "offers": "drafts" in snapshot.practice.delivery and agenda.mentor.role == "mentor",
    }


def _carried(snapshot: Snapshot, agenda: Agenda, now: datetime) -> int:
    """The number of the promise that has been carried over often enough to ask: do it, drop it, or a new date?"""
    often = (one.id for one in agenda.overdue if carried_over(snapshot, one, now) >= _CARRIED)
    return next(often, 0)


def _own(snapshot: Snapshot, agenda: Agenda, now: datetime) -> Mapping[str, object]:
    """What a note lists: the owner's own items. The points of a first meeting it tells of in one sentence."""
    return {
        "items": tuple(_item(item, snapshot, now) for item in agenda.items if item.number),
        "if_time": tuple(_item(item, snapshot, now) for item in agenda.if_time if item.number),
    }


def _was(agenda: Agenda, told: datetime | None, snapshot: Snapshot, now: datetime) -> When | None:
    """Where the meeting stood before it moved, None when it stands there still."""
    return when(told, now, snapshot.owner.zone) if told and told != agenda.meeting.start else None


def _offer_drafted(snapshot: Snapshot, agenda: Agenda) -> bool:
    """True while the offer to shorten or postpone this meeting lies in Drafts (T7)."""
    return any(
        entry.rule == "shorten" and entry.object == agenda.meeting.key and entry.outcome == "delivered"
        for entry in snapshot.ledger.values()
    )


def _body(html: str) -> Markup:
    """The inside of a page that was rendered with escaping, to be shown within another."""
    _, _, rest = html.partition("<body")
    inside = rest.partition(">")[2].partition("</body>")[0] if rest else html
    return Markup(inside.strip())  # noqa: S704 - every page is rendered with autoescape


def _headline(text: str) -> str:
    """The first sentence, in few enough words for one line with its minutes."""
    return shorten(re.split(r"(?<=[?!.]) ", text, maxsplit=1)[0], _HEADLINE)


def _item(item: AgendaItem, snapshot: Snapshot, now: datetime) -> ItemView:
    topic, feedback = item.topic, item.feedback
    return ItemView(
        kind=item.kind,
        number=item.number,
        text=words(topic.text) if topic else "",
        headline=_headline(words(topic.text)) if topic else "",
        wants=topic.wants if topic and topic.is_question else "",
        minutes=item.minutes,
        advice=advice_view(feedback, snapshot.owner, now) if feedback else None,
        stage=item.stage,
        point=item.point or "",
    )


def _pages(questions: Sequence[Topic]) -> list[str]:
    """What the mentor is asked to read, each once."""
    return list(filter(None, dict.fromkeys(words(topic.read) for topic in questions)))


def _aims(questions: Sequence[Topic]) -> tuple[AimView, ...]:
    positions: dict[str, list[int]] = {}
    for position, topic in enumerate(questions, start=1):
        positions.setdefault(topic.wants, []).append(position)
    return tuple(
        AimView(wants, len(places), listing([ordinal(place) for place in places]))
        for wants, places in positions.items()
    )


def _labels(labels: Sequence[str]) -> str:
    more = len(labels) - _LABELS
    return listing([*labels[:_LABELS], *([f"{number(more)} more"] if more > 0 else [])])
