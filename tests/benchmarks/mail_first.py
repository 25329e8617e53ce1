"""The first start on a mailbox of years: how many commands, and that no mail is fetched that isn't tagged.

Told for the inbox, and for the whole look with the folders beside it. What is tagged is read, and that takes commands
of its own, which are counted apart.
"""

from __future__ import annotations

from collections import Counter

from mentorup_daemon.records import Tags
from mentorup_daemon.service import mail_in
from mentorup_daemon.service.account import go_on
from tests.benchmarks.kit import ours
from tests.benchmarks.kit.events import NOW
from tests.benchmarks.kit.figures import Figure, Report, Row, timed
from tests.benchmarks.kit.stage import Stage
from tests.benchmarks.kit.wire import tapped
from tests.servers.imap import Mailserver


def run(stage: Stage) -> Report:
    report = Report("mail-first")
    for number in stage.size.mails:
        server, tagged = stage.mailbox(number)
        _measure(stage, report, server, number, tagged)
    return report


def _measure(stage: Stage, report: Report, server: Mailserver, number: int, tagged: int) -> None:
    what = f"{number:,} mails, {tagged} tagged"
    largest = number == max(stage.size.mails)
    account = ours.account(ours.config(stage.fresh("state"), mail=server))
    try:
        account.mailbox.connect()
        took = timed(1, lambda: account.mailbox.changes("INBOX", None, account.tags)).median
    finally:
        account.close()
    with tapped(server.port) as tap:
        account = ours.account(ours.config(stage.fresh("state"), mail=ours.mail_by_way_of(server, tap.port)))
        try:
            account.mailbox.connect()
            tap.reset()
            found = account.mailbox.changes("INBOX", None, Tags())
            inbox = tap.traffic
            tap.reset()
            mail_in.look(account, NOW, go_on)
            whole = tap.traffic
        finally:
            account.close()
    finding = inbox.answered
    report.add(Row(f"{what}: the inbox", Figure((took,), "ms")))
    goal = "at most 6" if largest else ""
    report.add(Row(f"{what}: commands to find them", Figure((finding,), ""), goal=goal,
                   holds=finding <= 6 if largest else None))  # fmt: skip
    fetched = len({message.uid for message in (*found.arrived, *found.tagged)})
    report.add(Row(f"{what}: mails looked into", Figure((fetched,), ""), "those that are tagged", Figure((tagged,), ""),
                   goal="no more than those", holds=fetched <= tagged))  # fmt: skip
    told = ", ".join(f"{count} {name}" for name, count in Counter(whole.commands).most_common())
    report.remark(f"{what}: the whole look, with all folders and reading what is tagged, takes {told}.")
