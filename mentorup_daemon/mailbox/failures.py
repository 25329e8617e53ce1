"""What goes wrong on an IMAP connection, told in our families.

Promises that nothing of imapclient, imaplib, ssl or socket gets past the door, and that secrets stay out of the texts:
what a server says is quoted, what was sent to it never. The one hard thing is to tell a refusal (a tagged NO or BAD:
the connection goes on) from a connection that is lost or out of step (it has to be replaced, I05, I06): the library
has one exception class for both.
"""

from __future__ import annotations

import imaplib
import re
import ssl

from imapclient.exceptions import InvalidCriteriaError, ProtocolError

from mentorup_daemon.errors import ConfigError, CredentialsError, MentorUpError, Unavailable
from mentorup_daemon.mailbox.account import ImapAccount

# What the library raises when an answer isn't what it expects: LookupError for charsets, ValueError for numbers, ...
GARBLED = (ProtocolError, ValueError, TypeError, LookupError, AttributeError, AssertionError)
LIBRARY = (imaplib.IMAP4.error, OSError, *GARBLED)

_TAGGED = re.compile(r"\w+ (?:failed: |command error: (?:NO|BAD) )(?P<text>.*)", re.DOTALL)
_CODE = re.compile(r"\[([A-Z][A-Z0-9-]*)")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
# RFC 5530: the server, not the password, is the trouble. LIMIT is Dovecot's for too many connections.
_PASSING = frozenset({"UNAVAILABLE", "INUSE", "SERVERBUG", "LIMIT"})
_TOO_MANY = re.compile(
    r"too many|maximum number of connections|simultaneous|connection limit|not connected", re.IGNORECASE
)
_LATER = re.compile(r"try again|temporar", re.IGNORECASE)


class Refused(Unavailable):
    """The server answered NO or BAD; the connection is fine. `code` is its response code (RFC 9051 7.1) or ""."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class Crowded(Unavailable):
    """The server takes no further connection of this account or from this address just now."""


class Garbled(Unavailable):
    """The answer can't be understood; the connection has been given up."""


def told(problem: Exception, account: ImapAccount, doing: str) -> Unavailable:
    """One of ours for what the library raised while `doing`. Everything but Refused means: replace the connection."""
    if isinstance(problem, TimeoutError):
        return Unavailable(f"{account.where} did not answer within {account.timeout:g} s while {doing}")
    if isinstance(problem, imaplib.IMAP4.abort | OSError):
        return Unavailable(f"{account.where}: the connection was lost while {doing}: {_say(problem)}")
    text = _refusal(problem)
    if text is None:
        return Garbled(f"{account.where} gave an answer that can't be understood while {doing}: {_say(problem)}")
    return Refused(f"{account.where} refused {doing}: {_clean(text)}", _code(text))


def told_connecting(problem: Exception, account: ImapAccount) -> MentorUpError:
    """The same for reaching the server and agreeing on TLS, with the remedy where one is known."""
    if isinstance(problem, ssl.SSLCertVerificationError):
        return Unavailable(
            f"{account.where}: its certificate can't be trusted: {problem.verify_message}. "
            "For a private CA set ca_file in [imap]; away from home, a captive portal may be in between"
        )
    if isinstance(problem, ssl.SSLError):
        return Unavailable(
            f"{account.where}: no TLS could be agreed on: {_say(problem)}. "
            f'Does security = "{account.security}" in [imap] fit the port?'
        )
    if isinstance(problem, TimeoutError):
        return Unavailable(f"{account.where} could not be reached within {account.timeout:g} s")
    if isinstance(problem, imaplib.IMAP4.error) and _TOO_MANY.search(str(problem)):  # in its greeting
        return Crowded(f"{account.where} takes no further connection: {_say(problem)}")
    return Unavailable(f"{account.where} could not be reached: {_say(problem)}")


def told_login(problem: Exception, account: ImapAccount) -> MentorUpError:
    """The same for the login: wrong credentials told from a server that can't look at them now (RFC 5530)."""
    if isinstance(problem, imaplib.IMAP4.abort | OSError):
        return told(problem, account, "logging in")
    text = str(problem)
    code = _code(text)
    if code == "PRIVACYREQUIRED":
        return ConfigError(f'{account.where} takes no password without encryption: set security = "tls" in [imap]')
    untold = code in ("", "ALERT")
    if code == "LIMIT" or ((untold or code in _PASSING) and _TOO_MANY.search(text)):
        return Crowded(f"{account.where} takes no further connection just now: {_clean(text)}")
    if code in _PASSING or (untold and _LATER.search(text)):
        return Unavailable(f"{account.where} can't log anyone in just now: {_clean(text)}")
    if account.access_token is not None:
        return CredentialsError(
            f"{account.where} refused the login by OAuth: {_clean(text)}. Is [imap] username the account that you have "
            "logged in with, and may it use IMAP? Then run `mentorup login --imap` again"
        )
    return CredentialsError(
        f"{account.where} refused the credentials: {_clean(text)}. "
        "Check username and password in [imap]; some providers want an app password"
    )


def _refusal(problem: Exception) -> str | None:
    """The server's words when `problem` is a tagged NO or BAD, else None."""
    if isinstance(problem, InvalidCriteriaError):
        return str(problem).partition("\n")[0]
    if not isinstance(problem, imaplib.IMAP4.error) or isinstance(problem, ProtocolError):
        return None
    found = _TAGGED.match(str(problem))
    return found["text"] if found else None


def _code(text: str) -> str:
    found = _CODE.search(text)
    return found[1] if found else ""


def _say(problem: Exception) -> str:
    return _clean(str(problem)) or type(problem).__name__


def _clean(text: str) -> str:
    """A server's words on one line, bounded: they end up in terminals and in mail."""
    bare = re.sub(r"\[?b(['\"])(.*?)\1\]?", r"\2", text)
    return _CONTROLS.sub(" ", bare).strip()[:300]
