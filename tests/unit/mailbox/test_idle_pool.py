"""Whose turn it is among the hosts that a listener talks to."""

from __future__ import annotations

import threading
import time
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from mentorup_daemon.mailbox.idle_pool import Pool

SOON = 20.0  # seconds that anything may take before a test gives up


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from("abcd"), max_size=60), st.integers(1, 6))
def test_every_job_is_done_once_and_no_host_has_more_threads_than_its_share(hosts: list[str], workers: int) -> None:
    lock, running, most, done = threading.Lock(), Counter[str](), Counter[str](), Counter[int]()

    def job(host: str, number: int) -> bool:
        with lock:
            running[host] += 1
            most[host] = max(most[host], running[host])
            done[number] += 1
        with lock:
            running[host] -= 1
        return number % 3 != 0

    pool = Pool(workers, "pool-test")
    for number, host in enumerate(hosts):
        pool.submit(host, lambda host=host, number=number: job(host, number))
    pool.start()
    pool.close()
    pool.join(time.monotonic() + SOON)
    assert done == Counter(range(len(hosts)))
    assert max(most.values(), default=0) <= max(1, workers // 2)


def test_a_host_that_does_not_answer_gets_one_thread_until_it_does() -> None:
    pool, free, begun = Pool(8, "pool-test"), threading.Event(), threading.Semaphore(0)
    failed = threading.Event()

    def fails() -> bool:
        failed.set()
        return False

    def waits() -> bool:
        begun.release()
        return free.wait(SOON)

    pool.start()
    pool.submit("a", fails)
    assert failed.wait(SOON)
    seen = threading.Event()
    pool.submit("b", seen.set)
    assert seen.wait(SOON)
    for _ in range(6):
        pool.submit("a", waits)
    assert begun.acquire(timeout=SOON)
    assert not begun.acquire(timeout=0.3)
    free.set()
    for _ in range(5):
        assert begun.acquire(timeout=SOON)
    pool.close()
    pool.join(time.monotonic() + SOON)
