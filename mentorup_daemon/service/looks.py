"""When each server of an account is looked at next: after its interval, or later and later while it fails.

Pure: a clock is a float in seconds, chance an argument, and a `Looks` a frozen value that goes into JSON and back. One
machine runs it on the monotonic clock, a fleet on the clock of its database. A server that is away holds up nothing
but itself: it is spared until its back-off is over, and what is due is not woken for while the mail can't be written.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from mentorup_daemon.config import Settings
from mentorup_daemon.errors import ConfigError, CredentialsError, MentorUpError
from mentorup_daemon.records.backoff import Backoff

CALDAV, IMAP = "caldav", "imap"

REFUSED = 3600.0
"""Seconds until refused credentials are tried again: servers lock accounts out."""

_DAY = 86_400.0  # seconds
_FEEDS = 900.0  # seconds between looks at feeds where there is no CalDAV: their makers ask for patience


def intervals(settings: Settings) -> dict[str, float]:
    """The servers of an account, and the seconds between two looks at each."""
    found = {IMAP: settings.imap.poll_interval.total_seconds()}
    if settings.caldav is not None:
        found[CALDAV] = settings.caldav.poll_interval.total_seconds()
    elif settings.feeds:
        found[CALDAV] = _FEEDS
    return found


def delay(error: MentorUpError, attempts: int, chance: float) -> float:
    """Seconds until a server that has failed for the `attempts`th time in a row is tried again; `chance` in [0, 1)."""
    if isinstance(error, (CredentialsError, ConfigError)):
        return REFUSED
    retry_after = getattr(error, "retry_after", None) or 0.0
    return float(max(retry_after, Backoff().delay(attempts, chance)))


@dataclass(frozen=True, slots=True)
class Look:
    """One server: looked at every `interval` seconds, and when next; how often it has failed in a row, and how."""

    interval: float
    next_look: float = 0.0
    attempts: int = 0
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Looks:
    """All servers of an account, by name. Every method that changes something returns another value."""

    servers: Mapping[str, Look]

    @classmethod
    def first(cls, every: Mapping[str, float]) -> Self:
        """Nothing has been looked at yet: all is due. `every` has the interval of each server, in seconds."""
        return cls({name: Look(interval) for name, interval in every.items()})

    @classmethod
    def taken_up(cls, every: Mapping[str, float], kept: Mapping[str, Any], now: float) -> Self:
        """As `to_json` has kept it, with the servers and intervals of today.

        A server that wasn't there before is due; one whose interval is shorter now is looked at when it would have been
        with that. What can't be read counts as never looked at.
        """
        return cls({name: _taken_up(interval, kept.get(name), now) for name, interval in every.items()})

    def to_json(self) -> dict[str, dict[str, Any]]:
        """For `taken_up`."""
        return {name: asdict(look) for name, look in self.servers.items()}

    def due(self, now: float) -> frozenset[str]:
        """The servers to look at."""
        return frozenset(name for name, look in self.servers.items() if look.next_look <= now)

    def spared(self, now: float) -> frozenset[str]:
        """The servers that have failed and whose back-off isn't over: nothing at all is asked of them."""
        return frozenset(name for name, look in self.servers.items() if look.attempts) - self.due(now)

    @property
    def failures(self) -> dict[str, str]:
        """What stands against each server that failed when it was last asked, in words."""
        return {name: look.failure for name, look in sorted(self.servers.items()) if look.attempts}

    def heard_from(self, name: str, now: float) -> Self:
        """There is something new at this server; while it fails, its back-off holds."""
        look = self.servers.get(name)
        if look is None or look.attempts:
            return self
        return self._with(name, replace(look, next_look=min(look.next_look, now)))

    def after(
        self,
        looked_at: Collection[str],
        failures: Mapping[str, MentorUpError],
        now: float,
        *,
        chance: float,
        phase: float | None = None,
    ) -> Self:
        """After a pass that ended at `now`. A server may also fail that was only written to.

        `phase` in [0, 1) keeps the looks that all goes well with at a time of their own within each interval, so that
        the accounts of a fleet stay spread whatever has made them all due at once; None counts from `now`.
        """
        changed = dict(self.servers)
        for name, look in self.servers.items():
            error = failures.get(name)
            if error is not None:
                attempts = look.attempts + 1
                later = now + delay(error, attempts, chance)
                changed[name] = replace(look, next_look=later, attempts=attempts, failure=str(error))
            elif name in looked_at:
                changed[name] = Look(look.interval, _next(look.interval, now, phase))
        return replace(self, servers=changed)

    def next_pass(self, due: float | None) -> float:
        """When the next pass is to be made; `due` is when something is to be written next, None when nothing is.

        What is due can't be written while the mail fails: it is tried when the mail is looked at again.
        """
        mail = self.servers.get(IMAP)
        looks = min((look.next_look for look in self.servers.values()), default=math.inf)
        return looks if due is None or (mail is not None and mail.attempts) else min(looks, due)

    def _with(self, name: str, look: Look) -> Self:
        return replace(self, servers={**self.servers, name: look})


def _next(interval: float, now: float, phase: float | None) -> float:
    """One interval from `now`; with a phase the moment of that phase which is nearest to it."""
    if phase is None or interval <= 0.0:
        return now + interval
    offset = phase * interval
    return math.ceil((now + interval / 2 - offset) / interval) * interval + offset


def _taken_up(interval: float, kept: object, now: float) -> Look:
    """One server as it was kept; never due later than two intervals of today from now, or a day where it fails."""
    if not isinstance(kept, Mapping):
        return Look(interval)
    try:
        before, next_look = float(kept["interval"]), float(kept["next_look"])
        attempts, failure = int(kept["attempts"]), str(kept["failure"])
    except (KeyError, TypeError, ValueError):
        return Look(interval)
    if not math.isfinite(next_look):
        return Look(interval)
    if attempts:
        return Look(interval, min(next_look, now + _DAY), attempts, failure)
    sooner = max(before - interval, 0.0)
    return Look(interval, min(next_look - sooner, now + interval * 2), attempts, failure)
