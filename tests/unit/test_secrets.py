"""A password is read afresh from the one source that is named, and shows in no text."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import keyring
import keyring.backend
import keyring.errors
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from mentorup_daemon import secrets
from mentorup_daemon.errors import ConfigError
from mentorup_daemon.secrets import Secret

PASSWORD = "pass wörd ¤1"


def command(*argv: str) -> Secret:
    return Secret(command=argv)


def python(code: str) -> Secret:
    return command(sys.executable, "-c", code)


def failure(secret: Secret, username: str = "sam") -> str:
    with pytest.raises(ConfigError) as raised:
        secret.read(key="imap.password", username=username)
    assert raised.value.__cause__ is None
    text = str(raised.value)
    assert text.startswith(f"imap.password ({secret.kind}): ")
    assert PASSWORD not in text
    return text


def test_p03_each_source_is_read_afresh_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "password"
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    sources = [
        Secret(env="MENTORUP_TEST_PASSWORD"),
        Secret(file=str(file)),
        Secret(credential="password"),
        command("cat", str(file)),
    ]
    for current in (PASSWORD, "renewed"):
        monkeypatch.setenv("MENTORUP_TEST_PASSWORD", current)
        file.write_text(current + "\n", "utf-8")
        assert [source.read() for source in sources] == [current] * 4


@pytest.mark.parametrize(("content", "password"), [("a\n", "a"), ("a", "a"), ("a\r\n", "a"), (" a ", " a ")])
def test_one_line_end_is_not_part_of_the_password(tmp_path: Path, content: str, password: str) -> None:
    file = tmp_path / "password"
    file.write_bytes(content.encode())
    assert Secret(file=str(file)).read() == password


@pytest.mark.parametrize("content", [b"a\n\n", b"a\nb", b"a\0", b"a\rb", b"", b"\n", b"\xff", b"x" * 20_000])
def test_what_can_be_no_password_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "password"
    file.write_bytes(content)
    assert failure(Secret(file=str(file)))


def test_a_file_in_the_home_directory_may_start_with_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "password").write_text(PASSWORD, "utf-8")
    assert Secret(file="~/password").read() == PASSWORD


def test_a_file_that_is_none_says_so(tmp_path: Path) -> None:
    assert "can't be read (No such file or directory)" in failure(Secret(file=str(tmp_path / "none")))
    assert "no regular file" in failure(Secret(file=str(tmp_path)))
    assert "can't be read" in failure(Secret(file="x" * 5000))
    with pytest.raises(ValidationError, match="home directory that exists"):
        Secret(file="~nobody-here/password")
    os.mkfifo(tmp_path / "pipe")
    assert "no regular file" in failure(Secret(file=str(tmp_path / "pipe")))


def test_a_file_that_others_can_read_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "password"
    assert Secret(file=str(file)).exposed() == ""
    file.write_text(PASSWORD, "utf-8")
    for mode, exposed in ((0o600, False), (0o400, False), (0o640, True), (0o604, True), (0o602, True)):
        file.chmod(mode)
        assert bool(Secret(file=str(file)).exposed()) is exposed
    assert f"chmod 600 {file}" in Secret(file=str(file)).exposed()
    assert Secret(env="X").exposed() == ""


def test_a_variable_that_is_not_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MENTORUP_TEST_PASSWORD", raising=False)
    assert "MENTORUP_TEST_PASSWORD isn't set" in failure(Secret(env="MENTORUP_TEST_PASSWORD"))


# Commands


def test_a_command_runs_without_a_shell() -> None:
    assert command("echo", "$HOME;`id`").read() == "$HOME;`id`"


def test_a_command_that_fails_is_told_with_what_it_said_but_not_with_the_password() -> None:
    code = f"import sys; print({PASSWORD!r}); print('no key for', {PASSWORD!r}, file=sys.stderr); sys.exit(3)"
    assert "failed with 3: no key for ***" in failure(python(code))
    assert "no message" in failure(python("raise SystemExit(3)"))


def test_a_command_that_is_missing_is_named() -> None:
    assert "mentorup-no-such-program can't be run" in failure(command("mentorup-no-such-program"))


def test_a_command_that_waits_for_ever_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "COMMAND_TIMEOUT", 0.2)
    assert "gave no answer" in failure(command("sleep", "60"))


def test_a_command_gets_no_terminal_to_ask_on() -> None:
    assert "empty" in failure(command("cat"))


def test_the_arguments_of_a_command_are_not_shown() -> None:
    assert "hunter2" not in failure(command(sys.executable, "-c", "raise SystemExit('x')", "hunter2"))


# Credentials and keyrings


def test_a_credential_needs_systemd(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    assert "LoadCredential=imap:" in failure(Secret(credential="imap"))
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert "not a path" in failure(Secret(credential="../password"))
    assert "not a path" in failure(Secret(credential=".."))
    assert "can't be read" in failure(Secret(credential="imap"))


class Ring(keyring.backend.KeyringBackend):
    """A keyring in memory; locked when it holds nothing at all."""

    priority = 1

    def __init__(self, held: dict[tuple[str, str], str]) -> None:
        super().__init__()
        self.held = held

    def get_password(self, service: str, username: str) -> str | None:
        if not self.held:
            raise keyring.errors.KeyringLocked(PASSWORD)
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password


@pytest.fixture
def ring() -> Iterator[dict[tuple[str, str], str]]:
    before, held = keyring.get_keyring(), {("imap", "sam"): PASSWORD}
    keyring.set_keyring(Ring(held))
    yield held
    keyring.set_keyring(before)


def test_a_keyring_is_asked_by_service_and_username(ring: dict[tuple[str, str], str]) -> None:
    assert Secret(keyring="imap").read(username="sam") == PASSWORD
    assert "keyring set imap eve" in failure(Secret(keyring="imap"), "eve")
    ring.clear()
    assert "unlock it" in failure(Secret(keyring="imap"))


def test_a_keyring_without_its_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert 'pip install "mentorup-daemon[keyring]"' in failure(Secret(keyring="imap"))


@given(st.text("abcdef0123456789 ", min_size=1, max_size=20), st.sampled_from("\n\r\0"), st.booleans())
@settings(max_examples=20, deadline=None)
def test_no_error_shows_what_was_read(password: str, separator: str, fails: bool) -> None:
    held = f"Zq9{password}"
    code = "import sys; print(sys.argv[1], 'x', sep=chr(int(sys.argv[2]))); print('not', sys.argv[1], file=sys.stderr)"
    text = failure(command(sys.executable, "-c", f"{code}; sys.exit({int(fails)})", held, str(ord(separator))))
    assert held not in text
    assert ("not ***" in text) is fails


@pytest.mark.parametrize("source", ["env", "file", "credential", "keyring"])
def test_a_source_shown_shows_only_its_kind(source: str) -> None:
    secret = Secret.model_validate({source: "hunter2"})
    assert f"{secret} {secret!r} {[secret]}" == f"Secret({source}) Secret({source}) [Secret({source})]"
