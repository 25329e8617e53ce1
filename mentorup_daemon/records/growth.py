"""What the owner learns about themselves and their network: wins, profile, candidates, fit, compacts, requests.

They share the numbers of topics, action items and the rest (see `work`), so that a reply or the command line can name
any of them. Nothing here is a score: a fit form holds four answers in the owner's words, a rating is the owner's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from mentorup_daemon.records.people import Mentor

ProfileKind = Literal["value", "style", "gap"]
RequestKind = Literal["letter", "hello", "referral"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Win:
    """Something that went well, and the people whose help is in it (`credit`, their ids): the credit trail of T9."""

    id: int
    text: str
    credit: tuple[str, ...] = ()
    state: Literal["kept", "dropped"] = "kept"
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileEntry:
    """One line of the owner's profile: a value (C1), a habit of work (C2), or a gap in knowledge or skill (C3).

    `rating` is the owner's own, 1 (far to go) to 5 (at home in it), None where none was given; `goal` is the number of
    the goal that a gap became.
    """

    id: int
    kind: ProfileKind
    text: str
    rating: int | None = None
    goal: int | None = None
    state: Literal["kept", "dropped"] = "kept"
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Somebody who may become a mentor (T1): who, why them, and who recommended them.

    `person` is the id by which they are named. Of somebody in the config only `why` and the like are kept here, and
    `name` is ""; anybody else is known from here alone, and their meetings and mails are recognised by `emails`.
    `helped` is how they have helped already, the opening line of a first meeting (C13).
    """

    id: int
    person: str
    name: str
    emails: tuple[str, ...] = ()
    why: str = ""
    recommended_by: str = ""
    helped: str = ""
    state: Literal["open", "done", "dropped"] = "open"
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FitAnswer:
    """One answer of the fit form about a candidate, in the owner's words; `question` counts from 1 (C9 to C12)."""

    id: int
    person: str
    question: int
    text: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Compact:
    """What the owner and one mentor expect of each other (T4, C16); the latest one that stands counts.

    `aims`: what it is for. `rhythm`: how often, in words. `drives`: who drives the content (P1). `mine`, `theirs`: what
    each of the two expects of the other. `ends`: when it should end (C27). `agreed_at`: when they last agreed on it.
    """

    id: int
    mentor: str
    aims: str = ""
    rhythm: str = ""
    drives: str = ""
    mine: str = ""
    theirs: str = ""
    ends: str = ""
    state: Literal["standing", "dropped"] = "standing"
    agreed_at: datetime | None = None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A draft that the owner has asked for: the facts for a letter (T5), a hello (C4), a question whom to ask (C5)."""

    id: int
    kind: RequestKind
    person: str
    text: str = ""
    state: Literal["open", "dropped"] = "open"
    created_at: datetime


def everyone(people: tuple[Mentor, ...], candidates: tuple[Candidate, ...]) -> tuple[Mentor, ...]:
    """The people of the config, and behind them the open candidates whom it knows neither by id nor by address."""
    ids = {person.id for person in people}
    addresses = {address for person in people for address in person.addresses}
    found = list(people)
    for one in candidates:
        theirs = {address.lower() for address in one.emails}
        if one.state == "open" and one.name and one.person not in ids and not theirs & addresses:
            found.append(Mentor(id=one.person, name=one.name, emails=one.emails, role="candidate"))
            ids.add(one.person)
            addresses |= theirs
    return tuple(found)
