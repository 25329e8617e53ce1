"""The commands about notes themselves: SKIP, SNOOZE, PENDING, WHY, UNDO, HELP."""

from __future__ import annotations

from collections.abc import Iterator

from mentorup_daemon.letters.quoting import worth_quoting
from mentorup_daemon.letters.wrap import shorten
from mentorup_daemon.records import ActionItem, Candidate, Command, Compact, Feedback, Goal, Mark, Topic
from mentorup_daemon.records.candidates import is_first
from mentorup_daemon.records.standing import AGENDAS
from mentorup_daemon.service.commands.about import About, Cannot, Line, in_full
from mentorup_daemon.store import mail, work
from mentorup_daemon.store.journal import take_back

_MOST_PENDING = 40  # lines in a receipt; the command line lists all
_MOST_WORDS = 90  # characters of one item in that list


def skip(about: About, _command: Command) -> list[Line]:
    """Never again about this."""
    about.journal.mark(Mark(key=about.entry.key, skipped=True))
    if about.entry.rule == "agenda":
        return [("SKIP", "", "no agenda for this meeting; a draft you haven't changed is taken back")]
    if about.entry.rule == "questions":
        return [("SKIP", "", f"nothing more about this; {_what_comes(about)}")]
    if about.entry.rule in AGENDAS:
        return [("SKIP", "", "nothing more about this meeting; a draft you haven't changed is taken back")]
    return [("SKIP", "", "nothing more about this")]


def _what_comes(about: About) -> str:
    """What a SKIP in answer to the question for questions brings."""
    meeting = about.meeting
    person = next((one for one in about.people if meeting is not None and one.id == meeting.mentor), None)
    if meeting is not None and person is not None:
        if is_first(meeting, person, about.meetings, work.items(about.scope, Compact)):
            return "the agenda comes as it is"
        if person.role != "mentor":
            return "no agenda comes unless there is a question"
    return "where the list holds no question, your Drafts now have an offer to shorten or postpone"


def snooze(about: About, command: Command) -> list[Line]:
    """The note comes again at a time of the owner's."""
    until = command.when
    if until is None or until <= about.now:
        raise Cannot("that time is not ahead of us; write for example SNOOZE 3d")
    if about.meeting is not None and about.entry.rule in AGENDAS and until >= about.meeting.start:
        raise Cannot("that would be after the meeting; choose a shorter time, or SKIP")
    about.journal.mark(Mark(key=about.entry.key, snoozed_until=until))
    return [("SNOOZE", "", f"I'll come back to it on {about.moment(until)}")]


def list_pending(about: About, command: Command) -> list[Line]:
    """What is open, one a line, with the numbers that DONE and DROP take."""
    listed = list(_pending(about))
    if not listed:
        return [(command.name, "", "nothing is open")]
    more = len(listed) - _MOST_PENDING
    shown = [("", line, "") for line in listed[:_MOST_PENDING]]
    rest = [("", f"and {more} more, which `mentorup topics` and `mentorup actions` list", "")] if more > 0 else []
    return [(command.name, "", f"{len(listed)} open, by number:"), *shown, *rest]


def _pending(about: About) -> Iterator[str]:
    for topic in work.items(about.scope, Topic):
        if topic.state == "open":
            with_whom = f"with {about.name_of(topic.mentor)}" if topic.mentor else "for any meeting"
            yield f"{topic.id}  {_short(topic.text)} (to discuss {with_whom}{', private' if topic.private else ''})"
    for action in work.items(about.scope, ActionItem):
        if action.state == "open":
            to_whom = f" to {about.name_of(action.mentor)}" if action.mentor else ""
            whose = f"your promise{to_whom}" if action.owner == "me" else f"{about.name_of(action.owner)} promised"
            yield f"{action.id}  {_short(action.text)} ({whose}{_due(action)})"
    for said in work.items(about.scope, Feedback):
        if said.state == "filed":
            text = worth_quoting(said.text, about.owner.given_name)
            yield f"{said.id}  {_short(text)} ({about.name_of(said.mentor)} said, no plan yet)"
    for goal in work.items(about.scope, Goal):
        if goal.state == "open":
            yield f"{goal.id}  {_short(goal.text)} (goal{_due(goal)})"
    for one in work.items(about.scope, Candidate):
        person = next((person for person in about.people if person.id == one.person), None)
        if one.state == "open" and person is not None and person.role == "candidate":
            yield f"{one.id}  {_short(person.name)} (candidate)"


def _short(text: str) -> str:
    return shorten(" ".join(text.split()), _MOST_WORDS)


def _due(item: ActionItem | Goal) -> str:
    return f", due {in_full(item.due)}" if item.due else ""


def explain(about: About, command: Command) -> list[Line]:
    """Why the note came."""
    return [(command.name, "", about.entry.reason)]


def undo(about: About, command: Command) -> list[Line]:
    """Takes back all that the last reply did, once. What was written because of it follows with the next plan."""
    last = mail.last_doing(about.scope)
    if last is None:
        raise Cannot("there is nothing to take back")
    answered = mail.doing(about.scope, about.answered)
    if answered is not None and answered.journal and answered.key != last.key:
        raise Cannot("only the last reply can be taken back, and you have sent another one since")
    if last.undone:
        raise Cannot("your last reply has been taken back already; what was before it stays")
    take_back(about.scope, last.journal)
    mail.keep_undone(about.scope, last.key)
    lines = [("", f"{done} {text}".strip(), "") for done, text, _ in last.lines if done and done not in _CHANGE_NOTHING]
    return [(command.name, "", "taken back:"), *lines]


_CHANGE_NOTHING = ("PENDING", "WHY", "HELP", "UNDO")


def list_commands(_about: About, command: Command) -> list[Line]:
    """The receipt lists them all."""
    return [(command.name, "", "below")]
