"""What is sealed opens with any of the keys, for the account and the name that it was sealed for alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentorup_daemon.errors import ConfigError
from mentorup_daemon.service.fleet.sealing import Seals, fresh_key

OLD, NEW = fresh_key(), fresh_key()
IDS = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=100)


@given(account=IDS, name=IDS, secret=st.text(st.characters(exclude_categories=["Cs"])))
def test_i8_what_is_sealed_opens_as_it_was(account: str, name: str, secret: str) -> None:
    seals = Seals([NEW])
    assert seals.open(account, name, seals.seal(account, name, secret)) == secret


@given(account=IDS, name=IDS, other=st.tuples(IDS, IDS))
def test_i8_what_is_sealed_opens_for_nobody_else(account: str, name: str, other: tuple[str, str]) -> None:
    seals = Seals([NEW])
    sealed = seals.seal(account, name, "hidden")
    if other != (account, name):
        with pytest.raises(ConfigError):
            seals.open(*other, sealed)


def test_i8_the_first_key_seals_and_every_key_opens() -> None:
    sealed = Seals([OLD]).seal("sam", "imap.password", "hidden")
    assert Seals([NEW, OLD]).open("sam", "imap.password", sealed) == "hidden"
    anew = Seals([NEW, OLD]).renew("sam", "imap.password", sealed)
    assert Seals([NEW]).open("sam", "imap.password", anew) == "hidden"
    with pytest.raises(ConfigError):
        Seals([OLD]).open("sam", "imap.password", anew)


def test_i8_what_no_key_opens_says_whose_it_is_and_what_to_do() -> None:
    sealed = Seals([OLD]).seal("sam@example.org", "imap.password", "hidden")
    with pytest.raises(ConfigError) as caught:
        Seals([NEW]).open("sam@example.org", "imap.password", sealed)
    assert str(caught.value) == (
        "The account sam@example.org: its imap.password can't be opened with any of the keys in seal.keys. Put the "
        "key that sealed it back among them, or give everything anew: mentorup accounts update FILE --id "
        "sam@example.org"
    )


def test_i8_what_is_no_key_is_told_by_its_line_and_not_shown() -> None:
    with pytest.raises(ConfigError, match=r"seal\.keys: line 2 is no key; `mentorup accounts key`") as caught:
        Seals([NEW, "typed-by-hand"])
    assert "typed-by-hand" not in str(caught.value)
