"""I22: the digest changes with what a person edits, and with nothing that servers and mail programs do on their own."""

from __future__ import annotations

import base64
import email
import quopri
from dataclasses import replace
from email import policy
from email.header import Header

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentorup_daemon.letters.digest import content_digest
from mentorup_daemon.letters.message import draft
from mentorup_daemon.letters.rendered import Rendered
from mentorup_daemon.letters.samples import ANA, NOW, SAM

ID = "<0123abcd@example.org>"
line = st.text(alphabet=st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp"), max_codepoint=0x1FFFF))
words = st.lists(line, max_size=6).map("\n".join)


def written(subject: str, text: str, html: str = "<p>Hi</p>\n", name: str = "Ana Ortiz") -> bytes:
    person = replace(ANA, name=name)
    return draft(SAM, [person], Rendered(subject, text, html), message_id=ID, at=NOW, ready=True)


def rewritten(raw: bytes, encoding: str, *, refold: bool) -> bytes:
    """As a server or a mail program hands it back: other encodings, other folding, more headers, other line ends."""
    message = email.message_from_bytes(raw, policy=policy.compat32)
    parts = message.get_payload()
    assert isinstance(parts, list)
    lines = ["Received: from here\n by there", "X-Mozilla-Draft-Info: internal/draft; vcard=0"]
    for name in ("From", "To", "Date", "Message-ID"):
        value = " ".join(str(message[name]).split())
        lines.append(f"{name}: {value.replace('> ', '>  ')}")
    subject = str(email.header.make_header(email.header.decode_header(message["Subject"])))
    lines.append("Subject: " + (Header(subject, "utf-8", maxlinelen=40).encode() if refold else message["Subject"]))
    lines += ["MIME-Version: 1.0", 'Content-Type: multipart/alternative; boundary="another"', ""]
    for part in parts:
        octets = part.get_payload(decode=True)
        encoded = {
            "base64": base64.encodebytes(octets),
            "quoted-printable": quopri.encodestring(octets.replace(b"\r\n", b"\n")),
            "8bit": octets.replace(b"\r\n", b"\n"),
        }[encoding]
        lines += ["--another", f"Content-Type: {part.get_content_type()}; charset=UTF-8; format=flowed"]
        lines += [f"Content-Transfer-Encoding: {encoding}", "", encoded.decode("utf-8")]
    return "\n".join([*lines, "--another--", ""]).encode()


@given(line, words, st.sampled_from(["base64", "quoted-printable", "8bit"]), st.booleans())
def test_i22_rewriting_without_editing_keeps_the_digest(subject: str, text: str, encoding: str, refold: bool) -> None:
    raw = written(subject, text)
    assert content_digest(rewritten(raw, encoding, refold=refold)) == content_digest(raw)


@given(words, st.data())
def test_i22_a_changed_letter_in_the_text_changes_the_digest(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text)))
    assert content_digest(written("x", text[:at] + "Q" + text[at:])) != content_digest(written("x", text))


@given(line, line)
def test_i22_another_subject_changes_the_digest(one: str, other: str) -> None:
    same = content_digest(written(one, "Hi")) == content_digest(written(other, "Hi"))
    assert same == (" ".join(one.split()) == " ".join(other.split())) or _normal(one) == _normal(other)


def _normal(text: str) -> str:
    import unicodedata

    from mentorup_daemon.letters.headers import flat

    return " ".join(unicodedata.normalize("NFC", flat(text)).split())


RAW = written("Thursday", "Dear Ana,\n\nhello\n")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"To: Ana Ortiz <ana@example.org>\r\n", b""),
        (b"<ana@example.org>", b"<ana@example.net>"),
        (b"To: Ana Ortiz", b"To: Kim <kim@example.org>, Ana Ortiz"),
        (b"Date:", b"Cc: kim@example.org\r\nDate:"),
        (b"Date:", b"Bcc: kim@example.org\r\nDate:"),
        (b"Subject: Thursday", b"Subject: Friday"),
        (b"hello", b"hullo"),
        (b"<p>Hi</p>", b"<p>Ho</p>"),
        (b"To: Ana Ortiz <ana@example.org>", b"To: Ana Ortiz"),
        (b"To: Ana Ortiz <ana@example.org>", b"To: <>"),
    ],
)
def test_i22_each_edit_counts(old: bytes, new: bytes) -> None:
    assert old in RAW
    assert content_digest(RAW.replace(old, new)) != content_digest(RAW)


def test_i22_an_attachment_counts() -> None:
    message = email.message_from_bytes(RAW, policy=policy.default)
    message.make_mixed()  # type: ignore[attr-defined]
    without = content_digest(message.as_bytes())
    message.add_attachment(b"%PDF-1", maintype="application", subtype="pdf", filename="aim2.pdf")  # type: ignore[attr-defined]
    assert content_digest(message.as_bytes()) != without == content_digest(RAW)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"To: Ana Ortiz <ana@example.org>", b'To: "Ana Ortiz" <ANA@example.org>'),
        (b"To: Ana Ortiz <ana@example.org>", b"To: =?utf-8?q?Ana?=\r\n =?utf-8?q?_Ortiz?= <ana@example.org>"),
        (b"hello\r\n", b"hello  \r\n\r\n\r\n"),
        (b"Date: Tue", b"X-Keep: 1\r\nDate: Wed"),
        (b"\r\n", b"\n"),
    ],
)
def test_i22_what_programs_do_on_their_own_does_not_count(old: bytes, new: bytes) -> None:
    assert old in RAW
    assert content_digest(RAW.replace(old, new)) == content_digest(RAW)


@given(st.binary(max_size=400))
def test_anything_at_all_has_a_digest(raw: bytes) -> None:
    assert len(content_digest(raw)) == 64


def test_broken_encodings_are_compared_as_they_stand() -> None:
    one = b"Subject: =?utf-8?b?A?=\r\nContent-Type: text/plain; charset=nonsense\r\n\r\n\xff\xfe"
    assert content_digest(one) != content_digest(one.replace(b"\xfe", b"\xfd"))
    assert content_digest(one) != content_digest(one.replace(b"?A?", b"?B?"))
