"""How days, times, lengths and lists are called, relative to the reader's today. English only.

A day within a week is called by its weekday, since nobody thinks in dates about Thursday; beyond that it carries its
date, and its year when that isn't this one's. Drafts are read days after they were written, so `date` never says today.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

_WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_MONTHS = "January February March April May June July August September October November December".split()
_NUMBERS = "no one two three four five six seven eight nine ten".split()
_ORDINALS = " first second third fourth fifth sixth seventh eighth ninth tenth".split(" ")


@dataclass(frozen=True, slots=True)
class When:
    """A moment in the words of one reader's zone and today."""

    weekday: str  # Thursday
    date: str  # Thursday 3 December
    short: str  # 3 December
    time: str  # 14:00
    day: str  # today, tomorrow, Thursday (within a week), Thursday 10 December
    on: str  # today, tomorrow, on Thursday, on Thursday 10 December


def when(moment: datetime | date, now: datetime, zone: tzinfo) -> When:
    """How `moment` (aware, or a date) is called at `now` (aware) in `zone`."""
    local = moment.astimezone(zone) if isinstance(moment, datetime) else None
    day = local.date() if local else moment
    today = now.astimezone(zone).date()
    distance = (day - today).days
    weekday = _WEEKDAYS[day.weekday()]
    short = f"{day.day} {_MONTHS[day.month - 1]}" + (f" {day.year}" if _far(day, today) else "")
    near = {0: "today", 1: "tomorrow", -1: "yesterday"}.get(distance, "")
    name = near or (weekday if abs(distance) < 7 else f"{weekday} {short}")
    return When(
        weekday=weekday,
        date=f"{weekday} {short}",
        short=short,
        time=f"{local:%H:%M}" if local else "",
        day=name,
        on=near or f"on {name}",
    )


def _far(day: date, today: date) -> bool:
    return day.year != today.year and abs(day - today) > timedelta(days=120)


def listing(words: Sequence[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""


def count(number: int, one: str, many: str = "") -> str:
    """`1 question`, `2 questions`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def length(minutes: int) -> str:
    """`45 minutes`, `1 hour`, `1 hour 30 minutes`; "" for none."""
    hours, rest = divmod(minutes, 60)
    parts = [count(hours, "hour")] * bool(hours) + [count(rest, "minute")] * bool(rest)
    return " ".join(parts)


def number(value: int) -> str:
    """`two` up to ten, digits beyond."""
    return _NUMBERS[value] if 0 <= value < len(_NUMBERS) else str(value)


def ordinal(position: int) -> str:
    """`first` up to tenth, `11th` beyond."""
    return _ORDINALS[position] if 0 < position < len(_ORDINALS) else f"{position}th"


def rhythm(days: int) -> str:
    """`every week`, `every two months`, `every 10 days`: how often, in the largest unit that fits."""
    for unit, length_of_it in (("month", 30), ("week", 7), ("day", 1)):
        if days % length_of_it == 0 and days >= length_of_it:
            many = days // length_of_it
            return f"every {unit}" if many == 1 else f"every {number(many)} {unit}s"
    return "every day"
