"""What one quarter of the year came to on the owner's side (C22): prepared, asked, closed. Facts, and no score of them.

Only what the records hold is counted: a meeting counts as prepared when its agenda was written, an agenda or thanks as
sent when mail to that person was seen in time. Everything that happened later is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from mentorup_daemon.records.due import Entry, Snapshot
from mentorup_daemon.records.meetings import Meeting
from mentorup_daemon.records.standing import prepared, taken_up_at

_THANKS_WITHIN = timedelta(days=14)
_MONTHS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarter:
    """One quarter: `begin` <= t < `end` (aware). All numbers are counts.

    Of `met` meetings `prepared` had an agenda, `sent` one that went out, `with_question` something to ask. `questions`
    were put, `feedback_asked` of them for feedback. Of `heard` pieces of feedback `planned` have a plan and
    `carried_out` are done. `kept` are the owner's promises done, `late` those past their day at the end. `thanked` are
    meetings with a note of thanks that went out.
    """

    begin: datetime
    end: datetime
    met: int = 0
    prepared: int = 0
    sent: int = 0
    with_question: int = 0
    questions: int = 0
    feedback_asked: int = 0
    heard: int = 0
    planned: int = 0
    carried_out: int = 0
    kept: int = 0
    late: int = 0
    thanked: int = 0

    @property
    def empty(self) -> bool:
        """True when there is nothing to look back on."""
        return not (self.met or self.heard or self.kept or self.late)


def quarter_before(snapshot: Snapshot, day: date) -> Quarter:
    """The last whole quarter of the year before `day`, as far as it lies after the first start."""
    first, last = bounds_before(day)
    zone = snapshot.owner.zone
    begin = max(datetime.combine(first, time(), tzinfo=zone), snapshot.started_at)
    end = datetime.combine(last, time(), tzinfo=zone)
    met = [
        one
        for one in snapshot.meetings
        if one.on and begin < one.end < end and (person := snapshot.person(one.mentor)) and person.role == "mentor"
    ]
    taken = [(topic, taken_up_at(snapshot, topic, end)) for topic in snapshot.topics if topic.is_question]
    keys = {one.key for one in met}
    asked = [(topic, held.key) for topic, held in taken if held is not None and held.key in keys]
    heard = [one for one in snapshot.feedback if begin <= one.received_at < end and one.state != "dropped"]
    mine = [one for one in snapshot.actions if one.owner == "me"]
    return Quarter(
        begin=begin,
        end=end,
        met=len(met),
        prepared=sum(prepared(snapshot, one) for one in met),
        sent=sum(_went_out(snapshot, one, "agenda", one.start) for one in met),
        with_question=len({key for _, key in asked}),
        questions=len(asked),
        feedback_asked=sum(topic.wants == "feedback" for topic, _ in asked),
        heard=len(heard),
        planned=sum(one.plan is not None for one in heard),
        carried_out=sum(one.plan is not None and one.state == "done" for one in heard),
        kept=sum(one.state == "done" and one.done_at is not None and begin <= one.done_at < end for one in mine),
        late=sum(one.state == "open" and one.due is not None and one.due < end.date() for one in mine),
        thanked=sum(_went_out(snapshot, one, "thank_you", one.end + _THANKS_WITHIN) for one in met),
    )


def bounds_before(day: date) -> tuple[date, date]:
    """The first day of the last whole quarter before `day`, and the first day after it."""
    last = _first_of_quarter(day)
    return _first_of_quarter(last - timedelta(days=1)), last


def _first_of_quarter(day: date) -> date:
    return date(day.year, (day.month - 1) // _MONTHS * _MONTHS + 1, 1)


def _went_out(snapshot: Snapshot, meeting: Meeting, rule: str, until: datetime) -> bool:
    """True when a draft of this rule was written for the meeting, and mail to that person was seen after it."""
    written = (one for one in snapshot.ledger.values() if one.object == meeting.key and one.rule == rule)
    return any(_answered(snapshot, one, until) for one in written if one.lands == "drafts")


def _answered(snapshot: Snapshot, draft: Entry, until: datetime) -> bool:
    return any(
        one.kind == "mail to" and one.mentor == draft.mentor and draft.intended_at <= one.at <= until
        for one in snapshot.contacts
    )
