"""Keeps the reminders in the owner's calendar as the records have them: the store before and after every change to it.

Which should stand is for the rules to say; what is known of those that were written is in the store, so where nothing
has changed no server is asked. Intent -> write under a condition -> read back -> outcome: after a crash the same steps
find what is there. What the owner has changed or deleted is theirs from then on, and what never was ours isn't touched:
either way the entry is left. Emptying `reminders_calendar` takes away all that still stands as we wrote it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from mentorup_daemon.calendars import CalendarInfo, Conflict, Elsewhere, Refused, Reminders, Versions
from mentorup_daemon.errors import Malformed, Uncertain
from mentorup_daemon.events import reminder_digest, reminder_text
from mentorup_daemon.letters.identity import reminder_uid
from mentorup_daemon.letters.reminder import reminder_words
from mentorup_daemon.records import Reminder, Snapshot, WrittenReminder
from mentorup_daemon.rules import reminders as rule
from mentorup_daemon.service.write import Desk
from mentorup_daemon.store import reminders as kept

_FAR = timedelta(days=366)
"""What stands is moved as far as this; only what isn't there yet has to be near. A server with a trash bin (Nextcloud)
may refuse a UID that it has seen deleted, so nothing is taken away that would come again."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Wish:
    """One entry as it should be."""

    reminder: Reminder
    uid: str
    text: str
    digest: str


@dataclass(frozen=True, slots=True)
class Work:
    """What differs from the records: what is to go, and what is to be written, with what is known of it."""

    remove: tuple[WrittenReminder, ...] = ()
    write: tuple[tuple[_Wish, WrittenReminder | None], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.remove or self.write)


def differences(desk: Desk, snapshot: Snapshot) -> Work:
    """What is to be done in the calendar. Asks no server."""
    with desk.account.store.reading() as scope:
        known = kept.all_reminders(scope)
    if not known and not snapshot.practice.reminders:
        return Work()
    soon = {one.key for one in rule.standing(snapshot, desk.now)}
    wanted = (one for one in rule.standing(snapshot, desk.now, _FAR) if one.key in soon or one.key in known)
    wishes = {one.key: wish for one in wanted if (wish := _wish(desk, snapshot, one))}
    named = _named(desk)
    remove = [one for one in known.values() if _is_to_go(one, wishes, named)]
    going = {one.key for one in remove}
    write: list[tuple[_Wish, WrittenReminder | None]] = []
    for key, wish in wishes.items():
        one = None if key in going else known.get(key)
        if one is None and key in soon and wish.reminder.alarm_at > desk.now:
            write.append((wish, None))
        elif one is not None and _is_to_change(one, wish):
            write.append((wish, one))
    return Work(tuple(remove), tuple(write))


def keep(desk: Desk, work: Work) -> None:
    """Does it. Raises the door's errors; what was done before is kept, and an entry that is refused costs itself."""
    door = desk.account.reminders
    refused: list[Refused] = []
    for one in work.remove:
        try:
            _remove(desk, door, one)
        except Refused as error:
            refused.append(error)
    if door is not None and work.write:
        calendar = door.calendar()
        for wish, known in work.write:
            try:
                _write(desk, door, calendar, wish, known)
            except Refused as error:
                refused.append(error)
    if refused:
        raise refused[0]


def _is_to_go(one: WrittenReminder, wishes: dict[str, _Wish], named: str) -> bool:
    if one.state == "removing" or one.key not in wishes:
        return True
    return one.named != named and one.state != "left"


def _is_to_change(one: WrittenReminder, wish: _Wish) -> bool:
    return one.state == "intended" or (one.state == "written" and one.wish != wish.digest)


def _wish(desk: Desk, snapshot: Snapshot, reminder: Reminder) -> _Wish | None:
    """The entry for a reminder; None for one that can't be put into words, which costs itself."""
    try:
        words = reminder_words(reminder, snapshot)
    except Malformed as error:
        _log.warning("reminder can't be written", key=reminder.key, reason=str(error))
        return None
    uid = reminder_uid(desk.facts.secret, desk.account.store.account, reminder.key)
    text = reminder_text(
        uid=uid,
        kind=reminder.kind,
        start=reminder.start,
        alarm_at=reminder.alarm_at.astimezone(snapshot.owner.zone),
        summary=words.summary,
        description=words.description,
        now=desk.now,
    )
    return _Wish(reminder, uid, text, reminder_digest(text))


def _named(desk: Desk) -> str:
    """The calendar that is meant, as the config has it: with another one, what stands moves there."""
    return desk.account.reminders.named if desk.account.reminders is not None else ""


def _write(desk: Desk, door: Reminders, calendar: CalendarInfo, wish: _Wish, known: WrittenReminder | None) -> None:
    key, named = wish.reminder.key, _named(desk)
    begun = known or WrittenReminder(
        key=key, named=named, url=door.place(calendar, wish.uid), wish=wish.digest, state="intended"
    )
    if begun.state == "intended" and known is not None:
        resumed = _resumed(desk, door, begun)
        if resumed is None:
            return
        begun = resumed
    begun = replace(begun, wish=wish.digest, state="intended")
    _keep(desk, begun)
    desk.step("reminder intended")
    try:
        _put(door, calendar, begun, wish)
    except Conflict:
        _leave(desk, begun)
        return
    desk.step("reminder written")
    found = door.read(begun.url)
    if found is None:
        raise Uncertain("a reminder was written, and isn't in the calendar")
    versions, text = found
    _keep(desk, replace(_known_as(begun, versions, text), state="written"))
    desk.step("reminder kept")
    _log.info("reminder written", key=key)


def _resumed(desk: Desk, door: Reminders, begun: WrittenReminder) -> WrittenReminder | None:
    """Where an intent from before a crash has led to; None when the entry is the owner's by now."""
    found = door.read(begun.url)
    if found is None:
        if not begun.digest:
            return begun  # it never was written
    elif _is_ours(begun, found[1]):
        return _known_as(begun, *found)
    _leave(desk, begun)
    return None


def _put(door: Reminders, calendar: CalendarInfo, begun: WrittenReminder, wish: _Wish) -> None:
    """Writes the entry, unless it stands already. Raises `Conflict` where something else does."""
    if not begun.digest:
        try:
            door.create(calendar, begun.url, wish.text)
        except Conflict:  # perhaps our own, whose answer was lost on the way
            found = door.read(begun.url)
            if found is None or not _is_ours(begun, found[1]):
                raise
        return
    if begun.digest == wish.digest:
        return
    try:
        door.replace(begun.url, wish.text, Versions(begun.etag, begun.schedule_tag))
    except Conflict:  # servers change an entry's version without anybody having changed a word of it
        found = door.read(begun.url)
        if found is None or not _is_ours(begun, found[1]):
            raise
        door.replace(begun.url, wish.text, found[0])


def _remove(desk: Desk, door: Reminders | None, one: WrittenReminder) -> None:
    """Takes an entry away, while it stands as we wrote it."""
    if one.state != "left" and door is not None:
        _keep(desk, replace(one, state="removing"))
        desk.step("reminder to be removed")
        try:
            _delete(door, one)
        except (Conflict, Elsewhere) as error:
            _log.info("reminder left to the owner", key=one.key, why=str(error))
        desk.step("reminder removed")
    with desk.account.store.writing() as scope:
        kept.forget_reminder(scope, one.key)
    desk.step("reminder forgotten")


def _delete(door: Reminders, one: WrittenReminder) -> None:
    if one.digest and one.etag:
        try:
            door.remove(one.url, Versions(one.etag, one.schedule_tag))
        except Conflict:
            pass  # looked at below
        else:
            return
    found = door.read(one.url)
    if found is None:
        return
    if not _is_ours(one, found[1]):
        raise Conflict("it has been changed")
    door.remove(one.url, found[0])


def _is_ours(one: WrittenReminder, text: str) -> bool:
    """True while nobody has changed a word: as it stood after writing, or as an unfinished write would have it."""
    return reminder_digest(text) in (one.digest, one.wish)


def _known_as(one: WrittenReminder, versions: Versions, text: str) -> WrittenReminder:
    return replace(one, etag=versions.etag, schedule_tag=versions.schedule_tag, digest=reminder_digest(text))


def _leave(desk: Desk, one: WrittenReminder) -> None:
    _keep(desk, replace(one, state="left"))
    desk.step("reminder left")
    _log.info("reminder left to the owner", key=one.key)


def _keep(desk: Desk, one: WrittenReminder) -> None:
    with desk.account.store.writing() as scope:
        kept.keep_reminder(scope, one)
