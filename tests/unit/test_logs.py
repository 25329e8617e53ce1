"""What is logged is one line an event, on the stream that was named, and without secrets."""

from __future__ import annotations

import io
import json
import logging
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from mentorup_daemon import logs

SECRET = 'hun"ter2-Zq9é'


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _nothing_concealed(logging_as_before: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_concealed", {})
    monkeypatch.setattr(logs, "_blots", ())


def log() -> Any:
    return structlog.get_logger("mentorup_daemon.test")


def written(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_it_is_json_where_nobody_looks_and_text_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    piped, terminal, plain = io.StringIO(), Terminal(), Terminal()
    logs.configure("info", "auto", piped)
    log().info("draft written", key="agenda/ana/x", count=2)
    (event,) = written(piped)
    assert (event["event"], event["level"], event["key"], event["count"]) == (
        "draft written",
        "info",
        "agenda/ana/x",
        2,
    )
    assert event["timestamp"].endswith("Z")
    logs.configure("info", "auto", terminal)
    log().info("draft written", key="agenda/ana/x")
    assert "\x1b[" in terminal.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    logs.configure("info", "auto", plain)
    log().info("draft written", key="agenda/ana/x")
    assert plain.getvalue().endswith("draft written key=agenda/ana/x\n")


def test_the_format_can_be_told() -> None:
    piped, terminal = io.StringIO(), Terminal()
    logs.configure("info", "console", piped)
    log().info("hello")
    assert piped.getvalue().rstrip().endswith("hello")
    assert "\x1b" not in piped.getvalue()
    logs.configure("info", "json", terminal)
    log().info("hello")
    assert written(terminal)[0]["event"] == "hello"


def test_nothing_goes_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("debug", "auto")
    log().debug("one")
    log().error("two")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 2


def test_the_level_is_ours_and_libraries_speak_from_warning_on() -> None:
    stream = io.StringIO()
    logs.configure("debug", "json", stream)
    log().debug("ours")
    logging.getLogger("imapclient").info("theirs, too much")
    logging.getLogger("imapclient").warning("theirs, %s", "with arguments")
    assert [event["event"] for event in written(stream)] == ["ours", "theirs, with arguments"]


def test_configured_again_it_follows_the_new_level_and_speaks_once() -> None:
    first, second = io.StringIO(), io.StringIO()
    logger = log()
    logs.configure("debug", "json", first)
    logs.configure("error", "json", second)
    logger.info("unheard")
    logger.error("heard")
    logging.getLogger("library").warning("unheard too")
    assert first.getvalue() == ""
    assert [event["event"] for event in written(second)] == ["heard"]


def test_a_library_that_warns_is_logged() -> None:
    stream = io.StringIO()
    logs.configure("info", "json", stream)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)
        logging.captureWarnings(capture=True)
        warnings.warn("old ways", stacklevel=1)
    assert "old ways" in written(stream)[0]["event"]


@pytest.mark.parametrize("format", ["console", "json"])
def test_an_exception_is_one_line(format: Any) -> None:
    stream = io.StringIO()
    logs.configure("info", format, stream)
    try:
        raise ValueError("first\nsecond")
    except ValueError:
        log().exception("it failed")
    (line,) = stream.getvalue().splitlines()
    assert "ValueError: first\\" in line
    assert "test_logs.py" in line


@pytest.mark.parametrize("format", ["console", "json"])
def test_text_from_strangers_cannot_start_a_line_or_colour_a_terminal(format: Any) -> None:
    stream = Terminal() if format == "console" else io.StringIO()
    logs.configure("info", format, stream)
    log().info("title\n\x1b[31mred", title="a\r\nb\u2028c\x9b1m")
    (line,) = stream.getvalue().splitlines()
    assert "\x1b[31mred" not in line
    assert "\x9b" not in line


@pytest.mark.parametrize("format", ["console", "json"])
def test_a_concealed_password_shows_nowhere(format: Any) -> None:
    stream = io.StringIO()
    logs.configure("debug", format, stream)
    logs.conceal(SECRET)
    logs.conceal("")
    log().info(f"login with {SECRET}", said=SECRET, nested={"a": [SECRET, {SECRET}]}, raw=f"x{SECRET}x".encode())
    log().info("%s", SECRET)
    logging.getLogger("library").warning("got %s", SECRET)
    try:
        raise ValueError(SECRET)
    except ValueError as error:
        log().exception("it failed", cause=error)
    assert len(stream.getvalue().splitlines()) == 4
    for piece in (SECRET, json.dumps(SECRET)[1:-1], "ter2-Zq9"):
        assert piece not in stream.getvalue()


def test_what_stands_under_a_telling_key_is_blotted_out() -> None:
    stream = io.StringIO()
    logs.configure("info", "json", stream)
    log().info("request", headers={"Authorization": "Basic c2Ft"}, imap_password="a", access_token="b", key="shown")
    (event,) = written(stream)
    assert event["headers"] == {"Authorization": "***"}
    assert (event["imap_password"], event["access_token"], event["key"]) == ("***", "***", "shown")


def test_p05_renewed_tokens_do_not_pile_up() -> None:
    for number in range(5000):
        logs.conceal("still in use")
        logs.conceal(f"token-{number}")
    assert len(logs._concealed) <= 1000
    stream = io.StringIO()
    logs.configure("info", "json", stream)
    log().info("now token-4999, still in use")
    assert written(stream)[0]["event"] == "now ***, ***"


def test_p05_a_password_that_begins_as_another_does_is_concealed_to_its_end() -> None:
    for secret in ("hunter2", "hunter2-and-more", "hunt"):
        logs.conceal(secret)
    assert logs.blotted("hunter2-and-more, hunter2, hunt") == "***, ***, ***"


def test_i8_threads_that_read_passwords_at_once_conceal_them_all() -> None:
    def read(thread: int) -> None:
        for number in range(1000):
            logs.conceal(f"{thread}-{number}.")
            assert logs.blotted(f"{thread}-{number}.") == "***"

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(read, range(4)))
    assert len(logs._concealed) <= 1000


@given(
    st.text(), st.recursive(st.text() | st.binary(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)
@settings(deadline=None)
def test_whatever_is_logged_is_one_line_of_json(event: str, value: Any) -> None:
    stream = io.StringIO()
    logs.configure("info", "json", stream)
    log().info("%s", event, value=value)
    assert len(written(stream)) == 1


def test_standard_error_is_looked_up_when_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    logs.configure()
    log().info("hello")
    assert written(stream)[0]["event"] == "hello"
