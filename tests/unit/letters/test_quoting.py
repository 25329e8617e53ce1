"""What of a mail is quoted back to its writer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentorup_daemon.letters.quoting import worth_quoting

SUBSTANCE = "Cut the second cohort. You can't power it."


@pytest.mark.parametrize(
    "text",
    [
        SUBSTANCE,
        f"Dear Sam,\n\n{SUBSTANCE}\n\nBest wishes,\nAna",
        f"Dear Sam,\n{SUBSTANCE}\n\nAna Ortiz",
        f"Sam,\n\n{SUBSTANCE}\n\nSee you Thursday,\nAna",
        f"Hi!\n\n{SUBSTANCE}\n\nCheers\n\nA. Ortiz",
        f"Lieber Sam!\n\n{SUBSTANCE}\n\nViele Grüße\nAna",
        "Hello Sam,\n\nCut the second cohort.\n\nYou can't power it.\n\nBest,",
    ],
)
def test_greeting_closing_and_name_are_left_out(text: str) -> None:
    assert worth_quoting(text, "Sam") == SUBSTANCE


@pytest.mark.parametrize(
    "text",
    [
        "Sam, cut the second cohort.\nYou can't power it.",
        "Two things:\ncut the second cohort,\nand talk to Kim",
        "Talk to these people.\nKim Lee",
        "Is Sam ready?\nI think so.",
        "Ana",
        "Dear Sam,",
    ],
)
def test_what_may_be_substance_stays(text: str) -> None:
    assert worth_quoting(text, "Sam") == " ".join(text.split())


def test_a_long_mail_is_quoted_up_to_the_end_of_a_sentence() -> None:
    sentence = "Send the page to Kim before you change anything else in it."
    quoted = worth_quoting(" ".join([sentence] * 20), "Sam")
    assert quoted == " ".join([sentence] * 5)


@given(st.text(alphabet="aA,.!? \nSam", max_size=400))
def test_only_its_own_words_in_their_order_and_never_nothing(text: str) -> None:
    quoted = worth_quoting(text, "Sam")
    assert bool(quoted) == bool(text.split())
    assert len(quoted) <= 300
    assert quoted.removesuffix("...") in " ".join(text.split())
