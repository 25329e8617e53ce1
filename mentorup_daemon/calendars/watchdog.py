"""One watchdog for all that has to come to an end: one thread for the process, which sleeps while all is well.

A timer for each request would start a thread each time, which costs more than a small request does.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Watchdog:
    """Ends what takes too long. Its thread begins with the first thing to be guarded, and sleeps between deadlines."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._guarded: dict[object, tuple[float, Callable[[], None]]] = {}
        self._wakes = math.inf
        self._thread: threading.Thread | None = None

    @contextmanager
    def guarding(self, seconds: float, end: Callable[[], None]) -> Iterator[None]:
        """Calls `end`, in a thread of its own, if the block still runs after so many seconds."""
        key, until = object(), time.monotonic() + seconds
        with self._changed:
            self._guarded[key] = until, end
            if self._thread is None or not self._thread.is_alive():  # none yet, or left behind by a fork
                self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
                self._thread.start()
            elif until < self._wakes:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._guarded.pop(key, None)

    def _watch(self) -> None:
        with self._changed:
            while True:
                now = time.monotonic()
                for key in [key for key, (until, _) in self._guarded.items() if until <= now]:
                    _, end = self._guarded.pop(key)
                    threading.Thread(target=end, daemon=True).start()  # which may wait for a socket itself
                self._wakes = min((until for until, _ in self._guarded.values()), default=math.inf)
                self._changed.wait(None if math.isinf(self._wakes) else self._wakes - now)
