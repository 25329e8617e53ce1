"""The accounts of a fleet: added, given anew, paused, removed. Each of these is one transaction: it is done or isn't.

An account that is removed and added again gets its Message-IDs from the same key as before: that key follows from one
of the fleet's own and from the account's id, so that what still lies in the mailbox is found there and isn't written a
second time, although nothing at all is kept of whoever was removed.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from zlib import crc32

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from mentorup_daemon.config_faults import lines_told
from mentorup_daemon.errors import Busy, ConfigError, MentorUpError
from mentorup_daemon.service.fleet.given import SECTIONS, Given, account_given
from mentorup_daemon.service.fleet.keeping import access_of, given_of, token_of
from mentorup_daemon.service.fleet.opening import Fleet, NoAccountError
from mentorup_daemon.service.fleet.places import Beneath
from mentorup_daemon.service.fleet.sealing import FLEET
from mentorup_daemon.store import fleet as kept
from mentorup_daemon.store.account import Store
from mentorup_daemon.store.engine import told

Progress = Callable[[int, int], None]
"""Called with how many are done, of how many."""

_IDENTITY = "identity"  # what the fleet's own key is sealed as
_AT_ONCE = 200  # accounts that are kept in one go
_SPREAD = 0.1  # seconds between the first passes of accounts that are imported together
_LONGEST_SPREAD = timedelta(minutes=15)
_WAIT = 60.0  # seconds for a pass over an account to end
_ASK_AGAIN = 0.25  # seconds


class TakenError(MentorUpError):
    """There is such an account already."""


def add(fleet: Fleet, given: Given) -> None:
    """Keeps a new account; its first pass is due at once. Raises TakenError."""
    with _writing(fleet) as connection:
        if taken := _taken(connection, [given]):
            raise TakenError(" ".join(taken))
        at = kept.now(connection)
        entry = _new(fleet, given, _identity(fleet, connection))
        kept.add(connection, [entry], at=at, looks={given.account: at})


def import_all(fleet: Fleet, directory: Path, progress: Progress = lambda _done, _of: None) -> list[str]:
    """Keeps the accounts of all *.toml in `directory`, or none of them; returns their ids.

    Raises ConfigError that lists all faults of all files. First passes are spread, so that no server meets them all at
    once.
    """
    place = Beneath(directory)
    paths = place.configs()
    if not paths:
        raise ConfigError(f"There is no config in {directory}: one file each, named like sam.toml.")
    steps = 2 * len(paths)
    found: list[str] = []
    given: list[Given] = []
    for number, path in enumerate(paths, 1):
        try:
            given.append(account_given(path, place))
        except ConfigError as error:
            found.append(str(error))
        progress(number, steps)
    found += _twice(given)
    with _writing(fleet) as connection:
        found += _taken(connection, given)
        if found:
            faulty = f"Nothing was imported: {len(found)} of {len(paths)} files can't be used."
            raise ConfigError("\n".join([*found, faulty]))
        at = kept.now(connection)
        own = _identity(fleet, connection)
        looks = _spread([one.account for one in given], at)
        for start in range(0, len(given), _AT_ONCE):
            some = given[start : start + _AT_ONCE]
            kept.add(connection, [_new(fleet, one, own) for one in some], at=at, looks=looks)
            progress(len(paths) + start + len(some), steps)
    return [one.account for one in given]


def change(fleet: Fleet, given: Given) -> None:
    """Keeps the config and the secrets of an account that is there in the place of those before; its records stay.

    A login by OAuth goes on with the token that it has come to meanwhile, unless another one is given. Raises
    NoAccountError, TakenError, Busy.
    """
    with _held(fleet, given.account) as connection:
        if kept.one(connection, given.account) is None:
            raise NoAccountError(given.account)
        others = kept.taken(connection, [], [given.email])
        if any(account != given.account for account, _ in others):
            raise TakenError(f"{given.email} is the address of another account: {others[0][0]}.")
        secrets = {**_sealed(fleet, given), **_going_on(fleet, connection, given)}
        kept.change(connection, _entry(fleet, given, secrets), at=kept.now(connection))


def set_state(fleet: Fleet, account: str, state: str) -> bool:
    """Pauses or resumes an account; False when it was so already. Raises NoAccountError."""
    with _writing(fleet) as connection:
        if kept.one(connection, account) is None:
            raise NoAccountError(account)
        return kept.set_state(connection, account, state, at=kept.now(connection))


def counted(fleet: Fleet, account: str) -> dict[str, int]:
    """What is kept of an account, by table. Raises NoAccountError."""
    with told(), fleet.engine.connect() as connection:
        if kept.one(connection, account) is None:
            raise NoAccountError(account)
        return kept.count(connection, account)


def remove(fleet: Fleet, account: str) -> dict[str, int]:
    """Removes all that any table has of an account; how much it was, by table. Raises NoAccountError, Busy.

    It waits for a pass to end that is under way, and none begins meanwhile.
    """
    with _held(fleet, account) as connection:
        if kept.one(connection, account) is None:
            raise NoAccountError(account)
        return kept.remove(connection, account)


def reseal(fleet: Fleet) -> int:
    """Seals everything anew with the first key, all of it or nothing; how much it was. Raises ConfigError."""
    with _writing(fleet) as connection:
        return kept.reseal(connection, fleet.seals.renew)


@contextmanager
def _writing(fleet: Fleet) -> Iterator[Connection]:
    with _unique(), told(), fleet.engine.begin() as connection:
        yield connection


@contextmanager
def _held(fleet: Fleet, account: str) -> Iterator[Connection]:
    """A transaction while which no pass over the account is under way. Raises Busy when one doesn't end."""
    store = Store(fleet.engine, account=account)
    end = time.monotonic() + _WAIT
    with ExitStack() as held, _unique():
        while True:
            try:
                held.enter_context(store.exclusive())
                break
            except Busy as error:
                if time.monotonic() > end:
                    raise Busy(
                        f"{account} could not be had for {_WAIT:.0f} seconds: {error} Nothing was changed. When a pass "
                        f"is under way, `mentorup accounts pause {account}` lets no other begin; then try again."
                    ) from None
                time.sleep(_ASK_AGAIN)
        with store.writing() as scope:
            yield scope.connection


@contextmanager
def _unique() -> Iterator[None]:
    """What someone else has kept in the same moment, in words."""
    try:
        yield
    except IntegrityError as error:
        raise TakenError("Someone has added the same account just now. Nothing was changed.") from error


def _entry(fleet: Fleet, given: Given, secrets: Mapping[str, bytes], identity: bytes = b"") -> kept.Entry:
    """The account as it is kept."""
    return kept.Entry(
        account=given.account,
        email=given.email,
        config=fleet.seals.seal(given.account, kept.CONFIG, given.config),
        imap_host=given.imap_host,
        caldav_host=given.caldav_host,
        secrets=secrets,
        identity=identity,
    )


def _new(fleet: Fleet, given: Given, own: bytes) -> kept.Entry:
    """A new account; what keys its Message-IDs follows from the fleet's own key."""
    return _entry(fleet, given, _sealed(fleet, given), hmac.digest(own, given.account.encode(), hashlib.sha256))


def _sealed(fleet: Fleet, given: Given) -> dict[str, bytes]:
    return {name: fleet.seals.seal(given.account, name, secret) for name, secret in given.secrets.items()}


def _going_on(fleet: Fleet, connection: Connection, given: Given) -> dict[str, bytes]:
    """Where a login by OAuth began with the very token that is given: the tokens that it has come to since."""
    tokens: dict[str, bytes] = {}
    for section in SECTIONS:
        before = kept.secret(connection, given.account, given_of(section), hold=True)
        with suppress(ConfigError):  # what can't be opened any more is given anew
            if before is not None and (
                fleet.seals.open(given.account, given_of(section), before) == given.secrets.get(given_of(section))
            ):
                for name in (token_of(section), access_of(section)):
                    if (now := kept.secret(connection, given.account, name)) is not None:
                        tokens[name] = now
    return tokens


def _identity(fleet: Fleet, connection: Connection) -> bytes:
    """The fleet's own key, made when the first account comes."""
    fresh = fleet.seals.seal(FLEET, _IDENTITY, os.urandom(32).hex())
    kept.keep_first(connection, FLEET, _IDENTITY, fresh, at=kept.now(connection))
    sealed = kept.secret(connection, FLEET, _IDENTITY)
    if sealed is None:
        raise RuntimeError("what was just kept is not there")
    return bytes.fromhex(fleet.seals.open(FLEET, _IDENTITY, sealed))


def _taken(connection: Connection, given: Sequence[Given]) -> list[str]:
    """What is there already of these accounts, in words, one each."""
    ids, emails = {one.account: one for one in given}, {one.email: one for one in given}
    found = {}
    for account, email in kept.taken(connection, ids, emails):
        if account in ids:
            source = ids[account].source
            found[source] = (
                f"There is an account {account} already: `mentorup accounts update {source}` gives it a new config."
            )
        else:
            source = emails[email].source
            found[source] = f"{source}: {email} is the address of another account: {account}."
    return list(found.values())


def _twice(given: Sequence[Given]) -> list[str]:
    """Files that name the same owner."""
    first: dict[str, Path] = {}
    found = []
    for one in given:
        before = first.setdefault(one.email, one.source)
        if before is not one.source:
            fault = f"owner.email: expected an address of their own: {one.email} is in {before.name} too"
            found.append(lines_told([fault], str(one.source)))
    return found


def _spread(accounts: Sequence[str], at: datetime) -> dict[str, datetime]:
    """When each is looked at first: the more there are the longer it takes, by lot, the same lot each time."""
    window = min(_LONGEST_SPREAD.total_seconds(), len(accounts) * _SPREAD)
    return {one: at + timedelta(seconds=window * crc32(one.encode()) / 2**32) for one in accounts}
