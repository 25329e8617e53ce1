"""An account as a pass needs it: whose it is, what it goes by, its store, and its doors."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from mentorup_daemon.calendars import Calendars, Feed, Reminders
from mentorup_daemon.config import Settings, store_url
from mentorup_daemon.letters.templates import Templates
from mentorup_daemon.mailbox import Mailbox
from mentorup_daemon.records import Candidate, Mentor, Owner, Practice, Recognition, Tags, everyone
from mentorup_daemon.service.doors import OWN, Secrets, caldav_account, imap_account
from mentorup_daemon.store import work
from mentorup_daemon.store.account import Store

Step = Callable[[str], None]
"""Called between any two steps of a pass, with the name of the one just done: where a stop, or a crash, comes in."""


class Stopped(BaseException):
    """The pass is to be left off here. Not an Exception: nothing on the way may take it for an error of its own."""


def go_on(_step: str) -> None:
    """Lets the pass go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The unit of work. `calendars` and `reminders` are None for an account that has no CalDAV.

    `people` are those of the config; for a pass also the candidates that are known from the store alone. `seconds` is a
    clock that only runs forward, also while this process stands still.
    """

    owner: Owner
    people: tuple[Mentor, ...]
    practice: Practice
    recognition: Recognition
    tags: Tags
    watch: tuple[str, ...]
    trusted_authserv_id: str
    store: Store
    calendars: Calendars | None
    reminders: Reminders | None = None
    feeds: tuple[Feed, ...] = ()
    mailbox: Mailbox
    templates: Templates
    seconds: Callable[[], float] = time.monotonic

    def close(self) -> None:
        """Logs out everywhere and lets go of the store."""
        self.mailbox.close()
        if self.calendars is not None:
            self.calendars.close()
        if self.reminders is not None:
            self.reminders.close()
        for feed in self.feeds:
            feed.close()
        self.store.close()


def with_candidates(account: Account) -> Account:
    """The account with the candidates of the store among its people, so that their meetings and mails are seen."""
    with account.store.reading() as scope:
        candidates = work.items(scope, Candidate)
    return replace(account, people=everyone(account.people, candidates))


def open_account(settings: Settings, environ: Mapping[str, str], store: Store | None = None) -> Account:
    """The account of a config: its store is opened and migrated, its doors connect when they are first used.

    `store` is the one that the account has already, after a change of its config.
    """
    directory = settings.templates.directory
    templates = Templates(Path(directory) if directory else None)
    return account_of(settings, store or Store.open(store_url(settings, environ)), templates)


def account_of(
    settings: Settings,
    store: Store,
    templates: Templates,
    *,
    secrets: Secrets = OWN,
    feed_name: Callable[[str], str] = str,
) -> Account:
    """The account of a config over a store that is open. `feed_name` is what the events of a feed's URL go under."""
    dav = caldav_account(settings, secrets)
    return Account(
        owner=settings.owner_record(),
        people=settings.people(),
        practice=settings.practice(),
        recognition=settings.recognition_record(),
        tags=settings.tags_record(),
        watch=settings.imap.watch,
        trusted_authserv_id=settings.imap.trusted_authserv_id,
        store=store,
        calendars=Calendars(dav) if dav is not None else None,
        reminders=Reminders(dav) if dav is not None else None,
        feeds=tuple(Feed(feed.url, name=feed_name(feed.url)) for feed in settings.feeds),
        mailbox=Mailbox(imap_account(settings, secrets)),
        templates=templates,
    )
