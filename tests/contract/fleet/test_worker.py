"""Workers as processes of their own, on PostgreSQL, Dovecot and Radicale: all are served, once, whatever dies."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.servers.caldav import CalDavServer
from tests.servers.fleet import config_of
from tests.servers.mentees import Hung, Mentees, copies, prepare
from tests.servers.process import until
from tests.servers.proxy import Proxy

pytestmark = pytest.mark.debian

SAM, KIM = "sam@example.org", "kim@example.org"
Record = Callable[[str, object], None]


class AtAppend:
    """Does something to a process just as it is about to append its first note."""

    def __init__(self, what: Callable[[], None]) -> None:
        self._what = what
        self.at = 0.0

    def __call__(self, octets: bytes) -> None:
        if b'APPEND "INBOX"' in octets and not self.at:
            self.at = time.monotonic()
            self._what()


def test_i8_a_worker_tends_the_accounts_that_are_due_and_says_when_it_comes_again(mentees: Mentees) -> None:
    worlds = [mentees.add(name) for name in ("sam", "kim")]
    for world in worlds:
        prepare(world)
    mentees.hire("w1")
    until(mentees.looked_at, 60)
    for world in worlds:
        assert (len(world.notes), len(world.drafts)) == (1, 1)
        assert set(copies(world).values()) == {1}
    for account in (SAM, KIM):
        worker, failure, dispatched, soon = mentees.ask(
            "worker, failure, dispatched_at, next_look - now() BETWEEN '1 minute' AND '8 minutes'", account
        )
        assert (worker, failure, dispatched, soon) == ("w1", "", None, True)


def test_i8_what_falls_due_before_the_next_poll_comes_within_its_minute(mentees: Mentees) -> None:
    world = mentees.add("sam")
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=60)
    world.meet("m1", due + timedelta(hours=48))  # its agenda is written two days ahead
    mentees.hire("w1")
    until(mentees.looked_at, 60)
    next_look, looked_at = mentees.ask("next_look, looked_at", SAM)
    assert due <= next_look + timedelta(milliseconds=100)
    assert next_look <= due + timedelta(seconds=60)
    assert next_look < looked_at + timedelta(seconds=150)  # where the first poll can come


def test_i8_the_account_of_a_worker_that_was_killed_in_a_pass_is_taken_over_and_nothing_comes_twice(
    mentees: Mentees, record_property: Record
) -> None:
    mentees.settle(work={"passes_at_once": 1})
    mentees.ready()
    with Proxy(mentees.dovecot.plain_port) as proxy:
        world = mentees.add("sam", imap={"port": proxy.port})
        prepare(world)
        first = mentees.hire("w1")
        proxy.tap = killed = AtAppend(first.kill)
        assert first.wait(60) == -signal.SIGKILL
        mentees.hire("w2")
        until(mentees.looked_at, 90)
        record_property("told", f"taken over from a worker that was killed in {time.monotonic() - killed.at:.1f} s")
        assert (len(world.notes), len(world.drafts)) == (1, 1)
    assert mentees.ask("worker", SAM) == ("w2",)
    assert set(copies(world).values()) == {1}


def test_i8_a_worker_that_stood_still_while_it_wrote_finds_that_another_has_written(
    mentees: Mentees, record_property: Record
) -> None:
    mentees.settle(work={"passes_at_once": 1})
    mentees.ready()
    with Proxy(mentees.dovecot.plain_port) as proxy:
        world = mentees.add("sam", imap={"port": proxy.port})
        prepare(world)
        first = mentees.hire("w1")
        proxy.tap = stopped = AtAppend(lambda: os.kill(first.pid, signal.SIGSTOP))
        until(lambda: stopped.at, 60)
        mentees.hire("w2")
        until(mentees.looked_at, 120)
        record_property("told", f"taken over from a worker that stood still in {time.monotonic() - stopped.at:.1f} s")
        before = copies(world)
        first.send_signal(signal.SIGCONT)
        until(lambda: mentees.logged("w1", "the database can't be used"), 60)
        assert (len(world.notes), len(world.drafts)) == (1, 1)
        assert set(before.values()) == {1}
        assert copies(world) == before
        mentees.database.ask("UPDATE fleet_accounts SET next_look = now(), looks = '{}', looked_at = NULL")
        until(mentees.looked_at, 60)
    assert copies(world) == before


def test_i8_two_workers_never_serve_one_account_at_once(mentees: Mentees) -> None:
    mentees.ready()
    mentees.add("sam")
    for name in ("w1", "w2"):
        mentees.hire(name)
    until(lambda: all(mentees.works(name) for name in ("w1", "w2")))

    def passes() -> list[tuple[datetime, str]]:
        entries = [entry for name in ("w1", "w2") for entry in mentees.log(name)]
        named = [entry for entry in entries if entry["event"] in ("begun", "ended")]
        return sorted((datetime.fromisoformat(entry["timestamp"]), entry["event"]) for entry in named)

    def put_off() -> int:
        return sum(len(mentees.logged(name, "put off")) for name in ("w1", "w2"))

    end = time.monotonic() + 60
    while len(passes()) < 40 or not put_off():  # as if every wake came many times over, without any key against that
        mentees.database.ask(
            f"INSERT INTO pgqueuer (priority, status, entrypoint, payload) SELECT 0, 'queued', 'tend', '{SAM}' "
            "FROM generate_series(1, 6)"
        )
        time.sleep(0.05)
        assert time.monotonic() < end
    mentees.database.ask("UPDATE fleet_accounts SET state = 'paused'")
    mentees.database.ask("DELETE FROM pgqueuer WHERE status = 'queued'")
    until(lambda: len(passes()) % 2 == 0 and not mentees.database.ask("SELECT 1 FROM pgqueuer WHERE attempts = 0"), 60)
    events = [event for _, event in passes()]
    assert events == ["begun", "ended"] * (len(events) // 2)


def test_i8_workers_go_on_by_themselves_when_postgresql_was_restarted(mentees: Mentees) -> None:
    worlds = {f"{name}@example.org": mentees.add(name) for name in ("sam", "kim", "lee", "jo")}
    workers = [mentees.hire(name) for name in ("w1", "w2")]
    until(mentees.looked_at, 60)
    for uid, trouble in (("m1", mentees.database.cut_all), ("m2", mentees.database.cluster.restart)):
        for world in worlds.values():
            prepare(world, uid, hours=24 + int(uid[1]))
        mentees.database.ask("UPDATE fleet_accounts SET next_look = now(), looks = '{}', looked_at = NULL")
        trouble()
        until(mentees.looked_at, 90)
    assert [worker.poll() for worker in workers] == [None, None]
    for world in worlds.values():
        assert (len(world.notes), len(world.drafts)) == (2, 2)
        assert set(copies(world).values()) == {1}


def _hung_accounts(mentees: Mentees, count: int, **sections: dict[str, object]) -> list[str]:
    """Accounts that are due since a day, and were given servers that never answer."""
    for number in range(count):
        mentees.hosting.run(
            "add", mentees.hosting.given(f"hung{number}", config=config_of(f"hung{number}", **sections))
        )
    names = [f"hung{number}@example.org" for number in range(count)]
    mentees.database.ask("UPDATE fleet_accounts SET next_look = now() - interval '1 day' WHERE account LIKE 'hung%'")
    return names


@pytest.mark.parametrize("kind", ["imap", "caldav"])
def test_i8_a_host_that_never_answers_holds_no_more_than_its_share_of_the_workers(
    mentees: Mentees, radicale: CalDavServer, kind: str
) -> None:
    mentees.settle(work={"passes_at_once": 2, "share": 0.5})
    mentees.ready()
    well = [mentees.add(name) for name in ("sam", "kim", "lee")]
    with Hung("127.0.0.2") as hung:
        mail = {"host": "127.0.0.1", "port": mentees.dovecot.plain_port, "username": "u", "security": "none"}
        dav = {"url": radicale.url, "username": radicale.username, "timeout": "2m"}
        if kind == "imap":
            mail |= {"host": hung.host, "port": hung.port, "timeout": "2m"}
        else:
            dav |= {"url": f"http://{hung.host}:{hung.port}/"}
        names = _hung_accounts(mentees, 8, imap=mail, caldav=dav)
        for name in ("w1", "w2"):
            mentees.hire(name)
        until(lambda: hung.open == 2, 60)
        for uid in ("m1", "m2", "m3"):
            for world in well:
                prepare(world, uid, hours=24 + int(uid[1]))
            mentees.database.ask(
                "UPDATE fleet_accounts SET next_look = now(), looks = '{}', looked_at = NULL WHERE account "
                "NOT LIKE 'hung%'"
            )
            until(lambda: mentees.looked_at(*mentees.worlds), 60)
        assert not any(mentees.looked_at(name) for name in names)  # those that hang do so still
        assert (hung.open, hung.most) == (2, 2)
        for world in well:
            assert (len(world.notes), len(world.drafts)) == (3, 3)


def test_p01_a_worker_that_is_told_to_stop_ends_though_a_server_hangs_and_gives_its_jobs_back(
    mentees: Mentees, radicale: CalDavServer, record_property: Record
) -> None:
    mentees.ready()
    mentees.add("sam")
    with Hung("127.0.0.2") as hung:
        mail = {"host": hung.host, "port": hung.port, "username": "u", "security": "none", "timeout": "5m"}
        dav = {"url": radicale.url, "username": radicale.username}
        (name,) = _hung_accounts(mentees, 1, imap=mail, caldav=dav)
        first = mentees.hire("w1")
        until(lambda: hung.open == 1 and mentees.looked_at(SAM), 60)
        began = time.monotonic()
        first.terminate()
        assert first.wait(60) == 0
        record_property(
            "told", f"a worker with a pass at a server that hangs ended in {time.monotonic() - began:.1f} s"
        )
        assert mentees.database.ask("SELECT status::text, dedupe_key FROM pgqueuer") == [("queued", name)]
        assert mentees.database.ask("SELECT 1 FROM fleet_processes") == []
        mentees.hire("w2")
        until(lambda: hung.most == 1 and hung.open == 1 and mentees.ask("worker", name) == ("w2",), 60)


def test_p01_a_stop_takes_hold_at_the_next_step_of_a_pass(mentees: Mentees) -> None:
    mentees.ready()
    with Proxy(mentees.dovecot.plain_port) as proxy:
        world = mentees.add("sam", imap={"port": proxy.port})
        prepare(world)
        first = mentees.hire("w1")
        stopped = threading.Event()

        def stop() -> None:
            first.terminate()
            stopped.wait(0.5)  # the signal is there before the message is

        proxy.tap = AtAppend(stop)
        assert first.wait(60) == 0
        assert mentees.logged("w1", "left off")
        assert mentees.database.ask("SELECT status::text FROM pgqueuer") == [("queued",)]
        mentees.hire("w2")
        until(mentees.looked_at, 60)
        assert (len(world.notes), len(world.drafts)) == (1, 1)
    assert set(copies(world).values()) == {1}


def test_i8_an_account_that_cant_be_opened_costs_itself_and_says_why(mentees: Mentees) -> None:
    for name in ("sam", "kim", "lee"):
        mentees.add(name)
    mentees.database.ask(f"UPDATE fleet_accounts SET config = 'no seal of ours' WHERE account = '{KIM}'")
    mentees.database.ask("UPDATE fleet_secrets SET sealed = 'nor this' WHERE account = 'lee@example.org'")
    mentees.hire("w1")
    until(mentees.looked_at, 60)
    assert mentees.ask("failure", SAM) == ("",)
    failure, in_an_hour = mentees.ask("failure, next_look > now() + interval '50 minutes'", KIM)
    assert f"The account {KIM}: its config can't be opened" in failure
    assert in_an_hour
    assert "can't be opened with any of the keys" in mentees.ask("failure", "lee@example.org")[0]
    world = mentees.worlds[KIM]
    mentees.hosting.run("update", world.state / "config.toml")
    until(lambda: mentees.ask("failure", KIM) == ("",) and mentees.ask("looks::text", KIM) != ("{}",), 60)


CHECK = f"ALTER TABLE accounts ADD CHECK (account <> '{KIM}' OR last_pass IS NULL)"
RAISE = f"""
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no such luck'; END $$;
CREATE TRIGGER refusing BEFORE UPDATE ON accounts FOR EACH ROW WHEN (NEW.account = '{KIM}') EXECUTE FUNCTION refuse()
"""


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        pytest.param(CHECK, "a fault of MentorUp's, please report it: IntegrityError", id="a fault of ours"),
        pytest.param(RAISE, "The database can't be used: no such luck", id="its rows"),
    ],
)
def test_i8_whatever_goes_wrong_with_one_account_costs_that_account(mentees: Mentees, trouble: str, words: str) -> None:
    for name in ("sam", "kim"):
        mentees.add(name)
    mentees.database.ask(trouble)
    mentees.hire("w1")
    until(mentees.looked_at, 60)
    assert mentees.ask("failure", SAM) == ("",)
    assert mentees.ask("failure", KIM)[0].startswith(words)
    assert any(words in entry.get("reason", "") for entry in mentees.log("w1"))
    assert "Failing row" not in str((mentees.log("w1"), mentees.ask("failure", KIM)))  # that would be what people wrote


def test_p01_a_worker_can_be_stopped_while_postgresql_is_away(mentees: Mentees) -> None:
    worker = mentees.hire("w1")
    until(lambda: mentees.logged("w1", "working"), 60)
    mentees.database.cluster.stop()
    try:
        until(lambda: mentees.logged("w1", "the queue can't be reached"), 60)
        worker.terminate()
        assert worker.wait(60) == 0
    finally:
        mentees.database.cluster.start()


def test_i8_a_paused_account_is_left_alone_though_its_job_is_in_the_queue(mentees: Mentees) -> None:
    mentees.ready()
    mentees.add("sam")
    mentees.hosting.run("pause", SAM)
    mentees.database.ask(
        f"INSERT INTO pgqueuer (priority, status, entrypoint, payload) VALUES (0, 'queued', 'tend', '{SAM}')"
    )
    mentees.hire("w1")
    until(lambda: mentees.works("w1") and not mentees.database.ask("SELECT 1 FROM pgqueuer"), 60)
    assert mentees.ask("begun_at, dispatched_at", SAM) == (None, None)
    mentees.hosting.run("resume", SAM)
    until(mentees.looked_at, 60)
