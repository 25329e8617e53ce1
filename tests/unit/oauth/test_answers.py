"""What an authorization server answers is a token or an error of ours, whatever it is."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mentorup_daemon.errors import MentorUpError
from mentorup_daemon.oauth.endpoint import fields_of, token_of
from mentorup_daemon.oauth.tokens import lasts
from mentorup_daemon.oauth.values import OAuthClient

CLIENT = OAuthClient(
    key="imap",
    client_id="mine",
    authorization_url="",
    token_url="https://login.example.org/token",
    device_url="",
    scope="",
    login_hint="sam",
)
NAMES = st.sampled_from(
    ["access_token", "token_type", "expires_in", "refresh_token", "scope", "error", "error_description", "expires"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("invalid_grant"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
OBJECTS = st.dictionaries(NAMES | st.text(max_size=8), VALUES, max_size=6)


@given(st.text(max_size=200) | OBJECTS.map(json.dumps) | VALUES.map(json.dumps))
def test_i6_any_text_is_a_token_or_an_error_of_ours(text: str) -> None:
    for read in (token_of, fields_of):
        found: dict[str, Any] = {}
        told = ""
        try:
            found = read(CLIENT, text)
        except MentorUpError as error:
            told = str(error)
        assert told.isprintable()
        token = str(found.get("access_token", "")) if read is token_of else ""
        assert token.isascii()
        assert token.isprintable()
        assert told or read is fields_of or token


@given(VALUES)
def test_i6_any_lifetime_is_a_time_that_a_token_may_last(given_lifetime: object) -> None:
    assert 0 < lasts(given_lifetime) <= 7 * 24 * 3600
