"""The corpus: every mail gives exactly the words that stand beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mentorup_daemon.replies.visible_text import (
    InlineAnswer,
    visible_text,
    visible_text_of_html,
    visible_text_of_plain,
)

CORPUS = Path(__file__).parent.parent.parent / "data" / "replies"
MAILS = sorted(CORPUS.glob("*.eml"))


def test_the_corpus_is_there() -> None:
    assert len(MAILS) >= 300


@pytest.mark.parametrize("mail", MAILS, ids=lambda mail: mail.stem)
def test_the_words_of_each_mail(mail: Path) -> None:
    expected = mail.with_suffix(".txt").read_text(encoding="utf-8").strip("\n")
    assert visible_text(mail.read_bytes()).text == expected


def test_an_answer_keeps_the_lines_it_answers() -> None:
    found = visible_text_of_plain(
        "On 3 May 2026 at 9:00, Sam wrote:\n> Hello,\n>\n> can we\n> meet?\n\nYes.\n\n> When?\n\nAt two.\n"
    )
    assert found.answers == (InlineAnswer("can we\nmeet?", "Yes."), InlineAnswer("When?", "At two."))


def test_words_above_the_quote_answer_nothing() -> None:
    assert visible_text_of_plain("Yes.\n\nSam wrote:\n> Can we meet?\n").answers == ()


def test_answers_in_html_keep_what_they_answer() -> None:
    found = visible_text_of_html("<blockquote type=cite>Can we meet?</blockquote><div>Yes.</div>")
    assert found.answers == (InlineAnswer("Can we meet?", "Yes."),)


def test_history_without_marks_is_kept_when_nothing_else_was_said() -> None:
    body = "On Mon, Nov 2, 2026 at 9:14 AM Sam Rivera <sam@example.net> wrote:\n\nThursday?\n\nYes, Thursday.\n"
    assert visible_text_of_plain(body).text == "Thursday?\n\nYes, Thursday."
