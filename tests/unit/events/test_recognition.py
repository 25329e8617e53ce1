"""Which occurrences are mentoring meetings, whose they are, and which texts are worth reading at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentorup_daemon.events import PRIVATE_TITLE, Recognised, meeting_key, recognise, scanner, to_meeting
from mentorup_daemon.records import Mentor, Occurrence, Owner, Recognition
from tests.unit.events.calendar_text import calendar, expanded

SAM = Owner(name="Sam Rivera", email="sam@example.org", aliases=("Sam@Home.example",))
ANA = Mentor(id="ana", name="Dr. Ana Ortiz", emails=("Ana@Example.org", "ana@home.example"))
LEO = Mentor(id="leo", name="Leo Maß", emails=("leo@example.org",))
MIA = Mentor(id="mia", name="Mia Chen", emails=("mia@example.org",), role="mentee")
PEOPLE = (ANA, LEO, MIA)
DEFAULT = Recognition()


def occurrence(title: str = "", **facts) -> Occurrence:
    at = datetime(2026, 3, 2, 14, tzinfo=UTC)
    return Occurrence(uid="a", start=at, end=at, title=title, **facts)


def seen(found: Occurrence, people=PEOPLE, recognition: Recognition = DEFAULT, owner: Owner | None = SAM):
    recognised = recognise(found, owner=owner, people=people, recognition=recognition)
    return recognised and (recognised.mentor, recognised.also, recognised.by)


@pytest.mark.parametrize(
    ("organizer", "attendees", "expected"),
    [
        ("", (), None),
        ("", ("ana@example.org",), ("ana", (), "attendee")),
        ("ana@home.example", (), ("ana", (), "attendee")),
        ("sam@example.org", ("leo@example.org", "ana@example.org"), ("ana", ("leo",), "attendee")),
        ("leo@example.org", ("mia@example.org", "ana@example.org"), ("leo", ("ana", "mia"), "attendee")),
        ("mia@example.org", (), ("mia", (), "attendee")),
        ("kim@example.org", ("sam@example.org",), None),
    ],
)
def test_by_attendee(organizer: str, attendees: tuple[str, ...], expected: object) -> None:
    assert seen(occurrence("Lunch", organizer=organizer, attendees=attendees)) == expected


def test_attendees_can_be_left_out_of_it() -> None:
    off = Recognition(attendees=False)
    assert seen(occurrence("Lunch", attendees=("ana@example.org",)), recognition=off) is None


def test_the_owner_is_nobodys_mentor() -> None:
    mixed_up = replace(ANA, emails=("ana@example.org", "SAM@home.example"))
    assert seen(occurrence(attendees=("sam@home.example",)), people=(mixed_up,)) is None
    assert seen(occurrence(organizer="sam@home.example", attendees=("leo@example.org",)), (mixed_up, LEO)) == (
        "leo", (), "attendee",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("title", "attendees", "people", "expected"),
    [
        ("Coffee with Ana", (), PEOPLE, "ana"),
        ("Coffee", (), PEOPLE, None),
        ("Coffee", (), (ANA, MIA), "ana"),  # one mentor in all
        ("Coffee", (), (MIA,), None),
        ("Coffee", (), (), None),
        ("Coffee with Mia", (), (ANA, MIA), "mia"),
        ("Coffee", ("leo@example.org",), PEOPLE, "leo"),
        ("Coffee with Ana", ("leo@example.org",), PEOPLE, "ana"),
    ],
)
def test_by_category(title: str, attendees: tuple[str, ...], people: tuple[Mentor, ...], expected: str | None) -> None:
    found = occurrence(title, attendees=attendees, categories=("Work", "MENTORING"))
    recognised = seen(found, people, Recognition(attendees=False))
    assert recognised == (expected and (expected, (), "category"))


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Mentoring with Ana Ortiz", ("ana", (), "title")),
        ("MENTORING: DR. ANA ORTIZ", ("ana", (), "title")),
        ("mentor meeting ana", ("ana", (), "title")),
        ("Mentoring Aña", ("ana", (), "title")),
        ("Mentoring (Leo MASS)", ("leo", (), "title")),
        ("Ana/Leo mentoring", ("ana", ("leo",), "title")),
        ("Mentoring Anabel", None),
        ("Mentoring banana", None),
        ("Commentor Ana", None),
        ("Mentoring", None),
        ("Ana", None),
        ("x" * 195 + " mentor Ana", None),  # beyond what is searched
    ],
)
def test_by_title(title: str, expected: object) -> None:
    assert seen(occurrence(title)) == expected


def test_one_mentor_in_all_needs_no_name() -> None:
    assert seen(occurrence("Mentoring"), (LEO, MIA)) == ("leo", (), "title")
    assert seen(occurrence("Mentoring Mia"), (LEO, MIA)) == ("mia", (), "title")


def test_a_given_name_that_two_share_says_nothing_the_full_name_does() -> None:
    other = Mentor(id="ana2", name="Ana Silva")
    assert seen(occurrence("Mentoring Ana"), (ANA, other)) is None
    assert seen(occurrence("Mentoring Ana Silva"), (ANA, other)) == ("ana2", (), "title")
    assert seen(occurrence("Mentoring Ana"), (LEO, ANA, replace(other, role="mentee"))) == ("ana", (), "title")


def test_categories_and_titles_are_the_owners_choice() -> None:
    own = Recognition(categories=("1:1, Förderung",), titles=(r"^Jour fixe\b",))
    assert seen(occurrence("Leo", categories=("1:1, FÖRDERUNG",)), recognition=own) == ("leo", (), "category")
    assert seen(occurrence("Jour fixe Leo"), recognition=own) == ("leo", (), "title")
    assert seen(occurrence("Mentoring Leo", categories=("mentoring",)), recognition=own) is None


def test_without_people_nothing_is_recognised() -> None:
    assert seen(occurrence("Mentoring Ana", categories=("mentoring",)), people=(), owner=None) is None


def test_a_person_without_addresses_is_not_met_by_everyone() -> None:
    assert seen(occurrence("Lunch"), people=(replace(ANA, emails=("",)),)) is None


def test_d09_keys_and_meetings() -> None:
    assert meeting_key("a/b c@x", "") == "a%2Fb%20c@x"
    assert meeting_key("uid", "20260302T140000Z") == "uid/20260302T140000Z"


def test_the_key_of_a_uid_without_end_has_one_and_is_the_same_each_time() -> None:
    key = meeting_key("ü" * 2000, "20260302T140000Z")
    assert len(key) < 100
    assert key == meeting_key("ü" * 2000, "20260302T140000Z")
    assert key != meeting_key("ü" * 2001, "20260302T140000Z")
    found = occurrence(
        "Ana", location="Room 5", recurrence_id="20260302", all_day=True, status="tentative", zone_note="z"
    )
    meeting = to_meeting(found, Recognised("ana", ("leo",), "title"), calendar="Work", href="/a.ics")
    assert (meeting.key, meeting.mentor, meeting.also, meeting.recognised_by) == (
        "a/20260302",
        "ana",
        ("leo",),
        "title",
    )
    assert (meeting.title, meeting.location, meeting.calendar, meeting.href) == ("Ana", "Room 5", "Work", "/a.ics")
    assert (meeting.all_day, meeting.status, meeting.zone_note, meeting.on) == (True, "tentative", "z", True)
    assert (meeting.start, meeting.end) == (found.start, found.end)


def test_d11_a_private_meeting_keeps_its_title_to_itself() -> None:
    found = occurrence("Mentoring Ana: leaving the lab", location="Ana's home", private=True)
    recognised = recognise(found, owner=SAM, people=PEOPLE, recognition=DEFAULT)
    assert recognised is not None
    meeting = to_meeting(found, recognised, calendar="", href="")
    assert (meeting.title, meeting.location) == (PRIVATE_TITLE, "")


LINES = st.one_of(
    st.sampled_from(
        [
            "SUMMARY:Mentoring Ana",
            "SUMMARY;LANGUAGE=en:Lunch",
            "summary:MENTOR\\, Leo",
            "SUMMARY:  Förderung  ",
            "CATEGORIES:Work,mentoring",
            "CATEGORIES;X=1:Work,Förde\\,rung",
            "categories:FORDE\\, RUNG",
            "ATTENDEE:mailto:ana@example.org",
            'ATTENDEE;CN="A: B":MAILTO:ANA%40EXAMPLE.ORG',
            "ATTENDEE;EMAIL=Leo@example.org:urn:uuid:1",
            "ORGANIZER:mailto:mi%61@example.org?subject=x",
            "ATTENDEE:leo@example.org",
            "DESCRIPTION:mentoring with Ana",
            "X-WHO:mailto:ana@example.org",
        ]
    ),
    st.text(st.characters(exclude_characters="\r\n\x00\ufeff", codec="utf-8"), max_size=30).map(
        lambda text: f"SUMMARY:{text}"
    ),
)


@settings(deadline=None, max_examples=400)
@given(
    lines=st.lists(LINES, max_size=5),
    fold=st.integers(1, 40),
    newline=st.sampled_from(["\n", "\r\n", "\r"]),
    recognition=st.builds(
        Recognition,
        attendees=st.booleans(),
        categories=st.sampled_from([(), ("mentoring",), ("Förde, rung",), ("",)]),
        titles=st.sampled_from([(), (r"(?i)\bmentor",), (r"^Förderung$",), (r"^$",), (r".",)]),
    ),
    people=st.sampled_from([(), PEOPLE, (ANA,), (MIA,)]),
)
def test_the_scanner_never_misses_a_meeting(lines, fold, newline, recognition, people) -> None:
    text = calendar("DTSTART:20260302T140000Z\n" + "\n".join(lines))
    text = newline.join(
        newline.join([line[:fold], *(f" {line[at : at + fold]}" for at in range(fold, len(line), fold))])
        for line in text.split("\n")
    )
    for found in expanded(text).occurrences:
        if recognise(found, owner=SAM, people=people, recognition=recognition):
            assert scanner(people=people, recognition=recognition)(text)


def test_the_scanner_says_no_to_what_is_clearly_none() -> None:
    text = calendar("DTSTART:20260302T140000Z\nSUMMARY:Lunch\nATTENDEE:mailto:kim@example.org\nDESCRIPTION:mentoring")
    assert not scanner(people=PEOPLE, recognition=DEFAULT)(text)
    assert not scanner(people=PEOPLE, recognition=DEFAULT)(text.encode())
    ana = calendar("DTSTART:20260302T140000Z\nATTENDEE:mailto:ana@example.org")
    assert scanner(people=PEOPLE, recognition=DEFAULT)(ana)
    assert not scanner(people=(), recognition=DEFAULT)(ana)
    assert not scanner(people=PEOPLE, recognition=Recognition(attendees=False))(ana)
