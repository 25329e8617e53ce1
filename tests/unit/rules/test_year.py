"""A whole year of all rules together: however finely time is stepped through, and whatever downtime lies in it.

A plan costs milliseconds, and a year has half a million minutes. So the minutes are walked around each moment at which
the plan says that something falls due; if it said so too late, what comes would come later than when every working
hour is walked, and the two walks would differ.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentorup_daemon.records import (
    ActionItem,
    Compact,
    Contact,
    Due,
    Feedback,
    Goal,
    Meeting,
    Mentor,
    PersonState,
    ProfileEntry,
    Snapshot,
    Topic,
    Win,
)
from mentorup_daemon.rules.hours import in_hours, next_opening
from mentorup_daemon.rules.plan import explain, plan
from tests.unit.rules.people import ANA, BEN, SAM, ZONE, delivered, meeting, snapshot
from tests.unit.rules.test_all_rules import busy

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
BEGIN = datetime(2026, 11, 1, 12, tzinfo=UTC)  # both changes of the clocks lie ahead: one today, one in March
YEAR = timedelta(days=366)
SEEN_BACK, SEEN_AHEAD = timedelta(days=100), timedelta(days=30)
LATER_TOLD = frozenset({"digest"})  # what it tells depends on what came before it, so it may have nothing to tell

Came = dict[str, tuple[Due, datetime]]


def on(day: int, hour: int) -> datetime:
    """An hour of Sam's on a day of the year."""
    return (BEGIN + timedelta(days=day)).astimezone(ZONE).replace(hour=hour)


def year() -> Snapshot:
    """Six people: meetings of every rhythm, a mentee, somebody closed midway, somebody on holiday, and the rest."""
    people: tuple[Mentor, ...] = (
        replace(ANA, cadence=timedelta(days=14), distance="senior", support=("sponsor",)),
        replace(BEN, cadence=timedelta(days=91), channel="video", distance="peer"),
        Mentor(id="cem", name="Cem Aydin", emails=("cem@example.org",), cadence=timedelta(days=30)),
        Mentor(id="dia", name="Dia Rao", emails=("dia@example.org",), away=((on(60, 9).date(), on(80, 9).date()),)),
        Mentor(id="eli", name="Eli Stein", emails=("eli@example.org",), role="mentee"),
        Mentor(id="fay", name="Fay Moss", emails=("fay@example.org",), cadence=timedelta(days=60)),
    )
    held: list[Meeting] = [meeting(on(14 * n + 3, 14), key=f"ana{n}", minutes=60) for n in range(26)]
    held += [meeting(on(91 * n + 20, 9), key=f"ben{n}", mentor="ben", minutes=60) for n in range(4)]
    held += [meeting(on(30 * n + 10, 16), key=f"cem{n}", mentor="cem", minutes=60) for n in range(12)]
    held += [meeting(on(30 * n + 5, 11), key=f"eli{n}", mentor="eli", minutes=60) for n in range(12)]
    return snapshot(
        held,
        started_at=BEGIN,
        ledger={},
        mentors=people,
        topics=tuple(
            Topic(id=100 + n, text=f"Q{n}: this or that?", mentor="ana", created_at=on(30 * n, 10)) for n in range(12)
        ),
        actions=tuple(
            ActionItem(
                id=200 + n,
                text="it",
                mentor="cem",
                owner=("me", "cem")[n % 2],
                due=on(20 * n + 9, 9).date(),
                created_at=BEGIN,
            )
            for n in range(18)
        ),
        feedback=tuple(
            Feedback(
                id=300 + n,
                text="Slow down.",
                mentor=("ana", "ben")[n % 2],
                received_at=on(26 * n + 2, 15),
                source="reply",
                subject="#sting" if n % 3 else "",
            )
            for n in range(14)
        ),
        goals=(Goal(id=400, text="A K award", created_at=BEGIN),),
        wins=tuple(Win(id=500 + n, text="W", credit=("ana", "dia"), created_at=on(70 * n + 4, 20)) for n in range(5)),
        compacts=(
            Compact(id=600, mentor="ana", aims="K", agreed_at=BEGIN, created_at=BEGIN),
            Compact(id=601, mentor="dia", aims="K", created_at=BEGIN),
        ),
        profile=(ProfileEntry(id=700, kind="gap", text="no", created_at=BEGIN),),
        contacts=tuple(Contact(mentor="fay", at=on(n, 9), kind="mail to") for n in (2, 200)),
        states={"fay": PersonState(mentor="fay", state="closed", since=on(180, 9))},
    )


def walk(view: Snapshot, begin: datetime, days: float, then: Callable[[datetime, datetime | None], datetime]) -> Came:
    """Everything that comes, with its time; `then` says when to look after a moment and the plan's own word of it.

    At each look the plan sees the meetings of some months, as those of a calendar are kept.
    """
    came: Came = {}
    now, end = begin.astimezone(UTC), begin + timedelta(days=days)
    while now < end:
        day = now.replace(hour=0, minute=0)
        near = [one for one in view.meetings if day - SEEN_BACK < one.start < day + SEEN_AHEAD]
        made = plan(replace(view, meetings=tuple(near)), now)
        for one in made.due:
            assert one.key not in came, f"{one.key} came twice"
            assert one.asked_for or in_hours(now, SAM), f"{one.key} came in the quiet"
            came[one.key] = one, now
        if made.due:
            view = replace(view, ledger=delivered(view.ledger, made.due, now))
            made = plan(replace(view, meetings=tuple(near)), now)
            assert not made.due
        now = then(now, made.next_look)
    return came


def hourly(now: datetime, _next_look: datetime | None) -> datetime:
    """Each working hour, and every fourth in the quiet."""
    opening = next_opening(now, SAM)
    return now + HOUR if opening == now else min(now + 4 * HOUR, opening)


def by_the_minute(now: datetime, next_look: datetime | None) -> datetime:
    """The minutes around each moment at which something falls due."""
    if next_look is None or next_look > now + 2 * HOUR:
        return now + HOUR if next_look is None else next_look - HOUR
    return now + MINUTE if abs(next_look - now) <= 3 * MINUTE else next_look - 3 * MINUTE


def as_the_service(now: datetime, next_look: datetime | None) -> datetime:
    """When the plan says so, and once a day in any case."""
    return max(now + MINUTE, min(next_look or now + timedelta(days=1), now + timedelta(days=1)))


@pytest.fixture(scope="module")
def lived() -> Came:
    """The year as the service lives it."""
    return walk(year(), BEGIN, YEAR.days, as_the_service)


@pytest.mark.parametrize("then", [hourly, by_the_minute])
def test_s03_a_year_stepped_through_finely_or_coarsely_brings_the_same_at_the_same_time(
    lived: Came, then: Callable[[datetime, datetime | None], datetime]
) -> None:
    stepped = walk(year(), BEGIN, YEAR.days, then)
    assert {key: at for key, (_, at) in stepped.items()} == {key: at for key, (_, at) in lived.items()}


def test_no_more_than_three_about_one_thing_in_a_year_and_no_morning_is_a_burst(lived: Came) -> None:
    rules = {one.rule for one, _ in lived.values()}
    assert {"agenda", "check_in", "compact", "contact", "digest", "feedback_plan", "profile", "review", "win"} <= rules
    notes = Counter((one.mentor, one.object) for one, _ in lived.values() if one.lands == "inbox" and one.mentor)
    assert max(notes.values()) <= 3
    mornings = Counter(at.astimezone(ZONE).date() for one, at in lived.values() if one.lands == "inbox")
    assert max(mornings.values()) <= 4


minutes = st.integers(0, 59)


@settings(max_examples=4, deadline=None)
@given(busy(), minutes)
def test_s03_times_off_the_hour_come_to_the_minute(view: Snapshot, minute: int) -> None:
    """Three days with every five minutes walked, against the plan's own word of when to look."""
    begin = datetime(2026, 11, 30, 8, tzinfo=UTC)
    shifted = replace(
        view,
        meetings=tuple(
            replace(one, start=one.start + minute * MINUTE, end=one.end + minute * MINUTE) for one in view.meetings
        ),
    )
    brute = walk(shifted, begin, 3, lambda now, _: now + 5 * MINUTE)
    lived = walk(shifted, begin, 3, as_the_service)
    assert set(brute) == set(lived)
    for key, (_, at) in brute.items():
        assert timedelta() <= at - lived[key][1] < 5 * MINUTE, key


outages = st.lists(st.tuples(st.integers(0, 40 * 24), st.integers(1, 96)), min_size=1, max_size=6)


@settings(max_examples=10, deadline=None)
@given(busy(), outages)
def test_s03_no_downtime_loses_what_is_still_of_use_behind_it(view: Snapshot, down: list[tuple[int, int]]) -> None:
    begin, days = datetime(2026, 11, 30, 8, tzinfo=UTC), 42
    spans = [(begin + start * HOUR, begin + (start + length) * HOUR) for start, length in down]

    def awake(now: datetime, next_look: datetime | None) -> datetime:
        following = as_the_service(now, next_look)
        for first, last in sorted(spans):
            if first <= following < last:
                following = last
        return following

    whole, broken = walk(view, begin, days, as_the_service), walk(view, begin, days, awake)
    ledger = view.ledger
    for one, at in whole.values():
        ledger = delivered(ledger, [one], at)
    known = replace(view, ledger=ledger)
    for key, (one, at) in whole.items():
        back = max([at, *(last for first, last in spans if first <= at < last)])
        for first, last in sorted(spans):  # one outage may follow on another
            back = last if first <= back < last else back
        caught_up = next_opening(back, SAM)
        if one.rule in LATER_TOLD or caught_up >= min(one.expires_at, begin + timedelta(days=days - 10)):
            continue
        if explain(known, key, caught_up, caught_up) is None:
            continue  # it isn't wanted any more: the two have met meanwhile, for one
        if key.removesuffix("/nudge") not in broken and key.endswith("/nudge"):
            continue  # the note that it follows came too late to be of use
        assert key in broken, f"{key}, due {one.due_at}, was lost"
    assert set(broken) - set(whole) <= {key for key in broken if broken[key][0].rule in LATER_TOLD}


@settings(max_examples=25, deadline=None)
@given(busy(), st.integers(1, 47), st.integers(0, 9))
def test_t3_t7_a_meeting_booked_for_tomorrow_brings_one_note_and_one_draft_at_once(
    view: Snapshot, ahead: int, hour: int
) -> None:
    now = datetime(2026, 12, 1, 8 + hour, tzinfo=ZONE).astimezone(UTC)
    known = walk(view, now - timedelta(days=1), 1, as_the_service)
    before = replace(view, ledger=delivered(view.ledger, [one for one, _ in known.values()], now - MINUTE))
    late = meeting(now + ahead * HOUR, key="late")
    booked = replace(before, meetings=(*before.meetings, late))
    came = [one for one, at in walk(booked, now, ahead / 24, as_the_service).values() if one.object == "late"]
    told = [one for one in came if one.rule != "brief"]  # before a first meeting a page about oneself lies there, too
    assert sorted((one.rule, one.lands) for one in told) == [("agenda", "drafts"), ("agenda", "inbox")]
    assert [one.lands for one in came].count("inbox") == 1
