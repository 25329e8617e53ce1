"""Where a mailbox is and how to get in: the part of [imap] that a connection needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

Security = Literal["tls", "starttls", "none"]


@dataclass(frozen=True, slots=True)
class ImapAccount:
    """One account on one IMAP server.

    `password` is called at every connect, so that a renewed secret is met without a restart (P03), and may raise
    ConfigError. With `access_token` the login goes by OAuth (RFC 7628) instead: it is called with the token that the
    server has just refused, "" at first, returns the one to use, and may raise CredentialsError too. `security` none is
    for loopback addresses only. `timeout` is in seconds, for connecting and for every read. `drafts` and `sent` name
    those folders; found by SPECIAL-USE when empty. `ca_file` is a private CA (PEM).
    """

    host: str
    port: int
    security: Security
    username: str
    password: Callable[[], str] = field(repr=False)
    ca_file: str = ""
    timeout: float = 30.0
    drafts: str = ""
    sent: str = ""
    access_token: Callable[[str], str] | None = field(default=None, repr=False)

    @property
    def where(self) -> str:
        """How errors name it."""
        return f"{self.host}:{self.port} (IMAP, user {self.username})"
