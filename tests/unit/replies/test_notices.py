"""Notices are told by their words, whichever case these are written in."""

from __future__ import annotations

import pytest

from mentorup_daemon.replies.notices import is_list_footer, is_notice

NOTICES = {
    "English": "This message is confidential and meant for the addressee only. If it came to you by error, delete it.",
    "German": (
        "Diese E-Mail ist vertraulich und nur für den Empfänger bestimmt. Haben Sie sie irrtümlich erhalten, "
        "löschen Sie sie bitte."
    ),
    "Turkish": "Bu ileti gizlidir ve yalnız alıcısı içindir. Yanlışlıkla aldıysanız lütfen silin.",
    "Greek": "Αυτό το μήνυμα είναι εμπιστευτικό. Αν το λάβατε κατά λάθος, διαγράψτε το.",
    "Russian": "Это сообщение конфиденциально. Если вы получили его по ошибке, удалите его.",
    "printing": "Please consider the environment before you print this.",
}


def capitals(text: str, language: str) -> str:
    """In capitals, as that language has them."""
    return (text.replace("i", "İ") if language == "Turkish" else text).upper()


@pytest.mark.parametrize("language", NOTICES)
def test_a_legal_notice_is_one_in_small_letters_and_in_capitals(language: str) -> None:
    assert is_notice(NOTICES[language])
    assert is_notice(capitals(NOTICES[language], language))


def test_a_list_footer_is_one_in_capitals() -> None:
    footer = "_______________\nLab mailing list\nLab@lists.example.org\nhttps://lists.example.org/mailman/listinfo/lab"
    assert is_list_footer(footer)
    assert is_list_footer(footer.upper())


@pytest.mark.parametrize("said", ["Keep this confidential.", "MY MESSAGE WENT TO THE WRONG ADDRESSEE BY ERROR."])
def test_a_word_or_two_of_a_notice_make_none(said: str) -> None:
    assert not is_notice(said)
