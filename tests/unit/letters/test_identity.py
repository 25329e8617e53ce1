"""Message-IDs: the same for the same letter, different for any other, and telling nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentorup_daemon.letters.identity import message_id


@given(st.binary(min_size=1), st.text(), st.text(), st.integers(1, 99))
def test_the_same_key_has_the_same_id_and_nothing_else_has(
    secret: bytes, account: str, key: str, revision: int
) -> None:
    made = message_id(secret, account, key, revision, "example.org")
    assert re.fullmatch(r"<[0-9a-f]{40}@example\.org>", made)
    assert made == message_id(secret, account, key, revision, "example.org")
    others = {
        message_id(secret + b"x", account, key, revision, "example.org"),
        message_id(secret, account + "x", key, revision, "example.org"),
        message_id(secret, account, key + "x", revision, "example.org"),
        message_id(secret, account, key, revision + 1, "example.org"),
        message_id(secret, account + key, "", revision, "example.org") if key else "",
    }
    assert made not in others


def test_where_one_part_ends_and_the_next_begins_matters() -> None:
    assert message_id(b"s", "ab", "c", 1, "x.org") != message_id(b"s", "a", "bc", 1, "x.org")


def test_a_domain_that_is_none_still_makes_an_id() -> None:
    assert message_id(b"s", "a", "k", 1, "bad domain\r\n").endswith("@localhost>")


def test_no_id_without_a_secret() -> None:
    with pytest.raises(ValueError, match="secret"):
        message_id(b"", "a", "k", 1, "example.org")
