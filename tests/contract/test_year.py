"""A year of Sam's life on real servers, checked mail by mail against a transcript that is read like a diary.

The transcript lies in tests/data/year/, a file a month. With MENTORUP_WRITE_YEAR=1 the test writes it anew: then read
what changed as Sam would, before it is committed.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from mentorup_daemon.rules.hours import in_hours
from tests.servers.caldav import CalDavServer
from tests.servers.imap import Mailserver
from tests.servers.world import World
from tests.year.cast import PEOPLE, at
from tests.year.life import Life
from tests.year.story import OUTAGE, year

TRANSCRIPT = Path(__file__).parents[1] / "data" / "year"


@pytest.fixture
def life(dovecot: Mailserver, radicale: CalDavServer, tmp_path: Path) -> Iterator[Life]:
    world = World(dovecot, radicale, tmp_path, now=at(1, 4, 9), mentors=PEOPLE)
    with dovecot.client() as client:
        yield Life(world, client)
    world.restart()


@pytest.mark.debian
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_year_of_sams_life_reads_as_the_transcript_says(life: Life) -> None:
    try:
        _live(life)
    finally:  # half a year is worth reading, too
        told = {month: "\n".join(lines) + "\n" for month, lines in life.told.items()}
        if os.environ.get("MENTORUP_WRITE_YEAR"):
            for month, text in told.items():
                (TRANSCRIPT / f"{month}.txt").write_text(text, encoding="utf-8")
    kept = {path.stem: path.read_text(encoding="utf-8") for path in TRANSCRIPT.glob("*.txt")}
    assert told.keys() == kept.keys()
    for month in sorted(told):
        assert told[month] == kept[month], month
    _holds(life)


def _live(life: Life) -> None:
    for moment, happening in year():
        if life.now < OUTAGE[0] < moment:
            life.until(OUTAGE[0])
        life.until(moment, outage=life.now >= OUTAGE[0] and moment <= OUTAGE[1])
        happening(life)


def _holds(life: Life) -> None:
    """What the transcript can't be trusted to show."""
    owner = life.world.account.owner
    notes = [(moment, one) for moment, place, one in life.came if place == "INBOX"]
    ids = Counter(str(one["Message-ID"]) for _, _, one in life.came)
    assert max(ids.values()) == 1, "a message came twice"
    for moment, note in notes:
        assert in_hours(moment, owner) or str(note["Subject"]).startswith("Re: "), f"{note['Subject']} at {moment}"
        assert OUTAGE[0] > moment or moment >= OUTAGE[1]
