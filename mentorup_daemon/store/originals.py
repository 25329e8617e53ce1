"""The originals of what was filed, each under a name made of its content's digest.

Beside an SQLite database they are files under mail/, for people to open with any mail program; a store without a
directory (PostgreSQL) keeps them in a table, so that every machine of a fleet has them. Either way an original is kept
for good before the record that names it, and the same one twice is one.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Collection
from pathlib import Path

from sqlalchemy import delete, func, select

from mentorup_daemon.errors import Busy, StoreError
from mentorup_daemon.store.account import Store
from mentorup_daemon.store.rows import put
from mentorup_daemon.store.tables import originals


def name_of(digest: str) -> str:
    """What the original of the message with this digest is called."""
    return f"{digest[:32]}.eml"


def keep(store: Store, name: str, raw: bytes) -> None:
    """Keeps the message. Raises Busy when there is no room for it, StoreError when it can't be written at all."""
    if store.directory is None:
        with store.writing() as scope:
            put(scope, originals, name=name, content=raw)
        return
    path = _path(store.directory, name)
    try:
        if not path.parent.exists():
            path.parent.mkdir(mode=0o700)
            _sync(path.parent.parent)
        if not path.exists():
            _write_durably(path, raw)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Busy(
                f"The disk that holds {path.parent} is full. Nothing was lost; make room and it goes on."
            ) from error
        raise StoreError(f"The original of a message can't be kept: {path.parent}: {error.strerror}.") from error


def read(store: Store, name: str) -> bytes | None:
    """The message, None when there is none of this name."""
    if store.directory is None:
        with store.reading() as scope:
            return scope.connection.execute(
                select(originals.c.content).where(originals.c.account == scope.account, originals.c.name == name)
            ).scalar_one_or_none()
    path = _path(store.directory, name)
    return path.read_bytes() if path.is_file() else None


def count(store: Store) -> int:
    """How many are kept."""
    if store.directory is None:
        with store.reading() as scope:
            query = select(func.count()).select_from(originals).where(originals.c.account == scope.account)
            return scope.connection.execute(query).scalar_one()
    return len(list((store.directory / "mail").glob("*.eml")))


def remove(store: Store, names: Collection[str]) -> None:
    """Removes them, after the records that named them are gone."""
    if store.directory is None:
        with store.writing() as scope:
            scope.connection.execute(
                delete(originals).where(originals.c.account == scope.account, originals.c.name.in_(list(names)))
            )
        return
    for name in names:
        _path(store.directory, name).unlink(missing_ok=True)


def _path(directory: Path, name: str) -> Path:
    return directory / "mail" / Path(name).name


def _write_durably(path: Path, raw: bytes) -> None:
    """The whole file or none, also after a power failure; what was begun is gone when there is no room for it."""
    partial = path.with_suffix(".part")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise
    partial.replace(path)
    _sync(path.parent)


def _sync(directory: Path) -> None:
    """Has the names in a directory on the disk, as fsync of a file has its content (fsync(2), NOTES)."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
