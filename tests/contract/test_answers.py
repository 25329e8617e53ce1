"""What replies with commands do, on real servers: the records, the mailbox, and the receipt."""

from __future__ import annotations

from datetime import timedelta
from email.message import EmailMessage

from mentorup_daemon.records import Note, Topic
from mentorup_daemon.store import work
from tests.servers.world import ANA, MONDAY, SAM, World, body

TUESDAY = MONDAY + timedelta(days=1, hours=5)


def told(world: World, text: str) -> str:
    """Replies to the first note, and returns the receipt's text, its breaks as blanks."""
    world.reply(world.notes[0], text)
    world.tend()
    return " ".join(body(world.notes[-1]).split())


def last_with(words: str, mails: list[EmailMessage]) -> str:
    """The text of the last mail with these words in its subject, its breaks as blanks."""
    return " ".join(body([one for one in mails if words in str(one["Subject"])][-1]).split())


def begun(world: World) -> World:
    """A meeting with Ana tomorrow, whose agenda has come."""
    world.meet("first", TUESDAY)
    world.tend()
    return world


def test_next_leaves_an_action_item_and_echoes_the_date_in_full(light_world: World) -> None:
    world = begun(light_world)
    receipt = told(world, "NEXT 11 Jan 2027")
    assert "Monday 11 January 2027" in receipt
    [item] = world.records().actions
    assert (item.text, item.mentor, str(item.due)) == (
        "book our next meeting for Monday 11 January 2027",
        "ana",
        "2027-01-04",
    )
    told(world, "NEXT 12 Jan 2027")
    assert [one.text[-23:] for one in world.records().actions] == ["Tuesday 12 January 2027"]
    world.meet("second", TUESDAY.replace(year=2027, month=1, day=12))
    assert "in your calendar already" in told(world, "NEXT 12 Jan 2027")
    assert [one.state for one in world.records().actions] == ["done"]


def test_t11_close_stops_everything_about_that_person_and_undo_brings_it_back(light_world: World) -> None:
    world = begun(light_world)
    assert len(world.drafts) == 1
    receipt = told(world, "CLOSE Ana Ortiz")
    assert "CLOSE Ana Ortiz" in receipt
    assert "UNDO" in receipt
    assert [str(draft["Subject"]) for draft in world.drafts] == [
        "Thank you, and how to stay in touch",
        "Tuesday, 14:00: looking back, and ahead",
    ]
    assert not world.records().active("ana", world.now)
    world.now = MONDAY + timedelta(minutes=10)
    receipt = told(world, "UNDO")
    assert "taken back: CLOSE Ana Ortiz" in receipt
    assert world.records().states == {}
    assert [str(draft["Subject"]) for draft in world.drafts] == ["Tuesday, 14:00"]


def test_t11_c28_an_end_from_the_closing_note_to_the_update_half_a_year_later(light_world: World) -> None:
    world = begun(light_world)
    told(
        world, "THANKS for the introduction to Kim\nHEARD Cut aim 2.\nPLAN one cohort by 18 Dec\nADD Who reads drafts?"
    )
    receipt = told(world, "CLOSE ana")
    assert "what is left to do is in a note of its own" in receipt
    note = last_with("Closed with Ana", world.notes)
    assert "Who next?" in note
    assert "You meet once more, tomorrow, 14:00" in note
    assert "RESUME ana" in note
    assert "UNDO" in note
    letter, agenda = world.drafts
    assert letter["To"].addresses[0].addr_spec == agenda["To"].addresses[0].addr_spec == ANA
    assert "Thank you for the introduction to Kim." in body(letter)
    assert "Whom would you suggest I talk to next?" in " ".join(body(agenda).split())
    assert "Who reads drafts?" in body(agenda)
    assert "its agenda looks back and ahead, and is in your Drafts, too" in note
    assert "it goes into the closing note" in told(world, "THANKS for the frank word on aim 2\nADD Cut it?")
    letter, agenda = sorted(world.drafts, key=lambda one: "looking back" in str(one["Subject"]))
    assert "the frank word on aim 2" in body(letter)
    assert "Cut it?" in body(agenda)
    before = len(world.notes)
    for days in (1, 2, 30, 120):
        world.now = TUESDAY + timedelta(days=days)
        world.tend()
    ours = [str(one["Subject"]) for one in world.notes[before:]]
    assert not any("Ana" in subject for subject in ours if not subject.startswith("Your week")), ours
    assert len([one for one in world.drafts if "Ana" in str(one["To"])]) == 2
    world.now = MONDAY + timedelta(days=183)
    world.tend()
    assert str(world.drafts[-1]["Subject"]) == "How it went on"
    world.now += timedelta(days=300)
    world.tend()
    assert [str(one["Subject"]) for one in world.drafts].count("How it went on") == 1


def test_t11_resume_takes_untouched_letters_of_the_ending_back(light_world: World) -> None:
    world = begun(light_world)
    told(world, "CLOSE ana")
    assert len(world.drafts) == 2
    world.now += timedelta(minutes=5)
    told(world, "RESUME ana")
    assert [str(draft["Subject"]) for draft in world.drafts] == ["Tuesday, 14:00"]


def test_t11_pause_until_and_resume(light_world: World) -> None:
    world = begun(light_world)
    assert "until Friday 11 December 2026" in told(world, "PAUSE ana until 11 Dec")
    assert world.records().states["ana"].state == "paused"
    assert "is active again" in told(world, "RESUME Ana")
    assert "is active already" in told(world, "RESUME ben")
    told(world, "CLOSE ben")
    assert "RESUME ben first" in told(world, "PAUSE ben")
    assert world.records().states["ben"].state == "closed"


def test_nobody_by_that_name_is_told_with_the_candidates(light_world: World) -> None:
    world = begun(light_world)
    receipt = told(world, "ADD Aim 2?\nPAUSE Zoe")
    assert "ana, ben" in receipt
    assert world.records().topics == ()
    assert world.records().states == {}


def test_undo_takes_the_whole_last_reply_back_once(light_world: World) -> None:
    world = begun(light_world)
    told(world, "ADD Aim 2: cut the cohort?\nI PROMISED the abstract by 11 Dec\nHEARD Slow down.\nPLAN cut a slide")
    [action] = world.records().actions
    told(world, f"DONE {action.id}\nDROP {world.records().topics[0].id}\nSKIP")
    assert world.drafts == []
    receipt = told(world, "UNDO")
    assert "taken back: DONE the abstract" in receipt
    records = world.records()
    assert [one.state for one in records.actions] == ["open"]
    assert [one.done_at for one in records.actions] == [None]
    assert [one.state for one in records.topics] == ["open"]
    assert records.marks == {}
    assert len(world.drafts) == 1
    assert "taken back already" in told(world, "UNDO")
    assert len(world.records().actions) == 1


def test_undo_to_a_receipt_that_is_not_the_last_one_changes_nothing(light_world: World) -> None:
    world = begun(light_world)
    told(world, "ADD One?")
    first = world.notes[-1]
    told(world, "ADD Two?")
    world.reply(first, "UNDO")
    world.tend()
    assert "another one since" in " ".join(body(world.notes[-1]).split())
    assert len(world.records().topics) == 2
    world.reply(world.notes[-2], "UNDO\nADD Three?")
    world.tend()
    assert [one.text for one in world.records().topics] == ["One?", "Three?"]


def test_undo_with_a_line_that_cant_be_understood_undoes_nothing(light_world: World) -> None:
    world = begun(light_world)
    told(world, "ADD One?")
    assert "4711" in told(world, "UNDO\nDONE 4711")
    assert len(world.records().topics) == 1
    told(world, "UNDO")
    assert world.records().topics == ()


def test_t9_undo_of_thanks_takes_the_draft_of_thanks_away(light_world: World) -> None:
    world = light_world
    world.tend()
    world.meet("first", MONDAY + timedelta(hours=1))
    world.now = MONDAY.replace(hour=17)
    world.tend()
    question = next(note for note in world.notes if "THANKS" in body(note))
    world.reply(question, "THANKS for the introduction to Kim")
    world.tend()
    assert any("introduction to Kim" in body(draft) for draft in world.drafts)
    world.reply(world.notes[-1], "UNDO")
    world.tend()
    assert not any("introduction to Kim" in body(draft) for draft in world.drafts)
    assert world.records().thanks == ()


def test_t8_mentor_names_whose_words_they_are(light_world: World) -> None:
    world = begun(light_world)
    world.write("Slow down.", to=SAM, sender="Kim <kim@example.net>", subject="Your talk #feedback")
    world.tend()
    [filed] = world.records().feedback
    assert filed.mentor is None
    assert "MENTOR Ana Ortiz" in told(world, "MENTOR ana")
    [filed] = world.records().feedback
    assert filed.mentor == "ana"
    told(world, "UNDO")
    assert world.records().feedback[0].mentor is None


def test_c19_what_they_advised_is_asked_for_and_kept_in_their_words(light_world: World) -> None:
    world = light_world
    world.tend()
    world.meet("first", MONDAY + timedelta(hours=1))
    world.now = MONDAY.replace(hour=17)
    world.tend()
    asked = next(note for note in world.notes if "in their words" in body(note))
    world.reply(asked, "HEARD Cut the second cohort, you can't power it.")
    world.tend()
    assert [(one.text, one.mentor, one.source) for one in world.records().feedback] == [
        ("Cut the second cohort, you can't power it.", "ana", "manual")
    ]


def test_t6_talked_keeps_contact_that_no_program_sees_and_undo_takes_it_back(light_world: World) -> None:
    world = begun(light_world)
    assert "kept as contact on Monday 30 November 2026" in told(world, "TALKED")
    assert [(one.mentor, one.kind) for one in world.records().contacts] == [("ana", "talked")]
    told(world, "UNDO")
    assert world.records().contacts == ()


def test_pending_lists_what_is_open_by_number(light_world: World) -> None:
    world = begun(light_world)
    assert "nothing is open" in told(world, "PENDING")
    told(world, "ADD K award?\nI PROMISED the abstract by 11 Dec\nTHEY PROMISED to ask Kim\nHEARD Slow down.")
    world.reply(world.notes[0], "PENDING")
    world.tend()
    lines = [" ".join(line.split()) for line in body(world.notes[-1]).splitlines()]
    numbers = {one.text: one.id for one in (*world.records().topics, *world.records().actions)}
    assert "PENDING 4 open, by number:" in lines
    assert f"{numbers['K award?']} K award? (to discuss with Ana)" in lines
    promised = f"{numbers['the abstract']} the abstract (your promise to Ana, due Friday 11 December 2026)"
    assert promised in " ".join(lines)
    assert "(Ana promised)" in " ".join(lines)
    assert not any("UNDO takes" in line for line in lines)


def test_t4_a_promise_beyond_the_owners_cap_is_answered_with_a_warning(light_world: World) -> None:
    world = light_world
    world.changes["owner"] = {"action_item_cap": 2}
    begun(world)
    assert "you set yourself" not in told(world, "I PROMISED one\nI PROMISED two")
    assert "3 open promises, and you set yourself 2" in told(world, "I PROMISED three")
    assert len(world.records().actions) == 3


def test_p2_a_vague_question_is_kept_and_the_shape_of_a_better_one_offered(light_world: World) -> None:
    world = begun(light_world)
    assert "what you have been working on" in told(world, "ADD Any feedback?")
    assert "what you have been working on" not in told(world, "ADD Aim 2: is the cohort too broad?")
    assert len(world.records().topics) == 2


def test_done_and_drop_know_every_kind_of_number(light_world: World) -> None:
    world = begun(light_world)
    told(world, "ADD K award?\nI PROMISED it\nHEARD Slow down.\nTHANKS for the book\n\nA note of mine.")
    records = world.records()
    topic, action, heard, thanks = records.topics[0], records.actions[0], records.feedback[0], records.thanks[0]
    told(world, f"DONE {topic.id}, {action.id}, {heard.id}")
    records = world.records()
    states = [records.topics[0].state, records.actions[0].state, records.feedback[0].state]
    assert states == ["discussed", "done", "done"]
    assert f"DROP {thanks.id} removes it" in told(world, f"DONE {thanks.id}")
    told(world, f"DROP {thanks.id}")
    assert world.records().thanks == ()
    told(world, "UNDO")
    assert [one.text for one in world.records().thanks] == ["the book"]


def test_why_tells_the_reason_and_a_mentor_undoes_nothing(light_world: World) -> None:
    world = begun(light_world)
    assert "counts as a mentoring meeting" in told(world, "WHY")
    told(world, "ADD One?")
    world.write("UNDO", to=SAM, sender=ANA, subject="Re: x", In_Reply_To=str(world.notes[0]["Message-ID"]))
    world.tend()
    assert len(world.records().topics) == 1


def test_t10_private_notes_and_topics_reach_no_draft_and_a_template_that_tries_is_told_of(light_world: World) -> None:
    world = light_world
    own = world.state / "templates"
    (own / "agenda").mkdir(parents=True)
    leak = "Subject: For Thursday\n\nDear Ana, {{ private[0] }}\n"
    (own / "agenda" / "draft.txt.j2").write_text(leak)
    world.changes["templates"] = {"directory": str(own)}
    world.tend()
    with world.account.store.writing() as scope:
        work.add(scope, Topic(id=0, text="zygomorphic: ask or not?", private=True, created_at=world.now))
    begun(world)
    told(world, "ADD K award?\nHEARD Slow down.\n\nMy zygomorphic note.")
    world.now += timedelta(minutes=10)
    world.tend()
    assert [note.text for note in notes_of(world)] == ["My zygomorphic note."]
    assert len(world.drafts) == 1
    for draft in world.drafts:
        assert "zygomorphic" not in draft.as_string()
        assert "K award?" in body(draft)
    [trouble] = [note for note in world.notes if "templates show" in " ".join(body(note).split())]
    assert "agenda/draft.txt.j2, line 3" in " ".join(body(trouble).split())
    (own / "agenda" / "draft.txt.j2").unlink()
    world.meet("first", TUESDAY + timedelta(hours=1))
    world.tend()
    assert world.records().troubles == ()


def notes_of(world: World) -> tuple[Note, ...]:
    with world.account.store.reading() as scope:
        return work.items(scope, Note)


def test_t5_what_to_read_and_a_missing_proposal_are_told_and_the_draft_names_the_page(light_world: World) -> None:
    world = begun(light_world)
    receipt = told(world, "ADD K award: this cycle or next? (decision, 15 min, read: the aims page)")
    assert "with the aims page to read beforehand" in receipt
    assert "easier to decide with your own proposal beside it" in receipt
    [topic] = world.records().topics
    assert (topic.text, topic.read) == ("K award: this cycle or next?", "the aims page")
    [draft] = world.drafts
    assert "If you can look at the aims page before" in " ".join(body(draft).split())


def test_p4_a_promise_gets_another_day_by_reply_and_undo_brings_the_old_one_back(light_world: World) -> None:
    world = begun(light_world)
    told(world, "I PROMISED send the abstract by 11 Dec")
    [item] = world.records().actions
    receipt = told(world, f"MOVE {item.id} to 18 Dec")
    assert "MOVE send the abstract now due Friday 18 December 2026" in receipt
    assert [str(one.due) for one in world.records().actions] == ["2026-12-18"]
    told(world, "UNDO")
    assert [str(one.due) for one in world.records().actions] == ["2026-12-11"]
    told(world, f"DONE {item.id}")
    assert "off the list already" in told(world, f"MOVE {item.id} to 18 Dec")
    world.reply(world.notes[0], "ADD Aim 2?")
    world.tend()
    number = world.records().topics[0].id
    assert "no date to move" in told(world, f"MOVE {number} to 18 Dec")


def test_p4_what_is_overdue_is_first_in_the_draft_and_twice_carried_is_asked_about(light_world: World) -> None:
    world = begun(light_world)
    told(world, "I PROMISED send the abstract by 1 Dec\nADD Aim 2: cut it?")
    number = world.records().actions[0].id
    for week in (1, 2):
        world.meet(f"week{week}", TUESDAY + timedelta(weeks=week))
        world.now = TUESDAY + timedelta(weeks=week, hours=-24)
        world.tend()
        note = last_with("Ana tomorrow", world.notes)
        assert "Overdue, so first on the agenda" in note
        assert "MOVE" not in note
        owed = "First, what I still owe you: send the abstract (was due Tuesday 1 December)."
        assert owed in last_with("Tuesday, 14:00", world.drafts)
    world.meet("week3", TUESDAY + timedelta(weeks=3))
    world.now = TUESDAY + timedelta(weeks=3, hours=-24)
    world.tend()
    assert f"MOVE {number} to Friday" in last_with("Ana tomorrow", world.notes)


def test_t8_a_plan_becomes_a_recap_and_its_result_stands_on_the_next_agenda(light_world: World) -> None:
    world = light_world
    world.tend()
    world.now += timedelta(minutes=1)
    world.write("Slow down.", to=SAM, sender=ANA, subject="Your talk #feedback")
    world.tend()
    world.now = MONDAY + timedelta(days=1)
    world.tend()
    world.reply(world.notes[-1], "PLAN rehearse with a stopwatch by 11 Dec")
    world.tend()
    assert world.drafts == []
    world.now = MONDAY + timedelta(days=2)
    world.tend()
    [draft] = world.drafts
    assert draft["Subject"] == "What I'm making of your advice"
    assert draft["To"].addresses[0].addr_spec == ANA
    assert "My plan: rehearse with a stopwatch, by Friday 11 December." in " ".join(body(draft).split())
    [item] = world.records().feedback
    world.reply(world.notes[0], f"DONE {item.id}")
    world.tend()
    assert world.drafts == []  # what is done by now needs no plan told
    world.meet("first", TUESDAY + timedelta(days=7))
    world.now = TUESDAY + timedelta(days=6)
    world.tend()
    assert "Done since: rehearse with a stopwatch." in last_with("Tuesday, 14:00", world.drafts)


def test_t5_a_letter_is_asked_for_by_reply_and_undo_takes_the_draft_back(light_world: World) -> None:
    world = begun(light_world)
    told(world, "HEARD Cut aim 2.\nPLAN one cohort by 18 Dec")
    receipt = told(world, "LETTER for the K award by 15 Jan\n\nShe might say no; don't tell.")
    assert "for the K award, by Friday 15 January 2027" in receipt
    letter = next(one for one in world.drafts if "letter" in str(one["Subject"]))
    assert letter["Subject"] == "A letter of recommendation for the K award, by Friday 15 January 2027"
    assert letter["To"].addresses[0].addr_spec == ANA
    assert "Cut aim 2." in body(letter)
    assert not any("might say no" in str(one) for one in world.drafts)
    told(world, "UNDO")
    assert not any("letter" in str(one["Subject"]) for one in world.drafts)


def test_i23_every_line_is_carried_out_or_none_whichever_commands_they_are(light_world: World) -> None:
    world = begun(light_world)
    receipt = told(world, "CLOSE ben\nLETTER for a grant\nSNOOZE 3h\nWIN The talk went well\nMOVE 99 to Friday")
    assert "Nothing carried out yet; one line isn't clear to me: MOVE 99 to Friday" in receipt
    assert "nothing with the number 99" in receipt
    records = world.records()
    assert (records.states, records.requests, records.wins, dict(records.marks)) == ({}, (), (), {})
    assert [str(one["Subject"]) for one in world.drafts] == ["Tuesday, 14:00"]


def test_dates_as_people_type_them_are_echoed_in_full(light_world: World) -> None:
    world = begun(light_world)
    receipt = told(
        world,
        "I PROMISED the abstract by Friday\nI PROMISED the poster by 1 Sep\nTHEY PROMISED the data by in two weeks\n"
        "NEXT 11 Jan\nPAUSE ben until 15 Jan\nSNOOZE 3h",
    )
    for day in (
        "due Friday 4 December 2026",
        "due Wednesday 1 September 2027",
        "due Monday 14 December 2026",
        "NEXT Monday 11 January 2027",
        "until Friday 15 January 2027",
        "on Monday 30 November 2026, 12:00",
    ):
        assert day in receipt, (day, receipt)
