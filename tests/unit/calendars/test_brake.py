"""The brake against mass deletion (D04)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentorup_daemon.calendars import suspicious


@pytest.mark.parametrize(
    ("known", "gone", "expected"),
    [
        (0, 0, False),
        (1, 1, False),
        (2, 2, False),
        (3, 3, True),
        (3, 2, False),
        (9, 8, False),
        (9, 9, True),
        (10, 5, False),
        (10, 6, True),
        (10_000, 5_000, False),
        (10_000, 5_001, True),
    ],
)
def test_d04_losing_all_or_most_is_suspicious(known: int, gone: int, expected: bool) -> None:
    assert suspicious(known, gone) is expected


@given(known=st.integers(0, 20_000), gone=st.integers(0, 20_000))
def test_d04_losing_more_is_never_less_suspicious(known: int, gone: int) -> None:
    assert suspicious(known, gone + 1) or not suspicious(known, gone)


@given(known=st.integers(0, 20_000))
def test_d04_losing_nothing_never_is(known: int) -> None:
    assert not suspicious(known, 0)
