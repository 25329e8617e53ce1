"""Letters about people who may become mentors: the two notes to the owner, the hello with its retries, the referral.

What a draft says of anybody comes from the owner's own words about them (why them, who recommended them) and from goals
that concern them. A hello without a reason is none, so it stays without a `To:` until there is one. What was answered
in the fit form is for the owner alone: no draft's context holds any of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from mentorup_daemon.letters.first_meeting import goals_with, profile, sought
from mentorup_daemon.letters.headers import flat
from mentorup_daemon.letters.subject import found
from mentorup_daemon.letters.views import bare, common, meeting_view, words
from mentorup_daemon.letters.wording import When, when
from mentorup_daemon.letters.wrap import shorten
from mentorup_daemon.records import Due, Meeting, Mentor, Request, Snapshot
from mentorup_daemon.records.candidates import called, fit_answers, kept_about
from mentorup_daemon.records.standing import next_meeting, open_topics, recent_wins
from mentorup_daemon.rules import network, retry

_ANSWER = 60  # characters of an earlier answer in the fit form
_WINS = 2
_LATELY = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class AnswerView:
    """An answer that was given before to the question with this number."""

    number: int
    text: str


def candidate_context(snapshot: Snapshot, person: Mentor) -> Mapping[str, object]:
    """The variables of `candidate/note`: what is known of the candidate; "" for what isn't."""
    kept = kept_about(snapshot.candidates, person.id)
    return {
        **common(snapshot, person),
        "why": bare(kept.why) if kept else "",
        "recommended": _recommender(snapshot, person),
        "helped": bare(kept.helped) if kept else "",
        "has_address": bool(person.emails),
        "number": kept.id if kept else 0,
    }


def fit_context(snapshot: Snapshot, meeting: Meeting, person: Mentor, now: datetime) -> Mapping[str, object]:
    """The variables of `fit/note`. `listed` is true for a candidate of the config, `next` is the meeting ahead."""
    kept = kept_about(snapshot.candidates, person.id)
    given = fit_answers(snapshot, person.id)
    ahead = next_meeting(snapshot, person, now)
    return {
        **common(snapshot, person),
        "meeting": meeting_view(snapshot, meeting, person, now),
        "given": tuple(AnswerView(number, shorten(bare(given[number].text), _ANSWER)) for number in sorted(given)),
        "listed": kept is None or not kept.name,
        "number": kept.id if kept else 0,
        "next": when(ahead.start, now, snapshot.owner.zone) if ahead else None,
    }


def hello_context(snapshot: Snapshot, person: Mentor, now: datetime) -> Mapping[str, object]:
    """The variables of `hello/draft`: why them, who recommended them, a goal and a question; each may be missing."""
    kept = kept_about(snapshot.candidates, person.id)
    questions = [one for one in open_topics(snapshot, person) if one.is_question and one.mentor == person.id]
    questions.sort(key=lambda one: (one.priority, one.id))
    goals = goals_with(snapshot, person, now)
    return {
        **common(snapshot, person),
        "why": bare(kept.why) if kept else "",
        "recommended": _recommender(snapshot, person),
        "goal": goals[0] if goals else None,
        "question": words(questions[0].text) if questions else "",
    }


def hello_ready(context: Mapping[str, object]) -> bool:
    """True when the draft says why them."""
    return bool(context["why"])


def retry_context(snapshot: Snapshot, due: Due, person: Mentor, now: datetime) -> Mapping[str, object]:
    """The variables of `retry/draft`: those of a hello, when that was sent (None if unknown), whether this is last."""
    request = request_of(due, snapshot)
    written = retry.sent(snapshot, request)
    told: When | None = when(written[0], now, snapshot.owner.zone) if written else None
    return {
        **hello_context(snapshot, person, now),
        "wrote": told,
        "last": due.key == retry.key_of(request, 2),
    }


def referral_context(snapshot: Snapshot, due: Due, person: Mentor, now: datetime) -> Mapping[str, object]:
    """The variables of `referral/draft`: a kind of support (`a sponsor`), or else what help is sought with; a goal."""
    text = bare(request_of(due, snapshot).text)
    kinds = {*network.KINDS, *(kind.casefold() for one in snapshot.mentors for kind in one.support)}
    goals = goals_with(snapshot, person, now)
    return {
        **common(snapshot, person),
        "support": network.with_article(text) if text.casefold() in kinds else "",
        "topic": text if text.casefold() not in kinds else "",
        "goal": goals[0] if goals else None,
    }


def referral_ready(context: Mapping[str, object]) -> bool:
    """True when the draft says for what."""
    return any(context[name] for name in ("support", "topic", "goal"))


def brief_context(snapshot: Snapshot, meeting: Meeting, person: Mentor, now: datetime) -> Mapping[str, object]:
    """The variables of `brief/draft`: the page about the owner, from their records; every part may be empty."""
    told = (one for one in recent_wins(snapshot, person, now - _LATELY) if bare(one.text) and person.allows(one.text))
    wins = sorted(told, key=lambda one: (one.created_at, one.id), reverse=True)
    return {
        **common(snapshot, person),
        "meeting": meeting_view(snapshot, meeting, person, now),
        "candidate": person.role == "candidate",
        "values": profile(snapshot, "value", 3),
        "style": profile(snapshot, "style", 3),
        "goals": goals_with(snapshot, person, now),
        "wins": "; ".join(bare(one.text) for one in wins[:_WINS]),
        "support": sought(person),
    }


def brief_ready(context: Mapping[str, object]) -> bool:
    """True when the page says more than what is looked for."""
    return any(context[name] for name in ("values", "style", "goals", "wins"))


def request_of(due: Due, snapshot: Snapshot) -> Request:
    """The request that a draft answers. Raises `Malformed` when it is gone from the records."""
    number = due.object.rpartition("/")[2]
    return found(due, (one for one in snapshot.requests if f"{one.id}" == number))


def _recommender(snapshot: Snapshot, person: Mentor) -> str:
    """Who recommended somebody: the whole name where it is one of ours, else as the owner said it."""
    kept = kept_about(snapshot.candidates, person.id)
    said = bare(kept.recommended_by) if kept else ""
    people = list(called(snapshot.mentors, said)) if said else []
    return flat(people[0].name) if len(people) == 1 else said
