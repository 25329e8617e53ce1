"""Notes of ours that the ledger has no row of: met in the mailbox after a backup was restored, or forgotten on purpose.

Their Message-IDs say which they are when one of them falls due again. Up to where a folder has been read, each note of
ours in it is in the ledger or here, so what is about to be written has to be searched for only behind that.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from mentorup_daemon.store.account import Scope
from mentorup_daemon.store.rows import put_all
from mentorup_daemon.store.tables import ledger, strays

_LONGEST_ID = 200  # as in the ledger: what is longer is none of this account's
_AT_ONCE = 500


def keep_met(scope: Scope, message_ids: Iterable[str]) -> None:
    """Keeps those of these notes of ours, met in the mailbox, that the ledger knows nothing of."""
    met = sorted({each for each in message_ids if 0 < len(each) <= _LONGEST_ID})
    for start in range(0, len(met), _AT_ONCE):
        some = met[start : start + _AT_ONCE]
        known = scope.connection.execute(
            select(ledger.c.message_id).where(ledger.c.account == scope.account, ledger.c.message_id.in_(some))
        ).scalars()
        keep(scope, set(some).difference(known))


def keep(scope: Scope, message_ids: Iterable[str]) -> None:
    """Keeps these, whose rows in the ledger are about to go."""
    put_all(scope, strays, [{"message_id": each} for each in sorted(message_ids)])


def is_one(scope: Scope, message_id: str) -> bool:
    """True when a note with this Message-ID may stand in the mailbox though the ledger has no row of it."""
    found = scope.connection.execute(
        select(strays.c.message_id).where(strays.c.account == scope.account, strays.c.message_id == message_id)
    )
    return found.first() is not None
