"""Texts as they come: torn, mixed up, misencoded, and no calendars at all. One bad thing costs itself."""

from __future__ import annotations

import pytest

from mentorup_daemon.errors import Malformed
from mentorup_daemon.events import Expansion, Fault
from tests.unit.events.calendar_text import calendar, expanded, sound

GOOD = "UID:good\nDTSTART:20260302T140000Z\nSUMMARY:Good"


def uids(found: Expansion) -> list[str]:
    return [occurrence.uid for occurrence in found.occurrences]


@pytest.mark.parametrize("newline", ["\r\n", "\n", "\r", "\r\r\n", "\n\n"])
def test_d06_line_ends_of_any_kind(newline: str) -> None:
    assert sound(calendar(GOOD).replace("\n", newline))[0].title == "Good"


def test_d06_line_ends_mixed_and_a_byte_order_mark() -> None:
    text = calendar(GOOD).replace("\nUID", "\r\nUID").replace("\nSUMMARY", "\rSUMMARY")
    for mixed in ("\ufeff" + text, ("\ufeff" + text).encode(), text.encode("utf-16")):
        assert sound(mixed)[0].uid == "good"


def test_folds_are_undone_also_inside_a_character() -> None:
    title = "Gespräch über Förderung"
    plain = calendar(f"DTSTART:20260302T140000Z\nSUMMARY:{title}").encode()
    start = plain.index(b"SUMMARY") + 9
    folded = bytearray(plain[:start])
    for at in range(start, plain.index(b"\nEND:VEVENT")):
        folded += plain[at : at + 1] + b"\r\n "
    folded += plain[plain.index(b"\nEND:VEVENT") :]
    assert sound(bytes(folded))[0].title == title
    assert sound(plain.decode().replace("über", "ü\r\n\tber"))[0].title == title


def test_d06_bytes_that_are_no_utf_8_keep_the_lines_that_are() -> None:
    text = calendar(GOOD, "UID:b\nDTSTART:20260303T140000Z\nSUMMARY:Zürich").encode()
    assert [o.title for o in sound(text.replace(b"Good", b"K\xf6ln \x93x\x94"))] == ["Köln “x”", "Zürich"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n",
        "<!DOCTYPE html><html><body>Sign in</body></html>",
        "not found",
        b"\xff\x00\x81",
        b"",
        "END:VEVENT",
        "UID:a\nDTSTART:20260302",
    ],
)
def test_d06_what_is_no_calendar_at_all_is_malformed(text: str | bytes) -> None:
    with pytest.raises(Malformed, match="no calendar"):
        expanded(text)


def test_d06_a_web_page_is_called_one() -> None:
    with pytest.raises(Malformed, match="web page"):
        expanded("\n<html>")


def test_an_empty_calendar_holds_nothing() -> None:
    assert expanded(calendar()) == Expansion((), ())


def test_d06_junk_around_a_calendar_is_no_harm() -> None:
    assert uids(expanded(f"HTTP/1.1 200 OK\n\n{calendar(GOOD)}\n<!-- 3 ms -->")) == ["good"]


def test_d06_two_calendars_in_one_text() -> None:
    assert uids(expanded(calendar(GOOD) + calendar("UID:two\nDTSTART:20260303T140000Z"))) == ["good", "two"]


def test_d06_an_event_outside_any_calendar_counts() -> None:
    assert uids(expanded(f"BEGIN:VEVENT\n{GOOD}\nEND:VEVENT")) == ["good"]


def test_d06_a_text_that_ends_early_keeps_what_is_complete() -> None:
    whole = calendar(GOOD, "UID:cut\nDTSTART:20260303T140000Z")
    found = expanded(whole[: whole.rindex("END:VEVENT")])
    assert uids(found) == ["good"]
    assert [fault.component for fault in found.faults] == ["VCALENDAR", "VEVENT uid=cut"]


def test_d06_an_event_that_never_ends_costs_itself() -> None:
    text = calendar("UID:open\nDTSTART:20260301T140000Z", GOOD).replace("END:VEVENT\n", "", 1)
    found = expanded(text)
    assert uids(found) == ["good"]
    assert [fault.component for fault in found.faults] == ["VEVENT uid=open"]


def test_d06_a_fault_calls_its_event_by_the_whole_uid() -> None:
    found = expanded(calendar("UID:urn:uuid:1234\nRECURRENCE-ID;TZID=Europe/Berlin:20260302T150000\nSUMMARY:x"))
    assert [fault.component for fault in found.faults] == ["VEVENT uid=urn:uuid:1234 recurrence-id=20260302T150000"]


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("SUMMARY:no start", "DTSTART"),
        ("DTSTART:", "DTSTART"),
        ("DTSTART", "DTSTART"),
        ("DTSTART:tomorrow", "'tomorrow'"),
        ("DTSTART:20260230T140000Z", "no date or time"),
        ("DTSTART:20260302T250000Z", "no date or time"),
        ("DTSTART:20260302T140000Z\nRRULE:WEEKLY", "frequency"),
        ("DTSTART:20260302T140000Z\nRRULE:FREQ=WEEKLY;UNTIL=never", "RRULE"),
        ("DTSTART:20260302T140000Z\nRECURRENCE-ID:then", "RECURRENCE-ID"),
        ("DTSTART;TZID=Asia/Tokyo:00010101T000000\nDTEND;TZID=Asia/Tokyo:00010101T010000", "calendar"),
        ("DTSTART:99991231T235959Z\nDURATION:PT1H\nRRULE:FREQ=DAILY", ""),
    ],
)
def test_d06_one_broken_event_costs_itself(broken: str, said: str) -> None:
    found = expanded(calendar(f"UID:broken\n{broken}", GOOD))
    assert uids(found) == ["good"]
    if said:
        (fault,) = found.faults
        assert fault.component.startswith("VEVENT uid=broken")
        assert said in fault.reason


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("EXDATE:oops", "EXDATE"),
        ("RDATE:20260303T140000Z/oops", "RDATE"),
        ("DTEND:later", "DTEND"),
        ("DURATION:an hour", "DURATION"),
        ("DURATION:P", "DURATION"),
        ("SUMMARY", ""),
        ('X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-TITLE="unclosed:geo:1,2', ""),
        ("a line that a program forgot to fold", ""),
        ("ATTENDEE;CN=Ana: the mentor:mailto:ana@example.org", ""),
        ("SEQUENCE:many", ""),
        ("\x01\x02\x03", ""),
    ],
)
def test_d06_a_broken_line_that_can_be_spared_costs_itself(line: str, said: str) -> None:
    found = expanded(calendar(f"DTSTART:20260302T140000Z\n{line}\nLOCATION:Room 5"))
    assert [o.location for o in found.occurrences] == ["Room 5"]
    assert [said in fault.reason for fault in found.faults] == [True] * bool(said)


def test_an_event_without_uid_is_known_by_start_and_title() -> None:
    text = calendar("DTSTART:20260302T140000Z\nSUMMARY:x").replace("UID:a\n", "")
    first, again = expanded(text), expanded(text)
    assert uids(first) == uids(again) != [""]
    assert first.faults[0].component == "VEVENT"
    assert uids(expanded(text.replace("SUMMARY:x", "SUMMARY:y"))) != uids(first)


def test_other_components_are_passed_over() -> None:
    others = "".join(
        f"BEGIN:{name}\nUID:{name}\nDTSTART:20260302T140000Z\nEND:{name}\n"
        for name in ("VTODO", "VJOURNAL", "VFREEBUSY", "X-OWN")
    )
    alarm = "BEGIN:VALARM\nTRIGGER:-PT10M\nSUMMARY:Alarm\nATTENDEE:mailto:x@example.org\nDURATION:PT5M\nEND:VALARM"
    (found,) = sound(calendar(f"{alarm}\n{GOOD}", head=others))
    assert (found.uid, found.title, found.attendees, found.start) == ("good", "Good", (), found.end)


def test_d06_a_fault_says_whether_the_event_is_there_all_the_same() -> None:
    found = expanded(calendar("UID:lost\nSUMMARY:x", "UID:there\nDTSTART:20260302T140000Z\nDURATION:long"))
    assert [(fault.component, fault.partial) for fault in found.faults] == [
        ("VEVENT uid=lost", False),
        ("VEVENT uid=there", True),
    ]


def test_texts_and_people_are_read() -> None:
    (found,) = sound(
        calendar(
            r"""DTSTART:20260302T140000Z
            SUMMARY;LANGUAGE=en;X-NOTE="a:b;c":Mentoring\, Ana\n\\o/  now
            DESCRIPTION:one\ntwo\Nthree\; four
            LOCATION:Room\, 5
            CATEGORIES:Mentoring,Work\, hard
            CATEGORIES:mentoring,
            ORGANIZER;CN="Ortiz, Ana":MAILTO:Ana@Example.org
            ATTENDEE;PARTSTAT=ACCEPTED:mailto:sam%40example.org
            ATTENDEE;EMAIL=kim@example.org;CN=Kim:/principals/kim/
            ATTENDEE;CN=Nobody:urn:uuid:1234
            TRANSP:TRANSPARENT
            CLASS:CONFIDENTIAL"""
        )
    )
    assert found.title == r"Mentoring, Ana \o/ now"
    assert found.description == "one\ntwo\nthree; four"
    assert found.location == "Room, 5"
    assert found.categories == ("Mentoring", "Work, hard", "mentoring")
    assert found.organizer == "ana@example.org"
    assert found.attendees == ("sam@example.org", "kim@example.org")
    assert found.transparent
    assert found.private


US = ("Sam@example.org", "sam@home.example")


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ("", "confirmed"),
        ("STATUS:CONFIRMED", "confirmed"),
        ("STATUS:TENTATIVE", "tentative"),
        ("STATUS:cancelled", "cancelled"),
        ("STATUS:WHATEVER", "confirmed"),
        ("ATTENDEE;PARTSTAT=DECLINED:mailto:sam@example.org", "declined"),
        ("ATTENDEE;PARTSTAT=declined:MAILTO:SAM@EXAMPLE.ORG", "declined"),
        ("ATTENDEE;PARTSTAT=DECLINED:mailto: sam@example.org ", "declined"),
        ("ATTENDEE;PARTSTAT=DELEGATED:mailto:sam@example.org", "declined"),
        ("ATTENDEE;PARTSTAT=TENTATIVE:mailto:sam@example.org", "tentative"),
        ("ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:sam@example.org", "confirmed"),
        ("ATTENDEE:mailto:sam@example.org", "confirmed"),
        ("ATTENDEE;PARTSTAT=DECLINED:mailto:ana@example.org", "confirmed"),
        ("STATUS:TENTATIVE\nATTENDEE;PARTSTAT=DECLINED:mailto:sam@example.org", "declined"),
        ("STATUS:CANCELLED\nATTENDEE;PARTSTAT=DECLINED:mailto:sam@example.org", "cancelled"),
        (
            "ATTENDEE;PARTSTAT=DECLINED:mailto:sam@example.org\nATTENDEE;PARTSTAT=ACCEPTED:mailto:sam@home.example",
            "confirmed",
        ),
    ],
)
def test_d11_status(lines: str, status: str) -> None:
    (found,) = sound(calendar(f"DTSTART:20260302T140000Z\n{lines}"), us=US)
    assert found.status == status


def test_d11_one_occurrence_declined_by_the_owner() -> None:
    asked = "ATTENDEE;PARTSTAT=ACCEPTED:mailto:sam@example.org"
    series = f"DTSTART:20260302T140000Z\nRRULE:FREQ=WEEKLY;COUNT=3\n{asked}"
    refused = f"RECURRENCE-ID:20260309T140000Z\nDTSTART:20260309T140000Z\n{asked.replace('ACCEPTED', 'DECLINED')}"
    assert [o.status for o in sound(calendar(series, refused), us=US)] == ["confirmed", "declined", "confirmed"]


def test_d06_a_fault_names_its_event_without_drowning_anyone() -> None:
    found = expanded(calendar(f"UID:{'u' * 5000}\nDTSTART:{'9' * 5000}"))
    assert all(len(fault.component) + len(fault.reason) < 400 for fault in found.faults)
    assert isinstance(found.faults[0], Fault)


def test_a_huge_description_is_read_like_any_other() -> None:
    (found,) = sound(calendar("DTSTART:20260302T140000Z\nDESCRIPTION:" + "word\\, " * 400_000))
    assert found.description.startswith("word, word")


@pytest.mark.parametrize(
    "unit",
    [
        "\n ",
        "\r",
        "\r\r\r",
        "\n\n",
        'ATTENDEE;CN="',
        "ATTENDEE;A=" + '"',
        ";X=1",
        "SUMMARY:\\\\",
        "BEGIN:VEVENT\n",
        "BEGIN:X\n",
        ";A ",
        " ",
        ",",
    ],
)
def test_d05_reading_takes_linear_time(unit: str) -> None:
    """Half a megabyte of what makes patterns and stacks explode: the test's own time limit is the judge."""
    body = unit * (500_000 // len(unit))
    expanded(f"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\nDTSTART:20260302T140000Z\n{body}\nEND:VEVENT\nEND:VCALENDAR\n")
    expanded(
        f"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\nDTSTART:20260302T140000Z\nATTENDEE{body}\nEND:VEVENT\nEND:VCALENDAR\n"
    )


def test_d05_components_nested_without_end_take_linear_time() -> None:
    deep = "BEGIN:X\n" * 100_000 + "END:Y\n" * 100_000
    assert uids(expanded(f"{deep}{calendar(GOOD)}")) == ["good"]
