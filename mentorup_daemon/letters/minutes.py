"""Sharing a meeting's minutes out over its items, so that they add up to the meeting and no further (T7)."""

from __future__ import annotations

from collections.abc import Sequence

STEP = 5  # minutes: nobody plans finer, and less isn't worth naming


def fitting(total: int, items: int) -> int:
    """How many of the items a meeting of `total` minutes has room for, five minutes each; one at least."""
    return min(items, max(1, total // STEP)) if total > 0 else 0


def divide(total: int, estimates: Sequence[int | None], weights: Sequence[int]) -> tuple[list[int], int]:
    """Minutes of each item, and what is left over; together they are `total`.

    `estimates` are the owner's own, None to share out what the others leave by `weights` (1 or more). They are kept
    when all items fit with them, else scaled down in proportion. There are as many items as `fitting` allows.
    """
    if not estimates or total <= 0:
        return [0] * len(estimates), max(0, total)
    own = [None if estimate is None else max(1, estimate) for estimate in estimates]
    given = sum(estimate or 0 for estimate in own)
    open_ones = [index for index, estimate in enumerate(own) if estimate is None]
    if given + STEP * len(open_ones) > total:
        return share(total, [estimate or STEP for estimate in own]), 0
    if not open_ones:
        return [estimate or 0 for estimate in own], total - given
    shared = iter(share(total - given, [weights[index] for index in open_ones]))
    return [next(shared) if estimate is None else estimate for estimate in own], 0


def share(total: int, weights: Sequence[int]) -> list[int]:
    """`total` minutes in steps of five, at least one step each, by weight; odd minutes go to the first.

    Where there isn't a step for each, single minutes are shared; callers keep `len(weights)` at or below `total`.
    """
    step = STEP if total // STEP >= len(weights) else 1
    steps = [1] * len(weights)
    for _ in range(total // step - len(weights)):  # each further step to whoever is furthest behind (D'Hondt)
        best = max(range(len(weights)), key=lambda index: (weights[index] / (steps[index] + 1), -index))
        steps[best] += 1
    minutes = [step * each for each in steps]
    minutes[0] += total - sum(minutes)
    return minutes
