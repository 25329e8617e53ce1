"""What a mentor needs to write a letter of recommendation, out of the owner's own records (T5): Markdown, and a draft.

Goals, advice that was acted upon, what the owner gave thanks for, what was done and when the two met. Both are meant to
be read and shortened by the owner before they go anywhere; the draft names the latest of each kind only. Private topics
and notes are not even looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime

from mentorup_daemon.letters.headers import flat
from mentorup_daemon.letters.quoting import worth_quoting
from mentorup_daemon.letters.subject import found
from mentorup_daemon.letters.views import common, words
from mentorup_daemon.letters.wording import number
from mentorup_daemon.records import Due, Mentor, Snapshot
from mentorup_daemon.records.standing import is_stub, recent_wins

_SHOWN = 3  # facts of each kind in the draft


def packet(view: Snapshot, mentor: Mentor, now: datetime) -> str:
    """The document; sections without content are left out."""
    parts = [f"# For a letter by {mentor.name} about {view.owner.name}\n"]
    for title, lines in (
        ("Goals", _goals(view, mentor)),
        ("What went well", _wins(view, mentor)),
        ("Advice I acted upon", _advice(view, mentor)),
        ("What helped", _thanks(view, mentor)),
        ("Done since", _done(view, mentor)),
        ("When we met", _met(view, mentor, now)),
    ):
        if listed := list(lines):
            parts.append(f"## {title}\n\n" + "\n".join(f"- {line}" for line in listed) + "\n")
    if len(parts) == 1:
        parts.append("There is nothing on record yet.\n")
    return "\n".join(parts)


def letter_context(snapshot: Snapshot, due: Due, mentor: Mentor, now: datetime) -> Mapping[str, object]:
    """The variables of `letter/draft`. `purpose` is what the letter is for, "" where the owner hasn't said."""
    request = found(due, (one for one in snapshot.requests if f"{one.person}/{one.id}" == due.object))
    kinds = (_goals, _wins, _advice, _done)
    facts = [words(fact) for kind in kinds for fact in list(kind(snapshot, mentor))[-_SHOWN:]]
    return {
        **common(snapshot, mentor),
        "purpose": flat(request.text, 200).rstrip("."),
        "facts": (*facts, *_together(snapshot, mentor, now)),
    }


def _together(view: Snapshot, mentor: Mentor, now: datetime) -> Iterator[str]:
    met = [one.start for one in view.meetings if mentor.id in (one.mentor, *one.also) and one.on and one.end <= now]
    if met:
        first = _day(min(met).astimezone(view.owner.zone).date())
        yield f"We have met {number(len(met))} times since {first}" if len(met) > 1 else f"We met on {first}"


def _goals(view: Snapshot, mentor: Mentor) -> Iterator[str]:
    for goal in view.goals:
        if goal.mentor in (None, mentor.id) and goal.state != "dropped" and not is_stub(view, goal):
            state = " (reached)" if goal.state == "done" else f", by {_day(goal.due)}" if goal.due else ""
            yield f"{_line(goal.text)}{state}"


def _wins(view: Snapshot, mentor: Mentor) -> Iterator[str]:
    for win in recent_wins(view, mentor, view.started_at):
        shared = " (with your help)" if mentor.id in win.credit else ""
        yield f"{_day(win.created_at.astimezone(view.owner.zone).date())}: {_line(win.text)}{shared}"


def _advice(view: Snapshot, mentor: Mentor) -> Iterator[str]:
    for said in view.feedback:
        if said.mentor == mentor.id and said.plan and said.state in ("planned", "done"):
            words = _line(worth_quoting(said.text, view.owner.given_name))
            when = _day(said.received_at.astimezone(view.owner.zone).date())
            state = "done" if said.state == "done" else "under way"
            yield f'{when}: "{words}" What I did about it ({state}): {_line(said.plan)}'


def _thanks(view: Snapshot, mentor: Mentor) -> Iterator[str]:
    return (_line(one.text).removeprefix("for ") for one in view.thanks if one.mentor == mentor.id)


def _done(view: Snapshot, mentor: Mentor) -> Iterator[str]:
    for action in view.actions:
        if action.owner == "me" and action.mentor == mentor.id and action.state == "done":
            when = f" ({_day(action.done_at.astimezone(view.owner.zone).date())})" if action.done_at else ""
            yield f"{_line(action.text)}{when}"


def _met(view: Snapshot, mentor: Mentor, now: datetime) -> Iterator[str]:
    for met in view.meetings:
        if mentor.id in (met.mentor, *met.also) and met.on and met.end <= now:
            yield f"{_day(met.start.date())}: {_line(met.title)}"


def _line(text: str) -> str:
    return " ".join(text.split())


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
