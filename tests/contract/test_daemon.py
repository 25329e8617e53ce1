"""The real process: it waits for mail and meetings, and leaves when it is told to."""

from __future__ import annotations

import json
import signal
import socket
import time
from datetime import timedelta
from pathlib import Path

import pytest

from tests.servers.process import cli, daemon, log, until
from tests.servers.world import ANA, SAM, World, body


def test_the_daemon_writes_answers_and_leaves_within_five_seconds(now_world: World) -> None:
    world = now_world
    world.changes["caldav"] = {"poll_interval": "10s"}
    world.meet("first", world.now + timedelta(hours=30))
    with daemon(world) as process:
        until(lambda: world.notes and world.folder("Drafts"))
        world.reply(world.notes[0], "ADD K award: this cycle or next?")
        world.write("Slow down.", to=SAM, sender=ANA, subject="Talk #feedback")
        until(lambda: len(world.notes) == 2)
        until(lambda: "K award" in body(world.folder("Drafts")[0]))
        told = json.loads(cli(world, "feedback", "list", "--json").stdout)
        assert [item["text"] for item in told] == ["Slow down."]
        begin = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
        assert time.monotonic() - begin < 5
    assert world.mail.password not in log(world)


def test_sighup_takes_a_new_config_and_a_bad_one_changes_nothing(light_now: World) -> None:
    world = light_now
    world.changes["caldav"] = {"poll_interval": "10s"}
    with daemon(world) as process:
        until(lambda: world.folder("INBOX"))
        good = world.config()
        (world.state / "config.toml").write_text(good.replace("Sam Rivera", "Samira Rivera").replace("ana@", "an@@"))
        process.send_signal(signal.SIGHUP)
        until(lambda: "going on with the old one" in log(world))
        (world.state / "config.toml").write_text(good.replace("Sam Rivera", "Samira Rivera"))
        process.send_signal(signal.SIGHUP)
        until(lambda: "config read again" in log(world))
        world.meet("first", world.now + timedelta(hours=30))
        until(lambda: world.notes)
        assert "Samira" in str(world.notes[0]["To"])
        assert process.poll() is None


def test_p02_a_server_that_is_down_is_waited_for(light_now: World, unused_port: int) -> None:
    world = light_now
    world.changes["caldav"] = {"url": f"http://127.0.0.1:{unused_port}/"}
    with daemon(world) as process:
        until(lambda: world.folder("INBOX"))  # the mail goes on
        assert process.poll() is None
        facts = json.loads(cli(world, "status", "--json").stdout)
        assert facts["healthy"] is False
        assert {row["server"]: bool(row["failure"]) for row in facts["servers"]} == {"caldav": True, "imap": False}
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0


def test_p01_a_second_daemon_on_one_store_says_so_and_stops(light_now: World) -> None:
    with daemon(light_now):
        until(lambda: light_now.folder("INBOX"))
        second = cli(light_now, "run", "--once")
    assert second.returncode == 75
    assert "already running" in second.stderr


def test_run_once_ends_with_the_codes_of_the_contract(light_now: World, unused_port: int) -> None:
    world = light_now
    assert cli(world, "run", "--once").returncode == 0
    world.changes["caldav"] = {"url": f"http://127.0.0.1:{unused_port}/"}
    assert cli(world, "run", "--once").returncode == 69
    del world.changes["caldav"]
    (world.state / "wrong").write_text("not this")
    world.changes["imap"] = {"password": {"file": str(world.state / "wrong")}}
    refused = cli(world, "run", "--once")
    assert refused.returncode == 77
    assert "sam@example.org" in refused.stderr
    assert "127.0.0.1" in refused.stderr
    assert "not this" not in refused.stderr
    world.changes["imap"] = {"port": 0}
    assert cli(world, "run", "--once").returncode == 78


def test_systemd_is_told_when_we_are_ready_and_alive(light_now: World, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        address = tmp_path / "notify"
        receiver.bind(str(address))
        receiver.settimeout(20)
        with daemon(light_now, NOTIFY_SOCKET=str(address), WATCHDOG_USEC="3000000") as process:
            told = ""
            while "READY=1" not in told or told.count("WATCHDOG=1") < 3:
                told += receiver.recv(4096).decode() + "\n"
            assert "STATUS=" in told
            process.send_signal(signal.SIGTERM)
            while "STOPPING=1" not in told:
                told += receiver.recv(4096).decode() + "\n"
            assert process.wait(5) == 0


def test_sigterm_cuts_a_wait_on_a_frozen_server_short(light_now: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as frozen:  # takes connections and never says a word
        light_now.changes["imap"] = {"port": frozen.getsockname()[1]}
        with daemon(light_now) as process:
            frozen.settimeout(20)
            taken, _ = frozen.accept()
            with taken:
                time.sleep(1)
                process.send_signal(signal.SIGTERM)
                assert process.wait(6) == 0


@pytest.fixture
def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
