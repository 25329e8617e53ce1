"""The store: durability and migrations on SQLite, the ledger's claim and the rest of its promises on PostgreSQL too."""

from __future__ import annotations

import multiprocessing
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from mentorup_daemon.errors import Busy, ConfigError, StoreError
from mentorup_daemon.records import ActionItem, Due, Goal, Meeting, Receipt, Topic
from mentorup_daemon.store import calendar, health, ledger, mail, work
from mentorup_daemon.store.account import Store
from mentorup_daemon.store.copying import copy_database
from mentorup_daemon.store.tables import metadata
from tests.servers.world import MONDAY, ZONE, World

DUE = Due(
    key="agenda/ana/m1",
    rule="agenda",
    due_at=MONDAY,
    expires_at=MONDAY + timedelta(days=1),
    lands="inbox",
    reason="because",
    mentor="ana",
    object="m1",
    basis="1-2 ana",
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    opened = Store.open(f"sqlite:///{tmp_path / 'mentorup.db'}")
    opened.first_start(MONDAY)
    return opened


@pytest.fixture
def either(either_store: Store) -> Store:
    """A store on each of the databases."""
    either_store.first_start(MONDAY)
    return either_store


def intend(store: Store, due: Due = DUE, number: int = 1) -> None:
    with store.writing() as scope:
        ledger.intend(
            scope, due, message_id=f"<{number}@example.org>", digest="d", subject="s", folder="INBOX", now=MONDAY
        )


def test_sqlite_is_opened_durable_and_for_the_owner_alone(store: Store, tmp_path: Path) -> None:
    with store.reading() as scope:
        settings_of = {
            name: scope.connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert settings_of == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    assert (tmp_path / "mentorup.db").stat().st_mode & 0o777 == 0o600


def test_the_migrations_make_what_the_tables_say(store: Store) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    with store.reading() as scope:
        found = compare_metadata(MigrationContext.configure(scope.connection), metadata)
    assert [each for each in found if each[0] in ("add_table", "remove_table", "add_column", "remove_column")] == []


def test_every_table_carries_the_account() -> None:
    assert all("account" in table.c for table in metadata.sorted_tables)


def test_a_schema_from_the_future_is_refused_and_left_alone(store: Store, tmp_path: Path) -> None:
    store.close()
    path = tmp_path / "mentorup.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="newer version of MentorUp"):
        Store.open(f"sqlite:///{path}")
    assert path.read_bytes() == before


def test_p04_a_damaged_store_is_told_in_words(tmp_path: Path) -> None:
    path = tmp_path / "mentorup.db"
    path.write_bytes(b"not a database at all" * 1000)
    with pytest.raises(StoreError, match="restore"):
        Store.open(f"sqlite:///{path}")


def test_a_directory_that_cant_be_made_is_the_owners_to_mend(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="can't be made"):
        Store.open(f"sqlite:///{tmp_path / 'file' / 'x' / 'mentorup.db'}")


def test_the_ledgers_row_is_the_claim(either: Store) -> None:
    intend(either)
    with pytest.raises(IntegrityError):
        intend(either)
    with either.reading() as scope:
        assert ledger.latest(scope)["agenda/ana/m1"].outcome == "intended"


def test_what_is_begun_and_breaks_is_undone_wholly(either: Store) -> None:
    def breaks() -> None:
        with either.writing() as scope:
            work.add(scope, Goal(id=0, text="x", created_at=MONDAY))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        breaks()
    with either.reading() as scope:
        assert work.items(scope, Goal) == ()


def test_topics_actions_and_goals_share_one_sequence_of_numbers(either: Store) -> None:
    with either.writing() as scope:
        numbers = [
            work.add(scope, Topic(id=0, text="t", created_at=MONDAY)).id,
            work.add(scope, ActionItem(id=0, text="a", created_at=MONDAY)).id,
            work.add(scope, Goal(id=0, text="g", created_at=MONDAY)).id,
        ]
    assert numbers == [1, 2, 3]
    with either.reading() as scope:
        assert isinstance(work.find(scope, 2), ActionItem)


def test_a_meeting_that_vanishes_is_kept_as_cancelled_and_the_past_stays(either: Store) -> None:
    def meeting(key: str, start: datetime) -> Meeting:
        return Meeting(
            key=key,
            uid="u",
            recurrence_id=key,
            mentor="ana",
            title="Ana",
            start=start,
            end=start + timedelta(hours=1),
            recognised_by="attendee",
            calendar="c",
            href="h",
        )

    held, ahead = meeting("1", MONDAY - timedelta(days=7)), meeting("2", MONDAY + timedelta(days=7))
    with either.writing() as scope:
        calendar.keep_meetings(scope, "c", "h", [held, ahead], now=MONDAY, until=MONDAY + timedelta(days=90))
        calendar.keep_meetings(scope, "c", "h", [], now=MONDAY, until=MONDAY + timedelta(days=90))
    with either.reading() as scope:
        found = {one.key: one for one in calendar.all_meetings(scope, ZONE)}
    assert {key: one.status for key, one in found.items()} == {"1": "confirmed", "2": "cancelled"}
    assert found["2"].start == ahead.start
    assert found["2"].start.tzinfo == ZONE


def test_the_last_doing_the_receipts_and_what_was_answered_are_found_again(either: Store) -> None:
    with either.writing() as scope:
        for number in (1, 2):
            receipt = Receipt(
                key=f"receipt/owner/{number}", at=MONDAY, about="agenda/ana/m1", lines=(("ADD", "x", "y"),)
            )
            mail.keep_receipt(scope, receipt, [["added", "topics", {"id": number}, {}]])
        mail.keep_read(scope, "d", message_id="<a@b>", kind="reply", reason="", about="agenda/ana/m1", now=MONDAY)
    with either.reading() as scope:
        assert [one.key for one in mail.recent_receipts(scope, MONDAY)] == ["receipt/owner/1", "receipt/owner/2"]
        last = mail.last_doing(scope)
        assert last is not None
        assert (last.key, last.lines, last.journal, last.undone) == (
            "receipt/owner/2",
            (("ADD", "x", "y"),),
            (["added", "topics", {"id": 2}, {}],),
            False,
        )
        assert mail.answered_before(scope, "<a@b>", "agenda/ana/m1")
        assert not mail.answered_before(scope, "<a@b>", "agenda/ana/m2")


def test_of_many_events_those_that_changed_are_kept_and_those_that_went_are_forgotten(either: Store) -> None:
    hrefs = [f"{number}.ics" for number in range(1200)]
    with either.writing() as scope:
        calendar.keep_resources(scope, "c", [(href, "1", "text", href == "7.ics") for href in hrefs])
        calendar.keep_resources(scope, "c", [("7.ics", "2", "other", True)])
        calendar.forget_resources(scope, "c", hrefs[8:])
    with either.reading() as scope:
        assert calendar.etags(scope, "c", hrefs) == {href: "2" if href == "7.ics" else "1" for href in hrefs[:8]}
        assert list(calendar.texts(scope, candidates_only=True)) == [("c", "7.ics", "other")]
        assert calendar.count(scope, "c") == 8


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.tuples(st.sampled_from(["one", "two"]), st.text(max_size=20)), max_size=8))
def test_accounts_cant_see_each_other(tmp_path_factory: pytest.TempPathFactory, texts: list[tuple[str, str]]) -> None:
    path = tmp_path_factory.mktemp("store") / "mentorup.db"
    stores = {name: Store.open(f"sqlite:///{path}", account=name) for name in ("one", "two")}
    for number, (name, text) in enumerate(texts):
        stores[name].first_start(MONDAY)
        with stores[name].writing() as scope:
            work.add(scope, Goal(id=0, text=text, created_at=MONDAY))
            work.mark(scope, "k", skipped=True)
            mail.keep_receipt(scope, Receipt(key="r", at=MONDAY, about=text))
            health.trouble(scope, "imap", text, remedy="", passing=True, now=MONDAY)
            ledger.intend(
                scope,
                Due(
                    key=f"k{number}",
                    rule="r",
                    due_at=MONDAY,
                    expires_at=MONDAY,
                    lands="inbox",
                    reason="",
                ),
                message_id=f"<{number}@x>",
                digest="",
                subject=text,
                folder="",
                now=MONDAY,
            )
    for name, opened in stores.items():
        mine = [text for owner, text in texts if owner == name]
        with opened.reading() as scope:
            assert [goal.text for goal in work.items(scope, Goal)] == mine
            assert [entry.subject for entry in ledger.latest(scope).values()] == mine
            assert [trouble.text for trouble in health.all_troubles(scope)] == mine[-1:]
        opened.close()


def _hold(path: str, ready: multiprocessing.synchronize.Event, done: multiprocessing.synchronize.Event) -> None:
    with Store.open(f"sqlite:///{path}").exclusive():
        ready.set()
        done.wait(20)


def test_p01_two_daemons_on_one_store_are_one_too_many(store: Store, tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    ready, done = spawn.Event(), spawn.Event()
    other = spawn.Process(target=_hold, args=(str(tmp_path / "mentorup.db"), ready, done))
    other.start()
    try:
        assert ready.wait(30)
        with pytest.raises(Busy, match="already running"), store.exclusive():
            pass
    finally:
        done.set()
        other.join(20)
    with store.exclusive():
        pass


def test_a_copy_is_whole_while_the_store_is_written_to(store: Store, tmp_path: Path) -> None:
    intend(store)
    with store.writing() as scope:
        work.add(scope, Goal(id=0, text="not yet committed", created_at=MONDAY))
        copy_database(tmp_path / "mentorup.db", tmp_path / "copy.db")
    copied = Store.open(f"sqlite:///{tmp_path / 'copy.db'}")
    with copied.reading() as scope:
        assert list(ledger.latest(scope)) == ["agenda/ana/m1"]
        assert work.items(scope, Goal) == ()
    copied.close()


def contents(world: World) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, but for how far each server has been read and when."""
    with closing(sqlite3.connect(world.state / "mentorup.db")) as connection:
        return {
            table.name: connection.execute(
                f"SELECT {', '.join(c.name if c.name != 'end' else chr(34) + 'end' + chr(34) for c in table.c)} "
                f"FROM {table.name} ORDER BY 1, 2"
            ).fetchall()
            for table in metadata.sorted_tables
            if table.name not in ("servers", "accounts", "folders", "calendars")
        }


def test_another_pass_changes_nothing_in_mailbox_calendar_or_store(world: World) -> None:
    world.meet("first", MONDAY + timedelta(days=1))
    world.write("Slow down.", to="sam@example.org", sender="ana@example.org", subject="Talk #feedback")
    world.tend()
    world.reply(world.notes[0], "ADD K award: this cycle or next?")
    world.tend()

    def everything() -> tuple[object, ...]:
        folders = {name: world.mail.messages(name) for name in ("INBOX", world.drafts_folder)}
        events = world.dav.request("GET", f"{world.dav.calendar_url}first.ics")
        return contents(world), folders, events

    before = everything()
    world.now += timedelta(seconds=30)
    world.restart()
    world.tend()
    assert everything() == before
