"""A poll of a calendar in which nothing has changed, against the bare request and vdirsyncer's sync.

Ours is the whole look: what the store knows, the question, the answer. The bare one is a PROPFIND for the CTag over a
connection that is kept, as ours is. vdirsyncer is run as its timer runs it, program start included.
"""

from __future__ import annotations

from mentorup_daemon.service import calendar_in
from mentorup_daemon.service.account import go_on
from tests.benchmarks.kit import ours
from tests.benchmarks.kit.bare import BareCalDav
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
    try:
        calendar_in.look(account, NOW, go_on, calendar_in.Seen())
        calendar_in.look(account, NOW, go_on, calendar_in.Seen())
        bare.poll()
        mine, other = paired(
            stage.size.runs * 4, lambda: calendar_in.look(account, NOW, go_on, calendar_in.Seen()), bare.poll
        )
    finally:
        account.close()
        bare.close()
    close = mine.median <= other.median * 1.15
    report.add(Row(what, mine, "PROPFIND for the CTag", other, goal="ratio at most 1.15", holds=close))
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
            calendar_in.look(account, NOW, go_on, calendar_in.Seen())
            calendar_in.look(account, NOW, go_on, calendar_in.Seen())
            tap.reset()
            calendar_in.look(account, NOW, go_on, calendar_in.Seen())
        finally:
            account.close()
        requests, down = tap.traffic.requests, tap.traffic.down
    report.add(Row(f"{what}: requests", Figure((len(requests),), ""), goal="1", holds=len(requests) == 1))
    report.add(Row(f"{what}: down", Figure((down,), "bytes"), goal="under 1,000 bytes", holds=down < 1_000))
