"""A pass over mail with one new message, in small and large mailboxes, against mbsync, imapfilter and imap_tools.

Ours is the whole look at the mail on a kept connection: the Sent folder, the feedback folder, the inbox, and what came
into the store. The peers are run as they are meant to be: programs from their start, imap_tools on a new connection.
The sizes take turns, so that what else the machine does falls on all of them. What is the server's own in it shows in
EXAMINE alone, bare, on a kept connection with one mail new.
"""

from __future__ import annotations

import contextlib
import functools
import random
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from imapclient import IMAPClient

from mentorup_daemon.service import mail_in
from mentorup_daemon.service.account import Account, go_on
from tests.benchmarks.kit import mails, ours
from tests.benchmarks.kit.events import NOW
from tests.benchmarks.kit.figures import Figure, Report, Row, timed
from tests.benchmarks.kit.peers import Imapfilter, Mbsync, python
from tests.benchmarks.kit.stage import Absent, Stage
from tests.benchmarks.kit.wire import tapped
from tests.servers.imap import Mailserver

_IMAP_TOOLS = """
import sys, time
from imap_tools import AND, MailBoxUnencrypted
port, user, password = sys.argv[1:]
started = time.perf_counter()
with MailBoxUnencrypted('127.0.0.1', int(port)).login(user, password) as box:
    for message in box.fetch(AND(seen=False), headers_only=True, mark_seen=False, bulk=True):
        message.subject
print((time.perf_counter() - started) * 1000)
"""


def run(stage: Stage) -> Report:
    report = Report("mail-growth")
    servers = {number: stage.mailbox(number)[0] for number in stage.size.mails}
    passes, examined = _in_turns(stage, servers)
    for number, server in servers.items():
        _measure(stage, report, server, number, passes[number])
    few, many = min(servers), max(servers)
    for number in servers:
        report.add(Row(f"{number:,} mails, one of them new", passes[number], "EXAMINE alone", examined[number]))
    what, against = f"{many:,} mails against {few:,}", f"the same in {few:,}"
    holds = passes[many].median <= passes[few].median * 1.1
    report.add(Row(what, passes[many], against, passes[few], goal="ratio at most 1.1", holds=holds))
    report.add(Row(f"{what}: EXAMINE alone", examined[many], against, examined[few]))
    report.remark(f"Each size has had {len(passes[few].values)} passes, in turns, and as many EXAMINE.")
    return report


def _in_turns(stage: Stage, servers: dict[int, Mailserver]) -> tuple[dict[int, Figure], dict[int, Figure]]:
    """Our pass with one new mail, and a bare EXAMINE with one new mail, by the number of mails that were there."""
    looks: dict[int, Callable[[], object]] = {}
    examines: dict[int, Callable[[], object]] = {}
    chance = random.Random(1)
    with contextlib.ExitStack() as stack:
        for number, server in servers.items():
            account = ours.account(ours.config(stage.fresh("state"), mail=server))
            stack.callback(account.close)
            _settle(account)
            looks[number] = functools.partial(mail_in.look, account, ours.LATER, go_on)
            client = stack.enter_context(IMAPClient(server.host, server.plain_port, ssl=False))
            client.plain_login(server.username, server.password)
            client.enable("CONDSTORE")
            examines[number] = functools.partial(client.select_folder, "INBOX", readonly=True)
        figures = []
        for works in (looks, examines):
            values: dict[int, list[float]] = {number: [] for number in servers}
            for run in range(stage.size.runs * 20 + 1):
                for number, server in servers.items():
                    took = timed(1, works[number], functools.partial(_deliver, server, chance)).values
                    values[number] += took if run else ()  # all that came before is new to the first one
            figures.append({number: Figure(tuple(each), "ms") for number, each in values.items()})
    return figures[0], figures[1]


def _measure(stage: Stage, report: Report, server: Mailserver, number: int, mine: Figure) -> None:
    what = f"{number:,} mails, one of them new"
    chance = random.Random(number)
    with tapped(server.port) as tap:
        account = ours.account(ours.config(stage.fresh("state"), mail=ours.mail_by_way_of(server, tap.port)))
        try:
            _settle(account)
            _deliver(server, chance)
            tap.reset()
            mail_in.look(account, ours.LATER, go_on)
            seen = replace(tap.traffic, commands=[*tap.traffic.commands])
        finally:
            account.close()
    commands = Figure((seen.answered,), "")
    if number == max(stage.size.mails):
        report.remark(f"At {number:,} mails the commands are {', '.join(seen.commands)}.")
    report.add(Row(f"{what}: commands", commands, goal="at most 5", holds=commands.median <= 5))
    mine_bytes = Figure((seen.bytes / 1000,), "KB")
    for name, peer in (("mbsync", _mbsync), ("imapfilter", _imapfilter), ("imap_tools", _imap_tools)):
        try:
            took, carried = peer(stage, server, chance)
        except Absent as absent:
            report.add(Row(what, mine, name, absent=str(absent)))
            continue
        report.add(Row(what, mine, name, took))
        goal = "a hundredth" if name == "mbsync" and number == max(stage.size.mails) else ""
        holds = mine_bytes.median * 100 <= carried.median if goal else None
        report.add(Row(f"{what}: bytes", mine_bytes, name, carried, goal=goal, holds=holds))


def _settle(account: Account) -> None:
    for now in (NOW, NOW, ours.LATER):
        mail_in.look(account, now, go_on)


def _deliver(server: Mailserver, chance: random.Random) -> None:
    server.deliver(mails.mail(chance.getrandbits(40), NOW, chance))


def _mbsync(stage: Stage, server: Mailserver, chance: random.Random) -> tuple[Figure, Figure]:
    with tapped(server.port) as tap:
        peer = Mbsync(stage.fresh("mbsync"), ours.mail_by_way_of(server, tap.port))
        peer.sync()
        times, carried = [], []
        for _ in range(stage.size.runs):
            _deliver(server, chance)
            tap.reset()
            times.append(peer.sync())
            carried.append(tap.traffic.bytes / 1000)
    return Figure(tuple(times), "ms"), Figure(tuple(carried), "KB")


def _imapfilter(stage: Stage, server: Mailserver, chance: random.Random) -> tuple[Figure, Figure]:
    with tapped(server.port) as tap:
        peer = Imapfilter(stage.fresh("imapfilter"), ours.mail_by_way_of(server, tap.port))
        times, carried = [], []
        for _ in range(stage.size.runs):
            _read_all(server)
            _deliver(server, chance)
            tap.reset()
            times.append(peer.look())
            carried.append(tap.traffic.bytes / 1000)
    return Figure(tuple(times), "ms"), Figure(tuple(carried), "KB")


def _imap_tools(stage: Stage, server: Mailserver, chance: random.Random) -> tuple[Figure, Figure]:
    script = Path(stage.fresh("imap_tools")) / "look.py"
    script.write_text(_IMAP_TOOLS)
    with tapped(server.port) as tap:
        command = [python(), str(script), str(tap.port), server.username, server.password]
        times, carried = [], []
        for _ in range(stage.size.runs):
            _read_all(server)
            _deliver(server, chance)
            tap.reset()
            done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
            times.append(float(done.stdout))
            carried.append(tap.traffic.bytes / 1000)
    return Figure(tuple(times), "ms"), Figure(tuple(carried), "KB")


def _read_all(server: Mailserver) -> None:
    """Those peers look for unread mail: there is to be one."""
    with server.client() as client:
        client.select_folder("INBOX")
        unread = client.search("UNSEEN")
        if unread:
            client.add_flags(unread, [b"\\Seen"], silent=True)
