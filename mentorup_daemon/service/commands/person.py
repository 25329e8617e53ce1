"""PAUSE, RESUME, CLOSE: the schedules of one person (T11). Pausing is something else than ending."""

from __future__ import annotations

from mentorup_daemon.records import Command, PersonState
from mentorup_daemon.service.commands.about import About, Cannot, Line, in_full


def pause(about: About, command: Command) -> list[Line]:
    """Holds back what is about a person, until a date or until RESUME."""
    person = about.person(command.text)
    state = about.state_of(person.id)
    if state is not None and state.state == "closed":
        raise Cannot(f"{person.given_name} is closed; RESUME {person.id} first")
    until = command.when
    if until is not None and until <= about.now:
        raise Cannot("that date is not ahead of us; write for example PAUSE ana until 1 September")
    about.journal.set_state(PersonState(mentor=person.id, state="paused", since=about.now, paused_until=until))
    when = f"until {in_full(about.local_date(until))}" if until is not None else f"until you write RESUME {person.id}"
    return [("PAUSE", person.name, f"nothing about {person.given_name} comes {when}")]


def resume(about: About, command: Command) -> list[Line]:
    """Begins the schedules again, without chasing what fell due meanwhile."""
    person = about.person(command.text)
    state = about.state_of(person.id)
    if state is None or state.state == "active" or state.quiet_until <= about.now:
        return [("RESUME", person.name, "is active already")]
    about.journal.set_state(PersonState(mentor=person.id, since=about.now))
    return [("RESUME", person.name, "is active again; what fell due meanwhile is left alone")]


def close(about: About, command: Command) -> list[Line]:
    """Ends with a person: a mentor gets a closing note, every schedule stops, the records stay."""
    person = about.person(command.text)
    state = about.state_of(person.id)
    if state is not None and state.state == "closed":
        return [("CLOSE", person.name, f"is closed since {in_full(about.local_date(state.since))}")]
    about.journal.set_state(PersonState(mentor=person.id, state="closed", since=about.now))
    stops = "every schedule stops, drafts you haven't changed are taken back, all records stay"
    letters = "; what is left to do is in a note of its own" if person.role == "mentor" else ""
    return [("CLOSE", person.name, f"{stops}{letters}; RESUME {person.id} begins again")]
