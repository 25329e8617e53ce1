"""Which message of the owner's came from which draft of ours. `guess`: nothing but subject, people and time say so."""

from __future__ import annotations

from sqlalchemy import select

from mentorup_daemon.store.account import Scope
from mentorup_daemon.store.rows import put
from mentorup_daemon.store.tables import threads


def link(scope: Scope, message_id: str, key: str, *, guess: bool) -> None:
    """A message of the owner's came from the draft with this key."""
    put(scope, threads, message_id=message_id, key=key, guess=guess)


def linked(scope: Scope, message_id: str) -> tuple[str, bool] | None:
    """(key, guess) of the draft that a message of the owner's came from."""
    row = scope.connection.execute(
        select(threads.c.key, threads.c.guess).where(
            threads.c.account == scope.account, threads.c.message_id == message_id
        )
    ).one_or_none()
    return None if row is None else (row.key, row.guess)


def keys_sent(scope: Scope) -> frozenset[str]:
    """The keys of the drafts that have become a message, as far as is known or guessed."""
    return frozenset(
        scope.connection.execute(select(threads.c.key).where(threads.c.account == scope.account)).scalars()
    )
