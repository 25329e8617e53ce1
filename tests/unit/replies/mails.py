"""The mails of tests/data/mails, and the account that they come to."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from mentorup_daemon.records import Mentor, MessageHeaders, Owner, Tags, Understood
from mentorup_daemon.replies.understand import understand

FOLDER = Path(__file__).parents[2] / "data" / "mails"
NOTE = "<mu.8f2c1d.agenda@mentorup.example.org>"
DRAFT = "<draft.4411@example.org>"
OWNER = Owner(name="Sam Rivera", email="sam@example.org", timezone="America/Los_Angeles")
ANA = Mentor(id="ana", name="Ana Ortiz", emails=("ana@example.org",))
BEN = Mentor(id="ben", name="Dr. Ben Li", emails=("ben@example.net",))
PEOPLE = (ANA, BEN)
NOW = datetime(2026, 11, 30, 18, 0, tzinfo=UTC)  # Monday, 10:00 for the owner


def raw_mail(name: str) -> bytes:
    """The bytes of one of the mails."""
    return (FOLDER / f"{name}.eml").read_bytes()


def answers_note(headers: MessageHeaders) -> bool:
    """True for a reply to the one note that was written."""
    return NOTE in headers.answers


def answers_draft(headers: MessageHeaders) -> bool:
    """True for a reply to the one draft that was sent."""
    return DRAFT in headers.answers


def understood(
    raw: bytes,
    *,
    owner: Owner | None = OWNER,
    tagged: tuple[str, ...] = (),
    trusted: str = "",
    store: bool = True,
) -> Understood:
    """What the account's service would take `raw` for; without a store nobody knows what it answers."""
    return understand(
        raw,
        owner=owner,
        people=PEOPLE,
        tags=Tags(),
        now=NOW,
        tagged=tagged,
        answers_note=answers_note if store else lambda _: None,
        answers_draft=answers_draft if store else lambda _: False,
        trusted_authserv_id=trusted,
    )
