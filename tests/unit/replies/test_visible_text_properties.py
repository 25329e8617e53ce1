"""What holds for any input: no words lost above a quote, a cleaned text left alone, never an error, no hanging."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mentorup_daemon.replies.visible_text import (
    forwarded_block,
    visible_text,
    visible_text_of_html,
    visible_text_of_plain,
)
from tests.data import adversarial
from tests.unit.replies.test_visible_text import MAILS

HISTORIES = [
    "On Mon, Nov 2, 2026 at 9:14 AM Sam <\nsam@example.net> wrote:\n\n> Hi\n>\n> there\n",
    "Am 02.11.26 um 09:14 schrieb Sam Rivera:\n> Hallo\n",
    "-----Original Message-----\nFrom: Sam <sam@example.net>\nSent: Monday, November 2, 2026\nSubject: x\n\nHi\n",
    "____________\nVon: Sam <sam@example.net>\nGesendet: 2. November 2026 09:14\nAn: Ana\nBetreff: x\n\nHallo\n",
    "---------- Forwarded message ---------\nFrom: Sam <sam@example.net>\nSubject: x\n\nHi\n",
    "2026年11月2日(月) 9:14 Sam <sam@example.net>:\n\n> Hi\n",
    "> Hi\n> there\n",
]
WORD = st.sampled_from(
    "we met on Monday and the reviewers wrote that from here to there it was sent off in 2026 at nine - as Ben said - "
    "yes no Le projet am Ende el dato из дома 今日 50% >half (see below) x@y.org 12:30".split()
)
PARAGRAPH = st.lists(WORD, min_size=3, max_size=30).map(lambda words: "So " + " ".join(words) + ".")
LINES = """
Hello Sam,
> quoted
>> deeper
--
____
-----
Sent from my iPhone
Best,
Ana Ortiz
Tel: +1 555 010 0199
www.example.org
On Mon, Nov 2, 2026 at 9:14 AM Sam Rivera <sam@example.net> wrote:
Sam wrote:
wrote:
From: Sam <sam@example.net>
Sent: Monday, November 2, 2026 9:14 AM
Subject: x
To: Ana
-----Original Message-----
Begin forwarded message:
>From here
>50% of them
AO> x
a line of words
:
To unsubscribe: https://example.org/lists
lab-list mailing list
[cid:image001.png]
Professor of Biology
This e-mail is confidential, for the intended recipient only; if received in error, delete it.
""".split("\n")
LINE = st.sampled_from(["", "-- ", *LINES])
BODY = st.lists(LINE, max_size=25).map("\n".join)


@given(st.lists(PARAGRAPH, min_size=1, max_size=3), st.sampled_from(HISTORIES))
def test_paragraphs_above_any_history_survive(paragraphs: list[str], history: str) -> None:
    own = "\n\n".join(paragraphs)
    assert visible_text_of_plain(f"{own}\n\n{history}").text == own


@given(st.lists(PARAGRAPH, min_size=1, max_size=3), st.sampled_from(HISTORIES[:2]))
def test_paragraphs_below_a_quote_survive(paragraphs: list[str], history: str) -> None:
    own = "\n\n".join(paragraphs)
    assert visible_text_of_plain(f"{history}\n{own}").text == own


@given(st.lists(PARAGRAPH, min_size=1, max_size=3))
def test_a_letter_without_marks_is_all_its_writers(paragraphs: list[str]) -> None:
    own = "\n\n".join(paragraphs)
    assert visible_text_of_plain(own).text == own


@given(BODY)
@example("--\n" * 30)
@example("-- \nAna\n\n--\nAna\n\n> x\n\n--")
def test_a_cleaned_text_is_left_alone(body: str) -> None:
    once = visible_text_of_plain(body).text
    assert visible_text_of_plain(once).text == once


@given(BODY)
def test_no_line_is_made_up(body: str) -> None:
    lines = {line.strip() for line in body.split("\n")} | {"From here"}
    assert {line.strip() for line in visible_text_of_plain(body).text.split("\n")} <= lines | {""}


@given(st.binary(max_size=2000))
def test_any_bytes_are_read(raw: bytes) -> None:
    visible_text(raw)


@given(st.text(max_size=1000))
def test_any_text_is_read(text: str) -> None:
    visible_text_of_plain(text, flowed=True, delsp=True)
    visible_text_of_html(text)
    forwarded_block(text)


@given(st.sampled_from(MAILS), st.data())
def test_a_mail_damaged_in_transit_is_read(mail: Path, data: st.DataObject) -> None:
    raw = mail.read_bytes()
    at = data.draw(st.integers(0, len(raw)))
    visible_text(raw[:at] + data.draw(st.binary(max_size=20)) + raw[at + data.draw(st.integers(0, 200)) :])


@pytest.mark.parametrize("name", adversarial.plain(10))
def test_hostile_text_ends(name: str) -> None:
    body = adversarial.plain()[name]
    own = visible_text_of_plain(f"My own words.\n\n{body}").text
    assert own.startswith("My own words.")


@pytest.mark.parametrize("name", adversarial.html(10))
def test_hostile_html_ends(name: str) -> None:
    body = adversarial.html()[name]
    assert visible_text_of_html(f"<p>My own words.</p>{body}").text.startswith("My own words.")


@pytest.mark.parametrize("name", adversarial.messages(10))
def test_hostile_messages_end(name: str) -> None:
    assert len(visible_text(adversarial.messages()[name]).text) <= 2 * adversarial.MEGABYTE


def test_words_below_any_depth_of_nesting_are_kept() -> None:
    assert visible_text_of_html("<div>" * 200_000 + "words").text == "words"


@pytest.mark.parametrize("boundary", [b'"\xffmix"', b'""', b"*=x", b'"' + b"b" * 5000 + b'"'])
def test_a_broken_boundary_is_read(boundary: bytes) -> None:
    raw = b"Content-Type: multipart/mixed; boundary=" + boundary + b"\n\n--mix\n\nMy own words.\n"
    assert "My own words." in visible_text(raw).text
