"""When one event is: zones, nights on which clocks change, whole days, lengths."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentorup_daemon.events.lines import calendars
from mentorup_daemon.events.zones import CalendarZones
from tests.unit.events.calendar_text import BERLIN, calendar, expanded, rows, sound, starts

CALENDARS = Path(__file__).parents[2] / "data" / "calendars"
LOS_ANGELES = ZoneInfo("America/Los_Angeles")


def one(lines: str, zone: ZoneInfo = BERLIN) -> tuple[str, str]:
    (found,) = rows(calendar(lines), "0001-01-02", "9999-12-30", zone=zone)
    return found[1:]


@pytest.mark.parametrize(
    ("lines", "start", "end"),
    [
        ("DTSTART:20260302T140000Z\nDTEND:20260302T150000Z", "2026-03-02T14:00+00:00", "2026-03-02T15:00+00:00"),
        ("DTSTART:20260302T140000\nDTEND:20260302T150000", "2026-03-02T14:00+01:00", "2026-03-02T15:00+01:00"),
        ("DTSTART:20260302T140000Z\nDURATION:PT1H30M", "2026-03-02T14:00+00:00", "2026-03-02T15:30+00:00"),
        ("DTSTART:20260302T140000Z", "2026-03-02T14:00+00:00", "2026-03-02T14:00+00:00"),
        ("DTSTART;VALUE=DATE:20260302", "2026-03-02T00:00+01:00", "2026-03-03T00:00+01:00"),
        ("DTSTART:20260302", "2026-03-02T00:00+01:00", "2026-03-03T00:00+01:00"),
        ("DTSTART;VALUE=DATE:20260302\nDTEND;VALUE=DATE:20260305", "2026-03-02T00:00+01:00", "2026-03-05T00:00+01:00"),
        ("DTSTART;VALUE=DATE:20260302\nDTEND;VALUE=DATE:20260302", "2026-03-02T00:00+01:00", "2026-03-03T00:00+01:00"),
        ("DTSTART;VALUE=DATE:20260302\nDURATION:P2D", "2026-03-02T00:00+01:00", "2026-03-04T00:00+01:00"),
        ("DTSTART;VALUE=DATE:20260302\nDURATION:P1W", "2026-03-02T00:00+01:00", "2026-03-09T00:00+01:00"),
        ("DTSTART;VALUE=DATE:20260302\nDURATION:PT25H", "2026-03-02T00:00+01:00", "2026-03-04T00:00+01:00"),
        # Whole days on which the clocks change have 23 and 25 hours.
        ("DTSTART;VALUE=DATE:20260329", "2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00"),
        ("DTSTART;VALUE=DATE:20261025", "2026-10-25T00:00+02:00", "2026-10-26T00:00+01:00"),
        # A date where a time should stand, and the other way round.
        ("DTSTART:20260302T140000Z\nDTEND;VALUE=DATE:20260303", "2026-03-02T14:00+00:00", "2026-03-03T00:00+00:00"),
        ("DTSTART;VALUE=DATE:20260302\nDTEND:20260303T120000", "2026-03-02T00:00+01:00", "2026-03-04T00:00+01:00"),
        ("DTSTART;VALUE=DATE:20260302\nDTEND:20260303T230000Z", "2026-03-02T00:00+01:00", "2026-03-04T00:00+01:00"),
        # Across midnight, over several days, between zones.
        (
            "DTSTART;TZID=Europe/Berlin:20260302T233000\nDTEND;TZID=Europe/Berlin:20260303T003000",
            "2026-03-02T23:30+01:00",
            "2026-03-03T00:30+01:00",
        ),
        (
            "DTSTART;TZID=Europe/Berlin:20260327T100000\nDTEND;TZID=Europe/Berlin:20260330T100000",
            "2026-03-27T10:00+01:00",
            "2026-03-30T10:00+02:00",
        ),
        (
            "DTSTART;TZID=Europe/Berlin:20260302T100000\nDTEND;TZID=America/New_York:20260302T130000",
            "2026-03-02T10:00+01:00",
            "2026-03-02T13:00-05:00",
        ),
        # A day of DURATION is a day by the calendar, 24 hours are 24 hours (RFC 5545 3.3.6).
        (
            "DTSTART;TZID=Europe/Berlin:20260328T120000\nDURATION:P1D",
            "2026-03-28T12:00+01:00",
            "2026-03-29T12:00+02:00",
        ),
        (
            "DTSTART;TZID=Europe/Berlin:20260328T120000\nDURATION:PT24H",
            "2026-03-28T12:00+01:00",
            "2026-03-29T13:00+02:00",
        ),
        (
            "DTSTART;TZID=Europe/Berlin:20260328T120000\nDURATION:P1DT1H",
            "2026-03-28T12:00+01:00",
            "2026-03-29T13:00+02:00",
        ),
        # RFC 5545 3.3.5: what doesn't exist is read with the offset before the gap; of two the first is meant.
        ("DTSTART;TZID=Europe/Berlin:20260329T023000", "2026-03-29T03:30+02:00", "2026-03-29T03:30+02:00"),
        ("DTSTART;TZID=Europe/Berlin:20261025T023000", "2026-10-25T02:30+02:00", "2026-10-25T02:30+02:00"),
        ("DTSTART;TZID=America/New_York:20260308T023000", "2026-03-08T03:30-04:00", "2026-03-08T03:30-04:00"),
        ("DTSTART;TZID=America/New_York:20261101T013000", "2026-11-01T01:30-04:00", "2026-11-01T01:30-04:00"),
        # Far off, leap days, a leap second, midnight as 24:00.
        ("DTSTART:24000229T120000Z", "2400-02-29T12:00+00:00", "2400-02-29T12:00+00:00"),
        ("DTSTART:16000229T120000Z", "1600-02-29T12:00+00:00", "1600-02-29T12:00+00:00"),
        ("DTSTART:20261231T235960Z", "2026-12-31T23:59+00:00", "2026-12-31T23:59+00:00"),
        ("DTSTART:20261231T240000Z", "2027-01-01T00:00+00:00", "2027-01-01T00:00+00:00"),
        ("DTSTART:2026-03-02T14:00:00Z", "2026-03-02T14:00+00:00", "2026-03-02T14:00+00:00"),
        ("DTSTART;TZID=Europe/Berlin:20260302T140000Z", "2026-03-02T14:00+00:00", "2026-03-02T14:00+00:00"),
    ],
)
def test_d07_start_and_end(lines: str, start: str, end: str) -> None:
    assert one(lines) == (start, end)


def test_d07_an_end_before_the_start_leaves_no_length_and_says_so() -> None:
    for lines in ("DTEND:20260302T130000Z", "DURATION:-PT1H"):
        found = expanded(calendar(f"DTSTART:20260302T140000Z\n{lines}"))
        (occurrence,) = found.occurrences
        assert occurrence.start == occurrence.end
        assert "no length" in found.faults[0].reason
    found = expanded(calendar("DTSTART;VALUE=DATE:20260302\nDTEND;VALUE=DATE:20260228"))
    assert found.occurrences[0].end - found.occurrences[0].start == timedelta(days=1)
    assert "one day" in found.faults[0].reason


def test_d07_whole_days_and_floating_times_are_the_owners() -> None:
    assert one("DTSTART;VALUE=DATE:20260302", LOS_ANGELES) == ("2026-03-02T00:00-08:00", "2026-03-03T00:00-08:00")
    assert one("DTSTART:20260302T140000", LOS_ANGELES)[0] == "2026-03-02T14:00-08:00"
    cairo = ZoneInfo("Africa/Cairo")  # the clocks change at midnight: the day begins at one
    assert one("DTSTART;VALUE=DATE:20260424", cairo) == ("2026-04-24T01:00+03:00", "2026-04-25T00:00+03:00")
    assert sound(calendar("DTSTART;VALUE=DATE:20260302"))[0].all_day


def test_d08_a_series_in_the_hour_that_is_missing_or_comes_twice() -> None:
    text = calendar("DTSTART;TZID=Europe/Berlin:20260328T023000\nRRULE:FREQ=DAILY;COUNT=3")
    assert starts(text) == ["2026-03-28T02:30+01:00", "2026-03-29T03:30+02:00", "2026-03-30T02:30+02:00"]
    text = calendar("DTSTART;TZID=Europe/Berlin:20261024T023000\nRRULE:FREQ=DAILY;COUNT=3")
    assert starts(text) == ["2026-10-24T02:30+02:00", "2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"]
    hourly = "DTSTART;TZID=Europe/Berlin:20260329T010000\nRRULE:FREQ=HOURLY;COUNT=4"
    assert starts(calendar(hourly)) == ["2026-03-29T01:00+01:00", "2026-03-29T03:00+02:00", "2026-03-29T04:00+02:00"]
    moved = "RECURRENCE-ID:20260329T010000Z\nDTSTART:20260330T010000Z"
    assert [row[0] for row in rows(calendar(hourly, moved))] == [
        "20260329T000000Z",
        "20260329T020000Z",
        "20260329T010000Z",
    ]


@pytest.mark.parametrize(
    "out",
    [
        "EXDATE;TZID=Europe/Berlin:20260329T023000",
        "EXDATE;TZID=Europe/Berlin:20260329T033000",
        "EXDATE:20260329T013000Z",
    ],
)
def test_d08_an_occurrence_in_the_missing_hour_can_be_taken_away_by_any_of_its_names(out: str) -> None:
    text = calendar(f"DTSTART;TZID=Europe/Berlin:20260328T023000\nRRULE:FREQ=DAILY;COUNT=3\n{out}")
    assert starts(text) == ["2026-03-28T02:30+01:00", "2026-03-30T02:30+02:00"]
    moved = out.replace("EXDATE", "RECURRENCE-ID") + "\nDTSTART:20260329T120000Z"
    text = calendar("DTSTART;TZID=Europe/Berlin:20260328T023000\nRRULE:FREQ=DAILY;COUNT=3", moved)
    assert [row[0] for row in rows(text)] == ["20260328T013000Z", "20260329T013000Z", "20260330T003000Z"]


def test_d08_a_night_that_loses_an_hour_keeps_the_exact_length_of_dtend_and_the_day_of_duration() -> None:
    exact = """DTSTART;TZID=Europe/Berlin:20260321T220000
        DTEND;TZID=Europe/Berlin:20260322T060000
        RRULE:FREQ=WEEKLY;COUNT=2"""
    assert rows(calendar(exact))[1][1:] == ("2026-03-28T22:00+01:00", "2026-03-29T07:00+02:00")
    nominal = "DTSTART;TZID=Europe/Berlin:20260321T220000\nDURATION:P1D\nRRULE:FREQ=WEEKLY;COUNT=2"
    assert rows(calendar(nominal))[1][1:] == ("2026-03-28T22:00+01:00", "2026-03-29T22:00+02:00")


@pytest.mark.parametrize(
    ("tzid", "start"),
    [
        ("Europe/Berlin", "2026-07-02T12:00+02:00"),
        ("europe/berlin", "2026-07-02T12:00+02:00"),
        ("W. Europe Standard Time", "2026-07-02T12:00+02:00"),
        ("Pacific Standard Time", "2026-07-02T12:00-07:00"),
        ("India Standard Time", "2026-07-02T12:00+05:30"),
        ('"Eastern Standard Time"', "2026-07-02T12:00-04:00"),
        ("US/Eastern", "2026-07-02T12:00-04:00"),
        ("America/Argentina/Buenos_Aires", "2026-07-02T12:00-03:00"),
        ("/freeassociation.sourceforge.net/Tzfile/Europe/Berlin", "2026-07-02T12:00+02:00"),
        ("/freeassociation.sourceforge.net/America/Argentina/Buenos_Aires", "2026-07-02T12:00-03:00"),
        ("/mozilla.org/20070129_1/Europe/Berlin", "2026-07-02T12:00+02:00"),
        ("/Europe/Berlin", "2026-07-02T12:00+02:00"),
        ("UTC", "2026-07-02T12:00+00:00"),
        ("Etc/UTC", "2026-07-02T12:00+00:00"),
        ("tzone://Microsoft/Utc", "2026-07-02T12:00+00:00"),
        ("GMT+0200", "2026-07-02T12:00+02:00"),
        ("UTC-05:30", "2026-07-02T12:00-05:30"),
    ],
)
def test_d07_zones_by_every_name_they_go_by(tzid: str, start: str) -> None:
    assert starts(calendar(f"DTSTART;TZID={tzid}:20260702T120000")) == [start]


@pytest.mark.parametrize("tzid", ["Mars/Olympus", "Europe", "localtime", "../../etc/passwd", "UTC+99", "Our Time"])
def test_d06_an_unknown_zone_is_read_as_the_owners_and_said(tzid: str) -> None:
    (occurrence,) = sound(calendar(f"DTSTART;TZID={tzid}:20260702T120000"))
    assert occurrence.start.isoformat() == "2026-07-02T12:00:00+02:00"
    assert tzid in occurrence.zone_note
    assert "Europe/Berlin" in occurrence.zone_note
    assert sound(calendar("DTSTART;TZID=Europe/Paris:20260702T120000"))[0].zone_note == ""


def test_d07_a_zone_as_the_calendar_defines_it() -> None:
    text = (CALENDARS / "outlook-custom-zone.ics").read_bytes()
    assert rows(text) == [
        ("", "2026-03-01T15:00+01:00", "2026-03-01T15:00+01:00"),  # floating: the owner's, not X-WR-TIMEZONE's
        ("20260301T203000Z", "2026-03-01T15:00-05:30", "2026-03-01T16:00-05:30"),
        ("20260315T193000Z", "2026-03-15T15:00-04:30", "2026-03-15T16:00-04:30"),
    ]
    odd = sound(text)
    assert [o.start.tzname() for o in odd[1:]] == ["Customized Time Zone", "Odd Summer"]


def test_d06_two_calendars_in_one_text_may_define_one_name_differently() -> None:
    found = sound((CALENDARS / "two-calendars-one-name.ics").read_bytes())
    assert [(o.uid, o.start.isoformat()) for o in found] == [
        ("first", "2026-07-02T12:00:00+03:00"),
        ("second", "2026-07-02T12:00:00-03:00"),
    ]


def defined(body: str, tzid: str = "X") -> str:
    return f"BEGIN:VTIMEZONE\nTZID:{tzid}\n{body}END:VTIMEZONE\n"


def observance(kind: str, start: str, before: str, after: str, more: str = "") -> str:
    return f"BEGIN:{kind}\nDTSTART:{start}\nTZOFFSETFROM:{before}\nTZOFFSETTO:{after}\n{more}END:{kind}\n"


NEW_YORK_AS_DEFINED = defined(
    observance(
        "DAYLIGHT",
        "19670430T020000",
        "-0500",
        "-0400",
        "RRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=-1SU;UNTIL=20060402T070000Z\n",
    )
    + observance("DAYLIGHT", "20070311T020000", "-0500", "-0400", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU\n")
    + observance("STANDARD", "20071104T020000", "-0400", "-0500", "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU\n")
)


(READ,) = calendars(f"BEGIN:VCALENDAR\n{NEW_YORK_AS_DEFINED}END:VCALENDAR\n")
NEW_YORK_BY_CALENDAR, _ = CalendarZones(READ.zones, BERLIN).find("X")


@given(st.datetimes(datetime(2008, 1, 1), datetime(2036, 1, 1)))
def test_d07_a_defined_zone_is_the_zone_it_defines(when: datetime) -> None:
    zone, real = NEW_YORK_BY_CALENDAR, ZoneInfo("America/New_York")
    for fold in (0, 1):
        local = when.replace(fold=fold)
        assert local.replace(tzinfo=zone).utcoffset() == local.replace(tzinfo=real).utcoffset()
    instant = when.replace(tzinfo=UTC)
    here, there = instant.astimezone(zone), instant.astimezone(real)
    assert (here.replace(tzinfo=None), here.fold) == (there.replace(tzinfo=None), there.fold)
    assert here.astimezone(UTC) == instant


@pytest.mark.parametrize(
    ("definition", "start"),
    [
        (defined(observance("STANDARD", "19700101T000000", "+0000", "+0145")), "2026-07-02T12:00+01:45"),
        (defined("X-LIC-LOCATION:Asia/Tokyo\n"), "2026-07-02T12:00+09:00"),
        (  # dates of its own, and a broken observance beside it
            defined(
                observance("STANDARD", "19700101T000000", "+0000", "+0100", "RDATE:20261001T000000\n")
                + observance("DAYLIGHT", "20260401T000000", "+0100", "+0300", "RDATE;VALUE=DATE-TIME:20270401T000000\n")
                + observance("DAYLIGHT", "nonsense", "+0100", "+0900")
            ),
            "2026-07-02T12:00+03:00",
        ),
        (  # seconds by the second for ever: that observance is nothing
            defined(
                observance("STANDARD", "19700101T000000", "+0200", "+0200")
                + observance("DAYLIGHT", "19700101T000000", "+0200", "+0900", "RRULE:FREQ=SECONDLY\n")
            ),
            "2026-07-02T12:00+02:00",
        ),
        (defined(observance("STANDARD", "19700101T000000", "+0000", "-0545"), "EST").replace("X", "EST"), ""),
    ],
)
def test_d07_definitions_of_every_kind(definition: str, start: str) -> None:
    if not start:  # a short name that the database knows too: the calendar's own definition counts
        assert starts(calendar("DTSTART;TZID=EST:20260702T120000", head=definition)) == ["2026-07-02T12:00-05:45"]
        return
    assert starts(calendar("DTSTART;TZID=X:20260702T120000", head=definition)) == [start]


def test_d07_a_definition_without_any_observance_is_an_unknown_zone() -> None:
    (occurrence,) = sound(calendar("DTSTART;TZID=X:20260702T120000", head=defined("")))
    assert occurrence.zone_note


def test_d07_a_name_with_a_slash_is_what_its_calendar_defines_though_it_ends_in_a_known_word() -> None:
    athens = observance("STANDARD", "16010101T040000", "+0300", "+0200", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\n")
    athens += observance("DAYLIGHT", "16010101T030000", "+0200", "+0300", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\n")
    tzid = "(GMT+02.00) Greece/Turkey"
    text = calendar(f"DTSTART;TZID={tzid}:20261210T120000", head=defined(athens, tzid))
    assert starts(text) == ["2026-12-10T12:00+02:00"]
    assert starts(calendar("DTSTART;TZID=/vendor/Turkey:20261210T120000")) == ["2026-12-10T12:00+03:00"]


def test_an_iana_name_is_not_redefined_by_a_calendars_excerpt() -> None:
    stale = defined(observance("STANDARD", "19700101T000000", "+0100", "+0100"), "Europe/Berlin")
    assert starts(calendar("DTSTART;TZID=Europe/Berlin:20260702T120000", head=stale)) == ["2026-07-02T12:00+02:00"]
