"""A Monday of a hosted fleet, simulated from what one account was measured to cost.

The day goes by in steps of ten seconds. In each, looks fall due (calendars by their interval, mail where a listener
heard some, notes at their hours, most of them at the same ones), wait in one queue, and are served as fast as the
scarcest resource allows: the cores of the workers, the cores of the database, its transactions. What is told is how
long things waited, how busy each resource was in the busiest quarter of an hour, and which of them gives way first when
the number of accounts grows. Nothing is random: the question is what a day needs, not how it might vary.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

STEP = 10  # seconds
_DAY = 24 * 3600
_WINDOW = 900  # seconds; "busy" is the busiest of these
_LATE = 300.0  # seconds that anything may wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What one account costs, as measured. Seconds of one core unless said otherwise."""

    look: float  # a worker's, for one pass with nothing new
    look_database: float  # the database's, for the same
    note: float  # a worker's, for one note or draft more
    note_database: float
    commits: float  # transactions that a pass with nothing new commits
    commits_of_note: float
    dispatch: float  # the database's, to find one due account and put it into the queue
    listening_bytes: float  # memory of one held connection
    stored_bytes: float  # an account in the database, all tables and indexes
    answer: float  # wall time a pass waits for its servers


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What an account does on a Monday."""

    calendar_interval: float = 300.0  # seconds
    mail_interval: float = 1800.0  # seconds: the safety net under IDLE
    mails: int = 60
    notes: float = 3.0  # of them `digests` at one hour
    digests: float = 1.0
    spread: float = 60.0  # seconds over which what is due at one minute is spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Machines:
    """What there is to serve them."""

    worker_cores: float
    database_cores: float = 16.0
    commits: float = 20_000.0  # transactions a second, reading ones included; an assumption
    listener_memory: float = 64e9  # bytes, of all listeners


@dataclass(frozen=True, slots=True, kw_only=True)
class Monday:
    """How it went. Lateness in seconds, shares of one, of the busiest quarter of an hour."""

    latest: float
    late: float  # share of all looks that waited longer than five minutes
    workers: float
    database: float
    commits: float
    memory: float
    looks: float  # a second, in the busiest quarter
    threads: float  # passes under way at once, by Little's law

    @property
    def scarcest(self) -> str:
        """The resource that is used the most."""
        shares = {
            "the workers' cores": self.workers,
            "the database's cores": self.database,
            "the database's transactions": self.commits,
            "the listeners' memory": self.memory,
        }
        return max(shares, key=lambda name: shares[name])


def monday(accounts: int, costs: Costs, machines: Machines, habits: Habits | None = None) -> Monday:
    """One day of `accounts` accounts on these machines."""
    queue = _Queue()
    used: deque[tuple[float, float, float, float]] = deque(maxlen=_WINDOW // STEP)
    busiest = [0.0, 0.0, 0.0, 0.0]
    for second, looks, notes in _arrivals(accounts, habits or Habits()):
        share = _share_served(queue, looks, notes, costs, machines)
        served_looks, served_notes = queue.serve(second, looks, notes, share)
        used.append(
            (
                served_looks * costs.look + served_notes * costs.note,
                served_looks * (costs.look_database + costs.dispatch) + served_notes * costs.note_database,
                served_looks * costs.commits + served_notes * costs.commits_of_note,
                served_looks,
            )
        )
        for index in range(4):
            busiest[index] = max(busiest[index], sum(one[index] for one in used) / (STEP * (used.maxlen or 1)))
    return Monday(
        latest=queue.latest,
        late=queue.late / max(queue.served, 1.0),
        workers=busiest[0] / machines.worker_cores,
        database=busiest[1] / machines.database_cores,
        commits=busiest[2] / machines.commits,
        memory=accounts * costs.listening_bytes / machines.listener_memory,
        looks=busiest[3],
        threads=busiest[3] * (costs.answer + costs.look),
    )


def cores_needed(accounts: int, costs: Costs, habits: Habits | None = None) -> int:
    """The fewest workers' cores with which nothing waits for over five minutes, with a database without bounds."""
    low, high = 1, 2
    while not _in_time(accounts, costs, high, habits):
        low, high = high, high * 2
        if high > 1_000_000:
            raise ValueError("no number of cores is enough")
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if _in_time(accounts, costs, middle, habits) else (middle + 1, high)
    return high


def _in_time(accounts: int, costs: Costs, cores: int, habits: Habits | None) -> bool:
    boundless = Machines(worker_cores=cores, database_cores=math.inf, commits=math.inf, listener_memory=math.inf)
    return monday(accounts, costs, boundless, habits).latest <= _LATE


def most_accounts(costs: Costs, machines: Machines, habits: Habits | None = None) -> tuple[int, str]:
    """How many accounts these machines serve until something waits for five minutes or memory ends; what gives way."""
    low, high = 0, 1_000
    while _bears(high, costs, machines, habits):
        low, high = high, high * 2
        if high > 1e9:
            raise ValueError("there is no end to what they serve")
    while high - low > max(1, low // 50):
        middle = (low + high) // 2
        low, high = (middle, high) if _bears(middle, costs, machines, habits) else (low, middle)
    return low, monday(high, costs, machines, habits).scarcest


def _bears(accounts: int, costs: Costs, machines: Machines, habits: Habits | None) -> bool:
    day = monday(accounts, costs, machines, habits)
    return day.latest <= _LATE and day.memory <= 1


def _arrivals(accounts: int, habits: Habits) -> Iterator[tuple[int, float, float]]:
    """(second of the day, looks, notes) that fall due in each step."""
    polls = accounts * STEP * (1 / habits.calendar_interval + 1 / habits.mail_interval)
    apart = habits.notes - habits.digests
    for second in range(0, _DAY, STEP):
        at_work = 8 * 3600 <= second < 18 * 3600
        mails = accounts * habits.mails * STEP * (0.8 / (10 * 3600) if at_work else 0.2 / (14 * 3600))
        notes = accounts * apart * STEP / (10 * 3600) if at_work else 0.0
        if 8 * 3600 <= second < 8 * 3600 + habits.spread:
            notes += accounts * habits.digests * STEP / habits.spread
        yield second, polls + mails + notes, notes


class _Queue:
    """First in, first out; each step's arrivals are one entry."""

    def __init__(self) -> None:
        self._waiting: deque[list[float]] = deque()
        self.looks = self.notes = 0.0
        self.latest = self.late = self.served = 0.0

    def serve(self, second: int, looks: float, notes: float, share: float) -> tuple[float, float]:
        """Takes in what came, serves `share` of all that waits, oldest first; returns looks and notes served."""
        self._waiting.append([float(second), looks])
        self.looks += looks
        self.notes += notes
        served_looks, served_notes = share * self.looks, share * self.notes
        left = served_looks
        while self._waiting and left > 1e-9:
            entry = self._waiting[0]
            taken = min(left, entry[1])
            entry[1] -= taken
            left -= taken
            waited = second - entry[0]
            self.latest = max(self.latest, waited)
            self.late += taken if waited > _LATE else 0.0
            if entry[1] <= 1e-9:
                self._waiting.popleft()
        self.looks -= served_looks
        self.notes -= served_notes
        self.served += served_looks
        return served_looks, served_notes


def _share_served(queue: _Queue, looks: float, notes: float, costs: Costs, machines: Machines) -> float:
    """Which share of all that waits can be served in one step."""
    looks, notes = queue.looks + looks, queue.notes + notes
    wanted = (
        (looks * costs.look + notes * costs.note, machines.worker_cores * STEP),
        (looks * (costs.look_database + costs.dispatch) + notes * costs.note_database, machines.database_cores * STEP),
        (looks * costs.commits + notes * costs.commits_of_note, machines.commits * STEP),
    )
    return min(1.0, *(there / want if want else 1.0 for want, there in wanted))
