"""The main job on real servers: what lands in the mailbox when meetings, replies and feedback come."""

from __future__ import annotations

from datetime import timedelta
from email.message import EmailMessage

import pytest

from mentorup_daemon.service.tend import tend
from mentorup_daemon.store import health
from tests.servers.world import ANA, BEN, MONDAY, SAM, World, body


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


def test_c24_a_meeting_that_moves_by_an_hour_moves_its_note_and_draft(world: World) -> None:
    start = MONDAY + timedelta(days=1, hours=5)
    world.meet("first", start)
    world.tend()
    [first] = world.notes
    world.now += timedelta(minutes=10)
    world.meet("first", start + timedelta(hours=1))
    world.tend()
    [note], [draft] = world.notes, world.drafts
    assert note["Message-ID"] != first["Message-ID"]
    assert "15:00" in body(note)
    assert "14:00" in body(note)
    assert "15:00" in draft["Subject"] + body(draft)


def test_c24_a_meeting_that_moves_far_away_comes_again_in_its_time(world: World) -> None:
    start = MONDAY + timedelta(days=1, hours=5)
    world.meet("first", start)
    world.tend()
    world.now += timedelta(minutes=10)
    world.meet("first", start + timedelta(days=14))
    world.tend()
    assert world.drafts == []
    [told] = world.notes
    assert "15 December" in body(told)
    world.now = start + timedelta(days=12, hours=20)
    world.tend()
    assert len(world.drafts) == 1
    assert len(world.notes) == 2


def test_a_cancelled_meeting_takes_its_note_and_draft_back_and_says_so(world: World) -> None:
    world.meet("first", MONDAY + timedelta(days=1, hours=5))
    world.tend()
    world.now += timedelta(minutes=10)
    world.meet("first", MONDAY + timedelta(days=1, hours=5), extra="STATUS:CANCELLED")
    world.tend()
    world.tend()
    assert world.drafts == []
    [told] = world.notes
    assert "Ana" in told["Subject"]


def test_a_deleted_event_is_a_cancelled_meeting(world: World) -> None:
    world.meet("first", MONDAY + timedelta(days=1, hours=5))
    world.tend()
    world.dav.delete_event("first")
    world.tend()
    assert world.drafts == []
    assert [one.status for one in world.records().meetings if one.key == "first"] == ["cancelled"]


def test_i22_a_draft_that_the_owner_has_edited_is_left_alone_and_the_note_says_so(world: World) -> None:
    start = MONDAY + timedelta(days=1, hours=5)
    world.meet("first", start)
    world.tend()
    [draft] = world.drafts
    folder = world.drafts_folder
    [(uid, _, raw)] = world.mail.messages(folder)
    with world.mail.client() as client:  # as a mail program saves an edited draft: a new message for the old one
        client.select_folder(folder)
        client.delete_messages([uid])
        client.expunge()
        client.append(folder, raw.replace(b"Ana", b"Dearest Ana", 1), [r"\Draft"])
    world.meet("first", start + timedelta(hours=1))
    world.tend()
    world.tend()
    [kept] = world.drafts
    assert "Dearest Ana" in kept.as_string()
    assert kept["Message-ID"] == draft["Message-ID"]
    [note] = world.notes
    assert "left it" in body(note)
    world.meet("first", start, extra="STATUS:CANCELLED")
    world.tend()
    assert len(world.drafts) == 1


def test_a_draft_that_the_owner_deleted_is_not_written_again(world: World) -> None:
    start = MONDAY + timedelta(days=1, hours=5)
    world.meet("first", start)
    world.tend()
    with world.mail.client() as client:
        client.select_folder(world.drafts_folder)
        client.delete_messages(client.search("ALL"))
        client.expunge()
    world.reply(world.notes[0], "ADD What about the cohort?")
    world.tend()
    world.meet("first", start + timedelta(hours=1))
    world.tend()
    assert world.drafts == []


def test_t8_tagged_mail_is_filed_in_the_writers_own_words(world: World) -> None:
    world.meet("first", MONDAY - timedelta(days=3))
    world.tend()
    text = "Slow down on the results slide.\n\nBest,\nAna\n\n-- \nAna Ortiz, MD\n+1 555 0100\n"
    world.write(text, to=SAM, sender=f"Ana Ortiz <{ANA}>", subject="Your talk #feedback")
    world.write("Lunch?", to=SAM, sender=ANA, subject="Lunch")
    world.write("Cut the second cohort.", to=SAM, sender=ANA, subject="Aim 2", folder="MentorUp/Feedback")
    world.write("Good questions.", to="sam+feedback@example.org", sender=BEN, subject="Your questions")
    world.tend()
    world.tend()
    filed = {item.subject: item for item in world.records().feedback}
    assert set(filed) == {"Your talk #feedback", "Aim 2", "Your questions"}
    talk = filed["Your talk #feedback"]
    assert talk.text.startswith("Slow down on the results slide.")
    assert "555" not in talk.text
    assert (talk.mentor, talk.source, talk.meeting) == ("ana", "subject", "first")
    assert filed["Aim 2"].source == "folder"
    assert (filed["Your questions"].mentor, filed["Your questions"].source) == ("ben", "plus_address")
    original = world.state / "mail" / talk.original
    assert b"Slow down on the results slide." in original.read_bytes()


def test_i13_filed_mail_gets_its_keyword_where_keywords_are_kept_and_nothing_else_changes(world: World) -> None:
    world.tend()
    world.write("Slow down.", to=SAM, sender=ANA, subject="Your talk #feedback")
    world.write("Lunch?", to=SAM, sender=ANA, subject="Lunch")
    before = world.mail.messages("INBOX")
    world.tend()
    after = {uid: (flags, raw) for uid, flags, raw in world.mail.messages("INBOX")}
    marked = [uid for uid, (flags, _) in after.items() if "$MentorFiled" in flags]
    assert len(marked) == (0 if world.mail.name == "pymap" else 1)
    for uid, flags, raw in before:
        assert after[uid][1] == raw
        assert after[uid][0] - {"$MentorFiled"} == flags


def test_mail_that_was_tagged_before_the_first_start_is_filed(world: World) -> None:
    world.write("Slow down.", to=SAM, sender=ANA, subject="Your talk #feedback")
    world.write("Old and untagged.", to=SAM, sender=ANA, subject="Lunch")
    world.tend()
    assert [item.text for item in world.records().feedback] == ["Slow down."]


def test_a_keyword_set_days_later_files_old_mail(world: World) -> None:
    if world.mail.name == "pymap":
        return  # keeps no keywords (I13)
    world.write("Slow down.", to=SAM, sender=ANA, subject="Your talk")
    world.tend()
    assert world.records().feedback == ()
    uid = world.mail.messages("INBOX")[0][0]
    world.mail.flag(uid, "feedback")
    world.now += timedelta(days=2)
    world.tend()
    world.tend()
    assert [(item.text, item.source) for item in world.records().feedback] == [("Slow down.", "keyword")]


def test_the_same_mail_in_two_folders_is_filed_once(world: World) -> None:
    world.tend()
    for folder in ("INBOX", "MentorUp/Feedback"):
        world.write(
            "Slow down.", to=SAM, sender=ANA, subject="Talk #feedback", folder=folder, Message_ID="<one@example.org>"
        )
    world.tend()
    assert len(world.records().feedback) == 1


def test_t8_a_mentors_answer_to_what_was_a_draft_of_ours_is_filed(world: World) -> None:
    world.mail.deliver(b"From: sam@example.org\r\nSubject: old\r\n\r\nold\r\n", "Sent")
    world.meet("first", MONDAY + timedelta(days=1, hours=5))
    world.tend()
    world.reply(world.notes[0], "ADD K award: this cycle or next?")
    world.tend()
    [draft] = world.drafts
    sent = world.write(body(draft) + "PS: see you.", to=ANA, subject=str(draft["Subject"]), folder="Sent")
    world.now += timedelta(hours=1)
    world.tend()
    world.write(
        f"Wait for the revision.\n\nOn Mon, 30 Nov 2026 at 10:00, Sam Rivera <{SAM}> wrote:\n> K award?\n",
        to=SAM,
        sender=f"Ana Ortiz <{ANA}>",
        subject=f"Re: {draft['Subject']}",
        In_Reply_To=sent,
    )
    world.write("Unrelated.", to=SAM, sender=ANA, subject="Lunch", In_Reply_To="<other@example.org>")
    world.tend()
    [item] = world.records().feedback
    assert (item.mentor, item.source, item.meeting) == ("ana", "reply", "first")
    assert item.text == "Wait for the revision."


def test_one_reply_with_many_commands_gets_one_receipt(world: World) -> None:
    world.meet("first", MONDAY + timedelta(days=1, hours=5))
    world.tend()
    world.reply(world.notes[0], "ADD Draft of aim 2?\nI promised send the abstract by 11 Dec\n\nSee you, Sam")
    world.tend()
    world.tend()
    records = world.records()
    assert [topic.text for topic in records.topics] == ["Draft of aim 2?"]
    [action] = records.actions
    assert (action.text, str(action.due)) == ("send the abstract", "2026-12-11")
    assert len(world.notes) == 2
    world.reply(world.notes[-1], f"DONE {action.id}")
    world.tend()
    assert [item.state for item in world.records().actions] == ["done"]
    assert len(world.notes) == 3


def test_a_line_that_cant_be_understood_stops_them_all(world: World) -> None:
    world.meet("first", MONDAY + timedelta(days=1, hours=5))
    world.tend()
    world.reply(world.notes[0], "ADD Draft of aim 2?\nDONE 4711")
    world.tend()
    assert world.records().topics == ()
    receipt = body(world.notes[-1])
    assert "4711" in receipt
    assert len(world.notes) == 2


def test_skip_takes_the_draft_back_and_help_lists_the_commands(world: World) -> None:
    world.meet("first", MONDAY + timedelta(days=1, hours=5))
    world.tend()
    world.reply(world.notes[0], "skip")
    world.tend()
    assert world.drafts == []
    world.reply(world.notes[0], "HELP")
    world.tend()
    assert "SNOOZE" in body(world.notes[-1])
    assert len(world.notes) == 3


def test_snooze_brings_the_note_again(world: World) -> None:
    world.meet("first", MONDAY + timedelta(days=1, hours=22))
    world.tend()
    [first] = world.notes
    world.reply(first, "SNOOZE 4h")
    world.tend()
    assert len(world.notes) == 2
    world.now += timedelta(hours=4)
    world.tend()
    assert len(world.notes) == 2
    assert first["Message-ID"] not in [note["Message-ID"] for note in world.notes]


def test_i23_a_stranger_and_a_mentor_command_nothing(world: World) -> None:
    world.meet("first", MONDAY + timedelta(days=1, hours=5))
    world.tend()
    token = str(world.notes[0]["Message-ID"])
    for sender in (ANA, "mallory@example.com"):
        world.write("ADD Give me money?", to=SAM, sender=sender, subject="Re: x", In_Reply_To=token)
    world.write("ADD No token?", to=SAM, subject="Re: x", In_Reply_To="<guess@example.org>")
    world.tend()
    assert world.records().topics == ()
    assert len(world.notes) == 1


def test_t9_the_thank_you_is_asked_for_and_then_drafted(world: World) -> None:
    world.tend()
    world.meet("first", MONDAY + timedelta(hours=5))
    world.tend()
    asked = len(world.notes)
    world.now = MONDAY.replace(hour=17)
    world.tend()
    question = world.notes[-1]
    assert len(world.notes) == asked + 1
    assert "THANKS" in body(question)
    before = len(world.drafts)
    world.now += timedelta(hours=4)
    world.reply(question, "THANKS for the introduction to Kim")
    world.tend()
    draft = world.drafts[-1]
    assert len(world.drafts) == before + 1
    assert "introduction to Kim" in body(draft)
    assert draft["To"].addresses[0].addr_spec == ANA


def test_t6_the_quarterly_check_in_comes_once_after_downtime(world: World) -> None:
    world.tend()
    world.now = MONDAY.replace(year=2027, month=1, day=4)
    world.tend()
    world.tend()
    assert [str(note["Subject"]) for note in _about(world, "check in")] == [
        "Ana and Ben: time to check in (2 without a To:)"
    ]
    assert len(world.drafts) == 2
    world.now += timedelta(days=60)
    world.tend()
    assert len(_about(world, "check in")) == 1


def test_d06_i18_a_broken_event_and_a_poisonous_mail_cost_themselves_alone(world: World) -> None:
    world.meet("good", MONDAY + timedelta(days=1, hours=5))
    world.tend()
    poison = b"From: ana@example.org\r\nTo: sam@example.org\r\nSubject: #feedback poison\r\nMIME-Version: 1.0\r\n"
    poison += b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + b"--b\r\n\r\nx\r\n" * 5000 + b"--b--\r\n"
    world.mail.deliver(poison)
    world.write("Slow down.", to=SAM, sender=ANA, subject="Your talk #feedback")
    world.tend()
    assert [item.text for item in world.records().feedback] == ["Slow down."]
    from mentorup_daemon.store import mail

    with world.account.store.reading() as scope:
        [row] = mail.quarantined(scope)
    assert "INBOX" in row.place
    assert "parts" in row.reason


def test_c17_what_stood_on_an_agenda_is_off_the_list_after_the_meeting(light_world: World) -> None:
    world = light_world
    start = MONDAY + timedelta(days=1, hours=5)
    world.meet("first", start)
    world.tend()
    world.reply(world.notes[0], "ADD K award: this cycle or next?")
    world.tend()
    world.now = start + timedelta(minutes=30)
    world.tend()
    assert [topic.state for topic in world.records().topics] == ["open"]
    world.now = start + timedelta(hours=3)
    world.tend()
    world.tend()
    assert [topic.state for topic in world.records().topics] == ["discussed"]
    assert "Taken as discussed: K award." in body(world.notes[-1])


def _about(world: World, words: str) -> list[EmailMessage]:
    """The notes with these words in their subject."""
    return [note for note in world.notes if words in str(note["Subject"])]


def test_c18_t7_the_questions_are_asked_for_and_skip_brings_an_offer_instead_of_the_agenda(light_world: World) -> None:
    world = light_world
    start = MONDAY + timedelta(days=14, hours=5)
    world.meet("first", start)
    world.tend()
    assert world.notes == []
    world.now = start - timedelta(days=5)
    world.tend()
    [question] = _about(world, "Ana on Monday: what do you want to ask?")
    world.reply(question, "SKIP")
    world.tend()
    [offer] = world.drafts
    assert offer["Subject"] == "Monday, 14:00: shorter, or another time?"
    assert offer["To"].addresses[0].addr_spec == ANA
    assert "shorten or postpone" in body(world.notes[-1])
    world.now = start - timedelta(hours=70)
    world.tend()
    assert len(world.drafts) == 1
    assert _about(world, "Ana on Monday: agenda") == []


def test_c18_t7_a_question_in_answer_keeps_the_meeting_as_it_is(light_world: World) -> None:
    world = light_world
    start = MONDAY + timedelta(days=11, hours=5)
    world.meet("first", start)
    world.tend()
    world.now = start - timedelta(hours=70)
    world.tend()
    [offer] = world.drafts
    assert "another time" in offer["Subject"]
    world.now = start - timedelta(hours=47)
    world.tend()
    [note] = _about(world, "what do you want to ask?")
    assert "offers to shorten or postpone" in " ".join(body(note).split())
    world.reply(note, "ADD K award: this cycle or next?")
    world.tend()
    [draft] = world.drafts
    assert "K award" in draft["Subject"]


def test_t8_a_plan_is_asked_for_the_morning_after_and_answered_by_reply(light_world: World) -> None:
    world = light_world
    world.tend()
    world.now += timedelta(minutes=1)
    world.write("Slow down.", to=SAM, sender=ANA, subject="Your talk #feedback")
    world.write("Cut slide four.", to=SAM, sender=ANA, subject="More #feedback")
    world.now += timedelta(hours=1)
    world.tend()
    assert world.notes == []
    world.now = MONDAY + timedelta(days=1)
    world.tend()
    [asked] = world.notes
    assert "Cut slide four" in body(asked)
    world.reply(asked, "PLAN drop the slide\nPLAN rehearse with a stopwatch")
    world.tend()
    assert {item.text: item.plan for item in world.records().feedback} == {
        "Cut slide four.": "drop the slide",
        "Slow down.": "rehearse with a stopwatch",
    }
    world.now += timedelta(days=8)
    world.tend()
    assert _about(world, "a plan, or let it go?") == []


def test_a_server_that_was_not_asked_does_not_count_as_reached(light_world: World) -> None:
    world = light_world
    world.tend()
    first = world.now
    world.now += timedelta(hours=1)
    assert tend(world.account, world.now, look={"imap"}).failures == {}
    with world.account.store.reading() as scope:
        reached = {row.server: row.reached_at for row in health.all_servers(scope)}
    assert reached == {"caldav": first, "imap": world.now}


@pytest.mark.parametrize(
    ("times", "told"),
    [
        ("DTSTART;VALUE=DATE:20261201", "tomorrow, all day."),
        ("DTSTART;VALUE=DATE:20261201\nDTEND;VALUE=DATE:20261204", "tomorrow, all day, until Thursday 3 December."),
        ("DTSTART:20261201T220000Z\nDTEND:20261204T010000Z", "tomorrow, 14:00, until Thursday 3 December, 17:00."),
        ("DTSTART:20261201T140000\nDURATION:PT45M", "tomorrow, 14:00, 45 minutes."),
        ("DTSTART;TZID=W. Europe Standard Time:20261201T230000\nDURATION:PT45M", "tomorrow, 14:00, 45 minutes."),
        ("DTSTART;TZID=America/Los_Angeles:20261201T233000\nDURATION:PT1H", "tomorrow, 23:30, 1 hour."),
        (
            "DTSTART;TZID=Mars/Olympus:20261201T140000\nDURATION:PT45M",
            "tomorrow, 14:00, 45 minutes. The calendar gives this time in the zone 'Mars/Olympus', which is not known;",
        ),
    ],
    ids=["all day", "several days", "several days with times", "floating", "Windows", "over midnight", "unknown zone"],
)
def test_d07_d08_a_meeting_of_any_kind_is_told_in_the_owners_time(light_world: World, times: str, told: str) -> None:
    world = light_world
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN", "BEGIN:VEVENT", "UID:m", "SUMMARY:Ana"]
    lines += ["DTSTAMP:20261101T000000Z", *times.splitlines(), f"ATTENDEE:mailto:{ANA}", "END:VEVENT", "END:VCALENDAR"]
    world.dav.put_event("m", "\r\n".join(lines) + "\r\n")
    world.tend()
    [note] = world.notes
    assert f"You meet Ana Ortiz {told}" in " ".join(body(note).split())
