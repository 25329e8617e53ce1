"""Being a mentor oneself (T12), on real servers: what lands when a meeting with a mentee comes round."""

from __future__ import annotations

from datetime import timedelta

from tests.servers.world import MONDAY, World, body

MIA = {"id": "mia", "name": "Mia Tanaka", "emails": ["mia@example.edu"], "role": "mentee", "cadence": "14d"}
START = MONDAY + timedelta(days=10, hours=5)


def test_t12_a_mentee_is_asked_for_the_agenda_and_the_owner_for_the_promises(light_world: World) -> None:
    world = light_world
    world.mentors.append(MIA)
    world.meet("mia", START, title="Mia", attendee="mia@example.edu")
    world.tend()
    assert (world.notes, world.drafts) == ([], [])
    world.now = START - timedelta(days=3)
    world.tend()
    world.tend()
    [note] = [one for one in world.notes if "Mia" in str(one["Subject"])]
    [draft] = world.drafts
    assert note["Subject"] == "Mia on Thursday: ask what is on the list"
    assert draft["To"].addresses[0].addr_spec == "mia@example.edu"
    assert "What would you like to use the time for?" in " ".join(body(draft).split())
    world.reply(note, "I PROMISED introduce her to Kim by 9 Dec\nADD Her paper")
    world.tend()
    world.now = START.replace(hour=17)
    world.tend()
    asked = world.notes[-1]
    assert asked["Subject"] == "Mia today: what did you promise?"
    assert [topic.state for topic in world.records().topics] == ["discussed"]
    world.reply(asked, "THEY PROMISED send the outline by 18 Dec\nTHANKS for the good questions")
    world.tend()
    assert "thanks are drafted for mentors alone" in " ".join(body(world.notes[-1]).split())
    assert [(one.owner, one.mentor) for one in world.records().actions] == [("me", "mia"), ("mia", "mia")]
    assert len(world.drafts) == 1
    world.now += timedelta(days=60)
    world.tend()
    assert len([one for one in world.drafts if "mia@example.edu" in str(one["To"])]) == 1


def test_t12_the_next_note_lists_what_was_promised_and_skip_takes_the_draft_back(light_world: World) -> None:
    world = light_world
    world.mentors.append(MIA)
    world.tend()
    world.meet("first", MONDAY + timedelta(days=1), title="Mia", attendee="mia@example.edu")
    world.now += timedelta(hours=1)
    world.tend()
    world.reply(world.notes[-1], "I PROMISED introduce her to Kim by 9 Dec")
    world.tend()
    world.meet("second", START, title="Mia", attendee="mia@example.edu")
    world.now = START - timedelta(days=3)
    world.tend()
    note = next(one for one in world.notes if one["Subject"] == "Mia on Thursday: what you promised (1)")
    assert "introduce her to Kim (due Wednesday 9 December)" in body(note)
    assert len(world.drafts) == 1
    world.reply(note, "SKIP")
    world.tend()
    assert world.drafts == []
