"""What the library raises, told in our families; a refusal told from a lost connection."""

from __future__ import annotations

import imaplib

import pytest
from imapclient.exceptions import InvalidCriteriaError, ProtocolError

from mentorup_daemon.errors import Unavailable
from mentorup_daemon.mailbox.account import ImapAccount
from mentorup_daemon.mailbox.failures import Garbled, Refused, told
from mentorup_daemon.records.hosts import is_loopback

ACCOUNT = ImapAccount("imap.example.org", 993, "tls", "sam", lambda: "secret")


@pytest.mark.parametrize(
    ("problem", "family", "says"),
    [
        (imaplib.IMAP4.error("select failed: [NONEXISTENT] no such folder"), Refused, "no such folder"),
        (imaplib.IMAP4.error("FETCH command error: BAD [b'unknown']"), Refused, "unknown"),
        (InvalidCriteriaError("bad search\n\nlong story"), Refused, "bad search"),
        (imaplib.IMAP4.error("got more than 1000000 bytes"), Garbled, "1000000"),
        (imaplib.IMAP4.error("command STORE illegal in state AUTH"), Garbled, "illegal"),
        (ProtocolError("no end"), Garbled, "no end"),
        (KeyError("x"), Garbled, "x"),
        (imaplib.IMAP4.abort("socket error: EOF"), Unavailable, "EOF"),
        (ConnectionResetError(104, "Connection reset by peer"), Unavailable, "reset"),
        (TimeoutError(), Unavailable, "within 30 s"),
    ],
)
def test_i06_each_exception_has_its_family(problem: Exception, family: type[Exception], says: str) -> None:
    error = told(problem, ACCOUNT, "reading")
    assert type(error) is family
    assert says in str(error)
    assert "reading" in str(error)
    assert "imap.example.org" in str(error)


def test_a_refusal_keeps_its_response_code() -> None:
    error = told(imaplib.IMAP4.error("create failed: [ALREADYEXISTS] it is there"), ACCOUNT, "making")
    assert isinstance(error, Refused)
    assert error.code == "ALREADYEXISTS"


def test_a_servers_words_are_bounded_and_on_one_line() -> None:
    error = told(imaplib.IMAP4.error("select failed: \x1b[31mred\r\n" + "x" * 5_000), ACCOUNT, "opening")
    assert "\x1b" not in str(error)
    assert "\n" not in str(error)
    assert len(str(error)) < 500


@pytest.mark.parametrize("address", ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1", "::1%lo"])
def test_i14_loopback(address: str) -> None:
    assert is_loopback(address)


@pytest.mark.parametrize(
    "address", ["", "localhost.example.org", "10.0.0.1", "0.0.0.0", "::", "fe80::1", "127.0.0.1.nip.io"]
)
def test_i14_not_loopback(address: str) -> None:
    assert not is_loopback(address)
