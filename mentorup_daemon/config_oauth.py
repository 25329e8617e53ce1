"""The `oauth` tables of a config: which server gives the tokens, as which client, and where the login is kept.

Google and Microsoft are known by name; for any other the addresses are given, and any of them may be given for those
two as well (a tenant of one's own). As with passwords, no secret stands in the config: `client_secret` and `token` say
where theirs are kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from mentorup_daemon import config_values as values
from mentorup_daemon.secrets import Secret

_KEPT = '{ file = "..." }, { keyring = "..." } or { credential = "..." }'


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A known authorization server. `device_url` is "" where mail and calendars aren't given to other devices."""

    authorization_url: str
    token_url: str
    device_url: str
    imap_scope: str
    caldav_scope: str
    caldav_writing_scope: str
    redirect_host: str = "127.0.0.1"
    extras: tuple[tuple[str, str], ...] = ()


PROVIDERS: dict[str, Provider] = {
    "google": Provider(
        authorization_url="https://accounts.google.com/o/oauth2/v2/auth",
        token_url="https://oauth2.googleapis.com/token",  # noqa: S106 - an address
        device_url="",  # there is one, but none of these scopes is given by it
        imap_scope="https://mail.google.com/",
        caldav_scope="https://www.googleapis.com/auth/calendar.readonly",
        caldav_writing_scope="https://www.googleapis.com/auth/calendar",
        extras=(("access_type", "offline"), ("prompt", "consent")),  # or a second login brings no refresh token
    ),
    "microsoft": Provider(
        authorization_url="https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
        token_url="https://login.microsoftonline.com/common/oauth2/v2.0/token",  # noqa: S106 - an address
        device_url="https://login.microsoftonline.com/common/oauth2/v2.0/devicecode",
        imap_scope="https://outlook.office.com/IMAP.AccessAsUser.All offline_access",
        caldav_scope="",
        caldav_writing_scope="",
        redirect_host="localhost",  # what it lets any port be behind
    ),
}


class TokenPlace(BaseModel):
    """Where the login is kept: exactly one of the three is set."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)

    file: values.SecretFile | None = None
    keyring: values.Filled | None = None
    credential: values.Filled | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_place(cls, given: Any) -> Any:
        if isinstance(given, str):
            raise values.expected(f"a token doesn't belong into the config itself: say where it is kept, with {_KEPT}")
        if not isinstance(given, dict):
            raise values.expected(f"expected where the login is kept: {_KEPT}")
        named = [name for name in cls.model_fields if name in given]
        if len(named) != 1 and (named or not given):
            raise values.expected(f"expected one of file, keyring or credential, but it names {_and(named)}")
        return given

    @property
    def kind(self) -> Literal["file", "keyring", "credential"]:
        """Which of the three it is."""
        return "file" if self.file is not None else "keyring" if self.keyring is not None else "credential"

    @property
    def where(self) -> str:
        """The path, the keyring's service, or the credential's name."""
        return str(self.file or self.keyring or self.credential)

    def exposed(self) -> str:
        """Words about a file that others on this machine can read; "" when there is nothing to say."""
        return Secret(file=self.file).exposed() if self.file is not None else ""


class OAuthSettings(BaseModel):
    """`oauth` in [imap] and [caldav], in the place of `password`."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)

    provider: Literal["google", "microsoft", "custom"] = "custom"
    client_id: Annotated[values.Filled, Field(description="the client ID that your provider has given you")]
    client_secret: Secret | None = None
    token: Annotated[TokenPlace, Field(description='where the login is kept, like { file = "..." }')]
    authorization_url: values.OAuthUrlOrNone = ""
    token_url: values.OAuthUrlOrNone = ""
    device_url: values.OAuthUrlOrNone = ""
    scope: values.Line = ""
    ca_file: values.File = ""

    def provided(self) -> Provider:
        """The endpoints and scopes, with what the config says put in the place of what is known."""
        known = PROVIDERS.get(self.provider)
        return Provider(
            authorization_url=self.authorization_url or (known.authorization_url if known else ""),
            token_url=self.token_url or (known.token_url if known else ""),
            device_url=self.device_url or (known.device_url if known else ""),
            imap_scope=self.scope or (known.imap_scope if known else ""),
            caldav_scope=self.scope or (known.caldav_scope if known else ""),
            caldav_writing_scope=self.scope or (known.caldav_writing_scope if known else ""),
            redirect_host=known.redirect_host if known else "127.0.0.1",
            extras=known.extras if known else (),
        )


def across(given: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    """What is wrong between keys of the raw tables [imap] and [caldav]: the path, and what is expected."""
    places: dict[tuple[str, object, object], str] = {}
    for name in ("imap", "caldav"):
        section = given.get(name)
        if not isinstance(section, dict) or "oauth" not in section:
            continue
        if "password" in section:
            yield (name, "oauth"), "expected either password or oauth: take one of them out"
        oauth = section["oauth"]
        if not isinstance(oauth, dict):
            continue
        yield from ((((name, "oauth", *path)), wanted) for path, wanted in _endpoints(name, oauth))
        place = oauth.get("token")
        if isinstance(place, dict) and len(place) == 1:
            (kind, where), user = next(iter(place.items())), section.get("username") if "keyring" in place else ""
            if not isinstance(where, str):
                continue
            other = places.setdefault((kind, where, user), name)
            if other != name:
                yield (
                    (name, "oauth", "token"),
                    f"expected a place of its own: {other}.oauth.token is kept there already",
                )


def _endpoints(section: str, oauth: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    provider = oauth.get("provider", "custom")
    if section == "caldav" and provider == "microsoft":
        yield ("provider",), "expected another: Microsoft's calendars have no CalDAV; publish yours and use [[feeds]]"
    if provider != "custom":
        return
    if not oauth.get("token_url"):
        yield ("token_url",), 'missing; expected the address that gives the tokens, or provider = "google", "microsoft"'
    elif not (oauth.get("authorization_url") or oauth.get("device_url")):
        yield ("authorization_url",), "missing; expected this or device_url, the address where a login begins"


def _and(names: list[str]) -> str:
    return " and ".join(names) or "none"
