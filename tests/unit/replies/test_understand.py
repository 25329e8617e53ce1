"""What a message is taken for, and why; pitfalls I18, I19, I20 and I23 with the raw mails."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mentorup_daemon.errors import Malformed
from mentorup_daemon.records import Understood
from tests.unit.replies.mails import DRAFT, FOLDER, NOTE, raw_mail, understood

MX = "mx.example.org"


def of(name: str, *, tagged: tuple[str, ...] = (), trusted: str = "", store: bool = True) -> Understood:
    return understood(raw_mail(name), tagged=tagged, trusted=trusted, store=store)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("auto-submitted", "Auto-Submitted: auto-replied"),
        ("vacation-exchange", "out-of-office"),
        ("autoreply-header", "X-Autoreply"),
        ("bulk", "Precedence: bulk"),
        ("list", "seminar.lists.example.org"),
        ("newsletter", "List-Unsubscribe"),
        ("bounce", "bounce"),
        ("null-return-path", "null return path"),
        ("read-receipt", "read receipt"),
        ("calendar-answer", "calendar"),
        ("no-reply", "machine's address"),
        ("own-note", "MentorUp's own"),
    ],
)
@pytest.mark.parametrize("tagged", [(), ("keyword",), ("folder",)])
def test_i20_no_persons_mail_is_ignored_even_when_tagged_by_hand(name: str, why: str, tagged: tuple[str, ...]) -> None:
    found = of(name, tagged=tagged)
    assert found.kind == "ignored"
    assert why in found.reason
    assert (found.commands, found.action_items) == ((), ())


@pytest.mark.parametrize("header", ["Auto-Submitted: no", "Precedence: first-class", "X-Auto-Response-Suppress: All"])
def test_i20_a_persons_mail_with_such_headers_is_a_persons(header: str) -> None:
    assert understood(f"{header}\n".encode() + raw_mail("mentor-reply")).kind == "feedback"


def test_the_owners_reply_carries_commands_and_a_note() -> None:
    found = of("owner-reply")
    assert found.kind == "command"
    assert [(command.name, command.number, command.problem) for command in found.commands] == [
        ("ADD", None, ""),
        ("DONE", 3, ""),
        ("DONE", 4, ""),
        ("I PROMISED", None, ""),
    ]
    assert found.commands[-1].when == datetime(2026, 12, 4, 8, tzinfo=UTC)  # Friday, midnight for the owner
    assert found.note == "She seemed in a hurry last time."
    assert (found.writer, found.mentor) == ("sam@example.org", None)


def test_days_are_seen_from_when_the_reply_was_written() -> None:
    late = raw_mail("owner-reply").replace(b"Mon, 30 Nov 2026", b"Mon, 16 Nov 2026")
    assert understood(late).commands[-1].when == datetime(2026, 11, 20, 8, tzinfo=UTC)
    for wrong in (b"Thu, 01 Jan 1970", b"Mon, 30 Nov 2099"):
        found = understood(raw_mail("owner-reply").replace(b"Mon, 30 Nov 2026", wrong))
        assert found.commands[-1].when == datetime(2026, 12, 4, 8, tzinfo=UTC)


def test_the_owners_name_below_the_commands_is_no_note() -> None:
    raw = raw_mail("owner-proven")
    assert understood(raw + b"\nSam\n").note == ""
    assert understood(raw + b"\nSam was here\n").note == "Sam was here"


def test_a_byte_order_mark_hides_no_header() -> None:
    assert understood(b"\xef\xbb\xbf" + raw_mail("owner-proven")).kind == "command"


def test_the_owners_reply_without_commands_is_a_note() -> None:
    found = of("owner-words-only")
    assert (found.kind, found.note, found.commands) == ("reply", "She was kind about the delay.", ())


def test_i23_a_command_inside_a_quote_is_none() -> None:
    found = of("owner-quoted-command")
    assert (found.kind, found.note, found.commands) == ("reply", "Let me think about it.", ())


@pytest.mark.parametrize("name", ["owner-forged-dmarc", "owner-two-senders"])
@pytest.mark.parametrize("trusted", ["", MX])
def test_i23_a_forged_owner_is_ignored(name: str, trusted: str) -> None:
    found = of(name, trusted=trusted)
    assert found.kind == "ignored"
    assert found.commands == ()
    assert found.reason.startswith("it says that it is from you, but")


def test_i23_results_that_the_sender_wrote_prove_nothing() -> None:
    found = of("owner-forged-own-results", trusted=MX)
    assert (found.kind, found.commands) == ("ignored", ())
    assert of("owner-forged-own-results", trusted="another.example").kind == "command"  # nobody we trust has spoken


def test_i23_the_owners_address_in_a_name_is_not_the_owner() -> None:
    found = of("owner-name-only")
    assert (found.kind, found.writer, found.commands) == ("ignored", "mallory@evil.example", ())


def test_i23_a_field_begun_by_a_bare_cr_is_not_the_owner() -> None:
    assert of("bare-cr").kind == "ignored"


def test_i23_a_proven_owner_acts_and_so_does_mail_that_never_passed_a_border() -> None:
    assert of("owner-proven", trusted=MX).kind == "command"
    assert of("owner-reply", trusted=MX).kind == "command"


def test_i23_a_command_counts_only_in_reply_to_a_note() -> None:
    raw = raw_mail("owner-reply").replace(NOTE.encode(), b"<guessed@mentorup.example.org>")
    found = understood(raw)
    assert (found.kind, found.commands) == ("ignored", ())
    assert "not in reply to a note" in found.reason


def test_i23_what_a_mentor_writes_is_never_a_command() -> None:
    found = of("mentor-quotes-commands")
    assert (found.kind, found.mentor, found.commands) == ("reply", "ana", ())


def test_i23_a_forged_mentor_is_not_filed_unless_the_owner_tags_it_by_hand() -> None:
    found = of("mentor-forged")
    assert (found.kind, found.mentor) == ("ignored", None)
    assert "checks refused the sender" in found.reason
    assert of("mentor-forged", tagged=("subject",)).kind == "ignored"  # a subject is the sender's, whoever passes it on
    by_hand = of("mentor-forged", tagged=("keyword",))
    assert (by_hand.kind, by_hand.mentor) == ("feedback", "ana")
    assert "dmarc=fail" in by_hand.reason


@pytest.mark.parametrize("name", ["owner-html-differs", "owner-html-hides"])
def test_i23_commands_that_only_one_of_text_and_html_says_are_not_carried_out(name: str) -> None:
    found = of(name)
    assert found.kind == "command"
    assert found.commands
    assert all("different things" in command.problem for command in found.commands)


def test_text_and_html_that_say_the_same_are_carried_out() -> None:
    found = of("owner-html-agrees")
    assert [(command.name, command.problem) for command in found.commands] == [("ADD", ""), ("SKIP", "")]


def test_i23_a_replayed_reply_reads_the_same_twice() -> None:
    assert of("owner-reply") == of("owner-reply")


def test_without_a_store_commands_are_shown_with_what_they_depend_on() -> None:
    found = of("owner-reply", store=False)
    assert found.kind == "command"
    assert "count only in reply to a note" in found.reason
    assert of("own-words-tagged", store=False).kind == "feedback"


def test_a_mentors_reply_to_a_draft_is_feedback() -> None:
    found = of("mentor-reply")
    assert (found.kind, found.mentor, found.writer) == ("feedback", "ana", "ana@example.org")
    assert found.visible_text.startswith("Dear Sam,\n\nwait for the revision.")
    assert "K award" not in found.visible_text
    assert found.action_items == (
        "Could you send me the budget page before Thursday?",
        "I'll ask Kim about the data.",
    )
    assert found.written_at == datetime(2026, 12, 2, 23, 30, tzinfo=UTC)


def test_other_untagged_mail_says_why_it_is_not_filed() -> None:
    raw = raw_mail("mentor-reply").replace(DRAFT.encode(), b"<other@example.org>")
    assert understood(raw).kind == "reply"
    lunch = of("mentor-untagged")
    assert (lunch.kind, lunch.mentor) == ("ignored", "ana")
    assert lunch.reason == "not tagged, and not in reply to a note or draft of MentorUp's"
    assert lunch.visible_text == "Lunch on Friday?"
    stranger = of("stranger-answers-draft")
    assert (stranger.kind, stranger.mentor) == ("ignored", None)
    assert "tag it to file it" in stranger.reason


@pytest.mark.parametrize("source", ["keyword", "folder", "gmail_label"])
def test_a_tag_from_outside_files_any_persons_mail(source: str) -> None:
    found = of("mentor-untagged", tagged=(source,))
    assert (found.kind, found.mentor, found.tags) == ("feedback", "ana", ())
    assert of("stranger-answers-draft", tagged=(source,)).kind == "feedback"


def test_tags_in_the_message() -> None:
    found = of("tagged-by-subject")
    assert (found.kind, found.mentor, found.tags) == ("feedback", "ana", ("subject",))
    assert found.visible_text == "Slow down on the results slide."
    own = of("own-words-tagged")
    assert (own.kind, own.mentor, own.writer) == ("feedback", None, "sam@example.org")
    assert own.tags == ("plus_address",)


def test_the_owners_answer_in_a_tagged_conversation_is_not_feedback() -> None:
    raw = raw_mail("own-words-tagged").replace(b"sam+feedback@", b"ana@")
    raw = raw.replace(b"Subject: What", b"Subject: Re: #feedback What")
    assert understood(raw).kind == "ignored"
    assert understood(raw, tagged=("keyword",)).kind == "feedback"


@pytest.mark.parametrize(
    ("name", "words", "note", "hour"),
    [
        ("forward-gmail", "The comparison is too broad. Please cut the second cohort.", "For the aim 2 folder.", 23),
        ("forward-outlook-german", "Der Vergleich ist zu breit.", "", 23),
        ("forward-apple-french", "La comparaison est trop large.", "", 15),
        ("forward-html", "The comparison is too broad.", "FYI", 23),
        ("forward-attached", "The comparison is too broad.", "As attachment.", 15),
        ("forward-name-only", "The comparison is too broad.", "", 23),
    ],
)
def test_a_forward_is_filed_under_the_one_who_wrote_it(name: str, words: str, note: str, hour: int) -> None:
    found = of(name)
    assert (found.kind, found.mentor, found.writer) == ("feedback", "ana", "ana@example.org")
    assert found.visible_text == words
    assert found.note == note
    assert found.written_at is not None
    assert found.written_at.astimezone(UTC).strftime("%d %H") == f"02 {hour}"


def test_a_forward_of_an_unknown_writer_has_no_mentor() -> None:
    found = of("forward-unknown")
    assert (found.kind, found.mentor, found.writer) == ("feedback", None, "kim@elsewhere.example")


def test_a_reply_that_quotes_with_headers_is_the_owners_own_words() -> None:
    raw = raw_mail("forward-name-only").replace(b"FW: your", b"Re: your")
    raw = raw.replace(b"\n-----Original", b"\nI told her it is fixed.\n\n-----Original")
    found = understood(raw)
    assert (found.writer, found.mentor, found.visible_text) == ("sam@example.org", None, "I told her it is fixed.")


@pytest.mark.parametrize("name", ["no-message-id", "repeated-message-id"])
def test_i19_mail_with_no_or_two_message_ids_is_filed(name: str) -> None:
    found = of(name)
    assert (found.kind, found.mentor, found.visible_text) == ("feedback", "ana", "Keep going.")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("broken-encoded-words", "Keep going."),
        ("eight-bit-headers", "Gut so."),
        ("unknown-charset", "Keep it up, café and all."),
    ],
)
def test_i18_broken_mail_is_read_as_far_as_can_be(name: str, words: str) -> None:
    found = understood(raw_mail(name), tagged=("keyword",))
    assert (found.kind, found.mentor, found.visible_text) == ("feedback", "ana", words)


@pytest.mark.parametrize(
    ("name", "why"),
    [("pgp-mime", "PGP"), ("pgp-inline", "PGP"), ("smime-encrypted", "S/MIME"), ("winmail", "winmail.dat")],
)
def test_i18_words_that_cannot_be_read_say_so(name: str, why: str) -> None:
    found = of(name)
    assert (found.kind, found.visible_text) == ("feedback", "")
    assert why in found.reason


def test_without_an_owner_everyone_is_a_stranger() -> None:
    reply = understood(raw_mail("owner-reply"), owner=None)
    assert (reply.kind, reply.commands) == ("ignored", ())
    assert understood(raw_mail("own-words-tagged"), owner=None).kind == "feedback"
    forward = understood(raw_mail("forward-outlook-german"), owner=None)
    assert (forward.kind, forward.writer) == ("feedback", "ana@example.org")


def test_every_mail_we_have_says_why() -> None:
    for path in sorted(FOLDER.glob("*.eml")):
        assert understood(path.read_bytes()).reason, path.name


_PIECES = st.sampled_from([path.read_bytes() for path in sorted(FOLDER.glob("*.eml"))])


@st.composite
def _spoilt(draw: st.DrawFn) -> bytes:
    """A real mail with a piece cut out, put in from another, or overwritten."""
    raw, other = draw(_PIECES), draw(_PIECES)
    begin = draw(st.integers(0, len(raw)))
    end = draw(st.integers(begin, min(len(raw), begin + 60)))
    take = draw(st.integers(0, len(other)))
    piece = draw(st.one_of(st.binary(max_size=30), st.just(other[take : take + 200]), st.just(b"")))
    return raw[:begin] + piece + raw[end:]


@settings(deadline=None, max_examples=300)
@example(raw=b"Content-Type: multipart/mixed; boundary=\x80\n\nx", tagged=(), trusted="")  # a boundary that isn't ASCII
@given(st.one_of(st.binary(max_size=2000), _spoilt()), st.sampled_from([(), ("keyword",)]), st.sampled_from(["", MX]))
def test_i18_any_bytes_are_understood_or_malformed(raw: bytes, tagged: tuple[str, ...], trusted: str) -> None:
    try:
        found = understood(raw, tagged=tagged, trusted=trusted)
    except Malformed:
        return
    assert found.reason
    assert found.kind != "command" or (found.commands and found.headers.from_address == "sam@example.org")
    assert not found.commands or found.kind == "command"
