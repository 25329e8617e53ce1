"""`mentorup init` writes a config that `mentorup check` accepts, on real servers; both say in words what is wrong."""

from __future__ import annotations

import json
import os
import stat
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from typer.testing import CliRunner

from mentorup_daemon.cli import app
from mentorup_daemon.cli.init import write_config
from mentorup_daemon.cli.questions import mentor_table, system_timezone
from mentorup_daemon.config import load
from mentorup_daemon.errors import ConfigError
from tests.servers.caldav import CalDavServer
from tests.servers.imap import Mailserver
from tests.servers.world import PAIRS

SECRET = "hunter2-Zq9"


@dataclass(slots=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def findings(self) -> dict[str, list[tuple[str, str]]]:
        """What `check --json` said, by name: state and message."""
        found: dict[str, list[tuple[str, str]]] = {}
        for one in json.loads(self.out):
            found.setdefault(one["name"], []).append((one["state"], one["message"]))
        return found


@dataclass(slots=True)
class Home:
    """A home directory of its own, with the command line in it."""

    path: Path
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        return self.path / ".config" / "mentorup" / "config.toml"

    def run(self, *arguments: str, typed: str = "") -> Ended:
        result = CliRunner().invoke(app, list(arguments), input=typed or None)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ended(result.exit_code, result.stdout, result.stderr)

    def write(self, table: dict[str, Any]) -> None:
        self.config.parent.mkdir(parents=True, exist_ok=True)
        self.config.write_text(tomli_w.dumps(table), "utf-8")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logging_as_before: None) -> Home:
    for variable in (
        "MENTORUP_CONFIG",
        "XDG_CONFIG_HOME",
        "XDG_STATE_HOME",
        "STATE_DIRECTORY",
        "CREDENTIALS_DIRECTORY",
    ):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MAIL_PASSWORD", "secret")
    monkeypatch.setenv("WRONG_PASSWORD", SECRET)
    monkeypatch.setenv("TERM", "dumb")
    return Home(tmp_path)


def flags(imap: Mailserver, caldav: CalDavServer) -> list[str]:
    """Everything that init needs to know, by flags."""
    return [
        *("--name", "Sam Rivera", "--email", "sam@example.org", "--timezone", "America/Los_Angeles"),
        *("--imap-host", imap.host, "--imap-port", str(imap.port), "--imap-security", imap.security),
        *("--imap-username", imap.username, "--imap-password-env", "MAIL_PASSWORD"),
        *("--caldav-url", caldav.url, "--caldav-username", caldav.username, "--caldav-password-env", "MAIL_PASSWORD"),
        *("--mentor", "id=ana,name=Ana Ortiz,email=ana@example.org"),
    ]


def table(imap: Mailserver, caldav: CalDavServer, /, **changes: dict[str, Any]) -> dict[str, Any]:
    """A config for these servers; `changes` are merged into its sections."""
    password = {"env": "MAIL_PASSWORD"}
    given: dict[str, Any] = {
        "owner": {"name": "Sam Rivera", "email": "sam@example.org", "timezone": "America/Los_Angeles"},
        "imap": {
            "host": imap.host,
            "port": imap.port,
            "security": imap.security,
            "username": imap.username,
            "ca_file": imap.ca_file,
            "password": password,
            "timeout": "10s",
        },
        "caldav": {"url": caldav.url, "username": caldav.username, "password": password, "timeout": "10s"},
        "mentors": [{"id": "ana", "name": "Ana Ortiz", "emails": ["ana@example.org"]}],
    }
    for section, keys in changes.items():
        given[section] = {**given.get(section, {}), **keys}
    return given


class TestInit:
    """From flags or answers to a config."""

    @pytest.mark.parametrize("server", ["pymap", pytest.param("dovecot", marks=pytest.mark.debian)])
    def test_flags_alone_write_a_config_that_check_accepts(
        self, home: Home, server: str, radicale: CalDavServer, request: pytest.FixtureRequest
    ) -> None:
        imap_server: Mailserver = request.getfixturevalue(server)
        made = home.run("init", "--yes", *flags(imap_server, radicale))
        assert (made.code, made.err) == (0, "")
        assert f"logged in at {imap_server.host}:{imap_server.port}" in made.out
        assert "calendars at" in made.out
        assert stat.S_IMODE(home.config.stat().st_mode) == 0o600
        assert stat.S_IMODE(home.config.parent.stat().st_mode) == 0o700
        assert list(home.config.parent.iterdir()) == [home.config]
        (ana,) = load(home.config).people()
        assert (ana.id, ana.name, ana.emails) == ("ana", "Ana Ortiz", ("ana@example.org",))
        checked = home.run("check")
        assert checked.code == 0, checked.out

    def test_i6_oauth_in_the_place_of_passwords_by_flags_and_by_answers(self, home: Home) -> None:
        by_flags = [
            *("--name", "Sam Rivera", "--email", "sam@gmail.com", "--timezone", "Europe/Berlin"),
            *("--imap-host", "imap.gmail.com", "--imap-oauth", "google", "--imap-client-id", "mine"),
            *("--caldav-url", "https://apidata.googleusercontent.com/caldav/v2/sam@gmail.com/user"),
            *("--imap-client-secret-file", "~/secret", "--caldav-oauth", "google", "--caldav-client-id", "mine"),
            *("--caldav-client-secret-file", "~/secret"),
        ]
        made = home.run("init", "--yes", *by_flags)
        assert (made.code, made.err) == (0, "")
        assert "not tried: `mentorup login --imap` comes first" in made.out
        assert "Next: mentorup login" in made.out
        settings = load(home.config)
        for section, given in (("imap", settings.imap), ("caldav", settings.caldav)):
            assert given is not None
            assert given.oauth is not None
            assert given.oauth.token.file == str(home.config.parent / f"{section}-token")
            assert given.oauth.client_secret is not None
            assert given.oauth.client_secret.file == str(home.path / "secret")

        answers = [
            *("Sam Rivera", "sam@outlook.com", "Europe/Berlin"),
            *("outlook.office365.com", "tls", "993", "sam@outlook.com", "oauth", "microsft", "microsoft", "mine"),
            *("https://dav.example.org/", "", "env", "MAIL_PASSWORD", ""),
        ]
        asked = home.run("init", "--force", "--no-try", typed="\n".join(answers) + "\n")
        assert asked.code == 0, asked.out
        oauth = load(home.config).imap.oauth
        assert oauth is not None
        assert (oauth.provider, oauth.client_id, oauth.client_secret) == ("microsoft", "mine", None)

    def test_answers_write_the_same_config(self, home: Home, pymap: Mailserver, radicale: CalDavServer) -> None:
        password = home.path / "kept" / "password"
        answers = [
            *("Sam Rivera", "not an address", "sam@rivera.test", "Berlin", "Europe/Berlin"),
            *(
                f"http://{pymap.host}",
                pymap.host,
                "none",
                str(pymap.port),
                pymap.username,
                "somewhere",
                "file",
                str(password),
            ),
            *("secret", radicale.url, radicale.username, "y"),
            *("Ana Ortiz", "ana@example.org", "", "Ana Kim", "kim@example.org", "", ""),
        ]
        made = home.run("init", typed="\n".join(answers) + "\n")
        assert made.code == 0, made.out + made.err
        assert "an email address alone" in made.out
        assert 'did you mean "Europe/Berlin"' in made.out
        assert "a server's name alone" in made.out
        assert "expected one of file, command, env, credential, keyring" in made.out
        settings = load(home.config)
        assert settings.imap.username == pymap.username
        assert settings.imap.password == (settings.caldav and settings.caldav.password)
        assert settings.imap.password.read() == "secret"
        assert stat.S_IMODE(password.stat().st_mode) == 0o600
        assert [(mentor.id, mentor.name) for mentor in settings.mentors] == [("ana", "Ana Ortiz"), ("ana-2", "Ana Kim")]
        assert home.run("check").code == 0

    def test_a_refused_password_is_told_and_the_config_is_written_for_mending(
        self, home: Home, pymap: Mailserver, radicale: CalDavServer
    ) -> None:
        wrong = [*flags(pymap, radicale), "--imap-password-env", "WRONG_PASSWORD"]
        made = home.run("init", "--yes", *wrong)
        assert made.code == 77
        assert "sam@example.org" in made.out
        assert home.config.is_file()
        assert SECRET not in made.out + made.err + home.config.read_text()

    def test_the_owner_may_rather_not_write_it(self, home: Home, pymap: Mailserver, radicale: CalDavServer) -> None:
        made = home.run("init", *flags(pymap, radicale), "--imap-password-env", "WRONG_PASSWORD", typed="n\n")
        assert made.code == 77
        assert not home.config.exists()

    def test_a_credential_is_not_tried_outside_of_the_service(self, home: Home, radicale: CalDavServer) -> None:
        made = home.run(
            *("init", "--yes", "--name", "Sam", "--email", "sam@example.org", "--timezone", "UTC"),
            *("--imap-password-credential", "imap", "--caldav-url", radicale.url),
            *("--caldav-username", radicale.username, "--caldav-password-env", "MAIL_PASSWORD"),
        )
        assert made.code == 0, made.out
        assert "not tried: the credential imap" in made.out
        assert load(home.config).imap.host == "imap.example.org"

    def test_a_config_that_is_there_stays_unless_forced(self, home: Home) -> None:
        home.write({"mine": True})
        arguments = [
            *("init", "--yes", "--no-try", "--name", "Sam", "--email", "sam@example.org", "--timezone", "UTC"),
            *("--imap-password-file", "pw", "--caldav-url", "https://dav.example.org/"),
        ]
        refused = home.run(*arguments)
        assert (refused.code, tomllib.loads(home.config.read_text())) == (78, {"mine": True})
        assert "--force" in refused.err
        assert home.run(*arguments, "--force").code == 0
        with home.config.open("a") as config:
            config.write('\n[[mentors]]\nid = "ana"\nname = "Ana"\n')  # as the owner will by hand
        settings = load(home.config)
        assert settings.imap.password.file == str(Path.cwd() / "pw")
        assert settings.caldav is not None
        assert settings.caldav.password == settings.imap.password

    def test_a_server_without_a_login_is_asked_for_none(self, home: Home, xandikos: CalDavServer) -> None:
        made = home.run(
            *("init", "--yes", "--name", "Sam", "--email", "sam@example.org", "--timezone", "UTC"),
            *("--imap-password-credential", "imap", "--caldav-url", xandikos.url, "--caldav-username", ""),
        )
        assert made.code == 0, made.out
        assert "Work" in made.out

    def test_answers_that_make_no_config_are_told_like_any_config(self, home: Home) -> None:
        made = home.run(
            *("init", "--yes", "--no-try", "--name", "Sam", "--email", "sam", "--timezone", "Mars"),
            *("--imap-password-env", "A", "--caldav-url", "http://dav.example.org/", "--mentor", "id=A,nick=Ana"),
        )
        assert made.code == 78
        for path in ("owner.email", "owner.timezone", "caldav.url", "mentors[1].id", "mentors[1].nick"):
            assert path in made.err
        assert not home.config.exists()

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            ((), "--name is needed"),
            (("--name", "Sam", "--email", "sam@example.org", "--timezone", "UTC"), "--imap-password-file"),
            (("--imap-password-env", "A", "--imap-password-file", "b"), "kept in one place"),
            (("--imap-password-command", "pass 'x"), "can't be understood"),
            (("--mentor", "Ana Ortiz"), "--mentor reads"),
        ],
    )
    def test_what_cannot_be_guessed_is_a_fault_of_usage(
        self, home: Home, arguments: tuple[str, ...], words: str
    ) -> None:
        made = home.run("init", "--yes", *arguments)
        assert made.code == 2
        assert words in " ".join(made.err.replace("│", " ").split())

    def test_a_place_that_cannot_be_written_is_named(self, home: Home) -> None:
        (home.path / ".config").write_text("in the way")
        arguments = ("--name", "Sam", "--email", "sam@example.org", "--timezone", "UTC", "--imap-password-env", "A")
        made = home.run("init", "--yes", "--no-try", *arguments)
        assert made.code == 1
        assert "can't be written" in made.err


def test_a_config_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "config.toml"
    write_config(path, "first = 1\n", overwrite=False)
    with pytest.raises(ConfigError, match="--force"):
        write_config(path, "second = 2\n", overwrite=False)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Exception, match="No space left"):
        write_config(path, "third = 3\n", overwrite=True)
    assert path.read_text() == "first = 1\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_mentor_in_one_flag_may_have_commas_and_several_addresses() -> None:
    assert mentor_table("id=ana, name=Ortiz, Ana,email=a@example.org,email=b@example.org,role=candidate") == {
        "id": "ana",
        "name": "Ortiz, Ana",
        "emails": ["a@example.org", "b@example.org"],
        "role": "candidate",
    }
    assert mentor_table("name=Dr. Åsa Öberg")["id"] == "asa"


def test_the_systems_time_zone_is_found(tmp_path: Path) -> None:
    (tmp_path / "localtime").symlink_to("/usr/share/zoneinfo/Europe/Paris")
    assert system_timezone({"TZ": ":Asia/Tokyo"}, tmp_path) == "Asia/Tokyo"
    assert system_timezone({"TZ": "CET-1CEST"}, tmp_path) == "Europe/Paris"
    (tmp_path / "timezone").write_text("Europe/Berlin\n")
    assert system_timezone({}, tmp_path) == "Europe/Berlin"
    assert system_timezone({}, tmp_path / "none") == ""


class TestCheck:
    """What check says of servers as they are."""

    @pytest.mark.parametrize("pair", PAIRS)
    def test_all_is_well_on_each_pair_of_servers_and_nothing_is_made(
        self, home: Home, request: pytest.FixtureRequest, pair: tuple[str, str]
    ) -> None:
        imap_server, caldav_server = (request.getfixturevalue(name) for name in pair)
        home.write(table(imap_server, caldav_server))
        if imap_server.dovecot is not None:
            with imap_server.client() as client:
                client.create_folder("Vorlagen")
        before = imap_server.folders()
        ended = home.run("check", "--json")
        found = ended.findings
        assert ended.code == 0, ended.out
        assert found["config"] == [("ok", "no faults")]
        assert found["imap"][0][0] == "ok"
        assert "IDLE" in found["imap.capabilities"][0][1]
        assert found["tags.folders"] == [("ok", "MentorUp/Feedback will be made")]
        assert "Work" in found["caldav"][0][1]
        assert found["templates"] == [("ok", "the shipped ones")]
        assert found["state"] == [("ok", f"{home.path}/.local/state/mentorup will be made")]
        if imap_server.dovecot is None:
            assert "one with a usual name is taken" in found["imap.drafts"][0][1]
        else:
            assert found["imap.drafts"] == [("ok", "Vorlagen (the server says so)")]
            assert "left out if there is none" in found["imap.sent"][0][1]
        assert imap_server.folders() == before
        assert not (home.path / ".local").exists()

    def test_i13_a_server_that_keeps_no_keywords_is_told_with_what_to_do_instead(
        self, home: Home, pymap: Mailserver, radicale: CalDavServer
    ) -> None:
        home.write(table(pymap, radicale))
        ((state, message),) = home.run("check", "--json").findings["imap.watch"]
        assert state == "warning"
        assert "by folder, subject or plus-address instead" in message

    def test_each_line_begins_with_how_it_stands(self, home: Home, pymap: Mailserver, radicale: CalDavServer) -> None:
        home.write(table(pymap, radicale))
        lines = home.run("check").out.splitlines()
        assert lines[0] == "ok       config: no faults"
        assert {line.split()[0] for line in lines} == {"ok", "warning"}

    def test_folders_that_are_missing_are_named(self, home: Home, pymap: Mailserver, radicale: CalDavServer) -> None:
        home.write(table(pymap, radicale, imap={"watch": ["INBOX", "Nowhere"], "drafts": "Mine", "sent": "Gone"}))
        ended = home.run("check", "--json")
        assert ended.code == 78
        assert ended.findings["imap.drafts"] == [("ok", "there is no folder Mine; it will be made")]
        assert ended.findings["imap.sent"][0][0] == "problem"
        assert "INBOX" in ended.findings["imap.sent"][0][1]
        assert "Nowhere" in ended.findings["imap.watch"][1][1]
        assert "Mine" not in pymap.folders()

    def test_calendars_that_are_missing_are_named(self, home: Home, pymap: Mailserver, radicale: CalDavServer) -> None:
        home.write(table(pymap, radicale, caldav={"calendars": ["Wrok"]}))
        ended = home.run("check", "--json")
        assert ended.code == 78
        assert "'Work'" in ended.findings["caldav"][0][1]

    def test_a_refused_password_names_server_and_user_and_the_rest_goes_on(
        self, home: Home, imap_server: Mailserver, radicale: CalDavServer
    ) -> None:
        home.write(table(imap_server, radicale, imap={"password": {"env": "WRONG_PASSWORD"}}))
        ended = home.run("check", "--json")
        assert ended.code == 77
        ((state, message),) = ended.findings["imap"]
        assert state == "problem"
        assert imap_server.host in message
        assert imap_server.username in message
        assert ended.findings["caldav"][0][0] == "ok"
        assert SECRET not in ended.out + ended.err

    def test_a_refused_calendar_password_is_told_too(
        self, home: Home, pymap: Mailserver, radicale: CalDavServer
    ) -> None:
        home.write(table(pymap, radicale, caldav={"password": {"env": "WRONG_PASSWORD"}}))
        ended = home.run("check", "--json")
        assert ended.code == 77
        assert radicale.username in ended.findings["caldav"][0][1]
        assert SECRET not in ended.out + ended.err

    def test_a_server_that_is_down_ends_with_69(self, home: Home, pymap: Mailserver, radicale: CalDavServer) -> None:
        home.write(table(pymap, radicale, imap={"port": 1}))
        ended = home.run("check", "--json")
        assert ended.code == 69
        assert "127.0.0.1:1" in ended.findings["imap"][0][1]

    def test_the_worst_problem_decides_how_it_ends(self, home: Home, pymap: Mailserver, radicale: CalDavServer) -> None:
        down = {"port": 1}
        home.write(table(pymap, radicale, imap=down, caldav={"password": {"env": "WRONG_PASSWORD"}}))
        assert home.run("check").code == 77
        home.write(table(pymap, radicale, imap=down, caldav={"password": {"env": "NOT_SET"}}))
        ended = home.run("check")
        assert ended.code == 78
        assert "caldav.password (env): the environment variable NOT_SET isn't set" in ended.out

    def test_a_config_with_faults_shows_each_on_its_line(self, home: Home) -> None:
        home.write({"owner": {"name": "Sam", "email": "sam", "timezone": "UTC"}, "imap": {"host": "a b"}})
        ended = home.run("check")
        assert ended.code == 78
        assert [line.split(" = ")[0] for line in ended.out.splitlines()][:2] == [
            "problem  config: owner.email",
            "problem  config: imap.host",
        ]
        assert [state for state, _ in home.run("check", "--json").findings["config"]] == ["problem"] * 5

    def test_without_a_config_it_says_how_to_get_one(self, home: Home) -> None:
        ended = home.run("check")
        assert ended.code == 78
        assert "mentorup init" in ended.out

    def test_a_password_file_that_others_can_read_is_a_warning(
        self, home: Home, pymap: Mailserver, radicale: CalDavServer
    ) -> None:
        file = home.path / "password"
        file.write_text("secret\n")
        file.chmod(0o644)
        password = {"password": {"file": str(file)}}
        home.write(table(pymap, radicale, imap=password, caldav=password))
        ended = home.run("check", "--json")
        assert ended.code == 0
        for section in ("imap.password", "caldav.password"):
            ((state, message),) = ended.findings[section]
            assert state == "warning"
            assert f"chmod 600 {file}" in message

    def test_a_template_that_cannot_be_used_is_named(
        self, home: Home, pymap: Mailserver, radicale: CalDavServer
    ) -> None:
        own = home.path / "templates" / "agenda"
        own.mkdir(parents=True)
        (own / "note.txt.j2").write_text("Subject: x\n\n{{ nothing.here }}\n")
        home.write(table(pymap, radicale, templates={"directory": str(own.parent)}))
        ended = home.run("check", "--json")
        assert ended.code == 1
        assert "agenda/note.txt.j2" in ended.findings["templates"][0][1]

    def test_people_who_cannot_be_recognised_are_a_warning(
        self, home: Home, pymap: Mailserver, radicale: CalDavServer
    ) -> None:
        nobody = table(pymap, radicale, recognition={"attendees": False, "categories": [], "titles": []})
        home.write({**nobody, "mentors": []})
        ended = home.run("check", "--json")
        assert ended.code == 0
        assert ended.findings["mentors"][0][0] == "warning"
        assert ended.findings["recognition"][0][0] == "warning"
        home.write({**nobody, "mentors": [{"id": "ana", "name": "Ana"}]})
        assert "ana has no address" in home.run("check", "--json").findings["mentors"][0][1]

    def test_a_state_directory_that_cannot_be_written_is_a_problem(
        self, home: Home, pymap: Mailserver, radicale: CalDavServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("STATE_DIRECTORY", "/proc/mentorup")
        home.write(table(pymap, radicale))
        ended = home.run("check", "--json")
        assert ended.code == 1
        assert ended.findings["state"][0][0] == "problem"
