"""When the owner is busy, from every event there is (P3, D06, D07, D11)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from mentorup_daemon.events import busy

ZONE = ZoneInfo("America/Los_Angeles")
START = datetime(2026, 12, 1, tzinfo=ZONE)
END = datetime(2027, 1, 1, tzinfo=ZONE)
SAM = "sam@example.org"


def of(*lines: str) -> list[str]:
    text = "\r\n".join(["BEGIN:VCALENDAR", "BEGIN:VEVENT", "UID:a", *lines, "END:VEVENT", "END:VCALENDAR", ""])
    found = busy(text, zone=ZONE, start=START, end=END, owner_addresses=[SAM])
    return [f"{one.astimezone(ZONE):%d %H:%M} - {other.astimezone(ZONE):%d %H:%M}" for one, other in found]


DENTIST = ("DTSTART:20261203T220000Z", "DTEND:20261203T230000Z", "SUMMARY:Dentist")


def test_p3_any_event_takes_up_time_with_or_without_people() -> None:
    assert of(*DENTIST) == ["03 14:00 - 03 15:00"]


@pytest.mark.parametrize(
    ("line", "is_busy"),
    [
        ("TRANSP:TRANSPARENT", False),
        ("TRANSP:OPAQUE", True),
        ("STATUS:CANCELLED", False),
        ("STATUS:TENTATIVE", True),
        (f"ATTENDEE;PARTSTAT=DECLINED:mailto:{SAM}", False),
        (f"ATTENDEE;PARTSTAT=TENTATIVE:mailto:{SAM}", True),
        (f"ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:{SAM}", True),
        ("ATTENDEE;PARTSTAT=DECLINED:mailto:ana@example.org", True),
        ("CLASS:PRIVATE", True),
    ],
)
def test_d11_what_is_transparent_cancelled_or_declined_is_free(line: str, is_busy: bool) -> None:
    assert bool(of(*DENTIST, line)) is is_busy


def test_d07_series_count_with_their_exceptions() -> None:
    lines = ("DTSTART;TZID=America/Los_Angeles:20200107T090000", "DURATION:PT30M", "RRULE:FREQ=WEEKLY;BYDAY=TU")
    assert of(*lines, "EXDATE;TZID=America/Los_Angeles:20261208T090000") == [
        f"{day:02} 09:00 - {day:02} 09:30" for day in (1, 15, 22, 29)
    ]


def test_whole_days_take_up_the_day_unless_they_say_otherwise() -> None:
    days = ("DTSTART;VALUE=DATE:20261224", "DTEND;VALUE=DATE:20261226")
    assert of(*days) == ["24 00:00 - 26 00:00"]
    assert of(*days, "TRANSP:TRANSPARENT") == []


def test_what_began_before_the_window_reaches_into_it() -> None:
    assert of("DTSTART;VALUE=DATE:20261125", "DTEND;VALUE=DATE:20261203") == ["25 00:00 - 03 00:00"]
    assert of("DTSTART;VALUE=DATE:20261125", "DTEND;VALUE=DATE:20261201") == []
    assert of("DTSTART:20261130T200000Z", "DURATION:P2D") == ["30 12:00 - 02 12:00"]


@pytest.mark.parametrize(
    "text",
    ["", "<html>", "BEGIN:VCALENDAR\r\nEND:VCALENDAR", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTART:2026"],
)
def test_d06_what_can_not_be_read_costs_itself(text: str) -> None:
    assert busy(text, zone=ZONE, start=START, end=END) == []


def test_d05_a_rule_without_end_costs_itself() -> None:
    assert of(*DENTIST, "RRULE:FREQ=SECONDLY") == []
    assert of(*DENTIST, "RRULE:FREQ=DAILY;INTERVAL=0") == []


@pytest.mark.parametrize("days", [-400, -32, -1, 0, 15, 30, 31, 400])
def test_only_what_lies_in_the_window_is_told(days: int) -> None:
    begin = START + timedelta(days=days, hours=12)
    lines = (f"DTSTART:{begin.astimezone(UTC):%Y%m%dT%H%M%SZ}", "DURATION:PT1H")
    assert bool(of(*lines)) is (0 <= days < 31)
