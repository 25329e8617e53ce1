"""Meetings are found by when they begin and end, whatever zone their moments are told in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from mentorup_daemon.records import Meeting
from tests.unit.rules.people import meeting, snapshot

AUTUMN = datetime(2026, 11, 1, tzinfo=UTC)
"""The day on which the clocks are put back in Los Angeles."""

moments = st.integers(-12, 36).map(lambda halves: AUTUMN + timedelta(minutes=30 * halves))
zones = st.sampled_from([UTC, ZoneInfo("America/Los_Angeles"), ZoneInfo("Europe/Berlin")])
told = st.builds(lambda moment, zone: moment.astimezone(zone), moments, zones)
states = st.sampled_from(["confirmed", "tentative", "cancelled", "declined"])


@st.composite
def calendars(draw: st.DrawFn) -> list[Meeting]:
    made = draw(st.lists(st.tuples(told, states, st.integers(15, 240)), max_size=8))
    return [
        meeting(start, key=f"m{number}", minutes=minutes, status=status)
        for number, (start, status, minutes) in enumerate(made)
    ]


@given(calendars(), told, told)
def test_a_look_between_two_moments_finds_what_a_walk_over_all_meetings_finds(
    meetings: list[Meeting], after: datetime, until: datetime
) -> None:
    view = snapshot(meetings, acquainted=False)
    # in UTC, for moments of one zone are compared by their wall clocks, which tell one hour twice that day
    low, high = after.astimezone(UTC), until.astimezone(UTC)
    begins = {one.key: one.start.astimezone(UTC) for one in meetings if one.on}
    ends = {one.key: one.end.astimezone(UTC) for one in meetings if one.on}
    for found, moment in (
        (view.meetings_ahead(after, until), begins),
        (view.meetings_over(after, until), ends),
    ):
        walked = [key for key in moment if low < moment[key] <= high]
        assert [one.key for one in found] == sorted(walked, key=lambda key: (moment[key], key))
