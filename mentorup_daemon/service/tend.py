"""Tend an account: one pass, from top to bottom.

Look at the calendar, look at the mail, work out what is due, write it, remember it, keep the reminders in the owner's
calendar in step. A pass is idempotent: run it twice, or kill it anywhere and run it again, and mailbox, calendar and
store end the same. A server that can't be reached costs what it alone could tell: the other one is looked at all the
same, and what is known is acted upon.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from mentorup_daemon.errors import OF_A_DOOR, Malformed, MentorUpError, Unavailable, Uncertain
from mentorup_daemon.records import Due, Snapshot, Topic
from mentorup_daemon.rules.discussed import discussed
from mentorup_daemon.service import calendar_in, candidates, mail_in, reminders
from mentorup_daemon.service.account import Account, Step, go_on, with_candidates
from mentorup_daemon.service.looks import CALDAV, IMAP
from mentorup_daemon.service.sight import Sight
from mentorup_daemon.service.write import Desk, refresh, take_away_outdated, take_back, write
from mentorup_daemon.store import health, mail, work

_log = structlog.get_logger(__name__)

REMINDERS = "reminders"
_REST = timedelta(minutes=15)  # before a calendar for reminders that failed is asked again
EVERYWHERE = frozenset({CALDAV, IMAP})


@dataclass(slots=True)
class Pass:
    """What one pass came to. `failures` is by server, `seen` the calendars that it has looked at.

    `next_look` is None when nothing is in sight.
    """

    written: list[str] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    set_aside: list[str] = field(default_factory=list)
    failures: dict[str, MentorUpError] = field(default_factory=dict)
    reached: set[str] = field(default_factory=set)
    seen: calendar_in.Seen = field(default_factory=calendar_in.Seen)
    next_look: datetime | None = None


def tend(
    account: Account,
    now: datetime,
    *,
    look: Iterable[str] = EVERYWHERE,
    spared: Iterable[str] = (),
    step: Step = go_on,
) -> Pass:
    """One pass over one account at `now`. `look` names the servers to look at; what is due is written in any case.

    Nothing at all is asked of those in `spared`: they have failed, and their back-off isn't over.

    Raises StoreError and Busy, for without the store nothing is safe; what the servers do wrong is in the result.
    """
    facts = account.store.first_start(now)
    candidates.enrol(account, now)
    account = with_candidates(account)
    step("account opened")
    done, sight = Pass(), Sight(account, now)
    if CALDAV in look:
        _try(account, CALDAV, done, now, lambda: calendar_in.look(account, now, step, done.seen))
    if IMAP in look:
        _try(account, IMAP, done, now, lambda: mail_in.look(account, now, step))
    if _calendar_is_known(account):
        _close_topics(account, sight, now)
        step("topics closed")
    desk = Desk(account, facts, now, step)
    if IMAP not in done.failures and IMAP not in spared:
        _try(account, IMAP, done, now, lambda: _act(desk, sight, done))
    if _calendar_is_known(account):
        _remind(desk, sight, done)
    done.next_look = sight.plan.next_look
    with account.store.writing() as scope:
        for server in sorted(done.reached):
            health.reached(scope, server, now)
        health.passed(scope, now)
    step("pass kept")
    return done


def _close_topics(account: Account, sight: Sight, now: datetime) -> None:
    """What a meeting has dealt with is off the list before anything is written from it."""
    numbers = discussed(sight.records, now)
    if numbers:
        with account.store.writing() as scope:
            for number in numbers:
                work.change(scope, Topic, number, state="discussed")


def _act(desk: Desk, sight: Sight, done: Pass) -> None:
    """Withdraw what has changed its mind, write what is due, refresh what follows the records."""
    if _calendar_is_known(desk.account):
        _look_again(desk, sight, done)
        for withdrawal in sight.plan.withdraw:
            take_back(desk, withdrawal)
            done.withdrawn.append(withdrawal.entry.key)
    suspects = calendar_in.suspects(desk.account)
    aside = _aside(desk.account)
    for one in sight.plan.due:
        if not _held(one, sight.records, suspects):
            _write(desk, one, sight, done, aside, write)
    for one in sight.plan.refresh:
        _write(desk, one, sight, done, aside, refresh)
    take_away_outdated(desk)


def _held(due: Due, records: Snapshot, suspects: Collection[str]) -> bool:
    """True for what would be written about a meeting while its calendar isn't to be believed (D04)."""
    meeting = records.meeting(due.object)
    return meeting is not None and meeting.calendar in suspects and not due.asked_for


def _remind(desk: Desk, sight: Sight, done: Pass) -> None:
    """The reminders in the owner's calendar follow the records; where they do already, no server is asked."""
    differences = reminders.differences(desk, sight.records)
    failed_at = _failed_at(desk.account, REMINDERS)
    if failed_at is None and not differences:
        return
    if failed_at is None or not failed_at <= desk.now < failed_at + _REST:
        _try(desk.account, REMINDERS, done, desk.now, lambda: reminders.keep(desk, differences))


def _calendar_is_known(account: Account) -> bool:
    """False while the last look at the calendars failed: an event may have moved to one that could not be read."""
    return _failed_at(account, CALDAV) is None


def _failed_at(account: Account, server: str) -> datetime | None:
    """When the last look failed; None while it didn't."""
    with account.store.reading() as scope:
        return health.failed_at(scope, server)


def _look_again(desk: Desk, sight: Sight, done: Pass) -> None:
    """Reads the events behind what is to be written once more, for they may have changed since the last poll (D09)."""
    objects = {one.object for one in sight.plan.due if one.mentor is not None}
    meetings = [meeting for meeting in sight.records.meetings if meeting.key in objects]
    if meetings:  # else no server is asked, and none counts as reached
        read = functools.partial(calendar_in.read_again, desk.account, meetings, desk.now, done.seen)
        _try(desk.account, CALDAV, done, desk.now, read)
    desk.step("events read again")


def _write(
    desk: Desk, due: Due, sight: Sight, done: Pass, aside: Collection[str], how: Callable[[Desk, Due, Snapshot], bool]
) -> None:
    """One note or draft; one that can't be composed costs itself. `aside` are the keys that couldn't be until now."""
    try:
        if how(desk, due, sight.records):
            done.written.append(due.key)
        if due.key in aside:
            with desk.account.store.writing() as scope:
                mail.release(scope, due.key)
    except Malformed as error:
        _log.warning("can't be written", key=due.key, reason=str(error))
        _set_aside(desk, due, done, str(error))
    except MentorUpError:
        raise
    except Exception as error:  # noqa: BLE001 - a fault of ours in one note must not hold up all the others for good
        _log.exception("a fault of MentorUp's", key=due.key)
        _set_aside(desk, due, done, f"a fault of MentorUp's, please report it: {type(error).__name__}: {error}")


def _set_aside(desk: Desk, due: Due, done: Pass, reason: str) -> None:
    """A note that can't be written, for `status`; it is tried again in each pass, for the records may be mended."""
    done.set_aside.append(f"{due.key}: {reason}")
    with desk.account.store.writing() as scope:
        mail.keep_quarantined(scope, due.key, "note", reason, desk.now)


def _aside(account: Account) -> set[str]:
    """The keys of the notes that couldn't be written before."""
    with account.store.reading() as scope:
        return {row.place for row in mail.quarantined(scope)}


def _try(account: Account, server: str, done: Pass, now: datetime, work: Callable[[], None]) -> None:
    """Does what needs a server, and keeps how that went; the next pass comes back to what failed."""
    try:
        work()
    except OF_A_DOOR as error:
        done.failures[server] = error
        done.reached.discard(server)
        passing = isinstance(error, (Unavailable, Uncertain))
        _log.warning("server failed", server=server, reason=str(error))
        with account.store.writing() as scope:
            health.failed(scope, server, str(error), now)
            health.trouble(scope, server, str(error), remedy="", passing=passing, now=now)
        return
    done.reached.add(server)
    with account.store.reading() as scope:
        mended = health.stands_against(scope, server)
    if mended:  # at once, for the steps that follow go by it; else when the pass ends
        with account.store.writing() as scope:
            health.reached(scope, server, now)
