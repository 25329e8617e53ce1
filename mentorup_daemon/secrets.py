"""Where a password comes from: an environment variable, a file, a command, a systemd credential or a keyring.

A config names one source and never holds the password itself. It is read afresh each time it is asked for, so that a
renewed one is found without a restart. No text made here shows a password, and no `repr` shows more than the kind
of source: a command's arguments or a variable's name may be telling too.
"""

from __future__ import annotations

import os
import re
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from mentorup_daemon.config_values import Filled, SecretFile, expected
from mentorup_daemon.errors import ConfigError

T = TypeVar("T")
COMMAND_TIMEOUT = 30.0  # seconds; a command may ask a person to touch a key, but not for ever
_LONGEST = 16 * 1024  # bytes; an OAuth token is long, a whole disk image given by mistake is longer
_SOURCES = "env, file, command, credential or keyring"
_HOW = '{ file = "..." }, { command = ["..."] }, { env = "..." }, { credential = "..." } or { keyring = "..." }'


class Secret(BaseModel):
    """One source of a password, as in the config: exactly one of the five is set."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)

    env: Filled | None = None
    file: SecretFile | None = None
    command: tuple[Filled, ...] | None = Field(default=None, strict=False, min_length=1)
    credential: Filled | None = None
    keyring: Filled | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_source(cls, given: Any) -> Any:
        if isinstance(given, str):
            raise expected(f"a password doesn't belong into the config itself: say where it is kept, with {_HOW}")
        if not isinstance(given, dict):
            raise expected(f"expected where the password is kept: {_HOW}")
        sources = [name for name in cls.model_fields if name in given]
        if not sources and not given:
            raise expected(f"expected one of {_SOURCES}, but it names none")
        if len(sources) > 1:
            raise expected(f"expected one of {_SOURCES}, but it names {' and '.join(sources)}")
        return given

    @property
    def kind(self) -> str:
        """Which of the five sources it is."""
        return next(name for name in type(self).model_fields if getattr(self, name) is not None)

    def __repr__(self) -> str:
        return f"Secret({self.kind})"

    __str__ = __repr__

    def read(self, *, key: str = "password", username: str = "") -> str:
        """The password as it is now.

        `key` is where it stands in the config (`imap.password`), for the errors; `username` is what a keyring looks
        it up by. Raises ConfigError that names key and source and says what to do.
        """
        return self._told(key, username, _one_line)

    def read_lines(self, *, key: str) -> tuple[str, ...]:
        """What stands there on each line, blank ones left out. Raises ConfigError as `read`."""
        return self._told(key, "", lambda text: tuple(_one_line(line) for line in _lines(text)))

    def _told(self, key: str, username: str, taken: Callable[[str], T]) -> T:
        try:
            match self.kind:
                case "env":
                    text = self._from_environment()
                case "file":
                    text = _from_file(Path(str(self.file)))
                case "command":
                    text = self._from_command()
                case "credential":
                    text = self._from_credential()
                case _:
                    text = self._from_keyring(username)
            return taken(text)
        except _NoPasswordError as error:
            raise ConfigError(f"{key} ({self.kind}): {error}") from None

    def taken_from(self, content: bytes, *, key: str) -> str:
        """The password in what another has read from the file. Raises ConfigError as `read`."""
        try:
            return _one_line(_decoded(content))
        except _NoPasswordError as error:
            raise ConfigError(f"{key} ({self.kind}): {error}") from None

    def exposed(self) -> str:
        """Words about a password file that others on this machine can read; "" when there is nothing to say."""
        if self.file is None:
            return ""
        path = Path(self.file)
        try:
            mode = path.stat().st_mode
        except (OSError, ValueError):
            return ""
        if not mode & (stat.S_IRWXG | stat.S_IRWXO):
            return ""
        return f"{path} can be read or changed by others on this machine: chmod 600 {path}"

    def _from_environment(self) -> str:
        value = os.environ.get(str(self.env))
        if value is None:
            raise _NoPasswordError(f"the environment variable {self.env} isn't set: set it where the service starts")
        return value

    def _from_command(self) -> str:
        argv = list(self.command or ())
        program = argv[0]
        try:
            ended = subprocess.run(  # noqa: S603 - the owner's own command, run without a shell
                argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=COMMAND_TIMEOUT, check=False
            )
        except subprocess.TimeoutExpired:
            raise _NoPasswordError(
                f"{program} gave no answer within {COMMAND_TIMEOUT:.0f} seconds: run it by hand, see what it waits for"
            ) from None
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it can't be started"
            raise _NoPasswordError(f"{program} can't be run ({reason}): give its full path") from None
        password = _decoded(ended.stdout)
        if ended.returncode:
            said = ended.stderr[-500:].decode("utf-8", "replace").strip()
            for part in filter(None, map(str.strip, re.split(r"[\0-\x1f]+", password))):
                said = said.replace(part, "***")  # a program may repeat what it printed
            raise _NoPasswordError(
                f"{program} failed with {ended.returncode}: {' '.join(said.split()) or 'no message'}"
            )
        return password

    def _from_credential(self) -> str:
        directory = os.environ.get("CREDENTIALS_DIRECTORY")
        if not directory:
            raise _NoPasswordError(
                f"no systemd credentials here: start it as a service with LoadCredential={self.credential}:PATH"
            )
        name = str(self.credential)
        if name in (".", "..") or "/" in name:
            raise _NoPasswordError("expected a credential's name, not a path")
        return _from_file(Path(directory, name))

    def _from_keyring(self, username: str) -> str:
        try:
            import keyring  # noqa: PLC0415 - an extra
            from keyring.errors import KeyringError  # noqa: PLC0415
        except ImportError:
            raise _NoPasswordError(
                'the keyring library isn\'t installed: pip install "mentorup-daemon[keyring]"'
            ) from None
        try:
            value = keyring.get_password(str(self.keyring), username)
        except (KeyringError, OSError, RuntimeError) as error:
            raise _NoPasswordError(
                f"the keyring can't be read ({type(error).__name__}): unlock it, try again"
            ) from None
        if value is None:
            raise _NoPasswordError(f"the keyring holds nothing for {username}: keyring set {self.keyring} {username}")
        return str(value)


class _NoPasswordError(Exception):
    """Why there is no password, in the owner's words; becomes a ConfigError with the key in front."""


def _from_file(path: Path) -> str:
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a named pipe would block until someone writes
            raise _NoPasswordError(f"{path} is no regular file: put the password into one")
        with path.open("rb") as file:
            content = file.read(_LONGEST + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no such name is possible"
        raise _NoPasswordError(
            f"{path} can't be read ({reason}): put the password there, readable by this user"
        ) from None
    return _decoded(content)


def _decoded(content: bytes) -> str:
    if len(content) > _LONGEST:
        raise _NoPasswordError("what it holds is too long for a password")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise _NoPasswordError("what it holds isn't UTF-8 text") from None
    return text.removesuffix("\n").removesuffix("\r")


def _lines(text: str) -> list[str]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise _NoPasswordError("it is empty")
    return lines


def _one_line(password: str) -> str:
    if not password:
        raise _NoPasswordError("it is empty")
    if any(char in password for char in "\r\n\0"):
        raise _NoPasswordError("it holds a line break or a NUL, which no password may: keep the password alone there")
    return password
