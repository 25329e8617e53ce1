"""Listeners as processes of their own, on PostgreSQL and Dovecot: they wake who has mail, whatever becomes of them."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mentorup_daemon.cli import app
from mentorup_daemon.store.fleet_listen import SHARD_LOCK
from tests.contract.test_mailbox import mail
from tests.servers.imap import running_dovecot
from tests.servers.mentees import Mentees
from tests.servers.process import until
from tests.servers.world import World

pytestmark = pytest.mark.debian

SAM, KIM = "sam@example.org", "kim@example.org"
SOME = ("sam", "kim", "lee", "max", "joe", "amy")
LONG = 90.0  # seconds that anything may take before a test gives up
Told = Callable[[str, object], None]


def host(mentees: Mentees, *names: str, **changes: Any) -> None:
    """Accounts whose mail nobody looks at by himself: their next look is far away."""
    mentees.ready()
    for name in names:
        mentees.add(name, **changes)
    forget(mentees)


def forget(mentees: Mentees) -> None:
    mentees.database.ask(
        "UPDATE fleet_accounts SET woken_at = NULL, dispatched_at = NULL, next_look = now() + interval '1 day'"
    )
    mentees.database.ask("DELETE FROM pgqueuer")


def listened(mentees: Mentees) -> set[str]:
    return {one for (one,) in mentees.database.ask("SELECT account FROM fleet_accounts WHERE listened_at IS NOT NULL")}


def woken(mentees: Mentees) -> set[str]:
    return {one for (one,) in mentees.database.ask("SELECT account FROM fleet_accounts WHERE woken_at IS NOT NULL")}


def shares(mentees: Mentees) -> list[int]:
    """How many shards each listener holds."""
    found = mentees.database.ask(f"SELECT count(*) FROM pg_locks WHERE classid = {SHARD_LOCK} AND objsubid = 2 "
                                 "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
                                 "GROUP BY pid ORDER BY 1")  # fmt: skip
    return [count for (count,) in found]


def signs(mentees: Mentees) -> list[tuple[str, int]]:
    """For how many each listener says that it listens."""
    return mentees.database.ask("SELECT name, busy FROM fleet_processes ORDER BY name")


def shared_among(mentees: Mentees, shared: list[int]) -> None:
    """Everybody is listened for, by listeners that have so many shards each."""
    until(lambda: shares(mentees) == shared and listened(mentees) == set(mentees.worlds), LONG)


def at_rest(mentees: Mentees, shared: list[int]) -> None:
    """The same at the beginning, when all have been woken once by that."""
    shared_among(mentees, shared)
    until(lambda: woken(mentees) == set(mentees.worlds), LONG)
    forget(mentees)


def crowded(mentees: Mentees) -> list[str]:
    """Whose server took no further connection, each time it was tried."""
    return [one["account"] for one in mentees.logged("l1", "idle") if one["state"].startswith("crowded")]


def told_by_status(mentees: Mentees) -> str:
    return CliRunner().invoke(app, ["fleet", "status", "--fleet", str(mentees.hosting.path)]).stdout


def deliver(world: World) -> None:
    world.mail.deliver(mail("new"))


def test_i8_mail_wakes_its_account_and_has_it_in_the_queue(mentees: Mentees, record_property: Told) -> None:
    host(mentees, "sam", "kim")
    mentees.database.ask(
        "INSERT INTO fleet_processes (name, kind, slots, busy, a_minute, started_at, seen_at) "
        "VALUES ('w', 'worker', 8, 0, 0, now(), now() + interval '1 hour')"
    )
    mentees.hire("l1", "listen")
    at_rest(mentees, [64])
    begun = time.monotonic()
    deliver(mentees.worlds[SAM])
    until(lambda: mentees.database.ask("SELECT 1 FROM pgqueuer"), LONG)
    record_property("told", f"in the queue after {time.monotonic() - begun:.2f} s")
    assert [bytes(payload).decode() for (payload,) in mentees.database.ask("SELECT payload FROM pgqueuer")] == [SAM]
    assert mentees.ask("woken_at IS NOT NULL, dispatched_at IS NOT NULL, next_look <= now()", SAM) == (True,) * 3
    assert mentees.ask("woken_at, dispatched_at", KIM) == (None, None)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_i8_a_listener_that_dies_or_stands_still_is_replaced_and_no_wake_is_lost(
    mentees: Mentees, how: signal.Signals, record_property: Told
) -> None:
    host(mentees, *SOME)
    mentees.hire("l1", "listen")
    second = mentees.hire("l2", "listen")
    at_rest(mentees, [32, 32])
    second.send_signal(how)
    begun = time.monotonic()
    for world in mentees.worlds.values():
        deliver(world)  # nobody hears it where the second listened
    until(lambda: shares(mentees) == [64], LONG)
    taken = time.monotonic() - begun
    until(lambda: woken(mentees) == set(mentees.worlds), LONG)
    until(lambda: listened(mentees) == set(mentees.worlds), LONG)
    record_property(
        "told", f"after {how.name} taken over in {taken:.1f} s, listening in {time.monotonic() - begun:.1f} s"
    )
    if how == signal.SIGSTOP:
        second.send_signal(signal.SIGCONT)
        shared_among(mentees, [32, 32])
        forget(mentees)
        for world in mentees.worlds.values():
            deliver(world)
        until(lambda: woken(mentees) == set(mentees.worlds), LONG)


def test_i8_a_new_listener_takes_its_share_and_gives_it_back_when_it_ends(
    mentees: Mentees, record_property: Told
) -> None:
    host(mentees, *SOME)
    mentees.hire("l1", "listen")
    at_rest(mentees, [64])
    begun = time.monotonic()
    second = mentees.hire("l2", "listen")
    shared_among(mentees, [32, 32])
    record_property("told", f"had its half {time.monotonic() - begun:.1f} s after it was started")
    until(
        lambda: all(busy for _, busy in signs(mentees)) and sum(busy for _, busy in signs(mentees)) == len(SOME), LONG
    )
    second.terminate()
    assert second.wait(LONG) == 0
    shared_among(mentees, [64])
    until(lambda: signs(mentees) == [("l1", len(SOME))], LONG)


def test_i8_accounts_that_are_paused_resumed_changed_and_removed_are_noticed(mentees: Mentees) -> None:
    host(mentees, "sam", "kim")
    mentees.hire("l1", "listen")
    at_rest(mentees, [64])
    sam, kim = mentees.worlds[SAM].mail.username, mentees.worlds[KIM].mail.username
    first = mentees.dovecot.session_pids(kim)
    assert len(first) == 1
    mentees.hosting.run("pause", SAM)
    until(lambda: not mentees.dovecot.session_pids(sam), LONG)
    until(lambda: mentees.ask("listened_at", SAM) == (None,), LONG)
    mentees.hosting.run("resume", SAM)
    until(lambda: SAM in listened(mentees), LONG)
    mentees.hosting.run("update", mentees.directory / "kim" / "config.toml")
    until(lambda: mentees.dovecot.session_pids(kim) not in (first, []), LONG)
    mentees.hosting.run("remove", SAM, "--yes")
    until(lambda: not mentees.dovecot.session_pids(sam), LONG)
    until(lambda: listened(mentees) == {KIM}, LONG)


def test_i8_hosts_that_are_to_be_polled_are_left_alone(mentees: Mentees) -> None:
    mentees.settle(listen={"polled_hosts": ["localhost"]})
    host(mentees, "sam")
    host(mentees, "kim", imap={"host": "localhost"})
    mentees.hire("l1", "listen")
    until(lambda: listened(mentees) == {SAM}, LONG)
    assert not mentees.dovecot.session_pids(mentees.worlds[KIM].mail.username)
    assert woken(mentees) <= {SAM}


def test_i8_a_server_that_takes_no_further_connection_is_polled_and_asked_again_much_later(
    mentees: Mentees, certificates: Path
) -> None:
    with running_dovecot(certificates, settings="mail_max_userip_connections = 2\n") as mentees.dovecot:
        host(mentees, "sam", "kim")
        kim = mentees.worlds[KIM].mail
        with kim.client(), kim.client():
            mentees.hire("l1", "listen")
            until(lambda: listened(mentees) == {SAM}, LONG)
            until(lambda: crowded(mentees) == [KIM], LONG)
        forget(mentees)
        deliver(mentees.worlds[SAM])
        until(lambda: woken(mentees) == {SAM}, LONG)
        assert crowded(mentees) == [KIM]
        assert listened(mentees) == {SAM}
        mentees.dismiss()


def test_i8_mailboxes_beyond_the_limit_of_connections_are_polled_and_counted(mentees: Mentees) -> None:
    mentees.settle(listen={"connections": 1})
    host(mentees, "sam", "kim")
    mentees.hire("l1", "listen")
    until(lambda: len(listened(mentees)) == 1, LONG)
    until(lambda: mentees.logged("l1", "more mailboxes than [listen] connections: the rest is polled"), LONG)
    until(lambda: "the mail of the other 1 is polled" in told_by_status(mentees), LONG)
    assert "1 of 1 mailboxes" in told_by_status(mentees)
    assert "no room for more" in told_by_status(mentees)
    first = next(iter(listened(mentees)))
    mentees.hosting.run("pause", first)
    until(lambda: listened(mentees) == {SAM, KIM} - {first}, LONG)


def test_i8_while_postgresql_is_away_connections_stay_and_what_is_heard_waits(mentees: Mentees) -> None:
    host(mentees, "sam", "kim")
    mentees.hire("l1", "listen")
    at_rest(mentees, [64])
    sam = mentees.worlds[SAM]
    before = mentees.dovecot.session_pids(sam.mail.username)
    cluster = mentees.database.cluster
    cluster.stop()
    try:
        deliver(sam)
        until(lambda: mentees.logged("l1", "the database can't be used, what is heard waits"), LONG)
    finally:
        cluster.start()
    until(lambda: SAM in woken(mentees), LONG)
    until(lambda: shares(mentees) == [64], LONG)
    until(lambda: listened(mentees) == {SAM, KIM}, LONG)
    assert mentees.dovecot.session_pids(sam.mail.username) == before
    assert KIM not in woken(mentees)


def test_i8_too_low_a_limit_of_open_files_is_told_at_the_start(mentees: Mentees) -> None:
    mentees.settle(listen={"connections": 5000})
    command = f"ulimit -n 1000 && exec {sys.executable} -m mentorup_daemon fleet listen --fleet {mentees.hosting.path}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=LONG, check=False)
    assert done.returncode == 78
    assert "takes 5200 open files" in done.stderr
    assert "LimitNOFILE=" in done.stderr
