"""Vague questions are noticed, specific ones never are (P2)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentorup_daemon.rules.vague import is_vague


@pytest.mark.parametrize(
    "text",
    [
        "any feedback?",
        "Any feedback",
        "Feedback?",
        "Do you have any feedback for me?",
        "Could you give me some feedback, please?",
        "How am I doing?",
        "So, how am I doing so far?",
        "Thoughts?",
        "any thoughts??",
        "What do you think?",
        "What do you think about it?",
        "what’s your opinion",
        "Is it OK?",
        "Am I on track?",
        "How can I improve?",
        "What should I do next?",
        "Anything else?",
        "Any advice?",
        "Hi, any general comments?",
        "How's it going?".replace("How's it", "How is it"),
    ],
)
def test_p2_a_stock_phrase_alone_is_vague(text: str) -> None:
    assert is_vague(text)


@pytest.mark.parametrize(
    "text",
    [
        "K award: this cycle or next?",
        "Any feedback on the second aim?",
        "What do you think of the comparison in aim 2?",
        "How am I doing with the pace of the results slides?",
        "Thoughts on whether I should leave the lab early?",
        "How can I improve the opening of my talk?",
        "Is it OK to write to Kim directly?",
        "Could you introduce me to Kim?",
        "What should I do next: revise the abstract, or wait for the data?",
        "Feedback culture in the department",
        "",
        "?",
    ],
)
def test_p2_a_question_with_an_object_is_not(text: str) -> None:
    assert not is_vague(text)


@given(st.text(max_size=400))
def test_p2_any_text_can_be_asked_about(text: str) -> None:
    assert is_vague(text) in (True, False)
