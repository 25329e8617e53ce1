"""Letters about wins, compacts, the profile and the quarter: what each says, to whom, in how many words."""

from __future__ import annotations

import email
from dataclasses import replace
from datetime import datetime, timedelta
from email import policy
from email.message import EmailMessage

import pytest

from mentorup_daemon.letters.compose import Letter, compose
from mentorup_daemon.letters.occasion import Occasion
from mentorup_daemon.letters.review import suggestion
from mentorup_daemon.letters.samples import (
    ANA,
    ASK,
    BEN,
    HALF_YEAR,
    NOW,
    QUARTER,
    REVIEW,
    SET_UP,
    YEAR,
    ZONE,
    bare_snapshot,
    busy_week,
    sample_snapshot,
)
from mentorup_daemon.letters.templates import Templates
from mentorup_daemon.records import Due, Snapshot, Win
from mentorup_daemon.records.quarter import Quarter

TEMPLATES = Templates(None)
OCCASION = Occasion(message_id="<0123abcd@example.org>")
RICH, BARE = sample_snapshot(), bare_snapshot()
JANUARY = datetime(2027, 1, 8, 8, tzinfo=ZONE)
WIN_DUE = replace(REVIEW, key="win/ana/20/draft", rule="win", object="win-20", lands="drafts")
DRAFT = replace(REVIEW, key=f"{REVIEW.key}/draft", lands="drafts")


def letter(due: Due, snapshot: Snapshot = RICH, now: datetime = NOW) -> Letter:
    return compose(due, snapshot, now=now, templates=TEMPLATES, occasion=OCCASION)


def said(made: Letter) -> str:
    return " ".join(made.text.split())


def to(made: Letter) -> object:
    message = email.message_from_bytes(made.raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message["To"]


def won(text: str, snapshot: Snapshot = RICH) -> Letter:
    win = Win(id=20, text=text, credit=("ana",), created_at=NOW)
    return letter(WIN_DUE, replace(snapshot, wins=(win,)))


def test_t9_a_win_names_the_advice_that_shares_a_word_with_it() -> None:
    made = won("the talk went well, down to the results")
    assert "The talk went well, down to the results. I wanted you to hear it from me." in said(made)
    assert 'on 3 September you wrote "Slow down on the results slide."' in said(made)
    assert made.ready


def test_t9_a_word_of_thanks_on_record_is_their_part_where_no_advice_is() -> None:
    made = won("an introduction at the right time brought the data")
    assert "Your part in it was the introduction to Kim." in said(made)
    assert made.ready


def test_t9_where_the_records_do_not_tie_anything_to_the_win_there_is_no_to() -> None:
    made = won("the pilot was funded")
    assert (made.ready, to(made)) == (False, None)
    assert '"Cut the second cohort, you can\'t power it." What I did with it: rewrite aim 2' in said(made)
    bare = won("the pilot was funded", BARE)
    assert (bare.ready, to(bare)) == (False, None)
    assert "You have a part in it." in said(bare)


def test_t9_no_superlatives_and_no_exclamation_marks() -> None:
    for text in ("the talk went well", "the pilot was funded"):
        words = said(won(text)).casefold()
        assert not [word for word in ("!", "best", "greatest", "amazing", "so much", "invaluable") if word in words]


def test_t9_wins_are_in_the_check_in_of_whoever_helped_and_of_nobody_else() -> None:
    check_in = replace(WIN_DUE, rule="check_in", object="2027-01-01T09:00")
    assert "What went well: The talk in the department" in said(letter(check_in))
    assert "What went well" not in said(letter(replace(check_in, mentor="ben")))
    shared = replace(RICH, wins=(replace(RICH.wins[0], credit=()),))
    assert "What went well" in said(letter(replace(check_in, mentor="ben"), shared))
    narrow = replace(shared, mentors=(ANA, replace(BEN, topics=("teaching",))))
    assert "What went well" not in said(letter(replace(check_in, mentor="ben"), narrow))
    old = replace(RICH, wins=(replace(RICH.wins[0], created_at=NOW - timedelta(days=200)),))
    assert "What went well" not in said(letter(check_in, old))


def test_t4_c27_the_draft_says_what_was_agreed_and_asks_what_to_change_and_when_it_ends() -> None:
    made = letter(DRAFT)
    words = said(made)
    assert made.ready
    assert "What it is for: a K award, and a lab of my own after it" in words
    assert "What I hope for from you: a frank word on drafts within two weeks" in words
    assert "What would you change? And a question that we haven't settled: when should this end" in words
    assert len(words.split()) < 120
    settled = replace(RICH, compacts=(replace(RICH.compacts[0], ends="with the award"),))
    assert "do we still see the end where we put it?" in said(letter(DRAFT, settled))


def test_t4_c2_the_note_asks_for_what_is_missing_and_uses_the_work_style() -> None:
    words = said(letter(REVIEW))
    assert "Not written down yet: who drives the content; what Ana expects of you; when it should end" in words
    assert "You told me how you work: I think best in writing, before noon." in words
    assert "COMPACT drives: ..." in words
    assert "COMPACT agreed" in words
    assert len(words.split()) < 150


def test_t4_where_nothing_is_written_down_the_note_says_how_to_begin() -> None:
    words = said(letter(ASK))
    assert "Nothing is written down yet about what you and Ben expect of each other." in words
    assert "COMPACT aims: ..." in words
    assert "COMPACT agreed" not in words
    assert "Drafts" not in words


@pytest.mark.parametrize(
    ("due", "snapshot", "there", "missing"),
    [
        (SET_UP, BARE, ("VALUE ...", "STYLE ...", "GAP ... 2/5", "Three lines"), ()),
        (SET_UP, replace(BARE, profile=RICH.profile[:2]), ("GAP ... 2/5", "One line"), ("VALUE", "STYLE")),
        (HALF_YEAR, RICH, ("saying no (you said 2 of 5)", "GAP 23 3/5"), ("How you work", "STYLE")),
        (YEAR, RICH, ("How you work: 22 I think best in writing", "STYLE ...", "GAP 23 3/5"), ("VALUE",)),
    ],
)
def test_c1_c2_c3_the_profile_note_asks_for_what_is_due(
    due: Due, snapshot: Snapshot, there: tuple[str, ...], missing: tuple[str, ...]
) -> None:
    words = said(letter(due, snapshot))
    assert [text for text in there if text not in words] == []
    assert [text for text in missing if text in words] == []
    assert len(words.split()) < 150


def test_t2_the_quarterly_note_says_who_gives_what_and_names_each_empty_place_with_a_next_step() -> None:
    words = said(letter(QUARTER, now=JANUARY))
    assert "Ana Ortiz (senior): research advisor and sponsor" in words
    assert "Ben Lindqvist (a step ahead): coach" in words
    assert "advocate and confidante: nobody; think of one person you know" in words
    assert "coach: nobody among your peers or senior; ask Ben, a coach of yours, whom they would suggest." in words
    assert "this note names who is missing" not in words


def test_t2_where_nobody_is_placed_it_says_once_how_to_do_it() -> None:
    unplaced = replace(BARE, mentors=(replace(ANA, support=()), replace(BEN, distance=None)))
    first = replace(unplaced, started_at=datetime(2026, 11, 1, tzinfo=ZONE))
    assert "I say this once." in said(letter(QUARTER, first, JANUARY))
    assert "Where nobody is" not in said(letter(QUARTER, first, JANUARY))
    assert "I say this once." not in said(letter(QUARTER, unplaced, JANUARY))


def test_c22_the_quarter_is_told_in_facts_without_a_score_and_with_one_suggestion() -> None:
    made = letter(QUARTER, now=JANUARY)
    assert made.subject == "Your quarter: 3 meetings, 1 question, 1 promise kept"
    assert "Prepared: 3 meetings, 1 with an agenda, 1 with a question of yours." in said(made)
    assert "Closed: 1 promise kept, 1 past its day; 2 pieces of feedback, 1 with a plan, 1 carried out" in said(made)
    assert made.text.count("One thing:") == 1
    assert "%" not in made.text
    assert "score" not in made.text


@pytest.mark.parametrize(
    ("facts", "suggested"),
    [
        ({"late": 1, "met": 1}, "late"),
        ({"met": 2, "with_question": 1}, "question"),
        ({"met": 1, "with_question": 1, "questions": 1}, "feedback"),
        ({"met": 1, "with_question": 1, "heard": 2, "planned": 1}, "plan"),
        ({"met": 1, "with_question": 1, "heard": 1, "planned": 1}, "thanks"),
        ({"met": 1, "with_question": 1, "heard": 1, "planned": 1, "thanked": 1}, "network"),
    ],
)
def test_c22_the_suggestion_is_the_first_loose_end(facts: dict[str, int], suggested: str) -> None:
    quarter = Quarter(begin=NOW, end=JANUARY, **facts)  # type: ignore[arg-type]
    assert suggestion(quarter, has_empty=True) == suggested
    if suggested == "network":
        assert suggestion(quarter, has_empty=False) == ""


def test_the_digest_tells_the_next_five_things_that_come_and_for_which_meeting() -> None:
    evening = NOW - timedelta(days=1)
    ahead = digest(replace(BARE, ledger={}, topics=RICH.topics, mentors=(ANA,)), evening)
    assert "Today: the agenda for Ana" not in ahead
    assert "Tomorrow: the agenda for Ana on Thursday" in ahead
    assert "Thursday: what was worth it with Ana" in ahead
    assert "Friday: asking Ana for the next meeting" in ahead
    part = ahead.partition("What I'll write next:")[2].partition("Reply, one a line:")[0]
    assert 0 < part.count(" - ") <= 5


def test_t12_t9_the_digest_asks_who_needs_it_next_and_what_to_give_back() -> None:
    monday = datetime(2026, 12, 7, 8, tzinfo=ZONE)
    reached = replace(RICH.goals[0], state="done", done_at=monday - timedelta(days=2))
    december = digest(replace(busy_week(), goals=(reached,)), monday)
    assert "You reached a goal: Submit the K award. Who needs this next" in december
    may = digest(busy_week(), datetime(2027, 5, 3, 8, tzinfo=ZONE))
    assert "What could you do for Ana? There is a part of theirs in 1 win of yours." in may
    assert "They still mean to ask Kim about data access; you could offer to take it on." in may
    assert "What could you do for Ben? Ask when you next talk." in may


def digest(snapshot: Snapshot, at: datetime) -> str:
    due = replace(QUARTER, key="digest/owner/x", rule="digest", due_at=at)
    return said(letter(due, snapshot, at))
