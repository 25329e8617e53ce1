"""The main job on real servers: what lands in the mailbox when meetings, replies and feedback come."""

from __future__ import annotations

from datetime import timedelta

from tests.servers.world import ANA, MONDAY, SAM, World, body


def test_c17_a_meeting_becomes_one_note_and_one_draft(world: World) -> None:
    start = MONDAY + timedelta(days=3, hours=5)
    world.meet("first", start)
    world.tend()
    assert world.notes == []
    assert world.drafts == []
    world.now = start - timedelta(hours=47)
    world.tend()
    [note], [draft] = world.notes, world.drafts
    assert note["To"].addresses[0].addr_spec == SAM
    assert "Ana" in note["Subject"]
    assert draft["To"] is None
    world.tend()
    world.restart()
    world.tend()
    assert len(world.notes) == 1
    assert len(world.drafts) == 1


def test_an_added_question_completes_the_draft(world: World) -> None:
    start = MONDAY + timedelta(days=1, hours=5)
    world.meet("first", start)
    world.tend()
    [note] = world.notes
    world.reply(note, "ADD K award: this cycle or next? (decision, 15 min)")
    world.tend()
    [draft] = world.drafts
    assert draft["To"].addresses[0].addr_spec == ANA
    assert "K award: this cycle or next?" in body(draft)
    receipt = world.notes[-1]
    assert receipt["Subject"] == f"Re: {note['Subject']}"
    assert "K award" in body(receipt)
    world.tend()
    assert len(world.drafts) == 1
    assert len(world.notes) == 2
