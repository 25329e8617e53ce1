"""Candidates and first meetings: who is asked about, which meeting is the first, hellos and their retries."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentorup_daemon.records import (
    Candidate,
    Compact,
    Contact,
    Mark,
    Mentor,
    PersonState,
    Practice,
    Request,
    Snapshot,
    everyone,
)
from mentorup_daemon.records.candidates import called, is_candidate, is_first_meeting, new_candidate, reason_of
from mentorup_daemon.records.people import short_names
from mentorup_daemon.rules.hours import in_hours
from mentorup_daemon.rules.plan import plan, upcoming
from tests.unit.rules.people import ANA, BEN, LONG_AGO, MONDAY, SAM, delivered, keys, meeting, snapshot

KIM = Mentor(id="kim", name="Kim Okafor", emails=("kim@example.com",), role="candidate")
ABOUT_KIM = Candidate(id=1, person="kim", name="Kim Okafor", emails=KIM.emails, created_at=MONDAY)
HELLO = Request(id=2, kind="hello", person="kim", created_at=MONDAY)
KNOWN = replace(ABOUT_KIM, why="her work on data", recommended_by="Ana")
FAR = MONDAY + timedelta(days=30, hours=5)


def world(*meetings: object, **facts: object) -> Snapshot:
    """Sam's people and Kim, a candidate of whom everything is known."""
    made = snapshot(meetings, mentors=(ANA, BEN, KIM))  # type: ignore[arg-type]
    return replace(made, **{"candidates": (KNOWN,), **facts})  # type: ignore[arg-type]


def of(rule: str, view: Snapshot, now: datetime) -> list[str]:
    return [key for key in keys(plan(view, now).due) if key.startswith(f"{rule}/")]


def wrote(view: Snapshot, now: datetime) -> Snapshot:
    return replace(view, ledger=delivered(view.ledger, plan(view, now).due, now))


def to_kim(at: datetime) -> Contact:
    return Contact(mentor="kim", at=at, kind="mail to")


# T1: who is a candidate


def test_t1_a_candidate_known_from_the_store_alone_is_one_of_the_people() -> None:
    assert everyone((ANA,), (ABOUT_KIM,)) == (ANA, KIM)
    assert everyone((ANA,), (replace(ABOUT_KIM, state="dropped"),)) == (ANA,)
    assert everyone((ANA,), (replace(ABOUT_KIM, name="", emails=()),)) == (ANA,)  # taken out of the config


def test_t1_an_id_comes_from_the_name_and_is_nobody_elses() -> None:
    made = new_candidate("Dr. Kim Okafor", (), people=(ANA,), kept=(), now=MONDAY)
    assert (made.person, made.name) == ("kim", "Dr. Kim Okafor")
    assert new_candidate("Kim Li", (), people=(), kept=(ABOUT_KIM,), now=MONDAY).person == "kim-2"
    assert new_candidate("Kim Li", (), people=(KIM,), kept=(), now=MONDAY).person == "kim-2"


@given(st.text(max_size=80))
def test_t1_every_name_makes_an_id_that_a_config_could_hold(name: str) -> None:
    from mentorup_daemon.config_values import Identifier

    short = next(short_names(name))
    assert Identifier.__metadata__[0].func(short) == short  # type: ignore[attr-defined]


def test_t1_people_are_called_by_id_whole_name_or_first_name() -> None:
    other = replace(KIM, id="kim-2", name="Kim Li")
    assert list(called((KIM, other), "kim")) == [KIM]
    assert list(called((KIM, other), "kim li")) == [other]
    assert list(called((replace(KIM, id="x"), other), "Kim")) == [replace(KIM, id="x"), other]
    assert list(called((KIM,), "Lee")) == []


def test_t1_a_reason_stands_behind_for() -> None:
    assert reason_of("for your work on data.") == "your work on data"
    assert reason_of("because of your talk") == "your talk"
    assert reason_of("fortitude") == "fortitude"


# T1, C13: what is missing is asked for once


def test_t1_the_morning_after_one_note_asks_for_what_is_missing() -> None:
    view = world(candidates=(ABOUT_KIM,))
    assert of("candidate", view, MONDAY + timedelta(hours=8)) == []
    tuesday = MONDAY.replace(hour=8) + timedelta(days=1)
    assert of("candidate", view, tuesday) == ["candidate/kim/1"]
    view = wrote(view, tuesday)
    assert all(of("candidate", view, tuesday + timedelta(days=day)) == [] for day in range(60))


@pytest.mark.parametrize(
    ("facts", "asked"),
    [
        ({}, True),
        ({"why": "her work"}, True),
        ({"recommended_by": "Ana"}, True),
        ({"why": "her work", "recommended_by": "Ana"}, False),
        ({"state": "dropped"}, False),
        ({"state": "done"}, False),
    ],
)
def test_t1_only_what_is_missing_about_a_candidate_who_stands_is_asked_for(facts: dict[str, str], asked: bool) -> None:
    view = world(candidates=(replace(ABOUT_KIM, **facts),))  # type: ignore[arg-type]
    assert bool(of("candidate", view, MONDAY + timedelta(days=1))) is asked


def test_t1_candidates_from_before_the_first_start_are_left_in_peace() -> None:
    view = world(candidates=(ABOUT_KIM,), started_at=MONDAY)
    assert not [one for one in upcoming(view, MONDAY, MONDAY + timedelta(days=90)) if one.rule == "candidate"]


def test_t1_who_has_become_a_mentor_is_asked_about_no_more() -> None:
    view = replace(world(candidates=(ABOUT_KIM,)), mentors=(ANA, replace(KIM, role="mentor")))
    assert not is_candidate(view, view.mentors[1])
    assert of("candidate", view, MONDAY + timedelta(days=1)) == []


# First meetings


def test_the_first_meeting_is_the_first_one_that_the_calendar_knows_of() -> None:
    first, second = meeting(FAR, mentor="kim"), meeting(FAR + timedelta(days=7), key="m2", mentor="kim")
    view = world(first, second)
    assert [is_first_meeting(view, one) for one in (first, second)] == [True, False]
    off = world(replace(first, status="cancelled"), second)
    assert is_first_meeting(off, second)
    with_ana = meeting(FAR)
    assert not is_first_meeting(world(with_ana), with_ana)
    assert is_first_meeting(snapshot([with_ana], acquainted=False), with_ana)
    among_others = replace(LONG_AGO, also=("kim",))
    assert not is_first_meeting(replace(view, meetings=(among_others, first)), first)


def test_c16_whoever_has_agreed_on_how_to_work_is_past_the_first_meeting() -> None:
    made = meeting(FAR)
    agreed = Compact(id=9, mentor="ana", agreed_at=MONDAY, created_at=MONDAY)
    view = snapshot([made], acquainted=False)
    assert not is_first_meeting(replace(view, compacts=(agreed,)), made)
    assert is_first_meeting(replace(view, compacts=(replace(agreed, agreed_at=None),)), made)
    assert is_first_meeting(replace(view, compacts=(replace(agreed, state="dropped"),)), made)
    mentee = replace(view, mentors=(replace(ANA, role="mentee"),))
    assert not is_first_meeting(mentee, made)


def test_t7_a_first_meeting_is_never_offered_to_be_shortened() -> None:
    made = meeting(FAR)
    view = snapshot([made], acquainted=False)
    skipped = {"questions/ana/m1": Mark(key="questions/ana/m1", skipped=True)}
    for marks in ({}, skipped):
        ahead = upcoming(replace(view, marks=marks), MONDAY, FAR)
        assert {"shorten"} & {one.rule for one in ahead} == set()
        assert {one.key for one in ahead if one.rule == "agenda"} == {"agenda/ana/m1/draft", "agenda/ana/m1"}


# C14: the page about oneself


def test_c14_the_page_comes_14_days_before_a_first_meeting() -> None:
    view = world(meeting(FAR, mentor="kim"))
    assert of("brief", view, FAR - timedelta(days=14, minutes=1)) == []
    assert of("brief", view, FAR - timedelta(days=14)) == ["brief/kim/m1/draft"]
    assert of("brief", world(meeting(FAR)), FAR - timedelta(days=14)) == []
    assert of("brief", snapshot([meeting(FAR)], acquainted=False), FAR - timedelta(days=14)) == ["brief/ana/m1/draft"]


def test_c14_a_meeting_found_later_has_it_at_once_but_not_on_the_last_day() -> None:
    view = world(meeting(FAR, mentor="kim"))
    assert of("brief", view, FAR - timedelta(days=2)) == ["brief/kim/m1/draft"]
    assert of("brief", view, FAR - timedelta(hours=23)) == []


def test_c14_at_a_first_start_it_waits_for_a_day() -> None:
    soon = MONDAY + timedelta(days=7)
    view = world(meeting(soon, mentor="kim"), started_at=MONDAY)
    assert of("brief", view, MONDAY) == []
    assert of("brief", view, MONDAY + timedelta(days=1)) == ["brief/kim/m1/draft"]


def test_c14_c24_it_moves_and_falls_with_the_meeting() -> None:
    now = FAR - timedelta(days=9)
    view = wrote(world(meeting(FAR, mentor="kim")), now)
    later = replace(view, meetings=(meeting(FAR + timedelta(days=1), mentor="kim"),))
    assert [(one.key, one.revision) for one in plan(later, now).due] == [("brief/kim/m1/draft", 2)]
    off = replace(view, meetings=(meeting(FAR, mentor="kim", status="cancelled"),))
    assert [(one.entry.key, one.why) for one in plan(off, now).withdraw] == [("brief/kim/m1/draft", "cancelled")]
    assert [one.key for one in plan(view, now).refresh] == ["brief/kim/m1/draft"]


# C9 to C12: the fit form


def test_c9_c10_c11_c12_the_fit_form_comes_the_day_after() -> None:
    held = meeting(MONDAY, mentor="kim")
    view = world(held)
    assert of("fit", view, held.end + timedelta(hours=23)) == []
    assert of("fit", view, held.end + timedelta(days=1)) == ["fit/kim/m1"]
    assert of("fit", world(meeting(MONDAY)), held.end + timedelta(days=1)) == []
    assert of("fit", wrote(view, held.end + timedelta(days=1)), held.end + timedelta(days=3)) == []
    assert of("fit", replace(view, candidates=(replace(KNOWN, state="dropped"),)), held.end + timedelta(days=1)) == []


def test_c9_after_three_meetings_nobody_is_being_tried_out_any_more() -> None:
    held = [meeting(MONDAY + timedelta(days=7 * n), key=f"m{n}", mentor="kim") for n in range(5)]
    ahead = upcoming(world(*held), MONDAY, MONDAY + timedelta(days=90))
    assert [one.object for one in ahead if one.rule == "fit"] == ["fit/m0", "fit/m1", "fit/m2"]


def test_c9_a_meeting_from_before_the_first_start_is_not_asked_about() -> None:
    held = meeting(MONDAY, mentor="kim")
    assert of("fit", world(held, started_at=held.end), held.end + timedelta(days=1)) == []


# C15: thanks after the first meeting


@pytest.mark.parametrize("schedule", ["0 17 * * *", "0 17 * * sun", "0 9 1 1 *", "0 9 * * mon"])
@pytest.mark.parametrize("hours", [0, 3, 8, 11, 24 * 4 + 2, 24 * 5])
def test_c15_after_a_first_meeting_the_thanks_come_within_a_day_or_when_work_begins(schedule: str, hours: int) -> None:
    held = meeting(MONDAY + timedelta(hours=hours), mentor="kim")
    view = world(held, practice=Practice(thank_you=schedule))
    [one] = [one for one in upcoming(view, held.end, held.end + timedelta(days=40)) if one.rule == "thank_you"]
    assert in_hours(one.due_at, SAM)
    opened = held.end + timedelta(hours=1)
    while one.due_at > held.end + timedelta(days=1) and opened < one.due_at:
        assert not in_hours(opened, SAM)
        opened += timedelta(minutes=30)


def test_c15_a_later_meeting_goes_by_the_schedule() -> None:
    first, second = meeting(MONDAY, mentor="kim"), meeting(MONDAY + timedelta(days=1), key="m2", mentor="kim")
    view = world(first, second, practice=Practice(thank_you="0 17 * * sun"))
    found = [one for one in upcoming(view, MONDAY, MONDAY + timedelta(days=20)) if one.rule == "thank_you"]
    assert {one.object: one.due_at.date() - MONDAY.date() for one in found} == {
        "m1": timedelta(days=0),
        "m2": timedelta(days=7),
    }


# C4, C5: hellos and questions whom to ask


def test_c4_a_hello_that_was_asked_for_comes_at_once_in_any_hour_and_once() -> None:
    night = MONDAY + timedelta(hours=14)
    view = world(requests=(replace(HELLO, created_at=night),))
    assert of("hello", view, night) == ["hello/kim/2/draft"]
    view = wrote(view, night)
    assert plan(view, night).due == ()
    assert [one.key for one in plan(view, night).refresh] == ["hello/kim/2/draft"]


def test_c4_a_request_that_is_dropped_or_a_candidate_let_go_takes_the_hello_back() -> None:
    view = wrote(world(requests=(HELLO,)), MONDAY)
    assert plan(view, MONDAY).withdraw == ()
    for gone in (
        replace(view, requests=(replace(HELLO, state="dropped"),)),
        replace(view, candidates=(replace(KNOWN, state="dropped"),)),
        replace(view, mentors=(ANA, BEN)),
    ):
        assert [(one.entry.key, one.why) for one in plan(gone, MONDAY).withdraw] == [
            ("hello/kim/2/draft", "not wanted")
        ]


def test_c5_asking_somebody_whom_they_would_recommend_comes_at_once() -> None:
    asked = Request(id=3, kind="referral", person="ana", text="sponsor", created_at=MONDAY)
    view = world(requests=(asked,))
    assert of("referral", view, MONDAY) == ["referral/ana/3/draft"]
    view = wrote(view, MONDAY)
    [taken] = plan(replace(view, requests=(replace(asked, state="dropped"),)), MONDAY).withdraw
    assert taken.entry.key == "referral/ana/3/draft"


def test_c4_c5_nothing_where_no_drafts_are_wanted() -> None:
    requests = (HELLO, replace(HELLO, id=3, kind="referral", person="ana"))
    view = world(requests=requests, practice=Practice(delivery=("inbox",)))
    assert upcoming(view, MONDAY, MONDAY + timedelta(hours=1)) == []


# Persistence, C7

SENT = MONDAY + timedelta(hours=2)


def greeted(**facts: object) -> Snapshot:
    """The hello was drafted on Monday, and sent two hours later."""
    view = wrote(world(requests=(HELLO,)), MONDAY)
    return replace(view, contacts=(to_kim(SENT),), **facts)  # type: ignore[arg-type]


def tries(view: Snapshot, now: datetime = SENT) -> list[tuple[str, timedelta]]:
    ahead = upcoming(view, now, now + timedelta(days=300))
    return [(one.key, one.due_at - SENT) for one in ahead if one.rule == "retry"]


def test_c7_two_tries_after_10_and_21_days_of_silence_and_no_more() -> None:
    assert tries(greeted()) == [
        ("retry/kim/2.1/draft", timedelta(days=10)),
        ("retry/kim/2.2/draft", timedelta(days=21)),
    ]


def test_c7_nothing_follows_a_hello_that_was_never_sent() -> None:
    assert tries(replace(greeted(), contacts=())) == []
    earlier = to_kim(MONDAY - timedelta(days=1))
    assert tries(replace(greeted(), contacts=(earlier,))) == []


@pytest.mark.parametrize("days", [0, 1, 9, 15, 20])
def test_c7_an_answer_ends_it_and_takes_back_what_lies_in_drafts(days: int) -> None:
    now = SENT + timedelta(days=days)
    view = greeted()
    for day in range(days):
        view = wrote(view, SENT + timedelta(days=day))
    answer = Contact(mentor="kim", at=now, kind="mail from")
    answered = replace(view, contacts=(*view.contacts, answer))
    assert tries(answered, now) == []
    lying = [one.key for one in view.ledger.values() if one.rule == "retry"]
    assert [one.entry.key for one in plan(answered, now).withdraw] == lying


def test_c7_a_meeting_held_or_booked_ends_it() -> None:
    for at in (SENT + timedelta(days=3), SENT + timedelta(days=60)):
        assert tries(replace(greeted(), meetings=(meeting(at, mentor="kim"),))) == []
    before = meeting(MONDAY - timedelta(days=30), mentor="kim")
    assert len(tries(replace(greeted(), meetings=(before,)))) == 2


def test_c7_the_second_try_takes_the_place_of_a_first_that_was_not_sent() -> None:
    view = wrote(greeted(), SENT + timedelta(days=10))
    later = SENT + timedelta(days=21)
    view = wrote(view, later)
    assert {"retry/kim/2.1/draft", "retry/kim/2.2/draft"} <= set(view.ledger)
    assert [one.entry.key for one in plan(view, later).withdraw] == ["retry/kim/2.1/draft"]
    assert tries(view, later) == []


def test_c7_a_first_try_sent_late_gives_the_second_ten_days() -> None:
    view = wrote(greeted(), SENT + timedelta(days=10))
    late = SENT + timedelta(days=16)
    view = replace(view, contacts=(*view.contacts, to_kim(late)))
    [(key, after)] = tries(view, late)
    assert (key, after.days) == ("retry/kim/2.2/draft", 27)  # 26 days would be a Saturday


def test_c7_a_mail_of_ones_own_counts_as_a_try() -> None:
    own = to_kim(SENT + timedelta(days=5))
    assert tries(replace(greeted(), contacts=(to_kim(SENT), own)), own.at) == [
        ("retry/kim/2.2/draft", timedelta(days=21))
    ]
    twice = (to_kim(SENT), own, to_kim(SENT + timedelta(days=8)))
    assert tries(replace(greeted(), contacts=twice), twice[-1].at) == []


def test_c7_after_a_long_outage_one_try_comes_and_no_burst() -> None:
    now = SENT + timedelta(days=22)
    assert of("retry", greeted(), now) == ["retry/kim/2.2/draft"]
    assert of("retry", greeted(), SENT + timedelta(days=40)) == []


def test_c7_a_candidate_who_is_paused_or_closed_or_let_go_is_left_alone() -> None:
    for state in ("paused", "closed"):
        quiet = {"kim": PersonState(mentor="kim", state=state, since=SENT)}  # type: ignore[arg-type]
        assert tries(greeted(states=quiet)) == []
    assert tries(greeted(candidates=(replace(KNOWN, state="dropped"),))) == []
