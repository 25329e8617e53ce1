"""The store on PostgreSQL: what a session is bounded by, what holds an account, and what is said when things fail."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import InvalidRequestError

from mentorup_daemon.errors import Busy, ConfigError, Malformed, StoreError
from mentorup_daemon.records import Goal
from mentorup_daemon.store import mail, originals, work
from mentorup_daemon.store.account import Store
from mentorup_daemon.store.engine import open_engine, standing
from mentorup_daemon.store.tables import metadata
from tests.servers.postgres import Postgres
from tests.servers.process import until

pytestmark = pytest.mark.debian
NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)


@pytest.fixture
def store(postgres_store: Postgres) -> Iterator[Store]:
    with closing(Store.open(postgres_store.url.replace("+psycopg", ""))) as opened:  # as people write it
        opened.first_start(NOW)
        yield opened


def add(store: Store, words: str) -> None:
    with store.writing() as scope:
        work.add(scope, Goal(id=0, text=words, created_at=NOW))


def goals(store: Store) -> list[str]:
    with store.reading() as scope:
        return [goal.text for goal in work.items(scope, Goal)]


def setting(store: Store, name: str, *, reading: bool = True) -> str:
    with store.reading() if reading else store.writing() as scope:
        return str(scope.connection.execute(text("SELECT current_setting(:name)"), {"name": name}).scalar_one())


def test_i8_no_session_waits_for_ever_and_each_tells_time_in_utc(store: Store) -> None:
    assert setting(store, "synchronous_commit") == "on"  # the cluster's own is off
    limits = {"statement_timeout": "30s", "lock_timeout": "10s", "idle_in_transaction_session_timeout": "30s"}
    assert {name: setting(store, name) for name in limits} == limits
    assert setting(store, "TimeZone") == "UTC"
    with store.reading() as scope:
        parameters = scope.connection.connection.dbapi_connection.info.get_parameters()  # type: ignore[union-attr]
    assert {"connect_timeout", "keepalives_idle", "tcp_user_timeout"} <= parameters.keys()


def test_i8_what_the_url_says_of_a_session_goes_before_ours(postgres_store: Postgres) -> None:
    url = f"{postgres_store.url}?application_name=tests&options=-c%20lock_timeout%3D3s"
    with closing(Store.open(url)) as store:
        assert (setting(store, "application_name"), setting(store, "lock_timeout")) == ("tests", "3s")
        assert setting(store, "statement_timeout") == "30s"


def test_i8_reading_is_one_snapshot_and_writes_nothing_and_writing_sees_what_the_last_writer_did(store: Store) -> None:
    assert setting(store, "transaction_isolation") == "repeatable read"
    assert setting(store, "transaction_isolation", reading=False) == "read committed"
    with store.reading() as scope:
        before = work.items(scope, Goal)
        add(store, "while it reads")
        assert work.items(scope, Goal) == before
    with pytest.raises(Busy, match="takes no writes"), store.reading() as scope:
        work.add(scope, Goal(id=0, text="x", created_at=NOW))
    assert goals(store) == ["while it reads"]


def test_i8_writers_of_one_account_take_turns(store: Store, postgres_store: Postgres) -> None:
    with ThreadPoolExecutor(4) as pool:  # what each has read is still so when it writes

        def once_more(_number: int) -> None:
            with store.writing() as scope:
                known = len(work.items(scope, Goal))
                work.add(scope, Goal(id=0, text=str(known), created_at=NOW))

        list(pool.map(once_more, range(20)))
    assert goals(store) == [str(number) for number in range(20)]
    with closing(Store.open(postgres_store.url, account="other")) as other, store.writing():
        other.first_start(NOW)
        add(other, "no need to wait")
        assert goals(other) == ["no need to wait"]


def test_p01_an_account_is_held_by_one(store: Store, postgres_store: Postgres) -> None:
    with closing(Store.open(postgres_store.url)) as second, store.exclusive():
        with pytest.raises(Busy, match="already running"), second.exclusive():
            pass
        add(second, "a command may write all the same")
        assert goals(store) == ["a command may write all the same"]
        with closing(Store.open(postgres_store.url, account="other")) as other, other.exclusive():
            other.pulse()
    with closing(Store.open(postgres_store.url)) as second, second.exclusive():
        assert goals(second) == ["a command may write all the same"]
    assert setting(store, "idle_session_timeout") == "0"
    assert postgres_store.ask("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == [(0,)]


def test_p01_whoever_loses_the_session_that_held_the_account_can_write_nothing_more(
    store: Store, postgres_store: Postgres
) -> None:
    with store.exclusive():
        add(store, "held")
        assert setting(store, "idle_session_timeout") == "20s"
        postgres_store.cut_all()
        with closing(Store.open(postgres_store.url)) as second, second.exclusive():
            add(second, "taken over")
            for _ in range(2):
                with pytest.raises(Busy, match=r"lost|reached"):
                    add(store, "too late")
                with pytest.raises(Busy, match="lost"):
                    store.pulse()
                with pytest.raises(Busy, match="lost"):
                    goals(store)
    assert goals(store) == ["held", "taken over"]
    with store.exclusive():
        add(store, "mine again")


def test_p01_what_was_lost_is_held_again_once_nobody_else_holds_it(store: Store, postgres_store: Postgres) -> None:
    with store.exclusive():
        store.regain()  # nothing is lost
        postgres_store.cut_all()
        with closing(Store.open(postgres_store.url)) as second, second.exclusive():
            with pytest.raises(Busy):
                store.pulse()
            with pytest.raises(Busy, match="already running"):
                store.regain()
            with pytest.raises(Busy, match="lost"):
                add(store, "too late")
        store.regain()
        add(store, "mine again")
        assert postgres_store.ask("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == [(1,)]
    assert goals(store) == ["mine again"]
    assert postgres_store.ask("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == [(0,)]


def test_p01_a_process_that_stands_still_loses_the_account_and_its_next_write_fails(
    store: Store, postgres_store: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mentorup_daemon.store.postgres._HELD_FOR", "1s")
    with store.exclusive():
        monkeypatch.undo()
        until(lambda: postgres_store.ask(_HOLDERS) == [])
        with closing(Store.open(postgres_store.url)) as second, second.exclusive():
            with pytest.raises(Busy):
                add(store, "too late")
            add(second, "taken over")
    assert goals(store) == ["taken over"]


def test_p01_a_pulse_shows_the_server_that_the_holder_is_alive(store: Store, postgres_store: Postgres) -> None:
    with store.exclusive():
        [(first, _)] = postgres_store.ask(_HOLDERS)
        store.pulse()
        [(second, state)] = postgres_store.ask(_HOLDERS)
    assert second > first
    assert state == "idle"


_HOLDERS = (
    "SELECT state_change, state FROM pg_stat_activity WHERE datname = current_database() AND pid IN "
    "(SELECT pid FROM pg_locks WHERE locktype = 'advisory')"
)


def test_a_pulse_while_a_transaction_is_under_way_leaves_it_alone(store: Store) -> None:
    with store.exclusive():
        with store.writing() as scope:
            work.add(scope, Goal(id=0, text="whole", created_at=NOW))
            thread = threading.Thread(target=store.pulse)
            thread.start()
            thread.join(10)
            assert not thread.is_alive()
            store.pulse()
        assert goals(store) == ["whole"]
        with store.writing(), pytest.raises(InvalidRequestError), store.reading():
            pass  # told at once, where it would wait for itself


def test_a_pulse_at_the_very_end_of_a_hold_costs_neither_the_pass_nor_the_connection(
    store: Store, postgres_store: Postgres
) -> None:
    over = threading.Event()

    def beat() -> int:
        beats = 0
        while not over.is_set():
            store.pulse()
            beats += 1
        return beats

    process = "SELECT pg_backend_pid()"
    with ThreadPoolExecutor(1) as pool:
        beating = pool.submit(beat)
        found = set()
        for _ in range(100):
            with store.exclusive(), store.reading() as scope:
                found.add(scope.connection.exec_driver_sql(process).scalar_one())
        over.set()
        assert beating.result(30) > 0
    assert len(found) == 1


def test_stores_share_an_engine_and_none_of_them_ends_it_for_the_others(postgres_store: Postgres) -> None:
    engine = open_engine(postgres_store.url, connections=2)
    one, two = Store(engine, account="one"), Store(engine, account="two")
    one.first_start(NOW)
    with two.exclusive():
        two.first_start(NOW)
        one.close()
        add(two, "kept")
        assert goals(two) == ["kept"]
    engine.pool._timeout = 0.1  # type: ignore[attr-defined]  # 30 seconds else
    with two.exclusive(), one.exclusive(), pytest.raises(Busy, match="in use"):
        Store(engine, account="three").first_start(NOW)
    engine.dispose()


def test_i8_connections_that_were_lost_between_two_transactions_are_replaced_unseen(
    store: Store, postgres_store: Postgres
) -> None:
    add(store, "before")
    postgres_store.cut_all()
    add(store, "after")
    assert goals(store) == ["before", "after"]


def test_i8_a_transaction_that_loses_its_connection_is_undone_and_said_to_be_tried_again(
    store: Store, postgres_store: Postgres
) -> None:
    def breaks() -> None:
        with store.writing() as scope:
            work.add(scope, Goal(id=0, text="x", created_at=NOW))
            postgres_store.cut_all()
            work.add(scope, Goal(id=0, text="y", created_at=NOW))

    with pytest.raises(Busy, match="tried again"):
        breaks()
    assert goals(store) == []


def test_a_server_that_is_away_is_waited_for(store: Store, postgres_store: Postgres) -> None:
    add(store, "before")
    postgres_store.cluster.stop()
    try:
        with pytest.raises(Busy, match="can't be reached"):
            add(store, "meanwhile")
        with pytest.raises(Busy, match="can't be reached"):
            Store.open(postgres_store.url)
    finally:
        postgres_store.cluster.start()
    add(store, "after")
    assert goals(store) == ["before", "after"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"username": "nobody"}, 'role "nobody" does not exist'),
        ({"database": "nowhere"}, 'database "nowhere" does not exist'),
        ({"drivername": "postgresql+psycopg2"}, "psycopg"),
        ({"query": {"no_such_option": "1"}}, "no_such_option"),
    ],
)
def test_what_the_owner_has_to_mend_is_said_without_the_password(
    postgres_store: Postgres, change: dict[str, str], words: str
) -> None:
    url = make_url(postgres_store.url).set(password="hunter2", **change)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=words) as told:
        open_engine(url)
    assert "hunter2" not in str(told.value)


def test_i8_over_a_network_tls_is_a_must_unless_the_url_says_otherwise(postgres_store: Postgres) -> None:
    far = make_url(postgres_store.url).set(host="db.example.org")
    with pytest.raises(ConfigError, match="SSL"):
        open_engine(far.update_query_dict({"hostaddr": "127.0.0.1"}))
    open_engine(far.update_query_dict({"hostaddr": "127.0.0.1", "sslmode": "disable"})).dispose()
    here = {"host": str(postgres_store.cluster.directory), "port": str(postgres_store.cluster.port)}
    open_engine(make_url(postgres_store.url).set(host=None, port=None).update_query_dict(here)).dispose()


def test_a_url_that_is_none_is_refused_without_being_shown() -> None:
    for url in ("postgresql://sam:hunter2@db:hunter2/x", "hunter2"):
        with pytest.raises(ConfigError, match=r"store\.url") as told:
            open_engine(url)
        assert "hunter2" not in str(told.value)


def test_a_user_who_may_not_make_tables_is_told_so_and_the_owner_needs_no_more_than_that(postgres: Postgres) -> None:
    guest = f"guest_{postgres.name}"
    postgres.ask(f"CREATE ROLE {guest} LOGIN")
    url = make_url(postgres.url).set(username=guest)
    try:
        with pytest.raises(StoreError, match=r"permission denied for schema public.*has to own"):
            open_engine(url)
        postgres.ask(f"ALTER DATABASE {postgres.name} OWNER TO {guest}")
        engine = open_engine(url)
        owned = Store(engine)
        owned.first_start(NOW)
        with owned.exclusive():
            add(owned, "no superuser")
        assert goals(owned) == ["no superuser"]
        engine.dispose()
    finally:
        postgres.ask(f"REASSIGN OWNED BY {guest} TO CURRENT_USER")
        postgres.ask(f"DROP ROLE {guest}")


def test_a_schema_from_the_future_is_refused_and_left_alone(postgres_store: Postgres) -> None:
    postgres_store.ask("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer version of MentorUp"):
        Store.open(postgres_store.url)
    assert postgres_store.ask("SELECT version_num FROM alembic_version") == [("9999",)]


def test_what_is_too_long_for_the_database_is_a_fault_of_that_one_thing(store: Store) -> None:
    with pytest.raises(Malformed, match="too long"), store.writing() as scope:
        mail.keep_quarantined(scope, "x" * 5000, "mail", "because", NOW)
    add(store, "all else goes on")


@pytest.mark.parametrize(
    ("state", "family", "words"),
    [
        ("53100", Busy, "make room"),
        ("53300", Busy, "at its limits"),
        ("57P03", Busy, "can't be reached"),
        ("40P01", Busy, "tried again"),
        ("22001", Malformed, "can't keep it"),
        ("42501", StoreError, "has to own"),
        ("XX001", StoreError, "backup"),
    ],
)
def test_p04_what_the_server_complains_of_is_said_in_words(
    store: Store, state: str, family: type[Exception], words: str
) -> None:
    with pytest.raises(family, match=f"the reason.*{words}|{words}.*the reason") as told, store.writing() as scope:
        scope.connection.exec_driver_sql(
            f"DO $$ BEGIN RAISE EXCEPTION 'the reason' USING ERRCODE = '{state}', DETAIL = 'private words'; END $$"
        )
    assert "private words" not in str(told.value)
    add(store, "goes on")


def test_i8_what_waits_for_too_long_is_given_up_and_tried_again(store: Store, postgres_store: Postgres) -> None:
    impatient = Store.open(f"{postgres_store.url}?options=-c%20lock_timeout%3D200ms")
    with closing(impatient), store.writing(), pytest.raises(Busy, match="locked by another process"):
        add(impatient, "it is not my turn")
    with pytest.raises(Busy, match="too slow"), store.reading() as scope:
        scope.connection.exec_driver_sql("SET LOCAL statement_timeout = '100ms'; SELECT pg_sleep(60)")
    assert goals(store) == []


def test_nul_becomes_a_replacement_character_and_is_found_again(store: Store) -> None:
    with store.writing() as scope:
        work.add(scope, Goal(id=0, text="a\0b", created_at=NOW))
        mail.keep_read(scope, "d", message_id="<a\0@b>", kind="reply", reason="", about="k\0", now=NOW)
        assert mail.answered_before(scope, "<a\0@b>", "k\0")
    assert goals(store) == ["a\ufffdb"]


def test_numbers_of_imap_are_kept_whole(store: Store) -> None:
    with store.writing() as scope:
        mail.keep_folder_position(scope, "INBOX", 2**32 - 1, 2**32 - 1, 2**63 - 1)
        assert mail.folder_positions(scope)["INBOX"] == (2**32 - 1, 2**32 - 1, 2**63 - 1)


def test_originals_lie_in_the_database_each_accounts_own(store: Store, postgres_store: Postgres) -> None:
    raw = b"From: ana@example.org\r\n\r\n\0\xff\r\n"
    with closing(Store.open(postgres_store.url, account="other")) as other:
        originals.keep(store, "a.eml", raw)
        originals.keep(store, "a.eml", raw)
        assert (originals.read(store, "a.eml"), originals.count(store)) == (raw, 1)
        assert (originals.read(other, "a.eml"), originals.count(other)) == (None, 0)
        originals.remove(other, ["a.eml"])
        assert originals.count(store) == 1
        originals.remove(store, ["a.eml"])
        assert originals.read(store, "a.eml") is None


def test_how_a_database_stands_is_told_and_nothing_is_made_in_it(postgres: Postgres) -> None:
    assert standing(postgres.url).endswith("its tables will be made")
    assert postgres.ask("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]
    open_engine(postgres.url).dispose()
    assert standing(postgres.url).startswith(f"{postgres.name} on 127.0.0.1, PostgreSQL ")
    assert standing(postgres.url).endswith("its tables are up to date")


def test_i8_processes_that_start_at_once_migrate_once(postgres: Postgres) -> None:
    with ThreadPoolExecutor(4) as pool:
        for engine in pool.map(lambda _number: open_engine(postgres.url), range(4)):
            engine.dispose()
    engine = create_engine(postgres.url)
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection, opts={"include_name": _ours}), metadata)
    engine.dispose()
    assert found == []


def _ours(name: str | None, kind: str, _parents: object) -> bool:
    """The tables of `metadata`; those of a fleet have their own test."""
    return kind != "table" or name in metadata.tables
