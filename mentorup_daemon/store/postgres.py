"""PostgreSQL: how its sessions are set up, at which level transactions run, what its errors mean, and its locks.

Nothing may wait for ever: connecting, a statement, a lock, a transaction left open and a peer that is gone each have
their limit. Locks are advisory ones, named by what they are for and whose they are; PostgreSQL lets go of them when
the transaction or the session that took them ends, however it ends. An account's session is one connection that holds
the account and does all of its reading and writing: whoever has lost it, by a restart of the server or by having stood
still for too long, can write nothing more.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from mentorup_daemon.errors import Busy, ConfigError, Malformed, MentorUpError, StoreError
from mentorup_daemon.records.hosts import is_loopback

_SETTINGS = {
    "timezone": "UTC",
    "synchronous_commit": "on",  # an intent is on the disk before its effect is in the mailbox, whatever the default
    "statement_timeout": "30s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "30s",
}
_CONNECTING = {
    "connect_timeout": "10",  # seconds, for each address
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",  # milliseconds
    "application_name": "mentorup",
}
_HELD_FOR = "20s"  # how long the session that holds an account may stand still; `pulse` keeps it
_MIGRATING_FOR = "15min"  # for a migration, and for waiting for another process's

_TURN = text("SELECT pg_advisory_xact_lock(:key)")
_HOLD = text(
    "SELECT pg_try_advisory_lock(:key), set_config('idle_session_timeout', :limit, false), "
    "set_config('idle_in_transaction_session_timeout', :limit, false)"
)
_LET_GO = text("SELECT pg_advisory_unlock(:key)")
_AS_BEFORE = (text("RESET idle_session_timeout"), text("RESET idle_in_transaction_session_timeout"))

_LOST = (
    "The database session that held the account is lost, and with it the right to write. Nothing that was kept is "
    "lost; the next pass takes it up."
)
_BEFORE_A_SESSION = (  # what the owner has to mend; libpq hands on no SQLSTATE of a login that was refused
    "authentication failed",
    "no pg_hba.conf entry",
    "no password supplied",
    "does not exist",
    "is not permitted to log in",
    "permission denied for database",
    "certificate verify failed",
    "root certificate file",
    "does not support SSL",
    "invalid connection option",
    "unsupported startup parameter",  # a pooler that doesn't let sessions have settings of their own
)
_MEANINGS: tuple[tuple[tuple[str, ...], type[MentorUpError], str], ...] = (
    (
        ("", "08", "57P01", "57P02", "57P03", "57P05", "25P03"),
        Busy,
        "The database can't be reached: {reason}. Nothing that was kept is lost; it is tried again.",
    ),
    (
        ("53100", "58030"),
        Busy,
        "The disk that holds the database is full ({reason}). Nothing was lost; make room and it goes on.",
    ),
    (("53",), Busy, "The database is at its limits: {reason}. It is tried again."),
    (
        ("55P03", "40001", "40P01", "57014"),
        Busy,
        "The store is locked by another process, or too slow ({reason}). Nothing was changed; it is tried again.",
    ),
    (("25006",), Busy, "The database takes no writes now ({reason}). Is it a standby? It is tried again."),
    (("22", "54"), Malformed, "the database can't keep it: {reason}"),
    (
        ("42501", "28"),
        StoreError,
        "The database refuses what MentorUp needs: {reason}. The user that store.url names has to own the database.",
    ),
)
"""By SQLSTATE (PostgreSQL, appendix A), whole or its class; "" stands for none at all. The first that fits counts."""


def lock_key(purpose: str, name: str = "") -> int:
    """The 64-bit key of an advisory lock, from what it is for and whose it is."""
    return int.from_bytes(hashlib.sha256(f"mentorup/{purpose}/{name}".encode()).digest()[:8], "big", signed=True)


def create(url: URL, connections: int) -> Engine:
    """An engine that holds up to `connections`. What the URL says of a setting goes before ours. Raises ConfigError."""
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername != "postgresql+psycopg":
        raise ConfigError(f"store.url: PostgreSQL is spoken to by psycopg: postgresql+psycopg://, not {url.drivername}")
    asked = url.query.get("options", ())
    options = [f"-c {name}={value}" for name, value in _SETTINGS.items()]
    options += [asked] if isinstance(asked, str) else asked
    ours = {**_CONNECTING, "sslmode": "prefer" if _is_here(url) else "require"}
    arguments = {name: value for name, value in ours.items() if name not in url.query}
    try:
        engine = create_engine(
            url,
            connect_args={**arguments, "options": " ".join(options)},
            pool_size=connections,
            max_overflow=0,
            pool_pre_ping=True,
            pool_use_lifo=True,
            hide_parameters=True,  # what people write doesn't belong into a log
        )
    except ModuleNotFoundError as error:
        raise ConfigError(
            "store.url names PostgreSQL; that takes what pip install 'mentorup-daemon[fleet]' brings."
        ) from error
    event.listen(engine, "connect", _keep_no_nul)
    return engine


def _is_here(url: URL) -> bool:
    """True when nothing goes over a network: a socket, or loopback."""
    asked = url.query.get("host", ())
    hosts = [url.host or "", *((asked,) if isinstance(asked, str) else asked)]
    return all(not host or host.startswith(("/", "@")) or is_loopback(host.partition(":")[0]) for host in hosts)


def version(connection: Connection) -> str:
    """The server's version, as "15.14"."""
    return str(connection.execute(text("SHOW server_version")).scalar_one()).split()[0]


@contextmanager
def transaction(connection: Connection, account: str, *, reading: bool) -> Iterator[Connection]:
    """A transaction on one account, at the level that it needs.

    Reading is REPEATABLE READ and READ ONLY: one snapshot for all of its queries, as SQLite has it, and with nothing
    written there is nothing that it could fail to serialise. Writing is READ COMMITTED behind a lock on the account:
    the second writer waits for the first and then sees what that one has done, which is what BEGIN IMMEDIATE is in
    SQLite. At REPEATABLE READ it would see the time before, and fail half way; SERIALIZABLE would have every block
    written so that it can be run again. Writers of different accounts share no rows, and don't wait for each other.
    """
    level = "REPEATABLE READ" if reading else "READ COMMITTED"
    connection.execution_options(isolation_level=level, postgresql_readonly=reading)
    with connection.begin():
        if not reading:
            connection.execute(_TURN, {"key": lock_key("writing", account)})
        yield connection


class Session:
    """The one connection that holds an account. Used by one thread at a time; another may ask for its pulse."""

    def __init__(self, connection: Connection, account: str) -> None:
        self._connection = connection
        self._account = account
        self._turn = threading.RLock()  # a transaction within another is an error that SQLAlchemy tells, no deadlock
        self._is_over = False

    @property
    def is_lost(self) -> bool:
        """True once it was found to be lost, and the account with it."""
        return self._connection.invalidated

    @contextmanager
    def transaction(self, *, reading: bool) -> Iterator[Connection]:
        """A transaction on it. Raises Busy once it is lost: SQLAlchemy would go on with another, without the lock."""
        with self._turn:
            if self.is_lost:
                raise Busy(_LOST)
            with transaction(self._connection, self._account, reading=reading) as connection:
                yield connection

    def pulse(self) -> None:
        """Keeps the session from standing still for too long. While a transaction is under way there is no need."""
        if not self._turn.acquire(blocking=False):
            return
        try:
            if self._is_over or self._connection.in_transaction():
                return
            if self.is_lost:
                raise Busy(_LOST)
            with transaction(self._connection, self._account, reading=True) as connection:
                connection.execute(text("SELECT 1"))
        finally:
            self._turn.release()

    def let_go(self, key: int) -> None:
        """Gives the lock back and the connection to the pool as it came; one that can't be mended is thrown away."""
        with self._turn:
            self._is_over = True
            connection = self._connection
            with contextlib.suppress(DBAPIError):
                if not connection.invalidated and not connection.in_transaction():
                    with connection.begin():
                        connection.execute(_LET_GO, {"key": key})
                        for statement in _AS_BEFORE:
                            connection.execute(statement)
                    return
            connection.invalidate()


@contextmanager
def held(engine: Engine, account: str) -> Iterator[Session]:
    """Holds the account by a session of its own while the block runs. Raises Busy when another has it."""
    key = lock_key("account", account)
    with engine.connect() as connection:
        with connection.begin() as begun:
            if not connection.execute(_HOLD, {"key": key, "limit": _HELD_FOR}).scalar_one():
                begun.rollback()  # and with it the limits
                raise Busy(
                    f"Another MentorUp is already running on the account {account!r} of this database. Stop it first, "
                    "or wait until it has finished."
                )
        session = Session(connection, account)
        try:
            yield session
        finally:
            session.let_go(key)


def begin_migrating(connection: Connection) -> None:
    """One process migrates at a time, and takes as long as it takes. For a transaction of its own."""
    for setting in ("statement_timeout", "lock_timeout"):
        connection.execute(text("SELECT set_config(:name, :limit, true)"), {"name": setting, "limit": _MIGRATING_FOR})
    connection.execute(_TURN, {"key": lock_key("schema")})


def in_words(error: DBAPIError) -> MentorUpError:
    """What PostgreSQL or the way to it says, as one of our families."""
    state, reason = getattr(error.orig, "sqlstate", None) or "", _reason(error.orig)
    if not state and any(words in reason for words in _BEFORE_A_SESSION):
        return ConfigError(f"The database refuses us: {reason}. Look at store.url, and at what its user may do.")
    for states, family, sentence in _MEANINGS:
        if state in states or (state and state[:2] in states):
            return family(sentence.format(reason=reason))
    return StoreError(f"The database can't be used: {reason} ({state}). A backup may have to be brought back.")


def _reason(error: Any) -> str:
    """What went wrong, without the row that it went wrong with: that is the owner's."""
    told = getattr(getattr(error, "diag", None), "message_primary", None) or str(error)
    return " ".join(told.split()).partition(" Is the server running")[0].rstrip(".")


def _keep_no_nul(connection: Any, _record: object) -> None:
    """NUL, which PostgreSQL's text can't hold and SQLite's can, becomes U+FFFD on its way in."""
    from psycopg.types.string import StrDumperUnknown  # noqa: PLC0415 - the fleet's alone

    class WithoutNul(StrDumperUnknown):
        def dump(self, obj: str) -> Any:
            return super().dump(obj.replace("\0", "\ufffd"))

    connection.adapters.register_dumper(str, WithoutNul)
