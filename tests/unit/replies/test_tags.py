"""Tags that a message carries in itself."""

from __future__ import annotations

import pytest

from mentorup_daemon.records import MessageHeaders, Tags
from mentorup_daemon.replies.tags import message_tags
from tests.unit.replies.mails import OWNER


@pytest.mark.parametrize(
    ("subject", "tagged"),
    [
        ("Your talk #feedback", True),
        ("#Feedback: your talk", True),
        ("(#feedback)", True),
        ("#feedbackloop", False),
        ("#feedback-form", False),
        ("##feedback", False),
        ("feedback", False),
        ("", False),
    ],
)
def test_a_hashtag_is_a_word_of_its_own(subject: str, tagged: bool) -> None:
    found = message_tags(MessageHeaders(subject=subject), Tags(), OWNER.addresses)
    assert found == (("subject",) if tagged else ())


@pytest.mark.parametrize("field", ["to", "cc", "delivered_to"])
def test_a_plus_address_of_the_owner_tags_in_every_recipient_field(field: str) -> None:
    headers = MessageHeaders(**{field: ("ana@example.org", "sam+feedback@example.org")})
    assert message_tags(headers, Tags(), OWNER.addresses) == ("plus_address",)


@pytest.mark.parametrize(
    "address",
    ["ana+feedback@example.org", "sam+feedback@elsewhere.example", "sam+feedbacks@example.org", "sam@example.org"],
)
def test_other_addresses_do_not(address: str) -> None:
    assert message_tags(MessageHeaders(to=(address,)), Tags(), OWNER.addresses) == ()


def test_without_an_owner_any_address_may_be_theirs() -> None:
    assert message_tags(MessageHeaders(to=("x+feedback@y.z",)), Tags(), None) == ("plus_address",)


def test_configured_tags_and_none_at_all() -> None:
    headers = MessageHeaders(subject="Lob +note", to=("sam+notes@example.org",))
    assert message_tags(headers, Tags(subjects=("+note",), plus_addresses=("notes",)), OWNER.addresses) == (
        "subject",
        "plus_address",
    )
    assert message_tags(headers, Tags(subjects=("",), plus_addresses=()), OWNER.addresses) == ()
