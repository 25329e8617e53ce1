"""One account's view of the store: nothing it hands out or takes belongs to another.

`reading()` and `writing()` give a `Scope`, a transaction bound to the account; the query modules beside this one take
it as their first argument. What is done in one `writing()` block is there wholly or not at all.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, make_url, select, update

from mentorup_daemon.store import postgres
from mentorup_daemon.store.engine import check, database_path, locked, open_engine, told
from mentorup_daemon.store.tables import accounts

SINGLE = "owner"
"""The account of a store that holds one owner, whatever their address becomes."""


@dataclass(frozen=True, slots=True)
class Scope:
    """A transaction on one account."""

    connection: Connection
    account: str


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What was settled at the account's first start. `secret` keys the Message-IDs of what we write."""

    secret: bytes
    started_at: datetime


class Store:
    """The records of one account. `directory` is where files are kept beside the database; None keeps them in it.

    `kept` counts the transactions that this store has committed: while it stands still, so do the records, as far as
    this process is concerned. Several stores can share an engine; only one that was opened by `open` lets go of it.
    """

    def __init__(self, engine: Engine, directory: Path | None = None, account: str = SINGLE) -> None:
        self._engine = engine
        self._is_its_own = False
        self._session: postgres.Session | None = None
        self._held = ExitStack()
        self.account = account
        self.directory = directory
        self.kept = 0
        self._facts: AccountFacts | None = None

    @classmethod
    def open(cls, url: str, directory: Path | None = None, account: str = SINGLE) -> Store:
        """Opens and migrates; files lie beside an SQLite database unless `directory` says otherwise."""
        engine = open_engine(url)
        path = database_path(engine)
        store = cls(engine, directory or (path.parent if path else None), account)
        store._is_its_own = True
        return store

    @staticmethod
    def path_of(url: str) -> Path | None:
        """Where the SQLite file of this URL is, whether it exists or not; None for another database."""
        parsed = make_url(url)
        sqlite = parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:")
        return Path(parsed.database or "") if sqlite else None

    @property
    def database(self) -> Path | None:
        """The SQLite file; None for another database."""
        return database_path(self._engine)

    def close(self) -> None:
        """Lets go of every connection that is this store's own and not in use; one that is used again connects anew."""
        if self._is_its_own:
            self._engine.dispose()

    def check(self) -> None:
        """Looks through the whole database once, so that damage is met at the start. Raises StoreError."""
        check(self._engine)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Holds the account while the block runs. Raises Busy when another process has it.

        On PostgreSQL the block's transactions all run on the session that holds it. When that is lost (the server
        restarts, or this process stood still for 20 seconds without a `pulse`) they raise Busy: someone else may hold
        the account by now. `regain` holds it again.
        """
        path = self.database
        if path is not None:
            with locked(path):
                yield
        elif self._engine.dialect.name != "postgresql":  # SQLite in memory: nobody else can see it
            yield
        else:
            with told(), ExitStack() as self._held:
                self._session = self._held.enter_context(postgres.held(self._engine, self.account))
                try:
                    yield
                finally:
                    self._session = None

    def regain(self) -> None:
        """Holds the account by a new session where that of `exclusive` is lost. Raises Busy when it can't be had."""
        if self._session is not None and self._session.is_lost:
            with told():
                self._session = self._held.enter_context(postgres.held(self._engine, self.account))

    def pulse(self) -> None:
        """A sign of life, from any thread, every few seconds: keeps an `exclusive` on PostgreSQL. Raises Busy."""
        session = self._session
        if session is not None:
            with told():
                session.pulse()

    @contextmanager
    def reading(self) -> Iterator[Scope]:
        """One consistent view; nothing is written."""
        with told(), self._transaction(reading=True) as connection:
            yield Scope(connection, self.account)

    @contextmanager
    def writing(self) -> Iterator[Scope]:
        """A transaction: committed when the block ends, undone when it raises. Writers of one account take turns."""
        with told(), self._transaction(reading=False) as connection:
            yield Scope(connection, self.account)
        self.kept += 1

    @contextmanager
    def _transaction(self, *, reading: bool) -> Iterator[Connection]:
        if self._session is not None:
            with self._session.transaction(reading=reading) as connection:
                yield connection
        elif self._engine.dialect.name == "postgresql":
            with (
                self._engine.connect() as connected,
                postgres.transaction(connected, self.account, reading=reading) as connection,
            ):
                yield connection
        else:
            with self._engine.connect().execution_options(reading=reading) as connection, connection.begin():
                yield connection

    def first_start(self, now: datetime) -> AccountFacts:
        """What was settled at the first start, settling it now if this is it; asked once, for it never changes."""
        if self._facts is None:
            with self.reading() as scope:
                found = facts(scope)
            self._facts = found or self._settled(now)
        return self._facts

    def _settled(self, now: datetime) -> AccountFacts:
        with self.writing() as scope:
            found = facts(scope)
            if found is not None:
                return found
            secret = secrets.token_bytes(32)
            scope.connection.execute(
                insert(accounts).values(account=scope.account, secret=secret, started_at=now, next_number=1, reading="")
            )
            return AccountFacts(secret, now)


def facts(scope: Scope) -> AccountFacts | None:
    """What was settled at the first start, None before it."""
    row = scope.connection.execute(
        select(accounts.c.secret, accounts.c.started_at).where(accounts.c.account == scope.account)
    ).one_or_none()
    return None if row is None else AccountFacts(row.secret, row.started_at)


def take_number(scope: Scope) -> int:
    """The next number of the sequence that topics, action items, feedback, goals and thanks share."""
    number = scope.connection.execute(
        update(accounts)
        .where(accounts.c.account == scope.account)
        .values(next_number=accounts.c.next_number + 1)
        .returning(accounts.c.next_number)
    ).scalar_one()
    return int(number) - 1
