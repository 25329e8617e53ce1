"""Filing feedback, taking a filing back, and the keyword that tells of it.

What is filed is in the store before the server hears of it: the record, its original, and a place
that waits for `$MentorFiled`. A tag that is taken away within a day takes the filing back the same way: first the
record goes, then the keyword, and a crash in between leaves a place that waits. What the owner has already made a
plan for stays. Setting the tag again files the message again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from typing import get_args

import structlog

from mentorup_daemon.mailbox import Arrived
from mentorup_daemon.records import Feedback, Understood
from mentorup_daemon.records.work import FeedbackSource
from mentorup_daemon.rules.fitting import meeting_for
from mentorup_daemon.service.account import Account, Step
from mentorup_daemon.service.threads import About
from mentorup_daemon.store import calendar, ledger, mail, originals, placements, work
from mentorup_daemon.store.account import Scope
from mentorup_daemon.store.placements import Placement

_log = structlog.get_logger(__name__)

TAKEN_BACK_WITHIN = timedelta(days=1)
_OF_A_MEETING = ("agenda", "thank_you")  # drafts whose object is a meeting


def file(
    account: Account,
    scope: Scope,
    said: Understood,
    about: About | None,
    tags: Iterable[str],
    original: str,
    now: datetime,
) -> None:
    """Keeps what `said` says as feedback. `tags`, strongest first, are what filed it; without any it was an answer."""
    from mentorup_daemon.replies.offers import offers  # noqa: PLC0415 - as what is read, when it is read (mail_in)

    at = min(said.written_at or now, now)
    draft = ledger.latest(scope).get(about.key) if about is not None and about.what == "draft" else None
    fits = meeting_for(calendar.all_meetings(scope, account.owner.zone), said.mentor, at)
    of_draft = draft.object if draft is not None and draft.rule in _OF_A_MEETING else None
    source: FeedbackSource = next((each for each in get_args(FeedbackSource) if each in tuple(tags)[:1]), "reply")
    work.add(
        scope,
        Feedback(
            id=0,
            text=said.visible_text,
            mentor=said.mentor,
            received_at=at,
            filed_at=now,
            source=source,
            message_id=said.headers.message_id,
            meeting=of_draft or (fits.key if fits else None),
            subject=said.headers.subject,
            original=original,
            writer=said.writer,
            guess=about.guess if about is not None and source == "reply" else "",
            offers=offers(said.action_items, zone=account.owner.zone, written=at, now=now),
        ),
    )


def keep_original(account: Account, digest: str, raw: bytes) -> str:
    """The original, named by its content; there before the record that names it. Raises Busy and StoreError."""
    name = originals.name_of(digest)
    originals.keep(account.store, name, raw)
    return name


def take_back_untagged(
    account: Account,
    folders: Collection[str],
    now: datetime,
    tags_of: Callable[[Arrived], tuple[str, ...]],
    step: Step,
) -> None:
    """Takes back what was filed within the last day and carries no tag any more. Raises the door's errors.

    A message that is gone from a feedback folder has lost that tag; one that is gone from elsewhere has been put away.
    Of `folders` only; what lies in one that isn't looked at any more stays filed. So does what was filed by its own
    words, its subject or its address: those can't be taken away, and nothing is asked about it.
    """
    since = now - TAKEN_BACK_WITHIN
    with account.store.reading() as scope:
        recent = placements.filed_since(scope, since, by_tag=True)
    lost: set[Placement] = set()
    for folder, uidvalidity in {(placement.folder, placement.uidvalidity) for placement in recent}:
        here = [each for each in recent if (each.folder, each.uidvalidity) == (folder, uidvalidity)]
        if folder in folders:
            lost |= _without_tag(account, folder, uidvalidity, here, tags_of)
    if not lost:
        return
    with account.store.reading() as scope:
        held = {each.digest for each in placements.filed_since(scope, since) if each not in lost}
        tagged = {item.original for item in work.items(scope, Feedback) if item.source != "reply" and item.original}
    for digest in sorted({each.digest for each in lost} - held):
        if originals.name_of(digest) in tagged:
            _take_back(account, digest)
            step("filing taken back")


def mark(account: Account, folders: Collection[str]) -> None:
    """The keyword as it should be, where the server keeps keywords; what a crash left over is caught up."""
    with account.store.reading() as scope:
        waiting = placements.unmarked(scope)
        current = mail.folder_positions(scope) if waiting else {}
    for folder, uidvalidity, filed in sorted({(each.folder, each.uidvalidity, each.filed) for each in waiting}):
        uids = [one.uid for one in waiting if (one.folder, one.uidvalidity, one.filed) == (folder, uidvalidity, filed)]
        position = current.get(folder)
        # of a folder made anew the UIDs say nothing, and one that isn't looked at any more may be gone
        if folder in folders and position is not None and position[0] == uidvalidity:
            (account.mailbox.mark_filed if filed else account.mailbox.unmark_filed)(folder, uids)
        with account.store.writing() as scope:
            placements.keep_marked(scope, folder, uidvalidity, uids)


def _without_tag(
    account: Account,
    folder: str,
    uidvalidity: int,
    placed: list[Placement],
    tags_of: Callable[[Arrived], tuple[str, ...]],
) -> set[Placement]:
    """Those that have lost their tag here."""
    whole = folder in account.tags.folders
    uids = [each.uid for each in placed]
    there = account.mailbox.still_tagged(folder, uidvalidity, uids, account.tags, whole=whole)
    if there is None:
        return set()
    gone = {each for each in placed if whole and each.uid not in there}
    bare = {each.uid: each for each in placed if there.get(each.uid) is False}
    told = account.mailbox.look_at(folder, uidvalidity, bare, account.tags, whole=whole) if bare else None
    return gone | {bare[message.uid] for message in told or () if not (message.problem or tags_of(message))}


def _take_back(account: Account, digest: str) -> None:
    """One filing, unless the owner has made a plan for it."""
    name = originals.name_of(digest)
    with account.store.writing() as scope:
        items = [item for item in work.items(scope, Feedback) if item.original == name]
        if any(item.plan or item.state != "filed" for item in items):
            return
        for item in items:
            work.remove(scope, Feedback, item.id)
        placements.take_back(scope, digest, "its tag was removed within a day, so its filing was taken back")
    originals.remove(account.store, [name])
    for item in items:
        _log.info("filing taken back", number=item.id, subject=item.subject)
