"""Lists of words that are looked through by their first letter find what the lists find."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentorup_daemon.replies import attribution, history, notices, signature
from mentorup_daemon.replies.choices import by_first_letter, split_choices
from tests.unit.replies.test_visible_text_properties import BODY

PATTERNS = {
    "verbs": attribution._VERBS,
    "original": history._ORIGINAL,
    "forwarded": history._FORWARDED,
    "openings": notices._OPENINGS,
    "devices": signature._DEVICE_BEGINNINGS,
    "list": notices._LIST.pattern,
    "environment": notices._ENVIRONMENT.pattern,
    "secret": notices._LEGAL_PATTERNS[0].pattern,
}


@pytest.mark.parametrize("name", PATTERNS)
@given(st.data())
def test_choices_by_their_first_letter_find_the_same(name: str, data: st.DataObject) -> None:
    pattern = PATTERNS[name]
    text = "\n".join([data.draw(BODY), data.draw(st.from_regex(pattern, fullmatch=True)), data.draw(BODY)])
    found, plain = (re.search(one, text, re.IGNORECASE) for one in (by_first_letter(pattern), pattern))
    assert found
    assert plain
    assert found.span() == plain.span()


@pytest.mark.parametrize("pattern", PATTERNS.values(), ids=PATTERNS)
def test_every_choice_is_a_pattern_that_begins_with_a_letter(pattern: str) -> None:
    for choice in split_choices(pattern):
        re.compile(choice)
        assert choice[0].isalpha()
