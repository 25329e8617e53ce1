"""Where the refresh token is kept: a file for its owner alone, a keyring, or a systemd credential.

A server may give a new refresh token with every access token and take the old one back (rotation, RFC 9700 4.14.2):
what is new goes to where the old one was, or, where that can't be written (a credential; a read-only directory), into
the state directory, with a digest of the one it follows. It counts as long as that one is still there: after a new
login the new original counts. Whoever renews holds a lock: a server takes the second use of a token for a theft.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mentorup_daemon.errors import ConfigError
from mentorup_daemon.oauth.tokens import Access

_LONGEST = 16 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class TokenStore:
    """One refresh token. `key` is the config's section, `username` whose it is, `state` the state directory.

    `where` is the path of a file, the name of a credential, or the service that a keyring knows it by.
    """

    key: str
    kind: Literal["file", "credential", "keyring"]
    where: str
    username: str
    state: Path

    def read(self) -> str:
        """The refresh token as it is now; "" when nobody has logged in yet. Raises ConfigError."""
        original = self._original()
        try:
            kept = json.loads(self._beside.read_text("utf-8"))
        except (OSError, ValueError):
            return original
        return str(kept["token"]) if original and kept.get("follows") == _digest(original) else original

    def keep(self, token: str) -> None:
        """Keep the token that follows the one that was read. Raises ConfigError when it can't be kept anywhere."""
        original = self._original()
        if self.kind != "credential":
            with contextlib.suppress(ConfigError):
                self.write(token)
                return
        content = json.dumps({"follows": _digest(original), "token": token})
        write(self._beside, content, f"{self.key}.oauth.token")

    def shared(self) -> Access | None:
        """None: the access tokens of a single owner are in the memory of the one process that needs them."""

    def share(self, access: Access) -> None:
        """Does nothing, as nothing is shared."""

    def write(self, token: str) -> None:
        """Keep the token of a new login where the config says. Raises ConfigError."""
        if self.kind == "keyring":
            self._to_keyring(token)
        elif self.kind == "file":
            write(Path(self.where), token + "\n", f"{self.key}.oauth.token")
        else:
            raise ConfigError(f"{self.key}.oauth.token: the credential {self.where} can only be read here")

    def clear(self) -> None:
        """Remove what was put into the state directory; the login itself stays where the config has it."""
        for path in (self._beside, self._lock):
            with contextlib.suppress(OSError):
                path.unlink()

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """Nobody else renews this token meanwhile."""
        path = self._lock
        try:
            self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ConfigError(f"{path} can't be written ({error.strerror}): let this user own {self.state}") from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    @property
    def _lock(self) -> Path:
        return self.state / f"oauth-{self.key}.lock"

    @property
    def _beside(self) -> Path:
        return self.state / f"oauth-{self.key}.token"

    def _original(self) -> str:
        match self.kind:
            case "file":
                return self._from_file(Path(self.where))
            case "keyring":
                return self._from_keyring()
            case _:
                directory = os.environ.get("CREDENTIALS_DIRECTORY")
                if not directory:
                    said = f"no systemd credentials here: the service gets them with LoadCredential={self.where}:PATH"
                    raise ConfigError(f"{self.key}.oauth.token (credential): {said}")
                return self._from_file(Path(directory, self.where))

    def _from_file(self, path: Path) -> str:
        try:
            with path.open("rb") as file:
                content = file.read(_LONGEST + 1)
            text = content.decode("ascii").strip()
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise ConfigError(f"{self.key}.oauth.token: {path} can't be read ({error.strerror})") from None
        except UnicodeDecodeError:
            text = "\n"
        if len(content) > _LONGEST or not text.isprintable():
            raise ConfigError(f"{self.key}.oauth.token: {path} holds no token; remove it, `mentorup login` writes it")
        return text

    def _from_keyring(self) -> str:
        keyring, trouble = self._keyring()
        try:
            return str(keyring.get_password(self.where, self.username) or "")
        except trouble as error:
            raise self._keyring_told(error) from None

    def _to_keyring(self, token: str) -> None:
        keyring, trouble = self._keyring()
        try:
            keyring.set_password(self.where, self.username, token)
        except trouble as error:
            raise self._keyring_told(error) from None

    def _keyring_told(self, error: Exception) -> ConfigError:
        where = f"{self.key}.oauth.token (keyring)"
        return ConfigError(f"{where}: it can't be used ({type(error).__name__}): unlock it, try again")

    def _keyring(self) -> tuple[Any, tuple[type[Exception], ...]]:
        try:
            import keyring  # noqa: PLC0415 - an extra
            from keyring.errors import KeyringError  # noqa: PLC0415
        except ImportError:
            remedy = 'the keyring library isn\'t installed: pip install "mentorup-daemon[keyring]"'
            raise ConfigError(f"{self.key}.oauth.token (keyring): {remedy}") from None
        return keyring, (KeyringError, OSError, RuntimeError)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def write(path: Path, content: str, key: str) -> None:
    """The whole file or the one before, for its owner alone, and on the disk before the token is used.

    `key` names it in the ConfigError that is raised when it can't be written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(prefix=".oauth-", dir=path.parent)  # mode 0600
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(draft).replace(path)
        finally:
            Path(draft).unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(f"{key}: {path} can't be written ({error.strerror})") from None
