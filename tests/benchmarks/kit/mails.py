"""A mailbox from a seed, written straight into Dovecot's storage: a maildir of as many mails as one asks for.

Mails of people, lists and shops over some years, a kilobyte or two each. One in two thousand carries a tag, by its
subject or by the keyword `feedback`, which in a maildir is the letter `a` behind the comma and a line in
`dovecot-keywords`.
"""

from __future__ import annotations

import os
import random
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

from tests.benchmarks.kit.events import MENTORS, NOW, OWNER, SEED

_WORDS = "notes from the meeting about a draft for review next week with budget lab paper plan train call".split()
TAGGED_EVERY = 2_000
_BY_SUBJECT, _BY_KEYWORD = 5, 11


def tagged_among(number: int) -> int:
    """How many of so many mails carry a tag."""
    return sum(index % TAGGED_EVERY in (_BY_SUBJECT, _BY_KEYWORD) for index in range(number))


def write_maildir(directory: Path, number: int, *, seed: int = SEED) -> None:
    """Makes a maildir of `number` mails."""
    chance = random.Random(seed)
    for name in ("cur", "new", "tmp"):
        (directory / name).mkdir(parents=True)
    (directory / "dovecot-keywords").write_text("0 feedback\n")
    first = NOW - timedelta(days=5 * 365)
    for index in range(number):
        at = first + timedelta(minutes=index * 5 * 365 * 24 * 60 // number)
        raw = mail(index, at, chance, subject="#feedback " if index % TAGGED_EVERY == _BY_SUBJECT else "")
        flags = "Sa" if index % TAGGED_EVERY == _BY_KEYWORD else "S"
        path = directory / "cur" / f"{int(at.timestamp())}.M{index}.bench,S={len(raw)},W={len(raw)}:2,{flags}"
        path.write_bytes(raw)
        os.utime(path, (at.timestamp(), at.timestamp()))


def mail(index: int, at: datetime, chance: random.Random, *, subject: str = "", sender: str = "") -> bytes:
    """One mail with CRLF line ends."""
    sender = sender or chance.choice([*MENTORS.values(), *(f"guest{number}@example.com" for number in range(60))])
    words = " ".join(chance.choice(_WORDS) for _ in range(6))
    body = "\r\n".join(" ".join(chance.choice(_WORDS) for _ in range(12)) for _ in range(chance.randint(4, 30)))
    lines = [
        "Return-Path: <" + sender + ">",
        f"Received: from mx.example.net by mail.example.org; {format_datetime(at.astimezone(UTC))}",
        f"From: {sender}",
        f"To: {OWNER}",
        f"Subject: {subject}{words} {index}",
        f"Date: {format_datetime(at)}",
        f"Message-ID: <{index}.{chance.getrandbits(48):012x}@bench.example>",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "",
        body,
        "",
    ]
    return "\r\n".join(lines).encode()
