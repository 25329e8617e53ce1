"""What is private reaches no draft, whatever else is on record (T10, C25)."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mentorup_daemon.letters.compose import DRAFT_RULES, compose
from mentorup_daemon.letters.occasion import Occasion
from mentorup_daemon.letters.sample_candidates import candidate_snapshot
from mentorup_daemon.letters.sample_cases import with_ending, with_mentee, with_plans, with_request
from mentorup_daemon.letters.samples import EARLIER, NOW, sample_snapshot
from mentorup_daemon.letters.templates import Templates
from mentorup_daemon.records import (
    ActionItem,
    Candidate,
    Compact,
    Feedback,
    FitAnswer,
    Goal,
    ProfileEntry,
    Snapshot,
    Thanks,
    Topic,
    Win,
)
from mentorup_daemon.rules.plan import upcoming

MARK = "zygomorphic"
RICH = replace(sample_snapshot(), ledger={}, marks={})
TEMPLATES = Templates(None)

who = st.sampled_from([None, "ana", "ben"])
words = st.sampled_from(
    ["K award: this cycle or next?", "Aim 2 is too broad", "thank you for the book", "grant budget"]
)
before = st.integers(0, 100).map(lambda days: NOW - timedelta(days=days))

private_topics = st.builds(
    Topic,
    id=st.integers(500, 599),
    text=words.map(lambda text: f"{MARK} {text}"),
    mentor=who,
    wants=st.sampled_from(["decision", "view", "introduction", "feedback", "nothing"]),
    priority=st.integers(1, 3),
    minutes=st.none() | st.integers(1, 30),
    state=st.sampled_from(["open", "discussed", "dropped"]),
    private=st.just(True),
    created_at=before,
)
others = st.one_of(
    st.builds(Topic, id=st.integers(600, 699), text=words, mentor=who, created_at=before),
    st.builds(ActionItem, id=st.integers(700, 799), text=words, mentor=who, created_at=before),
    st.builds(Goal, id=st.integers(800, 899), text=words, mentor=who, created_at=before),
    st.builds(
        Feedback, id=st.integers(900, 950), text=words, mentor=who, received_at=before, source=st.just("manual"),
        plan=st.none() | words, state=st.sampled_from(["filed", "planned", "done"]),
    ),
    st.builds(Win, id=st.integers(1000, 1050), text=words, credit=st.sampled_from([(), ("ana",)]), created_at=before),
    st.builds(Compact, id=st.integers(1051, 1099), mentor=st.just("ben"), aims=words, created_at=before),
    st.builds(Thanks, id=st.integers(951, 999), text=words, mentor=st.sampled_from(["ana", "ben"]), created_at=before),
)  # fmt: skip


def drafts(view: Snapshot) -> list[str]:
    """Every draft of the next hundred days and of what is due now, all parts and headers decoded."""
    found = []
    for one in upcoming(view, NOW, NOW + timedelta(days=100)):
        if one.lands == "drafts":
            letter = compose(one, view, now=NOW, templates=TEMPLATES, occasion=Occasion(message_id="<x@example.org>"))
            message = email.message_from_bytes(letter.raw, policy=email.policy.default)
            assert isinstance(message, EmailMessage)
            parts = [str(part.get_content()) for part in message.walk() if not part.is_multipart()]
            found.append("\n".join([*(f"{name}: {value}" for name, value in message.items()), *parts]))
    return found


def with_records(view: Snapshot, records: list[object]) -> Snapshot:
    def of(kind: type) -> tuple:  # type: ignore[type-arg]
        return tuple(one for one in records if isinstance(one, kind))

    return replace(
        view,
        topics=view.topics + of(Topic),
        actions=view.actions + of(ActionItem),
        goals=view.goals + of(Goal),
        feedback=view.feedback + of(Feedback),
        thanks=view.thanks + of(Thanks),
        wins=view.wins + of(Win),
        compacts=view.compacts + of(Compact),
    )


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(private_topics, min_size=1, max_size=6), st.lists(others, max_size=4))
def test_t10_a_private_topic_is_in_no_draft(hidden: list[Topic], rest: list[object]) -> None:
    found = drafts(with_records(RICH, [*hidden, *rest]))
    assert len(found) >= 3
    for text in found:
        assert MARK not in text


ACQUAINTED = (*sample_snapshot().meetings, replace(EARLIER, key="ben", uid="ben", mentor="ben"))
UNANSWERED = replace(candidate_snapshot(), meetings=())
CASES = {
    "candidates": candidate_snapshot(),
    "mentee": with_mentee(),
    "ended": with_ending(),
    "plans": with_plans(),
    "letter": with_request(),
    "met": replace(sample_snapshot(), meetings=(replace(EARLIER, start=NOW - timedelta(hours=5), end=NOW),)),
    "nothing new": replace(sample_snapshot(), topics=(), feedback=(), actions=(), meetings=ACQUAINTED),
}


def everywhere(topic: Topic, private: bool) -> tuple[Topic, ...]:
    """The topic for everybody there is, with something to read that is as private as itself."""
    return tuple(
        replace(topic, id=topic.id + 100 * n, mentor=mentor, private=private, read=f"{MARK} page", state="open")
        for n, mentor in enumerate((None, "ana", "ben", "mia"))
    )


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(private_topics, st.lists(others, max_size=4))
def test_t10_c25_neither_a_private_nor_a_held_back_topic_is_in_any_draft_of_any_case(
    hidden: Topic, rest: list[object]
) -> None:
    for case in CASES.values():
        view = with_records(replace(case, ledger={}), rest)
        found = drafts(replace(view, topics=view.topics + everywhere(hidden, private=True)))
        assert found
        assert not [text for text in found if MARK in text]
        narrow = tuple(replace(person, topics=("reading group",)) for person in view.mentors)
        held_back = everywhere(replace(hidden, text=MARK), private=False)
        assert not [text for text in drafts(replace(view, mentors=narrow, topics=held_back)) if MARK in text]


def test_t10_the_cases_bring_a_draft_of_every_rule_that_writes_one() -> None:
    rules = {
        one.rule
        for view in (RICH, UNANSWERED, *(replace(case, ledger={}) for case in CASES.values()))
        for one in upcoming(view, NOW, NOW + timedelta(days=200))
        if one.lands == "drafts"
    }
    assert set(DRAFT_RULES) - rules == set()


fit_answers = st.builds(
    FitAnswer,
    id=st.integers(500, 599),
    person=st.sampled_from(["kim", "lee", "ana"]),
    question=st.integers(1, 4),
    text=words.map(lambda text: f"{MARK} {text}"),
    created_at=before,
)
kept = st.builds(
    Candidate,
    id=st.integers(600, 699),
    person=st.just("lee"),
    name=st.just("Lee Park"),
    why=words.map(lambda text: f"{MARK} {text}"),
    recommended_by=words.map(lambda text: f"{MARK} {text}"),
    helped=words.map(lambda text: f"{MARK} {text}"),
    created_at=before,
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(fit_answers, min_size=1, max_size=4), st.lists(kept, max_size=2))
def test_t10_what_is_said_of_the_fit_is_in_no_draft_and_what_is_kept_of_one_in_no_others(
    said: list[FitAnswer], kept: list[Candidate]
) -> None:
    view = replace(candidate_snapshot(), ledger={})
    hidden = replace(view, fits=(*view.fits, *said), candidates=(*view.candidates, *kept))
    found = drafts(hidden)
    assert sum("Dear Kim" in text for text in found) == 2
    assert not [text for text in found if MARK in text and "Dear Lee" not in text]
    assert not [text for text in drafts(replace(hidden, candidates=view.candidates)) if MARK in text]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(private_topics.map(lambda one: replace(one, private=False)), min_size=1, max_size=6))
def test_c25_a_topic_off_the_allow_list_is_in_no_draft(hidden: list[Topic]) -> None:
    narrow = tuple(replace(person, topics=("reading group",)) for person in RICH.mentors)
    for text in drafts(with_records(replace(RICH, mentors=narrow), list(hidden))):
        assert MARK not in text


@pytest.mark.parametrize("mentor", [None, "ana"])
def test_t10_the_same_words_are_in_a_draft_when_they_are_not_private(mentor: str | None) -> None:
    topic = Topic(id=500, text=f"{MARK}: yes or no?", mentor=mentor, priority=1, created_at=NOW)
    assert any(MARK in text for text in drafts(with_records(RICH, [topic])))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(["value", "style", "gap"]), words, st.lists(others, max_size=4))
def test_t10_c3_what_the_owner_keeps_of_themselves_is_in_no_draft(kind: str, text: str, rest: list[object]) -> None:
    stub = Goal(id=2000, text=f"get better at {MARK} {text}", created_at=NOW)
    mine = ProfileEntry(id=2001, kind=kind, text=f"{MARK} {text}", goal=2000, created_at=NOW)  # type: ignore[arg-type]
    # only what leads up to a first meeting tells of values and ways of working (C14)
    view = with_records(replace(RICH, profile=(mine,), meetings=ACQUAINTED), [stub, *rest])
    for found in drafts(replace(view, goals=tuple(one for one in view.goals if one.mentor is None))):
        assert MARK not in found
    dated = replace(view, goals=(replace(stub, due=NOW.date()),))
    assert any(MARK in found for found in drafts(dated))
