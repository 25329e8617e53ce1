"""Rules of recurrence: right by dateutil, which is slow but trusted, and bounded where it is not."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from dateutil.rrule import rrulestr
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from mentorup_daemon.errors import Malformed
from mentorup_daemon.events.recurrence import read_rule, slots

FIRST = datetime(1990, 1, 1, 9)
THEN = datetime(2026, 1, 1)
WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


def some(values: list, name: str, most: int = 3) -> st.SearchStrategy[str]:
    lists = st.lists(st.sampled_from(values), min_size=1, max_size=most, unique=True)
    return st.one_of(st.just(""), lists.map(lambda found: f";{name}=" + ",".join(map(str, found))))


def both_ways(high: int) -> list[int]:
    return [*range(1, high + 1), *range(-high, 0)]


@st.composite
def rules(draw: st.DrawFn) -> str:
    """Rules that dateutil reads as the RFC does: no BYWEEKNO without BYDAY, no `MO` beside `2TU` in one BYDAY."""
    freq = draw(st.sampled_from(["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY"]))
    rule = f"FREQ={freq};INTERVAL={draw(st.integers(1, 4))};WKST={draw(st.sampled_from(WEEKDAYS))}"
    rule += draw(some(list(range(1, 13)), "BYMONTH"))
    if freq == "YEARLY" and draw(st.booleans()):
        return rule + draw(some(both_ways(53), "BYWEEKNO")) + ";BYDAY=" + draw(st.sampled_from(WEEKDAYS))
    if freq == "YEARLY":
        rule += draw(some(both_ways(366), "BYYEARDAY"))
    if freq != "WEEKLY":
        rule += draw(some(both_ways(31), "BYMONTHDAY"))
    counted = [nth + day for nth in ("1", "2", "+3", "5", "-1", "-2") for day in WEEKDAYS]
    rule += draw(some(counted if freq in ("YEARLY", "MONTHLY") and draw(st.booleans()) else WEEKDAYS, "BYDAY"))
    rule += draw(some(list(range(24)), "BYHOUR")) + draw(some(list(range(60)), "BYMINUTE", 2))
    return rule + (draw(some(both_ways(6), "BYSETPOS", 2)) if draw(st.booleans()) else "")


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(
    rule=rules(),
    first=st.datetimes(datetime(1999, 1, 1), datetime(2030, 1, 1)).map(lambda at: at.replace(second=0, microsecond=0)),
    count=st.integers(2, 60),
    skip=st.integers(0, 800),
)
def test_d07_rules_come_when_dateutil_says(rule: str, first: datetime, count: int, skip: int) -> None:
    low = first + timedelta(days=skip)
    high = low + timedelta(days=500)
    try:
        theirs = rrulestr(rule, dtstart=first)
    except ValueError:  # dateutil refuses hours that are never met
        assume(False)
    # dateutil searches to the year 9999 for a time after `high`: go on only where there is one soon.
    assume(any(slots(read_rule(rule), first, high, high + timedelta(days=3000), None)))
    all_of_them = [at for at in iter_until(theirs, high) if at != first]
    expected = [first, *all_of_them]
    assert list(slots(read_rule(rule), first, low, high, None)) == [at for at in expected if at >= low]
    counted = [at for at in expected[:count] if at >= low]
    assert list(slots(read_rule(f"{rule};COUNT={count}"), first, low, high, None)) == counted
    until = expected[min(count, len(expected) - 1)]
    bounded = [at for at in expected if low <= at <= until]
    assert list(slots(read_rule(rule), first, low, high, until)) == bounded


def iter_until(theirs, high: datetime):
    for at in theirs:
        if at >= high:
            return
        yield at


@pytest.mark.parametrize(
    ("rule", "times"),
    [
        ("FREQ=DAILY", 31),
        ("FREQ=HOURLY", 31 * 24),
        ("FREQ=HOURLY;COUNT=99999999999", 31 * 24),
        ("FREQ=DAILY;COUNT=1000000", 31),
        ("FREQ=DAILY;COUNT=100", 0),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;COUNT=9999", 22),
        ("FREQ=DAILY;BYSETPOS=5", 0),
        ("FREQ=HOURLY;BYSETPOS=2", 0),
        ("FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30", 0),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", 0),
        ("FREQ=YEARLY;INTERVAL=99999999999", 0),
        ("FREQ=WEEKLY;INTERVAL=99999999999999999999", 0),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1,1,-4,99,-99", 1),
    ],
)
def test_d05_the_cost_is_bounded_by_the_window(rule: str, times: int) -> None:
    found = list(slots(read_rule(rule), FIRST, THEN, THEN + timedelta(days=31), None))
    assert len(found) == times
    assert len(set(found)) == times


def test_d05_a_rule_that_has_to_be_counted_out_for_too_long_is_refused() -> None:
    rule = read_rule("FREQ=HOURLY;COUNT=300000;BYMONTH=1,2")
    with pytest.raises(Malformed, match="steps"):
        list(slots(rule, FIRST, THEN, THEN + timedelta(days=31), None))


def test_d05_many_times_in_one_period_are_steps_too() -> None:
    hours, minutes = ",".join(map(str, range(24))), ",".join(map(str, range(0, 60, 5)))
    rule = read_rule(f"FREQ=YEARLY;COUNT=9999999;BYHOUR={hours};BYMINUTE={minutes};BYDAY=MO,TU,WE,TH,FR,SA,SU")
    with pytest.raises(Malformed, match="steps"):
        list(slots(rule, datetime(1900, 1, 1), THEN, THEN + timedelta(days=31), None))


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL=0"),
        ("FREQ=DAILY;INTERVAL=-1", "INTERVAL=-1"),
        ("FREQ=DAILY;INTERVAL=two", "no number"),
        ("FREQ=SECONDLY", "secondly"),
        ("FREQ=MINUTELY;COUNT=3", "minutely"),
        ("FREQ=HOURLY;BYMINUTE=" + ",".join(map(str, range(60))), "12 times an hour"),
        ("FREQ=YEARLY;BYMINUTE=0,20,40;BYSECOND=0,10,20,30,40", "12 times an hour"),
        ("FREQ=FORTNIGHTLY", "no frequency"),
        ("INTERVAL=2", "no frequency"),
        ("FREQ=YEARLY;BYMONTH=13", "BYMONTH=13"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY=0"),
        ("FREQ=MONTHLY;BYDAY=XX", "no day"),
        ("FREQ=DAILY;BYEASTER=1", "BYEASTER"),
        ("FREQ=WEEKLY;WKST=XX", "WKST"),
        ("RSCALE=CHINESE;FREQ=YEARLY", "7529"),
        ("FREQ=DAILY;COUNT=" + "9" * 5000, "no number"),
    ],
)
def test_d05_rules_that_are_refused_say_why(rule: str, said: str) -> None:
    with pytest.raises(Malformed, match=said):
        read_rule(rule)


def test_rules_are_read_as_people_write_them() -> None:
    assert read_rule(" freq=weekly ; byday=mo,\tTU; ") == read_rule("FREQ=WEEKLY;BYDAY=MO,TU")
    assert read_rule("FREQ=DAILY;COUNT=-1").count is None
    assert read_rule("FREQ=DAILY;COUNT=0").count == 1
    assert read_rule("FREQ=DAILY;BYDAY=;X-NOTE=1").by_day == ()


def test_a_leap_day_comes_in_leap_years() -> None:
    born = datetime(2024, 2, 29, 12)
    found = slots(read_rule("FREQ=YEARLY"), born, born, datetime(2041, 1, 1), None)
    assert [at.year for at in found] == [2024, 2028, 2032, 2036, 2040]


def test_week_number_without_a_day_takes_the_weekday_of_the_start() -> None:
    first = datetime(2026, 5, 13, 9)  # a Wednesday, in week 20
    found = slots(read_rule("FREQ=YEARLY;BYWEEKNO=20"), first, first, datetime(2029, 1, 1), None)
    assert list(found) == [first, datetime(2027, 5, 19, 9), datetime(2028, 5, 17, 9)]


def test_days_with_and_without_a_number_stand_side_by_side() -> None:
    first = datetime(2026, 1, 1, 9)
    found = slots(read_rule("FREQ=MONTHLY;BYDAY=FR,1SA"), first, datetime(2026, 1, 2), datetime(2026, 2, 1), None)
    assert [at.day for at in found] == [2, 3, 9, 16, 23, 30]


def test_a_start_that_does_not_fit_its_rule_comes_and_counts_as_the_first() -> None:
    first = datetime(2026, 1, 1, 9)  # a Thursday
    found = list(slots(read_rule("FREQ=WEEKLY;BYDAY=MO;COUNT=3"), first, first, datetime(2027, 1, 1), None))
    assert found == [first, datetime(2026, 1, 5, 9), datetime(2026, 1, 12, 9)]


def test_a_rule_that_ended_before_it_began_never_comes() -> None:
    assert not list(slots(read_rule("FREQ=DAILY"), FIRST, FIRST, THEN, FIRST - timedelta(days=1)))


def test_the_end_of_the_calendar_is_an_end() -> None:
    first = datetime(9999, 12, 30, 9)
    found = list(slots(read_rule("FREQ=DAILY"), first, first, datetime(9999, 12, 31, 23), None))
    assert found == [first, datetime(9999, 12, 31, 9)]
