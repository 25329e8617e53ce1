"""The letter for a due note or draft, told of what only the mailbox and the ledger know.

Whether the draft still stands as we wrote it, where the meeting stood before it moved, when the owner has time for the
next one: the records of the snapshot don't say, and letters can't look.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from mentorup_daemon.letters.occasion import DraftState, Occasion
from mentorup_daemon.records import Due, Snapshot, key_part
from mentorup_daemon.records.standing import AGENDAS
from mentorup_daemon.rules import change, next_meeting
from mentorup_daemon.service import free
from mentorup_daemon.service.account import Account
from mentorup_daemon.store import ledger

if TYPE_CHECKING:
    from mentorup_daemon.letters.compose import Letter


def letter_for(
    account: Account, due: Due, snapshot: Snapshot, *, now: datetime, message_id: str, thread: str
) -> Letter:
    """The letter to append for `due`. `thread` is the Message-ID that all notes on one object refer to.

    Raises Malformed when it can't be written, and the errors of the mailbox when it has to be asked.
    """
    from mentorup_daemon.letters.compose import compose  # noqa: PLC0415 - all letters: when there is one to write

    occasion = Occasion(message_id=message_id, thread=thread if due.mentor is not None else "")
    if due.lands == "inbox" and due.rule in (*AGENDAS, "questions", "change") and due.mentor is not None:
        occasion = Occasion(
            message_id=message_id,
            thread=thread,
            draft_state=_draft_state(account, snapshot, due),
            moved_from=_told_before(account, due, snapshot),
        )
    elif due.rule == next_meeting.RULE:
        occasion = Occasion(message_id=message_id, openings=free.proposals(account, due, snapshot, now))
    return compose(due, snapshot, now=now, templates=account.templates, occasion=occasion)


def _draft_state(account: Account, snapshot: Snapshot, due: Due) -> DraftState:
    """How the draft that goes with a note stands now."""
    rules = (due.rule,) if due.rule in AGENDAS else AGENDAS
    keys = (f"{rule}/{key_part(due.mentor or '')}/{due.object}/draft" for rule in rules)
    entries = (snapshot.ledger[key] for key in keys if key in snapshot.ledger)
    entry = max(entries, key=lambda one: one.intended_at, default=None)
    if entry is None or entry.outcome not in ("delivered", "left"):
        return "none"
    if entry.outcome == "delivered":
        return "fresh"
    return "edited" if account.mailbox.find(entry.folder, entry.message_id) else "gone"


def _told_before(account: Account, due: Due, snapshot: Snapshot) -> datetime | None:
    """The start that was told before, where the meeting has another one now.

    By the revision before, or by what was written for the meeting that this one came in the place of.
    """
    meeting = snapshot.meeting(due.object)
    if meeting is None or due.rule == change.RULE:
        return None
    with account.store.reading() as scope:
        before = ledger.one(scope, due.key, due.revision - 1)
    if before is None and (gone := snapshot.predecessor(meeting)) is not None:
        head = f"{due.rule}/{key_part(meeting.mentor)}/"
        before = snapshot.ledger.get(head + gone.key + due.key.removeprefix(head + meeting.key))
    if before is None or not before.basis:
        return None
    told = datetime.fromtimestamp(float(before.basis.partition("-")[0]), snapshot.owner.zone)
    return told if told != meeting.start else None
