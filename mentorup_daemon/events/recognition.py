"""An occurrence -> whose mentoring meeting it is, if it is one; and the cheap scan that says where to look.

Promise: an event counts by a person of ours among its people, by a category, or by its title, in this order, and only
when it can be said which person it is for; whom it can't be said of is no meeting rather than a guess. A `scanner`
never says no to a text in which `recognise` would find a meeting, and is cheap enough to be asked of every event.

- by attendee: any person's address among organizer and attendees; the organizer goes first, then the configured order.
- by category or title: the person whose full name, else given name, stands in the title as whole words; for a
  category else the person among the people of the event; else the one mentor, where there is exactly one.
- a given name that two people share says nothing, unless exactly one of them is a mentor.
- the owner's own addresses are nobody's.
- a reminder that MentorUp wrote is no meeting, whatever calendar it lies in by now.

A private event is a meeting like any other; its title and place stay in the calendar (`to_meeting` leaves them out).

Titles are searched in their first 200 characters, since the patterns are the owner's own and may be costly.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

from mentorup_daemon.errors import Malformed
from mentorup_daemon.events.lines import content_line, unfolded
from mentorup_daemon.events.properties import categories_of, title_of
from mentorup_daemon.records import Meeting, Mentor, Occurrence, Owner, Recognition, key_part
from mentorup_daemon.records.meetings import RecognisedBy

PRIVATE_TITLE = "Private appointment"
"""What stands for the title of a private event outside the calendar."""

_SEARCHED = 200
_LONGEST_UID = 600  # characters, encoded
_LINES = re.compile(r"\n((?:ATTENDE|ORGANIZ|CATEGOR|SUMMARY)[^\n]*)", re.IGNORECASE | re.ASCII)
_HEADS = {
    initial: kind
    for initials, kind in (("AaOo", "people"), ("Cc", "categories"), ("Ss", "titles"))
    for initial in initials
}


@dataclass(frozen=True, slots=True)
class Recognised:
    """Whose meeting it is: the ids of the person it is prepared for and of further ones, and what told."""

    mentor: str
    also: tuple[str, ...]
    by: RecognisedBy


def recognise(
    occurrence: Occurrence, *, owner: Owner | None, people: Sequence[Mentor], recognition: Recognition
) -> Recognised | None:
    """What makes this occurrence a mentoring meeting, or None when it is none. `people` in the configured order.

    The patterns must compile; what is wrong with one is said when the config is loaded.
    """
    if occurrence.reminder:
        return None
    present = _present(occurrence, owner, people)
    if recognition.attendees and present:
        return _recognised(present, "attendee")
    wanted = {_folded(category) for category in recognition.categories}
    if any(_folded(category) in wanted for category in occurrence.categories):
        found = _named(occurrence.title, people) or present or _sole_mentor(people)
        if found:
            return _recognised(found, "category")
    if _matches(occurrence.title, recognition.titles):
        found = _named(occurrence.title, people) or _sole_mentor(people)
        if found:
            return _recognised(found, "title")
    return None


def scanner(*, people: Sequence[Mentor], recognition: Recognition) -> Callable[[str | bytes], bool]:
    """What says of a text whether any event in it could be recognised.

    May say yes to one that is not; never no to one that is. Worked out once, for texts come by the ten thousand.
    """
    addresses = {address for person in people for address in person.addresses} if recognition.attendees else set()
    wanted = {_folded(category) for category in recognition.categories}
    patterns = [re.compile(pattern) for pattern in recognition.titles]
    if not people:
        return lambda _text: False
    if any(pattern.search("") for pattern in patterns):  # an event need not have a title
        return lambda _text: True

    def scan(text: str | bytes) -> bool:
        lines: dict[str, list[str]] = {"people": [], "categories": [], "titles": []}
        for raw in _LINES.findall("\n" + unfolded(text)):
            lines[_HEADS[raw[0]]].append(raw)
        around = "\n".join(lines["people"])
        around = (unquote(around) if "%" in around else around).lower()
        if any(address in around for address in addresses):
            return True
        if wanted and any(wanted & set(map(_folded, _categories(raw))) for raw in lines["categories"]):
            return True
        titles = {_title(raw)[:_SEARCHED] for raw in lines["titles"]}
        return any(pattern.search(title) for title in titles for pattern in patterns)

    return scan


def meeting_key(uid: str, recurrence_id: str) -> str:
    """The key of a meeting: `UID` or `UID/RECURRENCE-ID`, each percent-encoded.

    Of a UID that is longer than any program's (RFC 7986 5.3 allows 255 octets) a digest: keys have an end.
    """
    name = key_part(uid)
    if len(name) > _LONGEST_UID:
        name = hashlib.sha256(uid.encode()).hexdigest()
    return f"{name}/{key_part(recurrence_id)}" if recurrence_id else name


def to_meeting(occurrence: Occurrence, recognised: Recognised, *, calendar: str, href: str) -> Meeting:
    """The meeting that an occurrence is; `calendar` and `href` say where it was found."""
    return Meeting(
        key=meeting_key(occurrence.uid, occurrence.recurrence_id),
        uid=occurrence.uid,
        recurrence_id=occurrence.recurrence_id,
        mentor=recognised.mentor,
        also=recognised.also,
        title=PRIVATE_TITLE if occurrence.private else occurrence.title,
        start=occurrence.start,
        end=occurrence.end,
        all_day=occurrence.all_day,
        status=occurrence.status,
        recognised_by=recognised.by,
        location="" if occurrence.private else occurrence.location,
        calendar=calendar,
        href=href,
        zone_note=occurrence.zone_note,
    )


def _recognised(people: Sequence[Mentor], by: RecognisedBy) -> Recognised:
    return Recognised(people[0].id, tuple(person.id for person in people[1:]), by)


def _present(occurrence: Occurrence, owner: Owner | None, people: Sequence[Mentor]) -> list[Mentor]:
    """The people of ours among organizer and attendees, the organizer first."""
    ours = owner.addresses if owner else frozenset()
    around = {occurrence.organizer, *occurrence.attendees} - ours - {""}
    present = [person for person in people if person.addresses & around]
    return sorted(present, key=lambda person: occurrence.organizer not in person.addresses - ours)


def _named(title: str, people: Sequence[Mentor]) -> list[Mentor]:
    """The people whose names stand in the title, in the configured order."""
    folded = _folded(title)
    full = [person for person in people if _stands(person.name, folded)]
    taken = {_folded(person.given_name) for person in full}
    by_given: dict[str, list[Mentor]] = {}
    for person in people:
        given = _folded(person.given_name)
        if given not in taken and _stands(person.given_name, folded):
            by_given.setdefault(given, []).append(person)
    found = list(full)
    for same in by_given.values():
        found.extend(same if len(same) == 1 else _sole_mentor(same))
    return [person for person in people if person in found]


def _sole_mentor(people: Sequence[Mentor]) -> list[Mentor]:
    mentors = [person for person in people if person.role == "mentor"]
    return mentors if len(mentors) == 1 else []


def _stands(name: str, folded: str) -> bool:
    """Whether the name stands in a folded title as whole words."""
    words = _folded(name).split()
    return bool(words) and _words(tuple(words)).search(folded) is not None


@lru_cache(maxsize=1024)
def _words(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(r"(?<!\w)" + r"\s+".join(map(re.escape, words)) + r"(?!\w)")


def _matches(title: str, patterns: Sequence[str]) -> bool:
    return any(re.search(pattern, title[:_SEARCHED]) for pattern in patterns)


def _folded(text: str) -> str:
    """The text without case and accents, for comparing names: `Aña` and `ana` are one."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in plain if not unicodedata.combining(char)).casefold()


def _title(raw: str) -> str:
    if raw[7:8] == ":" and "\\" not in raw:  # almost all of them, and ten thousand come at once
        return " ".join(raw[8:].split())
    try:
        return title_of(content_line(raw))
    except Malformed:
        return ""


def _categories(raw: str) -> tuple[str, ...]:
    try:
        return categories_of(content_line(raw))
    except Malformed:
        return ()
