"""Wins, compacts, the profile and the quarterly look, on real servers: what Sam answers, and what lands where."""

from __future__ import annotations

from datetime import timedelta
from email.message import EmailMessage

from tests.servers.world import ANA, MONDAY, World, body

TUESDAY = MONDAY + timedelta(days=1, hours=5)


def begun(world: World) -> World:
    """A meeting with Ana tomorrow, whose agenda has come."""
    world.meet("first", TUESDAY)
    world.tend()
    return world


def told(world: World, note: EmailMessage, text: str) -> str:
    """Replies to a note, and returns the receipt's text, its breaks as blanks."""
    world.reply(note, text)
    world.tend()
    return " ".join(body(world.notes[-1]).split())


def note_called(world: World, words: str) -> EmailMessage:
    """The one note with these words in its subject."""
    [found] = [note for note in world.notes if words in str(note["Subject"])]
    return found


def text_of(message: EmailMessage) -> str:
    return " ".join(body(message).split())


def test_t9_a_win_by_reply_brings_a_draft_to_whoever_helped_on_the_next_morning(light_world: World) -> None:
    world = begun(light_world)
    agenda = world.notes[0]
    told(world, agenda, "HEARD Slow down on the results slide.\nPLAN rehearse the results with a stopwatch")
    world.now += timedelta(hours=1)
    receipt = told(world, agenda, "WIN the talk about our results went well")
    assert "a few lines to Ana" in receipt
    [win] = world.records().wins
    assert (win.text, win.credit) == ("the talk about our results went well", ("ana",))
    before = len(world.drafts)
    world.now = MONDAY.replace(hour=8) + timedelta(days=1)
    world.tend()
    [draft] = world.drafts[before:]
    assert draft["To"].addresses[0].addr_spec == ANA
    assert "The talk about our results went well." in text_of(draft)
    assert '"Slow down on the results slide."' in text_of(draft)
    assert not [name for name in draft.keys() if name.startswith("X-") or name == "List-Id"]  # noqa: SIM118
    world.tend()
    assert len(world.drafts) == before + 1


def test_t9_a_win_whose_cause_is_not_on_record_has_no_to_and_undo_takes_it_back(light_world: World) -> None:
    world = begun(light_world)
    told(world, world.notes[0], "WIN the pilot was funded")
    world.now += timedelta(days=1)
    world.tend()
    [draft] = [one for one in world.drafts if "The pilot was funded" in body(one)]
    assert draft["To"] is None
    told(world, world.notes[-1], "UNDO")
    assert world.records().wins == ()
    assert not [one for one in world.drafts if "The pilot was funded" in body(one)]


def test_t9_a_win_says_itself_whom_it_is_thanks_to(light_world: World) -> None:
    world = begun(light_world)
    receipt = told(
        world, world.notes[0], "WIN the pilot was funded, thanks to Ben and ana\nWIN all of it thanks to luck"
    )
    assert "a few lines to Ben and Ana" in receipt
    first, second = world.records().wins
    assert (first.text, first.credit) == ("the pilot was funded", ("ben", "ana"))
    assert (second.text, second.credit) == ("all of it thanks to luck", ("ana",))
    told(world, world.notes[0], "PAUSE ana\nWIN the talk went well")
    assert "paused or closed" in " ".join(body(world.notes[-1]).split())


def test_t4_c16_c27_a_compact_by_reply_comes_up_for_review_after_ninety_days(light_world: World) -> None:
    world = begun(light_world)
    receipt = told(
        world,
        world.notes[0],
        "COMPACT aims: a K award by February\nCOMPACT rhythm: every two months\nCOMPACT agreed",
    )
    assert "around Sunday 28 February 2027" in receipt
    [kept] = world.records().compacts
    assert (kept.mentor, kept.aims, kept.rhythm, kept.agreed_at) == (
        "ana",
        "a K award by February",
        "every two months",
        world.now,
    )
    world.now = MONDAY.replace(year=2027, month=3, day=2, hour=8)
    world.tend()
    note = note_called(world, "does what you agreed on still hold?")
    assert "when it should end" in text_of(note)
    assert "COMPACT drives: ..." in body(note)
    [draft] = [one for one in world.drafts if one["Subject"] == "How we work together"]
    assert draft["To"].addresses[0].addr_spec == ANA
    assert "a K award by February" in body(draft)
    assert "when should this end, and how will we both know?" in text_of(draft)
    told(world, note, f"COMPACT ends: when the award is in\nDONE {kept.id}")
    [renewed] = world.records().compacts
    assert (renewed.ends, renewed.agreed_at) == ("when the award is in", world.now)
    assert "Nothing is written down with Ben" in told(world, _about_ben(world), "COMPACT agreed")


def _about_ben(world: World) -> EmailMessage:
    """The question for a compact with Ben: nothing is written down there yet."""
    world.now = MONDAY.replace(year=2027, month=6, day=8, hour=8)
    world.tend()
    [found] = [note for note in world.notes if str(note["Subject"]).startswith("Ben and you")][-1:]
    return found


def test_c1_c2_c3_the_questions_at_set_up_fill_the_profile_and_a_gap_becomes_a_goal(light_world: World) -> None:
    world = light_world
    world.tend()
    assert world.notes == []
    world.now = MONDAY.replace(hour=8) + timedelta(days=4)
    world.tend()
    assert world.notes == []
    [note] = [one for one in world.folder("INBOX") if one["Subject"] == "A few lines about you"]
    receipt = told(world, note, "VALUE time for people\nSTYLE in writing, before noon\nGAP saying no 2/5")
    assert "at 2 of 5" in receipt
    records = world.records()
    assert [(one.kind, one.text, one.rating) for one in records.profile] == [
        ("value", "time for people", None),
        ("style", "in writing, before noon", None),
        ("gap", "saying no", 2),
    ]
    [goal] = records.goals
    assert (goal.text, goal.due, goal.id) == ("get better at saying no", None, records.profile[2].goal)
    world.now = MONDAY.replace(year=2027, month=1, day=4, hour=8)
    world.tend()  # C23: the first digest of a month tells of it
    assert f"No date yet: get better at saying no ({goal.id})" in text_of(note_called(world, "Your week"))
    world.now = MONDAY.replace(year=2027, month=6, day=3, hour=8)
    world.tend()
    again = note_called(world, "Where do you stand?")
    gap = records.profile[2].id
    assert "now at 4 of 5; it was 2" in told(world, again, f"GAP {gap} 4/5")
    assert "with it the goal" in told(world, again, f"DROP {gap}")
    assert [one.state for one in world.records().goals] == ["dropped"]


def test_t2_c22_the_quarter_in_facts_and_the_empty_places_in_one_note(light_world: World) -> None:
    world = light_world
    world.mentors[0] |= {"support": ["sponsor"], "distance": "senior"}
    world.tend()
    world.meet("first", TUESDAY)
    world.now = TUESDAY - timedelta(hours=28)
    world.tend()
    told(world, world.notes[0], "ADD K award: this cycle or next? (decision, 15 min)\nI PROMISED the abstract")
    world.now = TUESDAY + timedelta(days=1)
    world.tend()
    [promise] = world.records().actions
    told(world, world.notes[0], f"DONE {promise.id}")
    world.now = MONDAY.replace(year=2027, month=1, day=8, hour=8)
    world.tend()
    note = note_called(world, "Your quarter")
    assert "1 meeting, 1 question, 1 promise kept" in str(note["Subject"])
    assert "Prepared: 1 meeting, 1 with an agenda, 1 with a question of yours." in text_of(note)
    assert "Ana Ortiz (senior): sponsor" in body(note)
    assert "sponsor: nobody among your peers or a step ahead" in text_of(note)
    world.tend()
    assert note_called(world, "Your quarter")["Message-ID"] == note["Message-ID"]
