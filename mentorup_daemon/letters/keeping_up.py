"""Letters between meetings: a plan for advice (T8), an offer to shorten (T7), contact (T6), the next meeting (P3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from mentorup_daemon.errors import Malformed
from mentorup_daemon.letters.agenda import agenda_for
from mentorup_daemon.letters.check_in import check_in_context
from mentorup_daemon.letters.headers import flat
from mentorup_daemon.letters.views import advice_view, common, meeting_view, promise_view, words
from mentorup_daemon.letters.wording import listing, rhythm, when
from mentorup_daemon.records import Due, Meeting, Mentor, Snapshot
from mentorup_daemon.records.standing import asked_about_on, longest_silence, open_topics

_SHOWN = 4
_LABELS = 3
_WORTH_SHORTENING = 30  # minutes; half of less is no meeting


def feedback_plan_context(snapshot: Snapshot, due: Due, now: datetime) -> Mapping[str, object]:
    """The variables of `feedback_plan/note`: what has no plan of that day, in the order that PLAN takes it."""
    person = snapshot.person(due.mentor)
    if person is None:
        raise Malformed(f"{due.key}: {due.mentor!r} is not in the configuration any more.")
    day = date.fromisoformat(due.object[-10:])
    pieces = sorted(
        (
            one
            for one in snapshot.feedback
            if one.mentor == person.id and one.state == "filed" and asked_about_on(snapshot, one) == day
        ),
        key=lambda one: one.id,
        reverse=True,
    )
    if not pieces:
        raise Malformed(f"{due.key}: there is no feedback without a plan any more.")
    return {
        **common(snapshot, person),
        "pieces": tuple(advice_view(one, snapshot.owner, now) for one in pieces[:_SHOWN]),
        "offers": tuple(dict.fromkeys(words(offer) for one in pieces[:_SHOWN] for offer in one.offers)),
        "nudge": due.key.endswith("/nudge"),
        "told": person.role == "mentor" and "drafts" in snapshot.practice.delivery,
        "on_agenda": person.role != "mentee",
    }


def shorten_context(snapshot: Snapshot, meeting: Meeting, mentor: Mentor, now: datetime) -> Mapping[str, object]:
    """The variables of `shorten/draft`. `shorter` is half of the minutes, 0 where that would be no meeting."""
    agenda = agenda_for(snapshot, meeting, now)
    news = next((item.topic for item in agenda.items if item.topic), None)
    view = meeting_view(snapshot, meeting, mentor, now)
    mine = (*agenda.overdue, *agenda.mine)
    return {
        **common(snapshot, mentor),
        "meeting": view,
        "shorter": view.minutes // 10 * 5 if view.minutes >= _WORTH_SHORTENING else 0,
        "item": words(news.text) if news else "",
        "promise": promise_view(mine[0], snapshot.owner, now) if mine else None,
    }


def contact_context(snapshot: Snapshot, mentor: Mentor, now: datetime) -> Mapping[str, object]:
    """The variables of `contact/note`: those of a check-in, and how often it should be."""
    return {
        **check_in_context(snapshot, mentor, now),
        "rhythm": rhythm(longest_silence(mentor).days),
        "agreed": mentor.cadence == longest_silence(mentor),
    }


@dataclass(frozen=True, slots=True)
class OpeningView:
    """A time that is proposed. `mine` is a date and a time in words, `theirs` the same moment by the mentor's clock.

    `theirs` is "" where both clocks show the same, and has the weekday in front where that is another one.
    """

    mine: str
    theirs: str = ""


def opening_views(
    snapshot: Snapshot, mentor: Mentor, openings: Sequence[datetime], now: datetime
) -> tuple[OpeningView, ...]:
    """Times to propose, by both clocks where these differ on any of the days: then on all of them."""
    zones = snapshot.owner.zone, mentor.zone(snapshot.owner)
    mine, theirs = ([when(one, now, zone) for one in openings] for zone in zones)
    apart = any((one.date, one.time) != (other.date, other.time) for one, other in zip(mine, theirs, strict=True))
    return tuple(
        OpeningView(
            f"{one.date}, {one.time}",
            (f"{other.weekday}, " if other.date != one.date else "") + other.time if apart else "",
        )
        for one, other in zip(mine, theirs, strict=True)
    )


def next_meeting_context(snapshot: Snapshot, meeting: Meeting, mentor: Mentor, now: datetime) -> Mapping[str, object]:
    """The variables of `next_meeting/draft`. `around` is a date in words, a cadence after the meeting.

    `openings` are times that would do (see `OpeningView`), none unless they have been worked out.
    """
    every = mentor.cadence or longest_silence(mentor)
    labels = [flat(topic.label, 60) for topic in open_topics(snapshot, mentor) if topic.mentor == mentor.id]
    return {
        **common(snapshot, mentor),
        "meeting": meeting_view(snapshot, meeting, mentor, now),
        "rhythm": rhythm(every.days),
        "around": when(meeting.start + every, now, snapshot.owner.zone).short,
        "labels": listing(labels[:_LABELS]),
        "openings": (),
    }
