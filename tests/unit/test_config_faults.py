"""Every fault of a config is told, all at once, one a line, in words, and without any secret."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mentorup_daemon.config import Settings, parse
from mentorup_daemon.errors import ConfigError
from tests.unit.test_config import EXAMPLE, MINIMAL, uncommented

TABLE = tomllib.loads(uncommented(EXAMPLE.read_text("utf-8")))


def faults(text: str) -> list[str]:
    """The lines of the error that `text` gives, without the first; [] when there is none."""
    try:
        parse(text, "config.toml")
    except ConfigError as error:
        first, *lines = str(error).splitlines()
        assert re.match(rf"config\.toml: {len(lines)} fault", first)
        return [line.strip() for line in lines]
    return []


def changed(path: str, value: Any) -> str:
    """The minimal config with one key, by its dotted path, set to `value`, as TOML."""
    table: dict[str, Any] = tomllib.loads(MINIMAL)
    *parents, last = path.split(".")
    place = table
    for parent in parents:
        place = place.setdefault(parent, {})
    place[last] = value
    return tomli_w.dumps(table)


def only_fault(path: str, value: Any) -> str:
    (line,) = faults(changed(path, value))
    return line


def mentors(*people: dict[str, Any]) -> str:
    return tomli_w.dumps({**tomllib.loads(MINIMAL), "mentors": list(people)})


TEN = """
[owner]
name = ""
email = "sam@@example.org"
timezone = "America/Los_Angels"
[imap]
hosst = "imap.example.org"
port = 99999
username = "sam"
password = "hunter2"
[caldav]
url = "http://dav.example.org/"
[schedules]
digest = "0 9 31 2 *"
[agenda]
lead_time = "never"
[[mentors]]
id = "ana"
name = "Ana"
emails = ["ana@example.org"]
[[mentors]]
id = "ana"
name = "Bo"
"""


def test_a_config_with_ten_faults_reports_ten() -> None:
    lines = faults(TEN)
    assert [line.split(" = ")[0].split(": ")[0] for line in lines] == [
        "owner.name",
        "owner.email",
        "owner.timezone",
        "imap.port",
        "imap.password",
        "imap.hosst",
        "caldav.url",
        "agenda.lead_time",
        "schedules.digest",
        "mentors[2].id",
    ]
    assert lines[2] == (
        'owner.timezone = "America/Los_Angels": expected an IANA time zone, like Europe/Berlin; '
        'did you mean "America/Los_Angeles"?'
    )
    assert lines[3] == "imap.port = 99999: expected a number from 1 to 65535"
    assert lines[5] == 'imap.hosst = "imap.example.org": unknown key; did you mean imap.host?'
    assert not any("hunter2" in line for line in lines)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("owner.email", "Sam <sam@example.org>", "an email address alone"),
        ("owner.email", "sam@example.org\r\nBcc: eve@example.org", "an email address alone"),
        ("owner.email", "sam@example.org\n", "an email address alone"),
        ("owner.email", "sam@exämple.org", "ASCII"),
        ("owner.email", f"{'a' * 65}@example.org", "an email address alone"),
        ("owner.aliases", ["sam@example.net", "sam"], r"owner\.aliases\[2\]"),
        ("owner.aliases", "sam@example.net", "expected a list"),
        ("owner.name", "Sam\nBcc: eve@example.org", "one line of text"),
        ("owner.name", "Sam\0", "one line of text"),
        ("owner.name", 7, "a text in quotes"),
        ("owner.timezone", "Berlin", 'did you mean "Europe/Berlin"'),
        ("owner.timezone", "europe/berlin", 'did you mean "Europe/Berlin"'),
        ("owner.timezone", "Los Angeles", 'did you mean "America/Los_Angeles"'),
        ("owner.timezone", "Mars", "IANA time zone"),
        ("owner.timezone", "../../etc/passwd", "IANA time zone"),
        ("owner.timezone", "America", "IANA time zone"),
        ("owner.timezone", "x" * 5000, "IANA time zone"),
        ("owner.timezone", "a\0b", "IANA time zone"),
        ("owner.working_days", ["monday"], r'did you mean "mon"\?'),
        ("owner.working_days", [], "at least one"),
        ("owner.working_hours", "18:00-08:00", "end after the start"),
        ("owner.working_hours", "08:00-08:00", "end after the start"),
        ("owner.working_hours", "08:00-24:01", "hours like"),
        ("owner.working_hours", "08:60-18:00", "hours like"),
        ("owner.working_hours", "8-18", "hours like"),
        ("owner.action_item_cap", 0, "a number from 1 to 1000"),
        ("owner.action_item_cap", "12", "a whole number, without quotes"),
        ("owner.action_item_cap", True, "a whole number"),
        ("owner.action_item_cap", 12.5, "a whole number"),
        ("imap.host", "imaps://imap.example.org", "a server's name alone"),
        ("imap.host", "imap.example.org:993", "a server's name alone"),
        ("imap.host", "", "a server's name alone"),
        ("imap.port", 0, "a number from 1 to 65535"),
        ("imap.port", 10**30, "a number from 1 to 65535"),
        ("imap.security", "ssl", '"tls", "starttls" or "none"'),
        ("imap.security", "none", "anyone on the way"),
        ("imap.timeout", "0s", "a duration from 1s to 10m"),
        ("imap.timeout", "-5m", "a duration in quotes"),
        ("imap.timeout", 30, "a duration in quotes"),
        ("imap.timeout", "5 minutes", "a duration in quotes"),
        ("imap.timeout", "９０s", "a duration in quotes"),
        ("imap.idle_renewal", "30m", "a duration from 1s to 29m"),
        ("imap.poll_interval", "999999w", "a duration from 1s to 1d"),
        ("imap.watch", [], "at least one"),
        ("imap.watch", ["INBOX\r\nA1 LOGOUT"], "control characters"),
        ("imap.watch", ["Lists/*"], r"without \* and %"),
        ("imap.drafts", "Dra\0fts", "control characters"),
        ("imap.ca_file", "/nowhere/ca.pem", "a file that exists"),
        ("imap.ca_file", "~nobody-here/ca.pem", "home directory that exists"),
        ("imap.ca_file", "x" * 5000, "a file that exists"),
        ("imap.trusted_authserv_id", "mx\nx", "control characters"),
        ("caldav.url", "http://dav.example.org/", "expected https"),
        ("caldav.url", "http://localhost.example.org/", "expected https"),
        ("caldav.url", "dav.example.org", "an address like https"),
        ("caldav.url", "https://[::1/", "an address like https"),
        ("caldav.url", "https://dav.example.org:99999/", "an address like https"),
        ("caldav.url", "ftp://dav.example.org/", "an address like https"),
        ("feeds", [{"url": "file:///etc/passwd"}], "an address like https"),
        ("recognition.titles", ["(?i)mentor", "(foo"], r"recognition\.titles\[2\].*at character 1"),
        ("recognition.titles", ["a" * 501], "at most 500"),
        ("recognition.attendees", "yes", "true or false"),
        ("tags.keywords", ["a b"], "can't hold a blank"),
        ("tags.keywords", ["\\Seen"], r"can't hold \\"),
        ("tags.keywords", ["a)\r\nA1 DELETE INBOX"], "an IMAP keyword"),
        ("tags.keywords", ["rückmeldung"], "ASCII"),
        ("tags.keywords", ["$mentorfiled"], "a keyword of yours"),
        ("tags.folders", ["a\nb"], "control characters"),
        ("tags.plus_addresses", ["sam+feedback@example.org"], r"after the \+"),
        ("agenda.delivery", ["inbox", "sms"], '"inbox" or "drafts"'),
        ("agenda.delivery", [], "at least one"),
        ("agenda.lead_time", "61d", "a duration from 1m to 60d"),
        ("store.url", "mysql://db/x", "sqlite:/// or postgresql://"),
        ("templates.directory", "/nowhere", "a directory that exists"),
        ("log.level", "inof", 'did you mean "info"'),
        ("log.format", "xml", '"auto", "console" or "json"'),
        ("imap", "imap.example.org", "a section with keys"),
        ("owner", ["Sam"], "a section with keys"),
        ("mentors", {"ana": {"name": "Ana"}}, "a list"),
        ("mentors", ["ana"], r"mentors\[1\].*a section with keys"),
    ],
)
def test_a_wrong_value_is_one_fault_that_says_what_is_expected(path: str, value: Any, words: str) -> None:
    line = only_fault(path, value)
    assert line.startswith(path)
    assert re.search(words, line)
    assert line.isprintable()


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        ("0 9 31 2 *", "never comes"),
        ("0 9 30 2 *", "never comes"),
        ("0 9 31 2,4,6,9,11 *", "never comes"),
        ("* * * * * *", "five cron fields"),
        ("0 0 9 * * mon", "five cron fields"),
        ("0 9 * *", "five cron fields"),
        ("@daily", "five cron fields"),
        ("99 * * * *", "five cron fields"),
        ("*/0 * * * *", "five cron fields"),
        ("0 9 * * mon#6", "five cron fields"),
        ("r 9 * * *", "by lot"),
        ("0 9 * * R", "by lot"),
        ("h h * * *", "by lot"),
        (",".join(["*/1"] * 20_000) + " * * * *", "five cron fields"),
        ("0 9 * * mon\n", "five cron fields"),
        ("", "five cron fields"),
    ],
)
def test_s02_a_schedule_that_is_not_five_fields_or_never_comes_is_refused(schedule: str, words: str) -> None:
    assert words in only_fault("schedules.digest", schedule)


@pytest.mark.parametrize(
    "schedule", ["0 8 * * mon", "0 9 29 2 *", "0 9 * 2 sun#5", "0 9 L * *", "*/5 8-18 * 1-12/2 1-5", "0 9 31 2 mon"]
)
def test_s02_a_schedule_that_comes_however_seldom_is_taken(schedule: str) -> None:
    assert faults(changed("schedules.digest", schedule)) == []


FIELD = st.text("0123456789*/,-LlRrHh#montuefeb ", max_size=9)


@given(st.one_of(st.lists(FIELD, min_size=5, max_size=5).map(" ".join), st.text(max_size=120)))
@settings(deadline=None)
def test_s02_no_schedule_raises_anything_but_a_config_error(schedule: str) -> None:
    assert len(faults(changed("schedules.digest", schedule))) <= 1


# Keys


def test_an_unknown_key_names_the_nearest_known_one() -> None:
    assert only_fault("imap.idle_renewall", "9m") == (
        'imap.idle_renewall = "9m": unknown key; did you mean imap.idle_renewal?'
    )
    assert "did you mean owner.timezone?" in only_fault("imap.timezone", "Europe/Berlin")
    assert "known here: keywords, folders" in only_fault("tags.zzz", 1)
    assert "did you mean schedules?" in only_fault("schedule", {"digest": "0 8 * * mon"})


def test_a_misspelt_key_is_one_fault_and_not_a_missing_key_as_well() -> None:
    (line,) = faults(MINIMAL.replace("host =", "hots ="))
    assert "did you mean imap.host?" in line
    (line,) = faults(MINIMAL.replace("[caldav]", "[calldav]"))
    assert "did you mean caldav?" in line


def test_what_is_missing_says_what_belongs_there() -> None:
    assert faults("") == [
        "owner: missing; expected you: name, email and timezone",
        "imap: missing; expected your mailbox: host, username and password",
        "caldav: missing; expected [caldav] with url, username and password, or [[feeds]]",
    ]
    assert faults(MINIMAL.replace('timezone = "America/Los_Angeles"', "")) == [
        'owner.timezone: missing; expected your IANA time zone, like "Europe/Berlin"'
    ]


def test_a_login_needs_both_name_and_password() -> None:
    without_password = MINIMAL.replace('password = { env = "CALDAV_PASSWORD" }', "")
    assert faults(without_password) == ["caldav.password: missing; expected where the password is kept"]
    head, tail = MINIMAL.split("[caldav]")
    assert faults(head + "[caldav]" + tail.replace('username = "sam"', "")) == [
        "caldav.username: missing; expected the name you log in with"
    ]


def test_starttls_on_the_tls_port_is_told_before_it_hangs() -> None:
    text = MINIMAL.replace("[caldav]", 'security = "starttls"\nport = 993\n[caldav]')
    assert faults(text) == [
        'imap.port = 993: expected port 143 with "starttls", or security = "tls": port 993 speaks TLS from the start'
    ]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_a_server_on_this_machine_may_do_without_encryption(host: str) -> None:
    text = MINIMAL.replace("imap.example.org", host).replace("[caldav]", 'security = "none"\n[caldav]')
    name = f"[{host}]" if ":" in host else host
    assert faults(text.replace("https://dav.example.org", f"http://{name}:5232")) == []


# People


def test_people_are_told_apart_by_their_ids_and_addresses() -> None:
    ana = {"id": "ana", "name": "Ana", "emails": ["ana@example.org"]}
    lines = faults(mentors(ana, {**ana, "name": "Bo"}, {"id": "cy", "name": "Cy", "emails": ["sam@EXAMPLE.org"]}))
    theirs = "expected an address of theirs alone: this one is"
    assert lines == [
        'mentors[2].id = "ana": expected an id of its own: mentors[1] has it already',
        f'mentors[2].emails[1] = "ana@example.org": {theirs} that of mentors[1] too',
        f'mentors[3].emails[1] = "sam@EXAMPLE.org": {theirs} yours, in [owner]',
    ]


def test_an_address_given_twice_to_one_person_is_no_fault() -> None:
    assert faults(mentors({"id": "ana", "name": "Ana", "emails": ["ana@example.org", "Ana@example.org"]})) == []


def test_faults_across_sections_show_beside_faults_of_values() -> None:
    lines = faults(mentors({"id": "ana", "name": ""}, {"id": "ana", "name": "Bo", "cadence": "0d"}))
    assert [line.split(" = ")[0] for line in lines] == ["mentors[1].name", "mentors[2].cadence", "mentors[2].id"]


@pytest.mark.parametrize("name", ["Ana", "-ana", "ana ortiz", "", "ana/1", "a" * 65, "äna", "me"])
def test_an_id_is_small_letters_digits_and_dashes(name: str) -> None:
    (line,) = faults(mentors({"id": name, "name": "Ana"}))
    assert "expected a" in line


# Text that isn't TOML


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[owner]\nname = Sam", "line 2, column 8: after = comes a text in quotes"),
        ('[owner]\nname = "Sam', "at the end of the file|line 2"),
        ('[owner]\nname = "Sam\nemail = "x"', "line 2, column 12: a text's closing quote is missing on this line"),
        ("[owner]\nname", "expected key = value"),
        ("[owner\n", "a section's name ends with ]"),
        ("[owner]\nname = 'a'\nname = 'b'\n", "line 3, column 11: this key stands twice"),
        ("[owner]\n[owner]\n", "this section stands twice"),
        ("a = [1, 2", "list's ] is missing"),
        ('a = "\\d"', "written"),
        ("a = 1 2", "one key = value a line"),
        ("a = " + "[" * 5000, "too large"),
        ("a = " + "9" * 5000, "too large"),
        ("a = 2026-02-31", "date doesn't exist|one key = value a line"),
        ("[[a]\n", "list of sections"),
    ],
)
def test_text_that_is_not_toml_is_told_by_line_and_column_in_words(text: str, words: str) -> None:
    (line,) = faults(text)
    assert re.search(words, line), line
    assert "can't be read as TOML" not in line


# Secrets


SECRET = "hunter2-Zq9"


@pytest.mark.parametrize(
    "text",
    [
        f'password = "{SECRET}"',
        f'pasword = "{SECRET}"',
        f'pw = "{SECRET}"',
        f'auth = {{ user = "sam", secret = "{SECRET}" }}',
        f'password = {{ {SECRET} = "" }}',
        f'password = {{ plain = "{SECRET}" }}',
        f'password = {{ env = ["{SECRET}"] }}',
        f'password = {{ command = "echo {SECRET}" }}',
        f'password = {{ command = ["echo", "{SECRET}", 1] }}',
        f'password = {{ env = "X", file = "{SECRET}" }}',
        f'password = ["{SECRET}"]',
        f'password = "{SECRET}',
        f"password = {SECRET}",
        f"password = {{ {SECRET} = 1, {SECRET} = 2 }}",
        f'password = """\n{SECRET}',
    ],
)
def test_a_password_that_stands_in_the_config_is_refused_without_showing_it(text: str) -> None:
    lines = faults(MINIMAL.replace('password = { env = "IMAP_PASSWORD" }', text))
    assert lines
    assert SECRET not in "\n".join(lines)


def test_a_password_in_the_config_is_told_where_to_go_instead() -> None:
    line = only_fault("imap.password", SECRET)
    assert line.startswith("imap.password = (not shown): a password doesn't belong into the config itself")
    assert '{ file = "..." }' in line


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({}, "it names none"),
        ({"env": "A", "file": "b"}, "it names env and file"),
        ({"comand": ["pass"]}, "did you mean imap.password.command"),
        ({"command": []}, "at least one"),
        ({"env": ""}, "isn't empty"),
        (7, "where the password is kept"),
    ],
)
def test_a_password_has_exactly_one_source(value: Any, words: str) -> None:
    assert words in only_fault("imap.password", value)


def test_addresses_are_shown_without_the_secrets_in_them() -> None:
    texts = [
        changed("caldav.url", f"https://sam:{SECRET}@dav.example.org/"),
        changed("caldav.url", f"http://dav.example.org/?token={SECRET}"),
        changed("feeds", [{"url": f"http://example.org/private-{SECRET}/sam.ics"}]),
        changed("feeds", [{"url": f"{SECRET}"}]),
        changed("feeds", [f"https://example.org/{SECRET}"]),
        changed("store.url", f"mysql://sam:{SECRET}@db/x"),
        changed("store.urll", f"postgresql://sam:{SECRET}@db/x"),
    ]
    for text in texts:
        lines = faults(text)
        assert lines
        assert SECRET not in "\n".join(lines)


def test_settings_shown_show_no_secret() -> None:
    text = changed("imap.password", {"command": ["echo", SECRET]})
    text += f'[[feeds]]\nurl = "https://example.org/{SECRET}"\n[store]\nurl = "postgresql://sam:{SECRET}@db/x"\n'
    shown = repr(parse(text, "given")) + str(parse(text, "given"))
    assert SECRET not in shown
    assert "Secret(command)" in shown


# OAuth

OAUTH = {"provider": "google", "client_id": "mine", "token": {"file": "imap-token"}}


def with_oauth(section: str = "imap", *, of: dict[str, Any] | None = None, **oauth: Any) -> str:
    """The minimal config with `oauth` in the place of the password; a value None takes a key out."""
    table: dict[str, Any] = tomllib.loads(MINIMAL)
    del table[section]["password"]
    wanted = {**(OAUTH if of is None else of), **oauth}
    table[section]["oauth"] = {key: value for key, value in wanted.items() if value is not None}
    return tomli_w.dumps(table)


@pytest.mark.parametrize(
    "text",
    [
        with_oauth(),
        with_oauth("caldav"),
        with_oauth(provider="microsoft", token={"keyring": "mentorup"}),
        with_oauth(provider=None, token_url="https://x.example/t", device_url="https://x.example/d"),
        with_oauth(provider="custom", token_url="http://127.0.0.1:9/t", authorization_url="http://localhost:9/a"),
    ],
)
def test_i6_oauth_takes_the_place_of_a_password(text: str) -> None:
    assert faults(text) == []


@pytest.mark.parametrize(
    ("oauth", "key", "words"),
    [
        ({"provider": "gogle"}, "imap.oauth.provider", 'did you mean "google"?'),
        ({"client_id": None}, "imap.oauth.client_id", "missing; expected the client ID"),
        ({"token": None}, "imap.oauth.token", "missing; expected where the login is kept"),
        ({"token": {}}, "imap.oauth.token", "expected one of file, keyring or credential, but it names none"),
        ({"token": {"file": "a", "keyring": "b"}}, "imap.oauth.token", "but it names file and keyring"),
        ({"token": SECRET}, "imap.oauth.token", "doesn't belong into the config itself"),
        ({"token": {"fil": "a"}}, "imap.oauth.token.fil", "did you mean imap.oauth.token.file?"),
        ({"client_secret": SECRET}, "imap.oauth.client_secret", "doesn't belong into the config itself"),
        ({"client_secret": {"file": SECRET, "env": "X"}}, "imap.oauth.client_secret", "it names env and file"),
        ({"client_secrte": SECRET}, "imap.oauth.client_secrte", "did you mean imap.oauth.client_secret?"),
        ({"secret": SECRET}, "imap.oauth.secret", "unknown key"),
        ({"provider": "custom"}, "imap.oauth.token_url", "missing"),
        ({"provider": "custom", "token_url": "https://x.example/t"}, "imap.oauth.authorization_url", "or device_url"),
        ({"token_url": "http://x.example/t"}, "imap.oauth.token_url", "expected https://"),
        ({"device_url": "x"}, "imap.oauth.device_url", "expected an address like"),
        ({"authorization_url": f"https://sam:{SECRET}@x.example/"}, "imap.oauth.authorization_url", "without a name"),
    ],
)
def test_i6_each_fault_of_an_oauth_table_is_told_without_secrets(oauth: dict[str, Any], key: str, words: str) -> None:
    (line,) = faults(with_oauth(**oauth))
    assert line.startswith((f"{key}:", f"{key} = "))
    assert words in line
    assert SECRET not in line


def test_i6_a_login_goes_by_password_or_by_oauth_not_by_both() -> None:
    for section in ("imap", "caldav"):
        (line,) = faults(changed(f"{section}.oauth", OAUTH))
        assert line.startswith(f"{section}.oauth: expected either password or oauth")


def test_i6_a_login_by_oauth_needs_a_name_too() -> None:
    assert faults(
        with_oauth("caldav").replace(
            'url = "https://dav.example.org/"\nusername = "sam"\n', 'url = "https://dav.example.org/"\n'
        )
    ) == ["caldav.username: missing; expected the name you log in with"]


def test_i6_microsoft_has_no_caldav() -> None:
    (line,) = faults(with_oauth("caldav", provider="microsoft"))
    assert "[[feeds]]" in line


def test_i6_two_logins_are_kept_in_two_places() -> None:
    table = tomllib.loads(with_oauth())
    del table["caldav"]["password"]
    table["caldav"]["oauth"] = OAUTH
    (line,) = faults(tomli_w.dumps(table))
    assert line == "caldav.oauth.token: expected a place of its own: imap.oauth.token is kept there already"
    table["caldav"]["oauth"] = {**OAUTH, "token": {"file": "caldav-token"}}
    assert faults(tomli_w.dumps(table)) == []


# Whatever is written


VALUES = st.recursive(
    st.one_of(
        st.text(max_size=30),
        st.integers(),
        st.floats(),
        st.booleans(),
        st.datetimes(),
        st.dates(),
        st.sampled_from(["", "\0", "\x9b31m", "5m", "00:00-24:00", "sam@example.org", "0 9 31 2 *", "(((", "http://["]),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def places(table: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    below = table.items() if isinstance(table, dict) else enumerate(table) if isinstance(table, list) else ()
    return [path, *(place for key, value in below for place in places(value, (*path, key)))]


def mutated(table: Any, path: tuple[Any, ...], value: Any, *, rename: bool) -> Any:
    if not path:
        return value
    key, *rest = path
    copy = dict(table) if isinstance(table, dict) else list(table)
    if rename and not rest and isinstance(copy, dict) and isinstance(value, str):
        copy[value] = copy.pop(key)
    else:
        copy[key] = mutated(table[key], tuple(rest), value, rename=rename)
    return copy


@given(st.sampled_from([place for place in places(TABLE) if place]), VALUES, st.booleans())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=300)
def test_no_config_raises_anything_but_a_config_error(path: tuple[Any, ...], value: Any, rename: bool) -> None:
    try:
        text = tomli_w.dumps(mutated(TABLE, path, value, rename=rename))
        tomllib.loads(text)
    except (ValueError, TypeError, UnicodeEncodeError):
        return  # no TOML comes of it (a lone surrogate); the next test is about such text
    lines = faults(text)
    assert all(line.isprintable() for line in lines)


@given(st.data())
@settings(deadline=None, max_examples=200)
def test_no_text_raises_anything_but_a_config_error(data: st.DataObject) -> None:
    text = EXAMPLE.read_text("utf-8")
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    faults(text[:start] + data.draw(st.text(max_size=10)) + text[end:])


@given(st.sampled_from([place for place in places(TABLE) if "password" in place]), st.integers(0, 2))
@settings(deadline=None)
def test_no_fault_shows_what_stands_under_a_password(path: tuple[Any, ...], depth: int) -> None:
    value: Any = SECRET
    for _ in range(depth):
        value = [value] if depth == 1 else {SECRET: value}
    lines = faults(tomli_w.dumps(mutated(TABLE, path, value, rename=False)))
    assert SECRET not in "\n".join(lines)


OAUTH_TABLE = tomllib.loads(with_oauth(client_secret={"file": "x"}, token_url="https://x.example/t"))


@given(st.sampled_from([place for place in places(OAUTH_TABLE) if "oauth" in place]), VALUES, st.booleans())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_i6_no_oauth_table_raises_anything_but_a_config_error(path: tuple[Any, ...], value: Any, rename: bool) -> None:
    try:
        text = tomli_w.dumps(mutated(OAUTH_TABLE, path, value, rename=rename))
        tomllib.loads(text)
    except (ValueError, TypeError, UnicodeEncodeError):
        return
    assert all(line.isprintable() for line in faults(text))


def test_the_models_allow_no_key_that_is_not_theirs() -> None:
    assert Settings.model_config["extra"] == "forbid"


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("away", ["24 December"], 'expected a day like "2026-12-24", or days like "2026-12-21 to 2027-01-03"'),
        ("away", ["2026-02-30"], 'expected a day like "2026-12-24", or days like "2026-12-21 to 2027-01-03"'),
        ("away", ["20261224"], 'expected a day like "2026-12-24", or days like "2026-12-21 to 2027-01-03"'),
        ("away", ["2027-01-03 to 2026-12-21"], "expected the last day after the first"),
        ("away", ["2026-01-01 to 2036-01-01"], "expected an absence of two years at most"),
        ("away", "2026-12-24", "expected a list"),
        ("working_hours", "17:00-09:00", "the end after the start"),
        ("working_days", ["monday"], 'expected "mon", "tue"'),
        ("working_days", [], "expected at least one entry"),
    ],
)
def test_t10_a_mentors_hours_and_holidays_are_checked(key: str, value: object, told: str) -> None:
    [fault] = faults(mentors({"id": "ana", "name": "Ana", key: value}))
    assert fault.startswith(f"mentors[1].{key}")
    assert told in fault


@pytest.mark.parametrize(("calendars", "fault"), [([], False), (["Work"], False), (["Work", "Reminders"], True)])
def test_t6_a_calendar_is_for_reminders_or_for_meetings(calendars: list[str], fault: bool) -> None:
    table = tomllib.loads(MINIMAL)
    table["caldav"] |= {"calendars": calendars, "reminders_calendar": "Reminders"}
    told = faults(tomli_w.dumps(table))
    assert bool(told) is fault
    assert all(
        line.startswith('caldav.reminders_calendar = "Reminders": expected a calendar of its own') for line in told
    )


def test_a_feed_may_have_a_login_in_its_address_that_is_never_shown() -> None:
    given = parse(changed("feeds", [{"url": "https://sam:hunter2@example.org/sam.ics"}]), "given")
    assert given.feeds[0].url == "https://sam:hunter2@example.org/sam.ics"
    assert "hunter2" not in repr(given)
    [line] = faults(changed("feeds", [{"url": "ftp://sam:hunter2@example.org/sam.ics"}]))
    assert "hunter2" not in line
