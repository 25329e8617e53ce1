"""What becomes of the mail that comes in: threads, tags, strangers, broken mail, and mail that wants to fool us."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from mentorup_daemon.mailbox import Mailbox
from mentorup_daemon.replies import understand
from mentorup_daemon.service import mail_in
from mentorup_daemon.service.account import go_on
from mentorup_daemon.store import mail
from tests.servers.caldav import CalDavServer
from tests.servers.fake_imap import CAPABILITIES, Answer, FakeImap, Line
from tests.servers.imap import Mailserver
from tests.servers.world import ANA, MONDAY, SAM, World, body

KIM = "kim@example.com"
FEEDBACK = "MentorUp/Feedback"
QUOTE = f"\n\nOn Mon, 30 Nov 2026 at 10:00, Sam Rivera <{SAM}> wrote:\n> K award?\n"


@pytest.fixture
def keyword_world(dovecot: Mailserver, radicale: CalDavServer, tmp_path: Path) -> Iterator[World]:
    """Sam's world on a server that keeps keywords."""
    made = World(dovecot, radicale, tmp_path)
    yield made
    made.restart()


def quarantine(world: World) -> dict[str, str]:
    """What can't be used, by what it is, with the reason."""
    with world.account.store.reading() as scope:
        return {row.what: row.reason for row in mail.quarantined(scope)}


def steps(world: World) -> list[str]:
    """The steps of one pass."""
    done: list[str] = []
    world.tend(step=done.append)
    return done


def remove(world: World, folder: str, subject: str) -> None:
    """The owner takes a message out of a folder."""
    with world.mail.client() as client:
        client.select_folder(folder)
        client.delete_messages(client.search(["SUBJECT", subject]))
        client.expunge()


class TestThreads:
    """A draft that the owner has edited and sent, and what is answered to it."""

    def drafted(self, world: World) -> EmailMessage:
        world.meet("first", MONDAY + timedelta(days=1, hours=5))
        world.tend()
        world.reply(world.notes[0], "ADD K award: this cycle or next?")
        world.tend()
        [draft] = world.drafts
        return draft

    def send(self, world: World, subject: str, to: str, *, keep_draft: bool = False) -> str:
        if not keep_draft:
            remove(world, world.drafts_folder, "")
        sent = world.write("Dear Ana, the K award?", to=to, subject=subject, folder="Sent")
        world.now += timedelta(hours=1)
        world.tend()
        return sent

    def answer(self, world: World, subject: str, **headers: str) -> None:
        world.write(f"Wait for it.{QUOTE}", to=SAM, sender=ANA, subject=subject, **headers)
        world.tend()

    def test_sent_with_a_new_message_id_it_is_the_draft(self, light_world: World) -> None:
        subject = str(self.drafted(light_world)["Subject"])
        sent = self.send(light_world, subject, ANA)
        self.answer(light_world, f"Re: {subject}", In_Reply_To=sent)
        [item] = light_world.records().feedback
        assert (item.text, item.source, item.meeting, item.guess) == ("Wait for it.", "reply", "first", "")

    @pytest.mark.parametrize(
        ("same_subject", "to"), [(False, f"{ANA}, kim@example.com"), (True, "ana.ortiz@example.edu")]
    )
    def test_sent_with_another_subject_or_to_others_it_is_taken_for_the_draft(
        self, light_world: World, same_subject: bool, to: str
    ) -> None:
        drafted = str(self.drafted(light_world)["Subject"])
        sent = self.send(light_world, drafted if same_subject else "Two things for tomorrow", to)
        self.answer(light_world, "Re: yours", In_Reply_To=sent)
        [item] = light_world.records().feedback
        assert item.meeting == "first"
        assert "I took for my draft" in item.guess

    def test_another_mail_is_not_the_draft_while_that_still_lies_there(self, light_world: World) -> None:
        self.drafted(light_world)
        sent = self.send(light_world, "Lunch?", ANA, keep_draft=True)
        self.answer(light_world, "Re: Lunch?", In_Reply_To=sent)
        assert light_world.records().feedback == ()

    def test_an_answer_that_names_no_mail_is_known_by_subject_and_person(self, light_world: World) -> None:
        subject = str(self.drafted(light_world)["Subject"])
        self.send(light_world, subject, ANA)
        self.answer(light_world, f"AW: {subject}")
        light_world.write("Not hers.", to=SAM, sender=KIM, subject=f"Re: {subject}")
        light_world.write("ADD Never without the token?", to=SAM, subject=f"Re: {light_world.notes[0]['Subject']}")
        light_world.tend()
        [item] = light_world.records().feedback
        assert item.meeting == "first"
        assert "subject" in item.guess
        assert len(light_world.records().topics) == 1


class TestTags:
    """Tags that come, go and come again."""

    @pytest.mark.debian
    def test_a_keyword_taken_away_within_the_day_takes_the_filing_back(self, keyword_world: World) -> None:
        world = keyword_world
        world.write("Slow down.", to=SAM, sender=ANA, subject="Your talk")
        uid = world.mail.messages()[0][0]
        world.tend()
        world.mail.flag(uid, "feedback")
        world.tend()
        [item] = world.records().feedback
        original = world.state / "mail" / item.original
        assert original.exists()
        world.mail.flag(uid, "feedback", add=False)
        world.now += timedelta(hours=23)
        world.tend()
        assert world.records().feedback == ()
        assert "$MentorFiled" not in world.mail.messages()[0][1]
        assert not original.exists()
        world.mail.flag(uid, "feedback")
        world.tend()
        assert [item.text for item in world.records().feedback] == ["Slow down."]
        assert "$MentorFiled" in world.mail.messages()[0][1]
        world.mail.flag(uid, "feedback", add=False)
        world.now += timedelta(hours=25)
        world.tend()
        assert len(world.records().feedback) == 1

    @pytest.mark.debian
    def test_a_crash_while_taking_back_leaves_nothing_half_done(self, keyword_world: World) -> None:
        class Killed(Exception):
            pass

        def die(step: str) -> None:
            if step == "filing taken back":
                raise Killed

        world = keyword_world
        world.tend()
        world.write("Slow down.", to=SAM, sender=ANA, subject="Your talk")
        uid = world.mail.messages()[-1][0]
        world.mail.flag(uid, "feedback")
        world.tend()
        world.mail.flag(uid, "feedback", add=False)
        with pytest.raises(Killed):
            world.tend(step=die)
        world.restart()
        world.tend()
        assert world.records().feedback == ()
        assert "$MentorFiled" not in world.mail.messages()[-1][1]

    def test_a_message_moved_out_of_the_folder_is_taken_back_and_a_copy_there_is_filed_once(
        self, light_world: World
    ) -> None:
        world = light_world
        world.tend()
        world.write("Slow down.", to=SAM, sender=ANA, subject="Talk", Message_ID="<one@example.org>")
        world.write("Cut it.", to=SAM, sender=ANA, subject="Aim 2", folder=FEEDBACK)
        with world.mail.client() as client:
            client.select_folder("INBOX")
            client.copy(client.search(["SUBJECT", "Talk"]), FEEDBACK)
        world.tend()
        assert {item.text for item in world.records().feedback} == {"Slow down.", "Cut it."}
        remove(world, "INBOX", "Talk")  # put away: the copy still says what it is
        remove(world, FEEDBACK, "Aim 2")
        world.tend()
        assert [item.text for item in world.records().feedback] == ["Slow down."]
        world.write("Cut it.", to=SAM, sender=ANA, subject="Aim 2", folder=FEEDBACK)
        world.tend()
        assert len(world.records().feedback) == 2

    def test_what_its_own_words_have_filed_stays_whatever_word_files_from_now_on(self, light_world: World) -> None:
        world = light_world
        world.tend()
        world.write("Slow down.", to=SAM, sender=ANA, subject="Your talk #feedback")
        world.tend()
        world._account = replace(world.account, tags=replace(world.account.tags, subjects=("#advice",)))
        world.write("Cut it.", to=SAM, sender=ANA, subject="Aim 2 #advice")
        world.tend()
        assert {item.text for item in world.records().feedback} == {"Slow down.", "Cut it."}

    def test_what_the_owner_has_planned_stays(self, light_world: World) -> None:
        world = light_world
        world.meet("first", MONDAY + timedelta(days=1, hours=5))
        world.tend()
        world.write("Cut it.", to=SAM, sender=ANA, subject="Aim 2", folder=FEEDBACK)
        world.tend()
        world.reply(world.notes[0], "PLAN cut the second cohort by Friday")
        world.tend()
        remove(world, FEEDBACK, "Aim 2")
        world.tend()
        assert [item.plan for item in world.records().feedback] == ["cut the second cohort"]

    def test_what_the_owners_note_promises_is_offered_in_the_receipt(self, light_world: World) -> None:
        world = light_world
        world.meet("first", MONDAY + timedelta(days=1, hours=5))
        world.tend()
        world.reply(world.notes[0], "HEARD cut the second cohort\n\nGood talk. I'll send her the aims by Friday.")
        world.tend()
        assert "1.   I PROMISED send her the aims by 4 Dec 2026" in body(world.notes[-1])
        assert world.records().actions == ()

    def test_what_a_mail_asks_is_offered_and_taken_on_only_when_sent_back(self, light_world: World) -> None:
        world = light_world
        world.tend()
        text = "Good talk. Please send me the aims by Friday.\n\nI'll ask Kim about the data."
        world.now += timedelta(minutes=1)
        world.write(text, to=SAM, sender=ANA, subject="Your talk #feedback")
        world.tend()
        world.now += timedelta(days=1)
        world.tend()
        [note] = world.notes
        offered = [line.strip() for line in body(note).splitlines() if "PROMISED" in line]
        assert [" ".join(line.split()) for line in offered] == [
            "1. I PROMISED send me the aims by 4 Dec 2026",
            "2. THEY PROMISED ask Kim about the data",
        ]
        assert world.records().actions == ()
        world.reply(note, "\n".join(offered))
        world.tend()
        mine, theirs = world.records().actions
        assert (mine.owner, str(mine.due), mine.text) == ("me", "2026-12-04", "send me the aims")
        assert (theirs.owner, theirs.due, theirs.text) == ("ana", None, "ask Kim about the data")


OPENED = "* FLAGS ()\r\n* OK [PERMANENTFLAGS (\\*)]\r\n* 1 EXISTS\r\n* OK [UIDVALIDITY 7]\r\n* OK [UIDNEXT 9]"
FOLDERS = '* LIST () "/" INBOX\r\n* LIST () "/" "MentorUp/Feedback"\r\n* LIST (\\Drafts) "/" Drafts'


def scripted(search: Answer, fetch: Answer) -> FakeImap:
    """A server like Gmail, whose answers about messages the test gives."""
    answers: dict[str, Answer] = {
        "LIST": FOLDERS,
        "EXAMINE": f"{OPENED}\r\n{{tag}} OK [READ-ONLY] done",
        "SELECT": f"{OPENED}\r\n{{tag}} OK [READ-WRITE] done",
        "UID SEARCH": search,
        "UID FETCH": fetch,
    }

    def play(line: Line) -> None:
        line.log_in(f"{CAPABILITIES} X-GM-EXT-1")
        line.serve(answers)

    return FakeImap(play)


def told(uid: int, raw: bytes, rest: str, labels: str = "") -> list[bytes]:
    """The answer to a FETCH of one message."""
    name = "BODY[]" if "BODY.PEEK[]" in rest else "BODY[HEADER.FIELDS (FROM)]"
    head = f"* {uid} FETCH (UID {uid} FLAGS () RFC822.SIZE {len(raw)} X-GM-LABELS ({labels}) {name} {{{len(raw)}}}"
    return [head.encode(), raw + b")"]


def test_a_gmail_label_files_and_its_removal_takes_back(light_world: World) -> None:
    labels = ["Feedback"]
    raw = f"From: {ANA}\r\nTo: {SAM}\r\nSubject: Your talk\r\n\r\nSlow down.\r\n".encode()

    def search(line: Line, tag: str, rest: str) -> None:
        line.send("* SEARCH 4" if "X-GM-LABELS" in rest and labels else "* SEARCH", f"{tag} OK")

    def fetch(line: Line, tag: str, rest: str) -> None:
        line.send(*told(4, raw, rest, " ".join(labels)), f"{tag} OK")

    light_world.account.store.first_start(light_world.now)
    with scripted(search, fetch) as server, Mailbox(server.account()) as mailbox:
        account = replace(light_world.account, mailbox=mailbox)
        mail_in.look(account, light_world.now, go_on)
        filed = light_world.records().feedback
        labels.clear()
        mail_in.look(account, light_world.now, go_on)
        stored = [said for said in server.lines[0].said if "STORE" in said]
    assert [(item.source, item.text) for item in filed] == [("gmail_label", "Slow down.")]
    assert light_world.records().feedback == ()
    assert [" -FLAGS" in said for said in stored] == [False, True]


@pytest.mark.parametrize(
    "fault", ["* 5 FETCH (UID 5 BODY[] (\r\n{tag} OK done", "{tag} NO the message can't be converted"]
)
def test_i18_what_the_server_cant_deliver_holds_up_nothing(light_world: World, fault: str) -> None:
    def raw(uid: int) -> bytes:
        return f"From: {ANA}\r\nTo: {SAM}\r\nSubject: {uid} #feedback\r\n\r\nSlow down {uid}.\r\n".encode()

    def search(line: Line, tag: str, rest: str) -> None:
        line.send("* SEARCH 4 5 6 7" if "SUBJECT" in rest else "* SEARCH", f"{tag} OK")

    def fetch(line: Line, tag: str, rest: str) -> None:
        uids = [int(uid) for uid in rest.split()[2].split(",")]
        if "BODY.PEEK[]" in rest and uids == [5]:
            line.send(fault.format(tag=tag))
        elif "HEADER" in rest and 6 in uids:
            line.send("* 6 FETCH (UID 6 FLAGS (", f"{tag} OK")
        else:
            line.send(*(piece for uid in uids for piece in told(uid, raw(uid), rest)), f"{tag} OK")

    light_world.account.store.first_start(light_world.now)
    with scripted(search, fetch) as server, Mailbox(server.account()) as mailbox:
        mail_in.look(replace(light_world.account, mailbox=mailbox), light_world.now, go_on)
    assert [item.text for item in light_world.records().feedback] == ["Slow down 4.", "Slow down 7."]
    assert set(quarantine(light_world)) == {f"mail from {ANA}: 5 #feedback", "mail from someone: "}


def test_a_stranger_is_asked_about_once_and_named_by_the_answer(light_world: World) -> None:
    world = light_world
    world.tend()
    for subject in ("Your talk", "Your slides"):
        world.write(f"{subject}: slow down.", to=SAM, sender=f"Kim Lee <{KIM}>", subject=f"{subject} #feedback")
    world.tend()
    world.tend()
    [question] = world.notes
    assert KIM in question["Subject"]
    assert "MENTOR ana" in body(question)
    world.reply(question, "MENTOR ana")
    world.tend()
    assert [item.mentor for item in world.records().feedback] == ["ana", "ana"]
    assert len(world.notes) == 2


HEAD = b"From: ana@example.org\r\nTo: sam@example.org\r\n"
READABLE = {
    "unknown charset": b"Subject: #feedback a\r\nContent-Type: text/plain; charset=x-klingon\r\n\r\nSlow down.\r\n",
    "8-bit headers": b"Subject: #feedback \xc3\xa4\xff\r\nX-Other: \xe9\r\n\r\nSlow down.\r\n",
    "broken encoded words": b"Subject: =?utf-8?B?!!!?= #feedback =?nope?Q?=FF\r\n\r\nSlow down.\r\n",
    "no Message-ID and no Date": b"Subject: #feedback d\r\n\r\nSlow down.\r\n",
    "two Message-IDs": b"Subject: #feedback e\r\nMessage-ID: <a@b>\r\nMessage-ID: <c@d>\r\nDate: never\r\n\r\n"
    b"Slow down.\r\n",
    "a NUL": b"Subject: #feedback f\r\n\r\nSlow down.\0\r\n",
    "a message inside": b"Subject: #feedback g\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\n\r\nSlow down.\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\nContent-Type: message/rfc822"
    b"\r\n\r\nSubject: deeper\r\n\r\nx\r\n--b--\r\n",
    "TNEF": b"Subject: #feedback h\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\n\r\nSlow down.\r\n--b\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\neJ8+IgAA\r\n--b--\r\n",
    "S/MIME": b"Subject: #feedback i\r\nMIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime; "
    b"smime-type=enveloped-data; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\nMIIB\r\n",
    "PGP": b"Subject: #feedback j\r\nMIME-Version: 1.0\r\nContent-Type: multipart/encrypted; boundary=b; "
    b'protocol="application/pgp-encrypted"\r\n\r\n--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n'
    b"--b\r\nContent-Type: application/octet-stream\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n--b--\r\n",
}


def test_i18_broken_mail_is_read_as_far_as_can_be(light_world: World) -> None:
    world = light_world
    world.tend()
    for raw in READABLE.values():
        world.mail.deliver(HEAD + raw)
    world.tend()
    assert quarantine(world) == {}
    found = {item.subject: item for item in world.records().feedback}
    assert len(found) == len(READABLE)
    assert sum(item.text.startswith("Slow down.") for item in found.values()) == len(READABLE) - 2
    assert {item.mentor for item in found.values()} == {"ana"}


def test_i18_what_cant_be_read_is_kept_apart_and_not_fetched_at_every_pass(light_world: World) -> None:
    world = light_world
    world.tend()
    parts = b'Subject: #feedback parts\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
    world.mail.deliver(HEAD + parts + b"--b\r\n\r\nx\r\n" * 5000 + b"--b--\r\n", FEEDBACK)
    world.mail.deliver(HEAD + b"Subject: #feedback large\r\n\r\n" + b"x" * 76 * 800_000, FEEDBACK)
    world.write("Slow down.", to=SAM, sender=ANA, subject="Talk #feedback", folder=FEEDBACK)
    world.tend()
    assert [item.text for item in world.records().feedback] == ["Slow down."]
    reasons = quarantine(world)
    assert "parts" in reasons[f"mail from {ANA}: #feedback parts"]
    assert "60,800," in reasons[f"mail from {ANA}: #feedback large"]
    world.mail.deliver(HEAD + b"Subject: #feedback again\r\n\r\nCut it.\r\n", FEEDBACK)
    assert steps(world).count("message kept") == 1
    world.now += timedelta(days=1)
    world.tend()
    assert len(quarantine(world)) == 2
    remove(world, FEEDBACK, "parts")
    world.tend()
    assert list(quarantine(world)) == [f"mail from {ANA}: #feedback large"]
    world.restart()
    with world.mail.client() as client:
        client.delete_folder(FEEDBACK)
    world.tend()
    assert quarantine(world) == {}


@pytest.mark.debian
def test_mail_that_only_seems_tagged_or_says_nothing_is_not_read_twice(keyword_world: World) -> None:
    world = keyword_world
    world.tend()
    world.write("x", to=SAM, sender=ANA, subject="Join the #feedbackloop")
    world.write("Away.", to=SAM, sender=ANA, subject="Away", Auto_Submitted="auto-replied")
    for uid, _, raw in world.mail.messages():
        if b"Away" in raw:
            world.mail.flag(uid, "feedback")
    assert "message kept" in steps(world)
    for uid, _, _ in world.mail.messages():
        world.mail.flag(uid, "\\Seen")
    assert "message kept" not in steps(world)
    assert world.records().feedback == ()


class TestNeverFooled:
    """Mail that looks like a command, and is none."""

    def asked(self, world: World) -> EmailMessage:
        world.meet("first", MONDAY + timedelta(days=1, hours=5))
        world.tend()
        [note] = world.notes
        return note

    def test_i19_a_replayed_reply_counts_once(self, world: World) -> None:
        world.reply(self.asked(world), "ADD K award: this cycle or next?")
        raw = next(raw for _, _, raw in world.mail.messages() if b"ADD K award" in raw)
        world.tend()
        world.mail.deliver(raw)
        world.mail.deliver(b"Received: from a.example by b.example; Mon, 30 Nov 2026 10:00:00 +0000\r\n" + raw)
        world.mail.deliver(raw + b"\r\n_______________\r\nA list's footer\r\n")
        world.mail.deliver(raw, FEEDBACK)
        world.tend()
        assert len(world.records().topics) == 1
        assert len(world.notes) == 2
        assert world.records().feedback == ()

    def test_i20_our_own_notes_coming_back_are_nothing(self, world: World) -> None:
        note = self.asked(world)
        raw = next(raw for _, _, raw in world.mail.messages() if str(note["Message-ID"]).encode() in raw)
        for folder in ("INBOX", FEEDBACK):
            world.mail.deliver(raw, folder)
        world.mail.deliver(raw.replace(b"Subject: ", b"Subject: #feedback ", 1))
        world.tend()
        assert world.records().feedback == ()
        assert world.records().topics == ()
        assert len(world.notes) == 3

    @pytest.mark.parametrize(
        ("results", "counts"),
        [
            ("mx.example.org; dmarc=pass header.from=example.org", True),
            ("mx.example.org; dmarc=fail header.from=example.org", False),
            ("mx.example.org; dmarc=none header.from=example.org; spf=none", False),
            ("mx.evil.example; dmarc=fail header.from=example.org", True),  # not the server that is trusted
        ],
    )
    def test_i23_the_owner_counts_as_far_as_the_server_proves(
        self, light_world: World, results: str, counts: bool
    ) -> None:
        world = light_world
        world.changes["imap"] = {"trusted_authserv_id": "mx.example.org"}
        note = self.asked(world)
        token = str(note["Message-ID"])
        world.write("ADD Mine?", to=SAM, subject="Re: x", In_Reply_To=token, Authentication_Results=results)
        world.tend()
        assert len(world.records().topics) == counts
        assert len(world.notes) == 1 + counts

    def test_i23_a_mentor_who_quotes_our_note_and_its_commands_commands_nothing(self, light_world: World) -> None:
        world = light_world
        note = self.asked(world)
        quoted = f"Wait.\n\nOn Monday Sam Rivera <{SAM}> wrote:\n> ADD Mine?\n> SKIP\n"
        for sender, text in ((ANA, "SKIP\nADD Hers?\n"), (ANA, quoted), (SAM, quoted)):
            world.write(text, to=SAM, sender=sender, subject="Re: x", In_Reply_To=str(note["Message-ID"]))
        world.tend()
        assert world.records().topics == ()
        assert not any(mark.skipped for mark in world.records().marks.values())


def test_a_fault_of_ours_in_one_message_holds_up_no_other(light_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world = light_world
    world.tend()
    world.write("Poison.", to=SAM, sender=ANA, subject="one #feedback")
    world.write("Slow down.", to=SAM, sender=ANA, subject="two #feedback")
    faultless = understand.understand

    def faulty(raw: bytes, **facts: Any) -> Any:
        if b"Poison" in raw:
            raise ZeroDivisionError("a bug")
        return faultless(raw, **facts)

    monkeypatch.setattr(understand, "understand", faulty)
    world.tend()
    assert [item.text for item in world.records().feedback] == ["Slow down."]
    with world.account.store.reading() as scope:
        [row] = mail.quarantined(scope)
    assert "please report it" in row.reason
