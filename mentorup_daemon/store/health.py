"""How the account fares: when each server was last reached, what went wrong, and what the owner has to mend."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select, update

from mentorup_daemon.records import Trouble
from mentorup_daemon.store.account import Scope
from mentorup_daemon.store.rows import put, record
from mentorup_daemon.store.tables import accounts, servers, troubles


def reached(scope: Scope, server: str, now: datetime) -> None:
    """The server answered; what stood against it is over."""
    put(scope, servers, server=server, reached_at=now, failed_at=None, failure="")
    over(scope, server)


def failed(scope: Scope, server: str, failure: str, now: datetime) -> None:
    """The server did not answer, or refused us."""
    put(scope, servers, server=server, failed_at=now, failure=failure)


def failed_at(scope: Scope, server: str) -> datetime | None:
    """When the last look at this server failed; None while it didn't."""
    return next((row.failed_at for row in all_servers(scope) if row.server == server), None)


def all_servers(scope: Scope) -> list[Row[Any]]:
    """(server, reached_at, failed_at, failure)."""
    return list(
        scope.connection.execute(select(servers).where(servers.c.account == scope.account).order_by(servers.c.server))
    )


def trouble(scope: Scope, about: str, text: str, *, remedy: str, passing: bool, now: datetime) -> None:
    """Something the owner may have to mend; while the same stands, its beginning is kept."""
    standing = scope.connection.execute(
        select(troubles.c.since, troubles.c.passing).where(
            troubles.c.account == scope.account, troubles.c.about == about
        )
    ).one_or_none()
    since = standing.since if standing is not None and standing.passing == passing else now
    put(scope, troubles, about=about, since=since, text=text, remedy=remedy, passing=passing)


def over(scope: Scope, about: str) -> None:
    """It has been mended."""
    scope.connection.execute(delete(troubles).where(troubles.c.account == scope.account, troubles.c.about == about))


def all_troubles(scope: Scope) -> tuple[Trouble, ...]:
    """What stands, oldest first."""
    rows = scope.connection.execute(
        select(troubles).where(troubles.c.account == scope.account).order_by(troubles.c.since, troubles.c.about)
    )
    return tuple(record(Trouble, row) for row in rows)


def stands_against(scope: Scope, server: str) -> bool:
    """True while the server counts as failing, or a trouble with it is open."""
    return failed_at(scope, server) is not None or any(one.about == server for one in all_troubles(scope))


def passed(scope: Scope, now: datetime) -> None:
    """A pass over the account has ended."""
    scope.connection.execute(update(accounts).where(accounts.c.account == scope.account).values(last_pass=now))


def last_pass(scope: Scope) -> datetime | None:
    """When the last pass ended; None before the first."""
    return scope.connection.execute(
        select(accounts.c.last_pass).where(accounts.c.account == scope.account)
    ).scalar_one_or_none()
