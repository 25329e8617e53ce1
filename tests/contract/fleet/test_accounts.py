"""The accounts of a fleet: given, listed, paused, removed; nothing half done, nothing of one in another's hands."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import subprocess
import sys
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mentorup_daemon.errors import Busy, ConfigError
from mentorup_daemon.records import Topic
from mentorup_daemon.service.doors import imap_account
from mentorup_daemon.service.fleet import accounts
from mentorup_daemon.service.fleet.given import account_given
from mentorup_daemon.service.fleet.opening import Fleet, NoAccountError, opened
from mentorup_daemon.service.fleet.places import Anywhere
from mentorup_daemon.service.fleet.ready import ready
from mentorup_daemon.service.fleet.sealing import fresh_key
from mentorup_daemon.service.fleet.settings import load_fleet
from mentorup_daemon.store import originals, work
from mentorup_daemon.store.account import Store, facts
from mentorup_daemon.store.fleet_tables import fleet_metadata
from mentorup_daemon.store.tables import metadata
from tests.servers.fleet import Hosting, config_of

pytestmark = pytest.mark.debian

SAM, KIM = "sam@example.org", "kim@example.org"


def ids(hosting: Hosting) -> list[str]:
    return [one["account"] for one in hosting.told("list")]


def rows(hosting: Hosting) -> dict[str, int]:
    """How many rows each table has, those of the fleet's own key aside."""
    tables = (*metadata.sorted_tables, *fleet_metadata.sorted_tables)
    counted = {
        table.name: hosting.database.ask(f"SELECT count(*) FROM \"{table.name}\" WHERE account <> ''")[0][0]
        for table in tables
        if "account" in table.c
    }
    return {name: count for name, count in counted.items() if count}


def password(fleet: Fleet, account: str) -> str:
    """What the mailbox's door of this account would log in with."""
    return imap_account(fleet.settings(account), fleet.secrets(account)).password()


# add


def test_i8_an_account_is_added_by_the_config_that_a_single_owner_has(hosting: Hosting) -> None:
    before = datetime.now(UTC) - timedelta(minutes=1)
    path = hosting.given("sam", config=config_of("sam", owner={"email": "Sam@Example.org"}))
    added = hosting.told("add", path)
    assert (added["account"], added["email"], added["state"]) == (SAM, SAM, "active")
    assert (added["imap_host"], added["caldav_host"]) == ("imap.example.org", "dav.example.org")
    assert before < datetime.fromisoformat(added["next_look"]) <= datetime.now(UTC) + timedelta(minutes=1)
    assert hosting.told("list") == [added]
    assert SAM in hosting.run("list").output


def test_i8_the_id_can_be_given(hosting: Hosting) -> None:
    assert hosting.told("add", hosting.given("sam"), "--id", "sam-2026")["account"] == "sam-2026"
    assert ids(hosting) == ["sam-2026"]


@pytest.mark.parametrize("name", ["a" * 101, "", "sam\nrivera", "sam rivera", "sam\r", "owner"])
def test_i8_an_id_is_short_and_one_word(hosting: Hosting, name: str) -> None:
    done = hosting.run("add", hosting.given("sam"), "--id", name, code=78)
    assert "--id: an id has" in done.stderr or '--id: the id "owner"' in done.stderr
    assert ids(hosting) == []


def test_i8_an_address_that_is_too_long_for_an_id_asks_for_one(hosting: Hosting) -> None:
    long = f"{'s' * 60}@{'x' * 50}.example.org"
    path = hosting.given("sam", config=config_of("sam", owner={"email": long}))
    assert "--id" in hosting.run("add", path, code=78).stderr
    hosting.run("add", path, "--id", "sam")
    assert ids(hosting) == ["sam"]


def test_i8_adding_an_account_again_names_update_and_changes_nothing(hosting: Hosting) -> None:
    added = hosting.told("add", hosting.given("sam"))
    done = hosting.run("add", hosting.given("sam", imap="another"), code=1)
    assert done.stderr.startswith(f"mentorup: There is an account {SAM} already: `mentorup accounts update ")
    assert hosting.told("list") == [added]
    assert password(hosting.fleet, SAM) == "sam-imap-secret"


def test_i8_an_address_belongs_to_one_account(hosting: Hosting) -> None:
    hosting.run("add", hosting.given("sam"))
    done = hosting.run("add", hosting.given("sam"), "--id", "another", code=1)
    assert f"{SAM} is the address of another account: {SAM}" in done.stderr
    assert ids(hosting) == [SAM]


def test_i8_two_who_add_the_same_account_at_once_add_it_once(hosting: Hosting) -> None:
    path, told = hosting.given("sam"), []
    both = threading.Barrier(4)

    def add() -> None:
        given = account_given(path, Anywhere())
        both.wait()
        try:
            accounts.add(hosting.fleet, given)
            told.append("added")
        except accounts.TakenError as error:
            told.append(str(error).partition(":")[0])

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told.count("added") == 1
    assert ids(hosting) == [SAM]


def test_i8_what_is_the_fleets_to_say_is_no_key_of_an_account(hosting: Hosting) -> None:
    config = config_of("sam", store={"url": "sqlite:////tmp/sam.db"}, templates={"directory": str(hosting.directory)})
    told = hosting.run("add", hosting.given("sam", config=config), code=78).stderr
    assert "2 faults" in told
    assert "store.url = " in told or "store.url: " in told
    assert "the records of a hosted account are in the fleet's database" in told
    assert "hosted accounts have the shipped templates" in told


def test_i8_all_faults_of_a_config_are_told_those_of_its_secrets_too(hosting: Hosting) -> None:
    path = hosting.given("sam")
    (hosting.directory / "sam.imap").unlink()
    (hosting.directory / "sam.caldav").write_text("")
    told = hosting.run("add", path, code=78).stderr
    assert "2 faults" in told
    assert "imap.password (file): " in told
    assert "caldav.password (file): it is empty" in told
    assert ids(hosting) == []


def test_i8_a_password_may_come_from_a_command_of_the_operators(hosting: Hosting) -> None:
    config = config_of("sam", imap={"password": {"command": ["echo", "from a command"]}})
    hosting.run("add", hosting.given("sam", config=config))
    assert password(hosting.fleet, SAM) == "from a command"
    assert "echo" not in str(hosting.fleet.settings(SAM).model_dump())


# import


def test_i8_a_directory_of_configs_is_imported_and_its_first_passes_are_spread(hosting: Hosting) -> None:
    directory = hosting.directory / "mentees"
    for number in range(40):
        hosting.given(f"mentee{number:02}", beneath=directory)
    (directory / "README.md").write_text("not a config")
    done = hosting.told("import", directory)
    assert len(done["imported"]) == 40
    listed = hosting.told("list")
    assert [one["account"] for one in listed] == sorted(done["imported"])
    looks = {one["next_look"] for one in listed}
    assert len(looks) == 40
    first, last = (datetime.fromisoformat(look) for look in (min(looks), max(looks)))
    assert timedelta(seconds=1) < last - first < timedelta(seconds=4)


def test_i8_all_faults_of_all_files_are_told_and_nothing_is_imported(hosting: Hosting) -> None:
    directory = hosting.directory / "mentees"
    hosting.run("add", hosting.given("kim"))
    hosting.given("sam", beneath=directory)
    hosting.given("kim", beneath=directory)
    hosting.given("lee", beneath=directory, config=config_of("lee", owner={"email": SAM}))
    hosting.given("max", beneath=directory, config=config_of("max", owner={"timezone": "Berlin"}, imap={"port": 0}))
    (directory / "broken.toml").write_text("[owner\n")
    (directory / "nora.toml").write_bytes(b"\xff\xfe")
    before = rows(hosting)
    told = hosting.run("import", directory, code=78).stderr
    assert f"There is an account {KIM} already: `mentorup accounts update {directory / 'kim.toml'}`" in told
    assert f"{SAM} is in lee.toml too" in told
    assert 'owner.timezone = "Berlin"' in told
    assert "imap.port = 0" in told
    assert "broken.toml: 1 fault" in told
    assert "nora.toml isn't UTF-8 text" in told
    assert told.rstrip().endswith("Nothing was imported: 5 of 6 files can't be used.")
    assert rows(hosting) == before


def test_i8_an_empty_directory_is_told(hosting: Hosting) -> None:
    empty = hosting.directory / "empty"
    empty.mkdir()
    assert "There is no config in" in hosting.run("import", empty, code=78).stderr
    assert "can't be read" in hosting.run("import", hosting.directory / "nowhere", code=78).stderr


@pytest.mark.parametrize(
    ("section", "where", "said"),
    [
        ("imap", {"password": {"command": ["touch", "ran"]}}, "imap.password.command"),
        ("imap", {"password": {"env": "HOME"}}, "imap.password.env"),
        ("imap", {"password": {"credential": "fleet-keys"}}, "imap.password.credential"),
        ("caldav", {"password": {"keyring": "mentorup"}}, "caldav.password.keyring"),
        ("imap", {"password": {"file": "/etc/hostname"}}, "imap.password.file"),
        ("imap", {"password": {"file": "../keys"}}, "imap.password.file"),
        ("imap", {"password": {"file": "x/../../keys"}}, "imap.password.file"),
        ("imap", {"password": {"file": "~/.netrc"}}, "imap.password"),
        ("imap", {"ca_file": "/etc/hostname"}, "imap.ca_file"),
    ],
)
def test_i8_import_runs_no_command_and_reads_nothing_outside_of_its_directory(
    hosting: Hosting, section: str, where: dict[str, object], said: str
) -> None:
    directory = hosting.directory / "mentees"
    hosting.given("sam", beneath=directory, config=config_of("sam", **{section: where}))
    told = hosting.run("import", directory, code=78).stderr
    assert said in told
    assert hosting.keys[0] not in told
    assert ids(hosting) == []
    assert not Path("ran").exists()


def test_i8_import_follows_no_link_out_of_its_directory(hosting: Hosting) -> None:
    directory = hosting.directory / "mentees"
    hosting.given("sam", beneath=directory)
    hosting.given("kim", beneath=hosting.directory / "others")
    for name, target in {
        "sam.imap": hosting.directory / "keys",
        "kim.toml": hosting.directory / "others/kim.toml",
    }.items():
        (directory / name).unlink(missing_ok=True)
        (directory / name).symlink_to(target)
    (directory / "beside").symlink_to(hosting.directory / "others")
    hosting.given("lee", beneath=directory, config=config_of("lee", imap={"password": {"file": "beside/kim.imap"}}))
    os.mkfifo(directory / "max.imap")
    hosting.given("nora", beneath=directory, config=config_of("nora", imap={"password": {"file": "max.imap"}}))
    told = hosting.run("import", directory, code=78).stderr
    assert told.count("a symbolic link is on the way") == 3
    assert "max.imap is no regular file" in told
    assert "4 of 4 files" in told
    assert ids(hosting) == []


# show, pause, resume


def test_i8_an_account_is_shown_without_its_secrets(hosting: Hosting) -> None:
    hosting.run(
        "add", hosting.given("sam", config={**config_of("sam"), "feeds": [{"url": "https://x.example/hidden"}]})
    )
    shown = hosting.told("show", SAM)
    assert shown["kept"] == {"accounts": 1, "fleet_accounts": 1, "fleet_secrets": 2}
    for output in (hosting.run("show", SAM).output, str(shown)):
        assert "imap.example.org" in output
        assert "hidden" not in output
        assert "sam-imap" not in output


@pytest.mark.parametrize("command", ["show", "pause", "resume", "remove"])
def test_i8_an_account_that_is_not_there_is_told(hosting: Hosting, command: str) -> None:
    arguments = ["--yes"] if command == "remove" else []
    done = hosting.run(command, "nobody", *arguments, code=1)
    assert done.stderr == "mentorup: There is no account 'nobody'; `mentorup accounts list` shows them.\n"


def test_i8_a_paused_account_is_resumed_with_a_pass_due_at_once(hosting: Hosting) -> None:
    hosting.run("add", hosting.given("sam"))
    assert hosting.told("pause", SAM)["state"] == "paused"
    assert "is paused already" in hosting.run("pause", SAM).output
    hosting.database.ask("UPDATE fleet_accounts SET next_look = now() + interval '1 day'")
    resumed = hosting.told("resume", SAM)
    assert resumed["state"] == "active"
    assert datetime.fromisoformat(resumed["next_look"]) < datetime.now(UTC) + timedelta(minutes=1)
    assert "is active already" in hosting.run("resume", SAM).output


# update


def test_i8_an_update_brings_a_new_config_and_new_secrets_and_keeps_the_records(hosting: Hosting) -> None:
    hosting.run("add", hosting.given("sam"))
    account, _ = opened(hosting.fleet, SAM)
    with account.store.writing() as scope:
        work.add(scope, Topic(id=0, text="K award", mentor="ana", created_at=datetime.now(UTC)))
    hosting.database.ask("UPDATE fleet_accounts SET next_look = now() + interval '1 day', failure = 'refused'")
    changed = hosting.told(
        "update", hosting.given("sam", config=config_of("sam", imap={"host": "mail.example.org"}), imap="renewed")
    )
    assert (changed["imap_host"], changed["failure"]) == ("mail.example.org", "")
    assert datetime.fromisoformat(changed["next_look"]) < datetime.now(UTC) + timedelta(minutes=1)
    account, settings = opened(hosting.fleet, SAM)
    assert settings.imap.host == "mail.example.org"
    assert password(hosting.fleet, SAM) == "renewed"
    with account.store.reading() as scope:
        assert [topic.text for topic in work.items(scope, Topic)] == ["K award"]


def test_i8_an_update_of_an_account_that_is_not_there_is_told(hosting: Hosting) -> None:
    assert "There is no account" in hosting.run("update", hosting.given("sam"), code=1).stderr


def test_i8_an_update_can_give_another_address_but_not_somebody_elses(hosting: Hosting) -> None:
    hosting.run("add", hosting.given("sam"))
    hosting.run("add", hosting.given("kim"))
    moved = hosting.given("sam", config=config_of("sam", owner={"email": "sam@example.net"}))
    assert hosting.told("update", moved, "--id", SAM)["email"] == "sam@example.net"
    done = hosting.run("update", hosting.given("kim"), "--id", SAM, code=1)
    assert f"{KIM} is the address of another account: {KIM}" in done.stderr


# remove


def lived_in(hosting: Hosting, account: str) -> Store:
    """The account with a row in each of several tables, an original among them."""
    store = Store(hosting.fleet.engine, account=account)
    with store.writing() as scope:
        work.add(scope, Topic(id=0, text="K award", mentor="ana", created_at=datetime.now(UTC)))
    originals.keep(store, "a.eml", b"Subject: feedback\r\n\r\nslower\r\n")
    return store


def test_i8_removing_an_account_leaves_no_row_of_it_and_tells_each(hosting: Hosting) -> None:
    for name in ("sam", "kim"):
        hosting.run("add", hosting.given(name))
        lived_in(hosting, f"{name}@example.org")
    of_one = {name: count // 2 for name, count in rows(hosting).items()}
    removed = hosting.told("remove", SAM, "--yes")
    assert {name: count for name, count in removed["removed"].items() if count} == of_one
    assert of_one == {
        "accounts": 1,
        "fleet_accounts": 1,
        "fleet_secrets": 2,
        "originals": 1,
        "topics": 1,
    }
    assert rows(hosting) == of_one
    assert ids(hosting) == [KIM]
    with pytest.raises(NoAccountError):
        opened(hosting.fleet, SAM)


def test_i8_removing_takes_the_account_out_of_the_queue(hosting: Hosting) -> None:
    ready(load_fleet(hosting.path), connections=2).close()
    for name in ("sam", "kim"):
        hosting.run("add", hosting.given(name))
    queued = "INSERT INTO pgqueuer (priority, status, entrypoint, dedupe_key, payload) VALUES (0, 'queued', 'tend', "
    for account in (SAM, KIM):
        hosting.database.ask(f"{queued} '{account}', '{account}')")
    assert hosting.told("remove", SAM, "--yes")["removed"]["pgqueuer"] == 1
    assert hosting.database.ask("SELECT dedupe_key FROM pgqueuer") == [(KIM,)]


def test_i8_removing_asks_first(hosting: Hosting) -> None:
    from typer.testing import CliRunner

    from mentorup_daemon.cli import app

    hosting.run("add", hosting.given("sam"))
    command = ["accounts", "remove", SAM, "--fleet", str(hosting.path)]
    done = CliRunner().invoke(app, command, input="n\n")
    assert done.exit_code == 1
    assert "2  secrets" in done.output
    assert ids(hosting) == [SAM]
    assert "Removed of" in CliRunner().invoke(app, command, input="y\n").output
    assert ids(hosting) == []
    assert "--yes" in hosting.run("remove", SAM, "--json", code=1).stderr


def test_i8_removing_waits_for_the_pass_that_is_under_way(hosting: Hosting) -> None:
    hosting.run("add", hosting.given("sam"))
    store = Store(hosting.fleet.engine, account=SAM)
    done: list[dict[str, int]] = []
    with store.exclusive():
        waiting = threading.Thread(target=lambda: done.append(accounts.remove(hosting.fleet, SAM)))
        waiting.start()
        waiting.join(1.0)
        with store.writing() as scope:
            work.add(scope, Topic(id=0, text="written by the pass", mentor="ana", created_at=datetime.now(UTC)))
        assert done == []
        assert ids(hosting) == [SAM]
    waiting.join()
    assert done[0]["topics"] == 1
    assert rows(hosting) == {}


def test_i8_removing_says_so_when_the_pass_does_not_end(hosting: Hosting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "_WAIT", 0.5)
    hosting.run("add", hosting.given("sam"))
    with Store(hosting.fleet.engine, account=SAM).exclusive():
        done = hosting.run("remove", SAM, "--yes", code=75)
    assert f"`mentorup accounts pause {SAM}`" in done.stderr
    assert ids(hosting) == [SAM]


def test_i8_who_is_removed_and_added_again_has_the_same_message_ids(hosting: Hosting) -> None:
    def identity() -> bytes:
        with Store(hosting.fleet.engine, account=SAM).reading() as scope:
            found = facts(scope)
        assert found is not None
        return found.secret

    hosting.run("add", hosting.given("sam"))
    before = identity()
    hosting.run("remove", SAM, "--yes")
    hosting.run("add", hosting.given("kim"))
    hosting.run("add", hosting.given("sam"))
    assert identity() == before
    with Store(hosting.fleet.engine, account=KIM).reading() as scope:
        other = facts(scope)
    assert other is not None
    assert other.secret != before


# keys


def test_i8_a_key_is_replaced_without_a_moment_at_which_anything_cannot_be_opened(hosting: Hosting) -> None:
    directory = hosting.directory / "mentees"
    for number in range(5):
        hosting.given(f"mentee{number}", beneath=directory)
    hosting.run("import", directory)
    old, new = hosting.keys[0], hosting.run("key").stdout.strip()
    hosting.use_keys(new, old)
    assert hosting.told("reseal") == {"resealed": 5 * 3 + 1}
    hosting.use_keys(new)
    with closing(hosting.opened()) as fleet:
        assert password(fleet, "mentee3@example.org") == "mentee3-imap-secret"
    hosting.use_keys(old)
    with (
        closing(hosting.opened()) as fleet,
        pytest.raises(ConfigError, match=r"The account mentee3@example\.org: its config can't be opened"),
    ):
        fleet.settings("mentee3@example.org")


def test_i8_resealing_changes_nothing_when_one_secret_cannot_be_opened(hosting: Hosting) -> None:
    hosting.run("add", hosting.given("kim"))
    first = hosting.keys[0]
    hosting.use_keys(fresh_key(), first)
    hosting.run("add", hosting.given("sam"))
    before = hosting.database.ask("SELECT account, name, sealed FROM fleet_secrets ORDER BY account, name")
    hosting.use_keys(fresh_key(), first)
    assert f"The account {SAM}: its " in hosting.run("reseal", code=78).stderr
    assert hosting.database.ask("SELECT account, name, sealed FROM fleet_secrets ORDER BY account, name") == before


# isolation


def test_i8_a_secret_that_is_copied_to_another_account_does_not_open_there(hosting: Hosting) -> None:
    hosting.run("add", hosting.given("sam"))
    hosting.run("add", hosting.given("kim"))
    hosting.database.ask(
        "UPDATE fleet_secrets SET sealed = (SELECT sealed FROM fleet_secrets WHERE account = 'sam@example.org' "
        "AND name = 'imap.password') WHERE account = 'kim@example.org' AND name = 'imap.password'"
    )
    with pytest.raises(ConfigError, match=r"The account kim@example\.org: its imap\.password"):
        password(hosting.fleet, KIM)


def test_i8_a_config_that_names_another_accounts_sealed_secret_gets_its_own(hosting: Hosting) -> None:
    hosting.run("add", hosting.given("sam"))
    config = config_of("kim", imap={"username": "sam", "password": {"file": "kim.imap"}})
    hosting.run("add", hosting.given("kim", config=config))
    assert password(hosting.fleet, KIM) == "kim-imap-secret"


def test_i8_keys_that_are_missing_end_every_command_with_what_to_do(hosting: Hosting) -> None:
    (hosting.directory / "keys").unlink()
    assert "seal.keys (file): " in hosting.run("list", code=78).stderr


def test_i8_an_import_shows_how_far_it_is_on_a_terminal_alone(hosting: Hosting) -> None:
    directory = hosting.directory / "mentees"
    for number in range(3):
        hosting.given(f"mentee{number}", beneath=directory)
    command = [
        sys.executable,
        "-m",
        "mentorup_daemon",
        "accounts",
        "import",
        str(directory),
        "--fleet",
        str(hosting.path),
    ]
    terminal, its_end = pty.openpty()
    environ = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    done = subprocess.run(
        [*command, "--json"], stdout=subprocess.PIPE, stderr=its_end, env=environ, timeout=60, check=True
    )
    os.close(its_end)
    shown = b""
    with contextlib.suppress(OSError):  # its other end is closed (EIO)
        while piece := os.read(terminal, 65536):
            shown += piece
    os.close(terminal)
    assert b"Importing" in shown
    assert b"100%" in shown
    assert len(json.loads(done.stdout)["imported"]) == 3
    for number in range(3):
        hosting.run("remove", f"mentee{number}@example.org", "--yes")
    quiet = subprocess.run(command, capture_output=True, timeout=60, check=True)
    assert quiet.stderr == b""
    assert quiet.stdout == b"3 accounts are hosted; their first passes come within the next minutes.\n"


def test_i8_an_import_that_loses_the_database_half_way_has_imported_nothing(hosting: Hosting) -> None:
    directory = hosting.directory / "mentees"
    for number in range(3):
        hosting.given(f"mentee{number}", beneath=directory)
    cut: list[int] = []

    def progress(done: int, of: int) -> None:
        if done == of:  # all of them are written, nothing is committed
            cut.append(hosting.database.cut_all())

    with pytest.raises(Busy):
        accounts.import_all(hosting.fleet, directory, progress)
    assert cut
    assert cut[0] > 0
    assert rows(hosting) == {}
    assert len(accounts.import_all(hosting.fleet, directory)) == 3


def test_i8_with_keys_of_another_database_nothing_is_added(hosting: Hosting) -> None:
    hosting.run("add", hosting.given("sam"))
    hosting.use_keys(fresh_key())
    done = hosting.run("add", hosting.given("kim"), code=78)
    assert done.stderr.startswith("mentorup: The fleet's own key can't be opened with any of the keys in seal.keys")
    assert ids(hosting) == [SAM]


def test_i8_after_the_loss_of_every_key_an_account_is_given_anew(hosting: Hosting) -> None:
    hosting.run("add", hosting.given("sam"))
    hosting.use_keys(fresh_key())
    with closing(hosting.opened()) as fleet:
        with pytest.raises(ConfigError, match=f"mentorup accounts update FILE --id {SAM}"):
            fleet.settings(SAM)
        hosting.run("update", hosting.given("sam"), "--id", SAM)
        assert password(fleet, SAM) == "sam-imap-secret"
