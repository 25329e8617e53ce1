"""`mentorup why`: the rule, the event and the records behind one note or draft, and when it comes, or comes next."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mentorup_daemon.cli.opened import opened
from mentorup_daemon.cli.output import ConfigOption, JsonOption, errors_told, print_json, print_table
from mentorup_daemon.errors import MentorUpError

if TYPE_CHECKING:
    from mentorup_daemon.records import Due, Meeting, Snapshot

_AHEAD = timedelta(days=366)
_MOST = 12  # records in the table; JSON has all


def why_command(
    key: Annotated[str, typer.Argument(help="The key, as `status` and `rehearse` show it.")],
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """The rule, the event and the records behind one note or draft, and when it comes next."""
    from mentorup_daemon.rules.plan import explain, upcoming

    with errors_told(), opened(config) as account:
        view, now = account.snapshot(), account.now
        entry, one = view.ledger.get(key), explain(view, key, now, now + _AHEAD)
        behind = one or entry
        if behind is None:
            raise MentorUpError(f"No note or draft has the key {key!r}; `mentorup status` and `rehearse` show keys.")
        ahead = upcoming(view, now, now + _AHEAD)
        facts = {
            "key": key,
            "rule": behind.rule,
            "reason": behind.reason,
            "due_at": behind.due_at.astimezone(view.owner.zone),
            "outcome": entry.outcome if entry else None,
            "outcome_at": entry.outcome_at.astimezone(view.owner.zone) if entry and entry.outcome_at else None,
            "meeting": view.meeting(behind.object),
            "records": [{"id": number, "text": text} for number, text in _records(view, behind.mentor)],
            "comes_at": _comes(ahead, now, view, lambda due: due.key == key),
            "next_at": _comes(
                ahead,
                now,
                view,
                lambda due: (
                    (due.rule, due.mentor, due.lands) == (behind.rule, behind.mentor, behind.lands) and due.key != key
                ),
            ),
        }
        if as_json:
            print_json(facts)
        else:
            print_table("", ["", ""], list(_told(facts)), "")


def _comes(ahead: list[Due], now: datetime, view: Snapshot, fits: Any) -> datetime | None:
    """When the first of what is ahead that fits will be written."""
    found = next((due for due in ahead if fits(due)), None)
    return None if found is None else arrives(found, view, now)


def arrives(due: Due, view: Snapshot, now: datetime) -> datetime:
    """When it will be written: what has fallen due waits for the next working hour, unless it was asked for."""
    from mentorup_daemon.rules.hours import next_opening

    at = max(due.due_at, now)
    return (at if due.asked_for else next_opening(at, view.owner)).astimezone(view.owner.zone)


def _records(view: Snapshot, mentor: str | None) -> Iterator[tuple[int, str]]:
    """What is on record about the person, as far as it is open: what the note or draft is made from."""
    if mentor is None:
        return
    for topic in view.topics:
        if topic.state == "open" and topic.mentor in (None, mentor):
            yield topic.id, f"{topic.text} (to discuss{', private' if topic.private else ''})"
    for action in view.actions:
        if action.state == "open" and mentor in (action.mentor, action.owner):
            yield action.id, f"{action.text} ({'your promise' if action.owner == 'me' else 'their promise'})"
    for said in view.feedback:
        if said.mentor == mentor and said.state in ("filed", "planned"):
            yield said.id, f"{' '.join(said.text.split())} ({'planned' if said.plan else 'no plan yet'})"
    for goal in view.goals:
        if goal.state == "open" and goal.mentor in (None, mentor):
            yield goal.id, f"{goal.text} (goal)"


def _told(facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The facts for people: one a line, moments and the meeting in words."""
    yield "key", facts["key"]
    yield "rule", facts["rule"]
    yield "why", facts["reason"]
    yield "due", _minute(facts["due_at"])
    if facts["outcome"]:
        yield "written", f"{facts['outcome']}, {_minute(facts['outcome_at'])}" if facts["outcome_at"] else "begun"
    if facts["meeting"]:
        yield "meeting", _met(facts["meeting"])
    for position, record in enumerate(facts["records"][:_MOST]):
        yield "" if position else "on record", f"{record['id']}  {record['text']}"
    if len(facts["records"]) > _MOST:
        yield "", f"and {len(facts['records']) - _MOST} more"
    if facts["comes_at"]:
        yield "comes", _minute(facts["comes_at"])
    if facts["next_at"]:
        yield "next one", _minute(facts["next_at"])


def _met(meeting: Meeting) -> str:
    length = "all day" if meeting.all_day else f"{meeting.minutes} min"
    return (
        f"{_minute(meeting.start)}, {length}: {meeting.title} ({meeting.status}, known by its {meeting.recognised_by})"
    )


def _minute(moment: datetime) -> str:
    return f"{moment:%a} {moment.day} {moment:%b %Y %H:%M}"
