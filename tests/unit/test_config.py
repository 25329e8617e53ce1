"""What a config may say, where it is looked for, and what the other rooms get out of it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel

from mentorup_daemon.config import MentorSettings, Settings, find_config, load, parse, state_directory, store_url
from mentorup_daemon.config_oauth import OAuthSettings
from mentorup_daemon.errors import ConfigError
from mentorup_daemon.records import Practice, Recognition, Tags, WorkingHours

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"

MINIMAL = """
[owner]
name = "Sam Rivera"
email = "Sam@example.org"
timezone = "America/Los_Angeles"
[imap]
host = "imap.example.org"
username = "sam"
password = { env = "IMAP_PASSWORD" }
[caldav]
url = "https://dav.example.org/"
username = "sam"
password = { env = "CALDAV_PASSWORD" }
"""


def uncommented(text: str) -> str:
    """The example with its `# key = value` examples made active."""
    return re.sub(r"^# (\[\[|[a-z_]+ = )", r"\1", text, flags=re.MULTILINE)


def submodel(annotation: Any) -> type[BaseModel] | None:
    kinds = (annotation, *get_args(annotation))
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)


def keys(model: type[BaseModel], given: dict[str, Any], path: str = "") -> Iterator[tuple[str, bool]]:
    """Every key of the models below `model`, and whether the table `given` states it."""
    for name, field in model.model_fields.items():
        yield f"{path}{name}", name in given
        below = submodel(field.annotation)
        if below is None or name == "password" or name not in given:
            continue
        tables = given[name] if isinstance(given[name], list) else [given[name]]
        yield from keys(below, tables[0], f"{path}{name}.")


def test_the_example_has_no_faults() -> None:
    settings = load(EXAMPLE)
    assert [person.id for person in settings.people()] == ["ana", "bo"]
    assert settings.feeds == ()


def test_the_example_with_its_comments_made_active_has_no_faults() -> None:
    settings = parse(uncommented(EXAMPLE.read_text("utf-8")), "example")
    assert [(person.id, person.role) for person in settings.people()][2:] == [("kim", "candidate"), ("lee", "mentee")]
    assert len(settings.feeds) == 1


def test_the_example_states_every_key() -> None:
    stated = dict(keys(Settings, tomllib.loads(uncommented(EXAMPLE.read_text("utf-8")))))
    assert [key for key, present in stated.items() if not present] == ["imap.oauth", "caldav.oauth"]  # the next test
    assert len(stated) > 50


def test_the_ways_to_log_in_by_oauth_that_the_example_shows_have_no_faults() -> None:
    ways = re.findall(r"^#   (oauth = .*)$", EXAMPLE.read_text("utf-8"), re.MULTILINE)
    assert len(ways) == 3
    stated: set[str] = set()
    for way in ways:
        oauth = parse(MINIMAL.replace('password = { env = "IMAP_PASSWORD" }', way), "example").imap.oauth
        assert oauth is not None
        assert oauth.provided().token_url.startswith("https://")
        stated |= oauth.model_fields_set
    assert stated == OAuthSettings.model_fields.keys()


def test_every_default_that_the_example_states_is_the_programs_default() -> None:
    example, minimal = load(EXAMPLE).model_dump(), parse(MINIMAL, "minimal").model_dump()
    examples = {
        "owner": {"name", "email", "timezone"},
        "imap": {"host", "username", "password"},
        "caldav": {"url", "username", "password"},
    }
    for section in example.keys() - {"mentors"}:
        own = examples.get(section, set())
        if isinstance(example[section], dict):
            assert {k: v for k, v in example[section].items() if k not in own} == {
                k: v for k, v in minimal[section].items() if k not in own
            }
        else:
            assert example[section] == minimal[section]


def test_the_example_has_every_key_of_a_mentor_in_its_first_entry() -> None:
    assert tomllib.loads(EXAMPLE.read_text("utf-8"))["mentors"][0].keys() == MentorSettings.model_fields.keys()


def test_the_defaults_are_those_of_the_records() -> None:
    settings = parse(MINIMAL, "minimal")
    assert settings.practice() == Practice()
    assert settings.tags_record() == Tags()
    assert settings.recognition_record() == Recognition()
    assert settings.owner_record().hours.days == frozenset(range(5))
    assert settings.owner_record().action_item_cap == 12


def test_the_records_carry_what_the_config_says() -> None:
    settings = parse(
        MINIMAL.replace("[imap]", 'working_hours = "00:00-24:00"\nworking_days = ["sat"]\n[imap]')
        + '[[mentors]]\nid = "ana"\nname = "Ana"\nemails = ["Ana@example.org"]\n'
        + 'cadence = "2w"\nagenda_lead_time = "72h"\n'
        + '[agenda]\nlead_time = "3d"\ndelivery = ["drafts"]\n[schedules]\ndigest = "0 9 * * 5"\n',
        "given",
    )
    owner = settings.owner_record()
    assert owner.hours.always
    assert owner.hours.days == {5}
    assert owner.addresses == {"sam@example.org"}
    (ana,) = settings.people()
    assert ana.hours == WorkingHours(opens=9 * 60, closes=17 * 60)
    assert (ana.cadence, ana.agenda_lead_time, ana.distance) == (timedelta(weeks=2), timedelta(days=3), None)
    assert settings.practice() == Practice(lead_time=timedelta(days=3), delivery=("drafts",), digest="0 9 * * 5")


def test_t10_the_records_carry_a_mentors_hours_and_holidays() -> None:
    ana = '[[mentors]]\nid = "ana"\nname = "Ana"\ntimezone = "Europe/Berlin"\nworking_days = ["tue", "wed"]\n'
    ana += 'working_hours = "10:00-15:30"\naway = ["2026-12-24", "2026-12-28 to 2027-01-03"]\n'
    settings = parse(MINIMAL + ana, "given")
    (person,) = settings.people()
    assert person.hours == WorkingHours(opens=600, closes=930, days=frozenset({1, 2}))
    assert person.away == ((date(2026, 12, 24),) * 2, (date(2026, 12, 28), date(2027, 1, 3)))
    assert person.zone(settings.owner_record()) == ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(("security", "port"), [("tls", 993), ("starttls", 143)])
def test_the_port_follows_the_security_unless_it_is_given(security: str, port: int) -> None:
    text = MINIMAL.replace("[caldav]", f'security = "{security}"\n[caldav]')
    assert parse(text, "given").imap.port == port
    assert parse(text.replace("[caldav]", "port = 1143\n[caldav]"), "given").imap.port == 1143


def test_feeds_alone_are_enough_without_caldav() -> None:
    text = MINIMAL.partition("[caldav]")[0] + '[[feeds]]\nurl = "webcal://example.org/sam.ics"\n'
    settings = parse(text, "given")
    assert settings.caldav is None
    assert settings.feeds[0].url == "webcal://example.org/sam.ics"


def test_a_caldav_server_without_a_login_is_possible_on_this_machine() -> None:
    text = MINIMAL.partition("[caldav]")[0] + '[caldav]\nurl = "http://127.0.0.1:5232/"\n'
    caldav = parse(text, "given").caldav
    assert caldav is not None
    assert caldav.password is None


def test_relative_paths_are_beside_the_config(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "ca.pem").write_text("")
    config = tmp_path / "config.toml"
    text = MINIMAL.replace("[caldav]", 'ca_file = "ca.pem"\n[caldav]') + '[templates]\ndirectory = "mine"\n'
    text = text.replace('env = "IMAP_PASSWORD"', 'file = "password"')
    config.write_text(text, "utf-8")
    settings = load(config)
    assert settings.templates.directory == str(tmp_path / "mine")
    assert settings.imap.ca_file == str(tmp_path / "ca.pem")
    assert settings.imap.password.file == str(tmp_path / "password")


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_bytes(b"\xef\xbb\xbf" + MINIMAL.encode())
    assert load(config).owner.name == "Sam Rivera"


# Where it is looked for


def test_the_config_is_looked_for_where_the_contract_says(tmp_path: Path) -> None:
    user = tmp_path / "xdg" / "mentorup" / "config.toml"
    environ = {"XDG_CONFIG_HOME": str(tmp_path / "xdg"), "HOME": str(tmp_path / "home")}
    user.parent.mkdir(parents=True)
    assert find_config(None, environ) != user
    user.write_text("")
    assert find_config(None, environ) == user
    assert find_config(None, {**environ, "MENTORUP_CONFIG": "/a/b.toml"}) == Path("/a/b.toml")
    assert find_config(Path("c.toml"), {**environ, "MENTORUP_CONFIG": "/a/b.toml"}) == Path("c.toml")


def test_a_relative_xdg_directory_is_ignored_as_its_specification_says(tmp_path: Path) -> None:
    user = tmp_path / ".config" / "mentorup" / "config.toml"
    user.parent.mkdir(parents=True)
    user.write_text("")
    assert find_config(None, {"XDG_CONFIG_HOME": "xdg", "HOME": str(tmp_path)}) == user


def test_a_config_that_is_not_there_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="mentorup init") as raised:
        load(tmp_path / "none.toml")
    assert raised.value.exit_code == 78


def test_a_config_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="directory"):
        load(tmp_path)
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b"[owner]\nname = 'Jos\xe9'\n")
    with pytest.raises(ConfigError, match=r"UTF-8.*line 2"):
        load(latin)
    with pytest.raises(ConfigError, match="can't be read"):
        load(Path("a\0b"))
    huge = tmp_path / "huge.toml"
    huge.write_bytes(b"#" * (1024 * 1024 + 1))
    with pytest.raises(ConfigError, match="right file"):
        load(huge)


def test_the_state_directory_is_systemds_or_the_users(tmp_path: Path) -> None:
    home = {"HOME": "/home/sam"}
    assert state_directory(home) == Path("/home/sam/.local/state/mentorup")
    assert state_directory({**home, "XDG_STATE_HOME": "/x"}) == Path("/x/mentorup")
    assert state_directory({**home, "STATE_DIRECTORY": "/var/lib/mentorup:/var/lib/b"}) == Path("/var/lib/mentorup")


def test_the_store_is_sqlite_in_the_state_directory_unless_another_is_given() -> None:
    environ = {"STATE_DIRECTORY": "/var/lib/mentorup"}
    assert store_url(parse(MINIMAL, "given"), environ) == "sqlite:////var/lib/mentorup/mentorup.db"
    own = parse(MINIMAL + '[store]\nurl = "postgresql+psycopg:///fleet"\n', "given")
    assert store_url(own, environ) == "postgresql+psycopg:///fleet"
