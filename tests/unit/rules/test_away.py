"""A mentor's holidays: what nobody has asked for waits until they are back (T10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentorup_daemon.letters.compose import compose
from mentorup_daemon.letters.occasion import Occasion
from mentorup_daemon.letters.templates import Templates
from mentorup_daemon.records import Contact, Mentor, Snapshot, Topic
from mentorup_daemon.rules.hours import in_hours, when_back
from mentorup_daemon.rules.plan import plan, upcoming
from tests.unit.rules.people import ANA, BEN, MONDAY, SAM, ZONE, keys, meeting, snapshot

WEEK = timedelta(days=7)
MONTHLY = replace(ANA, cadence=timedelta(days=30))


def away(first: date, last: date, person: Mentor = MONTHLY) -> Mentor:
    return replace(person, away=((first, last),))


def of(rule: str, view: Snapshot, now: datetime) -> list[str]:
    return [key for key in keys(plan(view, now).due) if key.startswith(f"{rule}/ana")]


def test_t10_a_request_for_the_next_meeting_waits_until_the_mentor_is_back() -> None:
    view = snapshot([meeting(MONDAY)], mentors=(away(date(2026, 12, 1), date(2026, 12, 6)),))
    assert of("next_meeting", view, MONDAY + timedelta(days=2)) == []
    assert of("next_meeting", view, datetime(2026, 12, 7, 8, 59, tzinfo=ZONE)) == []  # Ana's day begins at nine
    assert of("next_meeting", view, datetime(2026, 12, 7, 9, tzinfo=ZONE)) == ["next_meeting/ana/m1/draft"]


def test_t10_what_would_be_too_late_when_the_mentor_is_back_never_comes() -> None:
    view = snapshot([meeting(MONDAY)], mentors=(away(date(2026, 12, 1), date(2026, 12, 31)),))
    ahead = upcoming(view, MONDAY, MONDAY + 9 * WEEK)
    assert [one.key for one in ahead if one.rule == "next_meeting"] == []


def test_t10_contact_and_the_check_in_wait_until_the_mentor_is_back() -> None:
    at = datetime(2026, 11, 2, 9, tzinfo=ZONE)
    back = datetime(2027, 1, 4, 9, tzinfo=ZONE)
    person = away(date(2026, 12, 1), date(2026, 12, 9))
    silent = snapshot(mentors=(person,), contacts=(Contact(mentor="ana", at=at, kind="mail to"),))
    assert of("contact", silent, at + timedelta(days=30)) == []
    assert of("contact", silent, datetime(2026, 12, 10, 9, tzinfo=ZONE)) == ["contact/ana/2026-11-02.1/draft"]
    round_of_january = snapshot(mentors=(away(date(2026, 12, 21), date(2027, 1, 3)), BEN))
    new_year = datetime(2027, 1, 1, 9, tzinfo=ZONE)
    assert of("check_in", round_of_january, new_year) == []
    assert "check_in/ben/2027-01-01T09:00/draft" in keys(plan(round_of_january, new_year).due)
    assert of("check_in", round_of_january, back) == ["check_in/ana/2027-01-01T09:00/draft"]


def test_t10_an_agenda_and_the_owners_own_notes_come_all_the_same() -> None:
    phoned = away(date(2026, 11, 1), date(2027, 1, 31), replace(MONTHLY, channel="phone"))
    at = datetime(2026, 11, 2, 9, tzinfo=ZONE)
    view = snapshot(mentors=(phoned,), contacts=(Contact(mentor="ana", at=at, kind="mail to"),))
    assert of("contact", view, at + timedelta(days=30)) == ["contact/ana/2026-11-02.1"]
    view = snapshot([meeting(MONDAY + timedelta(days=1))], mentors=(phoned,))
    assert of("agenda", view, MONDAY) == ["agenda/ana/m1/draft", "agenda/ana/m1"]


def test_t10_the_round_of_check_ins_says_who_is_away_and_claims_no_draft() -> None:
    person = away(date(2026, 12, 21), date(2027, 1, 3))
    question = Topic(id=1, text="K award?", mentor="ana", created_at=MONDAY)
    view = snapshot(mentors=(person,), topics=(question,))
    now = datetime(2027, 1, 1, 9, tzinfo=ZONE)
    note = next(one for one in plan(view, now).due if one.key == "check_in/all/2027-01-01T09:00")
    told = compose(note, view, now=now, templates=Templates(None), occasion=Occasion(message_id="<a@b>")).text
    assert "Away now, back on Monday 4 January." in " ".join(told.split())
    assert "draft is ready" not in told


def test_t10_holidays_are_days_on_the_mentors_own_calendar() -> None:
    person = replace(away(date(2026, 12, 7), date(2026, 12, 7)), timezone="Asia/Tokyo")
    sunday_evening = datetime(2026, 12, 6, 15, tzinfo=ZONE)  # Monday in Tokyo
    assert when_back(sunday_evening, person, SAM) == datetime(2026, 12, 7, 16, tzinfo=ZONE)  # Tuesday, nine, in Tokyo


@pytest.mark.parametrize("order", [1, -1])
def test_t10_absences_that_meet_are_one(order: int) -> None:
    days = ((date(2026, 12, 1), date(2026, 12, 4)), (date(2026, 12, 5), date(2026, 12, 8)))[::order]
    assert replace(ANA, away=days).away_until(date(2026, 12, 2)) == date(2026, 12, 9)


dates = st.dates(date(2026, 11, 1), date(2027, 3, 1))


@given(
    st.datetimes(datetime(2026, 11, 1), datetime(2027, 2, 1)).map(lambda moment: moment.replace(tzinfo=ZONE)),
    st.lists(st.tuples(dates, st.integers(0, 40)), max_size=5),
    st.sampled_from(["", "Asia/Tokyo", "Europe/Berlin"]),
)
def test_t10_nobody_is_met_on_holidays(moment: datetime, absences: list[tuple[date, int]], zone: str) -> None:
    days = tuple((first, first + timedelta(days=length)) for first, length in absences)
    person = replace(ANA, away=days, timezone=zone)
    back = when_back(moment, person, SAM)
    assert back >= moment
    assert person.away_until(back.astimezone(person.zone(SAM)).date()) is None
    assert back == moment or in_hours(back, SAM)
