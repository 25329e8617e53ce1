"""With many accounts, dispatch and the passes find what they need by an index: the plans of PostgreSQL say so.

Beside them stands what EXPLAIN ANALYZE has measured, for whoever reads the log of the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import event

from mentorup_daemon.service.fleet.dispatch import dispatch
from mentorup_daemon.service.fleet.ready import ready
from mentorup_daemon.service.fleet.settings import load_fleet
from mentorup_daemon.store import fleet_status, fleet_work
from tests.servers.fleet import Hosting

pytestmark = pytest.mark.debian

ACCOUNTS, PAIRS = 20_000, 50
SEALED = "convert_to((SELECT string_agg(md5(n || '/' || k), '') FROM generate_series(1, 45) k), 'UTF8')"
Plan = dict[str, Any]


@pytest.fixture
def crowded(hosting: Hosting) -> Hosting:
    """Many accounts at many hosts, a tenth of them due, and forty workers."""
    ready(load_fleet(hosting.path), connections=2).close()
    hosting.database.ask(
        f"""INSERT INTO fleet_accounts (account, email, state, config, imap_host, caldav_host, shard, added_at,
        changed_at, next_look, worker, looks, failure)
        SELECT 'a' || n, 'a' || n, CASE WHEN n % 50 = 7 THEN 'paused' ELSE 'active' END, {SEALED},
        'imap' || (n % {PAIRS}), 'dav' || (n % {PAIRS}), n % 64, now(), now(), now() + (n % 300 - 30) * interval '1 s',
        '', '{{}}', CASE WHEN n % 97 = 0 THEN 'imap: away' ELSE '' END FROM generate_series(1, {ACCOUNTS}) n"""
    )
    hosting.database.ask("ANALYZE")
    with hosting.fleet.engine.begin() as connection:
        for number in range(40):
            fleet_work.seen(connection, f"w{number}", "worker", slots=8, busy=0, a_minute=0)
    return hosting


def _scans(plan: Plan) -> Iterator[Plan]:
    if "Scan" in plan["Node Type"]:
        yield plan
    for part in plan.get("Plans", ()):
        yield from _scans(part)


def test_i8_dispatch_and_passes_find_what_they_need_by_an_index(
    crowded: Hosting, record_property: Callable[[str, object], None]
) -> None:
    engine = crowded.fleet.engine
    assert dispatch(engine, 0.5) == 500
    asked: dict[str, Any] = {}

    def note(_c: object, _cursor: object, statement: str, parameters: Any, _context: object, _many: bool) -> None:
        asked[statement] = parameters

    event.listen(engine, "before_cursor_execute", note)
    with engine.begin() as connection:
        fleet_work.slots(connection)
        fleet_work.left_behind(connection)
        fleet_work.in_flight(connection)
        hosts = {"held_imap": ["imap1"], "held_caldav": ["dav1"], "full_imap": ["imap2"], "full_caldav": ["dav2"]}
        assert len(fleet_work.due(connection, **hosts, each=8, most=32).waiting) == 32
        fleet_work.dispatched(connection, ["a8"])
        fleet_work.dispatched_again(connection, ["a8"])
        begun = fleet_work.begin(connection, "a8", "w1")
        assert begun is not None
        fleet_work.end(connection, "a8", begun.at, looks={}, failure="", next_look=begun.now, mail_seen=True)
        fleet_work.put_off(connection, "a8", 1.0)
        fleet_status.latest(connection, 50)
        fleet_status.failing(connection, 50)
    event.remove(engine, "before_cursor_execute", note)
    assert len(asked) >= 11
    through = []
    for statement, values in asked.items():
        with engine.connect() as connection:
            [plan] = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", values).scalar_one()
            connection.rollback()
        kinds = {scan["Node Type"] for scan in _scans(plan["Plan"]) if scan.get("Relation Name") == "fleet_accounts"}
        through += [statement for kind in kinds if kind == "Seq Scan"]
        if "pairs" in statement:
            record_property("told", f"who is due, of {ACCOUNTS} at {PAIRS} hosts: {plan['Execution Time']:.1f} ms")
    assert through == []
