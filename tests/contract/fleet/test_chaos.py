"""Three workers and two listeners tend three hundred accounts while they are killed and stopped at random.

Meetings come into the calendars and mails into the inboxes all the while. In the end every account has what an account
that nobody disturbed has, each note and draft once: that one is tended by the daemon of a single owner.
"""

from __future__ import annotations

import functools
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import tomli_w
from sqlalchemy import NullPool, create_engine, text

from mentorup_daemon.config import parse
from mentorup_daemon.service.account import open_account
from mentorup_daemon.service.tend import EVERYWHERE, tend
from tests.servers.hosted import Fleet, Hosted, patiently, running_fleet
from tests.servers.imap import CROWD, running_dovecot
from tests.servers.postgres import Postgres

pytestmark = [pytest.mark.debian, pytest.mark.slow]

ACCOUNTS = 300
CHAOS = 90.0  # seconds
KILLS, STOPS = 12, 8
WORKERS, LISTENERS = ("w1", "w2", "w3"), ("l1", "l2")
SAID = "Please send me the new figure by Friday."


@pytest.mark.timeout(1200)
def test_every_note_and_draft_comes_once_while_processes_are_killed_and_stopped(
    tmp_path: Path, postgres: Postgres, certificates: Path, record_property: Callable[[str, object], None]
):
    with (
        running_dovecot(certificates, settings=CROWD) as dovecot,
        running_fleet(tmp_path, postgres.url, dovecot, ACCOUNTS + 1) as fleet,
    ):
        alone, fleet.hosted = fleet.hosted[0], fleet.hosted[1:]
        now = datetime.now(UTC)
        with ThreadPoolExecutor(8) as hands:
            list(hands.map(lambda one: one.acquaint(now), [alone, *fleet.hosted]))
        meeting = (now + timedelta(hours=20)).replace(minute=0, second=0, microsecond=0)
        wanted = _undisturbed(alone, tmp_path, meeting)
        fleet.write_config()
        fleet.import_all()
        for name in WORKERS:
            fleet.start("work", name)
        for name in LISTENERS:
            fleet.start("listen", name)
        taken = patiently(lambda: _settled(fleet, postgres), 400, lambda: f"not settled: {fleet.status()}")
        record_property("told", f"{ACCOUNTS} accounts read and listened to within {taken:.0f} s")
        record_property("told", _live(fleet, meeting))
        missing = Missing(fleet.hosted, wanted)
        waited = patiently(missing.all_there, 400, missing.told)
        record_property("told", f"all there {waited:.0f} s after the last fault")
        # A last look at every account, by which a second copy would come if one could.
        time.sleep(25)
        found = {one.name: one.subjects() for one in fleet.hosted}
        assert {name: counts for name, counts in found.items() if counts != wanted} == {}
        assert _copies(fleet) == []
        filed = postgres.ask("SELECT account, count(*), count(DISTINCT message_id) FROM feedback GROUP BY account")
        assert sorted(filed) == sorted((one.address, 1, 1) for one in fleet.hosted)
        assert fleet.status()["failing"] == 0


def _settled(fleet: Fleet, postgres: Postgres) -> bool:
    """Every account has been read once, and IDLE is held for each."""
    unread = postgres.ask("SELECT count(*) FROM fleet_accounts WHERE looked_at IS NULL")
    return unread == [(0,)] and fleet.status()["accounts"]["listened"] == ACCOUNTS


def _undisturbed(alone: Hosted, directory: Path, meeting: datetime) -> Counter[tuple[str, str]]:
    """What the daemon of a single owner makes of the same story."""
    secret = directory / "alone"
    secret.write_text("secret")
    secret.chmod(0o600)
    settings = parse(tomli_w.dumps({**alone.config(secret), "store": {"url": f"sqlite:///{directory / 'a.db'}"}}), "-")
    account = open_account(settings, {})
    try:
        assert tend(account, datetime.now(UTC), look=EVERYWHERE).failures == {}
        alone.meet("talk", meeting)
        alone.hear("talk", SAID)
        for _ in range(3):
            assert tend(account, datetime.now(UTC), look=EVERYWHERE).failures == {}
    finally:
        account.close()
    wanted = alone.subjects()
    assert any(folder != "INBOX" for folder, _ in wanted), wanted
    return wanted


def _live(fleet: Fleet, meeting: datetime) -> str:
    """Meetings and mails arrive at every account, at random times, while processes die and stand still.

    Returns how long accounts had to wait for another worker.
    """
    chance = random.Random(20261126)
    watch = Takeovers(fleet.url)
    story: list[tuple[float, Callable[[], object]]] = []
    for one in fleet.hosted:
        story.append((chance.uniform(0, CHAOS), functools.partial(one.meet, "talk", meeting)))
        story.append((chance.uniform(0, CHAOS), functools.partial(one.hear, "talk", SAID)))
    for _ in range(KILLS):
        name, at, away = chance.choice(WORKERS + LISTENERS), chance.uniform(2, CHAOS), chance.uniform(0, 5)
        story.append((at, functools.partial(_kill, fleet, name, watch)))
        story.append((at + away, functools.partial(_start_again, fleet, name)))
    for _ in range(STOPS):
        name, at, away = chance.choice(WORKERS + LISTENERS), chance.uniform(2, CHAOS), chance.uniform(1, 40)
        story.append((at, functools.partial(_stop, fleet, name, watch)))
        story.append((at + away, functools.partial(_go_on, fleet, name)))
    begun = time.monotonic()
    for at, happens in sorted(story, key=lambda one: one[0]):
        while time.monotonic() - begun < at:
            watch.look()
            time.sleep(min(0.5, max(0.0, at - (time.monotonic() - begun))))
        happens()
    for name in WORKERS + LISTENERS:
        _go_on(fleet, name)
        _start_again(fleet, name)
    patiently(lambda: watch.look() == 0, 120, lambda: f"not taken over: {watch.waiting}")
    return watch.told()


def _kill(fleet: Fleet, name: str, watch: Takeovers) -> None:
    if name in fleet.processes:
        watch.begins(name)
        fleet.kill(name)


def _stop(fleet: Fleet, name: str, watch: Takeovers) -> None:
    if name in fleet.processes and name not in fleet.stopped:
        watch.begins(name)
        fleet.stop(name)


def _go_on(fleet: Fleet, name: str) -> None:
    if name in fleet.stopped:
        fleet.go_on(name)


def _start_again(fleet: Fleet, name: str) -> None:
    if name not in fleet.processes:
        fleet.start("work" if name in WORKERS else "listen", name)


class Takeovers:
    """How long the accounts that a worker was at had to wait until a pass over them had ended."""

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url, poolclass=NullPool)
        self.waiting: dict[str, tuple[float, datetime]] = {}
        self._took: list[float] = []

    def begins(self, worker: str) -> None:
        """The worker stands still from now on, or is gone."""
        now = datetime.now(UTC)
        for account in self._ask(_AT_IT, worker=worker):
            self.waiting[account] = (time.monotonic(), now)

    def look(self) -> int:
        """Looks who has been served since; how many still wait."""
        for account in self._ask(_SERVED, accounts=list(self.waiting)) if self.waiting else ():
            begun, at = self.waiting[account]
            if account in self._ask(_SINCE, accounts=[account], at=at):
                self._took.append(time.monotonic() - begun)
                del self.waiting[account]
        return len(self.waiting)

    def told(self) -> str:
        took = sorted(self._took)
        if not took:
            return "no worker was at an account when it was killed or stopped"
        middle = took[len(took) // 2]
        return (
            f"taken over: {len(took)} accounts, {took[0]:.1f} to {took[-1]:.1f} s, half of them within {middle:.1f} s"
        )

    def _ask(self, query: str, **values: object) -> set[str]:
        with self._engine.connect() as connection:
            return set(connection.execute(text(query), values).scalars())


_AT_IT = """
SELECT account FROM fleet_accounts WHERE worker = :worker AND begun_at > coalesce(looked_at, '-infinity')
"""
_SERVED = "SELECT account FROM fleet_accounts WHERE account = ANY(:accounts) AND looked_at > begun_at"
_SINCE = "SELECT account FROM fleet_accounts WHERE account = ANY(:accounts) AND looked_at > :at"


class Missing:
    """The accounts that have not everything yet; those that had it once aren't looked at again."""

    def __init__(self, hosted: Sequence[Hosted], wanted: Counter[tuple[str, str]]) -> None:
        self._wanted = wanted
        self._waiting = list(hosted)

    def all_there(self) -> bool:
        """Looks once more at those that had not."""
        with ThreadPoolExecutor(4) as hands:
            found = list(zip(self._waiting, hands.map(Hosted.subjects, self._waiting), strict=True))
        self._waiting = [one for one, counts in found if self._wanted - counts]
        return not self._waiting

    def told(self) -> str:
        return f"missing: { {one.name: self._wanted - one.subjects() for one in self._waiting} }"


def _copies(fleet: Fleet) -> list[str]:
    """Message-IDs that are there more than once in one mailbox."""
    counts = Counter((one.name, str(letter["Message-ID"])) for one in fleet.hosted for _, letter in one.letters())
    return [f"{name}: {message_id}" for (name, message_id), number in counts.items() if number > 1]
