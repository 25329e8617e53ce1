"""A poll of a calendar in which nothing has changed, against the bare request and vdirsyncer's sync.

Ours is the whole look: what the store knows, the question, the answer. The bare one is a PROPFIND for the CTag over a
connection that is kept, as ours is; the same by the HTTP library alone shows how near to it anybody can come who sends
through the caldav library. vdirsyncer is run as its timer runs it, program start included.
"""

from __future__ import annotations

from mentorup_daemon.service import calendar_in
from mentorup_daemon.service.account import Account, go_on
from tests.benchmarks.kit import ours
from tests.benchmarks.kit.bare import BareCalDav, LibraryCalDav
from tests.benchmarks.kit.events import NOW
from tests.benchmarks.kit.figures import Figure, Report, Row, paired
from tests.benchmarks.kit.peers import Vdirsyncer
from tests.benchmarks.kit.stage import Absent, Stage
from tests.benchmarks.kit.wire import tapped
from tests.servers.caldav import CalDavServer

_FASTER = {"radicale": 5, "xandikos": 100, "cyrus": 100}


def run(stage: Stage) -> Report:
    report = Report("calendar-unchanged")
    for server, number in stage.calendars(report):
        _measure(stage, report, server, number)
    return report


def _measure(stage: Stage, report: Report, server: CalDavServer, number: int) -> None:
    what = f"{server.name}, {number:,} events"
    account, bare = ours.account(ours.config(stage.fresh("state"), dav=server)), BareCalDav(server)
    library = LibraryCalDav(server)
    try:
        _settle(account)
        bare.poll()
        library.poll()
        mine, other = paired(stage.size.runs * 4, lambda: _look(account), bare.poll)
        least, beside = paired(stage.size.runs * 4, library.poll, bare.poll)
    finally:
        account.close()
        bare.close()
        library.close()
    close = mine.median <= other.median * 1.15
    report.add(Row(what, mine, "PROPFIND for the CTag", other, goal="ratio at most 1.15", holds=close))
    report.add(Row(f"{what}: niquests, which caldav sends by", least, "PROPFIND for the CTag", beside))
    _count(stage, report, server, what)
    try:
        peer = Vdirsyncer(stage.fresh("vdirsyncer"), server)
        peer.discover()
        peer.sync()
        theirs = Figure(tuple(peer.sync() for _ in range(stage.size.runs)), "ms")
    except Absent as absent:
        report.add(Row(what, mine, "vdirsyncer sync", absent=str(absent)))
        return
    times = _FASTER[server.name]
    fast = mine.median * times <= theirs.median
    report.add(Row(what, mine, "vdirsyncer sync", theirs, goal=f"at least {times} x faster", holds=fast))


def _count(stage: Stage, report: Report, server: CalDavServer, what: str) -> None:
    """Requests and bytes of one poll."""
    with tapped(int(server.url.rstrip("/").rpartition(":")[2])) as tap:
        account = ours.account(ours.config(stage.fresh("state"), dav=ours.by_way_of(server, tap.port)))
        try:
            _settle(account)
            tap.reset()
            _look(account)
        finally:
            account.close()
        requests, down = tap.traffic.requests, tap.traffic.down
    report.add(Row(f"{what}: requests", Figure((len(requests),), ""), goal="1", holds=len(requests) == 1))
    report.add(Row(f"{what}: down", Figure((down,), "bytes"), goal="under 1,000 bytes", holds=down < 1_000))


def _settle(account: Account) -> None:
    """The first look, the one that holds what it brought against a listing, and one that is like all that follow."""
    for _ in range(3):
        _look(account)


def _look(account: Account) -> None:
    calendar_in.look(account, NOW, go_on, calendar_in.Seen())
