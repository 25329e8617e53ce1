"""Days, lists and lines as a reader wants them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentorup_daemon.letters.samples import NOW, ZONE
from mentorup_daemon.letters.wording import count, length, listing, number, ordinal, rhythm, when
from mentorup_daemon.letters.wrap import column, reflow, shorten


@pytest.mark.parametrize(
    ("days", "day", "on"),
    [
        (0, "today", "today"),
        (1, "tomorrow", "tomorrow"),
        (-1, "yesterday", "yesterday"),
        (2, "Thursday", "on Thursday"),
        (6, "Monday", "on Monday"),
        (7, "Tuesday 8 December", "on Tuesday 8 December"),
        (40, "Sunday 10 January", "on Sunday 10 January"),
        (400, "Wednesday 5 January 2028", "on Wednesday 5 January 2028"),
    ],
)
def test_a_day_is_called_what_the_reader_calls_it(days: int, day: str, on: str) -> None:
    told = when(NOW + timedelta(days=days), NOW, ZONE)
    assert (told.day, told.on) == (day, on)


def test_today_is_the_readers_today() -> None:
    late = datetime(2026, 12, 2, 7, 30, tzinfo=UTC)  # still Tuesday evening in Los Angeles
    assert when(late, NOW, ZONE).day == "today"
    assert when(late, NOW, ZONE).time == "23:30"


def test_a_date_without_a_time_has_none() -> None:
    assert when(date(2026, 12, 11), NOW, ZONE).time == ""
    assert when(date(2026, 12, 11), NOW, ZONE).date == "Friday 11 December"


def test_lists_and_numbers() -> None:
    assert [listing(list("abc")[:n]) for n in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert [count(1, "question"), count(2, "question")] == ["1 question", "2 questions"]
    assert [length(45), length(60), length(90), length(0)] == ["45 minutes", "1 hour", "1 hour 30 minutes", ""]
    assert [number(2), number(12), ordinal(3), ordinal(12)] == ["two", "12", "third", "12th"]


def test_long_lines_hang_under_their_words() -> None:
    text = reflow("  12   " + "word " * 20 + "\n1. " + "word " * 20 + "\n  HEARD ...   " + "word " * 20)
    lines = text.split("\n")
    assert lines[1].startswith("       word")
    assert lines[3].startswith("   word")
    assert next(line for line in lines[5:]).startswith("              word")


def test_a_paragraph_that_begins_with_a_number_does_not_hang() -> None:
    assert not reflow("2 days " + "word " * 30).split("\n")[1].startswith(" ")


@given(st.text(), st.integers(20, 100))
def test_reflow_loses_no_word_and_leaves_nothing_ragged(text: str, width: int) -> None:
    flowed = reflow(text, width)
    assert flowed.split() == text.split()
    for line in flowed.split("\n"):
        assert line == line.rstrip()
        assert len(line) <= width or max(map(len, line.split())) > width // 2
    assert "\n\n\n" not in flowed
    assert reflow(flowed, width) == flowed or max((len(word) for word in text.split()), default=0) > width // 4


@given(st.text(), st.integers(10, 80))
def test_shortened_is_one_line_within_bounds(text: str, width: int) -> None:
    short = shorten(text, width)
    assert len(short) <= width
    assert "\n" not in short


def test_columns_never_run_together() -> None:
    assert column("DONE", 6) == "DONE  "
    assert column("THEY PROMISED", 6) == "THEY PROMISED  "
    assert len(column("x", 10**9)) == 40


@pytest.mark.parametrize(
    ("days", "said"),
    [
        *((1, "every day"), (7, "every week"), (14, "every two weeks"), (30, "every month"), (60, "every two months")),
        *((10, "every ten days"), (91, "every 13 weeks"), (360, "every 12 months"), (0, "every day")),
    ],
)
def test_a_rhythm_is_told_in_the_largest_unit_that_fits(days: int, said: str) -> None:
    assert rhythm(days) == said
