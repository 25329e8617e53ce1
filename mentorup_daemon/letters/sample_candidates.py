"""Made-up candidates, to show and to check letters with, and the contexts of the letters about them.

Kim Okafor was recommended by Ana; Sam meets her for the first time on 17 December. Of Lee Park nothing is known yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

from mentorup_daemon.letters.candidates import (
    brief_context,
    candidate_context,
    fit_context,
    hello_context,
    referral_context,
    retry_context,
)
from mentorup_daemon.letters.samples import (
    ANA,
    BEN,
    MEETING,
    NOW,
    WITHDRAWN,
    at,
    bare_snapshot,
    sample_snapshot,
)
from mentorup_daemon.records import (
    Candidate,
    Contact,
    Due,
    FitAnswer,
    Goal,
    ProfileEntry,
    Request,
    Snapshot,
    Topic,
    Win,
)
from mentorup_daemon.records.people import Mentor

KIM = Mentor(
    id="kim", name="Kim Okafor", emails=("kim@example.com",), role="candidate", support=("sponsor",), channel="video"
)
LEE = Mentor(id="lee", name="Lee Park", role="candidate")
WITH_KIM = replace(
    MEETING,
    key="kim@example.com",
    uid="kim@example.com",
    mentor="kim",
    title="Kim and Sam",
    start=at(12, 17, 10),
    end=at(12, 17, 10, 30),
    location="",
)
HELLO = Request(id=43, kind="hello", person="kim", created_at=at(11, 10))
HELLO_TO_LEE = replace(HELLO, id=44, person="lee", created_at=NOW)
REFERRAL = Request(id=45, kind="referral", person="ana", text="sponsor", created_at=NOW)
REFERRAL_ON_DATA = replace(REFERRAL, id=46, text="registry data")
SENT = replace(
    WITHDRAWN,
    key="hello/kim/43/draft",
    rule="hello",
    outcome="delivered",
    mentor="kim",
    object="kim/43",
    intended_at=at(11, 10),
    outcome_at=at(11, 10),
)


def candidate_snapshot() -> Snapshot:
    """Sam's records with Kim, of whom much is known and whom Sam has written to, and Lee."""
    full = sample_snapshot()
    return replace(
        full,
        mentors=(ANA, BEN, KIM, LEE),
        meetings=(*full.meetings, WITH_KIM),
        topics=(
            *full.topics,
            Topic(id=40, text="Which registry would you use for aim 2?", mentor="kim", created_at=at(11, 28)),
        ),
        goals=(*full.goals, Goal(id=47, text="find data for aim 2", due=date(2027, 1, 31), created_at=at(11, 1))),
        candidates=(
            Candidate(
                id=41,
                person="kim",
                name="Kim Okafor",
                emails=KIM.emails,
                why="your work on registry data, which aim 2 stands on.",
                recommended_by="ana",
                helped="your talk in May made me look at registries at all",
                created_at=at(11, 9),
            ),
            Candidate(id=42, person="lee", name="Lee Park", created_at=at(11, 30)),
        ),
        fits=(
            FitAnswer(id=48, person="kim", question=1, text="An hour a month, mail within days.", created_at=NOW),
            FitAnswer(id=49, person="kim", question=4, text="Two postdocs, both independent by now.", created_at=NOW),
        ),
        profile=(
            ProfileEntry(id=50, kind="value", text="numbers that others can check", created_at=NOW),
            ProfileEntry(id=51, kind="value", text="time for teaching", created_at=NOW),
            ProfileEntry(id=52, kind="style", text="in writing first, then in a short talk", created_at=NOW),
            ProfileEntry(id=53, kind="gap", text="negotiating for resources", rating=2, created_at=NOW),
        ),
        wins=(Win(id=54, text="the department talk in October", created_at=at(10, 22)),),
        requests=(HELLO, HELLO_TO_LEE, REFERRAL, REFERRAL_ON_DATA),
        contacts=(*full.contacts, Contact(mentor="kim", at=at(11, 11), kind="mail to")),
        ledger={**full.ledger, SENT.key: SENT},
    )


def unknown_snapshot() -> Snapshot:
    """Kim and Lee with nothing on record about them, nor about Sam."""
    return replace(
        bare_snapshot(),
        mentors=(ANA, BEN, KIM, LEE),
        meetings=(MEETING, WITH_KIM, replace(WITH_KIM, key="lee", uid="lee", mentor="lee")),
        requests=(HELLO, REFERRAL, replace(REFERRAL, id=46, text="")),
    )


def candidate_contexts() -> Mapping[str, tuple[Mapping[str, object], ...]]:
    """Contexts of the letters about candidates, rich ones and bare ones, by the letter's name."""
    rich, bare = candidate_snapshot(), unknown_snapshot()
    after = WITH_KIM.end + timedelta(days=1)
    lone = replace(rich, candidates=(replace(rich.candidates[0], recommended_by=""), rich.candidates[1]))
    return {
        "candidate/note": (
            candidate_context(rich, LEE),
            candidate_context(lone, KIM),
            candidate_context(bare, KIM),
        ),
        "fit/note": (fit_context(rich, WITH_KIM, KIM, after), fit_context(bare, WITH_KIM, KIM, after)),
        "hello/draft": tuple(hello_context(snapshot, KIM, NOW) for snapshot in (rich, bare)),
        "retry/draft": tuple(
            retry_context(snapshot, _try(time), KIM, NOW) for snapshot in (rich, bare) for time in (1, 2)
        ),
        "referral/draft": (
            referral_context(rich, _asking(REFERRAL), ANA, NOW),
            referral_context(rich, _asking(REFERRAL_ON_DATA), ANA, NOW),
            referral_context(bare, _asking(REFERRAL_ON_DATA), ANA, NOW),
        ),
        "brief/draft": (brief_context(rich, WITH_KIM, KIM, NOW), brief_context(bare, MEETING, ANA, NOW)),
    }


def _try(time: int) -> Due:
    return Due(
        key=f"retry/kim/{HELLO.id}.{time}/draft",
        rule="retry",
        due_at=NOW,
        expires_at=NOW + timedelta(days=7),
        lands="drafts",
        reason="There has been no answer.",
        mentor="kim",
        object=f"kim/{HELLO.id}",
    )


def _asking(request: Request) -> Due:
    return replace(
        _try(1), key=f"referral/ana/{request.id}/draft", rule="referral", mentor="ana", object=f"ana/{request.id}"
    )
