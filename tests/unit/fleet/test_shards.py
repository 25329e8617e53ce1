"""How shards are shared: whatever the listeners hold at first, all come to be held, each by one, and evenly."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mentorup_daemon.service.fleet.shards import fair_share, lacking, surplus
from mentorup_daemon.store.fleet_tables import SHARDS

EVERY = frozenset(range(SHARDS))


@st.composite
def fleets(draw: st.DrawFn) -> list[frozenset[int]]:
    """What each of some listeners holds, none of it twice."""
    listeners = draw(st.integers(1, 70))
    holders = draw(st.lists(st.integers(-1, listeners - 1), min_size=SHARDS, max_size=SHARDS))
    return [frozenset(shard for shard in EVERY if holders[shard] == one) for one in range(listeners)]


@given(fleets(), st.randoms(use_true_random=False))
def test_i8_two_rounds_in_any_order_share_all_shards_evenly(fleet: list[frozenset[int]], chance: object) -> None:
    living = len(fleet)
    for _ in range(2):
        for one in chance.sample(range(living), living):  # type: ignore[attr-defined]
            free = EVERY - frozenset().union(*fleet)
            kept = fleet[one] - surplus(fleet[one], living)
            fleet[one] = kept | frozenset(lacking(fleet[one], free, living, one * 7 % SHARDS))
    assert frozenset().union(*fleet) == EVERY
    assert sum(map(len, fleet)) == SHARDS
    assert all(len(held) <= fair_share(living) for held in fleet)


@given(fleets(), st.integers(0, SHARDS - 1))
def test_i8_nothing_moves_once_it_is_shared(fleet: list[frozenset[int]], offset: int) -> None:
    living = len(fleet)
    free = EVERY - frozenset().union(*fleet)
    for held in fleet:
        if len(held) <= fair_share(living):
            assert not surplus(held, living)
        wanted = lacking(held, free, living, offset)
        assert set(wanted) <= free
        assert len(held - surplus(held, living)) + len(wanted) <= fair_share(living)


@given(st.integers(1, 200))
def test_i8_the_shares_of_all_listeners_make_up_all_shards(listeners: int) -> None:
    assert fair_share(listeners) * listeners >= SHARDS
    assert (fair_share(listeners) - 1) * listeners < SHARDS
