"""The database of a fleet, made ready for a process: MentorUp's schema, PgQueuer's, and the ways in.

Whoever starts first brings both schemas up to date, under a lock, and the others wait for it. PgQueuer has a connection
of its own, since it listens on it; one that is dead is found within seconds.
"""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
from pgqueuer.adapters.drivers.psycopg import PsycopgDriver
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment
from pgqueuer.domain.settings import DBSettings, Durability
from pgqueuer.queries import Queries
from sqlalchemy import URL

from mentorup_daemon.errors import Busy
from mentorup_daemon.service.fleet.opening import Fleet
from mentorup_daemon.service.fleet.settings import FleetSettings
from mentorup_daemon.store.postgres import lock_key

_OPTIONS = {
    "connect_timeout": "10",  # seconds
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",  # milliseconds
    "application_name": "mentorup queue",
}
_QUEUE = DBSettings(durability=Durability.balanced)  # jobs survive a crash of PostgreSQL; the log of them needn't


def ready(settings: FleetSettings, *, connections: int) -> Fleet:
    """The fleet of these settings with everything in its database that a worker or a listener needs.

    Raises ConfigError for keys, a database, a user or a password that can't be used, StoreError for a store of a newer
    version, Busy when PostgreSQL can't be reached now.
    """
    fleet = Fleet.open(settings, connections=connections)
    try:
        asyncio.run(_bring_up(settings.store.address()))
    except psycopg.Error as error:
        fleet.close()
        raise Busy(f"The queue in the database can't be used now: {' '.join(str(error).split())}") from error
    except BaseException:
        fleet.close()
        raise
    return fleet


async def connected(address: URL) -> psycopg.AsyncConnection[Any]:
    """A connection for PgQueuer. Raises psycopg.Error."""
    given = {name: value for name, value in address.query.items() if isinstance(value, str)}
    named = {
        "host": address.host,
        "port": address.port,
        "user": address.username,
        "password": address.password,
        "dbname": address.database,
    }
    told = {name: value for name, value in named.items() if value is not None}
    return await psycopg.AsyncConnection.connect(**{**_OPTIONS, **given, **told}, autocommit=True)  # type: ignore[arg-type]


async def _bring_up(address: URL) -> None:
    async with await connected(address) as connection:
        queries = Queries(PsycopgDriver(connection), qbe=QueryBuilderEnvironment(settings=_QUEUE))
        key = lock_key("queue")
        await connection.execute("SELECT pg_advisory_lock(%s)", (key,))
        if await queries.schema_is_installed():
            await queries.apply_upgrade()
        else:
            await queries.install()
            await queries.optimize_autovacuum()
