"""Recurrence rules (RFC 5545 3.3.10) -> the local times at which an event recurs.

Promise: cost is bounded by the window that is asked for, not by the rule. A rule from 1990 without an end is entered
near the window; a rule that never comes (30 February, a BYSETPOS beyond its set) ends with the window; a COUNT is
counted out only where it can run out before the window ends; rules finer than hourly, also those that get there by
BYMINUTE and BYSECOND, and INTERVAL below 1 are refused.

This is why the rules are worked out here and not by dateutil, on which recurring-ical-events stands: it always begins
at DTSTART and searches up to the year 9999 for the next match, inside one call that nothing can interrupt (12 s for
`FREQ=DAILY;BYSETPOS=5`, hours with HOURLY). Both are the yardstick in the tests.

All times are naive local times of the event's zone; which instants they are is said in times.py. The hard thing is
made simple by one observation: every BY part that names days, expanding or limiting, is a filter on the days of the
period, once the parts that DTSTART implies are written out.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from mentorup_daemon.errors import Malformed

_DAYS = {"MO": 0, "TU": 1, "WE": 2, "TH": 3, "FR": 4, "SA": 5, "SU": 6}
_DAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_LONGEST = {"YEARLY": 366, "MONTHLY": 31, "WEEKLY": 7, "DAILY": 1, "HOURLY": 1}
_SHORTEST = {"YEARLY": 365, "MONTHLY": 28, "WEEKLY": 7, "DAILY": 1}  # days
_RANGES = {
    "BYMONTH": (1, 12, False),
    "BYWEEKNO": (1, 53, True),
    "BYYEARDAY": (1, 366, True),
    "BYMONTHDAY": (1, 31, True),
    "BYHOUR": (0, 23, False),
    "BYMINUTE": (0, 59, False),
    "BYSECOND": (0, 60, False),
    "BYSETPOS": (1, 366 * 24, True),
}
_HARMLESS = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "RSCALE", "SKIP"}

MOST_PERIODS = 200_000
"""How many periods (years, ..., hours) of one rule are looked at: under a second; an hourly rule gets 22 years."""

MOST_STEPS = 1_000_000
"""How many periods, and times in them, are looked at for one event with all its rules: some seconds."""

MOST_IN_AN_HOUR = 12
"""How many times BYMINUTE and BYSECOND may make of one hour: every five minutes."""


class Steps:
    """What may still be looked at for one event: every walk along one of its rules takes from the same store."""

    def __init__(self, left: int = MOST_STEPS) -> None:
        self.left = left

    def take(self, number: int) -> None:
        """Take so many. Raises `Malformed` when there are none left."""
        self.left -= number
        if self.left < 0:
            raise Malformed("its recurrence rules would take too many steps to work out")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One RRULE. `by_day` holds (ordinal, weekday) (Monday 0; ordinal 0: each); `until` is its raw text."""

    freq: str
    interval: int = 1
    count: int | None = None
    until: str = ""
    week_start: int = 0
    by_month: tuple[int, ...] = ()
    by_week_no: tuple[int, ...] = ()
    by_year_day: tuple[int, ...] = ()
    by_month_day: tuple[int, ...] = ()
    by_day: tuple[tuple[int, int], ...] = ()
    by_hour: tuple[int, ...] = ()
    by_minute: tuple[int, ...] = ()
    by_second: tuple[int, ...] = ()
    by_set_pos: tuple[int, ...] = ()


def read_rule(text: str) -> Rule:
    """Read the value of an RRULE. Raises `Malformed`, in words for the owner, for a rule that is refused.

    A negative COUNT, which some programs write for "no end", is taken as none.
    """
    parts: dict[str, str] = {}
    for part in filter(None, re.sub(r"\s", "", text).upper().split(";")):
        name, _, value = part.partition("=")
        if value:
            parts[name] = value
    freq = parts.get("FREQ", "")
    if freq in ("SECONDLY", "MINUTELY"):
        raise Malformed(f"it repeats {freq.lower()}, which is no calendar of meetings; rules up to hourly are read")
    if freq not in _LONGEST:
        raise Malformed(f"its recurrence rule {text[:80]!r} has no frequency that is known")
    if parts.get("RSCALE", "GREGORIAN") != "GREGORIAN" or parts.get("SKIP", "OMIT") != "OMIT":
        raise Malformed("its recurrence rule asks for another calendar or for SKIP (RFC 7529), which are not read")
    for name in parts:
        if name not in _HARMLESS and name not in _RANGES and not name.startswith("X-"):
            raise Malformed(f"its recurrence rule has the part {name[:40]!r}, which is not known")
    interval = _number(parts.get("INTERVAL", "1"), "INTERVAL")
    if interval < 1:
        raise Malformed(f"its recurrence rule has INTERVAL={interval}, which never moves on; it must be 1 or more")
    count = _number(parts["COUNT"], "COUNT") if "COUNT" in parts else None
    if parts.get("WKST", "MO") not in _DAYS:
        raise Malformed("its recurrence rule begins the week (WKST) on no day")
    by_minute, by_second = _numbers(parts, "BYMINUTE"), _numbers(parts, "BYSECOND")
    if max(1, len(by_minute)) * max(1, len(by_second)) > MOST_IN_AN_HOUR:
        raise Malformed(f"it comes more than {MOST_IN_AN_HOUR} times an hour, which is no calendar of meetings")
    return Rule(
        freq=freq,
        interval=interval,
        count=None if count is None or count < 0 else max(1, count),
        until=parts.get("UNTIL", ""),
        week_start=_DAYS[parts.get("WKST", "MO")],
        by_month=_numbers(parts, "BYMONTH"),
        by_week_no=_numbers(parts, "BYWEEKNO"),
        by_year_day=_numbers(parts, "BYYEARDAY"),
        by_month_day=_numbers(parts, "BYMONTHDAY"),
        by_day=_days(parts.get("BYDAY", "")),
        by_hour=_numbers(parts, "BYHOUR"),
        by_minute=by_minute,
        by_second=tuple(sorted({min(59, second) for second in by_second})),
        by_set_pos=_numbers(parts, "BYSETPOS"),
    )


def slots(
    rule: Rule, first: datetime, low: datetime, high: datetime, until: datetime | None, steps: Steps | None = None
) -> Iterator[datetime]:
    """The times of the rule with `low` <= time < `high`, in order, each once; naive local times, as are all arguments.

    `first` (DTSTART) always belongs to the set and counts as the first (RFC 5545 3.3.10), also where it doesn't fit
    the rule; the last is at or before `until`. A rule that ended before it began has none. Raises `Malformed` when
    more than `MOST_PERIODS` periods would have to be looked at, or `steps` are used up.
    """
    if until is not None and until < first:
        return
    rule, steps = _written_out(rule, first), steps or Steps()
    if low <= first < high:
        yield first
    left = None if rule.count is None or _out_of_reach(rule, first, high) else rule.count - 1
    begin = 0 if left is not None else _periods_before(rule, first, low)
    for index in range(begin, begin + MOST_PERIODS):
        try:
            times = _period(rule, first, index, high)
        except (OverflowError, ValueError):  # beyond the year 9999
            return
        if times is None or left == 0:
            return
        steps.take(1 + len(times))
        for at in times:
            if at <= first:
                continue
            if at >= high or left == 0 or (until is not None and at > until):
                return
            if left is not None:
                left -= 1
            if at >= low:
                yield at
    raise Malformed(f"its recurrence rule would take more than {MOST_PERIODS} steps to work out")


def _written_out(rule: Rule, first: datetime) -> Rule:
    """The rule with everything that DTSTART implies (RFC 5545 3.3.10, "information ... derived from DTSTART")."""
    if not (rule.by_year_day or rule.by_month_day or rule.by_day):
        if rule.freq == "WEEKLY" or (rule.freq == "YEARLY" and rule.by_week_no):
            rule = replace(rule, by_day=((0, first.weekday()),))
        elif rule.freq == "MONTHLY":
            rule = replace(rule, by_month_day=(first.day,))
        elif rule.freq == "YEARLY":
            rule = replace(rule, by_month_day=(first.day,), by_month=rule.by_month or (first.month,))
    return replace(
        rule,
        by_hour=rule.by_hour or (() if rule.freq == "HOURLY" else (first.hour,)),
        by_minute=rule.by_minute or (first.minute,),
        by_second=rule.by_second or (first.second,),
    )


def _out_of_reach(rule: Rule, first: datetime, high: datetime) -> bool:
    """True when COUNT can't run out before `high`, however full each period is: then it need not be counted."""
    times = max(1, len(rule.by_hour)) * len(rule.by_minute) * len(rule.by_second)
    fullest = len(rule.by_set_pos) or _LONGEST[rule.freq] * times
    return rule.count is not None and rule.count > 1 + (_periods_before(rule, first, high) + 3) * fullest


def _periods_before(rule: Rule, first: datetime, moment: datetime) -> int:
    """A period of the rule that lies before `moment`, as near as is cheap to say; 0 for the one of `first`."""
    if moment <= first:
        return 0
    if rule.freq == "YEARLY":
        gone = moment.year - first.year
    elif rule.freq == "MONTHLY":
        gone = (moment.year - first.year) * 12 + moment.month - first.month
    elif rule.freq == "HOURLY":
        gone = (moment - first) // timedelta(hours=1)
    else:
        gone = (moment - first).days // _SHORTEST[rule.freq]
    return max(0, gone // rule.interval - 1)


def _period(rule: Rule, first: datetime, index: int, high: datetime) -> list[datetime] | None:
    """The times of one period, BYSETPOS applied, in order; None when it begins at or after `high`.

    Raises ValueError or OverflowError beyond the year 9999.
    """
    step = index * rule.interval
    hours = rule.by_hour
    if rule.freq == "YEARLY":
        begin = datetime(first.year + step, 1, 1)  # noqa: DTZ001 - local time by design
        months = sorted(set(rule.by_month)) or range(1, 13)
        days = [day for month in months for day in _month(begin.year, month)]
    elif rule.freq == "MONTHLY":
        year, month = divmod(first.year * 12 + first.month - 1 + step, 12)
        begin = datetime(year, month + 1, 1)  # noqa: DTZ001 - local time by design
        days = _month(year, month + 1)
    elif rule.freq == "WEEKLY":
        midnight = datetime.combine(first.date(), time())
        begin = midnight + timedelta(days=7 * step - (first.weekday() - rule.week_start) % 7)
        days = [begin.date() + timedelta(days=day) for day in range(7)]
    elif rule.freq == "DAILY":
        begin = datetime.combine(first.date(), time()) + timedelta(days=step)
        days = [begin.date()]
    else:
        begin = first.replace(minute=0, second=0) + timedelta(hours=step)
        days = [begin.date()] if not hours or begin.hour in hours else []
        hours = (begin.hour,)
    if begin >= high:
        return None
    times = [
        datetime.combine(day, time(hour, minute, second))
        for day in days
        if _fits(rule, day)
        for hour in sorted(set(hours))
        for minute in sorted(set(rule.by_minute))
        for second in sorted(set(rule.by_second))
    ]
    if not rule.by_set_pos:
        return times
    size = len(times)
    chosen = {place - 1 if place > 0 else size + place for place in rule.by_set_pos}
    return [times[place] for place in sorted(chosen) if 0 <= place < size]


def _fits(rule: Rule, day: date) -> bool:
    """Whether every BY part that names days lets this one through."""
    if rule.by_month and day.month not in rule.by_month:
        return False
    if rule.by_month_day:
        length = calendar.monthrange(day.year, day.month)[1]
        if day.day not in rule.by_month_day and day.day - length - 1 not in rule.by_month_day:
            return False
    if rule.by_day and not any(_is_day(rule, day, ordinal, weekday) for ordinal, weekday in rule.by_day):
        return False
    if rule.by_year_day:
        number, length = day.timetuple().tm_yday, 366 if calendar.isleap(day.year) else 365
        if number not in rule.by_year_day and number - length - 1 not in rule.by_year_day:
            return False
    if rule.by_week_no:
        number, length = _week(day, rule.week_start)
        if number not in rule.by_week_no and number - length - 1 not in rule.by_week_no:
            return False
    return True


def _is_day(rule: Rule, day: date, ordinal: int, weekday: int) -> bool:
    """Whether the day is this weekday, and the `ordinal`th of its month or year where the rule counts them."""
    if day.weekday() != weekday:
        return False
    if ordinal == 0 or rule.freq not in ("YEARLY", "MONTHLY") or rule.by_week_no:
        return True
    if rule.freq == "MONTHLY" or rule.by_month:
        place, length = day.day, calendar.monthrange(day.year, day.month)[1]
    else:
        place, length = day.timetuple().tm_yday, 366 if calendar.isleap(day.year) else 365
    return ordinal == ((place - 1) // 7 + 1 if ordinal > 0 else -((length - place) // 7 + 1))


def _week(day: date, week_start: int) -> tuple[int, int]:
    """The number of the day's week, and how many weeks its week-year has: week 1 has at least four days of January."""
    begin = day - timedelta(days=(day.weekday() - week_start) % 7)
    year = (begin + timedelta(days=3)).year
    first, following = _week_one(year, week_start), _week_one(year + 1, week_start)
    return (begin - first).days // 7 + 1, (following - first).days // 7


def _week_one(year: int, week_start: int) -> date:
    fourth = date(year, 1, 4)
    return fourth - timedelta(days=(fourth.weekday() - week_start) % 7)


def _month(year: int, month: int) -> list[date]:
    return [date(year, month, day) for day in range(1, calendar.monthrange(year, month)[1] + 1)]


def _number(text: str, name: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise Malformed(f"its recurrence rule has {name}={text[:40]!r}, which is no number") from None


def _numbers(parts: dict[str, str], name: str) -> tuple[int, ...]:
    low, high, negative = _RANGES[name]
    numbers = tuple(_number(item, name) for item in parts.get(name, "").split(",") if item)
    for number in numbers:
        if not (low <= number <= high or (negative and -high <= number <= -1)):
            raise Malformed(f"its recurrence rule has {name}={number}, which does not exist")
    return numbers


def _days(text: str) -> tuple[tuple[int, int], ...]:
    found = []
    for item in filter(None, text.split(",")):
        day = _DAY.fullmatch(item)
        if day is None:
            raise Malformed(f"its recurrence rule has BYDAY={item[:40]!r}, which is no day")
        found.append((int(day[1] or 0), _DAYS[day[2]]))
    return tuple(found)
