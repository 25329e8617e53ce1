"""From the server's word that there is mail to feedback that is committed, against a bare loop of IDLE and FETCH.

Both go through the same relay, which notes when EXISTS goes by to a connection that idles. Ours is the service as a
process of its own: it hears EXISTS, makes its pass, reads the tagged mail, keeps it, and says so in its log, which is
where the clock stops. The bare loop ends IDLE, fetches the message, and has it. How long the server itself waits
before it says EXISTS is in neither.
"""

from __future__ import annotations

import contextlib
import math
import os
import queue
import random
import statistics
import subprocess
import threading
import time
from collections.abc import Iterator

from imapclient import IMAPClient

from tests.benchmarks.kit import mails, ours
from tests.benchmarks.kit.events import NOW
from tests.benchmarks.kit.figures import Figure, Report, Row
from tests.benchmarks.kit.stage import Stage, own_program
from tests.benchmarks.kit.wire import Tap, tapped
from tests.servers.imap import Mailserver

_PATIENCE = 60.0  # seconds for one wake
_MISSED = 10.0  # seconds after which the bare loop has missed one
_APART = 0.8  # seconds between two wakes: the pass before has written its notes by then


def run(stage: Stage) -> Report:
    report = Report("mail-wake")
    chance = random.Random(1)
    for number in (min(stage.size.mails), max(stage.size.mails)):
        server, _ = stage.mailbox(number)
        with tapped(server.port) as tap:
            bare = _bare(server, tap, stage.size.wakes, chance)
        with tapped(server.port) as tap:
            mine = _ours(stage, server, tap, stage.size.wakes, chance)
        what = f"{number:,} mails"
        for name, part, limit in (("p50", _p50, 10), ("p99", _p99, 30)):
            own, other = Figure((part(mine),), "ms"), Figure((part(bare),), "ms")
            holds = own.median - other.median <= limit
            goal = f"within {limit} ms"
            report.add(
                Row(f"{what}, {name} of {len(mine)} wakes", own, f"{name} of IDLE, FETCH ({len(bare)})", other,
                    goal=goal, holds=holds)
            )  # fmt: skip
        report.add(Row(f"{what}, all {len(mine)}", Figure(tuple(mine), "ms"), "IDLE, FETCH", Figure(tuple(bare), "ms")))
    return report


def _p50(values: list[float]) -> float:
    return statistics.median(values)


def _p99(values: list[float]) -> float:
    return sorted(values)[math.ceil(len(values) * 0.99) - 1]  # by nearest rank: of two hundred the third longest


def _tagged(server: Mailserver, chance: random.Random) -> None:
    server.deliver(mails.mail(chance.getrandbits(40), NOW, chance, subject="#feedback "))


def _bare(server: Mailserver, tap: Tap, wakes: int, chance: random.Random) -> list[float]:
    times = []
    with IMAPClient("127.0.0.1", tap.port, ssl=False, timeout=_PATIENCE) as client:
        client.plain_login(server.username, server.password)
        client.select_folder("INBOX", readonly=True)
        for _ in range(wakes):
            client.idle()
            tap.reset()
            threading.Thread(target=_tagged, args=(server, chance)).start()
            exists: list[int] = []
            heard: list[tuple[object, ...]] = [()]
            while heard and not exists:
                heard = client.idle_check(_MISSED)
                exists = [told[0] for told in heard if told[1:] == (b"EXISTS",)]
            client.idle_done()
            if not exists:
                continue  # it came in one packet with the +, where this loop is deaf to it
            client.use_uid = False
            client.fetch([exists[-1]], ["BODY.PEEK[]"])
            client.use_uid = True
            times.append((time.monotonic() - tap.traffic.exists_at[0]) * 1000)
    return times


def _ours(stage: Stage, server: Mailserver, tap: Tap, wakes: int, chance: random.Random) -> list[float]:
    config = ours.config(stage.fresh("state"), mail=ours.mail_by_way_of(server, tap.port), log={"format": "json"})
    times = []
    with _service(str(config)) as kept:
        warm = 0
        while warm < 2:  # the first pass keeps what is tagged already, then comes the first that is heard
            _drain(kept, quiet=3.0)
            _tagged(server, chance)
            kept.get(timeout=_PATIENCE)
            warm += 1
        for _ in range(wakes):
            _drain(kept, quiet=_APART)
            tap.reset()
            _tagged(server, chance)
            times.append((kept.get(timeout=_PATIENCE) - tap.traffic.exists_at[0]) * 1000)
    return times


@contextlib.contextmanager
def _service(config: str) -> Iterator[queue.Queue[float]]:
    """`mentorup run`; the queue gets the time of each message that was read and committed."""
    kept: queue.Queue[float] = queue.Queue()
    process = subprocess.Popen(
        [own_program("mentorup"), "--config", config, "run"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stderr is not None

    def read() -> None:
        for line in process.stderr or ():
            if b'"message read"' in line and b'"feedback"' in line:
                kept.put(time.monotonic())

    threading.Thread(target=read, daemon=True).start()
    try:
        yield kept
    finally:
        process.terminate()
        process.wait(120)
        process.stderr.close()


def _drain(kept: queue.Queue[float], quiet: float) -> None:
    """Waits until nothing has been read for so many seconds."""
    with contextlib.suppress(queue.Empty):
        while True:
            kept.get(timeout=quiet)
