"""Reminders in the owner's own calendar: which ones should stand, and what is known of those that were written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

ReminderKind = Literal["prepare", "thank", "follow_up", "contact"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """One entry that should stand in the owner's calendar.

    `key` reads `reminder/PERSON/OBJECT/KIND` and never changes while the thing it is about moves. `start` is an aware
    moment of a quarter of an hour, or a whole day; `alarm_at` is when the owner is to be told. `object` is a meeting's
    key, an action item's number, or the day of the last contact.
    """

    key: str
    kind: ReminderKind
    mentor: str | None
    object: str
    start: datetime | date
    alarm_at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenReminder:
    """What is known of a reminder in the calendar.

    `named` is the calendar as the config named it, `url` the entry's address. `wish` is the digest of what we meant to
    write, `digest` that of what the server then had (servers write some lines in their own way), `etag` and
    `schedule_tag` its versions. intended: about to be written, or it may have been. removing: about to be taken away.
    left: the owner has changed or deleted it, or it never was ours, so it isn't touched again.
    """

    key: str
    named: str
    url: str
    etag: str = ""
    schedule_tag: str = ""
    wish: str
    digest: str = ""
    state: Literal["intended", "written", "removing", "left"]
