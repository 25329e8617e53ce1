"""Back after an hour away, and nothing has come: from no connection to knowing so, against mbsync and the bare minimum.

The bare minimum is login, SELECT and a FETCH of what changed since the modification sequence that is known (RFC 7162).
"""

from __future__ import annotations

import socket
from dataclasses import replace

from imapclient import IMAPClient

from mentorup_daemon.service import mail_in
from mentorup_daemon.service.account import go_on
from tests.benchmarks.kit import ours
from tests.benchmarks.kit.events import NOW
from tests.benchmarks.kit.figures import Figure, Report, Row, paired
from tests.benchmarks.kit.peers import Mbsync
from tests.benchmarks.kit.stage import Absent, Stage
from tests.benchmarks.kit.wire import tapped
from tests.servers.imap import Mailserver


def run(stage: Stage) -> Report:
    report = Report("mail-resync")
    for number in stage.size.mails:
        server, _ = stage.mailbox(number)
        _measure(stage, report, server, number)
    return report


def _measure(stage: Stage, report: Report, server: Mailserver, number: int) -> None:
    what = f"{number:,} mails, nothing new"
    largest = number == max(stage.size.mails)
    account = ours.account(ours.config(stage.fresh("state"), mail=server))

    def look_anew() -> None:
        account.mailbox.close()
        mail_in.look(account, ours.LATER, go_on)

    try:
        mail_in.look(account, NOW, go_on)
        look_anew()
        with server.client() as client:
            modseq = client.select_folder("INBOX", readonly=True)[b"HIGHESTMODSEQ"]
        mine, bare = paired(stage.size.runs * 4, look_anew, lambda: _bare(server, modseq))
    finally:
        account.close()
    report.add(Row(what, mine, "SELECT and CHANGEDSINCE, bare", bare))
    with tapped(server.port) as tap:
        account = ours.account(ours.config(stage.fresh("state"), mail=ours.mail_by_way_of(server, tap.port)))
        try:
            mail_in.look(account, NOW, go_on)
            look_anew()
            account.mailbox.close()
            tap.reset()
            mail_in.look(account, ours.LATER, go_on)
            seen = replace(tap.traffic)
        finally:
            account.close()
    report.add(Row(f"{what}: commands", Figure((seen.answered,), "")))
    if largest:
        report.remark(f"At {number:,} mails the commands are {', '.join(seen.commands)}.")
    mine_bytes = Figure((seen.bytes / 1000,), "KB")
    try:
        took, carried = _mbsync(stage, server)
    except Absent as absent:
        report.add(Row(what, mine, "mbsync", absent=str(absent)))
        return
    quick, little = mine.median * 4 <= took.median, mine_bytes.median * 1000 <= carried.median
    goals = ("at most a quarter", "a thousandth") if largest else ("", "")
    report.add(Row(what, mine, "mbsync", took, goal=goals[0], holds=quick if largest else None))
    report.add(Row(f"{what}: bytes", mine_bytes, "mbsync", carried, goal=goals[1], holds=little if largest else None))


def _bare(server: Mailserver, modseq: int) -> None:
    with IMAPClient(server.host, server.port, ssl=False, timeout=60) as client:
        client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.plain_login(server.username, server.password)
        client.select_folder("INBOX", readonly=True)
        client._imap.uid("FETCH", "1:*", "(FLAGS)", f"(CHANGEDSINCE {modseq})")  # the library takes no ranges


def _mbsync(stage: Stage, server: Mailserver) -> tuple[Figure, Figure]:
    directory = stage.fresh("mbsync")
    direct = Mbsync(directory, server)
    direct.sync()
    times = tuple(direct.sync() for _ in range(stage.size.runs))
    with tapped(server.port) as tap:
        Mbsync(directory, ours.mail_by_way_of(server, tap.port)).sync()
        carried = tap.traffic.bytes / 1000
    return Figure(times, "ms"), Figure((carried,), "KB")
