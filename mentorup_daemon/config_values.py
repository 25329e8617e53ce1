"""The kinds of values that a config holds: each a type that pydantic checks, each fault in the owner's words.

A check raises `PydanticCustomError` whose message says what is expected, never what was given: showing the value, or
hiding it, is the business of `config_faults`. Everything that later goes into a header, an IMAP command or a path is a
single line without control characters, so that CR, LF and NUL are stopped here once for all.
The one hard thing is cron: croniter accepts schedules that never come, seconds, nicknames and random fields.
"""

from __future__ import annotations

import ipaddress
import re
import warnings
from collections.abc import Callable
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from croniter import croniter
from croniter.croniter import CroniterBadDateError, CroniterError
from pydantic import AfterValidator, Field, PlainValidator, ValidationInfo
from pydantic_core import PydanticCustomError

from mentorup_daemon.records.hosts import is_loopback

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Security = Literal["tls", "starttls", "none"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

FILED_KEYWORD = "$MentorFiled"  # set by MentorUp on what it has filed (contract.md)

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LONGEST_CRON = 100
_LONGEST_PATTERN = 500
# RFC 5321 4.1.2 Dot-string and Domain, in ASCII; no quoted local parts, no address literals.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_EMAIL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?")
_HOURS = re.compile(r"([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})")
_KEYWORD_SPECIALS = frozenset('(){ %*"\\]')  # RFC 9051 atom-specials and resp-specials


def expected(text: str) -> PydanticCustomError:
    """The fault that says what is expected instead of what was given."""
    return PydanticCustomError("expected", "{text}", {"text": text})


def _line(value: str) -> str:
    if not value.isprintable():
        raise expected("expected one line of text without control characters")
    return value


def _filled(value: str) -> str:
    if not value.strip():
        raise expected("expected a text that isn't empty")
    return _line(value)


def _email(value: str) -> str:
    if len(value) > 254 or len(value.partition("@")[0]) > 64 or not _EMAIL.fullmatch(value):
        raise expected("expected an email address alone, like sam@example.org, in ASCII letters")
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise expected(f"expected an IANA time zone, like Europe/Berlin{_nearest_zone(value)}") from None
    return value


def _nearest_zone(value: str) -> str:
    zones = {zone.casefold(): zone for zone in sorted(available_timezones())}
    cities = {folded.rpartition("/")[2]: zone for folded, zone in reversed(zones.items())}
    wanted = value[:64].casefold().replace(" ", "_")
    for known in (zones, cities):
        if near := get_close_matches(wanted, known, 1, 0.7):
            return f'; did you mean "{known[near[0]]}"?'
    return ""


def _working_hours(value: str) -> str:
    wording = 'expected hours like "08:00-18:00", the end after the start ("00:00-24:00" = always)'
    match = _HOURS.fullmatch(value)
    if match is None:
        raise expected(wording)
    opens, closes = clock_minutes(value)
    if any(int(minute) > 59 for minute in match.group(2, 4)) or not opens < closes <= 24 * 60:
        raise expected(wording)
    return value


def clock_minutes(hours: str) -> tuple[int, int]:
    """Opening and closing of `HH:MM-HH:MM`, as minutes since midnight."""
    opens, closes = (part.split(":") for part in hours.split("-"))
    return int(opens[0]) * 60 + int(opens[1]), int(closes[0]) * 60 + int(closes[1])


def _absence(value: str) -> str:
    try:
        first, last = absence(value)
    except ValueError:
        raise expected('expected a day like "2026-12-24", or days like "2026-12-21 to 2027-01-03"') from None
    if last < first:
        raise expected("expected the last day after the first")
    if last - first > timedelta(days=731):
        raise expected("expected an absence of two years at most; `mentorup mentors pause` waits for longer")
    return value


def absence(days: str) -> tuple[date, date]:
    """The first and the last day of `2026-12-24` or `2026-12-21 to 2027-01-03`; ValueError for anything else."""
    first, to, last = (part.strip() for part in days.partition(" to "))
    if not all(re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", day) for day in ((first, last) if to else (first,))):
        raise ValueError(days)
    return date.fromisoformat(first), date.fromisoformat(last if to else first)


def duration(text: str) -> timedelta:
    """The duration that `90s`, `5m`, `48h`, `5d` or `2w` stands for; ValueError for anything else."""
    match = re.fullmatch(r"([0-9]{1,6})([smhdw])", text)
    if match is None:
        raise ValueError(text)
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _between(low: str, high: str) -> Callable[[object], timedelta]:
    def check(value: object) -> timedelta:
        try:
            given = duration(value) if isinstance(value, str) else None
        except ValueError:
            given = None
        if given is None:
            raise expected('expected a duration in quotes, like "90s", "5m", "48h", "5d" or "2w"')
        if not duration(low) <= given <= duration(high):
            raise expected(f"expected a duration from {low} to {high}")
        return given

    return check


def _between_or_none(low: str, high: str) -> Callable[[object], timedelta | None]:
    check = _between(low, high)
    return lambda value: None if value in ("", None) else check(value)


def _schedule(value: str) -> str:
    wording = 'expected a schedule of five cron fields (minute, hour, day, month, weekday), like "0 8 * * mon"'
    if len(value) > _LONGEST_CRON or not re.fullmatch(r"[0-9A-Za-z*/,#\- ]+", value) or len(value.split()) != 5:
        raise expected(wording)
    if re.search(r"(?<![A-Za-z])[rh](?![A-Za-z])", value, re.IGNORECASE):
        raise expected(f"{wording}; fields drawn by lot (R, H) would move at every start")
    try:
        # A fixed start keeps this free of the clock: what comes at all comes within any fifty years (29 February on
        # a given weekday every 28), and croniter gives up after those.
        croniter(value, datetime(2000, 1, 1)).get_next(datetime)  # noqa: DTZ001 - local wall-clock time is meant
    except CroniterBadDateError:
        raise expected("this schedule never comes: none of its months has such a day") from None
    except (CroniterError, ValueError, KeyError, OverflowError):
        raise expected(wording) from None
    return value


def _pattern(value: str) -> str:
    if len(value) > _LONGEST_PATTERN:
        raise expected(f"expected a pattern of at most {_LONGEST_PATTERN} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's own advice about odd but valid patterns
            re.compile(value)
    except re.error as error:
        where = "" if error.pos is None else f" at character {error.pos + 1}"
        raise expected(f"expected a regular expression: {error.msg}{where}") from None
    except (OverflowError, RecursionError):
        raise expected("expected a simpler regular expression") from None
    return value


def _identifier(value: str) -> str:
    if len(value) > 64 or not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", value):
        raise expected("expected an id of small letters, digits, - and _, like ana or bo-lind")
    if value == "me":
        raise expected('expected another id: "me" is you, in action items')
    return value


def _keyword(value: str) -> str:
    if not value or len(value) > 128 or not value.isascii() or not value.isprintable():
        raise expected("expected an IMAP keyword: ASCII letters, digits and signs like $ - _")
    if special := next((char for char in value if char in _KEYWORD_SPECIALS), None):
        raise expected(f"expected an IMAP keyword, which can't hold {'a blank' if special == ' ' else special}")
    if value.lower() == FILED_KEYWORD.lower():
        raise expected(f"expected a keyword of yours: {FILED_KEYWORD} is what MentorUp marks filed mail with")
    return value


def _folder(value: str) -> str:
    if len(value) > 255 or not _filled(value) or set(value) & {"*", "%"}:
        raise expected("expected a folder's name, without * and %")
    return value


def _plus_address(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", value):
        raise expected("expected what stands after the + of your address: feedback for sam+feedback@example.org")
    return value


def _host(value: str) -> str:
    if len(value) > 253 or not (is_address(value) or _HOST.fullmatch(value)):
        raise expected("expected a server's name alone, like imap.example.org (no https://, no :port)")
    return value


def is_address(host: str) -> bool:
    """True when `host` is an IP address rather than a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _web_address(schemes: tuple[str, ...], example: str, *, login: bool = False) -> Callable[[str], str]:
    wording = f"expected an address like {example}"

    def check(value: str) -> str:
        try:
            parts = urlsplit(value)
            host, scheme, _ = parts.hostname or "", parts.scheme.lower(), parts.port
        except ValueError:
            raise expected(wording) from None
        if scheme not in (*schemes, "http") or not host or not value.isprintable() or " " in value:
            raise expected(wording)
        if not login and (parts.username is not None or parts.password is not None):
            raise expected(f"{wording}, without a name or password in it: they have keys of their own")
        if scheme == "http" and not is_loopback(host):
            raise expected("expected https://: over http:// anyone on the way can read along (this machine aside)")
        return value

    return check


def _beside_config(info: ValidationInfo, value: str) -> Path:
    """A path as the config means it: `~` is the home directory, a relative one is beside the config file."""
    base = info.context["base"] if info.context else Path()
    try:
        return Path(base, Path(value).expanduser())
    except RuntimeError:  # ~someone who doesn't exist
        raise expected("expected a path with a home directory that exists") from None


def _secret_file(value: str, info: ValidationInfo) -> str:
    return str(_beside_config(info, _filled(value)))


def _file(value: str, info: ValidationInfo) -> str:
    if not value:
        return value
    path = _beside_config(info, _line(value))
    if not _is(path.is_file):
        raise expected("expected a file that exists and can be read")
    return str(path)


def _directory(value: str, info: ValidationInfo) -> str:
    if not value:
        return value
    path = _beside_config(info, _line(value))
    if not _is(path.is_dir):
        raise expected("expected a directory that exists")
    return str(path)


def _is(question: Callable[[], bool]) -> bool:
    try:
        return question()
    except (OSError, ValueError):  # no permission on the way, name too long
        return False


def _store_url(value: str) -> str:
    if value and not re.match(r"(sqlite|postgresql)(\+[a-z0-9]+)?://", _line(value)):
        raise expected("expected a database URL that starts with sqlite:/// or postgresql://, or nothing")
    return value


Line = Annotated[str, AfterValidator(_line)]
Filled = Annotated[str, AfterValidator(_filled)]
Email = Annotated[str, AfterValidator(_email)]
Zone = Annotated[str, AfterValidator(_zone)]
ZoneOrNone = Annotated[str, AfterValidator(lambda value: _zone(value) if value else value)]
Hours = Annotated[str, AfterValidator(_working_hours)]
Absence = Annotated[str, AfterValidator(_absence)]
Schedule = Annotated[str, AfterValidator(_schedule)]
Pattern = Annotated[str, AfterValidator(_pattern)]
Identifier = Annotated[str, AfterValidator(_identifier)]
Keyword = Annotated[str, AfterValidator(_keyword)]
Folder = Annotated[str, AfterValidator(_folder)]
FolderOrNone = Annotated[str, AfterValidator(lambda value: _folder(value) if value else value)]
PlusAddress = Annotated[str, AfterValidator(_plus_address)]
Host = Annotated[str, AfterValidator(_host)]
Port = Annotated[int, Field(ge=1, le=65535)]
CalDavUrl = Annotated[str, AfterValidator(_web_address(("https",), "https://dav.example.org/"))]
OAuthUrlOrNone = Annotated[
    str,
    AfterValidator(lambda value: _web_address(("https",), "https://login.example.org/token")(value) if value else ""),
]
FeedUrl = Annotated[str, AfterValidator(_web_address(("https", "webcal"), "https://example.org/sam.ics", login=True))]
StoreUrl = Annotated[str, AfterValidator(_store_url)]
File = Annotated[str, AfterValidator(_file)]
SecretFile = Annotated[str, AfterValidator(_secret_file)]
Directory = Annotated[str, AfterValidator(_directory)]
Timeout = Annotated[timedelta, PlainValidator(_between("1s", "10m"))]
# RFC 2177: an IDLE is renewed at least every 29 minutes.
IdleRenewal = Annotated[timedelta, PlainValidator(_between("1s", "29m"))]
Interval = Annotated[timedelta, PlainValidator(_between("1s", "1d"))]
LeadTime = Annotated[timedelta, PlainValidator(_between("1m", "60d"))]
LeadTimeOrNone = Annotated[timedelta | None, PlainValidator(_between_or_none("1m", "60d"))]
CadenceOrNone = Annotated[timedelta | None, PlainValidator(_between_or_none("1d", "52w"))]
