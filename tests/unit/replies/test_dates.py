"""Dates and durations as people type them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentorup_daemon.replies.dates import NotADate, UnusableDate, read_date, read_duration

ZONE = ZoneInfo("America/Los_Angeles")
NOW = datetime(2026, 11, 25, 10, 0, tzinfo=ZONE)  # a Wednesday


def read(text: str) -> str:
    return read_date(text, zone=ZONE, now=NOW).strftime("%a %Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("2026-12-11", "Fri 2026-12-11 00:00"),
        ("11.12.", "Fri 2026-12-11 00:00"),
        ("11.12.2027", "Sat 2027-12-11 00:00"),
        ("11.12.26", "Fri 2026-12-11 00:00"),
        ("1.9.", "Wed 2027-09-01 00:00"),
        ("12/13", "Sun 2026-12-13 00:00"),
        ("12/12", "Sat 2026-12-12 00:00"),
        ("1 Sep", "Wed 2027-09-01 00:00"),
        ("Dec 11th", "Fri 2026-12-11 00:00"),
        ("11 December 2026", "Fri 2026-12-11 00:00"),
        ("the 30th", "Mon 2026-11-30 00:00"),
        ("the 15th", "Tue 2026-12-15 00:00"),
        ("March", "Mon 2027-03-01 00:00"),
        ("today", "Wed 2026-11-25 00:00"),
        ("tomorrow.", "Thu 2026-11-26 00:00"),
        ("Friday", "Fri 2026-11-27 00:00"),
        ("on fri", "Fri 2026-11-27 00:00"),
        ("wednesday", "Wed 2026-12-02 00:00"),  # never today
        ("next Friday", "Fri 2026-12-04 00:00"),
        ("Monday next week", "Mon 2026-11-30 00:00"),
        ("Friday, 11 December", "Fri 2026-12-11 00:00"),
        ("in two weeks", "Wed 2026-12-09 00:00"),
        ("in 3 months", "Thu 2027-02-25 00:00"),
        ("next week", "Mon 2026-11-30 00:00"),
        ("end of the week", "Fri 2026-11-27 00:00"),
        ("end of next month", "Thu 2026-12-31 00:00"),
        ("end of May", "Mon 2027-05-31 00:00"),
        ("Friday at 3pm", "Fri 2026-11-27 15:00"),
        ("2026-12-11 14:30", "Fri 2026-12-11 14:30"),
        ("2026-12-11T14:30", "Fri 2026-12-11 14:30"),
        ("29 Feb", "Tue 2028-02-29 00:00"),
        ("Freitag", "Fri 2026-11-27 00:00"),
        ("3 mars", "Wed 2027-03-03 00:00"),
        ("mañana", "Thu 2026-11-26 00:00"),
        ("in 2 Wochen", "Wed 2026-12-09 00:00"),
        ("12月11日", "Fri 2026-12-11 00:00"),
    ],
)
def test_a_date_is_the_next_such_day(typed: str, expected: str) -> None:
    assert read(typed) == expected


@pytest.mark.parametrize(
    "words", ["", "Kim", "me", "a", "no", "3", "2.5", "the way", "Friday works", "week", "soon", "Sam"]
)
def test_other_words_are_no_date(words: str) -> None:
    with pytest.raises(NotADate) as caught:
        read(words)
    assert not isinstance(caught.value, UnusableDate)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("11/12", "two different days"),
        ("31.2.", "no such day"),
        ("2026-02-30", "no such day"),
        ("1 Sep 2025", "1 September 2025 has passed"),
        ("yesterday", "has passed"),
        ("Thursday, 11 December", "is no Thursday"),
        ("in 9999 days", "too far ahead"),
    ],
)
def test_a_date_that_cannot_be_gone_by_says_why(typed: str, why: str) -> None:
    with pytest.raises(UnusableDate, match=why):
        read(typed)


def test_a_time_across_the_change_of_clocks_stays_on_the_wall() -> None:
    assert read_date("8 March 2027 9:00", zone=ZONE, now=NOW).isoformat() == "2027-03-08T09:00:00-08:00"
    assert read_date("15 March 2027 9:00", zone=ZONE, now=NOW).isoformat() == "2027-03-15T09:00:00-07:00"


@pytest.mark.parametrize(("typed", "hours"), [("3d", 72), ("48h", 48), ("2w", 336), ("90m", 1.5), ("3 days", 72)])
def test_durations(typed: str, hours: float) -> None:
    assert read_duration(typed) == timedelta(hours=hours)


@pytest.mark.parametrize("typed", ["0d", "99999w"])
def test_durations_that_are_none(typed: str) -> None:
    with pytest.raises(UnusableDate):
        read_duration(typed)


@settings(deadline=None)
@given(
    st.one_of(
        st.text(max_size=80),
        st.from_regex(r"[0-9]{1,4}[./ -][0-9a-z]{1,9}[./ -]?[0-9]{0,4}", fullmatch=True),
        st.lists(
            st.sampled_from("next end of friday in two 5 99 weeks may 31 , . 12:00 3pm year T 2026-12-31".split())
        ).map(" ".join),
    ),
    st.integers(946_684_800, 4_102_444_800).map(lambda second: datetime.fromtimestamp(second, UTC)),
)
def test_any_text_is_a_coming_day_or_none(text: str, now: datetime) -> None:
    try:
        found = read_date(text, zone=ZONE, now=now)
    except NotADate:
        return
    assert found.tzinfo is ZONE
    assert found.date() >= now.astimezone(ZONE).date()
