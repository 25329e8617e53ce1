"""What a first meeting is also about: the points that an intro agenda adds, and what the owner can say to them.

With a candidate: availability, working styles, expectations, values, and whom else they would recommend (T1, C6). With
a mentor the structure comes first: how often, who drives, what each expects, when it ends (P1, C16), as the compact on
record has it, else as a proposal. The owner's own questions stand before all of them. Nothing here says that the two
have never met: the calendar may not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from mentorup_daemon.letters.headers import flat
from mentorup_daemon.letters.views import GoalView, bare, goal_view
from mentorup_daemon.letters.wording import listing, rhythm
from mentorup_daemon.records import Goal, Meeting, Mentor, Snapshot
from mentorup_daemon.records.candidates import is_first_meeting, kept_about
from mentorup_daemon.records.standing import is_stub, standing_compact
from mentorup_daemon.rules.network import with_article

Point = Literal["structure", "availability", "style", "expectations", "values", "referral"]

_WITH_CANDIDATE: tuple[Point, ...] = ("availability", "style", "expectations", "values", "referral")
_WITH_MENTOR: tuple[Point, ...] = ("structure", "availability", "style", "values", "referral")
_GOALS = 3
_ENTRIES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class IntroView:
    """What a first agenda can name; every text may be "".

    `support` is the guidance that is sought ("a coach and a sponsor"). `rhythm`, `drives`, `mine`, `theirs` and `ends`
    are those of the compact. `brief` is true while the page about the owner lies in Drafts.
    """

    candidate: bool
    support: str
    helped: str
    goals: tuple[GoalView, ...]
    values: str
    style: str
    rhythm: str
    drives: str
    mine: str
    theirs: str
    ends: str
    brief: bool


def first_points(snapshot: Snapshot, meeting: Meeting, mentor: Mentor) -> tuple[Point, ...]:
    """The points that are added to the agenda, in their order; none for a meeting that isn't the first."""
    if not is_first_meeting(snapshot, meeting):
        return ()
    return _WITH_CANDIDATE if mentor.role == "candidate" else _WITH_MENTOR


def first_context(snapshot: Snapshot, meeting: Meeting, mentor: Mentor, now: datetime) -> Mapping[str, object]:
    """The variable `intro` of the templates of an agenda: None for a meeting that isn't the first."""
    if not is_first_meeting(snapshot, meeting):
        return {"intro": None}
    kept = kept_about(snapshot.candidates, mentor.id)
    compact = standing_compact(snapshot.compacts, mentor.id)
    every = rhythm(mentor.cadence.days) if mentor.cadence and mentor.cadence.days else ""
    return {
        "intro": IntroView(
            candidate=mentor.role == "candidate",
            support=sought(mentor),
            helped=bare(kept.helped) if kept else "",
            goals=goals_with(snapshot, mentor, now),
            values=profile(snapshot, "value"),
            style=profile(snapshot, "style"),
            rhythm=(bare(compact.rhythm) if compact else "") or every,
            drives=bare(compact.drives) if compact else "",
            mine=bare(compact.mine) if compact else "",
            theirs=bare(compact.theirs) if compact else "",
            ends=bare(compact.ends) if compact else "",
            brief=any(
                entry.rule == "brief" and entry.object == meeting.key and entry.outcome == "delivered"
                for entry in snapshot.ledger.values()
            ),
        )
    }


def goals_with(snapshot: Snapshot, mentor: Mentor, now: datetime) -> tuple[GoalView, ...]:
    """The open goals that concern this person, those with the nearest date first."""
    found: list[Goal] = [
        goal
        for goal in snapshot.goals
        if goal.state == "open"
        and goal.mentor in (None, mentor.id)
        and bare(goal.text)
        and mentor.allows(goal.text)
        and not is_stub(snapshot, goal)
    ]
    found.sort(key=lambda goal: (goal.due or date.max, goal.id))
    views = (goal_view(goal, snapshot.owner, now) for goal in found[:_GOALS])
    return tuple(view for view in views if view is not None)


def profile(snapshot: Snapshot, kind: Literal["value", "style"], most: int = _ENTRIES) -> str:
    """What the owner has said of themselves, the newest first: `honest numbers; time to think`. "" for nothing."""
    kept = [one for one in snapshot.profile if one.kind == kind and one.state == "kept" and bare(one.text)]
    kept.sort(key=lambda one: (one.created_at, one.id), reverse=True)
    return "; ".join(bare(one.text) for one in kept[:most])


def sought(mentor: Mentor) -> str:
    """The guidance that is sought of this person: `a coach and a sponsor`; "" where the config doesn't say."""
    kinds = [flat(kind, 60) for kind in mentor.support]
    return listing([with_article(kind) for kind in kinds if kind])
