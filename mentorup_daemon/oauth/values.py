"""What the door to an authorization server is told: which server, as which client, for whom. Values only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthClient:
    """One client (RFC 6749 2) at one authorization server, for one account.

    `key` is the section of the config that it belongs to (`imap`), for words. `client_secret` is called when it is
    needed; None for a public client. A flow whose URL is "" isn't offered there. `login_hint` is the account to be
    proposed. `redirect_host` is the loopback name that the server has on its list (RFC 8252 7.3, 8.3). `timeout` is in
    seconds, for each wait on the server; `ca_file` a private CA (PEM). `login_anew` is what to do when a new login is
    needed, "" for the command that an owner has for it.
    """

    key: str
    client_id: str
    client_secret: Callable[[], str] | None = field(default=None, repr=False)
    authorization_url: str
    token_url: str
    device_url: str
    scope: str
    login_hint: str
    redirect_host: str = "127.0.0.1"
    extras: tuple[tuple[str, str], ...] = ()
    ca_file: str = ""
    timeout: float = 30.0
    login_anew: str = ""

    @property
    def server(self) -> str:
        """The host that gives the tokens, for words."""
        return urlsplit(self.token_url).hostname or ""

    @property
    def purpose(self) -> str:
        """What the login is for, as the owner calls it."""
        return "your mail" if self.key == "imap" else "your calendars"

    @property
    def remedy(self) -> str:
        """What the owner does when a new login is needed."""
        return self.login_anew or f"run `mentorup login --{self.key}`"

    def credentials(self) -> dict[str, str]:
        """Who asks, as form fields (RFC 6749 2.3.1)."""
        secret = {"client_secret": self.client_secret()} if self.client_secret else {}
        return {"client_id": self.client_id, **secret}
