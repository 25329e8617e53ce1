"""Notes and drafts as bytes: what their headers say, and what no text can make them say."""

from __future__ import annotations

import email
import re
from dataclasses import replace
from datetime import datetime
from email import policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import getaddresses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentorup_daemon.errors import Malformed
from mentorup_daemon.letters.headers import ascii_domain, field, flat
from mentorup_daemon.letters.message import draft, note
from mentorup_daemon.letters.rendered import Rendered
from mentorup_daemon.letters.samples import ANA, BEN, NOW, SAM

ID = "<0123abcd@example.org>"
LETTER = Rendered("Ana on Thursday", "Hello Sam,\nread this.\n", "<p>Hello Sam</p>\n")


def parsed(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def a_note(rendered: Rendered = LETTER, **more: object) -> bytes:
    return note(SAM, rendered, message_id=ID, at=NOW, **more)  # type: ignore[arg-type]


def a_draft(rendered: Rendered = LETTER, *, ready: bool = True) -> bytes:
    return draft(SAM, [ANA], rendered, message_id=ID, at=NOW, ready=ready)


def names_of(raw: bytes) -> list[str]:
    return [
        line.partition(b":")[0].decode() for line in raw.partition(b"\r\n\r\n")[0].split(b"\r\n") if line[:1] != b" "
    ]


def test_a_note_goes_from_mentorup_to_the_owner() -> None:
    message = parsed(a_note())
    assert message["From"] == "MentorUp <sam@example.org>"
    assert message["To"] == "Sam Rivera <sam@example.org>"
    assert message["Subject"] == "Ana on Thursday"
    assert message["Date"].datetime == NOW
    assert message["Message-ID"] == ID


def test_i20_a_note_says_that_a_program_wrote_it() -> None:
    message = parsed(a_note())
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Id"] == "MentorUp <mentorup.example.org>"


def test_a_note_hangs_in_its_thread() -> None:
    message = parsed(a_note(thread=("<a@x.org>", "<b@x.org>")))
    assert message["In-Reply-To"] == "<b@x.org>"
    assert message["References"].split() == ["<a@x.org>", "<b@x.org>"]


def test_a_receipt_answers_the_owners_reply() -> None:
    message = parsed(a_note(thread=("<a@x.org>",), in_reply_to="<reply@phone.example>"))
    assert message["In-Reply-To"] == "<reply@phone.example>"
    assert message["References"].split() == ["<a@x.org>", "<reply@phone.example>"]


def test_both_parts_are_there_in_the_order_of_preference() -> None:
    message = parsed(a_note(replace(LETTER, text="Grüße\n", html="<p>Grüße</p>\n")))
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert [part.get_content().rstrip() for part in message.iter_parts()] == ["Grüße", "<p>Grüße</p>"]


def test_a_draft_is_the_owners_own_message() -> None:
    message = parsed(a_draft())
    assert message["From"] == "Sam Rivera <sam@example.org>"
    assert message["To"] == "Ana Ortiz <ana@example.org>"


def test_a_draft_that_is_not_ready_has_no_recipient() -> None:
    assert set(names_of(a_draft(ready=False))) == set(names_of(a_draft())) - {"To"}
    assert b"ana@" not in a_draft(ready=False)


def test_a_recipient_without_an_address_leaves_no_empty_field() -> None:
    raw = draft(SAM, [replace(ANA, emails=())], LETTER, message_id=ID, at=NOW, ready=True)
    assert "To" not in names_of(raw)


def test_a_draft_bears_no_trace_of_the_machinery() -> None:
    raw = a_draft()
    assert names_of(raw) == ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"]
    assert not re.search(rb"mentorup|auto-submitted|list-id|x-|python|jinja", raw, re.IGNORECASE)


def test_the_same_letter_is_the_same_bytes() -> None:
    assert a_draft() == a_draft()
    assert a_note() == a_note()


def test_lines_end_in_crlf_and_stay_within_the_limit() -> None:
    raw = a_note(replace(LETTER, subject="ä" * 300, text="long " * 500 + "\n", html="x" * 5000))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert all(len(line) <= 78 for line in raw.partition(b"\r\n\r\n")[0].split(b"\r\n"))


def test_an_address_that_is_none_is_refused_in_words() -> None:
    broken = replace(SAM, email="sam@exa mple.org>\r\nBcc: eve@example.net")
    with pytest.raises(Malformed, match="no address"):
        note(broken, LETTER, message_id=ID, at=NOW)


@pytest.mark.parametrize("bad", ["", "no brackets", "<a@b>\r\nBcc: x", "<a b@c>"])
def test_a_message_id_that_is_none_is_refused(bad: str) -> None:
    with pytest.raises(Malformed, match="Message-ID"):
        note(SAM, LETTER, message_id=bad, at=NOW)


def test_foreign_message_ids_cannot_bring_headers_along() -> None:
    raw = a_note(thread=("<a@b>\r\nBcc: eve@example.net", "<good@x.org>"), in_reply_to="<q@x>\nX: y")
    assert parsed(raw)["References"] == "<good@x.org>"
    assert set(names_of(raw)) <= set(names_of(a_note(thread=("<good@x.org>",))))


def test_internationalised_domains_are_written_in_ascii() -> None:
    assert ascii_domain("bücher.example") == "xn--bcher-kva.example"
    assert ascii_domain("") == "localhost"
    assert ascii_domain("a..b") == "localhost"


any_text = st.text() | st.text(alphabet="\r\n\0\t :=?<>\"'\\,;@aé\u2028\u202e\x85=?utf-8?q?x?=").filter(bool)


@given(subject=any_text, name=any_text, text=any_text)
def test_t02_no_text_makes_a_header(subject: str, name: str, text: str) -> None:
    letter = Rendered(subject, text, text)
    for raw, plain in (
        (note(replace(SAM, name=name), letter, message_id=ID, at=NOW), a_note()),
        (draft(SAM, [replace(ANA, name=name)], letter, message_id=ID, at=NOW, ready=True), a_draft()),
    ):
        assert names_of(raw) == names_of(plain)
        message = parsed(raw)
        assert message.get_content_type() == "multipart/alternative"
        assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
        assert "eve@example.net" not in str(message["To"])


@given(any_text)
def test_t02_a_subject_comes_through_as_it_was_meant(subject: str) -> None:
    decoded = str(email.message_from_string(field("Subject", subject), policy=policy.default)["Subject"])
    assert decoded == flat(subject)


@given(any_text)
def test_names_come_through_as_they_were_meant(name: str) -> None:
    raw = draft(SAM, [replace(BEN, name=name)], LETTER, message_id=ID, at=NOW, ready=True)
    value = email.message_from_bytes(raw, policy=policy.compat32)["To"]
    ((shown, address),) = getaddresses([value])  # the newer parser puts blanks between encoded words of a name
    assert address == "ben@example.net"
    assert str(make_header(decode_header(shown))) == flat(name)


def test_dates_carry_the_owners_offset() -> None:
    assert "-0800" in parsed(a_note())["Date"]
    assert isinstance(NOW, datetime)
