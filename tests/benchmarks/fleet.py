"""What an account costs in a fleet, and what a hundred thousand and a million of them would take.

Accounts on Dovecot and Radicale, kept in a PostgreSQL that waits for its disk, are tended as a worker tends them, one
after another in one thread, so that processor time is that of one core; the database's own is counted apart. Beside it
stand the bare requests: a new connection, a login, the one question. From what was measured, a Monday of a large fleet
is simulated (`kit/scale.py`).
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from mentorup_daemon.service.fleet.dispatch import dispatch
from mentorup_daemon.service.fleet.opening import Fleet, opened
from mentorup_daemon.service.fleet.passes import Passes
from mentorup_daemon.service.fleet.ready import ready
from mentorup_daemon.service.fleet.settings import load_fleet
from mentorup_daemon.store import fleet_work
from tests.benchmarks import growth
from tests.benchmarks.kit import scale
from tests.benchmarks.kit.figures import Figure, Report, Row
from tests.benchmarks.kit.stage import Absent, Stage, plain_request
from tests.servers.hosted import Hosted, running_fleet
from tests.servers.postgres import Cluster, Postgres, fresh_database, running_cluster

_CTAG = '<d:propfind xmlns:d="DAV:" xmlns:c="http://calendarserver.org/ns/"><d:prop><c:getctag/></d:prop></d:propfind>'
_SAID = "Please send me the new figure by Friday."
_LARGE = (100_000, 1_000_000)
_ALL_DUE = "UPDATE fleet_accounts SET looks = '{}', next_look = now(), dispatched_at = NULL, listened_at = :listened"
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class _Spent:
    """What one account's turn took, each in seconds: wall time, our processor, the database's; and its commits."""

    wall: float
    ours: float
    database: float
    commits: float


@dataclass(slots=True)
class _Works:
    """A worker without its queue."""

    fleet: Fleet
    passes: Passes
    database: Postgres
    names: Sequence[str]

    def round(self, *, mail: bool) -> _Spent:
        """Every account's turn, the calendar looked at, the mail too if asked for; a mean over all of them."""
        with self.fleet.engine.begin() as connection:
            connection.execute(text(_ALL_DUE), {"listened": None if mail else datetime.now(UTC)})
        if not mail:
            self._mail_was_looked_at()
        return self.measured(lambda: [self.passes.make(name) for name in self.names])

    def measured(self, work: Callable[[], object]) -> _Spent:
        """A mean over all accounts."""
        commits, database = self._commits(), _processor(self.database.cluster)
        ours, wall = time.process_time(), time.perf_counter()
        work()
        count = len(self.names)
        return _Spent(
            (time.perf_counter() - wall) / count,
            (time.process_time() - ours) / count,
            (_processor(self.database.cluster) - database) / count,
            (self._commits() - commits) / count,
        )

    def bytes_each(self) -> float:
        """What an account takes in the database, its indexes included."""
        size = "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = "
        ((whole,),) = self.database.ask(size + "'public'::regnamespace")
        return float(whole) / len(self.names)

    def _mail_was_looked_at(self) -> None:
        looks = {"imap": {"interval": 1800.0, "next_look": time.time() + 1800.0, "attempts": 0, "failure": ""}}
        with self.fleet.engine.begin() as connection:
            connection.execute(
                text("UPDATE fleet_accounts SET looks = CAST(:looks AS json)"), {"looks": json.dumps(looks)}
            )

    def _commits(self) -> int:
        self.database.ask("SELECT pg_stat_clear_snapshot()")
        time.sleep(1.1)  # the statistics of a session are handed in once a second
        ((commits,),) = self.database.ask("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")
        return int(commits)


def run(stage: Stage) -> Report:
    report = Report("fleet")
    if not Path("/usr/lib/postgresql").is_dir() or shutil.which("dovecot", path="/usr/sbin:/usr/bin") is None:
        raise Absent("PostgreSQL or Dovecot isn't installed (apt-get install postgresql dovecot-imapd)")
    count = stage.size.hosted
    with running_cluster(durable=True) as cluster, fresh_database(cluster) as database:
        directory = stage.fresh("fleet")
        with running_fleet(directory, database.url, stage.crowded_dovecot(), count) as hosted:
            hosted.write_config()
            hosted.import_all()
            costs = _costs(stage, report, database, hosted.hosted, hosted.config)
    _simulate(report, costs)
    return report


def _costs(stage: Stage, report: Report, database: Postgres, hosted: Sequence[Hosted], config: Path) -> scale.Costs:
    settings = load_fleet(config)
    fleet = ready(settings, connections=8)
    try:
        passes = Passes(fleet.engine, lambda name: opened(fleet, name), "bench")
        works = _Works(fleet, passes, database, [one.address for one in hosted])
        first = works.round(mail=True)
        calendar = _compare(stage, report, works, "calendar unchanged", mail=False, bare=_each(_ask_calendar, hosted))
        both = _compare(stage, report, works, "calendar and mail unchanged", mail=True, bare=_each(_ask_both, hosted))
        note = _note(works, hosted)
        dispatched, stored = _dispatch(works, settings.work.share), works.bytes_each()
    finally:
        fleet.close()
    held = growth.bytes_each(stage, stage.size.hosted)
    for what, spent in (("the first turn of an account", first), ("a turn that brings note, draft and filing", note)):
        report.add(Row(what, _milliseconds([spent.wall]), "of it our processor", _milliseconds([spent.ours])))
    report.add(Row("to put a due account into the queue, the database's processor", _milliseconds([dispatched])))
    report.add(Row("a mailbox held in IDLE", Figure((held / 1000,), "KB")))
    report.add(Row("an account in the database", Figure((stored / 1000,), "KB")))
    return scale.Costs(
        look=calendar.ours,
        look_database=calendar.database,
        note=max(0.0, note.ours - both.ours),
        note_database=max(0.0, note.database - both.database),
        commits=calendar.commits,
        commits_of_note=max(0.0, note.commits - both.commits),
        dispatch=dispatched,
        listening_bytes=held,
        stored_bytes=stored,
        answer=_ROUND_TRIPS * _FAR,
    )


def _compare(
    stage: Stage, report: Report, works: _Works, what: str, *, mail: bool, bare: Callable[[], object]
) -> _Spent:
    """Our turns beside the bare requests; the turn that is in the middle by our processor."""
    ours = [works.round(mail=mail) for _ in range(stage.size.runs)]
    theirs = [works.measured(bare) for _ in range(stage.size.runs)]
    named = "the bare requests, each by a new connection"
    rates = [Figure(tuple(60 / one.ours for one in spent), "") for spent in (ours, theirs)]
    walls = [_milliseconds([one.wall for one in spent]) for spent in (ours, theirs)]
    report.add(Row(f"{what}: accounts a minute and core", rates[0], named, rates[1]))
    report.add(Row(f"{what}: wall time", walls[0], named, walls[1]))
    report.add(Row(f"{what}: the database's processor", _milliseconds([one.database for one in ours])))
    report.add(Row(f"{what}: transactions", Figure(tuple(one.commits for one in ours), "")))
    return sorted(ours, key=lambda one: one.ours)[len(ours) // 2]


def _each(ask: Callable[[Hosted], None], hosted: Sequence[Hosted]) -> Callable[[], object]:
    return lambda: [ask(one) for one in hosted]


_ROUND_TRIPS = 6  # TCP, TLS, the login that CalDAV asks for, the question
_FAR = 0.05  # seconds: a server of the programme's, or one across a continent


def _note(works: _Works, hosted: Sequence[Hosted]) -> _Spent:
    """Turns in which something came: a meeting tomorrow, and a mail tagged as feedback."""
    meeting = (datetime.now(UTC) + timedelta(hours=20)).replace(minute=0, second=0, microsecond=0)
    for one in hosted:
        one.meet("talk", meeting)
        one.hear("talk", _SAID)
    return works.round(mail=True)


def _dispatch(works: _Works, share: float) -> float:
    """Seconds of the database's processor to put one due account into the queue."""
    with works.fleet.engine.begin() as connection:
        connection.execute(text(_ALL_DUE), {"listened": None})
        fleet_work.seen(connection, "bench", "worker", slots=len(works.names), busy=0, a_minute=0)
    spent = works.measured(lambda: dispatch(works.fleet.engine, share))
    return spent.database


def _ask_calendar(one: Hosted) -> None:
    """The CTag of the calendar, over a connection of its own."""
    plain_request(one.dav, "PROPFIND", one.dav.calendar_url, _CTAG)


def _ask_both(one: Hosted) -> None:
    """The CTag, and the state of the inbox."""
    _ask_calendar(one)
    with one.mail.client() as client:
        client.select_folder("INBOX", readonly=True)
        client.logout()


def _simulate(report: Report, costs: scale.Costs) -> None:
    """A Monday of each large number of accounts, and how far one database goes."""
    for accounts in _LARGE:
        cores = scale.cores_needed(accounts, costs)
        machines = scale.Machines(worker_cores=cores)
        day = scale.monday(accounts, costs, machines)
        facts = (
            ("looks a second in the busiest quarter of an hour", Figure((day.looks,), "")),
            ("cores of the workers, so that nothing waits for five minutes", Figure((float(cores),), "")),
            ("passes under way at once", Figure((day.threads,), "")),
            (f"of {machines.database_cores:.0f} cores of the database", Figure((100 * day.database,), "%")),
            (f"of {machines.commits:,.0f} transactions a second", Figure((100 * day.commits,), "%")),
            ("memory of the listeners, GB", Figure((accounts * costs.listening_bytes / 1e9,), "")),
            ("in the database, GB", Figure((accounts * costs.stored_bytes / 1e9,), "")),
        )
        for what, figure in facts:
            report.add(Row(f"{accounts:,} accounts: {what}", figure))
        report.remark(
            f"{accounts:,} accounts: with that and one database the longest wait is {day.latest:.0f} s; "
            f"what is used the most: {day.scarcest}."
        )
    plenty = scale.Machines(worker_cores=1_000_000, listener_memory=1e15)
    most, first = scale.most_accounts(costs, plenty)
    report.add(Row("accounts until one database gives way", Figure((float(most),), "")))
    report.remark(f"With workers and listeners without end what gives way first is {first}, at {most:,} accounts.")


def _processor(cluster: Cluster) -> float:
    """Seconds of processor time of the server and all of its processes, those that have ended included."""
    assert cluster.process is not None
    spent = 0
    for pid in cluster.processes():
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except FileNotFoundError:
            continue
        own, children = slice(11, 13), slice(13, 15)
        spent += sum(int(field) for field in fields[own])
        spent += sum(int(field) for field in fields[children]) if pid == cluster.process.pid else 0
    return spent / _TICK


def _milliseconds(seconds: Sequence[float]) -> Figure:
    return Figure(tuple(1000 * one for one in seconds), "ms")
