"""A pass that is killed at any of its steps, and run again, ends as if nothing had happened (P01, I21)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mentorup_daemon.errors import Uncertain
from mentorup_daemon.mailbox import Mailbox, Placed
from mentorup_daemon.service.tend import tend
from tests.servers.caldav import CalDavServer
from tests.servers.imap import Mailserver
from tests.servers.world import ANA, BEN, MONDAY, SAM, World, body

End = tuple[list[tuple[str, str]], list[tuple[str, str, str]], list[str], list[str], dict[str, str]]


class Killed(BaseException):
    """As SIGKILL: nothing that comes after is done."""


class Steps:
    """Counts the steps of a pass, and kills it after the one with the number `kill_after`."""

    def __init__(self, kill_after: int = -1) -> None:
        self.names: list[str] = []
        self._kill_after = kill_after

    def __call__(self, name: str) -> None:
        self.names.append(name)
        if len(self.names) - 1 == self._kill_after:
            raise Killed


def emptied(mail: Mailserver) -> None:
    with mail.client() as client:
        for attributes, _, name in client.list_folders():
            if b"\\Noselect" in attributes:
                continue
            client.select_folder(name)
            client.delete_messages(client.search("ALL"), silent=True)
            client.expunge()


def begun(mail: Mailserver, dav: CalDavServer, state: Path) -> World:
    """Three meetings with their agendas written; then much happens at once: the next pass has to deal with it."""
    state.mkdir()
    emptied(mail)
    world = World(mail, replace(dav, calendar_url=dav.make_calendar(state.name)), state)
    start = MONDAY + timedelta(days=1)
    for number, uid in enumerate(("moves", "is-off", "stays")):
        world.meet(uid, start + timedelta(hours=number))
    world.tend()
    note = next(one for one in world.notes if "10:00" in body(one))
    world.meet("moves", start + timedelta(hours=5))
    world.dav.delete_event("is-off")
    world.meet("new", start + timedelta(hours=4), title="Ben", attendee=BEN)
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
    return (
        sorted((str(one["Subject"]), body(one)) for one in world.notes),
        sorted((str(one["Subject"]), str(one["To"]), body(one)) for one in world.drafts),
        sorted(item.text for item in (*records.topics, *records.actions, *records.feedback)),
        sorted(f"{meeting.key} {meeting.start} {meeting.status}" for meeting in records.meetings),
        {key: f"{entry.outcome} {entry.revision}" for key, entry in records.ledger.items() if entry.rule != "receipt"},
    )


@pytest.mark.slow
@pytest.mark.timeout(570)
def test_p01_i21_killed_after_any_step_ends_like_no_kill(
    pymap: Mailserver, radicale: CalDavServer, tmp_path: Path
) -> None:
    world = begun(pymap, radicale, tmp_path / "whole")
    steps = Steps()
    world.tend(step=steps)
    expected = end_of(world)
    world.tend()
    assert end_of(world) == expected
    world.restart()
    assert len(steps.names) > 30
    assert {"intent kept", "appended", "withdrawal intended", "removed", "message kept"} <= set(steps.names)
    for number, name in enumerate(steps.names):
        world = begun(pymap, radicale, tmp_path / f"killed-{number}")
        with pytest.raises(Killed):
            world.tend(step=Steps(number))
        world.restart()
        world.tend()
        assert end_of(world) == expected, f"killed after step {number}: {name}"
        world.restart()


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
