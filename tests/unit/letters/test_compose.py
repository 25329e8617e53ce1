"""Letters as they arrive: what each says to whom, in how many words, and what never gets into one."""

from __future__ import annotations

import email
import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from email import policy
from email.message import EmailMessage
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentorup_daemon.errors import Malformed
from mentorup_daemon.letters.compose import Letter, compose
from mentorup_daemon.letters.digest import content_digest
from mentorup_daemon.letters.occasion import Occasion
from mentorup_daemon.letters.sample_cases import (
    HALF_A_YEAR_ON,
    WITH_MIA,
    with_ending,
    with_mentee,
    with_plans,
    with_request,
)
from mentorup_daemon.letters.samples import (
    AFTERWARDS,
    ANA,
    BEN,
    DIGEST_DAY,
    EARLIER,
    MEETING,
    NOW,
    OPENINGS,
    RECEIPTS,
    SAM,
    TROUBLES,
    WITH_BEN,
    WITHDRAWN,
    bare_snapshot,
    busy_week,
    sample_snapshot,
)
from mentorup_daemon.letters.templates import Templates
from mentorup_daemon.records import ActionItem, Due, Meeting, Mentor, Snapshot, Thanks, Topic

TEMPLATES = Templates(None)
OCCASION = Occasion(message_id="<0123abcd@example.org>")
FRESH = replace(OCCASION, draft_state="fresh")
RICH, BARE, MENTEE, ENDED = sample_snapshot(), bare_snapshot(), with_mentee(), with_ending()
AFTER = EARLIER.end + timedelta(hours=2)


def due(rule: str, lands: str = "inbox", mentor: str | None = "ana", about: str = MEETING.key, **more: object) -> Due:
    facts = {"key": f"{rule}/{mentor}/{about}", "due_at": NOW, "expires_at": NOW + timedelta(days=1), "reason": "so"}
    return Due(rule=rule, lands=lands, mentor=mentor, object=about, **{**facts, **more})  # type: ignore[arg-type]


def letter(
    rule: str,
    lands: str = "inbox",
    snapshot: Snapshot = RICH,
    *,
    now: datetime = NOW,
    occasion: Occasion = OCCASION,
    mentor: str | None = "ana",
    about: str = MEETING.key,
) -> Letter:
    one = due(rule, lands, mentor, about)
    return compose(one, snapshot, now=now, templates=TEMPLATES, occasion=occasion)


def parsed(made: Letter) -> EmailMessage:
    message = email.message_from_bytes(made.raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def everything(made: Letter) -> str:
    """Subject and both parts, as words: the text and what the HTML shows."""
    message = parsed(made)
    parts = (re.sub(r"<[^>]*>", " ", unescape(part.get_content())) for part in message.iter_parts())
    return "\n".join([str(message["Subject"]), *(" ".join(part.split()) for part in parts)])


def asking(*topics: Topic, meeting: Meeting = MEETING, mentor: Mentor = ANA, **more: object) -> Snapshot:
    before = replace(EARLIER, mentor=mentor.id)
    return replace(BARE, topics=topics, meetings=(before, meeting), mentors=(mentor,), **more)  # type: ignore[arg-type]


def question(number: int, text: str, **more: object) -> Topic:
    return Topic(id=number, text=text, created_at=NOW, **{"mentor": "ana", **more})  # type: ignore[arg-type]


ALL = [
    ("agenda", "inbox", "ana", MEETING.key),
    ("agenda", "drafts", "ana", MEETING.key),
    ("questions", "inbox", "ana", MEETING.key),
    ("shorten", "drafts", "ana", MEETING.key),
    ("next_meeting", "drafts", "ana", MEETING.key),
    ("contact", "inbox", "ben", "ben/2026-08-12"),
    ("contact", "drafts", "ana", "ana/2026-11-06"),
    ("digest", "inbox", None, "2026-12-07T08:00"),
    ("thank_you", "inbox", "ana", EARLIER.key),
    ("thank_you", "drafts", "ana", EARLIER.key),
    ("check_in", "inbox", None, "2026-10-01"),
    ("check_in", "drafts", "ana", "2026-10-01"),
    ("check_in", "drafts", "ben", "2026-10-01"),
    ("recap", "drafts", "ana", "ana/2026-11-30"),
    ("letter", "drafts", "ana", "ana/61"),
    ("closing", "inbox", "ana", "ana/2026-12-01"),
    ("closing", "drafts", "ana", "ana/2026-12-01"),
    ("closing_agenda", "inbox", "ana", MEETING.key),
    ("closing_agenda", "drafts", "ana", MEETING.key),
    ("closing_update", "drafts", "ana", "ana/2026-12-01"),
    ("mentee_agenda", "inbox", "mia", WITH_MIA.key),
    ("mentee_agenda", "drafts", "mia", WITH_MIA.key),
    ("mentee_promises", "inbox", "mia", WITH_MIA.key),
    ("welcome", "inbox", None, "first-start"),
    ("change", "inbox", "ana", MEETING.key),
]


@pytest.mark.parametrize(("rule", "lands", "mentor", "about"), ALL)
@pytest.mark.parametrize("snapshot", [RICH, BARE], ids=["rich", "bare"])
def test_every_letter_keeps_to_its_own_voice(
    rule: str, lands: str, mentor: str | None, about: str, snapshot: Snapshot
) -> None:
    if snapshot is BARE and about == EARLIER.key:
        about = MEETING.key
    if rule == "recap":
        snapshot = with_plans()
    if rule == "letter":
        snapshot = replace(snapshot, requests=with_request().requests)
    if rule.startswith("closing") and snapshot is RICH:
        snapshot = ENDED
    if about == WITH_MIA.key:
        snapshot = MENTEE if snapshot is RICH else replace(BARE, mentors=MENTEE.mentors, meetings=MENTEE.meetings)
    made = letter(rule, lands, snapshot, mentor=mentor, about=about)
    message = parsed(made)
    assert str(message["Subject"]) == made.subject
    assert made.digest == content_digest(made.raw)
    assert made.message_id == message["Message-ID"]
    assert not re.search(r"!|\[MentorUp\]|[Rr]eminder|I hope this|None|\{\{|\bundefined\b", everything(made))
    if lands == "drafts":
        assert made.text.startswith("Dear ")
        assert made.text.rstrip().endswith("\nSam")
        assert not re.search(r"mentorup|reply with|\bADD\b", everything(made), re.IGNORECASE)
        assert message["Auto-Submitted"] is None
        assert (message["To"] is not None) is made.ready
    else:
        assert message["Auto-Submitted"] == "auto-generated"
        assert len(made.text.split("Dear Ana")[0].split()) < 150
        assert "Reply" in made.text or "replying" in made.text


def test_c17_the_agenda_note_says_who_when_and_what_is_there() -> None:
    made = letter("agenda", occasion=FRESH)
    assert made.subject == "Ana on Thursday: agenda draft (2 questions, 1 missing)"
    assert "You meet Ana Ortiz on Thursday 3 December, 14:00, 45 minutes." in made.text
    assert "Dear Ana," in made.text
    assert "DONE 9" in made.text
    assert len(made.text.partition("The draft,")[0].split()) < 150


def test_the_note_shows_the_very_draft() -> None:
    draft = letter("agenda", "drafts")
    note = letter("agenda", occasion=FRESH)
    assert draft.text.strip() in note.text
    assert draft.subject in note.text


def test_the_draft_is_short_beside_its_list() -> None:
    body = re.sub(r"(?m)^(\d\.|   ).*\n", "", letter("agenda", "drafts").text)
    assert len(body.split()) < 120


def test_t5_what_to_read_beforehand_is_one_sentence_for_two_things_at_most() -> None:
    three = [question(n, f"Q{n}?", read=page) for n, page in enumerate(("the aims page", "my slides", "the book"), 1)]
    one = letter("agenda", "drafts", asking(three[0])).text
    assert "If you can look at the aims page before, that helps most" in " ".join(one.split())
    made = letter("agenda", "drafts", asking(*three))
    assert "look at the aims page and my slides before" in " ".join(everything(made).split())
    assert "the book" not in everything(made)
    assert "look at" not in letter("agenda", "drafts", asking(question(1, "Q?"))).text


def test_t5_a_decision_without_a_proposal_is_said_to_be_easier_with_one() -> None:
    made = letter("agenda", snapshot=asking(question(4, "K award: now or later?", wants="decision")), occasion=FRESH)
    said = "Number 4 is easier to decide with your own proposal beside it: what would you do, and why?"
    assert said in " ".join(made.text.split())
    assert said in everything(made)
    assert "own proposal" not in letter("agenda", occasion=FRESH).text


@pytest.mark.parametrize("rule", ["agenda", "questions"])
def test_p2_a_vague_question_is_pointed_out_in_the_notes_with_the_shape(rule: str) -> None:
    made = letter(rule, snapshot=asking(question(4, "Any feedback?"), question(5, "Cut aim 2?")), occasion=FRESH)
    assert "Number 4 is hard to answer as it stands. It gets a better answer when it says what you have" in " ".join(
        made.text.split()
    )
    assert "ADD it so, and DROP 4." in everything(made)
    draft = letter("agenda", "drafts", asking(question(4, "Any feedback?")))
    assert draft.ready
    assert "hard to answer" not in draft.text


def overdue(**more: object) -> ActionItem:
    facts = {"mentor": "ana", "due": date(2026, 10, 28), "created_at": NOW - timedelta(days=60), **more}
    return ActionItem(id=9, text="send the abstract", **facts)  # type: ignore[arg-type]


def test_p4_what_is_overdue_stands_above_the_questions() -> None:
    snapshot = asking(question(1, "Q?"), actions=(overdue(), overdue(due=date(2026, 12, 9))))
    draft, note = letter("agenda", "drafts", snapshot), letter("agenda", snapshot=snapshot)
    assert "First, what I still owe you: send the abstract (was due Wednesday 28 October)." in " ".join(
        draft.text.split()
    )
    assert draft.text.index("First, what") < draft.text.index("Q?") < draft.text.index("Still on my side")
    assert note.text.index("Overdue, so first on the agenda") < note.text.index("Ready:")
    assert "First, what I still owe you" in everything(draft)
    assert "MOVE 9" not in note.text


def test_p4_after_two_carry_overs_the_note_asks_do_drop_or_another_day_once_a_meeting() -> None:
    held = tuple(
        replace(EARLIER, key=f"held{n}", start=EARLIER.start + timedelta(days=n), end=EARLIER.end + timedelta(days=n))
        for n in (0, 14)
    )
    once = asking(question(1, "Q?"), actions=(overdue(),))
    twice = replace(once, meetings=(*held, MEETING))
    assert "MOVE 9" not in letter("agenda", snapshot=replace(once, meetings=(held[0], MEETING))).text
    made = letter("agenda", snapshot=twice)
    assert "do it, drop it (DROP 9), or agree on another day (MOVE 9 to Friday)" in " ".join(made.text.split())
    assert "MOVE 9 to Friday" in everything(made)
    assert "MOVE" not in letter("agenda", "drafts", twice).text
    assert "MOVE" not in letter("questions", snapshot=twice).text
    assert "Overdue, so first on the agenda" in letter("questions", snapshot=twice).text


def test_p4_a_promise_of_theirs_is_mentioned_in_one_draft_only() -> None:
    theirs = overdue(owner="ana")
    fresh = asking(question(1, "Q?"), actions=(theirs,), ledger={})
    assert "what you offered (send the abstract)" in " ".join(letter("agenda", "drafts", fresh).text.split())
    before = replace(WITHDRAWN, key="agenda/ana/other/draft", object="other", outcome="left")
    assert "you offered" not in letter("agenda", "drafts", replace(fresh, ledger={before.key: before})).text


def test_t3_without_a_question_the_draft_has_no_recipient_and_the_note_asks() -> None:
    draft, note = letter("agenda", "drafts", BARE), letter("agenda", snapshot=BARE, occasion=FRESH)
    assert parsed(draft)["To"] is None
    assert not draft.ready
    assert note.subject == "Ana on Thursday: what do you want to ask?"
    assert note.text.startswith("What do you want to ask Ana?")
    assert "no To:" in note.text


def test_i22_an_edited_draft_is_said_to_stand() -> None:
    made = letter("agenda", occasion=replace(OCCASION, draft_state="edited", moved_from=NOW + timedelta(days=1)))
    assert made.subject == "Ana, now on Thursday: your own draft stands"
    assert "I left it as it is: it still says Wednesday 14:00" in " ".join(made.text.split())
    assert "Dear Ana" not in made.text


def test_a_draft_that_left_is_not_missed() -> None:
    made = letter("agenda", occasion=replace(OCCASION, draft_state="gone"))
    assert made.text.startswith("Nothing to do")


def test_a_moved_meeting_says_where_it_was() -> None:
    made = letter("agenda", occasion=replace(FRESH, moved_from=NOW + timedelta(days=1)))
    assert "(it was Wednesday 2 December, 14:00)" in " ".join(made.text.split())


def test_one_question_needs_no_number() -> None:
    made = letter("agenda", "drafts", asking(question(1, "K award: now or later?", wants="decision")))
    assert "I'd like to leave with a decision on one question." in " ".join(made.text.split())
    assert "1." not in made.text
    assert "<ol>" not in made.raw.decode()


@pytest.mark.parametrize(
    ("wants", "said"),
    [
        (["view", "view"], "your view of both questions"),
        (["decision"] * 3, "a decision on three questions"),
        (["introduction"], "an introduction"),
        (["feedback", "introduction"], "your feedback on the first question and an introduction (the second)"),
        (
            ["decision", "view", "decision"],
            "a decision on the first and third questions and your view of the second",
        ),
    ],
)
def test_the_draft_says_what_is_wanted(wants: list[str], said: str) -> None:
    topics = [question(n, f"Question {n}?", wants=want) for n, want in enumerate(wants, start=1)]
    made = letter("agenda", "drafts", asking(*topics))
    assert f"leave with {said}." in " ".join(made.text.split())


def test_the_mentors_own_clock_is_shown_where_it_differs() -> None:
    snapshot = asking(question(1, "Q?", mentor="ben"), meeting=WITH_BEN, mentor=BEN)
    made = letter("agenda", "drafts", snapshot, mentor="ben", about=WITH_BEN.key)
    assert made.subject == "Thursday, 17:00 your time: Q"
    assert "08:00, 17:00 for you" in made.text
    same = asking(question(1, "Q?", mentor="ben"), meeting=WITH_BEN, mentor=replace(BEN, timezone="US/Pacific"))
    assert "for you" not in letter("agenda", "drafts", same, mentor="ben", about=WITH_BEN.key).text
    broken = asking(question(1, "Q?", mentor="ben"), meeting=WITH_BEN, mentor=replace(BEN, timezone="../etc"))
    assert "for you" not in letter("agenda", "drafts", broken, mentor="ben", about=WITH_BEN.key).text


def test_the_mentors_own_day_is_shown_where_it_differs() -> None:
    late = replace(WITH_BEN, start=WITH_BEN.start.replace(hour=17), end=WITH_BEN.start.replace(hour=18))
    snapshot = asking(question(1, "Q?", mentor="ben"), meeting=late, mentor=BEN)
    made = letter("agenda", "drafts", snapshot, mentor="ben", about=WITH_BEN.key)
    assert made.subject == "Friday, 02:00 your time: Q"
    assert "Friday 02:00 for you" in made.text


def test_the_note_tells_place_doubt_and_zone() -> None:
    meeting = replace(MEETING, status="tentative", location="https://meet.example/x", zone_note="I took your own zone.")
    made = letter("agenda", snapshot=asking(question(1, "Q?"), meeting=meeting))
    assert "Online: https://meet.example/x" in made.text
    assert "still tentative" in made.text
    assert "I took your own zone." in made.text


def test_a_mentor_without_an_address_gets_no_recipient_and_the_note_says_so() -> None:
    snapshot = asking(question(1, "Q?"), mentor=replace(ANA, emails=()))
    assert not letter("agenda", "drafts", snapshot).ready
    assert "add the To: yourself" in " ".join(letter("agenda", snapshot=snapshot, occasion=FRESH).text.split())


def test_t9_thanks_name_the_one_thing() -> None:
    made = letter("thank_you", "drafts", about=EARLIER.key, now=AFTER)
    assert "Thank you for the introduction to Kim." in made.text
    assert made.ready
    assert parsed(made)["To"] == "Ana Ortiz <ana@example.org>"


def test_t9_what_was_written_before_the_meeting_is_not_told_as_its_fruit() -> None:
    advice = next(one for one in RICH.feedback if one.meeting == EARLIER.key)
    early = replace(advice, source="reply", received_at=EARLIER.start - timedelta(days=1))
    view = replace(RICH, thanks=(), feedback=(early,))
    text = " ".join(letter("thank_you", "drafts", view, about=EARLIER.key, now=AFTER).text.split())
    assert 'What you wrote on 4 November stays with me: "Cut the second cohort' in text


def test_t9_without_anything_concrete_there_are_no_hollow_thanks_to_send() -> None:
    made = letter("thank_you", "drafts", BARE)
    assert not made.ready
    assert parsed(made)["To"] is None


def test_t9_thanks_for_another_meeting_are_not_used() -> None:
    other = Thanks(id=1, text="the cake", mentor="ana", meeting="another", created_at=AFTER)
    used = Thanks(id=2, text="the tea", mentor="ana", meeting=MEETING.key, created_at=AFTER, used=True)
    made = letter("thank_you", "drafts", replace(BARE, thanks=(other, used)))
    assert "cake" not in made.text
    assert "tea" not in made.text


def test_t9_the_question_after_a_meeting_is_answered_in_one_line() -> None:
    made = letter("thank_you", about=EARLIER.key, now=AFTER)
    assert made.subject == "Ana today: what was worth it?"
    assert [line.split()[0] for line in made.text.split("\n") if line.startswith("  ")] == [
        "HEARD",
        "I",
        "THANKS",
        "SKIP",
    ]


def test_c17_the_note_after_a_meeting_says_what_is_taken_as_discussed() -> None:
    made = letter("thank_you", about=EARLIER.key, now=AFTER)
    assert "Taken as discussed: Authorship of the methods paper. ADD brings one back." in " ".join(made.text.split())
    assert "Taken as discussed" in everything(made)
    assert "Taken as discussed" not in letter("thank_you", snapshot=BARE).text


@pytest.mark.parametrize("blank", [" ", "\n", "\x07", "."])
def test_blank_words_are_nothing_concrete(blank: str) -> None:
    thanks = Thanks(id=1, text=blank, mentor="ana", meeting=MEETING.key, created_at=AFTER)
    assert not letter("thank_you", "drafts", replace(BARE, thanks=(thanks,))).ready
    if blank != ".":
        assert not letter("agenda", "drafts", asking(question(1, blank))).ready


def test_what_was_promised_there_is_in_the_thanks() -> None:
    promise = ActionItem(id=1, text="to send aim 2.", mentor="ana", created_at=AFTER, due=AFTER.date())
    made = letter("thank_you", "drafts", replace(RICH, actions=(promise,)), about=EARLIER.key, now=AFTER)
    assert "Next from me: to send aim 2 (by Thursday 5 November)." in made.text


def test_the_check_in_has_substance_or_no_recipient() -> None:
    full = letter("check_in", "drafts", about="2026-10-01")
    assert full.ready
    assert "One question, whenever you have a minute" in full.text
    empty = letter("check_in", "drafts", BARE, mentor="ben", about="2026-10-01")
    assert not empty.ready
    assert "half an hour in the coming weeks by video?" in " ".join(empty.text.split())


def test_the_check_in_note_tells_of_every_mentor() -> None:
    made = letter("check_in", mentor=None, about="2026-10-01")
    assert made.subject == "Ben and Ana: time to check in (2 drafts)"
    assert "Ana Ortiz: last contact 6 November, next meeting Thursday 3 December." in " ".join(made.text.split())


def test_the_check_in_note_speaks_of_no_drafts_where_none_are_wanted() -> None:
    practice = replace(RICH.practice, delivery=("inbox",))
    made = letter("check_in", snapshot=replace(RICH, practice=practice), mentor=None, about="2026-10-01")
    assert "draft" not in everything(made).lower()


def test_the_welcome_promises_that_nothing_goes_out() -> None:
    made = letter("welcome", mentor=None, about="first-start")
    text = " ".join(made.text.split())
    assert made.subject == "MentorUp is here: Ana on Thursday comes first"
    assert "nothing reaches anyone else unless you send it yourself" in text
    assert "Ben Lindqvist, Thursday 10 December, 08:00" in text
    nobody = letter("welcome", snapshot=replace(BARE, mentors=(), meetings=()), mentor=None, about="first-start")
    assert nobody.text.startswith("Name your mentors")


def test_a_change_says_what_became_of_the_draft() -> None:
    off = replace(RICH, meetings=(replace(MEETING, status="cancelled"), WITH_BEN))
    taken = letter("change", snapshot=replace(off, ledger={WITHDRAWN.key: WITHDRAWN}))
    assert taken.subject == "Ana on Thursday is off"
    assert "I took my draft back" in taken.text
    kept = letter("change", snapshot=off, occasion=replace(OCCASION, draft_state="edited"))
    assert "I left it as it is" in kept.text


def test_a_meeting_that_vanished_is_told_from_what_was_written_then() -> None:
    basis = f"{MEETING.start.timestamp():.0f}-{MEETING.end.timestamp():.0f} ana"
    ledger = {WITHDRAWN.key: replace(WITHDRAWN, basis=basis)}
    made = letter("change", snapshot=replace(RICH, meetings=(), ledger=ledger))
    assert "on Thursday 3 December, 14:00, is no longer in your calendar" in " ".join(made.text.split())
    unknown = letter("change", snapshot=replace(RICH, meetings=()))
    assert unknown.subject == "Ana is off"


def test_a_meeting_that_moved_far_says_where_to() -> None:
    far = replace(MEETING, start=MEETING.start + timedelta(days=30), end=MEETING.end + timedelta(days=30))
    made = letter(
        "change", snapshot=replace(RICH, meetings=(far,)), occasion=replace(OCCASION, moved_from=MEETING.start)
    )
    assert made.subject == "Ana, now on Saturday 2 January, 14:00"


def test_p03_trouble_comes_with_its_remedy_first() -> None:
    snapshot = replace(RICH, troubles=TROUBLES)
    refused = letter("trouble", snapshot=snapshot, mentor=None, about="imap.example.org")
    assert refused.subject == "imap.example.org refused the password of sam@example.org (since today, 09:12)"
    assert refused.text.startswith("Put a password that works")
    away = letter("trouble", snapshot=snapshot, mentor=None, about="dav.example.org")
    assert away.text.startswith("Nothing to do")


@pytest.mark.parametrize("receipt", RECEIPTS, ids=["done", "problem", "help"])
def test_a_receipt_answers_in_the_thread_of_the_reply(receipt: object) -> None:
    told = replace(receipt, in_reply_to="<reply@phone.example>", references=("<note@example.org>",))  # type: ignore[type-var]
    one = due("receipt", mentor=None, about="x", key=told.key)
    made = compose(one, replace(RICH, receipts=(told,)), now=NOW, templates=TEMPLATES, occasion=OCCASION)
    message = parsed(made)
    assert message["In-Reply-To"] == "<reply@phone.example>"
    assert message["References"].split() == ["<note@example.org>", "<reply@phone.example>"]
    assert made.subject.count("Re:") == 1
    for line in told.lines:
        assert line[1] in made.text
    for typed, _ in told.problems:
        assert typed in made.text
        assert made.text.startswith("Nothing carried out")


def test_t8_the_note_asks_for_a_plan_and_takes_no_for_an_answer() -> None:
    made = letter("feedback_plan", about="ana/2026-11-21")
    assert made.subject == "What Ana wrote on 20 November: what will you do about it?"
    assert "DROP 11" in made.text
    assert "DROP 11" in everything(made)
    nudge = due("feedback_plan", about="ana/2026-11-21", key="feedback_plan/ana/2026-11-21/nudge")
    told = compose(nudge, RICH, now=NOW, templates=TEMPLATES, occasion=OCCASION)
    assert "the last time I ask" in " ".join(told.text.split())
    with pytest.raises(Malformed, match="any more"):
        letter("feedback_plan", about="ana/2026-11-22")
    with pytest.raises(Malformed, match="configuration"):
        letter("feedback_plan", mentor="nobody", about="nobody/2026-11-21")


def test_t8_several_pieces_of_a_day_stand_in_the_order_in_which_plan_takes_them() -> None:
    second = replace(next(one for one in RICH.feedback if one.id == 11), id=30, text="Cut slide four.")
    made = letter("feedback_plan", snapshot=replace(RICH, feedback=(*RICH.feedback, second)), about="ana/2026-11-21")
    assert made.text.index("Cut slide four") < made.text.index("buries the finding")
    assert "a line for each in this order" in " ".join(made.text.split())


def test_t7_the_offer_names_half_of_the_time_and_what_there_is() -> None:
    made = letter("shorten", "drafts", asking(question(1, "Kim said yes", wants="nothing")))
    assert made.ready
    assert "Would 20 minutes do" in " ".join(made.text.split())
    assert "What I have: Kim said yes." in made.text
    brief = replace(MEETING, end=MEETING.start + timedelta(minutes=20))
    assert letter("shorten", "drafts", asking(meeting=brief)).subject == "Thursday, 14:00: another time?"


def test_t7_the_agenda_note_tells_of_the_offer() -> None:
    offer = replace(WITHDRAWN, key=f"shorten/ana/{MEETING.key}/draft", rule="shorten", outcome="delivered")
    made = letter("agenda", snapshot=replace(BARE, ledger={offer.key: offer}), occasion=FRESH)
    assert "a note that offers to shorten or postpone is in your Drafts" in " ".join(made.text.split())


def test_p3_the_next_meeting_is_asked_for_around_its_time() -> None:
    made = letter("next_meeting", "drafts", now=MEETING.end + timedelta(days=1))
    assert made.subject == "Our next meeting, around 1 February"
    assert "Every two months is what we have in mind" in " ".join(made.text.split())
    assert "K award and Aim 2" in made.text


@pytest.mark.parametrize(
    ("zone", "told"),
    [
        ("", ["Would one of these suit you?", "- Monday 25 January, 16:00 - Wednesday 27 January, 17:00"]),
        ("Europe/Berlin", ["Monday 25 January, 16:00 my time (Tuesday, 01:00 yours)"]),
        ("America/Denver", ["- Monday 25 January, 16:00 my time (17:00 yours)", "If not, name a day or two that do"]),
    ],
)
def test_p3_times_are_proposed_by_both_clocks_where_they_differ(zone: str, told: list[str]) -> None:
    occasion = Occasion(message_id="<a@example.org>", openings=OPENINGS)
    mentor = replace(ANA, timezone=zone)
    made = letter("next_meeting", "drafts", asking(mentor=mentor), now=AFTERWARDS, occasion=occasion)
    assert all(words in " ".join(made.text.split()) for words in told)
    assert made.ready


def test_t6_the_note_says_what_there_is_to_say_in_the_preferred_channel() -> None:
    made = letter("contact", mentor="ben", about="ben/2026-08-12")
    assert made.subject == "Ben: time for a video call"
    assert "Ask: Teaching load" in made.text
    assert letter("contact", "drafts", about="ana/2026-11-06").ready


def test_the_digest_says_the_one_thing_first_and_what_was_done_unasked() -> None:
    one = due("digest", mentor=None, about="2026-12-07T08:00", due_at=DIGEST_DAY)
    made = compose(one, busy_week(), now=DIGEST_DAY, templates=TEMPLATES, occasion=OCCASION)
    text = " ".join(made.text.split())
    assert made.subject == "Your week: 1 overdue, 1 due, a word to Ben"
    assert made.text.startswith("First: send the revised abstract, for Ana.")
    assert "DONE 9" in made.text
    for part in (
        "Ana offered",
        "Ben Lindqvist: last contact 12 August",
        "No date yet: Learn to say no",
        "a check-in for Ben",
    ):
        assert part in text
    assert "Taken as discussed" in text
    assert len(made.text.split()) < 215  # a week with something for every line


def test_a_note_hangs_in_the_thread_of_its_meeting() -> None:
    assert parsed(letter("agenda", occasion=replace(OCCASION, thread="<t@x.org>")))["References"] == "<t@x.org>"
    assert parsed(letter("agenda", "drafts", occasion=replace(OCCASION, thread="<t@x.org>")))["References"] is None


@pytest.mark.parametrize("rule", ["agenda", "thank_you"])
@pytest.mark.parametrize("lands", ["inbox", "drafts"])
def test_what_is_gone_is_told_in_words(rule: str, lands: str) -> None:
    with pytest.raises(Malformed, match="calendar any more"):
        letter(rule, lands, about="gone")
    with pytest.raises(Malformed, match="configuration"):
        letter(rule, lands, replace(RICH, mentors=()))


@pytest.mark.parametrize(
    ("rule", "lands"), [("nonsense", "inbox"), ("nonsense", "drafts"), ("receipt", "inbox"), ("trouble", "inbox")]
)
def test_what_nobody_knows_is_refused(rule: str, lands: str) -> None:
    with pytest.raises(Malformed):
        letter(rule, lands)


def test_a_slip_in_a_template_is_told_with_the_letter(tmp_path: Path) -> None:
    (tmp_path / "agenda").mkdir()
    (tmp_path / "agenda" / "draft.txt.j2").write_text("Subject: {{ oops }}\n\nx")
    made = compose(due("agenda"), RICH, now=NOW, templates=Templates(tmp_path), occasion=FRESH)
    assert ["oops" in fault for fault in made.fallbacks] == [True]


def test_a_draft_reads_the_same_at_any_hour_before_the_meeting() -> None:
    """What was written is compared with what would be written now: the clock alone must change nothing."""
    digests = {letter("agenda", "drafts", now=NOW + timedelta(hours=hours)).digest for hours in (0, 1, 9)}
    assert len(digests) == 1


hostile = st.text(min_size=1, max_size=120) | st.sampled_from(
    [
        "x\r\nBcc: eve@example.net",
        "\n\nSubject: y",
        "{{ 7*7 }}",
        "<script>alert(1)</script>",
        "=?utf-8?q?a?=",
        "%s" * 9,
        "\u202eevil",
    ]
)


@settings(max_examples=30)
@given(hostile, hostile, hostile)
def test_t02_no_text_breaks_a_letter_or_makes_a_header(title: str, name: str, text: str) -> None:
    mentor = replace(ANA, name=name)
    meeting = replace(MEETING, title=title, location=title, zone_note=text)
    made_of = asking(question(1, text), question(2, title, wants="nothing"), meeting=meeting, mentor=mentor)
    promise = ActionItem(id=3, text=text, mentor="ana", due=NOW.date(), created_at=NOW - timedelta(days=1))
    thanks = Thanks(id=4, text=text, mentor="ana", meeting=MEETING.key, created_at=NOW)
    snapshot = replace(made_of, owner=replace(SAM, name=title), actions=(promise,), thanks=(thanks,))
    for rule, lands in (
        *(("agenda", "inbox"), ("questions", "inbox"), ("contact", "inbox"), ("digest", "inbox")),
        *(("agenda", "drafts"), ("thank_you", "drafts"), ("check_in", "drafts")),
        *(("shorten", "drafts"), ("next_meeting", "drafts")),
    ):
        made = letter(rule, lands, snapshot, occasion=FRESH)
        names = [name for name in parsed(made).keys() if name not in ("To", "Auto-Submitted", "List-Id")]  # noqa: SIM118
        assert names == ["From", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"]
        (_, html) = parsed(made).iter_parts()
        assert "<script" not in html.get_content()
        assert "&lt;script" in html.get_content() or "<script" not in text


@settings(max_examples=60)
@given(st.text(alphabet="abcdefghijklmnop ", min_size=3, max_size=60), st.integers(0, 3))
def test_t10_private_words_never_reach_a_draft(words: str, priority: int) -> None:
    secret = f"zzsecret {words}"
    topics = (question(1, "Open?"), question(2, secret, private=True, priority=priority))
    snapshot = replace(asking(*topics), thanks=RICH.thanks, feedback=RICH.feedback)
    for rule in ("agenda", "thank_you", "check_in", "contact", "shorten", "next_meeting"):
        assert "zzsecret" not in everything(letter(rule, "drafts", snapshot))
    assert "zzsecret" in everything(letter("agenda", snapshot=snapshot))


def test_t12_the_note_about_a_mentee_lists_the_owners_promises_first() -> None:
    made = letter("mentee_agenda", snapshot=MENTEE, occasion=FRESH, mentor="mia", about=WITH_MIA.key)
    assert made.subject == "Mia on Friday: what you promised (1)"
    assert (
        made.text.index("introduce her to Kim") < made.text.index("send the outline") < made.text.index("first author")
    )
    assert "A draft that asks Mia for an agenda is in your Drafts" in everything(made)


def test_t12_the_mentee_is_asked_for_points_in_the_owners_voice() -> None:
    made = letter("mentee_agenda", "drafts", MENTEE, mentor="mia", about=WITH_MIA.key)
    assert made.subject == "Friday, 10:00: what is on your list?"
    assert parsed(made)["To"] == "Mia Tanaka <mia@example.edu>"
    assert "What I owe you: introduce her to Kim (by Thursday 3 December)." in " ".join(made.text.split())
    assert len(made.text.split()) < 120


def test_t11_the_closing_note_thanks_for_concrete_things_and_says_what_came_of_them() -> None:
    made = letter("closing", "drafts", ENDED, about="ana/2026-12-01")
    text = " ".join(made.text.split())
    assert "Thank you for the introduction to Kim." in text
    assert "First author paper" in text
    assert "With your help in it: the department talk went well." in text
    assert "What I made of it: rewrite aim 2 with one cohort." in text
    assert "stay in touch" in text
    assert parsed(made)["To"] == "Ana Ortiz <ana@example.org>"
    assert everything(made).count("introduction to Kim") == 2


def test_t11_with_nothing_to_name_the_closing_note_has_no_recipient_and_the_owner_is_told() -> None:
    closed = replace(BARE, states=ENDED.states)
    assert parsed(letter("closing", "drafts", closed, about="ana/2026-12-01"))["To"] is None
    assert "no To: until you name one thing" in " ".join(letter("closing", snapshot=closed, about="x").text.split())


def test_t11_c28_the_owner_is_told_what_was_done_asked_who_next_and_how_to_take_it_back() -> None:
    made = letter("closing", snapshot=ENDED, about="ana/2026-12-01")
    text = " ".join(made.text.split())
    assert made.subject == "Closed with Ana: a last letter, and who next?"
    assert "every schedule about Ana has stopped" in text
    assert "You meet once more, on Thursday 3 December, 14:00" in text
    assert "Who next?" in text
    assert "CANDIDATE name <address>" in text
    assert "RESUME ana" in text
    assert "UNDO" in text
    by_hand = letter("closing", snapshot=replace(ENDED, receipts=()), about="ana/2026-12-01")
    assert "UNDO" not in by_hand.text  # the last reply was about something else


def test_t11_c28_the_last_agenda_looks_back_and_ahead_and_asks_who_next() -> None:
    made = letter("closing_agenda", "drafts", ENDED)
    text = " ".join(made.text.split())
    assert made.subject == "Thursday, 14:00: looking back, and ahead"
    assert "1. What came of it:" in text
    assert "Still questions: K award" in text
    assert "Next steps: Submit the K award, by 12 February. Still on my side: send the revised abstract" in text
    assert "Whom would you suggest I talk to next? (10 min)" in text
    minutes = [int(found) for found in re.findall(r"\((\d+) min\)", text)]
    assert sum(minutes) == MEETING.minutes
    assert draft_in(letter("closing_agenda", snapshot=ENDED, occasion=FRESH), made)


def draft_in(note: Letter, draft: Letter) -> bool:
    return draft.text.strip() in note.text


def test_t11_the_update_half_a_year_later_tells_what_came_since_or_has_no_recipient() -> None:
    made = letter("closing_update", "drafts", ENDED, now=HALF_A_YEAR_ON)
    assert "Reached: K award, at the first try." in made.text
    assert "First author paper" not in made.text
    assert made.ready
    assert not letter("closing_update", "drafts", replace(BARE, states=ENDED.states), now=HALF_A_YEAR_ON).ready


@pytest.mark.parametrize(
    ("more", "draft", "note"),
    [
        ({}, "My plan: rehearse, by Friday 4 December.", "your plan for what Ana wrote on 20 November"),
        (
            {"plan_due": date(2026, 12, 2)},
            "How my plan went: rehearse.",
            "how your plan went for what Ana wrote",
        ),
        ({"state": "done", "done_at": NOW}, "Done since: rehearse.", "what came of what Ana wrote on 20 November"),
    ],
)
def test_t8_the_next_agenda_tells_of_the_plan_and_then_of_the_result(
    more: dict[str, object], draft: str, note: str
) -> None:
    facts = {"plan": "rehearse", "plan_due": date(2026, 12, 4), "planned_at": NOW, "state": "planned", **more}
    snapshot = asking(question(1, "Q?"), feedback=(replace(RICH.feedback[1], **facts),))  # type: ignore[arg-type]
    assert draft in " ".join(letter("agenda", "drafts", snapshot).text.split())
    assert note in " ".join(letter("agenda", snapshot=snapshot).text.split())


def test_t8_the_recap_says_what_was_heard_and_what_becomes_of_it() -> None:
    made = letter("recap", "drafts", about="ana/2026-11-30")
    text = " ".join(made.text.split())
    assert '"Slow down on the results slide." My plan: rehearse it with a stopwatch' in text
    assert "1." not in text
    two = letter("recap", "drafts", with_plans(), about="ana/2026-11-30")
    assert "My plan: rewrite the first sentence, by Friday 4 December." in " ".join(two.text.split())
    assert "<ol>" in two.raw.decode()
    assert len(two.text.split()) < 120


def test_t5_the_question_for_a_letter_brings_the_facts() -> None:
    made = letter("letter", "drafts", with_request(), about="ana/61")
    text = " ".join(made.text.split())
    assert "would you write a letter of recommendation for me, for the K award, by Friday 15 January 2027?" in text
    assert "- Submit the K award, by 12 February 2027" in made.text
    assert "What I did about it (done): rewrite aim 2 with one cohort" in text
    assert "- We met on 5 November 2026" in made.text
    assert "<li>Submit the K award" in made.raw.decode()
    assert made.ready


def test_t5_without_facts_the_question_for_a_letter_has_no_recipient() -> None:
    bare = replace(BARE, meetings=(MEETING,), requests=with_request("").requests)
    made = letter("letter", "drafts", bare, about="ana/61")
    assert made.subject == "A letter of recommendation"
    assert parsed(made)["To"] is None


@pytest.mark.parametrize(
    ("role", "said"),
    [
        ("mentor", "a draft tells Ana of it, and it comes up on your next agenda."),
        ("candidate", "it comes up on your next agenda with Ana."),
        ("mentee", "it is kept with what Ana said."),
    ],
)
def test_t8_t12_the_question_for_a_plan_says_what_becomes_of_it(role: str, said: str) -> None:
    people = (replace(ANA, role=role), BEN)  # type: ignore[arg-type]
    made = letter("feedback_plan", snapshot=replace(RICH, mentors=people), about="ana/2026-11-21")
    assert said in " ".join(made.text.split())
