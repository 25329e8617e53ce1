"""Action items: only what surely asks or promises."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentorup_daemon.replies.action_items import action_items


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("TODO: rewrite aim 2", ["rewrite aim 2"]),
        ("Action: ask Kim about data access", ["ask Kim about data access"]),
        ("- [ ] book the room\n- [x] send the abstract", ["book the room"]),
        ("Good work. Please send me the revised\nabstract. I liked it.", ["Please send me the revised abstract."]),
        ("Could you send the slides, too?", ["Could you send the slides, too?"]),
        ("I'll send you Kim's address.", ["I'll send you Kim's address."]),
        ("I’ll ask Kim.", ["I’ll ask Kim."]),
        ("Send the abstract by Friday.", ["Send the abstract by Friday."]),
        ("We need the numbers by 12 December.", ["We need the numbers by 12 December."]),
        ("1. Please review p. 3 with Dr. Kim. Thanks.", ["Please review p. 3 with Dr. Kim."]),
        ("Please send it.\n\nPlease send it.", ["Please send it."]),
        ("I'll be there on Friday.", []),
        ("Nice talk by the way. Thanks, please.", []),
        ("The results came in by Friday.", []),
        ("The todo list is long.", []),
        ("TODO", []),
        ("Signed by May Lee", []),
        ("", []),
    ],
)
def test_action_items(text: str, expected: list[str]) -> None:
    assert list(action_items(text)) == expected


@settings(deadline=None)
@given(st.text(max_size=1000))
def test_items_are_lines_out_of_the_text(text: str) -> None:
    words = set(text.split())
    for item in action_items(text):
        assert len(item.splitlines()) == 1
        assert len(item) <= 500
        assert len(set(item.split()) - words) <= 1  # a mark may have stood right before the first word


@pytest.mark.parametrize(
    "text", ["please " * 50_000, "TODO " * 50_000, "\n" * 300_000, "a. B " * 60_000, "I will " * 60_000]
)
def test_long_input_is_bounded(text: str) -> None:
    assert len(action_items(text)) <= 50
