"""Series: what recurs, what is left out, what was moved, and what each is called."""

from __future__ import annotations

import pytest

from tests.unit.events.calendar_text import calendar, expanded, rows, sound, starts

WEEKLY = """
    DTSTART;TZID=Europe/Berlin:20260302T150000
    DTEND;TZID=Europe/Berlin:20260302T160000
    RRULE:FREQ=WEEKLY;COUNT=4
"""  # 2, 9, 16, 23 March: 14:00 UTC
IDS = ["20260302T140000Z", "20260309T140000Z", "20260316T140000Z", "20260323T140000Z"]


def ids(text: str, **options) -> list[str]:
    return [occurrence.recurrence_id for occurrence in sound(text, **options)]


def test_d08_weekly_at_three_stays_at_three_across_both_changes() -> None:
    text = calendar(
        """DTSTART;TZID=America/Los_Angeles:20260225T150000
        DTEND;TZID=America/Los_Angeles:20260225T160000
        RRULE:FREQ=WEEKLY"""
    )
    found = sound(text)
    assert {(o.start.strftime("%H:%M"), o.end.strftime("%H:%M")) for o in found} == {("15:00", "16:00")}
    assert [o.start.isoformat() for o in found[1:3]] == ["2026-03-04T15:00:00-08:00", "2026-03-11T15:00:00-07:00"]
    assert [o.recurrence_id for o in found[1:3]] == ["20260304T230000Z", "20260311T220000Z"]
    autumn = [o.start.isoformat() for o in found if o.start.month in (10, 11)]
    assert "2026-10-28T15:00:00-07:00" in autumn
    assert "2026-11-04T15:00:00-08:00" in autumn


def test_the_window_takes_in_its_start_and_not_its_end() -> None:
    text = calendar(WEEKLY)
    assert ids(text, start="2026-03-09T14:00", end="2026-03-23T14:00") == IDS[1:3]
    assert ids(text, start="2026-03-09T15:00+01:00", end="2026-03-09T15:01+01:00") == [IDS[1]]
    assert ids(text, start="2026-03-09T14:01", end="2026-03-16T14:00") == []  # under way already: not in
    assert ids(text, start="2026-03-09T14:00", end="2026-03-09T14:00") == []


def test_an_event_that_does_not_recur_has_no_recurrence_id() -> None:
    assert rows(calendar("DTSTART:20260302T140000Z\nDTEND:20260302T150000Z")) == [
        ("", "2026-03-02T14:00+00:00", "2026-03-02T15:00+00:00")
    ]


@pytest.mark.parametrize(
    "exdate",
    [
        "EXDATE;TZID=Europe/Berlin:20260309T150000",
        "EXDATE:20260309T140000Z",
        "EXDATE:20260309T150000",
        "EXDATE;TZID=America/New_York:20260309T100000",  # already summer time there
        "EXDATE;TZID=W. Europe Standard Time:20260309T150000",
        "EXDATE;VALUE=DATE:20260309",
        "EXDATE:20260309",
        "EXDATE;VALUE=DATE-TIME;TZID=Europe/Berlin:20260309T150000",
        "EXDATE:20260309T150000Z",  # a clock face that calls itself UTC
        "EXRULE:FREQ=WEEKLY;INTERVAL=8;BYDAY=MO",  # takes away the first, too
    ],
)
def test_d07_one_exclusion_in_every_form(exdate: str) -> None:
    found = ids(calendar(WEEKLY + exdate))
    if exdate.startswith("EXRULE"):
        assert found == IDS[1:]
    else:
        assert found == [IDS[0], *IDS[2:]]


def test_d07_exclusions_in_lists_and_several_lines() -> None:
    lists = "EXDATE;TZID=Europe/Berlin:20260302T150000,20260309T150000\nEXDATE:20260323T140000Z,20991231T000000Z"
    assert ids(calendar(WEEKLY + lists)) == [IDS[2]]


def test_d07_an_exclusion_in_utc_at_another_hour_of_the_series_is_an_instant() -> None:
    text = calendar(
        """DTSTART;TZID=Europe/Berlin:20260302T090000
        RRULE:FREQ=DAILY;BYHOUR=9,10;COUNT=4
        EXDATE:20260302T090000Z"""
    )
    assert ids(text) == ["20260302T080000Z", "20260303T080000Z", "20260303T090000Z"]


def test_d07_additional_dates() -> None:
    text = calendar(
        WEEKLY
        + """RDATE;TZID=Europe/Berlin:20260311T090000,20260312T090000
        RDATE:20260313T080000Z
        RDATE;VALUE=PERIOD:20260314T080000Z/20260314T083000Z,20260315T080000Z/PT2H
        RDATE;TZID=Europe/Berlin:20260309T150000"""
    )
    assert rows(text, "2026-03-09", "2026-03-16") == [
        ("20260309T140000Z", "2026-03-09T15:00+01:00", "2026-03-09T16:00+01:00"),
        ("20260311T080000Z", "2026-03-11T09:00+01:00", "2026-03-11T10:00+01:00"),
        ("20260312T080000Z", "2026-03-12T09:00+01:00", "2026-03-12T10:00+01:00"),
        ("20260313T080000Z", "2026-03-13T09:00+01:00", "2026-03-13T10:00+01:00"),
        ("20260314T080000Z", "2026-03-14T09:00+01:00", "2026-03-14T09:30+01:00"),
        ("20260315T080000Z", "2026-03-15T09:00+01:00", "2026-03-15T11:00+01:00"),
    ]


def test_d07_additional_dates_alone_make_a_series() -> None:
    text = calendar("DTSTART:20260302T140000Z\nDURATION:PT30M\nRDATE:20260305T140000Z\nEXDATE:20260302T140000Z")
    assert rows(text) == [("20260305T140000Z", "2026-03-05T14:00+00:00", "2026-03-05T14:30+00:00")]


def test_two_rules_in_one_event_are_united() -> None:
    text = calendar("DTSTART:20260302T140000Z\nRRULE:FREQ=DAILY;COUNT=3\nRRULE:FREQ=WEEKLY;COUNT=2")
    assert [at[8:10] for at in starts(text)] == ["02", "03", "04", "09"]


@pytest.mark.parametrize(
    ("until", "left"),
    [
        ("20260316T140000Z", 3),  # the very instant
        ("20260316T135959Z", 2),
        ("20260316T150000", 3),  # local time under a zone
        ("20260316T145959", 2),
        ("20260316", 3),  # a date: that day included
        ("20260315", 2),
        ("20260301", 0),  # before it began
    ],
)
def test_d07_until_in_every_form(until: str, left: int) -> None:
    assert ids(calendar(WEEKLY.replace("COUNT=4", f"UNTIL={until}"))) == IDS[:left]


@pytest.mark.parametrize(("until", "left"), [("20260316T150000", 3), ("20260316T150000Z", 3), ("20260316T140000Z", 3)])
def test_d07_until_in_utc_under_floating_times_is_read_both_ways(until: str, left: int) -> None:
    assert len(starts(calendar(f"DTSTART:20260302T150000\nRRULE:FREQ=WEEKLY;UNTIL={until}"))) == left


@pytest.mark.parametrize(
    ("until", "left"), [("20260316", 3), ("20260316T000000Z", 3), ("20260316T120000", 3), ("20260315T230000Z", 3)]
)
def test_d07_until_with_a_time_under_whole_days(until: str, left: int) -> None:
    assert len(starts(calendar(f"DTSTART;VALUE=DATE:20260302\nRRULE:FREQ=WEEKLY;UNTIL={until}"))) == left


@pytest.mark.parametrize(
    "recurrence_id",
    [
        "RECURRENCE-ID;TZID=Europe/Berlin:20260309T150000",
        "RECURRENCE-ID:20260309T140000Z",
        "RECURRENCE-ID;TZID=Asia/Tokyo:20260309T230000",
        "RECURRENCE-ID:20260309T150000",
        "RECURRENCE-ID;VALUE=DATE:20260309",
    ],
)
def test_d07_d09_a_moved_occurrence_keeps_its_identity_in_every_form(recurrence_id: str) -> None:
    moved = f"{recurrence_id}\nDTSTART;TZID=America/New_York:20260310T080000\nDURATION:PT20M"
    assert rows(calendar(WEEKLY, moved)) == [
        (IDS[0], "2026-03-02T15:00+01:00", "2026-03-02T16:00+01:00"),
        (IDS[1], "2026-03-10T08:00-04:00", "2026-03-10T08:20-04:00"),
        (IDS[2], "2026-03-16T15:00+01:00", "2026-03-16T16:00+01:00"),
        (IDS[3], "2026-03-23T15:00+01:00", "2026-03-23T16:00+01:00"),
    ]


def test_d07_moved_out_of_the_window_and_into_it() -> None:
    away = "RECURRENCE-ID:20260309T140000Z\nDTSTART:20270109T140000Z"
    text = calendar(WEEKLY, away)
    assert ids(text) == [IDS[0], *IDS[2:]]
    assert ids(text, start="2027-01-01", end="2028-01-01") == [IDS[1]]
    before = "RECURRENCE-ID:20260309T140000Z\nDTSTART:20240109T140000Z"
    assert ids(calendar(WEEKLY, before), start="2024-01-01", end="2025-01-01") == [IDS[1]]


def test_d07_an_override_without_its_series_stands_for_itself() -> None:
    text = calendar("RECURRENCE-ID;TZID=Europe/Berlin:20260309T150000\nDTSTART:20260310T140000Z")
    assert rows(text) == [(IDS[1], "2026-03-10T14:00+00:00", "2026-03-10T14:00+00:00")]
    assert ids(calendar("RECURRENCE-ID;VALUE=DATE:20260309\nDTSTART;VALUE=DATE:20260310")) == ["20260309"]
    assert ids(calendar("RECURRENCE-ID:20260309T150000\nDTSTART:20260310T150000")) == ["20260309T150000"]


def test_d07_an_override_of_a_slot_the_series_no_longer_has_stands_for_itself() -> None:
    odd = "RECURRENCE-ID:20260312T140000Z\nDTSTART:20260312T160000Z"
    assert "20260312T140000Z" in ids(calendar(WEEKLY, odd))


def test_d07_an_override_older_than_a_series_that_has_moved_away_is_stale() -> None:
    ghost = "RECURRENCE-ID:20260312T140000Z\nDTSTART:20260312T160000Z\nSEQUENCE:1"
    assert ids(calendar(WEEKLY + "SEQUENCE:2", ghost)) == IDS
    kept = ghost.replace("20260312", "20260309")
    assert ids(calendar(WEEKLY + "SEQUENCE:2", kept)) == IDS
    assert starts(calendar(WEEKLY + "SEQUENCE:2", kept))[1] == "2026-03-09T16:00+00:00"


def test_d07_an_override_whose_slot_is_excluded_was_deleted() -> None:
    moved = "RECURRENCE-ID:20260309T140000Z\nDTSTART:20260310T140000Z"
    assert ids(calendar(WEEKLY + "EXDATE:20260309T140000Z", moved)) == [IDS[0], *IDS[2:]]


def test_d07_the_first_occurrence_can_be_moved() -> None:
    moved = "RECURRENCE-ID:20260302T140000Z\nDTSTART:20260226T140000Z"
    assert ids(calendar(WEEKLY, moved)) == IDS
    assert starts(calendar(WEEKLY, moved))[0] == "2026-02-26T14:00+00:00"


def test_d07_this_and_future_moves_what_follows_and_keeps_the_slots() -> None:
    later = """RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20260316T150000
        DTSTART;TZID=Europe/Berlin:20260317T170000
        DTEND;TZID=Europe/Berlin:20260317T173000
        SUMMARY:New day"""
    text = calendar(WEEKLY.replace("COUNT=4", "COUNT=6"), later)
    assert rows(text) == [
        (IDS[0], "2026-03-02T15:00+01:00", "2026-03-02T16:00+01:00"),
        (IDS[1], "2026-03-09T15:00+01:00", "2026-03-09T16:00+01:00"),
        (IDS[2], "2026-03-17T17:00+01:00", "2026-03-17T17:30+01:00"),
        (IDS[3], "2026-03-24T17:00+01:00", "2026-03-24T17:30+01:00"),
        ("20260330T130000Z", "2026-03-31T17:00+02:00", "2026-03-31T17:30+02:00"),
        ("20260406T130000Z", "2026-04-07T17:00+02:00", "2026-04-07T17:30+02:00"),
    ]
    assert [o.title for o in sound(text)] == ["", "", *["New day"] * 4]


def test_d07_this_and_future_with_single_overrides_and_a_second_change() -> None:
    series = WEEKLY.replace("COUNT=4", "COUNT=6")
    hour = "RECURRENCE-ID;RANGE=THISANDFUTURE:20260309T140000Z\nDTSTART:20260309T150000Z\nDURATION:PT1H"
    single = "RECURRENCE-ID:20260316T140000Z\nDTSTART:20260318T140000Z\nDURATION:PT1H"
    again = "RECURRENCE-ID;RANGE=THISANDFUTURE:20260323T140000Z\nDTSTART:20260323T130000Z\nDURATION:PT1H"
    text = calendar(series, again, single, hour + "\nEXDATE:20990101T000000Z")
    assert starts(text) == [
        "2026-03-02T15:00+01:00",
        "2026-03-09T15:00+00:00",
        "2026-03-18T14:00+00:00",
        "2026-03-23T13:00+00:00",
        "2026-03-30T12:00+00:00",  # 14:00 in Berlin: an hour before the slot, by the clock
        "2026-04-06T12:00+00:00",
    ]


def test_d07_this_and_future_far_away_is_found_in_its_window() -> None:
    later = "RECURRENCE-ID;RANGE=THISANDFUTURE:20260309T140000Z\nDTSTART:20270309T140000Z"
    found = ids(calendar(WEEKLY, later), start="2027-01-01", end="2028-01-01")
    assert found == IDS[1:]


def test_d07_this_and_future_from_times_to_whole_days_and_back() -> None:
    day = "RECURRENCE-ID;RANGE=THISANDFUTURE:20260316T140000Z\nDTSTART;VALUE=DATE:20260317"
    assert rows(calendar(WEEKLY, day))[2:] == [
        (IDS[2], "2026-03-17T00:00+01:00", "2026-03-18T00:00+01:00"),
        (IDS[3], "2026-03-24T00:00+01:00", "2026-03-25T00:00+01:00"),
    ]
    days = "DTSTART;VALUE=DATE:20260302\nRRULE:FREQ=WEEKLY;COUNT=3"
    timed = "RECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20260309\nDTSTART:20260310T140000Z\nDURATION:PT1H"
    assert rows(calendar(days, timed)) == [
        ("20260302", "2026-03-02T00:00+01:00", "2026-03-03T00:00+01:00"),
        ("20260309", "2026-03-10T14:00+00:00", "2026-03-10T15:00+00:00"),
        ("20260316", "2026-03-17T14:00+00:00", "2026-03-17T15:00+00:00"),
    ]


def test_d07_cancelled_occurrences_and_series_come_back_as_cancelled() -> None:
    one = "RECURRENCE-ID:20260309T140000Z\nDTSTART:20260309T140000Z\nSTATUS:CANCELLED"
    assert [o.status for o in sound(calendar(WEEKLY, one))] == ["confirmed", "cancelled", "confirmed", "confirmed"]
    bare = "RECURRENCE-ID:20260309T140000Z\nSTATUS:CANCELLED"
    assert [o.status for o in sound(calendar(WEEKLY, bare))] == ["confirmed", "cancelled", "confirmed", "confirmed"]
    whole = WEEKLY + "STATUS:CANCELLED"
    assert {o.status for o in sound(calendar(whole))} == {"cancelled"}
    kept = "RECURRENCE-ID:20260309T140000Z\nDTSTART:20260309T150000Z\nSTATUS:CONFIRMED"
    assert [o.status for o in sound(calendar(whole, kept))][:2] == ["cancelled", "confirmed"]
    unsaid = kept.replace("STATUS:CONFIRMED", "")
    assert {o.status for o in sound(calendar(whole, unsaid))} == {"cancelled"}
    assert {o.status for o in sound(calendar(WEEKLY, head="METHOD:CANCEL\n"))} == {"cancelled"}


def test_d07_the_latest_revision_counts_wherever_it_stands() -> None:
    old = WEEKLY + "SEQUENCE:1\nSUMMARY:old\nDTSTAMP:20260102T000000Z"
    new = WEEKLY.replace("T150000", "T170000").replace("T160000", "T180000") + "SEQUENCE:2\nSUMMARY:new"
    for text in (calendar(old, new), calendar(new, old)):
        assert {(o.title, o.start.hour) for o in sound(text)} == {("new", 17)}
    first = "RECURRENCE-ID:20260309T140000Z\nDTSTART:20260309T150000Z\nDTSTAMP:20260101T000000Z\nSUMMARY:first"
    second = "RECURRENCE-ID;TZID=Europe/Berlin:20260309T150000\nDTSTART:20260309T160000Z\nDTSTAMP:20260102T000000Z"
    for text in (calendar(WEEKLY, first, second), calendar(second, first, WEEKLY)):
        assert starts(text)[1] == "2026-03-09T16:00+00:00"
    earlier = "DTSTART:20260302T140000Z\nSUMMARY:one\nLAST-MODIFIED:20260102T000000Z"
    later = "DTSTART:20260302T140000Z\nSUMMARY:two\nLAST-MODIFIED:20260103T000000Z"
    assert [o.title for o in sound(calendar(later, earlier))] == ["two"]


def test_d07_identity_of_floating_and_all_day_series() -> None:
    floating = calendar("DTSTART:20260302T150000\nRRULE:FREQ=DAILY;COUNT=2")
    assert ids(floating) == ["20260302T150000", "20260303T150000"]
    days = calendar("DTSTART;VALUE=DATE:20260302\nRRULE:FREQ=DAILY;COUNT=2")
    assert ids(days) == ["20260302", "20260303"]
    moved = "RECURRENCE-ID:20260303T150000Z\nDTSTART:20260303T170000"
    assert ids(calendar("DTSTART:20260302T150000\nRRULE:FREQ=DAILY;COUNT=2", moved)) == ids(floating)


@pytest.mark.parametrize(
    "written",
    ["EXDATE;VALUE=DATE:20260303", "EXDATE:20260303T000000", "EXDATE:20260303T000000Z", "EXDATE:20260302T230000Z"],
)
def test_d07_exclusions_of_whole_days_in_every_form(written: str) -> None:
    text = calendar(f"DTSTART;VALUE=DATE:20260302\nRRULE:FREQ=DAILY;COUNT=3\n{written}")
    assert ids(text) == ["20260302", "20260304"]


def test_d07_order_is_by_start_then_uid() -> None:
    text = calendar(
        "UID:b\nDTSTART:20260302T140000Z",
        "UID:a\nDTSTART;TZID=Europe/Berlin:20260302T150000",
        "UID:c\nDTSTART:20260301T000000Z",
    )
    assert [o.uid for o in sound(text)] == ["c", "a", "b"]


def test_d05_a_refused_rule_costs_its_event_alone() -> None:
    found = expanded(
        calendar(
            "UID:zero\nDTSTART:20260302T140000Z\nRRULE:FREQ=DAILY;INTERVAL=0",
            "UID:secondly\nDTSTART:19900302T140000Z\nRRULE:FREQ=SECONDLY",
            "UID:good\nDTSTART:20260302T140000Z",
            "UID:hourly-days\nDTSTART;VALUE=DATE:20260302\nRRULE:FREQ=HOURLY",
        )
    )
    assert [o.uid for o in found.occurrences] == ["good"]
    assert [fault.component for fault in found.faults] == [
        "VEVENT uid=zero",
        "VEVENT uid=secondly",
        "VEVENT uid=hourly-days",
    ]


def test_d05_more_occurrences_than_anyone_meets_are_bounded_and_said() -> None:
    text = calendar("UID:h\nDTSTART:19900101T000000Z\nRRULE:FREQ=HOURLY", "UID:good\nDTSTART:20260302T140000Z")
    found = expanded(text, "2000-01-01", "2100-01-01")
    assert len(found.occurrences) == 10_001
    assert "10000 times" in found.faults[0].reason


def test_d05_series_that_began_long_ago_are_right_today() -> None:
    text = calendar("DTSTART;TZID=Europe/Berlin:19900101T090000\nRRULE:FREQ=DAILY;INTERVAL=7")
    assert starts(text, "2026-03-20", "2026-04-07") == [
        "2026-03-23T09:00+01:00",
        "2026-03-30T09:00+02:00",
        "2026-04-06T09:00+02:00",
    ]


def test_an_empty_rule_is_no_rule() -> None:
    assert rows(calendar("DTSTART:20260302T140000Z\nRRULE:")) == [
        ("", "2026-03-02T14:00+00:00", "2026-03-02T14:00+00:00")
    ]


def test_d06_one_date_beyond_the_calendar_leaves_the_others_in_force() -> None:
    out = "EXDATE;TZID=Asia/Tokyo:00010101T000000\nEXDATE:20260309T140000Z"
    found = expanded(calendar(WEEKLY + out))
    assert [o.recurrence_id for o in found.occurrences] == [IDS[0], *IDS[2:]]
    assert "beyond the calendar" in found.faults[0].reason


def test_d05_many_overrides_of_a_long_rule_cost_that_series_alone_and_are_said_once() -> None:
    series = "SEQUENCE:5\nDTSTART:19000101T090000Z\nRRULE:FREQ=DAILY;COUNT=46080"
    day = "RECURRENCE-ID;VALUE=DATE:202603{0:02}\nDTSTART:202603{0:02}T110000Z"
    found = expanded(
        calendar(series, *(day.format(1 + number) for number in range(30)), "UID:b\nDTSTART:20260302T1200")
    )
    assert [occurrence.uid for occurrence in found.occurrences if occurrence.uid != "a"] == ["b"]
    assert ["steps" in fault.reason for fault in found.faults] == [True]
