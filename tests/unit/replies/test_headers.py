"""Headers: read whatever their bytes, never an address that isn't there."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentorup_daemon.replies.addresses import addresses
from mentorup_daemon.replies.fields import decode_words
from mentorup_daemon.replies.headers import parse_headers
from tests.unit.replies.mails import raw_mail


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Ana Ortiz <Ana@Example.org>", [("Ana Ortiz", "ana@example.org")]),
        (
            '"Ortiz, Ana" <ana@e.org>, ben@e.org (Ben (B.) Li)',
            [("Ortiz, Ana", "ana@e.org"), ("Ben B. Li", "ben@e.org")],
        ),
        ("friends: a@b.c, D <d@e.f>;, g@h.i", [("", "a@b.c"), ("D", "d@e.f"), ("", "g@h.i")]),
        ("undisclosed-recipients:;", []),
        ('"Ana <ana@x.y>', [("", "ana@x.y")]),
        ("=?utf-8?B?PHNhbUBleGFtcGxlLm9yZz4=?= <evil@x.y>", [("<sam@example.org>", "evil@x.y")]),
        ("sam@example.org <evil@x.y>", [("sam@example.org", "evil@x.y")]),
        ("<a@x.y> <b@x.y>", [("", "a@x.y"), ("", "b@x.y")]),
        ("<@relay.x,@other.x:a@b.c>", [("", "a@b.c")]),
        ("nobody", []),
        ("(" * 50_000 + "a@b.c", [("", "a@b.c")]),
    ],
)
def test_addresses_are_found_in_every_form(value: str, expected: list[tuple[str, str]]) -> None:
    assert list(addresses(value)) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("=?utf-8?Q?Gr=C3?= =?utf-8?Q?=BC=C3=9Fe?=", "Grüße"),  # cut inside a character
        ("=?utf-8?B?YWJ?=", "ab"),  # padding forgotten
        ("Re: =?utf-8?Q?a_b?= =?iso-8859-1?Q?=E9?= c", "Re: a bé c"),
        ("=?no-such-charset?Q?caf=E9?=", "café"),
        ("=?idna?Q?xn--a?=", "xn--a"),  # a codec that isn't a charset
        ("=?utf-8?Q?one=0D=0ATo:_two?=", "one To: two"),  # no line end out of an encoded word
        ("=?iso-8859-1?Q?It=92s?=", "It’s"),  # Windows bytes under another name
        ("plain", "plain"),
        ("=?utf-8?Q?open", "=?utf-8?Q?open"),
    ],
)
def test_encoded_words_are_decoded_as_far_as_can_be(value: str, expected: str) -> None:
    assert decode_words(value) == expected


def test_i19_a_missing_message_id_is_empty_and_of_two_the_first_counts() -> None:
    assert parse_headers(raw_mail("no-message-id")).message_id == ""
    assert parse_headers(raw_mail("repeated-message-id")).message_id == "<one@example.org>"


def test_i19_message_ids_are_read_without_brackets_folded_and_between_other_words() -> None:
    headers = parse_headers(raw_mail("unusual-ids"))
    assert headers.message_id == "<bare.id@example.org>"
    assert headers.in_reply_to == ("<folded.id@example.org>",)
    assert headers.references == ("<a@b>", "<c@d>")
    assert headers.answers == ("<folded.id@example.org>", "<c@d>", "<a@b>")


def test_comments_and_groups_in_addresses() -> None:
    headers = parse_headers(raw_mail("unusual-ids"))
    assert (headers.from_address, headers.from_name) == ("ana@example.org", "Ana her Ortiz")
    assert headers.to == ("ben@example.net", "sam@example.org")


def test_raw_bytes_and_broken_words_become_text() -> None:
    headers = parse_headers(raw_mail("eight-bit-headers"))
    assert (headers.from_name, headers.subject) == ("Ána Ortíz", "Rückmeldung #feedback")
    broken = parse_headers(raw_mail("broken-encoded-words"))
    assert broken.from_name == "Ana Ortíz"
    assert broken.subject.startswith("✓ #feedback")
    assert broken.date is None


def test_a_bare_cr_begins_no_field() -> None:
    headers = parse_headers(raw_mail("bare-cr"))
    assert headers.from_address == "mallory@evil.example"


def test_dates_are_aware_or_none() -> None:
    def date(value: str) -> datetime | None:
        return parse_headers(f"Date: {value}\n\n".encode()).date

    assert date("Tue, 1 Dec 2026 08:00:00 -0000") == datetime(2026, 12, 1, 8, tzinfo=UTC)
    assert date("Tue, 1 Dec 2026 08:00:00 +0200") == datetime(2026, 12, 1, 6, tzinfo=UTC)
    assert date("Tue, 32 Dec 2026 08:00:00 +0000") is None
    assert date("Fri, 31 Dec 9999 23:59:59 -1200") is None
    assert date("") is None


def test_huge_headers_are_bounded() -> None:
    headers = parse_headers(b"Subject: " + b"x" * 2_000_000 + b"\nFrom: ana@example.org\n\n")
    assert len(headers.subject) <= 32 * 1024
    many = parse_headers(b"References: " + b"<a%d@b>\n " * 20_000 % tuple(range(20_000)) + b"\n\n")
    assert len(many.references) <= 200


@settings(deadline=None)
@given(st.binary(max_size=3000))
def test_any_bytes_give_headers_without_line_ends(raw: bytes) -> None:
    headers = parse_headers(raw)
    texts = (
        headers.subject,
        headers.from_name,
        headers.from_address,
        headers.message_id,
        *headers.to,
        *headers.answers,
    )
    assert not any(set(text) & set("\r\n\0") for text in texts)


@settings(deadline=None)
@given(st.text(max_size=500))
def test_any_address_field_gives_addresses_with_one_at_sign_and_no_blanks(value: str) -> None:
    for _, address in addresses(value):
        assert address.rpartition("@")[2]
        assert not set(address.rpartition("@")[2]) & set(" \t\r\n<>,;")
