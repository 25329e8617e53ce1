"""First agendas, the page about oneself, hellos and their retries, the fit form: what each says, and to whom."""

from __future__ import annotations

import email
import re
from dataclasses import replace
from datetime import date, timedelta
from email import policy
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentorup_daemon.letters.agenda import agenda_for
from mentorup_daemon.letters.compose import Letter, compose
from mentorup_daemon.letters.occasion import Occasion
from mentorup_daemon.letters.sample_candidates import (
    WITH_KIM,
    candidate_snapshot,
    unknown_snapshot,
)
from mentorup_daemon.letters.samples import ANA, EARLIER, MEETING, NOW, bare_snapshot
from mentorup_daemon.letters.templates import Templates
from mentorup_daemon.records import Compact, Due, Goal, Mentor, Snapshot, Topic

TEMPLATES = Templates(None)
RICH, BARE = candidate_snapshot(), unknown_snapshot()
FIRST = replace(bare_snapshot(), meetings=(MEETING,))
AFTER = WITH_KIM.end + timedelta(days=1)
FRESH = Occasion(message_id="<1@example.org>", draft_state="fresh")


def letter(key: str, snapshot: Snapshot = RICH, about: str = WITH_KIM.key, occasion: Occasion = FRESH) -> Letter:
    """The letter with this key: RULE/PERSON/ANYTHING, a draft when it ends so."""
    rule, person = key.split("/")[:2]
    due = Due(
        key=key,
        rule=rule,
        due_at=NOW,
        expires_at=NOW + timedelta(days=1),
        lands="drafts" if key.endswith("/draft") else "inbox",
        reason="so",
        mentor=person,
        object=about,
    )
    now = AFTER if rule == "fit" else NOW
    return compose(due, snapshot, now=now, templates=TEMPLATES, occasion=occasion)


def said(made: Letter) -> str:
    return " ".join(made.text.split())


def message(made: Letter) -> EmailMessage:
    parsed = email.message_from_bytes(made.raw, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


ALL = [
    ("agenda/kim/x/draft", WITH_KIM.key),
    ("agenda/kim/x", WITH_KIM.key),
    ("questions/kim/x", WITH_KIM.key),
    ("brief/kim/x/draft", WITH_KIM.key),
    ("hello/kim/43/draft", "kim/43"),
    ("retry/kim/43.1/draft", "kim/43"),
    ("retry/kim/43.2/draft", "kim/43"),
    ("referral/ana/45/draft", "ana/45"),
    ("candidate/lee/42", "lee/42"),
    ("candidate/kim/41", "kim/41"),
    ("fit/kim/x", WITH_KIM.key),
]


@pytest.mark.parametrize(("key", "about"), ALL)
@pytest.mark.parametrize("snapshot", [RICH, BARE], ids=["rich", "bare"])
def test_every_letter_about_a_candidate_keeps_to_its_own_voice(key: str, about: str, snapshot: Snapshot) -> None:
    made = letter(key, snapshot, about)
    shown = "\n".join([made.subject, *(str(part.get_content()) for part in message(made).iter_parts())])
    assert not re.search(r"!(?!DOCTYPE)|[Rr]eminder|I hope this|None|\{\{|\bundefined\b|[^.]\.\.[^.]", shown)
    if key.endswith("/draft"):
        assert made.text.startswith("Dear ")
        assert made.text.rstrip().endswith("\nSam")
        assert not re.search(r"mentorup|reply with|\bADD\b", shown, re.IGNORECASE)
        assert len(re.sub(r"(?m)^(\d\.|   ).*\n", "", made.text).split()) < 120
        assert (message(made)["To"] is not None) is made.ready
    else:
        assert "Reply" in made.text
        assert len(made.text.split("Dear Kim")[0].split()) < 150


# The first agenda


@pytest.mark.parametrize("snapshot", [RICH, FIRST], ids=["candidate", "mentor"])
def test_c17_the_note_shows_the_first_agenda_as_it_lies_in_drafts(snapshot: Snapshot) -> None:
    person, about = ("kim", WITH_KIM.key) if snapshot is RICH else ("ana", MEETING.key)
    note, draft = (letter(f"agenda/{person}/x{part}", snapshot, about) for part in ("", "/draft"))
    assert draft.text.strip() in note.text
    assert "Who else do you think I should talk to?" in note.text


def test_t7_the_minutes_that_the_owner_gave_a_question_stand_before_the_last_points_of_a_first_agenda() -> None:
    asked = Topic(id=1, text="Which aim first? I'd begin with two.", mentor="ana", minutes=30, created_at=NOW)
    made = agenda_for(replace(FIRST, topics=(asked,)), MEETING, NOW)
    assert [item.minutes for item in made.items] == [30, 5, 5, 5]
    assert len(made.if_time) == 2
    assert "If there is time left:" in letter("agenda/ana/x/draft", replace(FIRST, topics=(asked,)), MEETING.key).text


def test_t1_c6_with_a_candidate_the_own_questions_come_first_and_the_intro_behind_them() -> None:
    made = letter("agenda/kim/x/draft")
    points = re.findall(r"(?m)^\d\. (.*)$", made.text)
    assert len(points) == 6
    assert points[0].startswith("Which registry would you use")
    text = said(made)
    for part in (
        "How much time could you give this",
        "How do you like to work with the people you mentor?",
        "What would you expect of me",
        "What matters most to me: time for teaching; numbers that others can check.",
        "Who else do you think I should talk to?",
        "What I'm working towards: find data for aim 2, by 31 January.",
    ):
        assert part in text


def test_c13_the_first_agenda_opens_with_how_they_have_helped() -> None:
    opening = said(letter("agenda/kim/x/draft")).partition("On Thursday")[0]
    assert opening == "Dear Kim, You have helped me already: your talk in May made me look at registries at all. "
    assert "You have helped me" not in said(letter("agenda/kim/x/draft", BARE))


def test_p1_c16_with_a_mentor_the_structure_is_proposed_with_goals_and_the_guidance_sought() -> None:
    goals = (
        Goal(id=1, text="submit the K award", mentor="ana", due=date(2027, 2, 12), created_at=NOW),
        Goal(id=2, text="learn to say no", created_at=NOW),
        Goal(id=3, text="find a flat", mentor="ben", due=date(2027, 1, 1), created_at=NOW),
    )
    question = Topic(id=4, text="K award: this cycle or next?", mentor="ana", wants="decision", created_at=NOW)
    made = letter("agenda/ana/x/draft", replace(FIRST, goals=goals, topics=(question,)), MEETING.key)
    text = said(made)
    assert "What I'm working towards: submit the K award, by 12 February; learn to say no." in text
    assert "What I hope to find in you is a research advisor and a sponsor." in text
    for part in ("we meet every two months", "I drive it", "in a year we look", "What do you expect of me"):
        assert part in text
    assert text.index("K award: this cycle") < text.index("How we work together")
    assert "The goal behind it" not in text
    assert made.ready


def test_c16_the_compact_on_record_is_what_is_proposed() -> None:
    compact = Compact(
        id=9, mentor="ana", rhythm="every month", drives="you drive it", mine="a page ahead", theirs="a frank view",
        ends="it ends with the grant", created_at=NOW,
    )  # fmt: skip
    text = said(letter("agenda/ana/x/draft", replace(FIRST, compacts=(compact,)), MEETING.key))
    for part in ("we meet every month; you drive it; from me: a page ahead; from you: a frank view; it ends with the",):
        assert part in text
    assert "What would you change?" in text


def test_t3_a_first_agenda_without_a_question_of_ones_own_has_no_recipient() -> None:
    draft, note = letter("agenda/ana/x/draft", FIRST, MEETING.key), letter("agenda/ana/x", FIRST, MEETING.key)
    assert not draft.ready
    assert draft.subject == "Thursday, 14:00: how we work together"
    assert note.subject == "Ana on Thursday: what do you want to ask?"
    assert "the draft also brings up how often you meet, who drives" in said(note)


def test_an_ordinary_meeting_has_none_of_it() -> None:
    later = replace(FIRST, meetings=(EARLIER, MEETING))
    for key in ("agenda/ana/x/draft", "agenda/ana/x", "questions/ana/x"):
        text = said(letter(key, later, MEETING.key))
        assert "work together" not in text
        assert "HELPED" not in text


@settings(max_examples=50)
@given(
    st.integers(0, 180),
    st.lists(st.sampled_from(["view", "decision", "nothing"]), max_size=8),
    st.sampled_from([ANA, replace(ANA, role="candidate")]),
)
def test_t7_the_minutes_of_a_first_agenda_add_up_to_the_meeting(minutes: int, wants: list[str], who: Mentor) -> None:
    topics = tuple(
        Topic(id=n, text="Q?", mentor="ana", wants=want, created_at=NOW)  # type: ignore[arg-type]
        for n, want in enumerate(wants, 1)
    )
    long = replace(MEETING, end=MEETING.start + timedelta(minutes=minutes))
    made = agenda_for(replace(FIRST, meetings=(long,), topics=topics, mentors=(who,)), long, NOW)
    assert sum(item.minutes for item in made.items) == minutes
    kinds = [item.kind for item in (*made.items, *made.if_time) if item.kind != "rest"]
    assert kinds == sorted(kinds, key=["question", "first", "update"].index)
    assert kinds.count("first") == 5


def test_c13_the_notes_ask_how_they_have_helped_until_it_is_known() -> None:
    for key in ("questions/kim/x", "agenda/kim/x"):
        assert "HELPED ... how Kim has helped you already" in said(letter(key, BARE))
        assert "HELPED" not in letter(key).text


def test_c14_the_notes_tell_of_the_page_while_it_lies_in_drafts() -> None:
    lying = replace(RICH.ledger["hello/kim/43/draft"], key="brief/kim/x/draft", rule="brief", object=WITH_KIM.key)
    told = letter("questions/kim/x", replace(RICH, ledger={lying.key: lying}))
    assert "A page about you for Kim is in your Drafts, too." in said(told)


# The page about oneself


def test_c14_the_page_is_made_of_the_records_and_has_no_recipient_without_substance() -> None:
    made = letter("brief/kim/x/draft")
    text = said(made)
    for part in (
        "before we talk on Thursday (17 December)",
        "What I'm working towards: find data for aim 2, by 31 January.",
        "What has gone well so far: the department talk in October.",
        "What matters to me: time for teaching; numbers that others can check.",
        "How I work: in writing first, then in a short talk.",
        "What I'm looking for: a sponsor.",
    ):
        assert part in text
    assert made.ready
    assert message(made)["To"] == "Kim Okafor <kim@example.com>"
    assert not letter("brief/kim/x/draft", BARE).ready


def test_c14_nothing_of_others_and_no_gap_is_on_the_page() -> None:
    text = said(letter("brief/kim/x/draft"))
    assert "K award" not in text  # Ana's goal
    assert "negotiating" not in text


# Hellos


def test_c4_a_hello_names_who_sent_one_and_why_and_asks_for_20_minutes() -> None:
    made = letter("hello/kim/43/draft", about="kim/43")
    text = said(made)
    assert "Ana Ortiz suggested that I write to you." in text
    assert "I turn to you for one reason: your work on registry data, which aim 2 stands on." in text
    assert "Would you have 20 minutes for me" in text
    assert made.ready


def test_c4_without_a_reason_a_hello_has_no_recipient() -> None:
    nameless = replace(RICH, candidates=tuple(replace(one, why=" ") for one in RICH.candidates))
    made = letter("hello/kim/43/draft", nameless, "kim/43")
    assert not made.ready
    assert message(made)["To"] is None
    assert "reason" not in made.text


def test_c4_a_recommender_who_is_nobody_of_ours_is_named_as_the_owner_said() -> None:
    named = replace(RICH, candidates=(replace(RICH.candidates[0], recommended_by="the dean"),))
    assert "the dean suggested that" in letter("hello/kim/43/draft", named, "kim/43").text


def test_c7_the_first_retry_leaves_a_way_out_and_the_second_is_the_last() -> None:
    first, last = (letter(f"retry/kim/43.{time}/draft", about="kim/43") for time in (1, 2))
    assert "I wrote to you on 11 November; it may well have come at a bad time." in said(first)
    assert "this is my last note about it" in said(last)
    assert first.subject != last.subject
    assert all(made.ready for made in (first, last))


def test_c5_asking_for_a_name_says_for_what() -> None:
    made = letter("referral/ana/45/draft", about="ana/45")
    assert made.subject == "Whom would you recommend as a sponsor?"
    assert "I'm looking for a sponsor. Whom would you recommend that I talk to?" in said(made)
    assert made.ready
    on_data = letter("referral/ana/46/draft", about="ana/46")
    assert "somebody who knows about registry data" in said(on_data)
    assert not letter("referral/ana/46/draft", BARE, "ana/46").ready


# Notes to the owner


def test_t1_a_new_candidate_is_asked_about_for_what_is_missing_alone() -> None:
    made = letter("candidate/lee/42", about="lee/42")
    assert made.subject == "Lee, a new candidate: why them?"
    lines = [line.split()[0] for line in made.text.split("\n") if line.startswith("  ")]
    assert lines == ["CANDIDATE", "RECOMMENDED", "HELPED", "SKIP"]
    assert "I know no address of theirs" in said(made)
    partly = replace(RICH, candidates=(replace(RICH.candidates[0], recommended_by="", helped=""),))
    known = letter("candidate/kim/41", partly, "kim/41")
    assert known.subject == "Kim, a new candidate: who recommended them?"
    assert "CANDIDATE kim" not in known.text


def test_c9_c10_c11_c12_the_fit_form_asks_four_questions_and_says_what_could_come_next() -> None:
    made = letter("fit/kim/x")
    assert made.subject == "Kim yesterday: could it fit?"
    assert [line.split()[1] for line in made.text.split("\n") if line.startswith("  FIT")] == ["1", "2", "3", "4"]
    text = said(made)
    assert "You said before: (1) An hour a month, mail within days; (4) Two postdocs, both independent by now." in text
    assert "add kim to [[mentors]] in your config, with the same id" in text
    assert "Meet once more: NEXT and a date notes it." in text
    assert "DROP 41" in text
    assert not re.search(r"score|rank|rating|points", text)


def test_c9_a_candidate_of_the_config_is_moved_by_their_role() -> None:
    assert 'set role = "mentor" for kim in your config' in said(letter("fit/kim/x", BARE))


def test_a_next_meeting_in_the_calendar_is_told_instead_of_asked_for() -> None:
    again = replace(WITH_KIM, key="again", uid="again", start=AFTER + timedelta(days=7), end=AFTER + timedelta(days=8))
    text = said(letter("fit/kim/x", replace(RICH, meetings=(*RICH.meetings, again))))
    assert "Meet once more: you do, on Friday 25 December." in text


def test_nobodys_fit_is_in_any_draft() -> None:
    assert all(
        one.text not in letter(key, about=about).text for key, about in ALL if "/draft" in key for one in RICH.fits
    )
