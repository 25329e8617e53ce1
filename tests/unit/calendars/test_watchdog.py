"""What takes too long is ended, by one thread for all."""

from __future__ import annotations

import threading

from mentorup_daemon.calendars.watchdog import Watchdog

LONG = 3_600.0  # seconds
NET = 30.0


def test_what_takes_too_long_is_ended_while_others_have_time() -> None:
    dog, ended, others = Watchdog(), threading.Event(), threading.Event()
    with dog.guarding(LONG, others.set), dog.guarding(0.01, ended.set):
        assert ended.wait(NET)
        assert not others.is_set()


def test_what_is_done_in_time_is_left_alone() -> None:
    dog, done, next_one = Watchdog(), threading.Event(), threading.Event()
    with dog.guarding(0.3, done.set):
        pass
    with dog.guarding(0.6, next_one.set):
        assert next_one.wait(NET)
    assert not done.is_set()


def test_one_that_waits_while_it_ends_something_holds_up_no_other() -> None:
    dog, ended, never = Watchdog(), threading.Event(), threading.Event()
    with dog.guarding(0.01, lambda: never.wait(NET)), dog.guarding(0.05, ended.set):
        assert ended.wait(NET)
    never.set()


def test_all_have_one_thread() -> None:
    dog = Watchdog()
    before = threading.active_count()
    for _ in range(50):
        with dog.guarding(LONG, lambda: None):
            pass
    assert threading.active_count() <= before + 1
