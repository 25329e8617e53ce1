"""One file with everything: a consistent copy of the database and the originals under mail/, as a tar.gz for the owner.

Saving works while the daemon runs: the database is copied as of one moment first, the originals after it, and an
original is always there before the record that names it. Bringing back happens beside what is there and changes places
at the end, so that a bad file or a full disk leaves everything as it was. The config is not part of it.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from mentorup_daemon.errors import StoreError
from mentorup_daemon.store.copying import copy_database
from mentorup_daemon.store.engine import hand_over

_DATABASE = "mentorup.db"
_ORIGINAL = re.compile(r"mail/[A-Za-z0-9_-][A-Za-z0-9._-]{0,120}\.eml")
_FILES_OF_SQLITE = ("", "-wal", "-shm")
_MOST_BYTES = 50 * 2**30  # unpacked: more than that is no backup of ours


def save(database: Path, target: Path) -> int:
    """Writes the backup, readable by the owner alone; returns how many originals are in it. Raises StoreError."""
    if not database.exists():
        raise StoreError(f"There is nothing to back up: {database} doesn't exist yet.")
    partial = target.with_name(target.name + ".part")
    with _told(target):
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file, tempfile.TemporaryDirectory(dir=database.parent) as directory:
                copy = Path(directory) / _DATABASE
                copy_database(database, copy)
                with tarfile.open(fileobj=file, mode="w:gz") as archive:
                    archive.add(copy, _DATABASE)
                    originals = sorted((database.parent / "mail").glob("*.eml"))
                    for original in originals:
                        archive.add(original, f"mail/{original.name}")
                file.flush()
                os.fsync(file.fileno())
            partial.chmod(0o600)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
    return len(originals)


def is_empty(database: Path) -> bool:
    """True when there is no database and no original in the state directory."""
    return not database.exists() and not any((database.parent / "mail").glob("*.eml"))


def bring_back(source: Path, database: Path) -> int:
    """Puts a backup in the place of what is there; returns how many originals it brought. Raises StoreError.

    The caller holds the account's lock. Migrating an older schema is left to the next opening of the store.
    """
    with _told(source), tempfile.TemporaryDirectory(dir=database.parent, prefix=".restore-") as directory:
        unpacked = Path(directory)
        count = _unpack(source, unpacked)
        _check(unpacked / _DATABASE, source)
        _change_places(unpacked, database)
    return count


def _change_places(unpacked: Path, database: Path) -> None:
    """What is there goes aside, what was unpacked takes its place; all of it, or back again."""
    former, mail = unpacked / "former", database.parent / "mail"
    former.mkdir()
    there = [database.with_name(database.name + suffix) for suffix in _FILES_OF_SQLITE]
    moves = [(path, former / path.name) for path in (*there, mail) if path.exists()]
    moves += [(unpacked / "mail", mail), (unpacked / _DATABASE, database)]
    done: list[tuple[Path, Path]] = []
    try:
        for old, new in moves:
            old.replace(new)
            done.append((old, new))
        hand_over(mail)
        for path in (database, *mail.iterdir()):
            hand_over(path)
    except OSError:
        for old, new in reversed(done):
            new.replace(old)
        raise


def remove_all(database: Path) -> None:
    """Removes the database and the originals. The caller holds the account's lock."""
    with _told(database):
        for suffix in _FILES_OF_SQLITE:
            database.with_name(database.name + suffix).unlink(missing_ok=True)
        mail = database.parent / "mail"
        if mail.exists():
            shutil.rmtree(mail)


def _unpack(source: Path, to: Path) -> int:
    """Takes the files that a backup has by their names, and nothing else that may be in the archive."""
    (to / "mail").mkdir(mode=0o700)
    count = size = 0
    with tarfile.open(source, "r:gz") as archive:
        for member in archive:
            if not member.isreg() or not (member.name == _DATABASE or _ORIGINAL.fullmatch(member.name)):
                raise StoreError(f"{source} is no backup of MentorUp's: it holds {member.name!r}. Nothing was changed.")
            size += member.size
            content = archive.extractfile(member)
            if content is None or size > _MOST_BYTES:
                raise StoreError(f"{source} is no backup of MentorUp's. Nothing was changed.")
            descriptor = os.open(to / member.name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with content, os.fdopen(descriptor, "wb") as file:
                shutil.copyfileobj(content, file)
                file.flush()
                os.fsync(file.fileno())
            count += member.name != _DATABASE
    return count


def _check(database: Path, source: Path) -> None:
    """The database must be whole, and one of ours."""
    if not database.exists():
        raise StoreError(f"{source} is no backup of MentorUp's: there is no database in it. Nothing was changed.")
    with closing(sqlite3.connect(database)) as connection:
        whole = connection.execute("PRAGMA integrity_check(1)").fetchone() == ("ok",)
        ours = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
    if not whole or not ours:
        raise StoreError(f"The database in {source} is damaged, or no database of MentorUp's. Nothing was changed.")


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turns what goes wrong with files into words."""
    try:
        yield
    except (tarfile.TarError, EOFError) as error:
        raise StoreError(f"{path} can't be read as a backup: {error}. Nothing was changed.") from error
    except OSError as error:
        raise StoreError(f"{error.filename or path}: {error.strerror or error}. Nothing was changed.") from error
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{path}: the database can't be read: {error}. Nothing was changed.") from error
