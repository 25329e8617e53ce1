"""Opening the store: the engine, its durability, its migrations, and the lock that keeps a second daemon out.

SQLite runs with WAL, a busy timeout, foreign keys and `synchronous=FULL`: an intent in the ledger must be on the disk
before its effect is in the mailbox. A write takes the write lock when it begins (BEGIN IMMEDIATE), so two processes
wait for each other instead of failing half way. The schema migrates by itself; one from a newer version is refused.
What is PostgreSQL's own is in `postgres`.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from mentorup_daemon.errors import Busy, ConfigError, MentorUpError, StoreError
from mentorup_daemon.store import postgres

_BUSY_SECONDS = 10.0
_CACHE = 400  # KiB; the system keeps the file in memory anyhow, and what is in SQLite's own cache stays there at rest
_MIGRATIONS = Path(__file__).parent / "migrations"


def open_engine(url: str | URL, *, connections: int = 5) -> Engine:
    """An engine for `url` (SQLAlchemy), migrated to this program's schema. `connections` is PostgreSQL's limit.

    Raises ConfigError for a URL that can't be used, StoreError for a store that can't, Busy when it is locked.
    """
    engine = _engine(url, connections)
    try:
        with told():
            _migrate(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def standing(url: str) -> str:
    """How a database of PostgreSQL's stands, in words; nothing is changed in it. Raises the same."""
    engine = _engine(url, 1)
    try:
        with told(), engine.connect() as connection:
            found, version = _revision(connection), postgres.version(connection)
            _refuse_newer(engine, found)
    finally:
        engine.dispose()
    schema = {None: "its tables will be made", _known()[-1]: "its tables are up to date"}
    return f"{_named(engine)}, PostgreSQL {version}: {schema.get(found, 'its tables will be brought up to date')}"


def _engine(url: str | URL, connections: int) -> Engine:
    try:
        parsed = make_url(url)
    except (SQLAlchemyError, ValueError) as error:  # its text may hold a part of the password
        wanted = "sqlite:////PATH or postgresql://USER@HOST/NAME"
        raise ConfigError(f"store.url is no database URL: expected {wanted}.") from error
    return postgres.create(parsed, connections) if parsed.drivername.startswith("postgres") else _sqlite(parsed)


def _sqlite(url: URL) -> Engine:
    directory = _prepare_directory(url.database) if url.get_backend_name() == "sqlite" else None
    try:
        engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS} if directory is not None else {})
    except (SQLAlchemyError, ImportError, ValueError) as error:
        raise ConfigError(f"store.url can't be used: {error}") from error
    if directory is not None:
        event.listen(engine, "connect", _pragmas)
        event.listen(engine, "begin", _begin_immediate)
    return engine


def check(engine: Engine) -> None:
    """Looks through the whole of an SQLite file. Raises StoreError when it is damaged."""
    if database_path(engine) is None:
        return
    with told(), engine.connect().execution_options(reading=True) as connection:
        found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    if found != "ok":
        raise StoreError(_damaged(found))


def database_path(engine: Engine) -> Path | None:
    """Where the SQLite file is; None for another database."""
    name = engine.url.database
    return Path(name) if engine.url.get_backend_name() == "sqlite" and name and name != ":memory:" else None


@contextmanager
def told() -> Iterator[None]:
    """Turns what the database raises into our families, in words."""
    try:
        yield
    except MentorUpError:
        raise
    except IntegrityError:
        raise  # a claim that someone else has: the callers that insert claims know what it means
    except PoolTimeout as error:
        raise Busy("All of this process's connections to the database are in use. It is tried again.") from error
    except DBAPIError as error:
        if not isinstance(error.orig, sqlite3.Error):
            raise postgres.in_words(error) from error
        if isinstance(error, OperationalError):
            raise _in_words(error) from error
        raise StoreError(_damaged(error.orig)) from error


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds the lock of the SQLite file at `path`, opened or not, there or not; freed by the kernel when the process
    dies. Raises Busy.
    """
    try:
        lock = path.with_suffix(".lock")
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        hand_over(lock)
    except OSError as error:
        raise StoreError(f"The lock of the store can't be had: {error.filename}: {error.strerror}.") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Busy(
                f"Another MentorUp is already running on {path}. Stop it first (systemctl stop mentorup), "
                "or give this one a store of its own (store.url)."
            ) from error
        yield
    finally:
        os.close(descriptor)


def _prepare_directory(database: str | None) -> Path:
    """The directory of an SQLite file, made for the owner alone."""
    directory = Path(database or ".").parent
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigError(f"The state directory {directory} can't be made: {error.strerror}.") from error
    if not os.access(directory, os.W_OK):
        raise ConfigError(f"The state directory {directory} can't be written to by this user.")
    if database and database != ":memory:":
        _prepare_file(Path(database))
    return directory


def _prepare_file(database: Path) -> None:
    """The SQLite file itself: made by SQLite it would follow the umask, and so would the files beside it.

    One that is there isn't opened here: closing it would take away the locks that this process holds on it (POSIX).
    """
    try:
        if not database.exists():
            os.close(os.open(database, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            hand_over(database)
        database.chmod(0o600)
    except OSError as error:
        raise StoreError(f"The store {database} can't be opened: {error.strerror}.") from error


def hand_over(path: Path) -> None:
    """What root writes into the directory of another is that one's: the service has to write it too."""
    if os.geteuid() == 0:
        directory = path.parent.stat()
        os.chown(path, directory.st_uid, directory.st_gid, follow_symlinks=False)


def _pragmas(connection: Any, _record: object) -> None:
    """SQLite's settings for each new connection; its driver's own transaction handling is switched off."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={_BUSY_SECONDS * 1000:.0f}",
        f"cache_size=-{_CACHE}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    """Begins a transaction; one that will write says so at once, so that none fails half way (SQLITE_BUSY_SNAPSHOT)."""
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _migrate(engine: Engine) -> None:
    """Brings the schema up to date."""
    with engine.connect().execution_options(reading=True) as connection:
        found = _revision(connection)
    if found == _known()[-1]:
        return
    _refuse_newer(engine, found)
    from mentorup_daemon.store.migrating import upgrade  # noqa: PLC0415 - Alembic takes longer than opening the store

    upgrade(engine, _MIGRATIONS)


def _known() -> list[str]:
    """The revisions of the schema that this program has, oldest first."""
    return sorted(path.name[1:5] for path in (_MIGRATIONS / "versions").glob("v[0-9]*.py"))  # v0001_first_schema.py


def _refuse_newer(engine: Engine, found: str | None) -> None:
    """An unknown revision means that a newer program has been here."""
    known = _known()
    if found is not None and found not in known:
        raise StoreError(
            f"The store {_named(engine)} was written by a newer version of MentorUp (schema "
            f"{found}, this program knows up to {known[-1]}). Install that version again, or restore a backup from "
            "before."
        )


def _named(engine: Engine) -> str:
    """For people; a URL might hold a password where nobody looks for one."""
    path = database_path(engine)
    return str(path) if path else f"{engine.url.database} on {engine.url.host or 'this machine'}"


def _revision(connection: Connection) -> str | None:
    """The revision of the schema, in the table where Alembic keeps it; None for a store that is new."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def _in_words(error: OperationalError) -> MentorUpError:
    """An operational error by its cause: locked, full, or something worse."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code == sqlite3.SQLITE_IOERR_SHMSIZE:  # the file beside the database that its readers share can't grow
        code = sqlite3.SQLITE_FULL
    if code is not None:
        code &= 0xFF  # extended result codes carry the primary one in the low byte
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return Busy("The store is locked by another process. Nothing was changed; it is tried again.")
    if code == sqlite3.SQLITE_FULL:
        return Busy("The disk that holds the store is full. Nothing was lost; make room and it goes on.")
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return StoreError(f"The store can't be written to: {error.orig}. Look at the rights of its file and directory.")
    return StoreError(_damaged(error.orig))


def _damaged(reason: object) -> str:
    return f"The store can't be read: {reason}. If the file is damaged, bring back a backup with `mentorup restore`."
