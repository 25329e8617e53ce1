"""What mail servers refuse and take away in the midst of the work, on a real Dovecot: told, and made good."""

from __future__ import annotations

import contextlib
import json
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from imapclient.exceptions import IMAPClientError

from mentorup_daemon.errors import ConfigError, Unavailable
from mentorup_daemon.service.tend import Pass, tend
from mentorup_daemon.store import health
from mentorup_daemon.store.account import Store
from tests.contract.test_mailbox import mail
from tests.servers.caldav import CalDavServer
from tests.servers.fake_imap import FakeImap, Line
from tests.servers.imap import LOOK_ONLY, NO_FLAGS, Mailserver
from tests.servers.process import ALWAYS, cli, daemon, log, until
from tests.servers.proxy import Proxy
from tests.servers.world import ANA, MONDAY, SAM, World, body

DAV_OFTEN = {"poll_interval": "1s"}


@pytest.fixture
def dovecot_world(dovecot: Mailserver, radicale: CalDavServer, tmp_path: Path) -> Iterator[World]:
    world = World(dovecot, radicale, tmp_path)
    yield world
    world.restart()


@pytest.fixture
def limited(dovecot_world: World) -> Iterator[World]:
    """Sam's mailbox takes 60 kB, and no keyword longer than eight letters."""
    dovecot = dovecot_world.mail.dovecot
    assert dovecot
    dovecot.limit(dovecot_world.mail.username, quota_rule="*:storage=60k", mail_max_keyword_length="8")
    yield dovecot_world
    dovecot.limit()


@pytest.fixture
def dovecot_now(dovecot_world: World) -> World:
    dovecot_world.changes["owner"] = ALWAYS
    dovecot_world.now = datetime.now(UTC)
    return dovecot_world


def feedback(world: World, text: str, folder: str = "INBOX") -> None:
    world.write(text, to=SAM, sender=ANA, subject="Talk #feedback", folder=folder)


def filed(world: World) -> list[str]:
    return sorted(item.text for item in world.records().feedback)


def attempt(world: World) -> Pass:
    return tend(world.account, world.now)


@pytest.mark.debian
def test_a_full_mailbox_is_told_loses_nothing_and_gets_everything_once_there_is_room(limited: World) -> None:
    world = limited
    world.tend()
    world.meet("first", MONDAY + timedelta(days=1))
    feedback(world, "Slow down.")
    filler = _fill(world)
    for _ in range(3):
        world.now += timedelta(minutes=5)
        failure = attempt(world).failures["imap"]
        assert isinstance(failure, Unavailable)
        assert "mailbox is full" in str(failure)
        assert "Make room" in str(failure)
    assert filed(world) == ["Slow down."]  # reading goes on
    assert world.drafts == []
    told = json.loads(cli(world, "status", "--json").stdout)
    assert ["Make room" in row["failure"] for row in told["servers"] if row["server"] == "imap"] == [True]
    with world.mail.client() as client:
        client.select_folder("INBOX")
        client.delete_messages(filler, silent=True)
        client.expunge()
    for _ in range(2):
        world.now += timedelta(minutes=5)
        world.tend()
    assert (len(world.notes), len(world.drafts)) == (1, 1)
    assert filed(world) == ["Slow down."]


def _fill(world: World) -> list[int]:
    """Mail until not one more fits in; returns the UIDs."""
    filler: list[int] = []
    with contextlib.suppress(IMAPClientError):
        while True:
            filler.append(world.mail.deliver(mail("filler") + b"x" * 1_000))
    return filler


@pytest.mark.debian
def test_i13_a_keyword_that_is_refused_holds_nothing_up(limited: World) -> None:
    world = limited
    world.tend()
    feedback(world, "Slow down.")
    world.meet("first", MONDAY + timedelta(days=1))
    world.tend()
    world.tend()
    assert filed(world) == ["Slow down."]
    assert (len(world.notes), len(world.drafts)) == (1, 1)
    assert all(flags == frozenset() for _, flags, _ in world.mail.messages())


@pytest.mark.debian
@pytest.mark.parametrize("folder", [LOOK_ONLY, NO_FLAGS])
def test_i13_i17_a_folder_that_may_not_be_changed_is_read_and_left_as_it_is(dovecot_world: World, folder: str) -> None:
    world = dovecot_world
    assert world.mail.dovecot
    with world.mail.client() as client:
        client.create_folder(folder)
    world.changes["imap"] = {"watch": ["INBOX", folder]}
    world.tend()
    message = mail("Talk #feedback", From=ANA, To=SAM)
    if folder == LOOK_ONLY:
        world.mail.dovecot.drop(world.mail.username, folder, message)
    else:
        world.mail.deliver(message, folder)
    world.meet("first", MONDAY + timedelta(days=1))
    world.tend()
    world.tend()
    assert len(filed(world)) == 1
    assert (len(world.notes), len(world.drafts)) == (1, 1)
    assert [flags for _, flags, _ in world.mail.messages(folder)] == [frozenset()]


@pytest.mark.debian
def test_drafts_that_may_not_be_written_to_are_told_and_written_elsewhere_later(dovecot_world: World) -> None:
    world = dovecot_world
    with world.mail.client() as client:
        client.create_folder(LOOK_ONLY)
    world.changes["imap"] = {"drafts": LOOK_ONLY}
    world.meet("first", MONDAY + timedelta(days=1))
    failure = attempt(world).failures["imap"]
    assert isinstance(failure, ConfigError)
    assert f"may not write to the folder '{LOOK_ONLY}'" in str(failure)
    world.restart()
    world.changes["imap"] = {"drafts": ""}
    world.tend()
    world.tend()
    assert (len(world.notes), len(world.drafts)) == (1, 1)
    assert world.folder(LOOK_ONLY) == []


@pytest.mark.debian
def test_i12_folders_made_anew_file_and_write_nothing_twice(dovecot_world: World) -> None:
    world = dovecot_world
    world.meet("first", MONDAY + timedelta(days=1))
    feedback(world, "Slow down.")
    feedback(world, "Cut slide four.", folder="MentorUp/Feedback")
    world.tend()
    world.reply(world.notes[0], "ADD K award: this cycle or next?")
    world.tend()
    kept = {name: world.mail.messages(name) for name in ("MentorUp/Feedback", world.drafts_folder)}
    with world.mail.client() as client:
        for name, messages in kept.items():
            client.delete_folder(name)
            client.create_folder(name)
            for _, flags, raw in messages:
                client.append(name, raw, [flag for flag in flags if flag != "\\Recent"])
    before = (len(world.notes), [str(one["Message-ID"]) for one in world.drafts])
    for _ in range(2):
        world.now += timedelta(minutes=5)
        world.tend()
    assert filed(world) == ["Cut slide four.", "Slow down."]
    assert [topic.text for topic in world.records().topics] == ["K award: this cycle or next?"]
    assert (len(world.notes), [str(one["Message-ID"]) for one in world.drafts]) == before
    feedback(world, "Breathe.", folder="MentorUp/Feedback")
    world.tend()
    assert filed(world) == ["Breathe.", "Cut slide four.", "Slow down."]


def test_a_watched_folder_that_is_gone_costs_itself_and_is_told_after_a_day(light_world: World) -> None:
    world = light_world
    with world.mail.client() as client:
        client.create_folder("Mentors")
    world.changes |= {"imap": {"watch": ["INBOX", "Mentors"]}, "owner": ALWAYS}
    world.tend()
    with world.mail.client() as client:
        client.delete_folder("Mentors")
    world.meet("first", world.now + timedelta(hours=46))
    feedback(world, "Slow down.")
    world.tend()
    assert filed(world) == ["Slow down."]
    assert (len(world.notes), len(world.drafts)) == (1, 1)
    world.now += timedelta(days=1, minutes=1)
    world.tend()
    [told] = [one for one in world.notes if "folder Mentors is gone" in str(one["Subject"])]
    assert "[imap]" in body(told)
    with world.mail.client() as client:
        client.create_folder("Mentors")
    feedback(world, "Breathe.", folder="Mentors")
    world.tend()
    world.tend()
    assert filed(world) == ["Breathe.", "Slow down."]
    assert world.records().troubles == ()
    with world.mail.client() as client:
        client.delete_folder("Mentors")
    world.restart()
    world.tend()
    assert len(world.records().troubles) == 1
    world.restart()
    world.changes["imap"] = {"watch": ["INBOX"]}
    world.tend()
    assert world.records().troubles == ()


@pytest.mark.debian
def test_i04_i05_i06_i16_the_daemon_outlives_a_kicked_a_frozen_and_a_restarted_server(dovecot_now: World) -> None:
    world = dovecot_now
    dovecot, user = world.mail.dovecot, world.mail.username
    assert dovecot
    world.changes["imap"] = {"timeout": "1s", "poll_interval": "2s", "idle_renewal": "1m"}
    world.changes["caldav"] = DAV_OFTEN
    with daemon(world) as process:
        until(lambda: world.folder("INBOX"))
        assert len(dovecot.session_pids(user)) <= 2
        dovecot.kick(user)
        feedback(world, "After the kick.")
        until(lambda: "After the kick." in _filed(world))
        until(lambda: dovecot.session_pids(user))
        with dovecot.frozen(user):
            feedback(world, "In the frost.")
            until(lambda: "In the frost." in _filed(world))  # by new connections, the old ones still standing
        dovecot.stop()
        world.meet("first", world.now + timedelta(hours=30))
        until(lambda: "server failed" in log(world).rpartition("In the frost")[2])
        dovecot.start()
        feedback(world, "After the restart.")
        until(lambda: "After the restart." in _filed(world), 90)
        until(lambda: world.notes and world.drafts)
        assert process.poll() is None
        assert len(dovecot.session_pids(user)) <= 2
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
    assert _filed(world) == ["After the kick.", "After the restart.", "In the frost."]
    assert (len(world.notes), len(world.drafts)) == (1, 1)


def _filed(world: World) -> list[str]:
    return sorted(item["text"] for item in json.loads(cli(world, "feedback", "list", "--json").stdout))


def test_p02_a_mail_server_that_was_away_is_told_of_and_found_again(light_now: World) -> None:
    world = light_now
    world.meet("first", world.now + timedelta(hours=30))
    with Proxy(world.mail.port) as proxy:
        proxy.refuse()
        world.changes["imap"] = {"port": proxy.port}
        with daemon(world) as process:
            until(lambda: "server failed" in log(world))
            told = json.loads(cli(world, "status", "--json").stdout)
            assert told["healthy"] is False
            assert [row["server"] for row in told["servers"] if row["failure"]] == ["imap"]
            proxy.heal()
            until(lambda: world.notes and world.folder("Drafts"), 60)
            until(lambda: json.loads(cli(world, "status", "--json").stdout)["healthy"])
            assert process.poll() is None
    assert (len(world.notes), len(world.folder("Drafts"))) == (1, 1)


def test_p03_refused_credentials_are_not_tried_with_every_look_at_the_calendar(light_now: World) -> None:
    def refuses(line: Line) -> None:
        line.greet()
        tag = line.expect("AUTHENTICATE")
        line.send("+ ")
        line.read_line()
        line.send(f"{tag} NO [AUTHENTICATIONFAILED] no")
        line.serve({})

    world = light_now
    world.meet("first", world.now + timedelta(hours=30))  # so that something waits to be written
    world.changes["caldav"] = DAV_OFTEN
    with FakeImap(refuses) as server:
        world.changes["imap"] = {"port": server.port}
        with daemon(world) as process:
            passes: set[object] = set()
            until(lambda: passes.add(_last_pass(world)) or len(passes) > 4)  # type: ignore[func-returns-value]
            assert process.poll() is None
    assert len(server.lines) == 2  # the passes' connection and the one that waits for mail, once each


def _last_pass(world: World) -> object:
    path = world.state / "mentorup.db"
    if not path.exists():
        return None
    store = Store.open(f"sqlite:///{path}")
    try:
        with store.reading() as scope:
            return health.last_pass(scope)
    finally:
        store.close()


@pytest.mark.debian
def test_p03_a_password_that_was_mended_is_taken_at_the_reload_and_the_owner_hears_once(dovecot_now: World) -> None:
    world = dovecot_now
    world.changes["caldav"] = DAV_OFTEN
    wrong = world.state / "other-password"
    wrong.write_text("expired")
    world.changes["imap"] = {"password": {"file": str(wrong)}}
    with daemon(world) as process:
        until(lambda: "refused the credentials" in log(world))
        wrong.write_text(world.mail.password)
        process.send_signal(signal.SIGHUP)
        world.meet("first", world.now + timedelta(hours=30))
        until(lambda: world.notes and world.drafts)
        assert process.poll() is None
    assert len(world.notes) == len({str(one["Subject"]) for one in world.notes})


@pytest.mark.debian
def test_i08_i03_hundreds_of_messages_at_once_are_all_met(dovecot_world: World) -> None:
    world = dovecot_world
    world.tend()
    with world.mail.client() as client:
        for number in range(450):
            subject = f"{number} #feedback" if number % 50 == 0 else str(number)
            client.append("INBOX", mail(subject, From=ANA, To=SAM, Message_ID=f"<{number}@example.org>"))
    world.tend()
    assert len(filed(world)) == 9
    assert not any("\\Seen" in flags for _, flags, _ in world.mail.messages())
