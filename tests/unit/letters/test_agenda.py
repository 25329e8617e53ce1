"""What goes on an agenda, in which order, for how long."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentorup_daemon.errors import Malformed
from mentorup_daemon.letters.agenda import Agenda, agenda_for, allows
from mentorup_daemon.letters.minutes import divide, fitting, share
from mentorup_daemon.letters.samples import ANA, MEETING, NOW, WITHDRAWN, bare_snapshot, sample_snapshot
from mentorup_daemon.records import ActionItem, Feedback, Goal, Meeting, Mentor, Snapshot, Topic


def topic(number: int, text: str = "A question?", **more: object) -> Topic:
    return Topic(id=number, text=text, created_at=NOW, **{"mentor": "ana", **more})  # type: ignore[arg-type]


def said(number: int, plan: str | None = None, **more: object) -> Feedback:
    facts = {"mentor": "ana", "received_at": NOW, "source": "reply", "state": "planned" if plan else "filed", **more}
    return Feedback(id=number, text="Slow down.", plan=plan, **facts)  # type: ignore[arg-type]


def lasting(minutes: int) -> Meeting:
    return replace(MEETING, end=MEETING.start + timedelta(minutes=minutes))


def agenda(*topics: Topic, meeting: Meeting = MEETING, mentor: Mentor = ANA, **records: object) -> Agenda:
    snapshot = replace(bare_snapshot(), topics=topics, mentors=(mentor,), **records)  # type: ignore[arg-type]
    return agenda_for(snapshot, meeting, NOW)


def minutes_of(made: Agenda) -> dict[int, int]:
    return {item.number: item.minutes for item in made.items}


topics_of_any_kind = st.lists(
    st.builds(
        topic,
        st.integers(1, 10_000),
        st.just("Q"),
        minutes=st.none() | st.integers(-5, 300),
        priority=st.integers(1, 3),
        wants=st.sampled_from(["decision", "view", "introduction", "feedback", "nothing"]),
        private=st.booleans(),
    ),
    max_size=14,
)


def test_t7_news_alone_takes_five_minutes_each_and_leaves_the_rest_open() -> None:
    made = agenda(topic(1, "Kim said yes", wants="nothing"), feedback=(said(2, "Rehearse"),))
    assert [(item.kind, item.minutes) for item in made.items] == [("update", 5), ("follow-up", 5), ("rest", 35)]


@given(topics_of_any_kind, st.integers(0, 600), st.integers(0, 4))
def test_t7_the_minutes_add_up_to_the_meeting(topics: list[Topic], minutes: int, advice: int) -> None:
    made = agenda(
        *topics, meeting=lasting(minutes), feedback=tuple(said(20_000 + n, "Rehearse") for n in range(advice))
    )
    assert sum(item.minutes for item in made.items) == (minutes if made.items else 0)
    if minutes:
        assert all(
            item.minutes >= min(5, minutes) or (item.topic and item.topic.minutes is not None) or item.kind == "rest"
            for item in made.items
        )
        assert all(item.minutes >= 1 for item in made.items)
        assert sum(item.kind != "rest" for item in made.items) <= max(1, minutes // 5)


@given(topics_of_any_kind, st.integers(0, 600))
def test_t10_no_private_topic_is_on_it_and_no_other_is_lost(topics: list[Topic], minutes: int) -> None:
    made = agenda(*topics, meeting=lasting(minutes))
    listed = [item.topic for item in (*made.items, *made.if_time) if item.topic]
    assert sorted(entry.id for entry in listed) == sorted(entry.id for entry in topics if not entry.private)
    assert not any(entry.private for entry in listed)


@given(st.integers(1, 600), st.lists(st.integers(1, 9), min_size=1, max_size=9))
def test_shares_are_in_steps_of_five_where_there_is_room(total: int, weights: list[int]) -> None:
    weights = weights[:total]
    shares = share(total, weights)
    assert sum(shares) == total
    assert min(shares) >= 1
    if total >= 5 * len(weights):
        assert all(each % 5 == 0 for each in shares[1:])
        assert min(shares) >= 5


def test_t7_the_owners_estimates_are_kept_when_they_fit() -> None:
    made = agenda(topic(1, minutes=15), topic(2, minutes=10), topic(3), meeting=lasting(45))
    assert minutes_of(made) == {1: 15, 2: 10, 3: 20}


def test_t7_estimates_that_leave_time_leave_it_open() -> None:
    made = agenda(topic(1, minutes=15), meeting=lasting(45))
    assert [(item.kind, item.minutes) for item in made.items] == [("question", 15), ("rest", 30)]


def test_t7_estimates_that_do_not_fit_are_scaled_down() -> None:
    assert minutes_of(agenda(topic(1, minutes=60), topic(2, minutes=30), meeting=lasting(30))) == {1: 20, 2: 10}
    assert divide(30, [60, None], [3, 3]) == ([25, 5], 0)


def test_t7_what_does_not_fit_comes_if_time_allows() -> None:
    made = agenda(*(topic(n) for n in range(1, 6)), meeting=lasting(15))
    assert minutes_of(made) == {1: 5, 2: 5, 3: 5}
    assert [item.number for item in made.if_time] == [4, 5]
    assert len(made.questions) == 5


def test_a_meeting_without_a_length_shares_nothing_out() -> None:
    assert minutes_of(agenda(topic(1), meeting=lasting(0))) == {1: 0}
    assert minutes_of(agenda(topic(1), meeting=replace(MEETING, all_day=True))) == {1: 0}
    assert fitting(0, 3) == 0


def test_t3_questions_come_first_by_priority_then_by_number() -> None:
    made = agenda(
        topic(1, priority=1, wants="nothing"), topic(2, priority=3), topic(4), topic(3), feedback=(said(9, "x"),)
    )
    assert [item.number for item in made.items] == [3, 4, 2, 1, 9]
    assert [item.kind for item in made.items] == ["question"] * 3 + ["update", "follow-up"]


def test_c18_an_agenda_without_a_question_is_not_ready() -> None:
    assert not agenda(topic(1, wants="nothing"), feedback=(said(9, "x"),)).ready
    assert agenda(topic(1)).ready


def test_topics_for_nobody_in_particular_are_on_it_and_those_for_others_are_not() -> None:
    made = agenda(topic(1, mentor=None), topic(2, mentor="ben"), topic(3, state="discussed"))
    assert [item.number for item in made.items] == [1]


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("K Award: this cycle?", True),
        ("the k  award", True),
        ("K awards in general", False),
        ("Teaching load", False),
        ("C++ or not", True),
    ],
)
def test_c25_only_topics_on_the_allow_list(text: str, allowed: bool) -> None:
    mentor = replace(ANA, topics=("k award", "C++", " "))
    assert allows(mentor, topic(1, text)) is allowed
    made = agenda(topic(1, text), mentor=mentor)
    assert bool(made.items) is allowed
    assert bool(made.held_back) is not allowed


def test_t8_advice_with_a_plan_is_followed_up_and_advice_without_one_is_missing() -> None:
    made = agenda(topic(1), feedback=(said(2, "Rehearse"), said(3), said(4, mentor="ben"), said(5, "x", state="done")))
    assert [item.number for item in made.items] == [1, 2]
    assert [entry.id for entry in made.unplanned] == [3]
    assert made.missing == 1


def test_p4_a_promise_of_the_mentors_is_mentioned_in_one_agenda_only() -> None:
    promise = ActionItem(id=5, text="ask Kim", owner="ana", mentor="ana", created_at=NOW - timedelta(days=9))
    later = replace(promise, id=6, due=None, created_at=NOW - timedelta(days=1))
    written = replace(WITHDRAWN, outcome="delivered", object="another", outcome_at=NOW - timedelta(days=5))
    assert agenda(topic(1), actions=(promise,)).mention == promise
    assert agenda(topic(1), actions=(promise, later), ledger={written.key: written}).mention == later
    assert agenda(topic(1), actions=(promise,), ledger={written.key: written}).mention is None
    own = replace(written, object=MEETING.key)
    assert agenda(topic(1), actions=(promise,), ledger={own.key: own}).mention == promise


def test_the_nearest_goal_with_this_mentor_leads() -> None:
    goals = (
        Goal(id=1, text="General", created_at=NOW, due=date(2026, 12, 4)),
        Goal(id=2, text="Later", mentor="ana", created_at=NOW, due=date(2027, 6, 1)),
        Goal(id=3, text="Sooner", mentor="ana", created_at=NOW, due=date(2027, 2, 1)),
        Goal(id=4, text="Ben's", mentor="ben", created_at=NOW, due=date(2026, 12, 2)),
    )
    assert agenda(topic(1), goals=goals).goal == goals[2]
    assert agenda(topic(1), goals=goals[:1]).goal == goals[0]
    assert agenda(topic(1), goals=goals[3:]).goal is None


def test_a_meeting_with_nobody_we_know_is_told_in_words() -> None:
    snapshot: Snapshot = sample_snapshot()
    with pytest.raises(Malformed, match="not in the configuration"):
        agenda_for(snapshot, replace(MEETING, mentor="zoe"), NOW)
