"""Who is a candidate, what is kept about them, and which meeting with somebody is the first.

A person becomes a candidate by the config (role = "candidate") or by a record of their own. What is kept about somebody
whom the config knows (why them, how they have helped) lies in a record without a name, so that nobody comes back by it
once the config has let them go. The latest record of a person counts. Nothing here ranks anybody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from mentorup_daemon.records.due import Snapshot
from mentorup_daemon.records.growth import Candidate, Compact, FitAnswer
from mentorup_daemon.records.meetings import Meeting
from mentorup_daemon.records.people import Mentor, short_names

FIT = ("availability", "opportunities and risks", "help with your own agenda", "experience as a mentor")
"""What the four questions of the fit form are about, from the first on (C9 to C12)."""


def kept_about(kept: Iterable[Candidate], person: str) -> Candidate | None:
    """The record that counts for the person with this id."""
    return max((one for one in kept if one.person == person), key=lambda one: one.id, default=None)


def is_candidate(snapshot: Snapshot, person: Mentor) -> bool:
    """True for a candidate whom the owner hasn't let go."""
    kept = kept_about(snapshot.candidates, person.id)
    return person.role == "candidate" and (kept is None or kept.state == "open")


def fit_answers(snapshot: Snapshot, person: str) -> dict[int, FitAnswer]:
    """The latest answer about this person to each question that has one, by the question's number."""
    return {one.question: one for one in sorted(snapshot.fits, key=lambda one: one.id) if one.person == person}


def is_first_meeting(snapshot: Snapshot, meeting: Meeting) -> bool:
    """True for the first meeting with a mentor or a candidate, as far as the calendar's window knows.

    Whoever has agreed with the owner on how they work together is past that, whatever the calendar says.
    """
    person = snapshot.person(meeting.mentor)
    return person is not None and is_first(meeting, person, snapshot.meetings_joined_by(person.id), snapshot.compacts)


def is_first(meeting: Meeting, person: Mentor, meetings: Iterable[Meeting], compacts: Iterable[Compact]) -> bool:
    """The same, of all meetings and compacts that there are."""
    if person.role == "mentee" or any(
        one.mentor == person.id and one.state == "standing" and one.agreed_at is not None for one in compacts
    ):
        return False
    return not any(
        one.on
        and person.id in (one.mentor, *one.also)
        and (one.start, one.key) < (meeting.start, meeting.key)
        and one.key != meeting.key
        for one in meetings
    )


def new_candidate(
    name: str,
    emails: tuple[str, ...],
    *,
    people: Iterable[Mentor],
    kept: Iterable[Candidate],
    now: datetime,
) -> Candidate:
    """A candidate under an id that nobody has, not kept yet."""
    taken = {person.id for person in people} | {one.person for one in kept}
    return Candidate(
        id=0,
        person=next(short for short in short_names(name) if short not in taken),
        name=name,
        emails=emails,
        created_at=now,
    )


def called(people: Iterable[Mentor], name: str) -> Iterator[Mentor]:
    """The people called `name`: those with that id, else that whole name, else that first name; in any case."""
    wanted = " ".join(name.casefold().split())
    everybody = list(people)
    for naming in (_id_of, _name_of, _given_name_of):
        found = [person for person in everybody if naming(person).casefold() == wanted]
        if found:
            yield from found
            return


def reason_of(text: str) -> str:
    """Why somebody, as it stands behind `for` or `because of`: `for your work on data` is `your work on data`."""
    return re.sub(r"(?i)^(?:for|because(?: of)?)\s+", "", " ".join(text.split())).rstrip(".")


def _id_of(person: Mentor) -> str:
    return person.id


def _name_of(person: Mentor) -> str:
    return person.name


def _given_name_of(person: Mentor) -> str:
    return person.given_name
