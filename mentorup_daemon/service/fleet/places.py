"""Where the config of an account that is to be hosted comes from, and the secrets that it names.

A file that the operator names may get its secrets from anywhere, as for a single owner. A directory full of files that
others have written may not: what lies in it is all that is read. Every part of a path is opened beneath the one before
without following links, so that none leads out of it, not even one that is changed in the midst (openat(2)).
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from mentorup_daemon.config import LARGEST, read, state_directory, text_of
from mentorup_daemon.config_faults import Fault
from mentorup_daemon.config_oauth import TokenPlace
from mentorup_daemon.errors import ConfigError
from mentorup_daemon.oauth import TokenStore
from mentorup_daemon.secrets import Secret

_ALONE = "accounts import runs no command and reads nothing but files in its directory"
_NO_LINK = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK  # a named pipe would block


class Place(Protocol):
    """Where a config and its secrets are read from."""

    def text(self, path: Path) -> str:
        """The config itself. Raises ConfigError."""

    def faults(self, given: Mapping[str, Any], beside: Path) -> Iterator[Fault]:
        """What a config in the directory `beside` names that may not be read for it."""

    def secret(self, secret: Secret, key: str, username: str) -> str:
        """A password. Raises ConfigError."""

    def token(self, place: TokenPlace, section: str, username: str) -> str:
        """A refresh token. Raises ConfigError."""


class Anywhere:
    """The operator's own files."""

    def text(self, path: Path) -> str:
        """The config, wherever it is."""
        return read(path, "name a config that is there")

    def faults(self, given: Mapping[str, Any], beside: Path) -> Iterator[Fault]:  # noqa: ARG002
        """None: the operator may name what they like."""
        yield from ()

    def secret(self, secret: Secret, key: str, username: str) -> str:
        """The password from its source."""
        return secret.read(key=key, username=username)

    def token(self, place: TokenPlace, section: str, username: str) -> str:
        """What `mentorup login` has kept."""
        token = TokenStore(section, place.kind, place.where, username, state_directory(os.environ)).read()
        if not token:
            raise ConfigError(f"{section}.oauth.token: nobody has logged in yet: run `mentorup login --{section}`")
        return token


class Beneath:
    """What lies in one directory, and nothing else."""

    def __init__(self, directory: Path) -> None:
        self._directory = Path(os.path.normpath(directory.absolute()))

    def configs(self) -> list[Path]:
        """The files in it that are named *.toml, by name. Raises ConfigError."""
        try:
            return sorted(path for path in self._directory.iterdir() if path.suffix == ".toml")
        except OSError as error:
            raise ConfigError(f"{self._directory} can't be read: {error.strerror}.") from None

    def text(self, path: Path) -> str:
        """The config, which lies in the directory."""
        return text_of(self._content(path, ""), path)

    def faults(self, given: Mapping[str, Any], beside: Path) -> Iterator[Fault]:
        """Sources that are no files, and files that aren't in the directory."""
        for section in ("imap", "caldav"):
            table = given.get(section)
            if isinstance(table, dict):
                yield from self._section(section, table, beside)

    def _section(self, section: str, table: Mapping[str, Any], beside: Path) -> Iterator[Fault]:
        oauth = table["oauth"] if isinstance(table.get("oauth"), dict) else {}
        sources: dict[tuple[str, ...], object] = {(section, "password"): table.get("password")}
        sources |= {(section, "oauth", name): oauth.get(name) for name in ("client_secret", "token")}
        files: dict[tuple[str, ...], object] = {(section, "ca_file"): table.get("ca_file")}
        files[section, "oauth", "ca_file"] = oauth.get("ca_file")
        for path, source in sources.items():
            for kind, where in source.items() if isinstance(source, dict) else ():
                if kind == "file":
                    files[*path, kind] = where
                else:
                    yield Fault((*path, kind), f'expected {{ file = "..." }}: {_ALONE}')
        for path, file in files.items():
            if isinstance(file, str) and file and self._parts(Path(beside, file)) is None:
                yield Fault(path, f"expected a file in {self._directory}: {_ALONE}")

    def secret(self, secret: Secret, key: str, username: str) -> str:  # noqa: ARG002
        """The password in a file of the directory."""
        return secret.taken_from(self._content(Path(str(secret.file)), f"{key} (file): "), key=key)

    def token(self, place: TokenPlace, section: str, username: str) -> str:
        """The refresh token in a file of the directory."""
        return self.secret(Secret(file=place.where), f"{section}.oauth.token", username)

    def _parts(self, path: Path) -> tuple[str, ...] | None:
        """The way from the directory to `path`, which `..` can't lead out of; None for what isn't in it."""
        there = Path(os.path.normpath(path.absolute()))
        return there.relative_to(self._directory).parts if there.is_relative_to(self._directory) else None

    def _content(self, path: Path, key: str) -> bytes:
        parts = self._parts(path)
        if not parts:
            raise ConfigError(f"{key}{path} is not in {self._directory}: {_ALONE}.")
        try:
            with self._opened(parts) as descriptor:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise ConfigError(f"{key}{path} is no regular file.")
                with os.fdopen(descriptor, "rb", closefd=False) as file:
                    return file.read(LARGEST + 1)
        except OSError as error:
            reason = "a symbolic link is on the way" if error.errno == errno.ELOOP else error.strerror
            raise ConfigError(f"{key}{path} can't be read: {reason}.") from None
        except ValueError:
            raise ConfigError(f"{key}{path} can't be read: no such name is possible.") from None

    @contextmanager
    def _opened(self, parts: tuple[str, ...]) -> Iterator[int]:
        descriptor = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for part in parts:
                beneath = os.open(part, _NO_LINK, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = beneath
            yield descriptor
        finally:
            os.close(descriptor)
