"""Where an account has its place within each interval: and all of them are spread."""

from __future__ import annotations

from mentorup_daemon.service.fleet.passes import phase, spread


def test_i8_the_place_of_an_account_is_its_own() -> None:
    assert 0 <= phase("sam@example.org") < 1
    assert phase("sam@example.org") != phase("kim@example.org")


def test_i8_ten_thousand_mentees_of_a_programme_are_spread_over_the_interval() -> None:
    places = [phase(f"mentee{number}@students.example.org") for number in range(10_000)]
    tenths = [sum(tenth / 10 <= place < (tenth + 1) / 10 for place in places) for tenth in range(10)]
    assert min(tenths) > 900
    assert max(tenths) < 1100


def test_i8_what_is_due_at_nine_comes_to_ten_thousand_within_that_minute_and_not_at_once() -> None:
    seconds = sorted(spread(f"mentee{number}@students.example.org") for number in range(10_000))
    assert seconds[0] >= 0
    assert seconds[-1] < 60
    busiest = max(sum(1 for one in seconds if second <= one < second + 1) for second in range(60))
    assert busiest < 10_000 / 60 * 1.5
