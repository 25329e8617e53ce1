"""One event among many is changed; its note and its draft stand in the mailbox a moment later.

A meeting is moved to tomorrow on the server, then a pass looks at the calendar, and writes the note that asks for it
and the draft for the mentor. The bare requests are those that learn of the change and fetch the text: the difference
since a token, and a multiget of what it names. A poll that is to cost little while nothing changes can't do with those:
it asks for the CTag first, and then for the difference with the texts, or for them afterwards where the server gives
none. That is told as well, bare, for nobody who polls that way can be faster. Both mailboxes are Dovecot's.
"""

from __future__ import annotations

from datetime import timedelta

from mentorup_daemon.service.account import Account
from mentorup_daemon.service.tend import CALDAV, tend
from tests.benchmarks.kit import ours
from tests.benchmarks.kit.bare import BareCalDav, events_named
from tests.benchmarks.kit.events import NOW, meeting
from tests.benchmarks.kit.figures import Figure, Report, Row, timed
from tests.benchmarks.kit.stage import Absent, Stage
from tests.benchmarks.kit.wire import Tap, tapped
from tests.servers.caldav import CalDavServer
from tests.servers.imap import Mailserver


def run(stage: Stage) -> Report:
    report = Report("calendar-one-change")
    for name in stage.size.dav_servers:
        for number in stage.size.events[-1:]:
            try:
                _measure(stage, report, stage.calendar(name, number), number)
            except Absent as absent:
                report.remark(f"{name}: {absent}")
    return report


def _measure(stage: Stage, report: Report, server: CalDavServer, number: int) -> None:
    what = f"{server.name}, {number:,} events"
    names = [f"moved-{run}" for run in range(stage.size.runs + 1)]
    bare = BareCalDav(server)
    try:
        mine, theirs, polled = [], [], []
        mail = stage.empty_mailbox()
        for name in names:
            server.put_event(name, meeting(name, NOW + timedelta(days=90)))
        account = ours.account(ours.config(stage.fresh("state"), mail=mail, dav=server))
        try:
            _settle(account)
            for run, name in enumerate(names[:-1]):
                token = bare.token()
                server.put_event(name, meeting(name, NOW + timedelta(hours=24 + run), 1))
                theirs.append(timed(1, lambda before=token: _bare_requests(bare, before)).median)
                polled.append(timed(1, lambda before=token: _bare_poll(bare, before)).median)
                mine.append(_one_change(account, mail))
        finally:
            account.close()
        with tapped(int(server.url.rstrip("/").rpartition(":")[2])) as tap:
            requests = _counted(stage, server, tap, names[-1])
    finally:
        bare.close()
        for name in names:
            server.delete_event(name)
    ours_, other = Figure(tuple(mine), "ms"), Figure(tuple(theirs), "ms")
    near = ours_.median <= other.median + 50
    report.add(
        Row(what, ours_, "difference and multiget, bare", other, goal="at most 50 ms more, note and draft", holds=near)
    )
    report.add(Row(what, ours_, "CTag, then the difference with its texts, bare", Figure(tuple(polled), "ms")))
    two = len(requests) <= 2
    report.add(Row(f"{what}: requests", Figure((len(requests),), ""), goal="2", holds=two))
    if not two:
        report.remark(f"{server.name} is asked by {', '.join(requests)}.")


def _settle(account: Account) -> None:
    """Everything that is due before the change is written, the welcome among it."""
    for _ in range(3):
        done = tend(account, NOW)
        assert not done.failures, done.failures


def _one_change(account: Account, mail: Mailserver) -> float:
    before = _count_mails(account, mail)
    took = timed(1, lambda: tend(account, NOW, look={CALDAV})).median
    after = _count_mails(account, mail)
    came = tuple(new - old for old, new in zip(before, after, strict=True))
    assert came[0] >= 1, "no note came of the change"
    assert came[1] == 1, f"{came[1]} drafts came of the change"
    return took


def _counted(stage: Stage, server: CalDavServer, tap: Tap, name: str) -> list[str]:
    account = ours.account(
        ours.config(stage.fresh("state"), mail=stage.empty_mailbox(), dav=ours.by_way_of(server, tap.port))
    )
    try:
        _settle(account)
        server.put_event(name, meeting(name, NOW + timedelta(hours=40), 1))
        tap.reset()
        tend(account, NOW, look={CALDAV})
        return tap.traffic.requests
    finally:
        account.close()


def _bare_requests(bare: BareCalDav, token: str) -> None:
    bare.multiget(events_named(bare.difference(token)))


def _bare_poll(bare: BareCalDav, token: str) -> None:
    bare.poll()
    changed = bare.difference(token, texts=True)
    if b"BEGIN:VCALENDAR" not in changed:
        bare.multiget(events_named(changed))


def _count_mails(account: Account, mail: Mailserver) -> tuple[int, int]:
    """(in the inbox, in Drafts)."""
    drafts = account.mailbox.special_folders().drafts
    with mail.client() as client:
        return tuple(client.folder_status(folder, ["MESSAGES"])[b"MESSAGES"] for folder in ("INBOX", drafts))
