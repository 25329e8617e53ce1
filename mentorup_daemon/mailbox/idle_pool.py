"""The threads that talk to servers for all watches of a listener, shared fairly among the hosts.

Promises that at most so many connections are made at once, whatever falls due together, and that one host never holds
more than half of the threads; a host that didn't answer when it was last spoken to holds a single one until it does.
So a server that hangs costs the others no more than the time until its first timeout. What finding the next job costs
grows with the threads, not with the jobs that wait.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable

Job = Callable[[], bool | None]
"""Something to do with one host: whether it answered, or None when that says nothing about it."""


class Pool:
    """`workers` threads; those that are in a job when it is closed end with it."""

    def __init__(self, workers: int, name: str) -> None:
        self._share = max(1, workers // 2)
        self._waiting: dict[str, deque[Job]] = {}  # by host, the one that was served longest ago first
        self._running: Counter[str] = Counter()
        self._silent: set[str] = set()
        self._changed = threading.Condition()
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True) for number in range(workers)
        ]

    def start(self) -> None:
        """Start the threads. Once."""
        for thread in self._threads:
            thread.start()

    def submit(self, host: str, job: Job) -> None:
        """Have it done when its turn comes; the jobs of one host begin in order."""
        with self._changed:
            self._waiting.setdefault(host, deque()).append(job)
            self._changed.notify()

    def close(self) -> None:
        """Take up no job any more once those that wait are done."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def join(self, until: float) -> None:
        """Wait for the threads to end, until then on the monotonic clock."""
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(0.0, until - time.monotonic()))

    def _work(self) -> None:
        while (taken := self._take()) is not None:
            host, job = taken
            answered = None
            try:
                answered = job()
            finally:
                self._done(host, answered)

    def _take(self) -> tuple[str, Job] | None:
        with self._changed:
            while True:
                for host, jobs in self._waiting.items():
                    if self._running[host] < (1 if host in self._silent else self._share):
                        job = jobs.popleft()
                        del self._waiting[host]
                        if jobs:
                            self._waiting[host] = jobs  # at the end: the others come first
                        self._running[host] += 1
                        return host, job
                if self._closed and not self._waiting:
                    return None
                self._changed.wait()

    def _done(self, host: str, answered: bool | None) -> None:
        with self._changed:
            self._running[host] -= 1
            if not self._running[host]:
                del self._running[host]
            if answered is False:
                self._silent.add(host)
            elif answered and host in self._silent:
                self._silent.discard(host)
                self._changed.notify_all()  # more threads may serve it; else this one takes what its end makes room for
            if self._closed:
                self._changed.notify_all()
