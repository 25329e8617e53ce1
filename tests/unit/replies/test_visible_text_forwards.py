"""Forwarded messages: who wrote them, when, and what stands before them."""

from __future__ import annotations

from pathlib import Path

import pytest

from mentorup_daemon.replies.bodies import bodies
from mentorup_daemon.replies.visible_text import forwarded_block, html_text
from tests.unit.replies.test_visible_text import CORPUS


@pytest.mark.parametrize("mail", sorted(CORPUS.glob("forward-??.eml")), ids=lambda mail: mail.stem)
def test_a_forward_in_each_language_names_its_writer(mail: Path) -> None:
    [body] = bodies(mail.read_bytes())
    block = forwarded_block(body.text)
    assert block is not None
    assert block.headers["from"] == "Sam Rivera <sam@example.net>"
    assert "2026" in block.headers["date"]
    assert block.headers["to"] == "Ana Ortiz <ana@example.org>"
    assert block.headers["subject"]
    assert "\n" not in block.before
    assert block.body.count("\n\n") == 2


def test_apple_quotes_what_it_forwards() -> None:
    block = forwarded_block(
        "Worth a look.\n\nBegin forwarded message:\n\n"
        "> From: Ben Lee <ben@example.org>\n> Subject: A grant\n>\n> In May.\n> Ben\n"
    )
    assert block is not None
    assert (block.before, block.body) == ("Worth a look.", "In May.\nBen")
    assert block.headers == {"from": "Ben Lee <ben@example.org>", "subject": "A grant"}


def test_a_forward_in_html() -> None:
    page = (
        "<div>Worth it.</div><div class=gmail_quote><div class=gmail_attr>---------- Forwarded message ---------<br>"
        "From: <b>Ben Lee</b> &lt;ben@example.org&gt;<br>Date: Mon, Nov 2, 2026<br>Subject: A grant<br>To: Ana<br>"
        "</div><div>In May.</div></div>"
    )
    block = forwarded_block(html_text(page, whole=True))
    assert block is not None
    assert block.headers["from"] == "Ben Lee <ben@example.org>"
    assert (block.before, block.body) == ("Worth it.", "In May.")


def test_a_long_subject_goes_on_to_the_next_line() -> None:
    block = forwarded_block(
        "---------- Forwarded message ----------\n"
        "From: ben@example.org\nSubject: a very\nlong one\nTo: ana@example.org\n\nHi.\n"
    )
    assert block is not None
    assert block.headers["subject"] == "a very long one"
    assert block.body == "Hi."


@pytest.mark.parametrize(
    "text",
    ["", "Just words.", "From: the lab\nTo: the clinic\n\nBy bike.", "Begin forwarded message:\n\nHello."],
)
def test_no_forward_where_none_is(text: str) -> None:
    assert forwarded_block(text) is None
