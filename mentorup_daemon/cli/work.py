"""`mentorup topics`, `actions`, `goals` and `feedback`: what each family has beyond the common commands."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from mentorup_daemon.cli.family import (
    ByOption,
    Family,
    MentorOption,
    NewText,
    Number,
    Text,
    day_of,
    one_line,
    person_of,
)
from mentorup_daemon.cli.opened import Opened, opened
from mentorup_daemon.cli.output import ConfigOption, JsonOption, errors_told
from mentorup_daemon.errors import MentorUpError
from mentorup_daemon.records import ActionItem, Feedback, Goal, Topic

TOPICS = Family(
    name="topic",
    kind=Topic,
    fields=("id", "text", "mentor", "wants", "priority", "minutes", "read", "state", "private", "created_at"),
    shown=("id", "text", "mentor", "wants", "minutes"),
    open_states=("open",),
    done_state="discussed",
)
ACTIONS = Family(
    name="action item",
    kind=ActionItem,
    fields=("id", "text", "owner", "due", "state", "mentor", "source", "created_at", "done_at"),
    shown=("id", "text", "owner", "due", "state"),
    open_states=("open",),
    done_state="done",
)
GOALS = Family(
    name="goal",
    kind=Goal,
    fields=("id", "text", "mentor", "due", "state", "created_at", "done_at"),
    shown=("id", "text", "mentor", "due", "state"),
    open_states=("open",),
    done_state="done",
)
FEEDBACK = Family(
    name="piece of feedback",
    kind=Feedback,
    fields=(
        *("id", "mentor", "text", "received_at", "source", "message_id", "meeting"),
        *("plan", "plan_due", "planned_at", "done_at", "state", "subject", "original"),
    ),
    shown=("id", "mentor", "received_at", "text", "plan"),
    open_states=("filed", "planned", "done"),  # what was said stays worth reading
    done_state="done",
)

topics_app = TOPICS.app("Topics for the next agendas.")
actions_app = ACTIONS.app("Action items: what you and they have promised.")
goals_app = GOALS.app("Goals that meetings serve.")
feedback_app = FEEDBACK.app("Feedback that was filed.")

PriorityOption = Annotated[int | None, typer.Option("--priority", min=1, max=9, help="1 is the most important.")]
MinutesOption = Annotated[int | None, typer.Option("--minutes", min=1, max=480, help="How long it needs.")]
WantsOption = Annotated[
    str | None, typer.Option("--wants", help="What you want: decision, view, introduction, feedback, or nothing.")
]
ReadOption = Annotated[
    str | None, typer.Option("--read", metavar="WORDS", help="What they should read before: in words, or a link.")
]


@topics_app.command("add")
def topics_add(
    text: Text,
    config: ConfigOption = None,
    mentor: MentorOption = None,
    wants: WantsOption = None,
    priority: PriorityOption = None,
    minutes: MinutesOption = None,
    read: ReadOption = None,
    private: Annotated[bool, typer.Option("--private", help="For you only: never in a mentor's draft.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Add a topic: "K award: this cycle or next? (decision, 15 min, read: the aims page)"."""
    from mentorup_daemon.replies.commands import topic_of

    with errors_told(), opened(config) as account:
        asked = topic_of(one_line(text))
        topic = Topic(
            id=0,
            text=asked.text,
            mentor=person_of(account, mentor),
            wants=_wants(wants) or asked.wants,  # type: ignore[arg-type]  # checked
            priority=priority or 2,
            minutes=minutes or asked.minutes,
            read=" ".join((read or asked.read).split()),
            private=private,
            created_at=account.now,
        )
        TOPICS.add(account, topic, as_json)


@topics_app.command("edit")
def topics_edit(
    number: Number,
    config: ConfigOption = None,
    text: NewText = None,
    wants: WantsOption = None,
    priority: PriorityOption = None,
    minutes: MinutesOption = None,
    read: ReadOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change a topic."""
    with errors_told():
        words, wanted = one_line(text) if text is not None else None, _wants(wants)
        page = " ".join(read.split()) if read is not None else None
    TOPICS.change(config, number, as_json, text=words, wants=wanted, priority=priority, minutes=minutes, read=page)


@actions_app.command("add")
def actions_add(
    text: Text,
    config: ConfigOption = None,
    mentor: MentorOption = None,
    theirs: Annotated[bool, typer.Option("--theirs", help="They promised it, not you.")] = False,
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add an action item."""
    with errors_told(), opened(config) as account:
        person = person_of(account, mentor)
        if theirs and person is None:
            raise MentorUpError("--theirs needs --mentor: who promised it?")
        item = ActionItem(
            id=0,
            text=one_line(text),
            owner=person if theirs and person else "me",
            mentor=person,
            due=day_of(by),
            created_at=account.now,
        )
        ACTIONS.add(account, item, as_json)
        if item.owner == "me":
            _warn_of_cap(account)


def _warn_of_cap(account: Opened) -> None:
    """Says so, on standard error, when that makes more promises than the owner wants to have open (T4)."""
    mine = sum(one.owner == "me" and one.state == "open" for one in account.snapshot().actions)
    cap = account.settings.owner_record().action_item_cap
    if mine > cap:
        typer.echo(f"That makes {mine} open promises, and you set yourself {cap}. Which one can go?", err=True)


@actions_app.command("edit")
def actions_edit(
    number: Number, config: ConfigOption = None, text: NewText = None, by: ByOption = None, as_json: JsonOption = False
) -> None:
    """Change an action item."""
    with errors_told():
        words, day = one_line(text) if text is not None else None, day_of(by)
    ACTIONS.change(config, number, as_json, text=words, due=day)


@goals_app.command("add")
def goals_add(
    text: Text,
    config: ConfigOption = None,
    mentor: MentorOption = None,
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a goal; without --mentor it serves every meeting."""
    with errors_told(), opened(config) as account:
        goal = Goal(
            id=0, text=one_line(text), mentor=person_of(account, mentor), due=day_of(by), created_at=account.now
        )
        GOALS.add(account, goal, as_json)


@goals_app.command("edit")
def goals_edit(
    number: Number, config: ConfigOption = None, text: NewText = None, by: ByOption = None, as_json: JsonOption = False
) -> None:
    """Change a goal."""
    with errors_told():
        words, day = one_line(text) if text is not None else None, day_of(by)
    GOALS.change(config, number, as_json, text=words, due=day)


@feedback_app.command("add")
def feedback_add(
    text: Text, config: ConfigOption = None, mentor: MentorOption = None, as_json: JsonOption = False
) -> None:
    """File something you were told."""
    from mentorup_daemon.rules.fitting import meeting_for

    with errors_told(), opened(config) as account:
        person = person_of(account, mentor)
        fits = meeting_for(account.snapshot().meetings, person, account.now) if person else None
        told = Feedback(
            id=0,
            text=text.strip() or one_line(text),
            mentor=person,
            received_at=account.now,
            source="manual",
            meeting=fits.key if fits else None,
        )
        FEEDBACK.add(account, told, as_json)


@feedback_app.command("plan")
def feedback_plan(
    number: Number,
    plan: Annotated[str, typer.Argument(help="What you will do about it.")],
    config: ConfigOption = None,
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what you will do about it."""
    with errors_told():
        words, day = one_line(plan), day_of(by)
    FEEDBACK.change(config, number, as_json, plan=words, plan_due=day, planned_at=datetime.now(UTC), state="planned")


@feedback_app.command("export")
def feedback_export(
    config: ConfigOption = None,
    form: Annotated[str, typer.Option("--format", help="markdown, csv or json.")] = "markdown",
    to: Annotated[Path | None, typer.Option("--to", help="A file; standard output otherwise.")] = None,
) -> None:
    """All feedback in one document."""
    from mentorup_daemon.cli.export import exported
    from mentorup_daemon.store import work

    with errors_told(), opened(config) as account:
        if form not in ("markdown", "csv", "json"):
            raise MentorUpError(f"--format {form!r}: use markdown, csv or json.")
        with account.store.reading() as scope:
            filed = work.items(scope, Feedback)
        document = exported(filed, account.snapshot().mentors, form, account.settings.owner_record().zone)
        if to is None:
            typer.echo(document, nl=False)
        else:
            to.write_text(document, encoding="utf-8")


def _wants(wants: str | None) -> str | None:
    """What is wanted of the mentor, checked."""
    if wants not in (None, "decision", "view", "introduction", "feedback", "nothing"):
        raise MentorUpError(f"--wants {wants!r}: use decision, view, introduction, feedback or nothing.")
    return wants
