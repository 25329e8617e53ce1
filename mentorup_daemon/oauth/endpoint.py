"""Asking an authorization server, and what its refusals mean in our families.

One form is posted, one short JSON object comes back (RFC 6749 5, RFC 8628 3.2), over the same bounded session that the
calendars use: verified TLS, no redirects, a limit on size and time. The messages are oauthlib's to make and read. Its
own check of the scheme is passed by, for it knows no loopback; ours (`checked_url`) stands in front of every request.
"""

from __future__ import annotations

import json
import re
from typing import Any

from mentorup_daemon.calendars.wire import BoundedSession, check_ca_file, check_status, checked_url, families
from mentorup_daemon.errors import ConfigError, CredentialsError, MentorUpError, Unavailable
from mentorup_daemon.logs import blotted
from mentorup_daemon.oauth.values import OAuthClient

_LIMIT = 256 * 1024  # bytes of an answer; a token is a few KB
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
# RFC 6749 5.2; interaction_required is Microsoft's, when the owner has to confirm something anew.
_LOGIN_ENDED = frozenset({"invalid_grant", "interaction_required", "consent_required", "login_required"})
_CLIENT_WRONG = frozenset(
    {"invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope", "invalid_request"}
)


class LoginEnded(CredentialsError):
    """The server doesn't take this grant (any more): only a new login helps."""


class Pending(MentorUpError):
    """The owner hasn't confirmed on the other device yet (RFC 8628 3.5). `slower`: ask the server less often."""

    def __init__(self, *, slower: bool) -> None:
        super().__init__("not confirmed yet")
        self.slower = slower


def post(client: OAuthClient, url: str, body: str) -> str:
    """The text of the answer to a form, whatever it says. Raises Unavailable or ConfigError."""
    key = f"[{client.key}] oauth"
    host = checked_url(url, key).hostname or ""
    check_ca_file(client.ca_file, f"{key} ca_file")
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    with families(host, ca_file=client.ca_file):
        session = BoundedSession(limit=_LIMIT, timeout=client.timeout, ca_file=client.ca_file)
        try:
            answer = session.post(url, data=body.encode(), headers=headers)
            status, text = int(answer.status_code or 0), str(answer.text)
        finally:
            session.close()
    check_status(host, status, {name: str(value) for name, value in answer.headers.items()})
    if status >= 500 or not text:
        raise Unavailable(f"{host} answers {status}")
    if 300 <= status < 400:
        raise ConfigError(f"{key}: {url} leads elsewhere ({status}); check the URL")
    return text


def token_of(client: OAuthClient, text: str) -> dict[str, Any]:
    """The token that an answer brings (RFC 6749 5.1): `access_token`, maybe `refresh_token` and `expires_in`.

    Raises LoginEnded, Pending, CredentialsError (the owner said no), ConfigError (the client is wrong) or Unavailable.
    """
    from oauthlib.oauth2 import OAuth2Error, WebApplicationClient  # noqa: PLC0415 - for those who log in by OAuth only

    try:
        # No scope: a server may name what it gave in other words, and the library would raise a Warning over it.
        token = dict(WebApplicationClient(client.client_id).parse_request_body_response(text))
    except OAuth2Error as error:
        raise refusal(client, str(error.error), str(error.description or "")) from None
    except (ValueError, TypeError, AttributeError):
        raise Unavailable(f"{client.server} answers, but not as an OAuth server does") from None
    if not _is_token(token["access_token"]):
        raise Unavailable(f"{client.server} gave an access token that is none")
    return token


def fields_of(client: OAuthClient, text: str) -> dict[str, Any]:
    """The object that an answer is when it brings no token (RFC 8628 3.2). Raises like `token_of`."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Unavailable(f"{client.server} answers, but not as an OAuth server does")
    if "error" in found:
        raise refusal(client, str(found["error"]), str(found.get("error_description", "")))
    return found


def refusal(client: OAuthClient, error: str, description: str) -> MentorUpError:
    """One of ours for an error code of RFC 6749 4.1.2.1 or 5.2, or RFC 8628 3.5."""
    said = " ".join(filter(None, (_clean(error), f"({_clean(description)})" if description else "")))
    if error in ("authorization_pending", "slow_down"):
        return Pending(slower=error == "slow_down")
    if error in _LOGIN_ENDED:
        ended = f"the login for {client.purpose} ({client.login_hint}) has ended: {client.remedy}"
        return LoginEnded(f"{ended}. {client.server} says {said}")
    if error == "access_denied":
        return CredentialsError(f"{client.server} was told no, so nothing was changed: {client.remedy} to try again")
    if error == "expired_token":
        return CredentialsError(f"nobody has confirmed at {client.server} in time: {client.remedy} to try again")
    if error in _CLIENT_WRONG:
        keys = "client_id, client_secret and scope"
        return ConfigError(f"{client.key}.oauth: {client.server} answers {said}: check {keys} in [{client.key}]")
    return Unavailable(f"{client.server} gives no token now: {said}")


def _is_token(value: object) -> bool:
    """True for what RFC 6749 A.12 calls an access token: visible ASCII, so that it can go into any protocol."""
    return isinstance(value, str) and bool(re.fullmatch(r"[\x21-\x7e]{1,16384}", value))


def _clean(text: str) -> str:
    """A server's words on one line, bounded, and without our secrets, should it repeat them."""
    return blotted(_CONTROLS.sub(" ", text)).strip()[:300]
