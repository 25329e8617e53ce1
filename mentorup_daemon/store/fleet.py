"""The hosted accounts of a fleet: kept, listed, paused, and gone with all that any table has of them.

Every function takes the connection of a transaction that its caller has opened. Secrets come in and go out sealed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    Column,
    Connection,
    Row,
    Table,
    bindparam,
    delete,
    func,
    insert,
    literal,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.elements import ColumnElement

from mentorup_daemon.store.fleet_tables import fleet_accounts, fleet_metadata, fleet_secrets, shard_of
from mentorup_daemon.store.tables import accounts, metadata

ACTIVE, PAUSED = "active", "paused"

_AT_ONCE = 1000  # rows that are read or written in one go


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosted:
    """One hosted account, as it is listed."""

    account: str
    email: str
    state: str
    imap_host: str
    caldav_host: str
    shard: int
    added_at: datetime
    changed_at: datetime
    next_look: datetime
    begun_at: datetime | None
    looked_at: datetime | None
    worker: str
    failure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is kept of an account when it is given: its config and its secrets sealed, where its servers are."""

    account: str
    email: str
    config: bytes
    imap_host: str
    caldav_host: str
    secrets: Mapping[str, bytes]
    identity: bytes  # keys the Message-IDs of what is written for it (HMAC)


CONFIG = "config"  # what the config of an account is sealed as
_SEALED: tuple[tuple[Table, Column[bytes], ColumnElement[str]], ...] = (
    (fleet_secrets, fleet_secrets.c.sealed, fleet_secrets.c.name),
    (fleet_accounts, fleet_accounts.c.config, literal(CONFIG)),
)
_LISTED = [fleet_accounts.c[name] for name in Hosted.__slots__]


def add(connection: Connection, entries: Sequence[Entry], *, at: datetime, looks: Mapping[str, datetime]) -> None:
    """Keeps new accounts; `looks` says when each is looked at first. Raises IntegrityError when one is there."""
    connection.execute(
        insert(fleet_accounts),
        [
            {**_facts(one), "account": one.account, "added_at": at, "changed_at": at, "next_look": looks[one.account]}
            for one in entries
        ],
    )
    connection.execute(
        postgresql.insert(accounts).on_conflict_do_nothing(),
        [{"account": one.account, "secret": one.identity, "started_at": at, "next_number": 1} for one in entries],
    )
    sealed = [row for one in entries for row in _sealed(one, at)]
    if sealed:
        connection.execute(insert(fleet_secrets), sealed)


def change(connection: Connection, entry: Entry, *, at: datetime) -> bool:
    """Keeps an account's config and secrets in the place of those before; its records stay. False without it."""
    done = connection.execute(
        update(fleet_accounts)
        .where(fleet_accounts.c.account == entry.account)
        .values(**_facts(entry), changed_at=at, next_look=at, woken_at=at, looks={}, failure="")
    )
    if not done.rowcount:
        return False
    connection.execute(delete(fleet_secrets).where(fleet_secrets.c.account == entry.account))
    if sealed := _sealed(entry, at):
        connection.execute(insert(fleet_secrets), sealed)
    return True


def _facts(entry: Entry) -> dict[str, object]:
    names = ("email", "config", "imap_host", "caldav_host")
    return {**{name: getattr(entry, name) for name in names}, "shard": shard_of(entry.account)}


def _sealed(entry: Entry, at: datetime) -> list[dict[str, object]]:
    return [
        {"account": entry.account, "name": name, "sealed": sealed, "kept_at": at}
        for name, sealed in entry.secrets.items()
    ]


def now(connection: Connection) -> datetime:
    """By the clock of the database, which is the same for every machine."""
    return connection.execute(select(func.now())).scalar_one()


def listed(connection: Connection) -> Iterator[Hosted]:
    """All accounts, by id."""
    for row in connection.execute(select(*_LISTED).order_by(fleet_accounts.c.account)):
        yield _hosted(row)


def one(connection: Connection, account: str) -> Hosted | None:
    """The account with this id."""
    row = connection.execute(select(*_LISTED).where(fleet_accounts.c.account == account)).one_or_none()
    return None if row is None else _hosted(row)


def _hosted(row: Row[tuple[object, ...]]) -> Hosted:
    return Hosted(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it


def taken(connection: Connection, ids: Iterable[str], emails: Iterable[str]) -> list[tuple[str, str]]:
    """Which of these ids and addresses are there already: (id, address) of each account that has one of them."""
    found: dict[str, str] = {}
    for column, wanted in ((fleet_accounts.c.account, sorted(set(ids))), (fleet_accounts.c.email, sorted(set(emails)))):
        for start in range(0, len(wanted), _AT_ONCE):
            some = column.in_(wanted[start : start + _AT_ONCE])
            rows = connection.execute(select(fleet_accounts.c.account, fleet_accounts.c.email).where(some))
            found.update((row.account, row.email) for row in rows)
    return sorted(found.items())


def config_of(connection: Connection, account: str) -> bytes | None:
    """The sealed config; None when there is no such account."""
    return connection.execute(
        select(fleet_accounts.c.config).where(fleet_accounts.c.account == account)
    ).scalar_one_or_none()


def set_state(connection: Connection, account: str, state: str, *, at: datetime) -> bool:
    """Pauses or resumes; whoever is resumed is looked at now. False when it was so already, or isn't there."""
    values: dict[str, object] = {"state": state}
    if state == ACTIVE:
        values |= {"next_look": at, "woken_at": at}
    done = connection.execute(
        update(fleet_accounts)
        .where(fleet_accounts.c.account == account, fleet_accounts.c.state != state)
        .values(values)
    )
    return bool(done.rowcount)


def remove(connection: Connection, account: str) -> dict[str, int]:
    """Removes every row of the account from every table, the queue's too; how many there were, by table."""
    counts: dict[str, int] = {}
    for table in (*metadata.sorted_tables, *fleet_metadata.sorted_tables):
        if "account" in table.c:
            done = connection.execute(delete(table).where(table.c.account == account))
            counts[table.name] = done.rowcount
    if connection.execute(text("SELECT to_regclass('pgqueuer')")).scalar_one() is not None:
        done = connection.execute(text("DELETE FROM pgqueuer WHERE dedupe_key = :account"), {"account": account})
        counts["pgqueuer"] = done.rowcount
    return counts


def count(connection: Connection, account: str) -> dict[str, int]:
    """How many rows there are of the account, by table."""
    return {
        table.name: connection.execute(
            select(func.count()).select_from(table).where(table.c.account == account)
        ).scalar_one()
        for table in (*metadata.sorted_tables, *fleet_metadata.sorted_tables)
        if "account" in table.c
    }


# Secrets


def secret(connection: Connection, account: str, name: str, *, hold: bool = False) -> bytes | None:
    """A sealed secret. `hold` keeps all others from it until the transaction ends."""
    wanted = select(fleet_secrets.c.sealed).where(fleet_secrets.c.account == account, fleet_secrets.c.name == name)
    return connection.execute(wanted.with_for_update() if hold else wanted).scalar_one_or_none()


def secret_names(connection: Connection, account: str) -> list[str]:
    """The names of what is sealed for an account."""
    wanted = select(fleet_secrets.c.name).where(fleet_secrets.c.account == account)
    return list(connection.execute(wanted.order_by(fleet_secrets.c.name)).scalars())


def keep_secret(connection: Connection, account: str, name: str, sealed: bytes, *, at: datetime) -> None:
    """Keeps a sealed secret, in the place of one that is there."""
    statement = postgresql.insert(fleet_secrets).values(account=account, name=name, sealed=sealed, kept_at=at)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["account", "name"], set_={"sealed": statement.excluded.sealed, "kept_at": at}
        )
    )


def keep_first(connection: Connection, account: str, name: str, sealed: bytes, *, at: datetime) -> None:
    """Keeps a sealed secret unless one is there."""
    values = {"account": account, "name": name, "sealed": sealed, "kept_at": at}
    connection.execute(postgresql.insert(fleet_secrets).values(values).on_conflict_do_nothing())


def reseal(connection: Connection, renew: Callable[[str, str, bytes], bytes]) -> int:
    """Keeps everything that is sealed as `renew` (of account, name and what is sealed) gives it back; how much it was.

    All of it is held until the transaction ends, so that nothing else is sealed meanwhile.
    """
    done = 0
    for table, column, name in _SEALED:
        kept = update(table).values({column: bindparam("anew")}).where(table.c.account == bindparam("its_account"))
        kept = kept.where(name == bindparam("its_name"))
        after = ("", "")
        while True:
            rows = connection.execute(
                select(table.c.account, name.label("name"), column.label("sealed"))
                .where(tuple_(table.c.account, name) > tuple_(*after))
                .order_by(table.c.account, name)
                .limit(_AT_ONCE)
                .with_for_update()
            ).all()
            if not rows:
                break
            connection.execute(
                kept,
                [
                    {"its_account": row.account, "its_name": row.name, "anew": renew(row.account, row.name, row.sealed)}
                    for row in rows
                ],
            )
            done += len(rows)
            after = (rows[-1].account, rows[-1].name)
    return done
