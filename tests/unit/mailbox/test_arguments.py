"""Nothing from outside gets out of its place in an IMAP command."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentorup_daemon.errors import ConfigError
from mentorup_daemon.mailbox import arguments

odd_text = st.text(alphabet=st.sampled_from('ab "\\(){}%*]\r\n\0ü\x7f\t'), max_size=12)


@given(odd_text)
def test_i09_a_quoted_string_holds_its_value_and_nothing_ends_it(value: str) -> None:
    if set(value) & set("\r\n\0"):
        with pytest.raises(ConfigError):
            arguments.quoted(value, "a value")
        return
    made = arguments.quoted(value, "a value")
    assert re.fullmatch(r'"(?:[^"\\\r\n\0]|\\["\\])*"', made)
    assert re.sub(r"\\(.)", r"\1", made[1:-1]) == value


@given(st.text(max_size=8) | odd_text)
def test_i09_a_keyword_is_an_atom_or_refused(value: str) -> None:
    atom = bool(value) and all(33 <= ord(sign) < 127 and sign not in '(){%*"\\]' for sign in value)
    if atom:
        assert arguments.keyword(value) == value
    else:
        with pytest.raises(ConfigError):
            arguments.keyword(value)


def test_i09_flags_are_the_systems_own_or_keywords() -> None:
    assert arguments.flags(["\\Draft", "$MentorFiled"]) == ("\\Draft", "$MentorFiled")
    for bad in ("\\Recent", "\\Anything", "\\Seen) {5}"):
        with pytest.raises(ConfigError):
            arguments.flags([bad])


@given(st.lists(st.sampled_from(["A", "B", "C"]), min_size=1, max_size=6))
def test_or_takes_exactly_two_each_time(criteria: list[str]) -> None:
    def read(words: list[str]) -> list[str]:
        word = words.pop(0)
        return [*read(words), *read(words)] if word == "OR" else [word]

    words = arguments.any_of(criteria).split()
    assert read(words) == criteria
    assert words == []


@given(st.lists(st.integers(1, 2**32 - 1)), st.integers(1, 50))
def test_i08_batches_hold_every_uid_once_in_order(uids: list[int], size: int) -> None:
    cut = arguments.batches(uids, size)
    assert [uid for batch in cut for uid in batch] == sorted(set(uids))
    assert all(0 < len(batch) <= size for batch in cut)
