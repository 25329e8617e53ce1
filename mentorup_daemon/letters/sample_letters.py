"""What each template is shown and checked with: contexts made from the samples, by the letter's name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from mentorup_daemon.letters.agenda import agenda_for
from mentorup_daemon.letters.agenda_letter import agenda_context, draft_view, note_context, questions_context
from mentorup_daemon.letters.check_in import check_in_context, round_context
from mentorup_daemon.letters.closing import (
    closing_agenda_context,
    closing_context,
    closing_note_context,
    closing_update_context,
)
from mentorup_daemon.letters.compact import compact_context
from mentorup_daemon.letters.keeping_up import (
    contact_context,
    feedback_plan_context,
    next_meeting_context,
    opening_views,
    shorten_context,
)
from mentorup_daemon.letters.mentee import mentee_context, mentee_note_context
from mentorup_daemon.letters.news import change_context, trouble_context, welcome_context
from mentorup_daemon.letters.occasion import Occasion
from mentorup_daemon.letters.packet import letter_context
from mentorup_daemon.letters.profile import profile_context
from mentorup_daemon.letters.recap import recap_context
from mentorup_daemon.letters.receipt import receipt_context
from mentorup_daemon.letters.review import review_context
from mentorup_daemon.letters.sample_candidates import WITH_KIM, candidate_contexts, candidate_snapshot
from mentorup_daemon.letters.sample_cases import (
    ASKED,
    HALF_A_YEAR_ON,
    MIA,
    RECAP,
    WITH_MIA,
    with_ending,
    with_mentee,
    with_plans,
    with_request,
)
from mentorup_daemon.letters.samples import (
    AFTERWARDS,
    ANA,
    ASK,
    BEN,
    CHANGED,
    DIGEST_DAY,
    EARLIER,
    FROM_KIM,
    HALF_YEAR,
    MEETING,
    NOW,
    OCCASIONS,
    OPENINGS,
    PLANS,
    QUARTER,
    RECEIPTS,
    REVIEW,
    SAM,
    SET_UP,
    TROUBLES,
    WITH_BEN,
    WITHDRAWN,
    YEAR,
    at,
    bare_snapshot,
    busy_week,
    sample_snapshot,
)
from mentorup_daemon.letters.templates import Templates
from mentorup_daemon.letters.thank_you import gratitude_for, thank_you_context
from mentorup_daemon.letters.unknown_writer import unknown_writer_context
from mentorup_daemon.letters.week import digest_context
from mentorup_daemon.letters.win import win_context
from mentorup_daemon.records import Meeting, Mentor, Snapshot, Topic


def contexts() -> Mapping[str, tuple[Mapping[str, object], ...]]:
    """Contexts for every letter, rich ones and bare ones, by the letter's name."""
    rich, bare, mentee, ended = sample_snapshot(), bare_snapshot(), with_mentee(), with_ending()
    known, first = candidate_snapshot(), replace(bare, meetings=(MEETING,))
    quiet = replace(
        rich,
        topics=(Topic(id=5, text="Kim said yes", mentor="ana", wants="nothing", created_at=at(11, 28)),),
        feedback=(),
    )
    thanked = replace(bare, thanks=(replace(rich.thanks[0], text="the frank word on my results"),))
    settled = replace(
        rich,
        compacts=(
            replace(rich.compacts[0], drives="I do", theirs="to send drafts a week ahead", ends="with the award"),
        ),
    )
    unplaced = replace(
        bare, started_at=at(11, 1), mentors=tuple(replace(person, support=()) for person in bare.mentors)
    )
    may = datetime(2027, 5, 3, 8, tzinfo=SAM.zone)
    reached = replace(rich.goals[0], state="done", done_at=may - timedelta(days=2))
    january = datetime(2027, 1, 8, 8, tzinfo=SAM.zone)
    past = replace(MEETING, start=NOW - timedelta(days=4), end=NOW - timedelta(days=4) + MEETING.length)
    cancelled = replace(
        rich, meetings=(EARLIER, replace(MEETING, status="cancelled"), WITH_BEN), ledger={WITHDRAWN.key: WITHDRAWN}
    )
    return {
        **candidate_contexts(),
        "agenda/draft": (*(_agenda(snapshot) for snapshot in (rich, bare, first)), _agenda(known, WITH_KIM)),
        "agenda/note": (
            *(_note(snapshot, occasion) for snapshot in (rich, bare, first) for occasion in OCCASIONS),
            *(_note(known, occasion, WITH_KIM) for occasion in OCCASIONS),
        ),
        "questions/note": (_questions(rich), _questions(bare), _questions(rich, at(12, 2, 10)), _questions(first)),
        "mentee_agenda/draft": tuple(mentee_context(snapshot, WITH_MIA, MIA, NOW) for snapshot in (mentee, bare)),
        "mentee_agenda/note": tuple(
            mentee_note_context(snapshot, WITH_MIA, MIA, occasion, NOW)
            for snapshot in (mentee, bare)
            for occasion in OCCASIONS
        ),
        "mentee_promises/note": tuple(
            mentee_context(snapshot, WITH_MIA, MIA, AFTERWARDS) for snapshot in (mentee, bare)
        ),
        "letter/draft": tuple(
            letter_context(snapshot, ASKED, ANA, NOW)
            for snapshot in (with_request(), replace(bare, requests=with_request("").requests))
        ),
        "recap/draft": (recap_context(rich, RECAP, NOW), recap_context(with_plans(), RECAP, NOW)),
        "closing/draft": tuple(closing_context(snapshot, ANA, NOW) for snapshot in (ended, bare)),
        "closing/note": tuple(closing_context(snapshot, person, NOW) for snapshot, person in _ended(ended, bare)),
        "closing_agenda/draft": tuple(
            closing_agenda_context(snapshot, MEETING, ANA, NOW) for snapshot in (ended, bare)
        ),
        "closing_agenda/note": tuple(_last(snapshot, occasion) for snapshot in (ended, bare) for occasion in OCCASIONS),
        "closing_update/draft": tuple(
            closing_update_context(snapshot, ANA, HALF_A_YEAR_ON) for snapshot in (ended, bare)
        ),
        "thank_you/note": tuple(_thanks(snapshot) for snapshot in (rich, bare)),
        "thank_you/draft": tuple(_thanks(snapshot) for snapshot in (rich, bare)),
        "check_in/note": tuple(round_context(snapshot, NOW) for snapshot in (rich, bare)),
        "check_in/draft": tuple(check_in_context(snapshot, ANA, NOW) for snapshot in (rich, bare)),
        "welcome/note": tuple(welcome_context(snapshot, NOW) for snapshot in (rich, replace(bare, meetings=()))),
        "change/note": (
            change_context(cancelled, CHANGED, "none", MEETING.start, NOW),
            change_context(rich, CHANGED, "edited", at(12, 2, 10), NOW),
            change_context(replace(rich, meetings=(past,)), CHANGED, "edited", MEETING.start, NOW),
        ),
        "trouble/note": tuple(trouble_context(rich, trouble, NOW) for trouble in TROUBLES),
        "unknown_writer/note": (
            unknown_writer_context(rich, FROM_KIM, NOW),
            unknown_writer_context(replace(rich, mentors=()), replace(FROM_KIM, writer="", subject=""), NOW),
        ),
        "feedback_plan/note": tuple(feedback_plan_context(rich, one, NOW) for one in PLANS),
        "shorten/draft": tuple(shorten_context(snapshot, MEETING, ANA, NOW) for snapshot in (quiet, bare)),
        "contact/note": tuple(
            contact_context(snapshot, replace(BEN, channel=channel), NOW)  # type: ignore[arg-type]  # all there are
            for snapshot, channel in ((rich, "video"), (bare, "phone"), (bare, "text"), (rich, "in person"))
        ),
        "next_meeting/draft": tuple(
            {**next_meeting_context(snapshot, MEETING, person, AFTERWARDS), "openings": openings}
            for snapshot, person in ((rich, ANA), (bare, replace(ANA, timezone="Asia/Tokyo")))
            for openings in (opening_views(snapshot, person, OPENINGS, AFTERWARDS), ())
        ),
        "win/draft": tuple(win_context(snapshot, rich.wins[0], ANA, NOW) for snapshot in (rich, thanked, bare)),
        "compact/draft": tuple(compact_context(snapshot, REVIEW, ANA, NOW) for snapshot in (rich, settled)),
        "compact/note": (
            compact_context(rich, REVIEW, ANA, NOW),
            compact_context(settled, REVIEW, ANA, NOW),
            compact_context(rich, ASK, BEN, NOW),
        ),
        "profile/note": (
            *(profile_context(bare, one) for one in (SET_UP, HALF_YEAR, YEAR)),
            *(profile_context(rich, one) for one in (HALF_YEAR, YEAR)),
        ),
        "review/note": tuple(review_context(snapshot, QUARTER, january) for snapshot in (rich, bare, unplaced)),
        "digest/note": (
            *(digest_context(snapshot, DIGEST_DAY, DIGEST_DAY) for snapshot in (busy_week(), bare)),
            digest_context(replace(busy_week(), goals=(reached,)), may, may),
        ),
        "receipt/note": tuple(receipt_context(SAM, receipt) for receipt in RECEIPTS),
    }


def _agenda(snapshot: Snapshot, meeting: Meeting = MEETING) -> Mapping[str, object]:
    return agenda_context(snapshot, agenda_for(snapshot, meeting, NOW), NOW)


def _note(snapshot: Snapshot, occasion: Occasion, meeting: Meeting = MEETING) -> Mapping[str, object]:
    context = _agenda(snapshot, meeting)
    noted = note_context(snapshot, agenda_for(snapshot, meeting, NOW), occasion, NOW)
    return _with_draft("agenda/draft", {**context, **noted}, occasion)


def _ended(ended: Snapshot, bare: Snapshot) -> tuple[tuple[Snapshot, Mentor], ...]:
    return (
        (ended, ANA),
        (bare, ANA),
        (ended, replace(ANA, emails=(), support=())),
        (replace(ended, practice=replace(ended.practice, delivery=("inbox",)), receipts=()), ANA),
    )


def _last(snapshot: Snapshot, occasion: Occasion) -> Mapping[str, object]:
    context = closing_note_context(snapshot, MEETING, ANA, occasion, NOW)
    return _with_draft("closing_agenda/draft", context, occasion)


def _with_draft(name: str, context: Mapping[str, object], occasion: Occasion) -> Mapping[str, object]:
    written = Templates(None).render(name, context) if occasion.draft_state == "fresh" else None
    return {**context, **draft_view(written)}


def _questions(snapshot: Snapshot, moved_from: datetime | None = None) -> Mapping[str, object]:
    early = MEETING.start - timedelta(days=5)
    return questions_context(snapshot, agenda_for(snapshot, MEETING, early), moved_from, early)


def _thanks(snapshot: Snapshot) -> Mapping[str, object]:
    meeting = EARLIER if snapshot.meeting(EARLIER.key) else MEETING
    evening = meeting.end + timedelta(hours=2)
    return thank_you_context(snapshot, meeting, ANA, gratitude_for(snapshot, meeting), evening)
