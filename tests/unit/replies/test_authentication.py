"""What Authentication-Results prove, and what they don't (RFC 8601)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentorup_daemon.replies.authentication import verdict

SAM = "sam@example.org"
MX = "mx.example.org"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ([f"{MX}; dmarc=pass header.from=example.org"], "pass"),
        ([f"{MX} 1; dkim=pass (good) header.d=example.org"], "pass"),
        ([f"{MX}; dkim=pass header.i=@mail.example.org"], "pass"),  # a subdomain is aligned
        ([f"{MX}; spf=pass smtp.mailfrom=bounce@example.org"], "pass"),
        ([f"{MX}; auth=pass (login) smtp.auth=sam@example.org"], "pass"),
        ([f"{MX}; auth=pass smtp.auth=mallory@example.org"], "unproven"),
        ([f"{MX}; spf=pass smtp.mailfrom=evil.example; dkim=pass header.d=evil.example"], "unproven"),
        ([f"{MX}; dkim=pass header.d=notexample.org"], "unproven"),
        ([f"{MX}; dkim=pass header.d=org"], "unproven"),
        ([f"{MX}; dkim=none; spf=none; dmarc=none"], "unproven"),
        ([f"{MX}; dmarc=fail header.from=example.org; dkim=pass header.d=example.org"], "fail"),
        ([f"{MX}; dkim=fail header.d=example.org; spf=softfail smtp.mailfrom=example.org"], "fail"),
        ([f"{MX}; dkim=pass header.d=example.org; spf=fail smtp.mailfrom=example.org"], "pass"),  # forwarded
        (["evil.example; dmarc=pass header.from=example.org"], "silent"),  # not the trusted server
        ([f"{MX}; dmarc=fail", f"{MX}; dmarc=pass"], "fail"),  # the topmost decides
        ([f"{MX}; dmarc=none", f"{MX}; dkim=pass header.d=example.org"], "pass"),  # one field a method
        ([f"{MX}; none"], "silent"),
        ([f'{MX}; dkim=fail (see "dkim=pass; header.d=example.org") header.d=example.org'], "fail"),
        ([], "silent"),
        ([""], "silent"),
    ],
)
def test_i23_with_a_trusted_server_only_its_word_counts(fields: list[str], expected: str) -> None:
    assert verdict(fields, SAM, trusted="MX.example.org")[0] == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (["any.example; dmarc=pass header.from=example.org"], "unproven"),  # may be the sender's own invention
        (["any.example; dmarc=fail"], "fail"),
        (["any.example; dkim=fail; spf=fail"], "fail"),
        (["any.example; spf=fail; dkim=pass header.d=lists.example"], "unproven"),
        (["any.example; dkim=none"], "unproven"),
        (["first.example; dkim=none", "second.example; dmarc=fail"], "unproven"),  # written before ours
        (["first.example; dkim=none", "first.example; dmarc=fail"], "fail"),
    ],
)
def test_i23_without_one_only_failures_of_the_topmost_server_count(fields: list[str], expected: str) -> None:
    assert verdict(fields, SAM)[0] == expected


@settings(deadline=None)
@given(st.lists(st.text(max_size=200), max_size=4), st.sampled_from(["", "mx.example.org"]))
def test_any_field_is_read(fields: list[str], trusted: str) -> None:
    found, _ = verdict(fields, SAM, trusted=trusted)
    assert trusted or found != "pass"
