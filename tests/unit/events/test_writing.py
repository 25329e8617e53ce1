"""A reminder as iCalendar text: read back by another library, and told apart from one that somebody has edited."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentorup_daemon import events
from mentorup_daemon.events import reminder_digest, reminder_text
from mentorup_daemon.records import Mentor, Recognition

ZONE = ZoneInfo("America/Los_Angeles")
START = datetime(2026, 12, 1, 9, 0, tzinfo=ZONE)
NOW = datetime(2026, 11, 30, 9, 0, tzinfo=ZONE)


def written(
    summary: str = "Questions for Ana", description: str = "You meet Ana.\n\nFrom MentorUp.", **facts: object
) -> str:
    given = {"uid": "mentorup-1", "kind": "prepare", "start": START, "alarm_at": START, "now": NOW} | facts
    return reminder_text(summary=summary, description=description, **given)  # type: ignore[arg-type]


def read(text: str) -> icalendar.Event:
    [event] = icalendar.Calendar.from_ical(text).walk("VEVENT")
    return event


def test_d10_a_reminder_invites_nobody_and_takes_up_no_time() -> None:
    event = read(written())
    assert {"ATTENDEE", "ORGANIZER", "RRULE", "METHOD"}.isdisjoint(event.keys())
    assert (event["CLASS"], event["TRANSP"]) == ("PRIVATE", "TRANSPARENT")
    assert (event.start, event.end) == (START, START + timedelta(minutes=15))
    [alarm] = event.walk("VALARM")
    assert (alarm["ACTION"], alarm["TRIGGER"].dt, alarm["DESCRIPTION"]) == (
        "DISPLAY",
        timedelta(),
        "Questions for Ana",
    )


@pytest.mark.parametrize(
    ("alarm_at", "trigger"),
    [
        (datetime(2026, 12, 6, 8, 0, tzinfo=ZONE), "PT8H"),
        (datetime(2026, 12, 6, 0, 0, tzinfo=ZONE), "PT0S"),
        (datetime(2026, 12, 4, 17, 30, tzinfo=ZONE), "-PT30H30M"),
    ],
)
def test_a_days_alarm_is_reckoned_from_its_midnight(alarm_at: datetime, trigger: str) -> None:
    text = written(start=date(2026, 12, 6), alarm_at=alarm_at)
    event = read(text)
    assert (event.start, event.end) == (date(2026, 12, 6), date(2026, 12, 7))
    assert f"TRIGGER:{trigger}\r\n" in text


def test_a_days_alarm_keeps_its_clock_over_a_change_of_it() -> None:
    day = date(2026, 11, 1)  # the clocks go back at two
    assert "TRIGGER:PT9H\r\n" in written(start=day, alarm_at=datetime(2026, 11, 1, 8, 0, tzinfo=ZONE))


anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


@given(anything, anything)
def test_t02_no_text_can_make_a_line_of_its_own(summary: str, description: str) -> None:
    text = written(summary, description)
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert "\r" not in text.replace("\r\n", "")
    assert "\n" not in text.replace("\r\n", "")
    event = read(text)
    clean = "".join(char for char in description if char == "\n" or char.isprintable())
    assert str(event["DESCRIPTION"]).strip() == clean.strip()
    assert len(event.walk("VALARM")) == 1


def test_what_programs_add_by_themselves_is_no_edit() -> None:
    text = written()
    other = (
        text.replace("DTSTAMP:20261130T170000Z", "DTSTAMP:20270101T000000Z\r\nSEQUENCE:3\r\nCREATED:20261130T170000Z")
        .replace("END:VALARM", "ACKNOWLEDGED:20261201T170100Z\r\nUID:a1\r\nX-WR-ALARMUID:a1\r\nEND:VALARM")
        .replace("TRIGGER:PT0S", "TRIGGER;RELATED=START;VALUE=DURATION:-P0D")
        .replace("CLASS:PRIVATE\r\n", "")
        .replace("BEGIN:VEVENT\r\n", "BEGIN:VEVENT\r\nCLASS:PRIVATE\r\nX-MOZ-LASTACK:20261201T170100Z\r\n")
        .replace("SUMMARY:Questions for", "SUMMARY:Quest\r\n ions for")
        .replace("-//MentorUp//MentorUp//EN", "-//Other//EN")
    )
    assert other != text
    assert reminder_digest(other) == reminder_digest(text)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("SUMMARY:Questions for Ana", "SUMMARY:Questions for Ana and Kim"),
        ("DTSTART:20261201T170000Z", "DTSTART:20261201T180000Z"),
        ("TRIGGER:PT0S", "TRIGGER:-PT10M"),
        ("CLASS:PRIVATE", "CLASS:PUBLIC"),
        ("CLASS:PRIVATE", "CLASS:PRIVATE\r\nLOCATION:Room 3"),
        ("CLASS:PRIVATE", "CLASS:PRIVATE\r\nATTENDEE:mailto:kim@example.org"),
        ("CLASS:PRIVATE", "CLASS:PRIVATE\r\nRRULE:FREQ=DAILY"),
        ("TRANSP:TRANSPARENT", "TRANSP:OPAQUE"),
        ("UID:mentorup-1", "UID:another"),
        ("You meet Ana.", "Ask about aim 2."),
        ("END:VALARM\r\n", "END:VALARM\r\nBEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER:PT0S\r\nEND:VALARM\r\n"),
    ],
)
def test_what_a_person_changes_is_an_edit(old: str, new: str) -> None:
    text = written()
    assert old in text
    assert reminder_digest(text.replace(old, new)) != reminder_digest(text)


def test_our_own_reminders_are_never_taken_for_meetings_and_cost_those_beside_them_nothing() -> None:
    ours = written(summary="Mentoring: questions for Ana")
    meeting = "BEGIN:VEVENT\r\nUID:m\r\nDTSTART:20261202T170000Z\r\nSUMMARY:Mentoring\r\nEND:VEVENT\r\n"
    feed = ours.replace("END:VCALENDAR", f"{meeting}END:VCALENDAR")
    people = [Mentor(id="ana", name="Ana", emails=("ana@example.org",))]
    found = events.expand(feed, zone=ZONE, start=NOW, end=NOW + timedelta(days=9)).occurrences
    assert [one.reminder for one in found] == [True, False]
    recognised = [events.recognise(one, owner=None, people=people, recognition=Recognition()) for one in found]
    assert [one is not None for one in recognised] == [False, True]
    assert events.scanner(people=people, recognition=Recognition())(feed)


def test_the_time_of_writing_is_told_in_utc() -> None:
    assert f"DTSTAMP:{NOW.astimezone(UTC):%Y%m%dT%H%M%SZ}\r\n" in written()
