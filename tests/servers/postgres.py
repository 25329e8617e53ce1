"""PostgreSQL for the tests: one cluster for the whole run, a fresh database for each test.

It listens on a Unix socket in its own directory and on a free loopback port, trusts its one user there, and ends with
its own process. As root it runs as the user of Debian's package, since it refuses to be root. It doesn't wait for the
disk: what is tested about durability is tested with `durable=True`.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mentorup_daemon.demo.radicale import free_port
from mentorup_daemon.store.account import Store
from mentorup_daemon.store.engine import open_engine
from tests.conftest import missing

_USER = "mentorup"
_HASTY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
_SETTINGS = ("log_min_messages=warning", "max_connections=200", "shared_buffers=64MB", "timezone=UTC")


@dataclass(slots=True)
class Cluster:
    """A server of its own, its data in `directory`. A context manager; `start` again after `stop` or `kill`."""

    directory: Path
    programs: Path
    durable: bool = False
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Cluster:
        self.directory.chmod(0o755)
        data = self.directory / "data"
        data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            for path in (self.directory, data):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        self._run("initdb", "-D", str(data), "-U", _USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Starts it and waits until it answers."""
        settings = (*_SETTINGS, *(() if self.durable else _HASTY), f"unix_socket_directories={self.directory}")
        arguments = [word for setting in settings for word in ("-c", setting)]
        command = ["-D", str(self.directory / "data"), "-h", "127.0.0.1", "-p", str(self.port), *arguments]
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(self.programs / "postgres"), *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **_as_its_user(),
            )
        end = time.monotonic() + 60
        while not self._answers():
            assert self.process.poll() is None, (self.directory / "log").read_text()
            assert time.monotonic() < end, (self.directory / "log").read_text()
            time.sleep(0.05)

    def stop(self) -> None:
        """Ends it as a restart of the service does: every connection is lost, what was committed stays (SIGINT)."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """Ends it at once, without ceremony (SIGQUIT: the processes of its connections go too)."""
        self._end(signal.SIGQUIT)

    def restart(self) -> None:
        """`stop`, then `start`."""
        self.stop()
        self.start()

    def url(self, database: str) -> str:
        """An SQLAlchemy URL of one database."""
        return f"postgresql+psycopg://{_USER}@127.0.0.1:{self.port}/{database}"

    def ask(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """One statement past all that is tested; its rows."""
        import psycopg

        where = {"host": "127.0.0.1", "port": self.port, "user": _USER, "dbname": database}
        with psycopg.connect(**where, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def processes(self) -> list[int]:
        """The server's process and those of its connections."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [self.process.pid, *(int(pid) for pid in children)]

    def _end(self, how: int) -> None:
        process, self.process = self.process, None
        if process is not None:
            process.send_signal(how)
            process.wait(30)

    def _answers(self) -> bool:
        import psycopg

        try:
            self.ask("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *arguments: str) -> None:
        command: Sequence[str] = [str(self.programs / program), *arguments]
        subprocess.run(command, check=True, capture_output=True, timeout=120, cwd=self.directory, **_as_its_user())


@dataclass(frozen=True, slots=True)
class Postgres:
    """One database, empty at first."""

    cluster: Cluster
    name: str

    @property
    def url(self) -> str:
        return self.cluster.url(self.name)

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """One statement past all that is tested; its rows."""
        return self.cluster.ask(statement, self.name)

    def cut_all(self) -> int:
        """Every connection to it is lost; how many there were."""
        cut = self.ask(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return len(cut)


def programs() -> Path:
    """Where Debian keeps initdb and postgres, the newest version; skips (fails in CI) without."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if not found:
        missing("PostgreSQL is missing: apt-get install postgresql")
    return found[-1].parent


@contextlib.contextmanager
def running_cluster(*, durable: bool = False) -> Iterator[Cluster]:
    """A cluster of its own, cleared away afterwards."""
    # Not under pytest's own directory: that is closed to its user, and its path is too long for a socket.
    directory = Path(tempfile.mkdtemp(prefix="mu-pg-"))
    try:
        with Cluster(directory, programs(), durable) as cluster:
            yield cluster
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextlib.contextmanager
def fresh_database(cluster: Cluster, template: str = "template0") -> Iterator[Postgres]:
    """An empty database, or a copy of `template`; dropped afterwards with whatever is still connected to it."""
    name = f"t{uuid.uuid4().hex[:12]}"
    cluster.ask(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield Postgres(cluster, name)
    if cluster.process is None:
        cluster.start()
    cluster.ask(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Cluster]:
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture
def postgres(postgres_cluster: Cluster) -> Iterator[Postgres]:
    """A fresh database."""
    with fresh_database(postgres_cluster) as database:
        yield database


@pytest.fixture(scope="session")
def postgres_template(postgres_cluster: Cluster) -> Iterator[str]:
    """The name of a database with the store's schema, for copies."""
    with fresh_database(postgres_cluster) as database:
        open_engine(database.url).dispose()
        yield database.name


@pytest.fixture
def postgres_store(postgres_cluster: Cluster, postgres_template: str) -> Iterator[Postgres]:
    """A fresh database with the store's schema."""
    with fresh_database(postgres_cluster, postgres_template) as database:
        yield database


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.debian)])
def either_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store: on SQLite, and on PostgreSQL."""
    url = f"sqlite:///{tmp_path / 'either.db'}"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_store").url
    with contextlib.closing(Store.open(url)) as store:
        yield store


def _as_its_user() -> dict[str, Any]:
    """For `subprocess`: as root, the user of Debian's package."""
    if os.geteuid() != 0:
        return {}
    owner = pwd.getpwnam("postgres")
    return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
