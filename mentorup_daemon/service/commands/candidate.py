"""CANDIDATE, RECOMMENDED, HELPED, FIT: who may become a mentor, why them, and whether it could fit (T1, C9 to C13)."""

from __future__ import annotations

from mentorup_daemon.records import Candidate, Command, FitAnswer, Mentor
from mentorup_daemon.records.candidates import FIT, called, kept_about, new_candidate
from mentorup_daemon.replies.candidate_line import CandidateLine, candidate_line
from mentorup_daemon.service.commands.about import About, Cannot, Line
from mentorup_daemon.store import work


def candidate(about: About, command: Command) -> list[Line]:
    """Somebody who may become a mentor; of somebody who is one already, what has been said about them."""
    said = candidate_line(command.text)
    people = _people(about)
    person = _known(about, people, said)
    if person is None:
        kept = work.items(about.scope, Candidate)
        emails = (said.address,) if said.address else ()
        fresh = new_candidate(said.name, emails, people=people, kept=kept, now=about.now)
        number = _keep(about, fresh, why=said.why).id
        missing = "" if said.address else ", without an address yet"
        return [("CANDIDATE", f"{said}", f"kept as {fresh.person}, number {number}{missing}")]
    if person.role != "candidate":
        raise Cannot(f"{person.given_name} is a {person.role} of yours already")
    values: dict[str, object] = {"state": "open"}
    if said.why:
        values["why"] = said.why
    if said.address and said.address not in person.addresses and _record(about, person).name:
        values["emails"] = [*person.emails, said.address]  # as JSON keeps a tuple
    kept_as = _keep(about, _record(about, person), **values)
    return [("CANDIDATE", f"{said}", f"kept of {person.given_name}, number {kept_as.id}")]


def recommended(about: About, command: Command) -> list[Line]:
    """Who recommended the candidate whom the note is about."""
    person = about.their_person("RECOMMENDED")
    if person.role != "candidate":
        raise Cannot(f"{person.given_name} is no candidate")
    _keep(about, _record(about, person), recommended_by=command.text)
    return [("RECOMMENDED", f"by {command.text}", f"kept of {person.given_name}")]


def helped(about: About, command: Command) -> list[Line]:
    """How the person whom the note is about has helped already: the opening line of a first meeting."""
    person = about.their_person("HELPED")
    _keep(about, _record(about, person), helped=command.text)
    ahead = [one for one in about.meetings if one.mentor == person.id and one.on]
    opens = len(ahead) == 1 and ahead[0].start > about.now
    return [("HELPED", command.text, "opens the draft for your first meeting" if opens else "kept")]


def fit(about: About, command: Command) -> list[Line]:
    """One answer of the fit form about the candidate whom the note is about."""
    person = about.their_person("FIT")
    if person.role != "candidate":
        raise Cannot(f"{person.given_name} is no candidate; FIT answers the questions about one")
    question = command.number or 1
    about.journal.add(
        FitAnswer(id=0, person=person.id, question=question, text=command.text, created_at=about.now),
    )
    return [("FIT", command.text, f"kept of {person.given_name}, for you alone: {FIT[question - 1]}")]


def _people(about: About) -> tuple[Mentor, ...]:
    """All who are known, and those whom this very reply has made candidates."""
    ids = {person.id for person in about.people}
    fresh = (one for one in work.items(about.scope, Candidate) if one.state == "open" and one.person not in ids)
    return (
        *about.people,
        *(Mentor(id=one.person, name=one.name, emails=one.emails, role="candidate") for one in fresh if one.name),
    )


def _known(about: About, people: tuple[Mentor, ...], said: CandidateLine) -> Mentor | None:
    """Whom the line names, by address first. Raises Cannot for the owner, and for a name that several bear."""
    if said.address in about.owner.addresses:
        raise Cannot(f"{said.address} is your own address")
    found = [person for person in people if said.address and said.address in person.addresses]
    found = found or list(called(people, said.name))
    if len(found) > 1:
        raise Cannot(f"{said.name} could be any of {', '.join(one.id for one in found)}: write the id")
    if found and said.address and said.address not in found[0].addresses and found[0].emails:
        by_whole_name = found[0].name.casefold() == said.name.casefold()
        return found[0] if by_whole_name else None  # somebody else of the same first name
    return found[0] if found else None


def _record(about: About, person: Mentor) -> Candidate:
    """What is kept about a person; a record without a number where nothing is."""
    kept = kept_about(work.items(about.scope, Candidate), person.id)
    return kept or Candidate(id=0, person=person.id, name="", created_at=about.now)


def _keep(about: About, record: Candidate, **values: object) -> Candidate:
    """Sets fields of a record, a new one if need be."""
    if not record.id:
        record = about.journal.add(record)
    changed = {name: value for name, value in values.items() if getattr(record, name) != value}
    if changed:
        about.journal.change(Candidate, record.id, **changed)
    return record
