"""`mentorup run` with its store on PostgreSQL: it holds the account in its sleep, and again after it was lost."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.servers.caldav import CalDavServer
from tests.servers.imap import Mailserver
from tests.servers.postgres import Postgres
from tests.servers.process import ALWAYS, command, daemon, log, until
from tests.servers.world import ANA, SAM, World

pytestmark = pytest.mark.debian

_HOLDERS = (
    "SELECT pid, state_change FROM pg_stat_activity WHERE datname = current_database() AND pid IN "
    "(SELECT pid FROM pg_locks WHERE locktype = 'advisory')"
)


@pytest.fixture
def world(dovecot: Mailserver, radicale: CalDavServer, tmp_path: Path, postgres_store: Postgres) -> Iterator[World]:
    made = World(dovecot, radicale, tmp_path)
    made.changes |= {"store": {"url": postgres_store.url}, "owner": ALWAYS, "imap": {"poll_interval": "1s"}}
    made.now = datetime.now(UTC)
    made.meet("long-ago", made.now - timedelta(days=100))
    yield made
    made.restart()


def test_i8_the_service_holds_its_account_in_its_sleep_and_regains_it_when_the_database_was_away(
    world: World, postgres_store: Postgres
) -> None:
    world.changes["imap"] = {"poll_interval": "10m"}
    with daemon(world) as process:
        until(lambda: world.folder("INBOX"))
        [(holder, first)] = postgres_store.ask(_HOLDERS)
        until(lambda: [row for row in postgres_store.ask(_HOLDERS) if row[0] == holder and row[1] > first])
        once = subprocess.run(command(world, "run", "--once"), capture_output=True, text=True, timeout=60, check=False)
        assert once.returncode == 75
        assert "already running" in once.stderr

        os.kill(process.pid, signal.SIGHUP)
        until(lambda: "config read again" in log(world))
        assert [row[0] for row in postgres_store.ask(_HOLDERS)] == [holder]

        postgres_store.cluster.restart()
        world.write("Slow down.", to=SAM, sender=ANA, subject="Talk #feedback")
        filed = "SELECT count(*) FROM feedback"
        until(lambda: postgres_store.ask(filed) == [(1,)], 60)
        until(lambda: postgres_store.ask(_HOLDERS))
        [(regained, _)] = postgres_store.ask(_HOLDERS)
        assert regained != holder
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert postgres_store.ask(_HOLDERS) == []
