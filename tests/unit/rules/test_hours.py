"""The owner's quiet."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mentorup_daemon.records import Owner, WorkingHours
from mentorup_daemon.rules.hours import (
    at_wall_clock,
    before_deadline,
    earliest,
    in_hours,
    last_hour_before,
    latest,
    next_opening,
)
from tests.unit.rules.people import ALWAYS, MONDAY, SAM, ZONE

moments = st.datetimes(datetime(2025, 1, 1), datetime(2029, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))
owners = st.builds(
    lambda opens, length, days, zone: Owner(
        name="Sam",
        email="sam@example.org",
        timezone=zone,
        hours=WorkingHours(opens, min(opens + length, 1440), frozenset(days)),
    ),
    st.integers(0, 1380),
    st.integers(30, 1440),
    st.sets(st.integers(0, 6), min_size=1),
    st.sampled_from(["America/Los_Angeles", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"]),
)


@given(moments, owners)
def test_the_next_opening_lies_in_working_hours_and_never_before(moment: datetime, owner: Owner) -> None:
    opening = next_opening(moment, owner)
    assert opening >= moment
    assert in_hours(opening, owner)


@given(moments, owners)
def test_the_last_hour_before_lies_in_working_hours_and_never_after(moment: datetime, owner: Owner) -> None:
    last = last_hour_before(moment, owner)
    assert last <= moment
    assert in_hours(last, owner)


@given(moments, moments, owners)
def test_what_has_a_deadline_comes_in_hours_and_before_it(one: datetime, other: datetime, owner: Owner) -> None:
    due, deadline = sorted((one, other + timedelta(minutes=1)))
    moment = before_deadline(due, deadline, owner)
    assert in_hours(moment, owner)
    assert moment <= deadline


@given(moments)
def test_always_has_no_quiet(moment: datetime) -> None:
    assert next_opening(moment, ALWAYS) == moment


def test_always_holds_on_days_off_too() -> None:
    sunday = datetime(2026, 11, 29, 3, 0, tzinfo=ZONE)
    weekdays = Owner(name="Sam", email="s@example.org", hours=WorkingHours(0, 1440))
    assert in_hours(sunday, weekdays)


def test_friday_night_moves_to_monday_morning() -> None:
    friday = datetime(2026, 11, 27, 19, 30, tzinfo=ZONE)
    assert next_opening(friday, SAM) == datetime(2026, 11, 30, 8, 0, tzinfo=ZONE)


def test_a_monday_meeting_is_prepared_on_friday_rather_than_an_hour_ahead() -> None:
    meeting = MONDAY
    assert before_deadline(meeting - timedelta(hours=48), meeting, SAM) == datetime(2026, 11, 27, 17, 0, tzinfo=ZONE)


def test_eight_stays_eight_across_both_changes_of_the_clock() -> None:
    for day in (date(2026, 3, 8), date(2026, 11, 1)):
        for ahead in range(-1, 2):
            opening = at_wall_clock(day + timedelta(days=ahead), 8 * 60, ZONE)
            assert (opening.hour, opening.minute) == (8, 0)


def test_a_time_that_the_clocks_skip_is_read_after_the_gap() -> None:
    assert at_wall_clock(date(2026, 3, 8), 2 * 60 + 30, ZONE).astimezone(UTC) == datetime(
        2026, 3, 8, 10, 30, tzinfo=UTC
    )


@given(moments, owners, st.integers(1, 500))
def test_a_glance_at_the_date_never_passes_over_what_is_due(moment: datetime, owner: Owner, hours: int) -> None:
    assert moment <= latest(before_deadline(moment, moment + timedelta(hours=hours), owner))
    assert moment >= earliest(next_opening(moment, owner))
