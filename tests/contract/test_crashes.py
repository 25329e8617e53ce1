"""A pass that is killed at any of its steps, and run again, ends as if nothing had happened (P01, I21)."""

from __future__ import annotations

import contextlib
import email
import re
import shutil
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event as sql_event

from mentorup_daemon import service
from mentorup_daemon.errors import Uncertain
from mentorup_daemon.mailbox import Mailbox, Placed
from mentorup_daemon.service.tend import tend
from mentorup_daemon.store import mail as mail_kept
from mentorup_daemon.store.account import Store
from tests.contract.test_feed_job import EMPTY, served
from tests.contract.test_mail_in import remove
from tests.servers.caldav import CalDavServer
from tests.servers.fake_http import FakeHttp
from tests.servers.imap import Mailserver
from tests.servers.world import ANA, BEN, MONDAY, SAM, World, body, event

End = tuple[object, ...]
POISON = (
    f"From: {ANA}\r\nTo: {SAM}\r\nSubject: Poison #feedback\r\nMessage-ID: <poison@example.org>\r\n"
    "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + "--b\r\n\r\nx\r\n" * 1_100 + "--b--\r\n"
).encode()


class Killed(BaseException):
    """As SIGKILL: nothing that comes after is done."""


class Steps:
    """Counts the steps of a pass, and kills it after the one with the number `kill_after`, or at the first of a name.

    With `commits_of`, the moments just before each of its store's commits are steps too: all that was done outside
    the store is done then, and none of it is known.
    """

    def __init__(self, kill_after: int = -1, *, kill_at: str = "", commits_of: World | None = None) -> None:
        self.names: list[str] = []
        self._kill_after = kill_after
        self._kill_at = kill_at
        if commits_of is not None:
            engine = commits_of.account.store._engine
            sql_event.listen(engine, "commit", lambda _connection: self(f"before the commit after: {self._last()}"))

    def __call__(self, name: str) -> None:
        self.names.append(name)
        if len(self.names) - 1 == self._kill_after or name == self._kill_at:
            raise Killed

    def _last(self) -> str:
        return next((name for name in reversed(self.names) if not name.startswith("before")), "the beginning")


def named_in_the_service() -> set[str]:
    """All names of steps that there are, as the service's own modules have them."""
    found = set()
    for path in Path(service.__file__).parent.rglob("*.py"):
        found |= set(re.findall(r"""step\("([^"]+)"\)""", path.read_text()))
    return found


def begun(mail: Mailserver, dav: CalDavServer, feed: FakeHttp, state: Path) -> World:
    """Three meetings with their agendas written; then much happens at once: the next pass has to deal with it."""
    state.mkdir()
    migrated = state.parent / "migrated.db"
    if not migrated.exists():
        Store.open(f"sqlite:///{migrated}").close()
    shutil.copy(migrated, state / "mentorup.db")
    mail = replace(mail, username=f"c{uuid.uuid4().hex[:10]}")
    world = World(mail, replace(dav, calendar_url=dav.make_calendar(state.name)), state, feeds=(f"{feed.url}/sam.ics",))
    start = MONDAY + timedelta(days=1)
    feed.script = lambda _seen: served(EMPTY)
    for number, uid in enumerate(("moves", "is-off", "stays")):
        world.meet(uid, start + timedelta(hours=number))
    world.write(
        "Never mind.", to=SAM, sender=BEN, subject="y", folder="MentorUp/Feedback", Message_ID="<y@example.net>"
    )
    world.write("Old.", to=SAM, sender=BEN, subject="old", folder="INBOX", Message_ID="<old@example.net>")
    world.tend()
    note = next(one for one in world.notes if "10:00" in body(one))
    feed.script = lambda _seen: served(event("fed", start + timedelta(hours=6), attendee=BEN))
    world.changes["caldav"] = {"calendars": [world.dav.calendar_url, dav.make_calendar(f"{state.name} too")]}
    world.restart()
    world.meet("moves", start + timedelta(hours=5))
    world.dav.delete_event("is-off")
    world.meet("new", start + timedelta(hours=4), title="Ben", attendee=BEN)
    remove(world, "MentorUp/Feedback", "y")
    world.mail.flag(world.mail.messages()[0][0], "feedback")
    world.mail.deliver(POISON)
    world.write("Slow down.", to=SAM, sender=ANA, subject="Talk #feedback", Message_ID="<talk@example.org>")
    world.write("Good.", to=SAM, sender=BEN, subject="x", folder="MentorUp/Feedback", Message_ID="<x@example.net>")
    world.write(
        "ADD K award: this cycle or next?\nTHEY PROMISED an introduction to Kim",
        to=SAM,
        subject=f"Re: {note['Subject']}",
        In_Reply_To=str(note["Message-ID"]),
        Message_ID="<reply@example.org>",
    )
    return world


def end_of(world: World) -> End:
    """All that anyone could see: mails by subject and words, records, and where the ledger stands."""
    records = world.records()
    with world.account.store.reading() as scope:
        quarantined = sorted(row.reason for row in mail_kept.quarantined(scope))
    return (
        sorted((str(one["Subject"]), body(one)) for one in world.notes),
        sorted((str(one["Subject"]), str(one["To"]), body(one)) for one in world.drafts),
        sorted(item.text for item in (*records.topics, *records.actions, *records.feedback)),
        sorted(f"{meeting.key} {meeting.start} {meeting.status}" for meeting in records.meetings),
        {key: f"{entry.outcome} {entry.revision}" for key, entry in records.ledger.items() if entry.rule != "receipt"},
        quarantined,
        {
            str(email.message_from_bytes(raw)["Message-ID"]): sorted(flags)
            for folder in ("INBOX", "MentorUp/Feedback")
            for _, flags, raw in world.mail.messages(folder)
            if b"List-Id: MentorUp" not in raw
        },
    )


@pytest.mark.slow
@pytest.mark.debian
@pytest.mark.timeout(1200)
def test_p01_i21_killed_at_any_step_or_commit_ends_like_no_kill(
    dovecot: Mailserver, radicale: CalDavServer, fake_http: FakeHttp, tmp_path: Path
) -> None:
    world = begun(dovecot, radicale, fake_http, tmp_path / "whole")
    steps = Steps(commits_of=world)
    world.tend(step=steps)
    names = list(dict.fromkeys(steps.names))
    expected = end_of(world)
    world.tend()
    assert end_of(world) == expected
    world.restart()
    elsewhere = {name for name in named_in_the_service() if name.startswith("reminder")}  # in test_reminders
    assert set(names) >= named_in_the_service() - elsewhere - {"found again"}
    met: set[str] = set()
    for number, name in enumerate(names):
        world = begun(dovecot, radicale, fake_http, tmp_path / f"killed-{number}")
        with pytest.raises(Killed):
            world.tend(step=Steps(kill_at=name, commits_of=world))
        world.restart()
        again = Steps(kill_at="found again")
        with contextlib.suppress(Killed):
            world.tend(step=again)
        met |= set(again.names)
        world.restart()
        world.tend()
        assert end_of(world) == expected, f"killed at: {name}"
        world.restart()
    assert "found again" in met  # and killed there once more


@pytest.fixture
def cut_after_append(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The connection dies after the server has stored a message and before it has said so."""
    append = Mailbox.append

    def arm() -> None:
        def lost(self: Mailbox, *args: object, **facts: object) -> Placed:
            append(self, *args, **facts)  # type: ignore[arg-type]
            monkeypatch.setattr(Mailbox, "append", append)
            raise Uncertain("the connection was lost")

        monkeypatch.setattr(Mailbox, "append", lost)

    return arm


def test_i21_an_append_whose_answer_was_lost_is_not_repeated(
    light_world: World, cut_after_append: Callable[[], None]
) -> None:
    light_world.tend()
    light_world.meet("first", MONDAY + timedelta(days=1))
    cut_after_append()
    done = tend(light_world.account, light_world.now)
    assert isinstance(done.failures["imap"], Uncertain)
    light_world.tend()
    assert len(light_world.drafts) == 1
    assert len(light_world.notes) == 1


def test_i21_a_note_that_was_filed_away_before_the_restart_is_not_written_again(light_world: World) -> None:
    light_world.tend()
    light_world.meet("first", MONDAY + timedelta(days=1))
    steps = Steps()

    def killed_after_the_note(name: str) -> None:
        steps(name)
        if steps.names.count("appended") == 2:
            raise Killed

    with pytest.raises(Killed):
        light_world.tend(step=killed_after_the_note)
    light_world.restart()
    with light_world.mail.client() as client:
        client.create_folder("Archive")
        client.select_folder("INBOX")
        client.copy(client.search("ALL"), "Archive")
        client.delete_messages(client.search("ALL"))
        client.expunge()
    light_world.tend()
    assert light_world.notes == []
    assert len(light_world.drafts) == 1
