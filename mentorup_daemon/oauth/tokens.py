"""Access tokens that are good now: renewed before they end, and at once when a server has refused one.

One `Tokens` serves all connections of an account, from any thread. Where its refresh token is kept may also share the
access tokens with other processes, so that not each of them asks for one of its own; for a single owner they live in
memory only. A refresh token that the server has refused isn't shown to it again: only a new login changes that, and it
is noticed without a restart.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from mentorup_daemon.errors import CredentialsError, Unavailable
from mentorup_daemon.logs import conceal
from mentorup_daemon.oauth.endpoint import LoginEnded, post, token_of
from mentorup_daemon.oauth.values import OAuthClient

_EARLY = 300.0  # seconds before its end that a token is renewed: time enough for a server that is away for a moment
_LIFETIME = 3600.0  # seconds, where the server names none (RFC 6749 5.1 only recommends it)


@dataclass(frozen=True, slots=True)
class Access:
    """An access token. Renewed from `renew_at`, of no use after `ends_at`; both in seconds of the clock of `Tokens`."""

    token: str
    renew_at: float
    ends_at: float


class Login(Protocol):
    """Where the refresh token of one login is kept. All but `exclusive` are called inside of it."""

    def exclusive(self) -> AbstractContextManager[None]:
        """Nobody else renews this token meanwhile. Raises ConfigError."""

    def read(self) -> str:
        """The refresh token; "" when nobody has logged in yet. Raises ConfigError."""

    def keep(self, token: str) -> None:
        """Keep the token that follows the one that was read. Raises ConfigError."""

    def shared(self) -> Access | None:
        """The access token that another process has shared; None where none are."""

    def share(self, access: Access) -> None:
        """Share an access token with the other processes, where that is done."""


class Tokens:
    """The access tokens of one account. `clock` gives seconds that go on while the machine sleeps."""

    def __init__(self, client: OAuthClient, store: Login, *, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._access = Access("", 0.0, 0.0)
        self._ended: tuple[str, LoginEnded] | None = None

    def access(self, refused: str = "") -> str:
        """A token for the server; `refused` is the one that it has just refused, which is then not given again.

        Raises CredentialsError when a new login is needed, ConfigError, or Unavailable.
        """
        with self._lock:
            now = self._clock()
            usable = bool(self._access.token) and self._access.token != refused
            if usable and now < self._access.renew_at:
                return self._access.token
            try:
                self._renew(refused)
            except Unavailable:
                if usable and now < self._access.ends_at:
                    return self._access.token
                raise
            return self._access.token

    def _renew(self, refused: str) -> None:
        with self._store.exclusive():
            refresh = self._store.read()
            if not refresh:
                raise CredentialsError(f"{self._client.key}.oauth: nobody has logged in yet: {self._client.remedy}")
            conceal(refresh)
            asked_at = self._clock()
            shared = self._store.shared()
            if shared is not None and shared.token != refused and asked_at < shared.renew_at:
                conceal(shared.token)
                self._access = shared
                return
            if self._ended is not None and self._ended[0] == refresh:
                raise LoginEnded(str(self._ended[1]))
            try:
                token = token_of(self._client, post(self._client, self._client.token_url, self._request(refresh)))
            except LoginEnded as error:
                self._ended = (refresh, error)
                self._access = Access("", 0.0, 0.0)
                raise
            rotated = token.get("refresh_token")
            if isinstance(rotated, str) and rotated and rotated != refresh:
                conceal(rotated)
                self._store.keep(rotated)
            lifetime = lasts(token.get("expires_in"))
            ends_at = asked_at + lifetime
            access = Access(str(token["access_token"]), ends_at - min(_EARLY, lifetime / 2), ends_at)
            conceal(access.token)
            self._store.share(access)
        self._access = access

    def _request(self, refresh: str) -> str:
        from oauthlib.oauth2 import WebApplicationClient  # noqa: PLC0415 - for those who log in by OAuth only

        form = WebApplicationClient(self._client.client_id)
        return str(form.prepare_refresh_body(refresh_token=refresh, **self._client.credentials()))


def lasts(given: object) -> float:
    """Seconds that `expires_in` stands for; some servers write it in quotes."""
    try:
        seconds = float(str(given))
    except ValueError:
        return _LIFETIME
    return min(seconds, 7 * 24 * 3600.0) if seconds > 0 else _LIFETIME
