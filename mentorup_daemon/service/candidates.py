"""The candidates of the config get a record of their own, so that it is known since when they are, and asked why.

What is kept bears no name: whoever is taken out of the config is gone. At the first start that is everybody in it.
"""

from __future__ import annotations

from datetime import datetime

from mentorup_daemon.records import Candidate
from mentorup_daemon.records.candidates import kept_about
from mentorup_daemon.service.account import Account
from mentorup_daemon.store import work


def enrol(account: Account, now: datetime) -> None:
    """Keeps a record for each candidate of the config that has none."""
    listed = [person.id for person in account.people if person.role == "candidate"]
    if not listed:
        return
    with account.store.reading() as scope:
        kept = work.items(scope, Candidate)
    fresh = [person for person in listed if kept_about(kept, person) is None]
    if fresh:
        with account.store.writing() as scope:
            for person in fresh:
                work.add(scope, Candidate(id=0, person=person, name="", created_at=now))
