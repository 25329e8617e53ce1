"""The login with another device (RFC 8628): a code is shown here, typed in there, and waited for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from mentorup_daemon.errors import ConfigError, CredentialsError, Unavailable
from mentorup_daemon.oauth.endpoint import Pending, fields_of, post, token_of
from mentorup_daemon.oauth.tokens import lasts
from mentorup_daemon.oauth.values import OAuthClient

_INTERVAL, _SLOWER, _LONGEST_INTERVAL = 5.0, 5.0, 60.0  # seconds between two questions (RFC 8628 3.2, 3.5)
_LONGEST = 1800.0  # seconds that are waited, whatever the server allows


def log_in(
    client: OAuthClient,
    show: Callable[[str, str], None],
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> dict[str, Any]:
    """The token of a new login (RFC 6749 5.1). `show` is given the address to open and the code to type in.

    Raises CredentialsError when nobody confirms, ConfigError, or Unavailable.
    """
    form = {**client.credentials(), "scope": client.scope}
    begun = fields_of(client, post(client, client.device_url, urlencode(form)))
    # `verification_url` is how Google called it before the RFC.
    address = str(begun.get("verification_uri") or begun.get("verification_url") or "")
    device_code, user_code = str(begun.get("device_code", "")), str(begun.get("user_code", ""))
    if not (device_code and user_code.isprintable() and user_code and address.isprintable() and address):
        raise Unavailable(f"{client.server} answers, but not as an OAuth server does")
    show(address, user_code)
    interval = _seconds(begun.get("interval"))
    end = clock() + min(lasts(begun.get("expires_in")), _LONGEST)
    body = _question(client, device_code)
    while clock() < end:
        sleep(interval)
        try:
            return token_of(client, post(client, client.token_url, body))
        except Pending as pending:
            interval += _SLOWER if pending.slower else 0.0
        except Unavailable:  # the server, or the line, is away for a moment: RFC 8628 3.5 asks for a longer pause
            interval = min(interval * 2, _LONGEST_INTERVAL)
    raise CredentialsError(f"nobody has confirmed at {client.server} in time: {client.remedy} to try again")


def _question(client: OAuthClient, device_code: str) -> str:
    from oauthlib.oauth2 import DeviceClient  # noqa: PLC0415 - for those who log in by OAuth only

    secret = {name: value for name, value in client.credentials().items() if name == "client_secret"}
    form = DeviceClient(client.client_id)
    return str(form.prepare_request_body(device_code, include_client_id=True, **secret))


def _seconds(given: object) -> float:
    try:
        return min(max(float(str(given)), 1.0), _LONGEST_INTERVAL)
    except ValueError:
        return _INTERVAL


def offered(client: OAuthClient) -> None:
    """Raises ConfigError where the server has no such flow."""
    if not client.device_url:
        raise ConfigError(f"{client.key}.oauth: {client.server} offers no login with another device: use --browser")
