"""Hrefs in one spelling, Retry-After in seconds."""

from __future__ import annotations

from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentorup_daemon.calendars.multistatus import spelled
from mentorup_daemon.calendars.wire import is_loopback, retry_after

SEGMENT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/?#"), min_size=1)


@given(segment=SEGMENT)
def test_every_encoding_of_a_name_is_spelled_the_same(segment: str) -> None:
    thoroughly = "".join(f"%{byte:02x}" for byte in segment.encode())
    assert spelled(f"/cal/{thoroughly}.ics") == spelled(f"/cal/{quote(segment, safe='')}.ics")


@given(segment=SEGMENT)
def test_spelling_keeps_the_name_and_is_stable(segment: str) -> None:
    once = spelled(f"/cal/{quote(segment, safe='')}")
    assert unquote(once) == f"/cal/{segment}"
    assert spelled(once) == once


def test_a_name_that_is_no_utf8_is_kept() -> None:
    assert spelled("/cal/caf%e9.ics") == "/cal/caf%E9.ics"


def test_a_slash_inside_a_name_stays_inside() -> None:
    assert spelled("/cal/a%2Fb.ics") == "/cal/a%2Fb.ics"


@given(value=st.text())
def test_no_retry_after_breaks_us(value: str) -> None:
    seconds = retry_after(value)
    assert seconds is None or 0 <= seconds <= 24 * 3600


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost.example.org", False),
        ("10.0.0.1", False),
        ("example.org", False),
        ("0.0.0.0", False),
    ],
)
def test_loopback_is_loopback_only(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
