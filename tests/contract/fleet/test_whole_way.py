"""The whole way on PostgreSQL with real servers: from a meeting to its note, its draft, and the reply that is filed.

And what happens on the way when every connection to the database is lost, or the database is started anew: a pass says
that the store can't be reached, the next one takes it up, and nothing is lost or there twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event as sql_event

from mentorup_daemon.errors import Busy
from mentorup_daemon.service.account import go_on
from mentorup_daemon.service.tend import EVERYWHERE, tend
from mentorup_daemon.store import mail as kept_mail
from mentorup_daemon.store import originals
from tests.servers.caldav import CalDavServer
from tests.servers.imap import Mailserver
from tests.servers.postgres import Postgres
from tests.servers.process import cli
from tests.servers.world import ANA, MONDAY, SAM, World, body, event

pytestmark = pytest.mark.debian
ROUNDS = 8


@pytest.fixture
def world(dovecot: Mailserver, radicale: CalDavServer, tmp_path: Path, postgres_store: Postgres) -> Iterator[World]:
    """Sam's world with its store on PostgreSQL."""
    made = World(dovecot, radicale, tmp_path)
    made.changes["store"] = {"url": postgres_store.url}
    made.acquaint()
    yield made
    made.restart()


def test_i8_a_meeting_becomes_note_and_draft_and_the_reply_is_filed_with_its_original(
    world: World, postgres_store: Postgres
) -> None:
    world.meet("first", MONDAY + timedelta(days=1, hours=5))
    store = world.account.store
    with store.exclusive():
        world.tend()
        [note], [draft] = world.notes, world.drafts
        assert "Ana" in note["Subject"]
        assert draft["To"] is None
        world.reply(note, "ADD K award: this cycle or next? (decision, 15 min)")
        world.tend()
        [draft] = world.drafts
        assert draft["To"].addresses[0].addr_spec == ANA
        assert "K award: this cycle or next?" in body(draft)
        world.write("Slow down on the results.", to=SAM, sender=ANA, subject="Your talk #feedback")
        world.tend()
        raw = next(raw for _, _, raw in world.mail.messages() if b"Slow down on the results." in raw)
        [item] = world.records().feedback
        assert (item.text, item.mentor) == ("Slow down on the results.", "ana")
        assert originals.read(store, item.original) == raw
        before = len(world.notes), len(world.drafts)
        world.tend()
    assert not (world.state / "mail").exists()
    world.restart()
    world.tend()
    assert (len(world.notes), len(world.drafts)) == before
    listed = json.loads(cli(world, "feedback", "list", "--json").stdout)
    assert [one["text"] for one in listed] == ["Slow down on the results."]
    forgotten = json.loads(cli(world, "mentors", "forget", "ana", "--yes", "--json").stdout)
    assert forgotten["removed"]["originals of mail"] == 1
    assert postgres_store.ask("SELECT count(*) FROM originals") == [(0,)]
    postgres_store.ask("INSERT INTO threads VALUES ('other', '<m@x>', 'key', false)")
    world.restart()
    purged = json.loads(cli(world, "purge", "--account", "--yes", "--json").stdout)
    assert purged["removed"]["read messages"] >= 1
    assert purged["removed"]["threads"] == 0
    assert postgres_store.ask("SELECT count(*) FROM read_messages") == [(0,)]
    assert postgres_store.ask("SELECT count(*) FROM threads") == [(1,)]


def test_i8_check_tells_how_the_database_stands_and_a_rehearsal_leaves_it_alone(
    world: World, postgres_store: Postgres
) -> None:
    [told] = [one for one in json.loads(cli(world, "check", "--json").stdout) if one["name"] == "store"]
    assert "up to date" in told["message"]
    world.meet("first", datetime.now(UTC) + timedelta(days=10))
    world.now = datetime.now(UTC)
    world.tend()
    rows = "SELECT (SELECT count(*) FROM meetings), (SELECT count(*) FROM ledger), (SELECT count(*) FROM resources)"
    before = postgres_store.ask(rows)
    world.meet("second", datetime.now(UTC) + timedelta(days=20))
    ahead = json.loads(cli(world, "rehearse", "--json").stdout)
    assert {one["key"].split("/")[2] for one in ahead if one["rule"] == "agenda"} == {"first", "second"}
    assert postgres_store.ask(rows) == before


def test_i8_what_is_too_long_or_holds_nul_costs_nothing_but_itself(world: World) -> None:
    world.dav.put_event("long", event("u" * 3000, MONDAY + timedelta(days=1, hours=2)))
    world.meet("first", MONDAY + timedelta(days=1, hours=5))
    world.mail.deliver(
        f"From: {ANA}\r\nTo: {SAM}\r\nSubject: Talk #feedback\r\nMessage-ID: <{'m' * 900}@x>\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        "Slow=00 down.\r\n".encode()
    )
    world.tend()
    world.restart()
    world.tend()
    assert len(world.drafts) == 2
    assert [item.text.replace("\ufffd", "") for item in world.records().feedback] == ["Slow down."]
    with world.account.store.reading() as scope:
        assert kept_mail.quarantined(scope) == []


class Cuts:
    """Cuts every connection to the database after one step of a pass, or just before one of its commits."""

    def __init__(self, world: World, postgres: Postgres) -> None:
        self._postgres = postgres
        self.left = -1  # how many steps and commits from now; below 0 none
        sql_event.listen(world.account.store._engine, "commit", lambda _connection: self("commit"))

    def __call__(self, _name: str) -> None:
        self.left -= 1
        if self.left == -1:
            self._postgres.cut_all()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_i8_a_pass_that_loses_every_connection_anywhere_loses_nothing_and_writes_nothing_twice(
    world: World, postgres_store: Postgres
) -> None:
    world.tend()
    cuts, broken, step = Cuts(world, postgres_store), 0, 0
    for number in range(ROUNDS):
        world.meet(f"m{number}", MONDAY + timedelta(days=1, hours=number))
        world.write(f"Word {number}.", to=SAM, sender=ANA, subject="Talk #feedback")
        if number % 4 == 3:
            postgres_store.cluster.restart()
        while True:
            cuts.left = step = step + 5
            try:
                with world.account.store.exclusive():
                    done = tend(world.account, world.now, look=EVERYWHERE, step=cuts)
            except Busy:
                broken += 1
                continue
            assert (done.failures, done.set_aside) == ({}, [])
            if cuts.left >= 0:  # it got to its end before
                step = number % 5
                break
        cuts.left = -1
    with world.account.store.exclusive():
        world.tend(step=go_on)
    assert broken > 20
    drafts = [str(one["Subject"]) + body(one) for one in world.drafts]
    assert len(drafts) == len(set(drafts)) == ROUNDS
    assert {item.text for item in world.records().feedback} == {f"Word {number}." for number in range(ROUNDS)}
    assert len(world.records().feedback) == ROUNDS
    assert postgres_store.ask("SELECT count(*) FROM originals") == [(ROUNDS,)]
    ids = [str(one["Message-ID"]) for one in (*world.folder("INBOX"), *world.drafts)]
    assert len(ids) == len(set(ids))
    assert {entry.outcome for entry in world.records().ledger.values()} <= {"delivered", "withdrawn", "left"}
