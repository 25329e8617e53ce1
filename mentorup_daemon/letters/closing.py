"""Letters about an end (T11, C28): the closing note, the last agenda, and the one update half a year later.

All three tell what came of it in concrete things out of the records: goals reached, advice acted upon, wins with the
mentor's help in them, what the owner gave thanks for. Where none is known nothing is made up, and the letter has no
`To:` until the owner has named one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from mentorup_daemon.letters.agenda import agenda_for
from mentorup_daemon.letters.minutes import share
from mentorup_daemon.letters.occasion import Occasion
from mentorup_daemon.letters.views import advice_view, bare, common, goal_view, meeting_view, promise_view, words
from mentorup_daemon.letters.wording import listing, when
from mentorup_daemon.records import Feedback, Goal, Meeting, Mentor, Snapshot, Win
from mentorup_daemon.records.standing import closed_since, next_meeting
from mentorup_daemon.rules.closing_agenda import at_once

_SHOWN = 3
_ADVICE = 2
_UNDOABLE = "CLOSE"


def achieved_context(
    snapshot: Snapshot, mentor: Mentor, now: datetime, since: datetime | None = None
) -> Mapping[str, object]:
    """What came of it, of all the time or since a moment: what every one of these letters can name."""
    owner = snapshot.owner
    thanks = [bare(one.text).removeprefix("for ") for one in snapshot.thanks if one.mentor == mentor.id]
    acted = sorted(
        (one for one in snapshot.feedback if one.mentor == mentor.id and one.plan and one.state in ("planned", "done")),
        key=lambda one: (one.state == "done", one.received_at, one.id),
        reverse=True,
    )
    return {
        **common(snapshot, mentor),
        "thanks": tuple(filter(None, dict.fromkeys(reversed(thanks))))[:_SHOWN],
        "reached": tuple(bare(goal.text) for goal in _reached(snapshot, mentor, since)[:_SHOWN]),
        "acted": tuple(advice_view(one, owner, now) for one in acted if _lately(one, since))[:_ADVICE],
        "wins": tuple(bare(win.text) for win in _wins(snapshot, mentor, since)[:_SHOWN]),
    }


def concrete(context: Mapping[str, object]) -> bool:
    """True when there is something to name."""
    return any(context[name] for name in ("thanks", "reached", "acted", "wins"))


def closing_context(snapshot: Snapshot, mentor: Mentor, now: datetime) -> Mapping[str, object]:
    """The variables of `closing/draft` and `closing/note`."""
    since = closed_since(snapshot, mentor.id)
    ahead = next_meeting(snapshot, mentor, since or now)
    by_reply = any(
        receipt.at == since and any(command == _UNDOABLE for command, _, _ in receipt.lines)
        for receipt in snapshot.receipts
    )
    context = achieved_context(snapshot, mentor, now)
    return {
        **context,
        "ready": concrete(context) and bool(mentor.emails),
        "named": concrete(context),
        "drafted": "drafts" in snapshot.practice.delivery,
        "agenda_there": ahead is not None and at_once(snapshot, mentor, ahead),
        "meets": when(ahead.start, now, snapshot.owner.zone) if ahead is not None and ahead.start > now else None,
        "support": listing([words(kind) for kind in mentor.support]),
        "undoable": by_reply,
    }


def closing_agenda_context(snapshot: Snapshot, meeting: Meeting, mentor: Mentor, now: datetime) -> Mapping[str, object]:
    """The variables of `closing_agenda/draft`, whose points share the meeting's minutes out evenly."""
    made = agenda_for(snapshot, meeting, now)
    context = achieved_context(snapshot, mentor, now)
    promises = [promise_view(one, snapshot.owner, now) for one in (*made.overdue, *made.mine)][:_SHOWN]
    goal = goal_view(made.goal, snapshot.owner, now)
    view = meeting_view(snapshot, meeting, mentor, now)
    points = [
        name
        for name, there in (
            ("achieved", concrete(context)),
            ("questions", bool(made.questions)),
            ("steps", bool(promises or goal)),
            ("next", True),
        )
        if there
    ]
    total = 0 if view.all_day else view.minutes
    minutes = share(total, [1] * len(points)) if 1 < len(points) <= total else [0] * len(points)
    return {
        **context,
        "meeting": view,
        "points": tuple(zip(points, minutes, strict=True)),
        "questions": tuple(words(topic.text) for topic in made.questions[:_SHOWN]),
        "promises": tuple(promises),
        "goal": goal,
    }


def closing_note_context(
    snapshot: Snapshot, meeting: Meeting, mentor: Mentor, occasion: Occasion, now: datetime
) -> Mapping[str, object]:
    """The variables of `closing_agenda/note`."""
    moved = occasion.moved_from
    return {
        **closing_agenda_context(snapshot, meeting, mentor, now),
        "draft_state": occasion.draft_state,
        "has_address": bool(mentor.emails),
        "was": when(moved, now, snapshot.owner.zone) if moved and moved != meeting.start else None,
    }


def closing_update_context(snapshot: Snapshot, mentor: Mentor, now: datetime) -> Mapping[str, object]:
    """The variables of `closing_update/draft`: what came since the end."""
    since = closed_since(snapshot, mentor.id) or now
    return {
        **achieved_context(snapshot, mentor, now, since),
        "ended": when(since, now, snapshot.owner.zone).short,
        "helped": next(iter(achieved_context(snapshot, mentor, now)["thanks"]), ""),  # type: ignore[call-overload]
    }


def update_ready(context: Mapping[str, object]) -> bool:
    """True when there is news."""
    return any(context[name] for name in ("reached", "wins"))


def _reached(snapshot: Snapshot, mentor: Mentor, since: datetime | None) -> list[Goal]:
    """The goals that were reached, the mentor's own before those that serve every meeting, the latest first."""
    goals = [
        goal
        for goal in snapshot.goals
        if goal.state == "done"
        and goal.mentor in (None, mentor.id)
        and (since is None or (goal.done_at is not None and goal.done_at > since))
    ]
    return sorted(goals, key=lambda goal: (goal.mentor is None, -goal.id))


def _wins(snapshot: Snapshot, mentor: Mentor, since: datetime | None) -> list[Win]:
    """The wins with this mentor's help in them, the latest first."""
    wins = [
        win
        for win in snapshot.wins
        if win.state == "kept" and mentor.id in win.credit and (since is None or win.created_at > since)
    ]
    return sorted(wins, key=lambda win: (win.created_at, win.id), reverse=True)


def _lately(said: Feedback, since: datetime | None) -> bool:
    return since is None or said.received_at > since
