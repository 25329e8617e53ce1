"""What each command looks like behind its word, and how to mend it when it doesn't.

One small function per shape: it returns the commands that a line says, a command with a problem when the line was
surely meant to be one, or nothing when it may be prose. A date that is one but can't be gone by (past, or two days at
once) is a problem always: nobody writes it by chance.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from mentorup_daemon.records import Command, Mentor
from mentorup_daemon.replies.candidate_line import candidate_line
from mentorup_daemon.replies.dates import EXAMPLE, NotADate, UnusableDate, read_date, read_duration

MOST_TEXT = 2_000
MOST_NAME = 100

_NUMBERS = re.compile(r"#?\d{1,9}(?:(?:\s*[,;&+]\s*(?:and\s+)?|\s+and\s+|\s+)#?\d{1,9}){0,99}", re.IGNORECASE)
_MOVED = re.compile(r"#?(\d{1,9})\s*[,:]?\s+(?:to\s+|until\s+|till\s+)?(.*)", re.IGNORECASE)
_BY = re.compile(r"\sby\s", re.IGNORECASE)
_UNTIL = re.compile(r"\suntil\s", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Line:
    """A line that begins with a command's word: `rest` is what follows, `meant` says the word was in capitals."""

    name: str
    rest: str
    typed: str
    meant: bool

    def says(self, text: str = "", *, number: int | None = None, when: datetime | None = None) -> tuple[Command, ...]:
        """The command, understood."""
        if len(text) > MOST_TEXT:
            return self.wrong(f"the text is longer than {MOST_TEXT:,} characters: make it shorter", surely=True)
        return (Command(name=self.name, line=self.typed[:MOST_TEXT], text=text, number=number, when=when),)

    def wrong(self, mend: str, *, surely: bool = False) -> tuple[Command, ...]:
        """The command with a problem when it was meant, else nothing."""
        if not (self.meant or surely):
            return ()
        return (Command(name=self.name, line=self.typed[:MOST_TEXT], text=self.rest[:MOST_TEXT], problem=mend),)


@dataclass(frozen=True, slots=True)
class Setting:
    """What the shapes need to know: the owner's zone, the time, and the people who can be named."""

    zone: ZoneInfo
    now: datetime
    people: Sequence[Mentor]

    def date(self, words: str) -> datetime:
        """The date that `words` name, seen from here (see `read_date`)."""
        return read_date(words, zone=self.zone, now=self.now)


def read_shape(line: Line, setting: Setting) -> tuple[Command, ...]:
    """The commands that `line` says: several for `DONE 3, 4`, none when it is prose."""
    return SHAPES[line.name](line, setting)


def _alone(line: Line, _: Setting) -> tuple[Command, ...]:
    if line.rest.strip(" .,;:!?"):
        return line.wrong(f"{line.name} stands alone on its line: write {line.name} and nothing else")
    return line.says()


def _text(line: Line, _: Setting) -> tuple[Command, ...]:
    if not _has_word(line.rest):
        return line.wrong(f"write the text behind it, for example: {line.name} {_EXAMPLES[line.name]}")
    return line.says(line.rest)


def _thanks(line: Line, _: Setting) -> tuple[Command, ...]:
    for_what = re.match(r"for\b[\s:]*", line.rest, re.IGNORECASE)
    if not for_what or not _has_word(line.rest[for_what.end() :]):
        return line.wrong(f"write what for: THANKS for {_EXAMPLES['THANKS']}")
    return line.says(line.rest[for_what.end() :])


def _text_by_date(line: Line, setting: Setting) -> tuple[Command, ...]:
    last = next(reversed(list(_BY.finditer(line.rest))), None)
    if last is None or not _has_word(line.rest[: last.start()]) or _named(line.rest[last.end() :], setting.people):
        return _text(line, setting)
    try:
        when = setting.date(line.rest[last.end() :])
    except UnusableDate as error:
        return line.wrong(str(error), surely=True)
    except NotADate:
        return _text(line, setting)
    return line.says(line.rest[: last.start()].rstrip(" ,;"), when=when)


def _letter(line: Line, setting: Setting) -> tuple[Command, ...]:
    if not line.rest.strip(" .,;:!?"):
        return line.says()
    for_what = re.match(r"for\b[\s:]*", line.rest, re.IGNORECASE)
    if not for_what or not _has_word(line.rest[for_what.end() :]):
        return line.wrong("LETTER stands alone, or says what for: LETTER for the K award by 15 January")
    said = _text_by_date(replace(line, rest=line.rest[for_what.end() :]), setting)
    return said if line.meant or any(one.when or one.problem for one in said) else ()


def _numbers(line: Line, _: Setting) -> tuple[Command, ...]:
    listed = line.rest.strip(" .,;:!")
    if not _NUMBERS.fullmatch(listed):
        return line.wrong(f"{line.name} needs the number of an item, for example: {line.name} 3")
    numbers = dict.fromkeys(int(number) for number in re.findall(r"\d+", listed))
    return tuple(each for number in numbers for each in line.says(number=number))


def _move(line: Line, setting: Setting) -> tuple[Command, ...]:
    found = _MOVED.fullmatch(line.rest)
    if not found:
        return line.wrong("write the number and the new day, for example: MOVE 3 to Friday")
    try:
        return line.says(number=int(found.group(1)), when=setting.date(found.group(2)))
    except UnusableDate as error:
        return line.wrong(str(error), surely=True)
    except NotADate:
        return line.wrong(f"MOVE {found.group(1)} to which day? Write a date, {EXAMPLE}")


def _snooze(line: Line, setting: Setting) -> tuple[Command, ...]:
    mend = "say for how long, for example: SNOOZE 3d (or 48h, 2w, until Friday)"
    here = setting.now.astimezone(setting.zone)
    try:
        span = read_duration(line.rest)
        if span < timedelta(days=1):  # hours are hours, days are days of the calendar
            return line.says(when=(here.astimezone(UTC) + span).astimezone(setting.zone))
        return line.says(when=here + span)
    except UnusableDate as error:
        return line.wrong(str(error), surely=True)
    except NotADate:
        pass
    try:
        return line.says(when=setting.date(re.sub(r"(?i)^(?:until|till)\s+", "", line.rest)))
    except UnusableDate as error:
        return line.wrong(str(error), surely=True)
    except NotADate:
        return line.wrong(mend)


def _date(line: Line, setting: Setting) -> tuple[Command, ...]:
    try:
        return line.says(when=setting.date(line.rest))
    except UnusableDate as error:
        return line.wrong(str(error), surely=True)
    except NotADate:
        return line.wrong(f"{line.name} needs a date, {EXAMPLE}")


def _person(line: Line, setting: Setting) -> tuple[Command, ...]:
    return _naming(line, line.rest, setting, when=None)


def _pause(line: Line, setting: Setting) -> tuple[Command, ...]:
    last = next(reversed(list(_UNTIL.finditer(line.rest))), None)
    if last is None:
        return _naming(line, line.rest, setting, when=None)
    name = line.rest[: last.start()]
    surely = line.meant or bool(_named(name, setting.people))
    try:
        when = setting.date(line.rest[last.end() :])
    except UnusableDate as error:
        return line.wrong(str(error), surely=surely)
    except NotADate:
        return line.wrong(f"PAUSE {name} until when? Write a date, {EXAMPLE}", surely=surely)
    return _naming(line, name, setting, when=when)


def _naming(line: Line, name: str, setting: Setting, *, when: datetime | None) -> tuple[Command, ...]:
    """A command about a person: its text is the person's id, or the name as typed where no people are known."""
    name = name.strip(" .,;:!?\"'“”’")
    if not name:
        return line.wrong(f"write whom, for example: {line.name} {_somebody(setting.people)}")
    if not setting.people:
        return line.says(name, when=when) if len(name.split()) <= (3 if line.meant else 1) else line.wrong("whom?")
    found = _named(name, setting.people)
    if len(found) == 1:
        return line.says(found[0].id, when=when)
    ids = ", ".join(person.id for person in (found or setting.people))
    if found:
        return line.wrong(f"{name} could be any of {ids}: write the id", surely=True)
    return line.wrong(f"nobody is called {name[:60]}: write one of {ids[:200]}")


def _named(name: str, people: Sequence[Mentor]) -> list[Mentor]:
    """The people called `name`: by id, else by whole name, else by first name."""
    wanted = " ".join(name.strip(" .,;:!?\"'“”’").casefold().split())
    for naming in (_id_of, _name_of, _untitled_name_of, _given_name_of):
        if found := [person for person in people if naming(person).casefold() == wanted]:
            return found
    return []


def _id_of(person: Mentor) -> str:
    return person.id


def _name_of(person: Mentor) -> str:
    return person.name


def _untitled_name_of(person: Mentor) -> str:
    return person.name[person.name.find(person.given_name) :]


def _given_name_of(person: Mentor) -> str:
    return person.given_name


def _somebody(people: Sequence[Mentor]) -> str:
    return people[0].id if people else "ana"


_RATED = re.compile(r"(?P<text>.*\S)[\s,:(]+(?P<rating>[1-5])\s?(?:/|of|out of)\s?5[\s).]*", re.IGNORECASE)

COMPACT_FIELDS = {
    "aims": ("aims", "aim", "what for"),
    "rhythm": ("rhythm", "how often", "often"),
    "drives": ("drives", "who drives", "driver"),
    "mine": ("mine", "i expect"),
    "theirs": ("theirs", "they expect", "she expects", "he expects"),
    "ends": ("ends", "end", "when it ends"),
}
"""The fields of a compact, each with the words that name it in a reply."""

AGREED = "agreed"
_MOST_NAME = 20  # characters before the colon


def _compact(line: Line, _: Setting) -> tuple[Command, ...]:
    """`aims: text` with the field's own name in front, or `agreed`."""
    head, colon, text = line.rest.partition(":")
    name = " ".join(head[:_MOST_NAME].casefold().split()).rstrip(" .!")
    if not colon and name == AGREED:
        return line.says(AGREED)
    field = next((field for field, names in COMPACT_FIELDS.items() if name in names), None)
    if not colon or field is None:
        known = ", ".join(names[0] for names in COMPACT_FIELDS.values())
        return line.wrong(f"write COMPACT, one of {known}, a colon and the text; or COMPACT agreed")
    if not _has_word(text):
        return line.wrong(f"write what you have agreed on behind the colon: COMPACT {name}: ...", surely=True)
    return line.says(f"{field}: {text.strip()}")


def _gap(line: Line, setting: Setting) -> tuple[Command, ...]:
    """What to get better at, or the number of what is on the list, and the owner's own rating where there is one."""
    rated = _RATED.fullmatch(line.rest)
    if rated is None:
        return _text(line, setting)
    return line.says(rated["text"].rstrip(" ,;:"), number=int(rated["rating"]))


def _has_word(text: str) -> bool:
    return any(char.isalnum() for char in text)


def _candidate(line: Line, setting: Setting) -> tuple[Command, ...]:
    """In small letters only with an address or somebody known, for a sentence may begin with that word, too."""
    said = candidate_line(line.rest)
    if not _has_word(said.name):
        return line.wrong(f"write whom: CANDIDATE {_EXAMPLES['CANDIDATE']}", surely=bool(said.address))
    known = _named(said.name, setting.people)
    if not (line.meant or said.address or known):
        return ()
    if len(said.name) > MOST_NAME:
        return line.wrong(f"a name of more than {MOST_NAME} letters? Write CANDIDATE {_EXAMPLES['CANDIDATE']}")
    return line.says(f"{said}")


def _recommended(line: Line, _: Setting) -> tuple[Command, ...]:
    by_whom = re.match(r"by\b[\s:]*", line.rest, re.IGNORECASE)
    if not by_whom or not _has_word(line.rest[by_whom.end() :]):
        return line.wrong(f"write by whom: RECOMMENDED {_EXAMPLES['RECOMMENDED']}")
    return line.says(line.rest[by_whom.end() :].rstrip(" .,;"))


def _fit(line: Line, _: Setting) -> tuple[Command, ...]:
    answer = re.match(r"#?([1-4])(?:\s*[.):,–-]\s*|\s+)(?=\S)", line.rest)
    if not answer or not _has_word(line.rest[answer.end() :]):
        return line.wrong(f"write the number of the question, 1 to 4, and your answer: FIT {_EXAMPLES['FIT']}")
    return line.says(line.rest[answer.end() :], number=int(answer[1]))


_EXAMPLES = {
    "ADD": "K award: this cycle or next? (decision, 15 min)",
    "HEARD": "cut the second cohort",
    "PLAN": "cut the second cohort by Friday",
    "THANKS": "the introduction to Kim",
    "I PROMISED": "the revised aim 2 by Friday",
    "THEY PROMISED": "to ask Kim about the data",
    "WIN": "the pilot was funded",
    "COMPACT": "aims: a K award by February",
    "VALUE": "time for the people in the study",
    "STYLE": "I think best in writing, before noon",
    "GAP": "saying no 2/5",
    "CANDIDATE": "Kim Okafor <kim@example.org> for your work on data access",
    "RECOMMENDED": "by Ana",
    "HELPED": "your talk in May made me cut the second aim",
    "FIT": "1 an hour a month, and answers mail within a day",
}

SHAPES: dict[str, Callable[[Line, Setting], tuple[Command, ...]]] = {
    "ADD": _text,
    "DONE": _numbers,
    "DROP": _numbers,
    "MOVE": _move,
    "SNOOZE": _snooze,
    "SKIP": _alone,
    "PLAN": _text_by_date,
    "THANKS": _thanks,
    "HEARD": _text,
    "I PROMISED": _text_by_date,
    "THEY PROMISED": _text_by_date,
    "TALKED": _alone,
    "NEXT": _date,
    "LETTER": _letter,
    "WIN": _text,
    "COMPACT": _compact,
    "VALUE": _text,
    "STYLE": _text,
    "GAP": _gap,
    "CANDIDATE": _candidate,
    "RECOMMENDED": _recommended,
    "HELPED": _text,
    "FIT": _fit,
    "MENTOR": _person,
    "PAUSE": _pause,
    "RESUME": _person,
    "CLOSE": _person,
    "PENDING": _alone,
    "WHY": _alone,
    "UNDO": _alone,
    "HELP": _alone,
}
"""Every command by its word, and its shape."""

WITH_TEXT = frozenset(_EXAMPLES)
"""The commands that take a text, which a mail program may have broken over lines."""
