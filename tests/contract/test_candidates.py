"""Candidates and first meetings the whole way, on real servers: what lands in Sam's mailbox and Drafts."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.message import EmailMessage

from mentorup_daemon.records import Candidate, Request
from mentorup_daemon.store import work
from tests.servers.world import ANA, LONG_AGO, MONDAY, SAM, World, body

KIM = "kim@example.com"
THURSDAY = MONDAY + timedelta(days=17, hours=1)  # 10:00


def text(mail: EmailMessage) -> str:
    return " ".join(body(mail).split())


def drafts_to(world: World, words: str) -> list[EmailMessage]:
    return [draft for draft in world.drafts if words in str(draft["Subject"])]


def note_with(world: World, words: str) -> EmailMessage:
    return [note for note in world.notes if words in str(note["Subject"])][-1]


def asked(world: World, kind: str, person: str, words: str = "") -> None:
    """As `mentorup find` does it."""
    request = Request(id=0, kind=kind, person=person, text=words, created_at=world.now)  # type: ignore[arg-type]
    with world.account.store.writing() as scope:
        work.add(scope, request)


def with_kim(world: World) -> World:
    """Sam has named Kim in a reply to the agenda of a meeting with Ana."""
    world.meet("with-ana", MONDAY + timedelta(days=1, hours=5))
    world.tend()
    world.now += timedelta(minutes=1)
    world.reply(world.notes[-1], f"CANDIDATE Kim Okafor <{KIM}> for your work on registries")
    world.tend()
    return world


def test_t1_a_candidate_is_named_by_reply_asked_about_and_answered(light_world: World) -> None:
    world = with_kim(light_world)
    receipt = text(world.notes[-1])
    assert f"CANDIDATE Kim Okafor <{KIM}>: your work on registries kept as kim" in receipt
    [kept] = world.records().candidates
    assert (kept.person, kept.emails, kept.why) == ("kim", (KIM,), "your work on registries")
    world.now = MONDAY + timedelta(days=1)
    world.tend()
    note = note_with(world, "Kim, a new candidate: who recommended them?")
    world.reply(note, "RECOMMENDED by Ana\nHELPED your talk in May made me look at registries")
    world.tend()
    [kept] = world.records().candidates
    assert (kept.recommended_by, kept.helped) == ("Ana", "your talk in May made me look at registries")
    world.reply(world.notes[-1], "UNDO")
    world.tend()
    [kept] = world.records().candidates
    assert (kept.recommended_by, kept.helped, kept.why) == ("", "", "your work on registries")
    world.reply(note, f"DROP {kept.id}")
    world.tend()
    assert "DROP Kim Okafor off the list" in text(world.notes[-1])
    assert world.records().person("kim") is None


def test_t1_what_cant_be_a_candidate_is_told_and_nothing_is_done(light_world: World) -> None:
    world = with_kim(light_world)
    before = world.records().candidates
    for line, told in (
        (f"CANDIDATE Ana Ortiz <{ANA}>", "Ana is a mentor of yours already"),
        (f"CANDIDATE Me <{SAM}>", "is your own address"),
        ("FIT 1 no time", "Ana is no candidate"),
        ("RECOMMENDED by Ben", "Ana is no candidate"),
    ):
        world.reply(world.notes[0], line)
        world.tend()
        assert told in text(world.notes[-1])
    assert world.records().candidates == before


def test_t1_c6_c9_c13_c14_c15_from_the_first_date_to_the_fit_form(light_world: World) -> None:
    world = with_kim(light_world)
    world.meet("with-kim", THURSDAY, minutes=30, title="Kim and Sam", attendee=KIM)
    world.tend()
    world.now = THURSDAY - timedelta(days=14)
    world.tend()
    [page] = drafts_to(world, "a few lines about me")
    assert page["To"] is None  # nothing of substance yet
    world.now = THURSDAY - timedelta(days=5, hours=17)  # five days before would be a Saturday
    world.tend()
    question = note_with(world, "Kim on Thursday: what do you want to ask?")
    assert "first meeting with Kim" in text(question)
    assert "A page about you for Kim is in your Drafts, too." in text(question)
    world.reply(question, "HELPED your talk in May made me look at registries\nADD Which registry would you use?")
    world.tend()
    assert "opens the draft for your first meeting" in text(world.notes[-1])
    world.now = THURSDAY - timedelta(hours=47)
    world.tend()
    [agenda] = drafts_to(world, "Which registry")
    assert agenda["To"].addresses[0].addr_spec == KIM
    said = text(agenda)
    assert said.startswith("Dear Kim, You have helped me already: your talk in May made me look at registries.")
    for part in ("How much time could you give", "What would you expect of me", "Who else do you think I should"):
        assert part in said
    assert len([note for note in world.notes if "agenda draft" in str(note["Subject"])]) == 1
    world.now = THURSDAY.replace(hour=17)
    world.tend()
    thanks = note_with(world, "Kim today: what was worth it?")
    world.reply(thanks, "THANKS for the tour of the registry")
    world.tend()
    assert "tour of the registry" in body(drafts_to(world, "Thank you for Thursday")[0])
    world.now = THURSDAY + timedelta(days=1, minutes=30)
    world.tend()
    form = note_with(world, "Kim yesterday: could it fit?")
    world.reply(form, "FIT 1 an hour a month\nFIT 4 two postdocs\nfit 1: rather half an hour")
    world.tend()
    assert [(one.question, one.text) for one in world.records().fits] == [
        (1, "an hour a month"),
        (4, "two postdocs"),
        (1, "rather half an hour"),
    ]
    assert "for you alone: availability" in text(world.notes[-1])
    assert not any("half an hour" in draft.as_string() for draft in world.drafts)
    world.tend()
    assert len([note for note in world.notes if str(note["Subject"]) == "Kim yesterday: could it fit?"]) == 1


def test_p1_c16_the_first_agenda_with_a_mentor_proposes_how_to_work_together(light_world: World) -> None:
    world = light_world
    world.dav.delete_event(LONG_AGO)
    world.meet("first", MONDAY + timedelta(days=1, hours=5))
    world.tend()
    [draft] = world.drafts
    assert draft["To"] is None
    assert "we meet every two months; I drive it" in text(draft)
    [note] = world.notes
    assert "how often you meet, who drives" in text(note)
    world.reply(note, "ADD K award: this cycle or next? (decision, 15 min)")
    world.tend()
    [draft] = world.drafts
    assert draft["To"].addresses[0].addr_spec == ANA
    assert text(draft).index("K award: this cycle") < text(draft).index("How we work together")


def test_c18_skip_before_a_first_meeting_leaves_its_agenda(light_world: World) -> None:
    world = light_world
    world.dav.delete_event(LONG_AGO)
    world.tend()
    start = MONDAY + timedelta(days=9, hours=5)
    world.meet("first", start)
    world.now = start - timedelta(days=5)
    world.tend()
    world.reply(note_with(world, "what do you want to ask?"), "SKIP")
    world.tend()
    assert "the agenda comes as it is" in text(world.notes[-1])
    world.now = start - timedelta(hours=47)
    world.tend()
    assert len(drafts_to(world, "how we work together")) == 1
    assert drafts_to(world, "another time") == []


def test_c4_c7_a_hello_is_drafted_sent_followed_up_and_ended_by_an_answer(light_world: World) -> None:
    world = with_kim(light_world)
    world.mail.deliver(b"From: sam@example.org\r\nSubject: old\r\n\r\nold\r\n", "Sent")
    asked(world, "hello", "kim")
    world.tend()
    [hello] = drafts_to(world, "20 minutes")
    assert hello["To"].addresses[0].addr_spec == KIM
    assert "one reason: your work on registries" in text(hello)
    sent = send(world, hello)
    for days in range(1, 10):
        world.now = sent + timedelta(days=days)
        world.tend()
    assert drafts_to(world, "20 minutes") == []
    world.now = sent + timedelta(days=10)
    world.tend()
    [first] = drafts_to(world, "20 minutes, when it suits you")
    send(world, first)
    world.now = sent + timedelta(days=21)
    world.tend()
    [last] = drafts_to(world, "About those 20 minutes")
    assert "my last note about it" in text(last)
    world.write("Gladly, next week?", to=SAM, sender=KIM, subject="Re: 20 minutes")
    world.tend()
    assert drafts_to(world, "20 minutes") == []
    world.now = sent + timedelta(days=60)
    world.tend()
    assert drafts_to(world, "20 minutes") == []


def test_c4_a_reason_given_later_completes_the_hello_and_letting_go_takes_it_back(light_world: World) -> None:
    world = light_world
    world.tend()
    with world.account.store.writing() as scope:
        kept = work.add(scope, Candidate(id=0, person="kim", name="Kim Okafor", emails=(KIM,), created_at=world.now))
    asked(world, "hello", "kim")
    world.tend()
    [hello] = world.drafts
    assert hello["To"] is None
    with world.account.store.writing() as scope:
        work.change(scope, Candidate, kept.id, why="your work on registries")
    world.tend()
    [hello] = world.drafts
    assert hello["To"].addresses[0].addr_spec == KIM
    with world.account.store.writing() as scope:
        work.change(scope, Candidate, kept.id, state="dropped")
    world.tend()
    assert world.drafts == []


def test_c5_the_question_whom_to_ask_lands_in_drafts(light_world: World) -> None:
    world = light_world
    world.tend()
    asked(world, "referral", "ana", "sponsor")
    world.tend()
    [draft] = world.drafts
    assert draft["To"].addresses[0].addr_spec == ANA
    assert "Whom would you recommend that I talk to?" in text(draft)


def test_t1_a_candidate_in_the_config_is_asked_about_only_when_they_come_after_the_first_start(
    light_world: World,
) -> None:
    world = light_world
    world.mentors.append({"id": "lee", "name": "Lee Park", "role": "candidate"})
    world.tend()
    world.restart()
    world.mentors.append({"id": "kim", "name": "Kim Okafor", "role": "candidate"})
    world.now += timedelta(hours=1)
    world.tend()
    world.now += timedelta(days=1)
    world.tend()
    [note] = world.notes
    assert str(note["Subject"]) == "Kim, a new candidate: why them?"
    world.reply(note, "candidate kim for your frank reviews")
    world.tend()
    kept = {one.person: (one.name, one.why) for one in world.records().candidates}
    assert kept == {"lee": ("", ""), "kim": ("", "your frank reviews")}
    world.restart()
    del world.mentors[2:]
    world.tend()
    assert {person.id for person in world.records().mentors} == {"ana", "ben"}


def send(world: World, draft: EmailMessage) -> datetime:
    """Sam sends a draft with the mail program: it is gone from Drafts, and lies in Sent under another Message-ID."""
    with world.mail.client() as client:
        client.select_folder(world.drafts_folder)
        client.delete_messages(client.search(["HEADER", "Message-ID", str(draft["Message-ID"])]))
        client.expunge()
    world.write(body(draft), to=KIM, subject=str(draft["Subject"]), folder="Sent")
    world.tend()
    return world.now
