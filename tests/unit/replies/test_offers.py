"""Offers: what a mail asks or promises, as lines that the reader of commands takes for what they say."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentorup_daemon.replies.action_items import action_items
from mentorup_daemon.replies.commands import parse_commands
from mentorup_daemon.replies.offers import offers

ZONE = ZoneInfo("America/Los_Angeles")
NOW = datetime(2026, 11, 30, 9, tzinfo=ZONE)  # a Monday


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Could you please send me the aims by Friday?", "I PROMISED send me the aims by 4 Dec 2026"),
        ("I'll send you Kim's address.", "THEY PROMISED send you Kim's address"),
        ("I will ask Kim by tomorrow.", "THEY PROMISED ask Kim by 1 Dec 2026"),
        ("TODO: rewrite aim 2", "I PROMISED rewrite aim 2"),
        ("Please send it and I'll review it.", "I PROMISED send it and I'll review it"),
        ("Please send it by 31 February.", "I PROMISED send it"),
        ("Please send it by train.", "I PROMISED send it by train"),
    ],
)
def test_an_item_is_offered_with_its_owner_and_its_day(text: str, expected: str) -> None:
    assert offers(action_items(text), zone=ZONE, written=NOW, now=NOW) == (expected,)


def test_what_the_owner_promises_is_the_owners() -> None:
    items = action_items("I'll send her the aims by Friday.")
    assert offers(items, zone=ZONE, written=NOW, now=NOW, by_owner=True) == (
        "I PROMISED send her the aims by 4 Dec 2026",
    )


def test_a_day_is_seen_from_when_it_was_written_and_left_out_once_it_has_passed() -> None:
    written = datetime(2026, 11, 16, 9, tzinfo=ZONE)
    items = action_items("Please send it by Friday. Please review mine by 10 December.")
    assert offers(items, zone=ZONE, written=written, now=NOW) == (
        "I PROMISED send it",
        "I PROMISED review mine by 10 Dec 2026",
    )


@given(st.lists(st.text(max_size=200), max_size=20))
def test_every_offer_is_one_command_when_it_is_sent_back(items: list[str]) -> None:
    found = offers(items, zone=ZONE, written=NOW, now=NOW)
    assert len(found) <= 10
    for line in found:
        [command] = parse_commands(line, zone=ZONE, now=NOW).commands
        assert not command.problem
        assert command.name in ("I PROMISED", "THEY PROMISED")
