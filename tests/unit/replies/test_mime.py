"""The parts of a message: found in any bytes, refused where they are without end."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentorup_daemon.errors import Malformed
from mentorup_daemon.replies.mime import MOST_BYTES, parts_of
from tests.unit.replies.mails import raw_mail


def test_parts_of_an_attached_message_in_order() -> None:
    found = parts_of(raw_mail("forward-attached"))
    assert [(part.kind, len(part.inside)) for part in found] == [
        ("multipart/mixed", 0),
        ("text/plain", 1),
        ("message/rfc822", 1),
        ("multipart/alternative", 2),
        ("text/plain", 3),
        ("text/html", 3),
    ]
    assert found[1].body == b"As attachment."
    assert found[2].body.startswith(b"From: Ana Ortiz")
    assert found[2].body.endswith(b"--in--\n")
    assert found[4].body == b"The comparison is too broad."


def test_line_ends_a_missing_end_and_a_boundary_inside_words() -> None:
    raw = b'Content-Type: multipart/mixed; boundary="b c"\r\n\r\npreamble\r\n'
    raw += b"--b c\r\n\r\none\r\n--b cd\r\n--b c  \r\n\r\ntwo"
    assert [part.body for part in parts_of(raw)[1:]] == [b"one\r\n--b cd", b"two"]


def test_encodings_are_undone_as_far_as_can_be() -> None:
    def body(encoding: bytes, coded: bytes) -> bytes:
        return parts_of(b"Content-Transfer-Encoding: " + encoding + b"\n\n" + coded)[0].body

    assert body(b"base64", b"S2VlcCBnb2luZw==") == b"Keep going"
    assert body(b"base64", b"S2Vl\n cCBn!b2luZwA") == b"Keep going\x00"
    assert body(b"quoted-printable", b"caf=C3=A9=\n s=ZZ") == b"caf\xc3\xa9 s=ZZ"
    assert body(b"x-unknown", b"as it is") == b"as it is"


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"Subject: x\n\n" + b"x" * MOST_BYTES, "25 MB"),
        (b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 5_000, "1,000 parts"),
        (
            b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(2_000)),
            "50 levels",
        ),
        (b"Content-Type: message/rfc822\n\n" * 5_000, "50 levels"),
    ],
    ids=["60 MB", "5,000 parts", "2,000 levels", "5,000 messages"],
)
def test_i18_what_no_person_writes_is_refused_with_its_reason(raw: bytes, why: str) -> None:
    with pytest.raises(Malformed, match=why):
        parts_of(raw)


def test_i18_millions_of_dashed_lines_are_only_text() -> None:
    assert len(parts_of(b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--c\n" * 1_000_000)) == 1


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [b"Content-Type: multipart/mixed; boundary=a\n", b"Content-Type: multipart/x; boundary=b\n", b"\n",
             b"--a\n", b"--b\r\n", b"--a--\n", b"--b--", b"Content-Type: message/rfc822\n", b"text\n", b"\r\n",
             b"--", b"\0"]
        ),
        max_size=60,
    ).map(b"".join)
)  # fmt: skip
def test_parts_lie_inside_the_message_and_inside_each_other(raw: bytes) -> None:
    try:
        found = parts_of(raw)
    except Malformed:
        return
    assert found[0].start == 0
    for part in found:
        assert 0 <= part.start <= part.body_start <= part.end <= len(raw)
    assert [part.start for part in found] == sorted(part.start for part in found)
