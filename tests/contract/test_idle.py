"""The listener, on real servers and on scripted ones: it wakes on what changes, and outlives what servers do."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from mentorup_daemon.mailbox import Mailbox
from mentorup_daemon.mailbox.idle import Listener
from mentorup_daemon.records import Tags
from mentorup_daemon.records.backoff import Backoff
from tests.contract.test_mailbox import mail
from tests.servers.fake_imap import FakeImap, Line
from tests.servers.imap import Mailserver

SOON = 8.0  # seconds that something expected may take before the test gives up
QUICK = Backoff(base=0.05, cap=0.2)
NO_CHANGE = 0.4  # seconds without a wake that count as none


class Heard:
    """What a listener said."""

    def __init__(self) -> None:
        self.wakes: queue.Queue[str] = queue.Queue()
        self.states: queue.Queue[tuple[str, str]] = queue.Queue()

    def wake(self, timeout: float = SOON) -> str:
        return self.wakes.get(timeout=timeout)

    def quiet(self) -> bool:
        try:
            self.wakes.get(timeout=NO_CHANGE)
        except queue.Empty:
            return True
        return False

    def until(self, text: str) -> str:
        end = time.monotonic() + SOON
        while True:
            _, state = self.states.get(timeout=max(0.01, end - time.monotonic()))
            if text in state:
                return state


@contextmanager
def listening(lost: Backoff = QUICK, **more: Any) -> Iterator[tuple[Listener, Heard]]:
    heard = Heard()
    listener = Listener(
        heard.wakes.put,
        lambda name, state: heard.states.put((name, state.text)),
        lost=lost,
        **more,
    )
    listener.start()
    try:
        yield listener, heard
    finally:
        listener.stop()


def settle(heard: Heard) -> None:
    """Past the wake that comes with connecting, and whatever else was under way."""
    heard.until("listening")
    assert heard.wake() == "a"
    while not heard.quiet():
        pass


def test_it_wakes_once_after_connecting_and_then_on_new_mail(imap_server: Mailserver) -> None:
    with listening() as (listener, heard):
        listener.watch("a", imap_server.account(), "INBOX", 540)
        settle(heard)
        imap_server.deliver(mail("new"))
        assert heard.wake() == "a"
        while not heard.quiet():
            pass
        imap_server.deliver(mail("another"))
        assert heard.wake() == "a"


@pytest.mark.debian
def test_a_tag_set_on_old_mail_and_a_message_taken_away_wake_it(dovecot: Mailserver) -> None:
    uid = dovecot.deliver(mail())
    with listening() as (listener, heard):
        listener.watch("a", dovecot.account(), "INBOX", 540)
        settle(heard)
        dovecot.flag(uid, "feedback")
        assert heard.wake() == "a"
        while not heard.quiet():
            pass
        with dovecot.client() as client:
            client.select_folder("INBOX")
            client.delete_messages([uid], silent=True)
            client.expunge()
        assert heard.wake() == "a"


@pytest.mark.debian
def test_many_watches_share_two_workers(dovecot: Mailserver) -> None:
    with listening() as (listener, heard):
        servers = {f"w{number}": replace(dovecot, username=f"{dovecot.username}{number}") for number in range(12)}
        for name, server in servers.items():
            listener.watch(name, server.account(), "INBOX", 540)
        assert {heard.wake() for _ in servers} == set(servers)
        while not heard.quiet():
            pass
        servers["w7"].deliver(mail())
        assert heard.wake() == "w7"
        assert len([thread for thread in threading.enumerate() if thread.name.startswith("imap-idle")]) == 3


@pytest.mark.debian
def test_p05_stopping_logs_out_everywhere(dovecot: Mailserver) -> None:
    assert dovecot.dovecot
    with listening() as (listener, heard):
        listener.watch("a", dovecot.account(), "INBOX", 540)
        settle(heard)
        assert dovecot.dovecot.session_pids(dovecot.username)
    log, end, told = dovecot.dovecot.directory / "log", time.monotonic() + SOON, ""
    while not told and time.monotonic() < end:  # another process writes it
        told = log.read_text().partition(f"imap({dovecot.username})")[2].partition("\n")[0]
    assert "Logged out" in told


@pytest.mark.debian
def test_a_watch_that_is_ended_logs_out_and_wakes_no_more(dovecot: Mailserver) -> None:
    assert dovecot.dovecot
    with listening() as (listener, heard):
        listener.watch("a", dovecot.account(), "INBOX", 540)
        settle(heard)
        listener.unwatch("a")
        end = time.monotonic() + SOON
        while dovecot.dovecot.session_pids(dovecot.username):
            assert time.monotonic() < end
        dovecot.deliver(mail())
        assert heard.quiet()


@pytest.mark.debian
def test_i01_i06_a_kicked_session_is_made_again_and_wakes(dovecot: Mailserver) -> None:
    assert dovecot.dovecot
    with listening() as (listener, heard):
        listener.watch("a", dovecot.account(), "INBOX", 540)
        settle(heard)
        dovecot.dovecot.kick(dovecot.username)
        heard.until("away")
        heard.until("listening")
        assert heard.wake() == "a"
        dovecot.deliver(mail())
        assert heard.wake() == "a"


@pytest.mark.debian
def test_i04_a_frozen_server_is_noticed_at_the_renewal(dovecot: Mailserver) -> None:
    assert dovecot.dovecot
    with listening() as (listener, heard):
        listener.watch("a", dovecot.account(timeout=1.0), "INBOX", 0.5)
        heard.until("listening")
        with dovecot.dovecot.frozen(dovecot.username):
            state = heard.until("away")
            heard.until("listening")  # a new session, while the old one still stands
        assert "did not answer within 1 s" in state


def test_i04_a_server_that_falls_silent_while_waiting_is_replaced() -> None:
    def freezes(line: Line) -> None:
        examined(line)
        line.expect("IDLE")
        line.send("+ idling")
        line.wait_for_hang_up()

    def goes_on(line: Line) -> None:
        examined(line)
        stay(line)

    with FakeImap(freezes, goes_on) as server, listening() as (listener, heard):
        listener.watch("a", server.account(timeout=0.5), "INBOX", 0.3)
        assert "did not answer within 0.5 s" in heard.until("away")
        heard.until("listening")
        assert [heard.wake(), heard.wake()] == ["a", "a"]


@pytest.mark.debian
def test_i02_i03_mail_that_lands_just_as_idle_begins_wakes_on_a_real_server(dovecot: Mailserver) -> None:
    seen = 0
    with listening() as (listener, heard), Mailbox(dovecot.account()) as mailbox:
        listener.watch("a", dovecot.account(), "INBOX", 0.01)  # hardly ever idle, always about to be
        cursor = mailbox.changes("INBOX", None, Tags()).cursor
        for number in range(40):
            dovecot.deliver(mail(str(number)))
            end = time.monotonic() + SOON
            while seen <= number:
                assert time.monotonic() < end
                heard.wake()
                changes = mailbox.changes("INBOX", cursor, Tags())
                seen, cursor = seen + len(changes.arrived), changes.cursor


def examined(line: Line, exists: int = 3) -> None:
    line.log_in()
    tag = line.expect("EXAMINE")
    line.send(f"* {exists} EXISTS", "* OK [UIDVALIDITY 1] ok", "* OK [UIDNEXT 10] ok", f"{tag} OK [READ-ONLY]")


def stay(line: Line) -> None:
    """Idle quietly, answering renewals, until the client goes."""
    while True:
        tag, command = line.command()
        if command == "LOGOUT":
            line.send("* BYE", f"{tag} OK")
            return
        assert command == "IDLE"
        line.send("+ idling")
        assert line.read_line() == "DONE"
        line.send(f"{tag} OK")


def test_i01_an_end_of_file_is_noticed_and_the_connection_made_again() -> None:
    def ends(line: Line) -> None:
        examined(line)
        line.expect("IDLE")
        line.send("+ idling")
        line.close()

    def goes_on(line: Line) -> None:
        examined(line)
        stay(line)

    with FakeImap(ends, goes_on) as server, listening() as (listener, heard):
        listener.watch("a", server.account(), "INBOX", 540)
        heard.until("away")
        heard.until("listening")
        assert [heard.wake(), heard.wake()] == ["a", "a"]
        assert heard.quiet()
        assert len(server.lines) == 2


def test_i01_a_server_that_always_hangs_up_is_met_with_growing_waits() -> None:
    def ends(line: Line) -> None:
        examined(line)
        line.expect("IDLE")
        line.send("+ idling")
        line.close()

    waits = []
    with FakeImap(ends) as server, listening(lost=Backoff(base=0.02, cap=10.0)) as (listener, heard):
        listener.watch("a", server.account(), "INBOX", 540)
        for _ in range(6):
            heard.until("away")
            waits.append(len(server.lines))
        assert len(server.lines) <= 8


@pytest.mark.parametrize("early", ["* 4 EXISTS", "* 2 FETCH (FLAGS (feedback))"])
def test_i02_what_comes_before_the_plus_wakes(early: str) -> None:
    def outlook(line: Line) -> None:
        examined(line)
        tag = line.expect("IDLE")
        line.send("+ idling")
        assert line.read_line() == "DONE"
        line.send(f"{tag} OK")
        line.expect("IDLE")
        line.send("* OK be patient", early, "* 1 RECENT")
        line.send("+ idling")
        line.wait_for_hang_up()

    with FakeImap(outlook) as server, listening() as (listener, heard):
        listener.watch("a", server.account(), "INBOX", 0.3)
        assert [heard.wake() for _ in range(2)] == ["a", "a"]
        assert heard.quiet()
        assert len(server.lines) == 1


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_i02_what_comes_in_one_packet_with_the_plus_wakes(tls: bool, request: pytest.FixtureRequest) -> None:
    def dovecot(line: Line) -> None:
        examined(line)
        tag = line.expect("IDLE")
        line.send("+ idling")
        assert line.read_line() == "DONE"
        line.send(f"{tag} OK")
        line.expect("IDLE")
        line.send("+ idling", "* 5 EXISTS")
        line.wait_for_hang_up()

    context, changes = None, {}
    if tls:
        context, changes = request.getfixturevalue("server_tls")
    with FakeImap(dovecot, tls=context) as server, listening() as (listener, heard):
        listener.watch("a", server.account(**changes), "INBOX", 0.3)
        assert [heard.wake() for _ in range(2)] == ["a", "a"]
        assert heard.quiet()
        assert len(server.lines) == 1


def test_i03_what_comes_between_done_and_its_answer_wakes() -> None:
    def late(line: Line) -> None:
        examined(line)
        tag = line.expect("IDLE")
        line.send("+ idling")
        assert line.read_line() == "DONE"
        line.send("* 4 EXISTS", f"{tag} OK")
        stay(line)

    with FakeImap(late) as server, listening() as (listener, heard):
        listener.watch("a", server.account(), "INBOX", 1.0)
        assert [heard.wake(), heard.wake()] == ["a", "a"]


@pytest.mark.parametrize("last", [b"* BYE going down\r\n", b"* 4 EXI"])
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_i06_a_goodbye_and_half_a_line_mean_reconnecting(
    tls: bool, last: bytes, request: pytest.FixtureRequest
) -> None:
    def breaks_off(line: Line) -> None:
        examined(line)
        line.expect("IDLE")
        line.send("+ idling")
        line.raw(last)
        line.close()

    def goes_on(line: Line) -> None:
        examined(line)
        stay(line)

    context, changes = None, {}
    if tls:
        context, changes = request.getfixturevalue("server_tls")
    with FakeImap(breaks_off, goes_on, tls=context) as server, listening() as (listener, heard):
        listener.watch("a", server.account(**changes), "INBOX", 540)
        heard.until("away")
        heard.until("listening")
        assert [heard.wake(), heard.wake()] == ["a", "a"]


def test_p03_refused_credentials_wait_long() -> None:
    def refuses(line: Line) -> None:
        line.greet()
        tag = line.expect("AUTHENTICATE")
        line.send("+ ")
        line.read_line()
        line.send(f"{tag} NO [AUTHENTICATIONFAILED] no")
        stay(line)

    with FakeImap(refuses) as server, listening() as (listener, heard):
        listener.watch("a", server.account(), "INBOX", 540)
        state = heard.until("refused")
        assert heard.quiet()
        assert len(server.lines) == 1
        wait = float(state.partition(" in ")[2].partition(" s")[0])
        assert wait >= 450


def test_a_server_without_idle_is_left_to_polling() -> None:
    def plain(line: Line) -> None:
        line.log_in("IMAP4rev1 AUTH=PLAIN")
        line.serve({})

    with FakeImap(plain) as server, listening() as (listener, heard):
        listener.watch("a", server.account(), "INBOX", 540)
        assert heard.wake() == "a"
        assert "IDLE" in heard.until("polling")
        assert heard.quiet()


def test_stopping_is_quick_although_a_server_is_silent() -> None:
    def silent(line: Line) -> None:
        examined(line)
        line.expect("IDLE")
        line.send("+ idling")
        line.wait_for_hang_up()

    with FakeImap(silent) as server:
        with listening() as (listener, heard):
            listener.watch("a", server.account(timeout=60.0), "INBOX", 540)
            heard.until("listening")
        assert not [thread for thread in threading.enumerate() if thread.name == "imap-idle"]


def test_the_beat_goes_on_while_nothing_happens() -> None:
    with listening() as (listener, _):
        first, end = listener.beat, time.monotonic() + SOON
        while listener.beat == first:
            assert time.monotonic() < end
            time.sleep(0.05)


def test_a_host_that_hangs_leaves_room_for_another() -> None:
    def silent(line: Line) -> None:
        line.wait_for_hang_up()

    def answers(line: Line) -> None:
        examined(line)
        stay(line)

    with FakeImap(silent) as hanging, FakeImap(answers) as other, listening(workers=4) as (listener, heard):
        for number in range(8):
            listener.watch(f"h{number}", hanging.account(host="localhost", timeout=60.0), "INBOX", 540)
        listener.watch("a", other.account(), "INBOX", 540)
        name, state = heard.states.get(timeout=SOON)
        assert (name, state) == ("a", "listening")
        assert len(hanging.lines) <= 2


def test_a_server_with_too_many_connections_is_told_from_one_that_refuses_the_password() -> None:
    def full(line: Line) -> None:
        line.greet()
        tag = line.expect("AUTHENTICATE")
        line.send("+ ")
        line.read_line()
        line.send(f"{tag} NO [LIMIT] Maximum number of connections from user+IP exceeded")
        stay(line)

    with FakeImap(full) as server, listening(crowded=Backoff(base=3600, cap=3600)) as (listener, heard):
        listener.watch("a", server.account(), "INBOX", 540)
        state = heard.until("crowded")
        assert heard.quiet()
        assert len(server.lines) == 1
        assert float(state.partition(" in ")[2].partition(" s")[0]) >= 1800


def test_however_often_a_watch_wakes_it_leaves_nothing_behind() -> None:
    def chatty(line: Line) -> None:
        examined(line)
        for number in range(50):
            tag = line.expect("IDLE")
            line.send("+ idling")
            time.sleep(0.02)
            line.send(f"* {4 + number} EXISTS")
            assert line.read_line() == "DONE"
            line.send(f"{tag} OK")
        stay(line)

    with FakeImap(chatty) as server, listening() as (listener, heard):
        listener.watch("a", server.account(), "INBOX", 540)
        for _ in range(51):
            heard.wake()
        assert len(listener._dues) <= 2
