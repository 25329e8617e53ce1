"""Sealing: what the store of a fleet keeps of secrets is under cryptography's Fernet (AES-CBC, HMAC), keys elsewhere.

The first key seals, all of them open, so that a key is replaced without a moment at which anything can't be opened: put
a new one in front on every machine and restart what runs there, `mentorup accounts reseal`, take the old one out. Whose
secret it is and which is sealed with it: a row that is copied to another account or to another name doesn't open there.
"""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from mentorup_daemon.errors import ConfigError

FLEET = ""
"""In the place of an account: what belongs to none of them."""


class Seals:
    """The keys of a fleet, the one that seals first. Raises ConfigError for what is no key."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([_fernet(key, number) for number, key in enumerate(keys, 1)])

    def seal(self, account: str, name: str, secret: str) -> bytes:
        """The secret as it may lie in a database."""
        return self._fernet.encrypt(_bound(account, name) + secret.encode())

    def open(self, account: str, name: str, sealed: bytes) -> str:
        """The secret itself. Raises ConfigError, which names the account and says what to do."""
        bound = _bound(account, name)
        try:
            content = self._fernet.decrypt(sealed)
        except InvalidToken:
            raise _unopened(account, name) from None
        if not content.startswith(bound):
            raise _unopened(account, name)
        return content.removeprefix(bound).decode()

    def renew(self, account: str, name: str, sealed: bytes) -> bytes:
        """The same secret, sealed with the first key. Raises ConfigError as `open`."""
        return self.seal(account, name, self.open(account, name, sealed))


def fresh_key() -> str:
    """A key for `seal.keys`: 32 bytes from the system's generator, in URL-safe base64."""
    return Fernet.generate_key().decode("ascii")


def _fernet(key: str, number: int) -> Fernet:
    try:
        return Fernet(key)
    except ValueError:
        raise ConfigError(f"seal.keys: line {number} is no key; `mentorup accounts key` prints one.") from None


def _bound(account: str, name: str) -> bytes:
    return f"{account}\n{name}\n".encode()


def _unopened(account: str, name: str) -> ConfigError:
    if account == FLEET:
        return ConfigError(
            "The fleet's own key can't be opened with any of the keys in seal.keys: they are not those of this "
            "database. Put the right ones there. If those are lost for good, give every account anew by `mentorup "
            "accounts update`, and have the database forget that key: DELETE FROM fleet_secrets WHERE account = ''"
        )
    return ConfigError(
        f"The account {account}: its {name} can't be opened with any of the keys in seal.keys. Put the key that sealed "
        f"it back among them, or give everything anew: mentorup accounts update FILE --id {account}"
    )
