"""What fleet.toml may say, where it is looked for, and how its faults are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from mentorup_daemon.errors import ConfigError
from mentorup_daemon.service.fleet.settings import FleetSettings, find_fleet, load_fleet

KEYS = "first-key\n\n  second-key  \n"


def written(directory: Path, text: str) -> Path:
    path = directory / "fleet.toml"
    path.write_text(text, encoding="utf-8")
    (directory / "keys").write_text(KEYS, encoding="utf-8")
    (directory / "password").write_text("of the database\n", encoding="utf-8")
    return path


def loaded(directory: Path, text: str) -> FleetSettings:
    return load_fleet(written(directory, text))


def faults(directory: Path, text: str) -> list[str]:
    path = written(directory, text)
    with pytest.raises(ConfigError) as caught:
        load_fleet(path)
    return [line.strip() for line in str(caught.value).splitlines()[1:]]


LEAST = """
[store]
url = "postgresql://mentorup@db.example.org/mentorup"
[seal]
keys = { file = "keys" }
"""


def test_i8_the_least_fleet_toml_names_the_database_and_the_keys(tmp_path: Path) -> None:
    settings = loaded(tmp_path, LEAST)
    assert settings.store.address().render_as_string() == "postgresql+psycopg://mentorup@db.example.org/mentorup"
    assert settings.seal.read() == ("first-key", "second-key")
    assert (settings.work.passes_at_once, settings.work.share) == (8, 0.5)
    assert (settings.listen.connections, settings.listen.polled_hosts) == (5000, ())


def test_i8_the_password_of_the_database_comes_from_where_fleet_toml_says(tmp_path: Path) -> None:
    settings = loaded(tmp_path, LEAST.replace("[seal]", 'password = { file = "password" }\n[seal]'))
    assert settings.store.address().password == "of the database"
    assert "of the database" not in repr(settings)


def test_i8_a_database_that_is_reached_by_a_socket_needs_no_host(tmp_path: Path) -> None:
    url = "postgresql+psycopg://mentorup@/mentorup?host=/run/postgresql"
    settings = loaded(tmp_path, LEAST.replace("postgresql://mentorup@db.example.org/mentorup", url))
    assert settings.store.address().query == {"host": "/run/postgresql"}


def test_i8_all_faults_of_fleet_toml_are_told_at_once(tmp_path: Path) -> None:
    found = faults(
        tmp_path,
        """
        [store]
        url = "sqlite:///fleet.db"
        [seal]
        key = "gAAA-a-key-typed-here"
        [work]
        passes_at_once = 0
        share = "half"
        [listen]
        polled_hosts = ["a/"]
        """,
    )
    assert found == [
        'store.url = "...": expected a database URL like "postgresql://mentorup@db.example.org/mentorup"',
        "seal.key = (not shown): unknown key; did you mean seal.keys?",
        "work.passes_at_once = 0: expected a number from 1 to 200",
        'work.share = "half": expected a number, without quotes',
        'listen.polled_hosts[1] = "a/": expected a server\'s name alone, like imap.example.org (no https://, no :port)',
    ]


def test_i8_a_password_of_the_database_in_two_places_is_a_fault(tmp_path: Path) -> None:
    found = faults(
        tmp_path,
        LEAST.replace("mentorup@db", "mentorup:hidden@db").replace("[seal]", 'password = { env = "X" }\n[seal]'),
    )
    assert found == ["store.password: expected no password here: store.url holds one already"]


def test_i8_no_fault_shows_the_password_of_the_database(tmp_path: Path) -> None:
    assert "hidden" not in "".join(
        faults(tmp_path, LEAST.replace("postgresql://mentorup@", "mysql://mentorup:hidden@"))
    )


def test_i8_keys_that_are_not_there_are_told_with_their_place(tmp_path: Path) -> None:
    settings = loaded(tmp_path, LEAST)
    (tmp_path / "keys").write_text("\n \n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"seal\.keys \(file\): it is empty"):
        settings.seal.read()


def test_i8_fleet_toml_is_looked_for_where_it_is_named(tmp_path: Path) -> None:
    assert find_fleet(tmp_path / "mine.toml", {"MENTORUP_FLEET": "/srv/fleet.toml"}) == tmp_path / "mine.toml"
    assert find_fleet(None, {"MENTORUP_FLEET": "/srv/fleet.toml"}) == Path("/srv/fleet.toml")
    assert find_fleet(None, {}) == Path("/etc/mentorup/fleet.toml")


def test_i8_a_missing_fleet_toml_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"There is no config at .*fleet\.toml: write one as the README"):
        load_fleet(tmp_path / "fleet.toml")
