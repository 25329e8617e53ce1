"""Where the messages that were read lie, by folder, UIDVALIDITY and UID, and whether their keyword stands there.

What lies at a place is known by its digest, so that two copies are one message. `filed` is what the keyword
`$MentorFiled` should say and `marked` whether the server has been told: a crash in between leaves a row that waits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.sql.elements import ColumnElement

from mentorup_daemon.store.account import Scope
from mentorup_daemon.store.rows import put
from mentorup_daemon.store.tables import placements, read_messages

_PLACE = (placements.c.folder, placements.c.uidvalidity, placements.c.uid)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """One message at one place. `tags` are the sources outside of it (keyword, folder, ...) that it was read with."""

    folder: str
    uidvalidity: int
    uid: int
    digest: str
    filed: bool
    tags: frozenset[str] = frozenset()


def in_folder(scope: Scope, folder: str, uidvalidity: int, uids: Collection[int]) -> dict[int, Placement]:
    """Those of these messages that were read in this folder, by UID; neighbours of theirs may be among them."""
    if not uids:
        return {}
    here = (placements.c.folder == folder) & (placements.c.uidvalidity == uidvalidity)
    found = _where(scope, here & placements.c.uid.between(min(uids), max(uids)))
    return {placement.uid: placement for placement in found}


def keep(scope: Scope, placement: Placement) -> None:
    """Where a message that was read lies; a filed one waits for its keyword."""
    put(
        scope,
        placements,
        folder=placement.folder,
        uidvalidity=placement.uidvalidity,
        uid=placement.uid,
        digest=placement.digest,
        filed=placement.filed,
        marked=not placement.filed,
        tags=" ".join(sorted(placement.tags)),
    )


def filed_since(scope: Scope, since: datetime, *, by_tag: bool = False) -> list[Placement]:
    """The places of what has been filed as feedback since a moment; `by_tag`: only of what bore a tag outside of it."""
    query = (
        select(placements)
        .join(
            read_messages,
            (read_messages.c.account == placements.c.account) & (read_messages.c.digest == placements.c.digest),
        )
        .where(
            placements.c.account == scope.account,
            placements.c.filed.is_(True),
            read_messages.c.kind == "feedback",
            read_messages.c.read_at > since,
        )
        .order_by(*_PLACE)
    )
    if by_tag:
        query = query.where(placements.c.tags != "")
    return [_placement(row) for row in scope.connection.execute(query)]


def take_back(scope: Scope, digest: str, reason: str) -> None:
    """The message is no feedback any more; its keyword waits to be taken away, and a tag files it anew."""
    scope.connection.execute(
        update(read_messages)
        .where(read_messages.c.account == scope.account, read_messages.c.digest == digest)
        .values(kind="ignored", reason=reason)
    )
    scope.connection.execute(
        update(placements)
        .where(placements.c.account == scope.account, placements.c.digest == digest)
        .values(filed=False, marked=False, tags="")
    )


def unmarked(scope: Scope) -> list[Placement]:
    """Places whose keyword doesn't yet say what `filed` says."""
    return _where(scope, placements.c.marked.is_(False))


def keep_marked(scope: Scope, folder: str, uidvalidity: int, uids: Iterable[int]) -> None:
    """The keyword is as it should be there, or the server keeps none."""
    scope.connection.execute(
        update(placements)
        .where(
            placements.c.account == scope.account,
            placements.c.folder == folder,
            placements.c.uidvalidity == uidvalidity,
            placements.c.uid.in_(list(uids)),
        )
        .values(marked=True)
    )


def _where(scope: Scope, condition: ColumnElement[bool]) -> list[Placement]:
    rows = scope.connection.execute(
        select(placements).where(placements.c.account == scope.account, condition).order_by(*_PLACE)
    )
    return [_placement(row) for row in rows]


def _placement(row: Row[Any]) -> Placement:
    return Placement(
        folder=row.folder,
        uidvalidity=row.uidvalidity,
        uid=row.uid,
        digest=row.digest,
        filed=row.filed,
        tags=frozenset(row.tags.split()),
    )
