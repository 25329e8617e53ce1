"""How long to wait before trying again: bounded exponential back-off with jitter. Pure; chance is an argument."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits of `base`, 2 `base`, 4 `base`, ... seconds, never more than `cap`, each shortened by chance.

    The jitter takes away up to half, so that a server that comes back isn't met by all its clients at once.
    """

    base: float = 1.0
    cap: float = 300.0

    def delay(self, attempt: int, chance: float) -> float:
        """Seconds to wait after failure number `attempt` (from 1); `chance` is a random number in [0, 1)."""
        doubled = self.base * 2.0 ** min(max(attempt - 1, 0), 60)
        return min(self.cap, doubled) * (1.0 - chance / 2)
