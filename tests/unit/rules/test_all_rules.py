"""All rules together over busy records: quiet, once, and never more than three times about one thing."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from mentorup_daemon.records import (
    ActionItem,
    Candidate,
    Compact,
    Contact,
    Due,
    Feedback,
    Mentor,
    PersonState,
    ProfileEntry,
    Request,
    Snapshot,
    Topic,
    Win,
)
from mentorup_daemon.rules.hours import in_hours
from mentorup_daemon.rules.plan import plan, upcoming
from tests.unit.rules.people import ANA, BEN, MONDAY, SAM, delivered, meeting, snapshot

BEGIN = MONDAY.replace(hour=0)
DAYS = 10
hours = st.integers(-10 * 24, 30 * 24).map(lambda hour: BEGIN + timedelta(hours=hour))
who = st.sampled_from(["ana", "ben", "kim"])
KIM = Mentor(id="kim", name="Kim Okafor", emails=("kim@example.com",), role="candidate")


@st.composite
def busy(draw: st.DrawFn) -> Snapshot:
    """Records of some weeks with something for every rule; all times on the hour."""
    people: list[Mentor] = [
        replace(
            person,
            cadence=draw(st.sampled_from([None, timedelta(days=7), timedelta(days=30)])),
            channel=draw(st.sampled_from(["email", "phone"])),
            distance=draw(st.sampled_from([None, "peer", "senior"])),
        )
        for person in (ANA, BEN, KIM)
    ]
    met = draw(st.lists(st.tuples(hours, who), max_size=5))
    said = draw(st.lists(st.tuples(hours, who, st.booleans()), max_size=3))
    asked = draw(st.lists(st.tuples(hours, st.sampled_from([None, "ana", "ben"]), st.booleans()), max_size=3))
    won = draw(st.lists(st.tuples(hours, who), max_size=2))
    agreed = draw(st.lists(st.tuples(st.integers(-100, 0), who), max_size=2))
    gaps = draw(st.integers(0, 2))
    owed = draw(st.lists(st.tuples(hours, who, st.sampled_from(["me", "ana"])), max_size=3))
    known = draw(st.lists(st.tuples(hours, st.booleans()), max_size=2))
    greeted = draw(st.lists(st.integers(10, 10 * 24).map(lambda hour: BEGIN + timedelta(hours=hour)), max_size=2))
    wrote = draw(st.lists(st.tuples(hours, st.sampled_from(["mail to", "mail from"])), max_size=3))
    return replace(
        snapshot([meeting(at, key=f"m{number}", mentor=mentor) for number, (at, mentor) in enumerate(met)]),
        mentors=tuple(people),
        feedback=tuple(
            Feedback(
                id=100 + number,
                text="Slow down.",
                mentor=mentor,
                received_at=at,
                source="reply",
                subject="#sting" if sting else "",
            )
            for number, (at, mentor, sting) in enumerate(said)
        ),
        topics=tuple(
            Topic(id=200 + n, text="K?", mentor=mentor, wants="view" if question else "nothing", created_at=at)
            for n, (at, mentor, question) in enumerate(asked)
        ),
        actions=tuple(
            ActionItem(id=300 + n, text="it", mentor=mentor, owner=owner, due=at.date(), created_at=BEGIN)
            for n, (at, mentor, owner) in enumerate(owed)
        ),
        wins=tuple(Win(id=400 + n, text="W", credit=(mentor,), created_at=at) for n, (at, mentor) in enumerate(won)),
        compacts=tuple(
            Compact(id=500 + n, mentor=mentor, aims="K", agreed_at=at, created_at=at)
            for n, (day, mentor) in enumerate(agreed)
            for at in [BEGIN + timedelta(days=day)]
        ),
        profile=tuple(ProfileEntry(id=600 + n, kind="gap", text="no", created_at=BEGIN) for n in range(gaps)),
        candidates=tuple(
            Candidate(id=700 + n, person="kim", name="Kim", why="x" * why, created_at=at)
            for n, (at, why) in enumerate(known)
        ),
        requests=tuple(Request(id=800 + n, kind="hello", person="kim", created_at=at) for n, at in enumerate(greeted)),
        contacts=(
            *(Contact(mentor=mentor, at=at, kind="mail to") for at, mentor in met if at < BEGIN),
            *(Contact(mentor="kim", at=at, kind=kind) for at, kind in wrote),  # type: ignore[arg-type]
        ),
    )


@st.composite
def busier(draw: st.DrawFn) -> Snapshot:
    """The same with a mentee, with plans, with somebody with whom it ends, and with letters asked for."""
    view = draw(busy())
    with_mia = draw(st.lists(hours, max_size=2))
    plans = draw(st.lists(st.tuples(hours, st.sampled_from(["ana", "ben", "mia"])), max_size=2))
    ends = draw(st.none() | hours.filter(lambda at: at >= BEGIN))
    asked = draw(st.lists(hours.filter(lambda at: at >= BEGIN), max_size=1))
    return replace(
        view,
        mentors=(*view.mentors, Mentor(id="mia", name="Mia Tanaka", emails=("mia@example.edu",), role="mentee")),
        meetings=(*view.meetings, *(meeting(at, key=f"mia{n}", mentor="mia") for n, at in enumerate(with_mia))),
        feedback=(
            *view.feedback,
            *(
                Feedback(
                    id=900 + n,
                    text="Slow down.",
                    mentor=mentor,
                    received_at=at,
                    source="reply",
                    plan="rehearse",
                    planned_at=at,
                    state="planned",
                )
                for n, (at, mentor) in enumerate(plans)
            ),
        ),
        states={} if ends is None else {"ben": PersonState(mentor="ben", state="closed", since=ends)},
        requests=(*view.requests, *(Request(id=950, kind="letter", person="ana", created_at=at) for at in asked)),
    )


def lived(view: Snapshot, step: timedelta) -> dict[str, tuple[Due, datetime]]:
    """Everything that comes in some days, with its time; fails when anything comes twice."""
    came: dict[str, tuple[Due, datetime]] = {}
    now = BEGIN
    while now < BEGIN + timedelta(days=DAYS):
        due = plan(view, now).due
        for one in due:
            assert one.key not in came, f"{one.key} came twice"
            came[one.key] = one, now
        view = replace(view, ledger=delivered(view.ledger, due, now))
        now += step
    return came


@settings(max_examples=4, deadline=None)
@given(busier())
def test_s03_each_comes_once_in_hours_and_no_more_than_three_about_one_thing(view: Snapshot) -> None:
    hourly, finer = lived(view, timedelta(hours=1)), lived(view, timedelta(minutes=30))
    assert set(hourly) == set(finer)
    assert all(in_hours(at, SAM) or one.asked_for for one, at in hourly.values())
    notes = Counter((one.mentor, one.object) for one, _ in hourly.values() if one.lands == "inbox" and one.mentor)
    assert all(times <= 3 for times in notes.values())


@settings(max_examples=30, deadline=None)
@given(busier(), st.integers(0, 20 * 24))
def test_the_plan_of_all_rules_is_the_same_however_often_it_is_asked(view: Snapshot, ahead: int) -> None:
    now = BEGIN + timedelta(hours=ahead)
    made = plan(view, now)
    assert made == plan(view, now)
    after = replace(view, ledger=delivered(view.ledger, made.due, now))
    assert not {one.key for one in plan(after, now).due} & {one.key for one in made.due}
    later = [one.due_at for one in upcoming(after, now, now + timedelta(days=13)) if one.due_at > now]
    next_look = plan(after, now).next_look
    assert not later or (next_look is not None and next_look <= min(later))


@settings(max_examples=30, deadline=None)
@given(busier())
def test_a_first_start_chases_nothing_from_before_it(view: Snapshot) -> None:
    begun = replace(view, started_at=BEGIN + timedelta(hours=9), ledger={})
    due = plan(begun, begun.started_at).due
    waiting = {one.rule for one in due if one.due_at < begun.started_at}
    assert waiting <= {"welcome", "agenda", "mentee_agenda"}
