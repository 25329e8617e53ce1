"""A decision that is asked for without a proposal of one's own is noticed (T5)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentorup_daemon.records import Topic
from mentorup_daemon.rules.proposal import wants_proposal
from tests.unit.rules.people import MONDAY


def topic(text: str, wants: str = "decision") -> Topic:
    return Topic(id=1, text=text, wants=wants, created_at=MONDAY)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["K award: this cycle or next?", "Data come in March. Apply now?", "Now or next??"])
def test_t5_a_question_alone_wants_a_proposal(text: str) -> None:
    assert wants_proposal(topic(text))


@pytest.mark.parametrize(
    "text",
    [
        "K award: this cycle or next? I lean towards waiting.",
        "I’d wait for the data: do you agree?",
        "This cycle or next? Waiting is safer.",
        "Shall we cut the cohort? (my proposal: yes)",
        "Apply in March",
    ],
)
def test_t5_with_a_proposal_nothing_is_missing(text: str) -> None:
    assert not wants_proposal(topic(text))


@pytest.mark.parametrize("wants", ["view", "introduction", "feedback", "nothing"])
def test_t5_only_decisions_want_one(wants: str) -> None:
    assert not wants_proposal(topic("This cycle or next?", wants))


@given(st.text(max_size=300))
def test_t5_any_text_can_be_asked_about(text: str) -> None:
    assert wants_proposal(topic(text)) in (True, False)
