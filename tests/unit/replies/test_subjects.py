"""What a subject says about a message, beside its words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentorup_daemon.replies.subjects import bare_subject, is_reply


@pytest.mark.parametrize(
    "subject", ["Thursday, 14:00", "Re: Thursday,  14:00", "AW: RE[2]: thursday, 14:00", "答复：Thursday, 14:00"]
)
def test_a_subject_is_the_same_in_every_answer(subject: str) -> None:
    assert bare_subject(subject) == "thursday, 14:00"


def test_a_word_that_only_begins_like_a_sign_stays() -> None:
    assert bare_subject("Results: aim 2") == "results: aim 2"
    assert not is_reply("Results: aim 2")


@given(st.text())
def test_what_is_bare_has_no_sign_left(subject: str) -> None:
    assert not is_reply(bare_subject(f"Re: {subject}"))


def test_hundreds_of_signs_are_no_matter() -> None:
    assert bare_subject("Re: " * 100_000 + "x") == ""
