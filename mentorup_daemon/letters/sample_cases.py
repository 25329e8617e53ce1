"""Further cases out of Sam's records: a mentee of Sam's, an end, plans, a request. Nobody here exists."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from mentorup_daemon.letters.samples import CHANGED, MEETING, NOW, at, sample_snapshot
from mentorup_daemon.records import ActionItem, Goal, Mentor, PersonState, Receipt, Request, Snapshot, Topic, Win

MIA = Mentor(id="mia", name="Mia Tanaka", emails=("mia@example.edu",), role="mentee")
WITH_MIA = replace(
    MEETING,
    key="mia@example.edu",
    uid="mia@example.edu",
    mentor="mia",
    title="Mia and Sam",
    start=at(12, 4, 10),
    end=at(12, 4, 10, 30),
    location="",
)
RECAP = replace(CHANGED, key="recap/ana/2026-11-30/draft", rule="recap", lands="drafts", object="ana/2026-11-30")
ASKED = replace(CHANGED, key="letter/ana/61/draft", rule="letter", lands="drafts", object="ana/61")
HALF_A_YEAR_ON = NOW + timedelta(days=183)


def with_mentee() -> Snapshot:
    """The same with Mia, a mentee of Sam's, and what the two have promised each other."""
    full = sample_snapshot()
    return replace(
        full,
        mentors=(*full.mentors, MIA),
        meetings=(*full.meetings, WITH_MIA),
        topics=(*full.topics, Topic(id=41, text="Her first author paper", mentor="mia", created_at=at(11, 28))),
        actions=(
            *full.actions,
            ActionItem(id=42, text="introduce her to Kim", mentor="mia", due=date(2026, 12, 3), created_at=at(11, 6)),
            ActionItem(id=43, text="send the outline", owner="mia", mentor="mia", created_at=at(11, 6)),
        ),
    )


def with_ending() -> Snapshot:
    """The same when Sam has closed with Ana, and what came of the time with her."""
    full = sample_snapshot()
    reached = Goal(
        id=51, text="First author paper", mentor="ana", state="done", created_at=at(6, 1), done_at=at(10, 12)
    )
    later = replace(reached, id=52, text="K award, at the first try", done_at=HALF_A_YEAR_ON - timedelta(days=30))
    closed = Receipt(key="receipt/owner/4", at=NOW, about=CHANGED.key, lines=(("CLOSE", "Ana Ortiz", "is closed"),))
    return replace(
        full,
        goals=(*full.goals, reached, later),
        wins=(Win(id=53, text="the department talk went well", credit=("ana",), created_at=at(10, 22)),),
        states={"ana": PersonState(mentor="ana", state="closed", since=NOW)},
        receipts=(closed,),
    )


def with_plans() -> Snapshot:
    """The same when Sam has made two plans on one day."""
    full = sample_snapshot()
    slow, buried, cohort = full.feedback
    planned = replace(
        buried,
        plan="rewrite the first sentence",
        plan_due=date(2026, 12, 4),
        planned_at=at(11, 30),
        state="planned",
    )
    return replace(full, feedback=(slow, planned, cohort))


def with_request(purpose: str = "the K award, by Friday 15 January 2027") -> Snapshot:
    """The same when Sam has asked for a letter of Ana's."""
    asked = Request(id=61, kind="letter", person="ana", text=purpose, created_at=NOW)
    return replace(sample_snapshot(), requests=(asked,))
