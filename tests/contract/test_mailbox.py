"""The door to IMAP, the same tests on pymap (no keywords, no CONDSTORE), Dovecot in plain text, Dovecot over TLS."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from mentorup_daemon.errors import ConfigError, CredentialsError, Malformed, Unavailable
from mentorup_daemon.mailbox import FILED, FolderCursor, Mailbox
from mentorup_daemon.records import Tags
from tests.servers.imap import Mailserver

TAGS = Tags()


def mail(subject: str = "hello", **headers: str) -> bytes:
    message = EmailMessage()
    message["From"] = "Ana Ortiz <ana@example.org>"
    message["To"] = "sam@example.org"
    message["Subject"] = subject
    for name, value in headers.items():
        del message[name.replace("_", "-")]
        message[name.replace("_", "-")] = value
    message.set_content("Some words.\n")
    return message.as_bytes().replace(b"\n", b"\r\n")


@pytest.fixture
def mailbox(imap_server: Mailserver) -> Iterator[Mailbox]:
    with Mailbox(imap_server.account()) as opened:
        yield opened


def keeps(server: Mailserver) -> bool:
    return server.name != "pymap"


class TestMailbox:
    """What every server must give."""

    def test_first_sight_tells_tagged_mail_only_and_where_new_mail_begins(
        self, imap_server: Mailserver, mailbox: Mailbox
    ) -> None:
        imap_server.deliver(mail("old and private"))
        imap_server.deliver(mail("in a #feedbackloop"))
        by_subject = imap_server.deliver(mail("Re: talk #Feedback"))
        by_plus = imap_server.deliver(mail("for you", Cc="Sam <sam+feedback@example.org>"))
        by_keyword = imap_server.deliver(mail("liked it"), flags=["feedback"]) if keeps(imap_server) else 0

        seen = mailbox.changes("INBOX", None, TAGS)

        assert seen.first_sight
        assert not seen.renewed
        assert seen.arrived == ()
        found = {each.uid: each.tagged for each in seen.tagged}
        assert found == {by_subject: (), by_plus: ()} | ({by_keyword: ("keyword",)} if by_keyword else {})
        assert seen.cursor.uidnext == max(found) + 1

    def test_new_mail_arrives_once_with_its_headers(self, imap_server: Mailserver, mailbox: Mailbox) -> None:
        imap_server.deliver(mail("old"))
        start = mailbox.changes("INBOX", None, TAGS).cursor
        raw = mail("Grüße #feedback", Message_ID="<a@example.org>", In_Reply_To="<note@example.org>")
        uid = imap_server.deliver(raw)

        seen = mailbox.changes("INBOX", start, TAGS)
        again = mailbox.changes("INBOX", seen.cursor, TAGS)

        (only,) = seen.arrived
        assert (only.uid, only.size) == (uid, len(raw))
        assert only.headers.subject == "Grüße #feedback"
        assert only.headers.message_id == "<a@example.org>"
        assert only.headers.answers == ("<note@example.org>",)
        assert only.tagged == ()  # the subject is for replies to judge
        assert seen.tagged == (only,)
        assert not again.arrived
        assert again.cursor.uidnext == uid + 1

    def test_nothing_new_is_nothing(self, imap_server: Mailserver, mailbox: Mailbox) -> None:
        imap_server.deliver(mail("old"))
        start = mailbox.changes("INBOX", None, TAGS)
        seen = mailbox.changes("INBOX", start.cursor, TAGS)
        assert (seen.arrived, seen.tagged) == ((), ())
        assert seen.cursor == start.cursor

    def test_an_empty_folder_begins_at_the_first_message(self, imap_server: Mailserver, mailbox: Mailbox) -> None:
        start = mailbox.changes("INBOX", None, TAGS).cursor
        uid = imap_server.deliver(mail())
        assert [each.uid for each in mailbox.changes("INBOX", start, TAGS).arrived] == [uid]

    def test_a_keyword_set_on_an_old_message_tells_it(self, imap_server: Mailserver, mailbox: Mailbox) -> None:
        if not keeps(imap_server):
            assert not mailbox.keeps_keywords("INBOX")
            return
        uid, other = imap_server.deliver(mail("old one")), imap_server.deliver(mail("other"))
        start = mailbox.changes("INBOX", None, TAGS).cursor
        imap_server.flag(uid, "$MentorFeedback")
        imap_server.flag(other, "\\Seen")

        tagged = mailbox.changes("INBOX", start, TAGS)
        still = mailbox.still_tagged("INBOX", start.uidvalidity, [uid, other, 99], TAGS)
        imap_server.flag(uid, "$MentorFeedback", add=False)
        untagged = mailbox.changes("INBOX", tagged.cursor, TAGS)
        no_more = mailbox.still_tagged("INBOX", start.uidvalidity, [uid, other], TAGS)
        now = mailbox.look_at("INBOX", start.uidvalidity, [uid, other, 99], TAGS)

        assert [(each.uid, each.tagged) for each in tagged.tagged] == [(uid, ("keyword",))]
        assert tagged.arrived == ()
        assert untagged.tagged == ()
        assert now is not None
        assert [(each.uid, each.tagged) for each in now] == [(uid, ()), (other, ())]
        assert mailbox.look_at("INBOX", start.uidvalidity + 1, [uid], TAGS) is None
        assert (still, no_more) == ({uid: True, other: False}, {uid: False, other: False})
        assert mailbox.still_tagged("INBOX", start.uidvalidity, [uid, 99], TAGS, whole=True) == {uid: True}
        assert mailbox.still_tagged("INBOX", start.uidvalidity + 1, [uid], TAGS) is None
        assert mailbox.still_tagged("Nowhere", start.uidvalidity, [uid], TAGS) is None

    @pytest.mark.parametrize("first", ["the tag", "the mail"])
    def test_a_tag_and_new_mail_that_come_together_are_both_told(
        self, imap_server: Mailserver, mailbox: Mailbox, first: str
    ) -> None:
        if not keeps(imap_server):
            imap_server.deliver(mail("nothing can be tagged here"))
        old = imap_server.deliver(mail("old"))
        start = mailbox.changes("INBOX", None, TAGS).cursor
        if first == "the tag" and keeps(imap_server):
            imap_server.flag(old, "feedback")
        new = imap_server.deliver(mail("new"))
        if first == "the mail" and keeps(imap_server):
            imap_server.flag(old, "feedback")

        seen = mailbox.changes("INBOX", start, TAGS)

        assert [each.uid for each in seen.arrived] == [new]
        assert [each.uid for each in seen.tagged] == ([old] if keeps(imap_server) else [])
        later = imap_server.deliver(mail("later"))
        assert [each.uid for each in mailbox.changes("INBOX", seen.cursor, TAGS).arrived] == [later]

    def test_how_folders_stand_is_told_by_their_cursors(self, imap_server: Mailserver, mailbox: Mailbox) -> None:
        mailbox.ensure_folder("MentorUp/Feedback")
        mailbox.ensure_folder("Other")
        start = mailbox.changes("MentorUp/Feedback", None, TAGS, whole=True).cursor
        mailbox.changes("INBOX", None, TAGS)
        told = mailbox.standing(("INBOX", "MentorUp/Feedback", "Missing"))
        assert told in ({}, {"MentorUp/Feedback": start})
        if told:
            imap_server.deliver(mail("new"), "Other")
            assert mailbox.standing(("Other",))["Other"].uidnext == 2

    def test_everything_in_the_feedback_folder_is_tagged(self, imap_server: Mailserver, mailbox: Mailbox) -> None:
        mailbox.ensure_folder("MentorUp/Feedback")
        first = imap_server.deliver(mail("one"), "MentorUp/Feedback")
        start = mailbox.changes("MentorUp/Feedback", None, TAGS, whole=True)
        second = imap_server.deliver(mail("two"), "MentorUp/Feedback")
        later = mailbox.changes("MentorUp/Feedback", start.cursor, TAGS, whole=True)

        assert [(each.uid, each.tagged) for each in start.tagged] == [(first, ("folder",))]
        assert [(each.uid, each.tagged) for each in later.tagged] == [(second, ("folder",))]

    def test_more_mail_than_fits_in_one_command_all_arrives(self, imap_server: Mailserver, mailbox: Mailbox) -> None:
        start = mailbox.changes("INBOX", None, TAGS).cursor
        imap_server.deliver_all([mail(f"number {number}") for number in range(230)])
        seen = mailbox.changes("INBOX", start, TAGS)
        assert [each.headers.subject for each in seen.arrived] == [f"number {number}" for number in range(230)]

    def test_reading_marks_nothing_as_read(self, imap_server: Mailserver, mailbox: Mailbox) -> None:
        raw = mail("#feedback")
        uid = imap_server.deliver(raw)
        mailbox.changes("INBOX", None, TAGS)
        assert mailbox.fetch("INBOX", uid) == raw
        mailbox.mark_filed("INBOX", [uid])
        mailbox.keeps_keywords("INBOX")
        assert mailbox.fetch("INBOX", uid) == raw
        ((_, flags, _),) = imap_server.messages()
        assert flags == ({FILED} if keeps(imap_server) else set())

    def test_a_message_too_large_or_gone_is_malformed(self, imap_server: Mailserver, mailbox: Mailbox) -> None:
        uid = imap_server.deliver(mail("big"))
        with pytest.raises(Malformed, match="bytes"):
            mailbox.fetch("INBOX", uid, limit=10)
        with pytest.raises(Malformed, match="no longer"):
            mailbox.fetch("INBOX", uid + 1000)

    def test_filed_is_marked_where_keywords_are_kept(self, imap_server: Mailserver, mailbox: Mailbox) -> None:
        uid = imap_server.deliver(mail())
        assert mailbox.mark_filed("INBOX", [uid]) is keeps(imap_server)
        assert mailbox.keeps_keywords("INBOX") is keeps(imap_server)
        assert mailbox.mark_filed("INBOX", [])

    def test_a_mark_can_be_taken_away_again(self, imap_server: Mailserver, mailbox: Mailbox) -> None:
        uid = imap_server.deliver(mail(), flags=["\\Flagged"])
        mailbox.mark_filed("INBOX", [uid])
        assert mailbox.unmark_filed("INBOX", [uid, uid + 1000]) is keeps(imap_server)
        ((_, flags, _),) = imap_server.messages()
        assert flags == {"\\Flagged"}

    def test_an_appended_note_is_unseen_and_found_by_its_message_id(
        self, imap_server: Mailserver, mailbox: Mailbox
    ) -> None:
        raw = mail("note", Message_ID="<note.1@example.org>")
        placed = mailbox.append("INBOX", raw, at=datetime(2026, 3, 1, 9, 30, tzinfo=UTC))
        ((uid, flags, stored),) = imap_server.messages()
        assert (placed.uid, flags, stored) == (uid, frozenset(), raw)
        assert mailbox.find("INBOX", "<note.1@example.org>") == (uid,)
        assert mailbox.find("INBOX", "<note.1@example.or>") == ()
        assert mailbox.find("INBOX", "<ote.1@example.org>") == ()
        assert mailbox.find("INBOX", "") == ()
        for since, found in (
            (FolderCursor(placed.uidvalidity, uid), (uid,)),
            (FolderCursor(placed.uidvalidity, uid + 1), ()),
            (FolderCursor(placed.uidvalidity, uid + 2), (uid,)),  # no position in this folder
            (FolderCursor(placed.uidvalidity + 1, uid + 1), (uid,)),  # before it was made anew
        ):
            assert mailbox.find("INBOX", "<note.1@example.org>", since=since) == found
        imap_server.deliver(mail("another"))
        assert mailbox.find("INBOX", "<note.1@example.org>", since=FolderCursor(placed.uidvalidity, uid)) == (uid,)
        assert mailbox.find("INBOX", "<note.1@example.org>", since=FolderCursor(placed.uidvalidity, uid + 1)) == ()
        with imap_server.client() as client:
            client.select_folder("INBOX", readonly=True)
            client.normalise_times = False
            arrived = client.fetch([uid], ["INTERNALDATE"])[uid][b"INTERNALDATE"]
        assert arrived == datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
        assert placed.uidvalidity == mailbox.changes("INBOX", None, TAGS).cursor.uidvalidity

    def test_drafts_is_made_and_subscribed_when_there_is_none(self, imap_server: Mailserver, mailbox: Mailbox) -> None:
        special = mailbox.special_folders()
        placed = mailbox.append(special.drafts, mail("draft"), flags=["\\Draft", "\\Seen"])
        ((uid, flags, _),) = imap_server.messages("Drafts")
        assert special.drafts == "Drafts"
        assert special.sent == ""
        assert (placed.uid, flags) == (uid, {"\\Draft", "\\Seen"})
        if keeps(imap_server):
            with imap_server.client() as client:
                assert "Drafts" in {name for _, _, name in client.list_sub_folders()}
        assert mailbox.special_folders() == special

    def test_drafts_and_sent_are_found_by_a_name_in_another_language(
        self, imap_server: Mailserver, mailbox: Mailbox
    ) -> None:
        with imap_server.client() as client:
            client.create_folder("Entwürfe")
            client.create_folder("Gesendete Objekte")
        special = mailbox.special_folders()
        assert (special.drafts, special.sent) == ("Entwürfe", "Gesendete Objekte")
        assert mailbox.append(special.drafts, mail()).uid

    def test_configured_folders_win_and_are_made(self, imap_server: Mailserver) -> None:
        with imap_server.client() as client:
            client.create_folder("Drafts")
            client.create_folder("Sent")
        account = replace(imap_server.account(), drafts="Büro/Entwürfe & mehr", sent="Raus")
        with Mailbox(account) as mailbox:
            special = mailbox.special_folders()
        assert (special.drafts, special.sent) == ("Büro/Entwürfe & mehr", "Raus")
        assert "Büro/Entwürfe & mehr" in imap_server.folders()

    def test_only_our_own_message_is_removed(self, imap_server: Mailserver, mailbox: Mailbox) -> None:
        placed = mailbox.append("INBOX", mail("ours", Message_ID="<ours@example.org>"))
        theirs = imap_server.deliver(mail("theirs", Message_ID="<theirs@example.org>"), flags=["\\Deleted"])
        nameless = imap_server.deliver(mail("nameless"))
        assert placed.uid is not None

        assert not mailbox.remove("INBOX", theirs, message_id="<ours@example.org>")
        assert not mailbox.remove("INBOX", nameless, message_id="")
        assert not mailbox.remove("INBOX", nameless + 100, message_id="<ours@example.org>")
        assert mailbox.remove("INBOX", placed.uid, message_id="<ours@example.org>")

        assert [(uid, flags) for uid, flags, _ in imap_server.messages()] == [
            (theirs, {"\\Deleted"}),
            (nameless, frozenset()),
        ]

    def test_a_missing_folder_is_told_with_those_that_there_are(
        self, imap_server: Mailserver, mailbox: Mailbox
    ) -> None:
        imap_server.deliver(mail(), "Projects/Mentoring")
        with pytest.raises(ConfigError, match=r"'Nowhere/Else'.*INBOX, (Projects, )?Projects/Mentoring"):
            mailbox.changes("Nowhere/Else", None, TAGS)
        assert mailbox.changes("Projects/Mentoring", None, TAGS).first_sight

    def test_a_wrong_password_is_told_without_it(self, imap_server: Mailserver) -> None:
        account = replace(imap_server.account(), password=lambda: "not-the-one")
        with Mailbox(account) as mailbox, pytest.raises(CredentialsError) as told:
            mailbox.connect()
        assert imap_server.username in str(told.value)
        assert str(imap_server.port) in str(told.value)
        assert "not-the-one" not in repr(told.value) + repr(account)

    def test_p03_the_password_is_asked_for_at_each_connect(self, imap_server: Mailserver) -> None:
        passwords = iter(["old", imap_server.password, imap_server.password])
        mailbox = Mailbox(replace(imap_server.account(), password=lambda: next(passwords)))
        with pytest.raises(CredentialsError):
            mailbox.connect()
        mailbox.connect()
        mailbox.close()
        mailbox.connect()
        mailbox.close()
        assert next(passwords, None) is None

    def test_a_server_that_is_not_there_is_unavailable(self, imap_server: Mailserver) -> None:
        with Mailbox(replace(imap_server.account(), port=1)) as mailbox, pytest.raises(Unavailable, match=":1"):
            mailbox.connect()
