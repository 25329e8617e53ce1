"""Accounts can't see each other: whatever is done through the scope of one, nothing of another is read or changed.

Both accounts have a row in every table, under the same keys, numbers, UIDs and Message-IDs; only what is in the rows
tells them apart. Every public function of the store that takes a scope is tried, those that are added later too.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import JSON, Boolean, Column, Connection, Date, Integer, LargeBinary, Table, delete, insert, text
from sqlalchemy.exc import IntegrityError, NoResultFound

import mentorup_daemon.store
from mentorup_daemon.records import (
    Contact,
    Due,
    Goal,
    Meeting,
    Owner,
    PersonState,
    Practice,
    Receipt,
    Topic,
    WrittenReminder,
)
from mentorup_daemon.store.account import Scope, Store
from mentorup_daemon.store.calendar import Discovery
from mentorup_daemon.store.placements import Placement
from mentorup_daemon.store.schema import Moment, Whole
from mentorup_daemon.store.tables import accounts, contacts, ledger, metadata
from mentorup_daemon.store.work import _TABLES
from tests.servers.postgres import Cluster, fresh_database

pytestmark = pytest.mark.debian

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
EARLIER, LATER = NOW - timedelta(days=400), NOW + timedelta(days=90)
KEY, MENTOR = "agenda/ana/m1", "ana"
OTHERS = ("of-other", "424242", "2031")
"""What stands in the rows of the other account, and nowhere else."""


class _Reading:
    """A goal, a meeting, ... as they come to be kept; equal keys, and nothing of the other account."""

    due = Due(
        key=KEY, rule="agenda", due_at=NOW, expires_at=LATER, lands="inbox", reason="r", mentor=MENTOR, object="m1"
    )
    meeting = Meeting(
        key=KEY,
        uid="u",
        mentor=MENTOR,
        title="t",
        start=NOW,
        end=LATER,
        recognised_by="attendee",
        calendar="c",
        href="h",
    )
    reminder = WrittenReminder(
        key=KEY, named="n", url="c", etag="e", schedule_tag="", wish="w", digest="d", state="intended"
    )


ARGUMENTS: dict[str, Sequence[object]] = {
    "about": ["imap", KEY],
    "at_rest": [True, False],
    "by_tag": [True, False],
    "calendar": ["c"],
    "candidate": [True, False],
    "candidates_only": [True, False],
    "contact": [Contact(mentor=MENTOR, at=NOW, kind="meeting")],
    "digest": ["d"],
    "due": [_Reading.due],
    "entries": [
        [["changed", "goals", {"id": 1}, {"text": "back"}], ["added", "topics", {"id": 1}, {}]],
        [["added", "goals", {"id": 1, "account": "other"}, {}]],
    ],
    "failure": ["f"],
    "folder": ["INBOX"],
    "found": [[]],
    "guess": [True],
    "href": ["h"],
    "hrefs": [["h"]],
    "item": [Goal(id=1, text="x", created_at=NOW), Topic(id=1, text="x", created_at=NOW)],
    "journal": [[["added", "goals", {"id": 1}, {}]]],
    "key": [KEY],
    "kind": list(_TABLES),
    "limit": [100],
    "mentor": [MENTOR],
    "message_id": ["<m@x>"],
    "message_ids": [["<m@x>", "<other@x>"]],
    "modseq": [3],
    "name": ["n"],
    "names": [("Ana Ortiz",)],
    "now": [NOW, LATER],
    "number": [1],
    "outcome": ["delivered", "withdrawn"],
    "owner": [Owner(name="Sam", email="sam@example.org", timezone="UTC")],
    "passing": [True],
    "people": [()],
    "place": ["INBOX uid 1"],
    "placement": [Placement(folder="INBOX", uidvalidity=1, uid=1, digest="d", filed=True)],
    "practice": [Practice()],
    "reason": ["r"],
    "receipt": [Receipt(key=KEY, at=NOW, about=KEY)],
    "remedy": [""],
    "reminder": [_Reading.reminder],
    "revision": [1, 2],
    "rows": [[{"account": "other", "mentor": MENTOR, "at": LATER, "kind": "meeting"}]],
    "server": ["imap"],
    "since": [EARLIER],
    "skipped": [True],
    "snoozed_until": [None, LATER],
    "state": [PersonState(mentor=MENTOR, state="closed", since=NOW)],
    "subject": ["s"],
    "suspect_since": [None, NOW],
    "table": [contacts],
    "text": ["t"],
    "uids": [[1]],
    "uid": [1],
    "uidnext": [2],
    "uidvalidity": [1],
    "until": [LATER],
    "url": ["c"],
    "value": ["v"],
    "what": ["w"],
    "zone": [ZoneInfo("UTC")],
    # where a name means something of its own
    "calendar.keep_discovery.found": [Discovery(NOW, "by", (("c", "n"),))],
    "calendar.keep_meetings.found": [[_Reading.meeting], []],
    "calendar.keep_resources.found": [[("h", "e", "t", True)]],
    "mail.keep_read.kind": ["reply", "feedback"],
    "rows.put.values": [{"account": "other", "mentor": MENTOR, "at": LATER, "kind": "meeting"}],
    "work.change.kind": [Goal, Topic],
    "work.change.values": [{"state": "done"}],
}


def _functions() -> dict[str, Callable[..., object]]:
    """Every public function of the store that takes a scope, by module and name."""
    found = {}
    for module in pkgutil.iter_modules(mentorup_daemon.store.__path__):
        if module.name == "migrations" or module.name.startswith("fleet"):  # the fleet's own tables are no account's
            continue
        loaded = importlib.import_module(f"mentorup_daemon.store.{module.name}")
        for name, function in inspect.getmembers(loaded, inspect.isfunction):
            ours = function.__module__ == loaded.__name__ and not name.startswith("_")
            if ours and "scope" in inspect.signature(function).parameters:
                found[f"{module.name}.{name}"] = function
    return found


FUNCTIONS = _functions()
Call = tuple[str, dict[str, object]]


@st.composite
def calls(draw: st.DrawFn, names: Sequence[str] = tuple(FUNCTIONS)) -> Call:
    """A function of the store, with arguments that fit it."""
    name = draw(st.sampled_from(names))
    arguments: dict[str, object] = {}
    for parameter in list(inspect.signature(FUNCTIONS[name]).parameters)[1:]:
        pool = ARGUMENTS.get(f"{name}.{parameter}") or ARGUMENTS[parameter]
        arguments[parameter] = draw(st.sampled_from(pool))
    return name, arguments


def call(connection: Connection, account: str, name: str, arguments: dict[str, object]) -> str:
    """Calls it through the account's scope; what it returned, in letters."""
    given = dict(arguments)
    function = FUNCTIONS[name]
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            given |= given.pop(parameter.name)  # type: ignore[call-overload]
    try:
        with connection.begin_nested():
            result = function(Scope(connection, account), **given)
    except (IntegrityError, NoResultFound) as error:  # a claim that is taken; nothing under this key
        return type(error).__name__
    return repr(list(result) if isinstance(result, Iterator) else result)


def kept_of(connection: Connection, account: str) -> str:
    """All rows of an account in all tables, in letters; without the ledger's serial, which no rollback sets back."""
    every = " UNION ALL ".join(
        f"SELECT '{table.name} ' || ({row})::text AS line FROM {table.name} t WHERE account = '{account}'"
        for table in metadata.sorted_tables
        for row in ["to_jsonb(t) - 'id'" if table is ledger else "t"]
    )
    return str(connection.execute(text(f"SELECT string_agg(line, '\n' ORDER BY line) FROM ({every}) x")).scalar_one())


def empty(connection: Connection, account: str, *, but: Collection[Table] = ()) -> None:
    """Takes away all rows of an account."""
    for table in metadata.sorted_tables:
        if table not in but:
            connection.execute(delete(table).where(table.c.account == account))


@pytest.fixture(scope="module")
def filled(postgres_cluster: Cluster, postgres_template: str) -> Iterator[Store]:
    with (
        fresh_database(postgres_cluster, postgres_template) as database,
        closing(Store.open(database.url, account="mine")) as store,
    ):
        for account in ("mine", "other"):
            with store.writing() as scope:
                for table in metadata.sorted_tables:
                    scope.connection.execute(insert(table).values(**row_of(table, account)))
        yield store


def row_of(table: Table, account: str) -> dict[str, object]:
    """A row of the account for any table."""
    return {
        column.name: account if column.name == "account" else _value(table, column, account)
        for column in table.columns
        if not (table.name == "ledger" and column.name == "id")
    }


_SAME = {
    "key": KEY,
    "message_id": "<m@x>",
    "mentor": MENTOR,
    "person": MENTOR,
    "calendar": "c",
    "url": "c",
    "href": "h",
    "folder": "INBOX",
    "digest": "d",
    "place": "INBOX uid 1",
    "about": "imap",
    "server": "imap",
    "name": "n",
    "kind": "reply",
    "outcome": "delivered",
    "status": "confirmed",
    "state": "open",
    "id": 1,
    "revision": 1,
    "uidvalidity": 1,
    "uid": 1,
}
_SHAPED: dict[tuple[str, str], Callable[[str], object]] = {
    ("contacts", "at"): lambda _mark: NOW,
    ("contacts", "kind"): lambda _mark: "meeting",
    ("read_messages", "kind"): lambda _mark: "feedback",
    ("read_messages", "about"): lambda _mark: KEY,
    ("feedback", "name"): lambda mark: mark,
    ("candidates", "name"): lambda mark: mark,
    ("calendars", "name"): lambda mark: mark,
    ("accounts", "discovered"): lambda mark: [["c", mark]],
    ("placements", "marked"): lambda _mark: False,
    ("receipts", "undone"): lambda _mark: False,
    ("receipts", "journal"): lambda mark: [["changed", "goals", {"id": 1}, {"text": mark}]],
    ("receipts", "content"): lambda mark: {
        "about": mark,
        "lines": [[mark, "", ""]],
        "problems": [],
        "note_kept": mark,
        "offers": [],
        "hint": "",
        "help": False,
        "subject": mark,
        "in_reply_to": "",
        "references": [],
    },
}


def _value(table: Table, column: Column[object], account: str) -> object:
    """The same for both accounts where rows are known by it; else a mark of whose it is."""
    mark, others = f"of-{account}", account == "other"
    shaped = _SHAPED.get((table.name, column.name))
    if shaped is not None:
        return shaped(mark)
    if column.name in _SAME and not isinstance(column.type, JSON):
        return _SAME[column.name]
    by_type: tuple[tuple[type, object], ...] = (
        (Moment, datetime(2031, 1, 1, tzinfo=UTC) if others else NOW),
        (Date, date(2031, 1, 1) if others else NOW.date()),
        (Boolean, True),
        (JSON, [mark]),
        (LargeBinary, mark.encode()),
        (Integer, 424242 if others else 5),
        (type(Whole), 424242 if others else 5),
    )
    return next((value for kind, value in by_type if isinstance(column.type, kind)), mark)


def test_all_that_the_store_does_is_tried_on_rows_that_it_finds(filled: Store) -> None:
    seen, changed = set(), set()

    @settings(max_examples=400, deadline=None, database=None, derandomize=True)
    @given(one=calls())
    def look(one: Call) -> None:
        with filled._engine.connect() as connection, connection.begin() as transaction:
            before = kept_of(connection, "other")
            if any(word in call(connection, "other", *one) for word in OTHERS):
                seen.add(one[0])
            if kept_of(connection, "other") != before:
                changed.add(one[0])
            transaction.rollback()

    look()
    by_key_alone = {  # what they return is true, a count, or a key that the two accounts share
        "calendar.ahead",
        "calendar.candidates",
        "calendar.count",
        "calendar.suspects",
        "health.stands_against",
        "mail.answered_before",
        "mail.read_kind",
        "strays.is_one",
        "threads.keys_sent",
        "threads.linked",
        "work.all_contacts",
    }
    claims = {"ledger.intend", "ledger.outdated", "reminders.forget_reminders", "threads.link", "work.note_contact"}
    assert set(FUNCTIONS) == seen | changed | by_key_alone | claims


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(done=st.lists(calls(), min_size=1, max_size=6), new=st.booleans())
def test_i8_nothing_of_another_account_is_read_or_changed(filled: Store, done: list[Call], new: bool) -> None:
    came_of_it = []
    for alone in (False, True):
        with filled._engine.connect() as connection, connection.begin() as transaction:
            if new:
                empty(connection, "mine", but=[accounts])
            if alone:
                empty(connection, "other")
            before = kept_of(connection, "other")
            returned = [call(connection, "mine", *one) for one in done]
            assert kept_of(connection, "other") == before, done
            assert not [word for word in OTHERS if word in "".join(returned)], done
            came_of_it.append((returned, kept_of(connection, "mine")))
            transaction.rollback()
    assert came_of_it[0] == came_of_it[1], "it makes a difference whether the other account is there"
