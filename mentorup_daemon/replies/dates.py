"""Dates and durations as people type them, in the owner's zone, always ahead.

The usual ways of writing in English and in figures are read here, by rules that can be told: a weekday is the next one
to come, `next Friday` is the Friday of next week (weeks begin on Monday), a date without a year is the next such day,
a day alone means its first moment. What these rules don't know is asked of dateparser in the languages of the mails we
read. A date that could be two days (`11/12`) or lies in the past is refused with a word on how to mend it: a promise
kept for the wrong day is worse than a question.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

EXAMPLE = "for example 2026-12-11, 11 Dec, Friday, tomorrow or in 2 weeks"
FARTHEST = timedelta(days=3660)

_LANGUAGES = "en de fr es pt it nl sv da nb fi pl cs ru uk tr el ja zh ko he ar".split()
_WEEKDAYS = {
    name: number
    for number, names in enumerate(
        ("monday mon", "tuesday tue tues", "wednesday wed", "thursday thu thur thurs", "friday fri", "saturday sat",
         "sunday sun")
    )
    for name in names.split()
}  # fmt: skip
_MONTHS = {
    name: number
    for number, names in enumerate(
        ("january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug",
         "september sep sept", "october oct", "november nov", "december dec"), start=1
    )
    for name in names.split()
}  # fmt: skip
_COUNTS = {
    word: number
    for number, word in enumerate(
        "one two three four five six seven eight nine ten eleven twelve".split(), start=1
    )
} | {"a": 1, "an": 1}  # fmt: skip
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}

_DURATION = re.compile(r"(?:for )?(\d{1,6}) ?(m|min|minutes?|h|hours?|hrs?|d|days?|w|weeks?)")
_CLOCK = re.compile(
    r"(?:,? at|,)? (?:(?P<hour>\d{1,2})[:.h](?P<minute>\d{2})(?: ?(?P<half>[ap])\.?m\.?)?"
    r"|(?P<bare>\d{1,2}) ?(?P<part>[ap])\.?m\.?|(?P<noon>noon))$"
)
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:t(?=\d)(?P<clock>.*))?")
_FIGURES = re.compile(r"(\d{1,2})(?P<mark>[./-]) ?(\d{1,2})(?:(?P=mark) ?(\d{4}|\d{2})?)?")
_EAST = re.compile(r"(?:(\d{4})[年년] ?)?(\d{1,2})[月월] ?(\d{1,2})[日일]?")
_DAY_MONTH = re.compile(r"(?:the )?(\d{1,2})(?:st|nd|rd|th)?\.?(?: of)? ([a-z]{3,9})\.?,?(?: (\d{4}))?")
_MONTH_DAY = re.compile(r"([a-z]{3,9})\.? (?:the )?(\d{1,2})(?:st|nd|rd|th)?,?(?: (\d{4}))?")
_MONTH = re.compile(r"([a-z]{3,9})\.?(?: (\d{4}))?")
_ORDINAL = re.compile(r"(?:the )?(\d{1,2})(?:st|nd|rd|th)")
_WEEKDAY = re.compile(r"(this |next |coming )?([a-z]{3,9})\.?(,? .*)?")
_IN = re.compile(r"(?:in )?(\d{1,4}|[a-z]+) (day|week|fortnight|month|year)s?(?:'s? time| from now)?")
_SPAN = re.compile(r"(?P<end>(?:the )?end of )?(?:the )?(?P<which>this |next )?(?P<unit>week|month|year)")
_NEAR = {"today": 0, "tonight": 0, "tomorrow": 1, "the day after tomorrow": 2, "day after tomorrow": 2}


class NotADate(ValueError):
    """The words are no date."""


class UnusableDate(NotADate):
    """The words are a date, but not one to go by; the message says why, and how to mend it."""


def read_duration(text: str) -> timedelta:
    """`3d`, `48h`, `2w`, `90m`, also `3 days`. Raises `NotADate`, and `UnusableDate` for nothing or over ten years."""
    found = _DURATION.fullmatch(_plain(text))
    if not found:
        raise NotADate(text)
    span = timedelta(**{_UNITS[found.group(2)[0]]: int(found.group(1))})
    if not timedelta(0) < span <= FARTHEST:
        raise UnusableDate("that is no time to wait for: write for example 3d, 48h or 2w")
    return span


def read_date(text: str, *, zone: ZoneInfo, now: datetime) -> datetime:
    """The day (its first moment) or the time that `text` names, aware, in `zone`, seen from the aware `now`.

    Raises `NotADate` when it names none, `UnusableDate` when it can't be gone by. Pure: `now` is all it knows of time.
    """
    words = _plain(text)
    if not 0 < len(words) <= 60:
        raise NotADate(text)
    today = now.astimezone(zone).date()
    clock = time()
    if at := _CLOCK.search(" " + words):
        clock, words = _clock(at), (" " + words)[: at.start()].strip() or "today"
    try:
        day = _day(words, today)
    except (ValueError, OverflowError) as error:
        if isinstance(error, NotADate):
            raise
        raise UnusableDate(f"there is no such day as {text.strip()[:60]!r}: write a date, {EXAMPLE}") from None
    if isinstance(day, datetime):
        clock = day.time() if clock == time() else clock
        day = day.date()
    found = datetime.combine(day, clock, tzinfo=zone)
    if day < today or (clock != time() and found < now):
        raise UnusableDate(f"{_told(day)} has passed: write a day to come, {EXAMPLE}")
    if day - today > FARTHEST:
        raise UnusableDate(f"{_told(day)} is too far ahead: write a nearer day, {EXAMPLE}")
    return found


def read_stamp(text: str, zone: ZoneInfo) -> datetime | None:
    """The time that a mail program wrote above a forwarded message, in its own language; aware, None if unreadable.

    A time without an offset is taken to be in `zone`.
    """
    found = _asked(" ".join(text.split()), {}) if len(text) <= 100 else None
    if found is None or not 1970 < found.year < 2200:
        return None
    return found if found.tzinfo else found.replace(tzinfo=zone)


def _plain(text: str) -> str:
    """Lower case, single blanks, no leading `on`, no trailing full stop (but `11.12.` keeps its own)."""
    words = " ".join(text.replace("’", "'").lower().split()).strip(" ,;!?\"'“”")
    if words.endswith(".") and not words[:-1].rpartition(".")[2].isdigit():
        words = words.rstrip(".")
    return words.removeprefix("on ")


def _clock(found: re.Match[str]) -> time:
    if found["noon"]:
        return time(12)
    half = found["half"] or found["part"]
    hour, minute = int(found["hour"] or found["bare"]), int(found["minute"] or 0)
    if half and not 1 <= hour <= 12:
        raise NotADate("no such hour")
    hour = hour % 12 + (12 if half == "p" else 0) if half else hour
    if hour > 23 or minute > 59:
        raise NotADate("no such time")
    return time(hour, minute)


def _day(words: str, today: date) -> date:
    """The day that `words` name. Raises ValueError for days that don't exist."""
    for reading in (_near, _figures, _named_month, _named_weekday, _counted, _span):
        found = reading(words, today)
        if found is not None:
            return found
    return _elsewhere(words, today)


def _near(words: str, today: date) -> date | None:
    ahead = _NEAR.get(words)
    return None if ahead is None else today + timedelta(days=ahead)


def _figures(words: str, today: date) -> date | None:
    if found := _ISO.fullmatch(words):
        day = date(int(found[1]), int(found[2]), int(found[3]))
        return datetime.combine(day, time.fromisoformat(found["clock"][:5])) if found["clock"] else day
    if found := _EAST.fullmatch(words):
        return _coming(int(found[2]), int(found[3]), found[1], today)
    if not (found := _FIGURES.fullmatch(words)):
        return None
    first, second, year = int(found[1]), int(found[3]), found[4]
    if year and len(year) == 2:
        year = f"20{year}"
    if found["mark"] == ".":
        if not year and not words.endswith("."):
            raise NotADate(words)  # 2.5 may be anything
        return _coming(second, first, year, today)
    if first <= 12 and second <= 12 and first != second:
        raise UnusableDate(f"{words} could be two different days: write it as 2026-12-11 or 11 Dec")
    return _coming(second, first, year, today) if second <= 12 else _coming(first, second, year, today)


def _named_month(words: str, today: date) -> date | None:
    if (found := _DAY_MONTH.fullmatch(words)) and found[2] in _MONTHS:
        return _coming(_MONTHS[found[2]], int(found[1]), found[3], today)
    if (found := _MONTH_DAY.fullmatch(words)) and found[1] in _MONTHS:
        return _coming(_MONTHS[found[1]], int(found[2]), found[3], today)
    if (found := _MONTH.fullmatch(words)) and found[1] in _MONTHS:
        return _coming(_MONTHS[found[1]], 1, found[2], today)
    if words.startswith("end of ") and (month := _MONTHS.get(words.removeprefix("end of "))):
        return _last_of_month(_coming(month, 28, None, today))
    if found := _ORDINAL.fullmatch(words):
        number = int(found[1])
        for ahead in range(62):
            if (today + timedelta(days=ahead)).day == number:
                return today + timedelta(days=ahead)
        raise ValueError(words)
    return None


def _named_weekday(words: str, today: date) -> date | None:
    """A weekday alone, or before a date that must then fall on it (`Friday, 11 December`)."""
    found = _WEEKDAY.fullmatch(words)
    if not found or found[2] not in _WEEKDAYS:
        return None
    weekday, rest = _WEEKDAYS[found[2]], (found[3] or "").strip(" ,")
    if rest == "next week" or (found[1] == "next " and not rest):
        return today + timedelta(days=7 - today.weekday() + weekday)
    if rest:
        day = _day(rest, today)
        if day.weekday() != weekday:
            raise UnusableDate(f"{_told(day)} is no {found[2].title()}: write the date alone, {EXAMPLE}")
        return day
    return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)


def _counted(words: str, today: date) -> date | None:
    found = _IN.fullmatch(words)
    if not found:
        return None
    count = int(found[1]) if found[1].isdigit() else _COUNTS.get(found[1])
    if count is None:
        return None
    if found[2] in ("day", "week", "fortnight"):
        return today + timedelta(days=count * {"day": 1, "week": 7, "fortnight": 14}[found[2]])
    months = today.month - 1 + count * (1 if found[2] == "month" else 12)
    first = date(today.year + months // 12, months % 12 + 1, 1)
    return min(first + timedelta(days=today.day - 1), _last_of_month(first))


def _span(words: str, today: date) -> date | None:
    """`next week` is its Monday, `end of the week` its Friday, `end of the month` its last day."""
    found = _SPAN.fullmatch(words)
    if not found or not (found["end"] or found["which"] == "next "):
        return None
    ahead = 1 if found["which"] == "next " else 0
    if found["unit"] == "week":
        monday = today + timedelta(days=7 * ahead - today.weekday())
        friday = monday + timedelta(days=4)
        return (friday if friday >= today else monday + timedelta(days=6)) if found["end"] else monday
    months = today.month - 1 + ahead if found["unit"] == "month" else 12 * ahead + (11 if found["end"] else 0)
    first = date(today.year + months // 12, months % 12 + 1, 1)
    return _last_of_month(first) if found["end"] else first


def _elsewhere(words: str, today: date) -> date:
    """What dateparser makes of it, in any of our languages; lone short words and lone figures are no dates."""
    letters = [word for word in re.split(r"[\W\d_]+", words) if word]
    if len(words) > 40 or not letters or (len(letters) == 1 and words == letters[0] and len(words) < 4):
        raise NotADate(words)
    settings = {
        "PREFER_DATES_FROM": "future",
        "PREFER_DAY_OF_MONTH": "first",
        "RELATIVE_BASE": datetime.combine(today, time()),
        "RETURN_AS_TIMEZONE_AWARE": False,
    }
    found = _asked(words, settings)
    if found is None:
        raise NotADate(words)
    return found.date()


def _asked(words: str, settings: Mapping[str, object]) -> datetime | None:
    """What dateparser says; on odd input it raises what its innards raise."""
    import dateparser  # noqa: PLC0415 - 10 MB of rules for dates that few replies hold

    try:
        found = dateparser.parse(words, languages=_LANGUAGES, settings=dict(settings))
    except (ValueError, OverflowError, TypeError, AttributeError, LookupError, RecursionError):
        return None
    return found if isinstance(found, datetime) else None


def _coming(month: int, day: int, year: str | None, today: date) -> date:
    """That day of `year`, or of the next year in which it exists and lies ahead."""
    if year:
        return date(int(year), month, day)
    for ahead in range(9):
        try:
            found = date(today.year + ahead, month, day)
        except ValueError:
            continue
        if found >= today:
            return found
    raise ValueError("no such day")


def _last_of_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _told(day: date) -> str:
    return f"{day.day} {day:%B} {day.year}"
