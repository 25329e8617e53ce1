"""From an empty store to the recognised meetings of a whole calendar, against the cheapest download and two peers.

Ours runs in a process of its own, for its memory; its time begins when its modules are there, as does that of the
caldav library, which fetches all events and parses them, and of its own search, which has the server look for those of
two weeks and expands them. The cheapest download is that of all texts by whichever way the server is quickest at.
vdirsyncer and khal are programs, and are timed as such: a first sync, then two weeks listed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

from mentorup_daemon.service import calendar_in
from mentorup_daemon.service.account import go_on
from tests.benchmarks.kit import ours
from tests.benchmarks.kit.bare import BareCalDav
from tests.benchmarks.kit.events import NOW
from tests.benchmarks.kit.figures import Figure, Report, Row, timed
from tests.benchmarks.kit.peers import Khal, Vdirsyncer
from tests.benchmarks.kit.stage import Absent, Stage
from tests.benchmarks.kit.wire import tapped
from tests.servers.caldav import CalDavServer


def run(stage: Stage) -> Report:
    report = Report("calendar-first")
    for server, number in stage.calendars(report):
        _measure(stage, report, server, number)
    return report


def _measure(stage: Stage, report: Report, server: CalDavServer, number: int) -> None:
    what = f"{server.name}, {number:,} events"
    _cheapest(server, 1)  # a server that has just been started reads everything once, whoever asks
    runs = [_in_process("ours", str(ours.config(stage.fresh("state"), dav=server))) for _ in range(stage.size.runs)]
    mine = Figure(tuple(run["ms"] for run in runs), "ms")
    memory = Figure(tuple(run["mb"] for run in runs), "MB")
    report.remark(f"{what}: {runs[0]['meetings']:,} meetings are recognised, within 400 days back and 200 ahead.")
    way, cheapest = _cheapest(server, stage.size.runs)
    near = mine.median <= cheapest.median * 1.5 + 500
    report.add(Row(what, mine, f"all texts by {way}", cheapest, goal="at most 1.5 x + 500 ms", holds=near))
    report.add(Row(f"{what}: memory", memory, goal="at most 120 MB", holds=memory.median <= 120))
    with tapped(int(server.url.rstrip("/").rpartition(":")[2])) as tap:
        _in_process("ours", str(ours.config(stage.fresh("state"), dav=ours.by_way_of(server, tap.port))))
        requests = Figure((len(tap.traffic.requests),), "")
        report.add(Row(f"{what}: requests", requests))
        report.add(Row(f"{what}: down", Figure((tap.traffic.down / 1e6,), "MB")))
    where = (server.url, server.username, server.password, server.calendar_url)
    theirs = [_in_process("library", *where) for _ in range(stage.size.runs)]
    library = Figure(tuple(run["ms"] for run in theirs), "ms")
    fast = mine.median * 10 <= library.median
    report.add(Row(what, mine, "caldav library, fetch and parse", library, goal="at least 10 x faster", holds=fast))
    report.add(Row(f"{what}: memory", memory, "caldav library", Figure(tuple(run["mb"] for run in theirs), "MB")))
    searched = Figure(tuple(_in_process("search", *where)["ms"] for _ in range(stage.size.runs)), "ms")
    report.add(Row(what, mine, "caldav library, search of two weeks", searched))
    _against_programs(stage, report, server, what, mine)


def _against_programs(stage: Stage, report: Report, server: CalDavServer, what: str, mine: Figure) -> None:
    against = "vdirsyncer and khal"
    try:
        runs = []
        for _ in range(stage.size.runs):
            directory = stage.fresh("vdirsyncer")
            peer = Vdirsyncer(directory, server)
            peer.discover()
            runs.append(peer.sync() + Khal(directory, peer.files).list_cold())
    except Absent as absent:
        report.add(Row(what, mine, against, absent=str(absent)))
        return
    theirs = Figure(tuple(runs), "ms")
    fast = mine.median * 20 <= theirs.median
    report.add(Row(what, mine, against, theirs, goal="at least 20 x faster", holds=fast))


def _cheapest(server: CalDavServer, runs: int) -> tuple[str, Figure]:
    """The quickest way to have all texts, each tried once."""
    bare = BareCalDav(server)
    tried = {}
    for way, download in bare.downloads().items():
        try:
            tried[way] = timed(1, download).median
        except AssertionError:  # the server refuses it
            bare.close()
    way = min(tried, key=lambda way: tried[way])
    found = timed(runs, bare.downloads()[way])
    bare.close()
    return way, found


def _in_process(*arguments: str) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.benchmarks.calendar_first", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _ours(config: str) -> int:
    account = ours.account(Path(config))
    calendar_in.look(account, NOW, go_on, calendar_in.Seen())
    with account.store.reading() as scope:
        found = calendar_in.kept.all_meetings(scope, account.owner.zone)
    account.close()
    return len(found)


def _library(url: str, username: str, password: str, calendar_url: str, *, search: bool) -> int:
    import caldav

    with caldav.DAVClient(url=url, username=username, password=password) as client:
        calendar = caldav.Calendar(client, url=calendar_url)
        if search:
            return len(calendar.search(event=True, start=NOW, end=NOW + timedelta(weeks=2), expand=True))
        return sum(1 for event in calendar.events() if event.icalendar_instance is not None)


def _peak() -> float:
    """The most memory that this process has had, in MB; getrusage counts that of the one which began it as well."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def _answer(way: str, *arguments: str) -> None:
    """The process that is measured."""
    if way != "ours":
        import caldav  # noqa: F401 - its modules are there when the time begins, as ours are
    started = time.perf_counter()
    meetings = _ours(*arguments) if way == "ours" else _library(*arguments, search=way == "search")
    took = (time.perf_counter() - started) * 1000
    print(json.dumps({"ms": took, "mb": _peak(), "meetings": meetings}))


if __name__ == "__main__":
    _answer(*sys.argv[1:])
