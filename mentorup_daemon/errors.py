"""The families of errors, and what each asks of whoever meets it.

Every door turns its library's exceptions into one of these; nothing above a door catches a library's exception.
The text of each is written for the owner: what went wrong, with which server, message or key, and what to do.
"""

from __future__ import annotations


class MentorUpError(Exception):
    """The root of all of ours. `exit_code` is what the command line ends with (sysexits.h)."""

    exit_code = 1


class ConfigError(MentorUpError):
    """The owner must change something in the configuration; trying again can't help."""

    exit_code = 78


class CredentialsError(MentorUpError):
    """A server refused the credentials: back off long (lock-outs), tell the owner once."""

    exit_code = 77


class Unavailable(MentorUpError):
    """A server can't be reached or doesn't answer properly now: try again later, with bounded back-off.

    `retry_after` is in seconds, where the server named a time (RFC 9110 10.2.3), else None.
    """

    exit_code = 69

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Busy(MentorUpError):
    """The store can't be used just now (another process holds the lock, the disk is full): try again later."""

    exit_code = 75


class StoreError(MentorUpError):
    """The store can't be used as it is: damaged, not ours to write to, or of a newer version than this program."""


class Malformed(MentorUpError):
    """This one message, event or template can't be used: quarantine it with its reason, go on with the others."""


class Uncertain(MentorUpError):
    """It may have happened: look before doing it again (a connection lost between APPEND and its answer)."""


OF_A_DOOR = (Unavailable, Uncertain, CredentialsError, ConfigError)
"""What a door to a server raises: it costs what that server alone could tell, and the next pass comes back to it."""
