"""Made-up people and records, to show and to check letters with. Nobody here exists.

Sam Rivera works towards a grant; Ana Ortiz and Ben Lindqvist are Sam's mentors. It is Tuesday 1 December 2026.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from mentorup_daemon.letters.occasion import Occasion
from mentorup_daemon.records import (
    ActionItem,
    Compact,
    Contact,
    Due,
    Entry,
    Feedback,
    Goal,
    Meeting,
    Mentor,
    Owner,
    Practice,
    ProfileEntry,
    Receipt,
    Snapshot,
    Thanks,
    Topic,
    Trouble,
    Win,
)

ZONE = ZoneInfo("America/Los_Angeles")
NOW = datetime(2026, 12, 1, 14, 0, tzinfo=ZONE)
SAM = Owner(name="Sam Rivera", email="sam@example.org", timezone="America/Los_Angeles")
ANA = Mentor(
    id="ana",
    name="Ana Ortiz",
    emails=("ana@example.org",),
    support=("research advisor", "sponsor"),
    distance="senior",
    cadence=timedelta(days=60),
)
BEN = Mentor(
    id="ben",
    name="Ben Lindqvist",
    emails=("ben@example.net",),
    support=("coach",),
    distance="step-ahead",
    channel="video",
    timezone="Europe/Stockholm",
)


def at(month: int, day: int, hour: int = 9, minute: int = 0) -> datetime:
    """A moment of 2026 on Sam's clock."""
    return datetime(2026, month, day, hour, minute, tzinfo=ZONE)


MEETING = Meeting(
    key="k-award@example.org",
    uid="k-award@example.org",
    mentor="ana",
    title="Mentoring: Ana and Sam",
    start=at(12, 3, 14),
    end=at(12, 3, 14, 45),
    recognised_by="attendee",
    location="Room 4.12",
    calendar="Work",
)
EARLIER = replace(MEETING, key="autumn@example.org", uid="autumn@example.org", start=at(11, 5, 14), end=at(11, 5, 15))
WITH_BEN = replace(
    MEETING,
    key="ben@example.net",
    uid="ben@example.net",
    mentor="ben",
    title="Mentoring: Ben",
    start=at(12, 10, 8),
    end=at(12, 10, 8, 30),
    location="https://meet.example.net/ben-sam",
)
OCCASIONS = (
    Occasion(message_id="<1@example.org>", draft_state="fresh"),
    Occasion(message_id="<2@example.org>", draft_state="edited", moved_from=at(12, 2, 10)),
    Occasion(message_id="<3@example.org>", draft_state="gone"),
    Occasion(message_id="<4@example.org>"),
)
CHANGED = Due(
    key=f"change/ana/{MEETING.key}/1",
    rule="change",
    due_at=NOW,
    expires_at=NOW + timedelta(days=3),
    lands="inbox",
    reason="The meeting is off.",
    mentor="ana",
    object=MEETING.key,
)
WITHDRAWN = Entry(
    key=f"agenda/ana/{MEETING.key}/draft",
    rule="agenda",
    revision=1,
    message_id="<5@example.org>",
    digest="",
    lands="drafts",
    outcome="withdrawn",
    due_at=NOW,
    intended_at=NOW,
    outcome_at=NOW,
    mentor="ana",
    object=MEETING.key,
)
AGENDA = replace(
    WITHDRAWN,
    key=f"agenda/ana/{EARLIER.key}/draft",
    outcome="left",
    object=EARLIER.key,
    outcome_at=at(11, 4),
)
FROM_KIM = Feedback(
    id=31,
    text="Cut the second cohort; you can't power it.",
    mentor=None,
    received_at=at(12, 1, 11),
    source="subject",
    subject="Aim 2 #feedback",
    writer="kim@example.com",
)
PLANS = tuple(
    replace(CHANGED, key=f"feedback_plan/ana/2026-11-21{part}", rule="feedback_plan", object="ana/2026-11-21")
    for part in ("", "/nudge")
)
REVIEW = replace(CHANGED, key="compact/ana/2026-12-08", rule="compact", object="ana/2026-12-08")
ASK = replace(REVIEW, key="compact/ben/2026-12-08/ask", mentor="ben", object="ben/2026-12-08")
SET_UP = replace(CHANGED, key="profile/owner/set-up", rule="profile", mentor=None, object="set-up")
HALF_YEAR = replace(SET_UP, key="profile/owner/2026-11-30", object="2026-11-30")
YEAR = replace(SET_UP, key="profile/owner/2027-05-31", object="2027-05-31")
QUARTER = replace(SET_UP, key="review/owner/2027-01-08", rule="review", object="2027-01-08")
DIGEST_DAY = at(12, 7, 8)
AFTERWARDS = MEETING.end + timedelta(days=1)
OPENINGS = tuple(at(1, day, hour).replace(year=2027) for day, hour in ((25, 16), (27, 17), (29, 14)))
TROUBLES = (
    Trouble(
        about="imap.example.org",
        since=at(12, 1, 9, 12),
        text="imap.example.org refused the password of sam@example.org.",
        remedy="Put a password that works where `password` in [imap] points to; `mentorup check` tries it at once.",
    ),
    Trouble(about="dav.example.org", since=at(11, 30, 13), text="dav.example.org doesn't answer.", passing=True),
)
RECEIPTS = (
    Receipt(
        key="receipt/owner/1",
        at=NOW,
        about="thank_you/ana/autumn@example.org",
        subject="Re: Ana today: what was worth it?",
        lines=(
            ("HEARD", "Cut the second cohort, you can't power it.", "filed as feedback from Ana"),
            ("I PROMISED", "send the revised aim 2", "due Friday 11 December 2026"),
            ("THANKS", "for the introduction to Kim", "a draft is in your Drafts"),
        ),
        hint="plan",
    ),
    Receipt(
        key="receipt/owner/2",
        at=NOW,
        about="agenda/ana/k-award@example.org",
        subject="Ana on Thursday: agenda draft",
        problems=(("DONE 77", "there is nothing with the number 77; PENDING lists what is open"),),
    ),
    Receipt(
        key="receipt/owner/3",
        at=NOW,
        about="agenda/ana/k-award@example.org",
        subject="Ana on Thursday: agenda draft",
        lines=(("HELP", "", "below"),),
        note_kept="Thinking about Kim's offer. I'll send her the aims by Friday.",
        offers=("I PROMISED send her the aims by 4 Dec 2026",),
        help=True,
    ),
)


def sample_snapshot() -> Snapshot:
    """Sam's records with enough of everything to fill each letter."""
    return Snapshot(
        owner=SAM,
        practice=Practice(),
        started_at=datetime(2026, 6, 1, tzinfo=UTC),
        mentors=(ANA, BEN),
        meetings=(EARLIER, MEETING, WITH_BEN),
        topics=(
            Topic(
                id=4,
                text="K award: apply this cycle or wait? I lean towards waiting for the revision, since the "
                "preliminary data come in March.",
                mentor="ana",
                wants="decision",
                priority=1,
                created_at=at(11, 20),
            ),
            Topic(
                id=6,
                text="Aim 2 (the page I sent on Monday): is the comparison too broad? I'd cut the second cohort.",
                mentor="ana",
                created_at=at(11, 24),
            ),
            Topic(id=13, text="Whether to move to Ana's department", mentor="ana", private=True, created_at=at(11, 28)),
            Topic(id=2, text="Authorship of the methods paper", mentor="ana", state="discussed", created_at=at(10, 30)),
            Topic(
                id=14,
                text="Teaching load: how did you say no in your first year?",
                mentor="ben",
                created_at=at(11, 28),
            ),
        ),
        ledger={AGENDA.key: AGENDA},
        actions=(
            ActionItem(
                id=9,
                text="send the revised abstract",
                mentor="ana",
                due=date(2026, 12, 2),
                created_at=at(11, 5),
            ),
            ActionItem(id=10, text="ask Kim about data access", owner="ana", mentor="ana", created_at=at(11, 5)),
            ActionItem(
                id=3,
                text="gave the department talk",
                mentor="ana",
                state="done",
                created_at=at(9, 3),
                done_at=at(10, 22),
            ),
        ),
        feedback=(
            Feedback(
                id=7,
                text="Slow down on the results slide.",
                mentor="ana",
                received_at=at(9, 3),
                source="reply",
                plan="rehearse it with a stopwatch before the next talk",
                planned_at=at(11, 30),
                state="planned",
            ),
            Feedback(
                id=11,
                text="Your abstract buries the finding; say it in the first sentence.",
                mentor="ana",
                received_at=at(11, 20),
                source="reply",
                guess="its subject is that of my draft, but it doesn't say which mail it answers",
                offers=("I PROMISED send her the next version by 4 Dec 2026", "THEY PROMISED ask Kim about the data"),
            ),
            Feedback(
                id=8,
                text="Cut the second cohort, you can't power it.",
                mentor="ana",
                received_at=at(11, 5, 17),
                source="manual",
                meeting=EARLIER.key,
                plan="rewrite aim 2 with one cohort",
                plan_due=date(2026, 11, 20),
                state="done",
            ),
        ),
        goals=(Goal(id=1, text="Submit the K award", mentor="ana", due=date(2027, 2, 12), created_at=at(6, 1)),),
        thanks=(
            Thanks(id=12, text="the introduction to Kim", mentor="ana", meeting=EARLIER.key, created_at=at(11, 5, 17)),
        ),
        wins=(
            Win(
                id=20, text="The talk in the department went well, down to the results", credit=("ana",), created_at=NOW
            ),
        ),
        profile=(
            ProfileEntry(id=21, kind="value", text="time for the people in the study", created_at=at(6, 5)),
            ProfileEntry(id=22, kind="style", text="I think best in writing, before noon", created_at=at(6, 5)),
            ProfileEntry(id=23, kind="gap", text="saying no", rating=2, goal=24, created_at=at(6, 5)),
        ),
        compacts=(
            Compact(
                id=25,
                mentor="ana",
                aims="a K award, and a lab of my own after it",
                rhythm="every two months, 45 minutes",
                mine="a frank word on drafts within two weeks",
                agreed_at=at(9, 9),
                created_at=at(9, 3),
            ),
        ),
        contacts=(
            Contact(mentor="ana", at=at(11, 6), kind="mail from"),
            Contact(mentor="ben", at=at(8, 12), kind="meeting"),
        ),
    )


def busy_week() -> Snapshot:
    """Sam's records with something for each line of the weekly digest."""
    full = sample_snapshot()
    late = ActionItem(id=15, text="review Kim's data plan", due=date(2026, 12, 11), created_at=at(12, 1))
    offered = replace(full.actions[1], due=date(2026, 12, 4))
    drafted = replace(
        AGENDA,
        key="contact/ben/2026-08-12.1/draft",
        rule="contact",
        mentor="ben",
        outcome="delivered",
        outcome_at=at(12, 4),
    )
    return replace(
        full,
        meetings=(EARLIER, MEETING),  # none with Ben soon, so that a word to him is worth a line
        mentors=(replace(ANA, distance=None), replace(BEN, cadence=timedelta(days=30))),
        actions=(full.actions[0], offered, late),
        goals=(*full.goals, Goal(id=16, text="Learn to say no", created_at=at(11, 1))),
        feedback=(*full.feedback, replace(full.feedback[1], id=17, received_at=at(12, 4))),
        topics=(*full.topics, replace(full.topics[0], id=18, state="discussed")),
        ledger={
            AGENDA.key: replace(AGENDA, object=MEETING.key),
            drafted.key: drafted,
            WITHDRAWN.key: replace(WITHDRAWN, outcome_at=at(12, 2)),
        },
    )


def bare_snapshot() -> Snapshot:
    """The same people with nothing on record yet: what the letters must get by with at the start."""
    full = sample_snapshot()
    return replace(
        full,
        topics=(),
        actions=(),
        feedback=(),
        goals=(),
        thanks=(),
        wins=(),
        profile=(),
        compacts=(),
        contacts=(),
        meetings=(EARLIER, MEETING),
    )
