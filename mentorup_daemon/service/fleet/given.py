"""An account as it is given: its config checked, every fault at once, and its secrets read, this one time.

What is kept of it is a config in which each secret's place is "sealed": the file, command or variable that it came from
is of no use on another machine. Where the store and the templates are is the fleet's to say.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import tomli_w

from mentorup_daemon import logs
from mentorup_daemon.config import Settings, checked
from mentorup_daemon.config_faults import Fault, across, lines_told
from mentorup_daemon.errors import ConfigError
from mentorup_daemon.service.doors import Section
from mentorup_daemon.service.fleet.keeping import given_of, token_of
from mentorup_daemon.service.fleet.places import Place
from mentorup_daemon.store.account import SINGLE

LONGEST_ID = 100
SECTIONS: tuple[Section, ...] = ("imap", "caldav")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One account to be kept. `config` is the TOML text that is kept, `secrets` are those of `settings` by key."""

    account: str
    source: Path
    settings: Settings
    config: str
    secrets: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Given({self.account})"

    @property
    def email(self) -> str:
        """The owner's address in small letters."""
        return self.settings.owner.email.lower()

    @property
    def imap_host(self) -> str:
        """Where the mailbox is, in small letters."""
        return self.settings.imap.host.lower()

    @property
    def caldav_host(self) -> str:
        """Where the calendars are, in small letters; "" for none."""
        caldav = self.settings.caldav
        return (urlsplit(caldav.url).hostname or "").lower() if caldav is not None else ""


def account_given(path: Path, place: Place, account: str | None = None) -> Given:
    """The account whose config is at `path`; its id is the owner's address unless `account` says otherwise.

    Raises ConfigError that lists all faults, one a line, those of secrets that can't be read among them.
    """
    text = place.text(path)

    def hosted(given: Mapping[str, Any]) -> Iterator[Fault]:
        yield from across(given)
        yield from _not_theirs(given)
        yield from place.faults(given, path.parent)

    settings = checked(Settings, text, str(path), base=path.parent, across=hosted)
    found: list[str] = []
    secrets = _secrets(settings, place, found)
    name = settings.owner.email.lower() if account is None else account
    if unfit := unfit_id(name):
        found.append(
            f"owner.email: {unfit}; give the account a shorter one with --id" if account is None else f"--id: {unfit}"
        )
    if found:
        raise ConfigError(lines_told(found, str(path)))
    config = _kept(tomllib.loads(text), settings)
    return Given(account=name, source=path, settings=settings, config=config, secrets=secrets)


def unfit_id(name: str) -> str:
    """Why this can't be the id of an account; "" when it can."""
    if not 0 < len(name) <= LONGEST_ID:
        return f"an id has at most {LONGEST_ID} characters"
    if not name.isprintable() or " " in name:
        return "an id has no blanks and no control characters"
    if name == SINGLE:
        return f'the id "{SINGLE}" is that of an owner who isn\'t hosted'
    return ""


def _not_theirs(given: Mapping[str, Any]) -> Iterator[Fault]:
    """What is the fleet's to say."""
    for section, key, why in (
        ("store", "url", "expected none: the records of a hosted account are in the fleet's database"),
        ("templates", "directory", "expected none: hosted accounts have the shipped templates"),
    ):
        table = given.get(section)
        if isinstance(table, dict) and table.get(key):
            yield Fault((section, key), why)


def _secrets(settings: Settings, place: Place, found: list[str]) -> dict[str, str]:
    """Every secret that the config names, read once; faults are added to `found`."""
    secrets: dict[str, str] = {}

    def take(key: str, read: Callable[[], str]) -> None:
        try:
            secrets[key] = read()
            logs.conceal(secrets[key])
        except ConfigError as error:
            found.append(str(error))

    for section in SECTIONS:
        given = settings.imap if section == "imap" else settings.caldav
        if given is None:
            continue
        user = given.username
        if (password := given.password) is not None:
            key = f"{section}.password"
            take(key, partial(place.secret, password, key, user))
        if given.oauth is None:
            continue
        if (client := given.oauth.client_secret) is not None:
            key = f"{section}.oauth.client_secret"
            take(key, partial(place.secret, client, key, user))
        take(token_of(section), partial(place.token, given.oauth.token, section, user))
        if token := secrets.get(token_of(section)):
            secrets[given_of(section)] = hashlib.sha256(token.encode()).hexdigest()
    return secrets


def _kept(table: dict[str, Any], settings: Settings) -> str:
    """The config with the places of its secrets taken out, and paths that hold everywhere."""
    for section in SECTIONS:
        known = settings.imap if section == "imap" else settings.caldav
        if known is None:
            continue
        given = table[section]
        if "password" in given:
            given["password"] = {"credential": f"{section}.password"}
        if known.ca_file:
            given["ca_file"] = known.ca_file
        if known.oauth is None:
            continue
        oauth = given["oauth"]
        oauth["token"] = {"credential": token_of(section)}
        if "client_secret" in oauth:
            oauth["client_secret"] = {"credential": f"{section}.oauth.client_secret"}
        if known.oauth.ca_file:
            oauth["ca_file"] = known.oauth.ca_file
    table.pop("log", None)  # how much is logged is the fleet's to say
    return tomli_w.dumps(table)
