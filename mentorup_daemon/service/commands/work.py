"""The commands about what is worked on: topics, promises, advice, thanks, the next meeting."""

from __future__ import annotations

from datetime import date, timedelta

from mentorup_daemon.letters.quoting import worth_quoting
from mentorup_daemon.letters.wrap import shorten
from mentorup_daemon.records import (
    ActionItem,
    Candidate,
    Command,
    Compact,
    Contact,
    Feedback,
    FitAnswer,
    Goal,
    Note,
    ProfileEntry,
    Request,
    Thanks,
    Topic,
)
from mentorup_daemon.replies.commands import topic_of
from mentorup_daemon.rules.fitting import meeting_for
from mentorup_daemon.rules.proposal import PROPOSE, wants_proposal
from mentorup_daemon.rules.vague import SHAPE, is_vague
from mentorup_daemon.service.commands.about import About, Cannot, Line, in_full
from mentorup_daemon.service.commands.growth import agree
from mentorup_daemon.store import work

NEXT = "next"
"""The source of the action item that a NEXT leaves: book that meeting."""

_BOOK_AHEAD = timedelta(days=7)

_CLOSED_STATES = ("done", "dropped", "discussed")


def add(about: About, command: Command) -> list[Line]:
    """A topic for the next agenda; a vague one is kept all the same, and the shape of a better one offered (P2)."""
    asked = topic_of(command.text)
    if not asked.text:
        raise Cannot("there is no question behind ADD; write it on the same line")
    topic = about.journal.add(
        Topic(
            id=0,
            text=asked.text,
            mentor=about.mentor,
            wants=asked.wants,
            minutes=asked.minutes,
            read=asked.read,
            created_at=about.now,
        )
    )
    if about.meeting is not None and about.meeting.start > about.now:
        where = "on the agenda"
    elif about.mentor is None:
        where = "kept for whichever meeting comes next"
    else:
        where = f"kept for the next meeting with {about.name_of(about.mentor)}"
    read = f", with {asked.read} to read beforehand" if asked.read else ""
    return [("ADD", asked.text, f"{where}, number {topic.id}{read}{_better(topic)}")]


def _better(topic: Topic) -> str:
    """What would get it a better answer: a shape for a vague question (P2), the owner's own proposal (T5)."""
    if topic.is_question and is_vague(topic.text):
        return f". It gets a better answer when it says {SHAPE}"
    return f". It {PROPOSE}" if wants_proposal(topic) else ""


def done(about: About, command: Command) -> list[Line]:
    """What has this number is done."""
    found = _numbered(about, command)
    if isinstance(found, Compact) and found.state == "standing":
        return agree(about, found)
    if not isinstance(found, (Topic, ActionItem, Feedback, Goal, Candidate)):
        raise Cannot(f"number {found.id} is not something to be done; DROP {found.id} removes it")
    if found.state in _CLOSED_STATES:
        return [("DONE", _words(found), "is off the list already")]
    if isinstance(found, (ActionItem, Goal, Feedback)):
        about.journal.change(type(found), found.id, state="done", done_at=about.now)
    else:
        about.journal.change(type(found), found.id, state="discussed" if isinstance(found, Topic) else "done")
    return [("DONE", _words(found), "off the list")]


def drop(about: About, command: Command) -> list[Line]:
    """What has this number is not wanted any more."""
    found = _numbered(about, command)
    if isinstance(found, (Thanks, Note, FitAnswer)):
        about.journal.remove(type(found), found.id)
        return [("DROP", found.text, "removed")]
    about.journal.change(type(found), found.id, state="dropped")
    return [("DROP", _words(found), f"off the list{_goal_dropped(about, found)}")]


def _goal_dropped(about: About, found: work.Numbered) -> str:
    """The goal that a gap became goes with it, as long as nobody has set its date."""
    goal = work.item(about.scope, Goal, found.goal) if isinstance(found, ProfileEntry) and found.goal else None
    if goal is None or goal.state != "open" or goal.due is not None:
        return ""
    about.journal.change(Goal, goal.id, state="dropped")
    return ", and with it the goal that it became"


def move(about: About, command: Command) -> list[Line]:
    """What has this number is due on another day: a promise, a goal, a plan."""
    found = _numbered(about, command)
    if command.when is None:
        raise Cannot("MOVE needs a date, for example MOVE 3 to Friday")
    if not isinstance(found, (ActionItem, Goal, Feedback)) or (isinstance(found, Feedback) and not found.plan):
        raise Cannot(f"number {found.id} has no date to move; promises, goals and plans have one")
    if found.state in _CLOSED_STATES:
        raise Cannot(f"number {found.id} is off the list already")
    day = about.local_date(command.when)
    about.journal.change(type(found), found.id, **{"plan_due" if isinstance(found, Feedback) else "due": day})
    return [("MOVE", found.plan or "" if isinstance(found, Feedback) else found.text, f"now due {in_full(day)}")]


def _words(found: work.Numbered) -> str:
    """What the receipt calls it."""
    if isinstance(found, Candidate):
        return found.name or found.person
    return f"what you and {found.mentor} have agreed on" if isinstance(found, Compact) else found.text


def _numbered(about: About, command: Command) -> work.Numbered:
    found = work.find(about.scope, command.number) if command.number is not None else None
    if found is None:
        raise Cannot(f"there is nothing with the number {command.number}; PENDING lists what is open")
    return found


def thanks(about: About, command: Command) -> list[Line]:
    """One concrete thing to give thanks for."""
    person = about.their_person("THANKS")
    about.journal.add(
        Thanks(
            id=0,
            text=command.text,
            mentor=person.id,
            meeting=about.meeting.key if about.meeting else None,
            created_at=about.now,
        )
    )
    state = about.state_of(person.id)
    if person.role == "mentee":
        came = f"kept; thanks are drafted for mentors alone, and {person.given_name} is a mentee of yours"
    elif state is not None and state.state == "closed" and person.role == "mentor":
        came = "kept; it goes into the closing note, as long as that stands as I wrote it"
    elif state is not None and state.quiet_until > about.now:
        came = f"kept; no draft while {person.given_name} is {state.state}"
    elif about.meeting is not None and about.meeting.end <= about.now:
        came = "a draft is in your Drafts"
    else:
        came = "kept for after the meeting"
    return [("THANKS", f"for {command.text}", came)]


def heard(about: About, command: Command) -> list[Line]:
    """What was said, in their words."""
    about.journal.add(
        Feedback(
            id=0,
            text=command.text,
            mentor=about.mentor,
            received_at=about.now,
            source="manual",
            meeting=about.meeting.key if about.meeting else None,
        )
    )
    return [("HEARD", command.text, f"filed as feedback from {about.name_of(about.mentor)}")]


def i_promised(about: About, command: Command) -> list[Line]:
    """The owner takes something on; beyond the cap of their own the receipt warns (T4)."""
    item, due = _promise(about, command, "me")
    mine = sum(one.owner == "me" and one.state == "open" for one in work.items(about.scope, ActionItem))
    cap = about.owner.action_item_cap
    warning = f". That makes {mine} open promises, and you set yourself {cap}: which one can go? DROP and its number"
    return [(command.name, command.text, f"{due}, number {item.id}{warning if mine > cap else ''}")]


def they_promised(about: About, command: Command) -> list[Line]:
    """The person of the note takes something on."""
    item, due = _promise(about, command, about.their_person(command.name).id)
    return [(command.name, command.text, f"{due}, number {item.id}")]


def _promise(about: About, command: Command, owner: str) -> tuple[ActionItem, str]:
    by = about.local_date(command.when) if command.when else None
    item = about.journal.add(
        ActionItem(
            id=0,
            text=command.text,
            owner=owner,
            mentor=about.mentor,
            due=by,
            source=about.entry.key,
            created_at=about.now,
        )
    )
    return item, f"due {in_full(by)}" if by else "no date given"


def talked(about: About, command: Command) -> list[Line]:
    """There was contact that neither calendar nor mail can know of."""
    person = about.their_person(command.name)
    about.journal.note_contact(Contact(mentor=person.id, at=about.now, kind="talked"))
    return [(command.name, f"with {person.name}", f"kept as contact on {in_full(about.local_date(about.now))}")]


def plan(about: About, command: Command) -> list[Line]:
    """What the owner will do about what was said: in this reply, else in the note's own, else lately without a plan."""
    everything = work.items(about.scope, Feedback)
    just_heard = [one for one in everything if one.received_at == about.now and one.source == "manual"]
    waiting = [one for one in everything if one.mentor == about.mentor and one.state == "filed"]
    meant = just_heard[-1:] or [one for one in (about.feedback,) if one is not None] or waiting[-1:]
    if not meant:
        raise Cannot("there is no feedback without a plan here; HEARD files what was said")
    by = about.local_date(command.when) if command.when else None
    about.journal.change(Feedback, meant[0].id, plan=command.text, plan_due=by, planned_at=about.now, state="planned")
    said = shorten(worth_quoting(meant[0].text, about.owner.given_name), 60)
    when = f", by {in_full(by)}" if by else ""
    return [("PLAN", command.text, f"for what {about.name_of(meant[0].mentor)} said: {said}{when}")]


def name_mentor(about: About, command: Command) -> list[Line]:
    """Says whose words a piece of feedback are, and all others by the same unknown writer."""
    person = about.person(command.text)
    unknown = [one for one in work.items(about.scope, Feedback) if one.mentor is None and one.state != "dropped"]
    meant = about.feedback or (unknown[0] if len(unknown) == 1 else None)
    if meant is None:
        raise Cannot("this note is about no feedback of an unknown writer; answer the note that asks who it was")
    same = [one for one in unknown if one.writer and one.writer == meant.writer and one.id != meant.id]
    for one in (meant, *same):
        fits = meeting_for(about.meetings, person.id, one.received_at)
        about.journal.change(Feedback, one.id, mentor=person.id, meeting=fits.key if fits else one.meeting)
    said = shorten(worth_quoting(meant.text, about.owner.given_name), 60)
    return [("MENTOR", person.name, f"said this, number {meant.id}: {said}")]


def next_meeting(about: About, command: Command) -> list[Line]:
    """When the next meeting is wanted: it is in the calendar already, or booking it becomes an action item."""
    person = about.their_person("NEXT")
    if command.when is None:
        raise Cannot("NEXT needs a date, for example NEXT 11 December")
    day, today = about.local_date(command.when), about.local_date(about.now)
    booked = next(
        (
            one
            for one in about.meetings
            if one.mentor == person.id and one.on and about.local_date(one.start) == day and one.start > about.now
        ),
        None,
    )
    standing = next(
        (
            one
            for one in work.items(about.scope, ActionItem)
            if one.source == NEXT and one.mentor == person.id and one.state == "open"
        ),
        None,
    )
    if booked is not None:
        if standing is not None:
            about.journal.change(ActionItem, standing.id, state="done", done_at=about.now)
        return [("NEXT", in_full(day), "is in your calendar already")]
    text, due = f"book our next meeting for {in_full(day)}", _book_by(day, today)
    if standing is not None:
        about.journal.change(ActionItem, standing.id, text=text, due=due)
        number = standing.id
    else:
        item = ActionItem(id=0, text=text, mentor=person.id, due=due, source=NEXT, created_at=about.now)
        number = about.journal.add(item).id
    return [("NEXT", in_full(day), f"booking it is yours to do by {in_full(due)}, number {number}")]


def letter(about: About, command: Command) -> list[Line]:
    """A draft that asks the person of the note for a letter of recommendation (T5); a second one replaces the first."""
    person = about.their_person("LETTER")
    for one in work.items(about.scope, Request):
        if one.kind == "letter" and one.person == person.id and one.state == "open":
            about.journal.change(Request, one.id, state="dropped")
    by = f", by {in_full(about.local_date(command.when))}" if command.when else ""
    purpose = f"{command.text}{by}"
    about.journal.add(Request(id=0, kind="letter", person=person.id, text=purpose, created_at=about.now))
    told = f"for {purpose}" if purpose else ""
    missing = "" if purpose else "; say what for and by when before you send it"
    return [("LETTER", told, f"a draft that asks {person.given_name}, with the facts, is in your Drafts{missing}")]


def _book_by(day: date, today: date) -> date:
    """A week ahead, tomorrow at the earliest, never after the day itself."""
    return min(day, max(day - _BOOK_AHEAD, today + timedelta(days=1)))
