"""Waits grow, stay bounded, and are never nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mentorup_daemon.records.backoff import Backoff

chances = st.floats(0, 1, exclude_max=True)


@given(st.integers(-5, 10_000), chances, st.floats(0.1, 1_000), st.floats(1, 100_000))
def test_p02_a_wait_lies_between_half_and_whole_of_its_step_and_under_the_cap(
    attempt: int, chance: float, base: float, cap: float
) -> None:
    step = min(cap, base * 2 ** min(max(attempt - 1, 0), 60))
    assert step / 2 <= Backoff(base, cap).delay(attempt, chance) <= step


@given(st.integers(1, 200))
def test_p02_without_chance_waits_never_shrink(attempt: int) -> None:
    backoff = Backoff()
    assert backoff.delay(attempt, 0) <= backoff.delay(attempt + 1, 0) <= backoff.cap


def test_the_first_waits() -> None:
    assert [Backoff(1, 5).delay(attempt, 0) for attempt in (1, 2, 3, 4)] == [1, 2, 4, 5]
