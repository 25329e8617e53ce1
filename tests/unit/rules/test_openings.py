"""Times to propose for the next meeting: within both people's hours, clear of the owner's calendars (P3, T10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from mentorup_daemon.records import Meeting, Mentor, Owner, WorkingHours
from mentorup_daemon.rules.openings import NOTICE, Busy, meeting_length, openings, window
from tests.unit.rules.people import ALWAYS, ANA, MONDAY, SAM, ZONE, meeting, snapshot

MONTHLY = replace(ANA, cadence=timedelta(days=30))
HELD = meeting(MONDAY + timedelta(hours=5))  # Monday 30 November, 14:00
AFTER = HELD.end + timedelta(days=1)
BERLIN = ZoneInfo("Europe/Berlin")


def proposed(
    busy: tuple[Busy, ...] = (), *, person: Mentor = MONTHLY, owner: Owner = SAM, held: Meeting = HELD
) -> list[str]:
    view = snapshot([held], mentors=(person,), owner=owner)
    return [f"{one:%a %d %b %H:%M}" for one in openings(view, held, person, busy, held.end + timedelta(days=1))]


def taken(day: int, hour: int, until: int) -> Busy:
    return datetime(2026, 12, day, hour, tzinfo=ZONE), datetime(2026, 12, day, until, tzinfo=ZONE)


def test_p3_three_days_on_or_before_the_agreed_one_at_the_usual_time_and_two_others() -> None:
    assert proposed() == ["Fri 25 Dec 15:00", "Mon 28 Dec 10:00", "Wed 30 Dec 14:00"]


def test_p3_what_the_owner_has_is_left_free_by_the_minute() -> None:
    assert proposed((taken(30, 9, 14), taken(30, 15, 18))) == [
        "Fri 25 Dec 15:00",
        "Mon 28 Dec 10:00",
        "Wed 30 Dec 14:00",
    ]
    assert proposed((taken(30, 14, 15),))[2] == "Wed 30 Dec 13:00"  # 13:00 to 13:45; 13:30 would reach into it
    assert "Wed 30" not in " ".join(proposed((taken(30, 0, 23),)))


def test_p3_where_there_is_no_time_at_all_none_is_proposed() -> None:
    assert proposed(((MONDAY, MONDAY + timedelta(days=120)),)) == []


def test_t10_the_mentors_hours_and_holidays_are_respected() -> None:
    away = replace(MONTHLY, away=((date(2026, 12, 24), date(2027, 1, 3)),))
    assert proposed(person=away) == ["Fri 18 Dec 15:00", "Mon 21 Dec 10:00", "Wed 23 Dec 14:00"]
    tuesdays = replace(MONTHLY, hours=WorkingHours(opens=540, closes=1020, days=frozenset({1})))
    assert [one[:3] for one in proposed(person=tuesdays)] == ["Tue"] * 3


def test_t10_two_zones_leave_the_hours_that_both_have() -> None:
    berlin = replace(MONTHLY, timezone="Europe/Berlin")  # nine hours ahead: 9 to 17 there is 0 to 8 here
    assert proposed(person=berlin) == []
    late = replace(berlin, hours=WorkingHours(opens=10 * 60, closes=20 * 60))
    assert {one[-5:] for one in proposed(person=late)} <= {"08:00", "08:30", "09:00", "09:30", "10:00"}
    tokyo = replace(MONTHLY, timezone="Asia/Tokyo")  # 16:00 here is 9:00 on the next day there: no Fridays
    assert proposed(person=tokyo) == ["Thu 24 Dec 16:00", "Mon 28 Dec 16:00", "Wed 30 Dec 16:00"]


def test_p3_a_short_cadence_is_never_sooner_than_polite() -> None:
    weekly = replace(MONTHLY, cadence=timedelta(days=2))
    assert proposed(person=weekly)[0] == "Fri 04 Dec 14:00"


def test_an_owner_without_hours_of_their_own_meets_nobody_at_night() -> None:
    always = replace(MONTHLY, hours=WorkingHours(0, 1440))
    assert {int(one[-5:-3]) for one in proposed(owner=ALWAYS, person=always)} <= set(range(9, 17))


def test_a_whole_day_or_no_time_at_all_is_no_length_for_a_meeting() -> None:
    assert meeting_length(HELD) == timedelta(minutes=45)
    assert meeting_length(meeting(MONDAY, minutes=0)) == timedelta(hours=1)
    assert meeting_length(meeting(MONDAY, minutes=1440, all_day=True)) == timedelta(hours=1)


def test_d08_nine_stays_nine_across_both_changes_of_the_clock() -> None:
    for day in (date(2027, 3, 12), date(2026, 11, 2)):
        held = meeting(datetime(day.year, day.month, day.day, 9, tzinfo=ZONE) - timedelta(days=7))
        found = proposed(held=held, person=replace(MONTHLY, cadence=timedelta(days=7)))
        assert found
        assert sum(one.endswith("09:00") for one in found) == 1


zones = st.sampled_from(["America/Los_Angeles", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"])
hours = st.builds(
    lambda opens, length, days: WorkingHours(opens, min(opens + length, 1440), frozenset(days)),
    st.integers(0, 1200),
    st.integers(60, 1440),
    st.sets(st.integers(0, 6), min_size=1),
)
starts = st.datetimes(datetime(2026, 9, 1), datetime(2027, 4, 1)).map(lambda moment: moment.replace(tzinfo=UTC))
spans = st.lists(
    st.tuples(st.integers(0, 60 * 24 * 60), st.integers(1, 3000)), max_size=40
)  # minutes after the meeting, and how long


def within(begin: datetime, end: datetime, of: WorkingHours, zone: ZoneInfo) -> bool:
    """An own account of it, minute by minute on the wall clock."""
    moments = [begin.astimezone(UTC) + timedelta(minutes=n) for n in range(int((end - begin).total_seconds() // 60))]
    local = [moment.astimezone(zone) for moment in moments]
    inside = (of.opens <= one.hour * 60 + one.minute < of.closes and one.weekday() in of.days for one in local)
    return of.always or (all(inside) and len({one.date() for one in local}) == 1)


@given(starts, spans, zones, zones, hours, hours, st.integers(1, 90), st.integers(15, 180))
def test_p3_t10_no_proposal_ever_overlaps_or_leaves_anyones_hours(
    start: datetime,
    minutes: list[tuple[int, int]],
    zone: str,
    theirs: str,
    own: WorkingHours,
    others: WorkingHours,
    cadence: int,
    length: int,
) -> None:
    owner = replace(SAM, timezone=zone, hours=own)
    away = ((start.date() + timedelta(days=20), start.date() + timedelta(days=25)),)
    person = replace(ANA, timezone=theirs, hours=others, cadence=timedelta(days=cadence), away=away)
    held = meeting(start.astimezone(ZoneInfo(zone)), minutes=length)
    view = snapshot([held], mentors=(person,), owner=owner)
    busy = [(start + timedelta(minutes=first), start + timedelta(minutes=first + long)) for first, long in minutes]
    now = held.end + timedelta(days=1)
    found = openings(view, held, person, busy, now)
    assert openings(view, held, person, busy[::-1], now + timedelta(minutes=1)) == found or (
        (now + timedelta(minutes=1)).astimezone(owner.zone).date() != now.astimezone(owner.zone).date()
    )
    assert len(found) <= 3
    days = [one.astimezone(owner.zone).date() for one in found]
    assert all(earlier < later for earlier, later in pairwise(days))
    low, high = window(view, held, person, now)
    for begin in found:
        end = (begin.astimezone(UTC) + timedelta(minutes=length)).astimezone(owner.zone)
        assert begin.astimezone(owner.zone).date() >= now.astimezone(owner.zone).date() + NOTICE
        assert low.astimezone(UTC) <= begin.astimezone(UTC) < high.astimezone(UTC)
        assert own.always or within(begin, end, own, owner.zone)
        assert within(begin, end, others, ZoneInfo(theirs))
        assert person.away_until(begin.astimezone(ZoneInfo(theirs)).date()) is None
        assert not any(first < end.astimezone(UTC) and begin.astimezone(UTC) < last for first, last in busy)
