"""The questions of `mentorup init`: what the flags left open is asked for, or guessed, and becomes a config's table.

Each answer is checked as it is given, by the very types that the config has, and asked for again when it won't do.
A password that is typed in goes into a file that only its owner can read, never into the config.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import typer
from pydantic import TypeAdapter, ValidationError

from mentorup_daemon import config_values as values
from mentorup_daemon.cli import finding
from mentorup_daemon.records.people import short_names

Table = dict[str, Any]

SOURCES = {
    "file": "Its path",
    "command": "The command that prints it",
    "env": "The variable's name",
    "credential": "The credential's name",
    "keyring": "The keyring's service name",
}
OAUTH = "oauth"  # no password at all: Google's and Microsoft's own logins
Oauth = Literal["google", "microsoft"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthAnswers:
    """A login by OAuth: with whom, as which client, and the file with its secret; None for what was left open."""

    provider: str | None = None
    client_id: str | None = None
    secret_file: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What the flags said; None for what they left open. Passwords are tables as in the config."""

    name: str | None = None
    email: str | None = None
    timezone: str | None = None
    imap_host: str | None = None
    imap_port: int | None = None
    imap_security: str | None = None
    imap_username: str | None = None
    imap_password: Table | None = None
    imap_oauth: OAuthAnswers | None = None
    caldav_url: str | None = None
    caldav_username: str | None = None
    caldav_password: Table | None = None
    caldav_oauth: OAuthAnswers | None = None
    feed: str | None = None
    mentors: tuple[Table, ...] = ()


class Interview:
    """Asks on the terminal, or with `silent` takes what it would have proposed. `directory` is the config's."""

    def __init__(self, given: Answers, directory: Path, *, silent: bool) -> None:
        self._given = given
        self._directory = directory
        self._silent = silent

    def table(self) -> Table:
        """The config. Raises typer.BadParameter for what can't be guessed."""
        given = self._given
        owner = {
            "name": self._text(given.name, "--name", "Your name, as you sign", values.Filled),
            "email": self._text(given.email, "--email", "Your email address", values.Email),
            "timezone": self._text(
                given.timezone, "--timezone", "Your time zone", values.Zone, system_timezone(os.environ)
            ),
        }
        imap = self._imap(owner["email"])
        table = {"owner": owner, "imap": imap, **self._calendars(owner["email"], imap)}
        mentors = list(given.mentors) or self._mentors()
        # `mentors = []` would forbid the [[mentors]] that the owner adds by hand later.
        return {**table, "mentors": mentors} if mentors else table

    def confirm(self, question: str) -> bool:
        """Yes or no; yes without a terminal to ask on."""
        return self._silent or typer.confirm(question, default=True)

    def _imap(self, email: str) -> Table:
        given = self._given
        found = finding.mail_place(email, silent=self._silent) if given.imap_host is None else None
        host = self._text(given.imap_host, "--imap-host", "Your IMAP server", values.Host, found.host if found else "")
        if found is not None and found.host != host:
            found = None
        proposed = found.security if found else "tls"
        question = "Its encryption (tls, starttls, none)"
        security = self._text(given.imap_security, "--imap-security", question, values.Security, proposed)
        usual = found.port if found and found.security == security else 993 if security == "tls" else 143
        provider = finding.provider_for(email, host)
        if provider is not None and not self._silent:
            typer.echo(provider.note)
        port = given.imap_port if given.imap_port is not None else self._port(usual)
        name = email.partition("@")[0] if provider is not None and provider.by_name else email
        username = self._text(given.imap_username, "--imap-username", "Your login there", values.Filled, name)
        login = self._login("imap", "your mail", given.imap_password, given.imap_oauth)
        return {"host": host, "port": port, "security": security, "username": username, **login}

    def _calendars(self, email: str, imap: Table) -> Table:
        """[caldav]; for a provider without CalDAV, and where a flag says so, [[feeds]]."""
        given, provider = self._given, finding.provider_for(email, imap["host"])
        without = provider is not None and not provider.caldav and given.caldav_url is None
        if given.feed is not None or without:
            question = "The ICS address of your published calendar"
            return {"feeds": [{"url": self._text(given.feed, "--feed", question, values.FeedUrl)}]}
        return {"caldav": self._caldav(email, imap)}

    def _caldav(self, email: str, imap: Table) -> Table:
        given, check = self._given, finding.calendar_answer(silent=self._silent)
        provider = finding.provider_for(email, imap["host"])
        if given.caldav_url is None:
            url = finding.calendar_url(email, provider, silent=self._silent)
            if not self._silent:
                question = "Your CalDAV server (its address, or your email address there)"
                url = str(typer.prompt(question, default=url, value_proc=check))
        else:  # a URL that is none is told by the config's own check, with all the other faults
            url = given.caldav_url if "://" in given.caldav_url else check(given.caldav_url)
        name = email if provider is not None and provider.by_name else imap["username"]
        username = self._text(given.caldav_username, "--caldav-username", "Your login there", values.Line, name)
        if not username:
            return {"url": url}
        asked = given.caldav_password or given.caldav_oauth
        if asked is None and "password" in imap and self.confirm("Is the password the same as for your mail?"):
            return {"url": url, "username": username, "password": imap["password"]}
        login = self._login("caldav", "your calendar", given.caldav_password, given.caldav_oauth)
        return {"url": url, "username": username, **login}

    def _mentors(self) -> list[Table]:
        found: list[Table] = []
        while not self._silent:
            name = self._ask("The name of a mentor (empty: no more)", values.Line, "")
            if not name:
                break
            email = self._ask(f"{name}'s email address", values.Email, None)
            taken = {mentor["id"] for mentor in found}
            proposed = next(each for each in short_names(name) if each not in taken)
            short = self._ask("A short name for commands", values.Identifier, proposed)
            found.append({"id": short, "name": name, "emails": [email]})
        return found

    def _port(self, usual: int) -> int:
        return usual if self._silent else int(typer.prompt("Its port", default=usual, type=int))

    def _login(self, section: str, what: str, password: Table | None, oauth: OAuthAnswers | None) -> Table:
        """`password` or `oauth`, as the flags say or the answers."""
        if password is not None:
            return {"password": password}
        if oauth is not None:
            return {"oauth": self._oauth(section, oauth)}
        if self._silent:
            raise typer.BadParameter(f"say where the password of {what} is kept: --{section}-password-file, or another")
        typer.echo(f"The password of {what} is kept outside of the config. Where: {', '.join(SOURCES)}?")
        typer.echo("(Or oauth: Google and Microsoft want a login in the browser instead of a password.)")
        source = typer.prompt("Kept in", default="file", value_proc=_one_of({**SOURCES, OAUTH: ""}))
        return {"oauth": self._oauth(section, OAuthAnswers())} if source == OAUTH else self._password(section, source)

    def _oauth(self, section: str, given: OAuthAnswers) -> Table:
        provider = self._text(given.provider, f"--{section}-oauth", "Whose (google, microsoft)", Oauth)
        client = self._text(
            given.client_id, f"--{section}-client-id", "The client ID that you have from them", values.Filled
        )
        secret = given.secret_file
        if secret is None and provider == "google":
            secret = self._text(None, f"--{section}-client-secret-file", "The file with its secret", values.Filled)
        table: Table = {"provider": provider, "client_id": client}
        if secret:
            table["client_secret"] = {"file": str(Path(secret).expanduser().absolute())}
        return {**table, "token": {"file": str(self._directory / f"{section}-token")}}

    def _password(self, section: str, source: str) -> Table:
        if source != "file":
            return {"password": password_table(source, self._ask(SOURCES[source], values.Filled, None))}
        path = Path(self._ask(SOURCES[source], values.Filled, str(self._directory / f"{section}-password")))
        path = path.expanduser().absolute()
        if not path.exists():
            typer.echo("That file isn't there yet: I make it, readable by you only.")
            keep_password(path, typer.prompt("The password (it isn't shown)", hide_input=True))
        return {"password": {"file": str(path)}}

    def _text(self, given: str | None, flag: str, question: str, kind: Any, proposed: str = "") -> str:
        if given is not None:
            return given
        if not self._silent:
            return self._ask(question, kind, proposed or None)
        if not proposed:
            raise typer.BadParameter(f"{flag} is needed with --yes")
        return proposed

    @staticmethod
    def _ask(question: str, kind: Any, proposed: str | None) -> str:
        shown = proposed != ""
        return str(typer.prompt(question, default=proposed, show_default=shown, value_proc=_checked(kind)))


def password_table(source: str, value: str) -> Table:
    """A password's table in the config; raises typer.BadParameter for a command that can't be split into words."""
    if source == "command":
        import shlex

        try:
            return {"command": shlex.split(value)}
        except ValueError as error:
            raise typer.BadParameter(f"the password's command can't be understood: {error}") from error
    return {source: str(Path(value).expanduser().absolute()) if source == "file" else value}


def mentor_table(text: str) -> Table:
    """The mentor that `id=ana,name=Ana Ortiz,email=ana@example.org` stands for; `email` may stand there again."""
    table: Table = {}
    for part in re.split(r",(?=\s*[a-z_]+=)", text):
        key, sign, value = (piece.strip() for piece in part.partition("="))
        if not sign:
            raise typer.BadParameter(f"--mentor reads 'id=ana,name=Ana Ortiz,email=ana@example.org', not {text!r}")
        if key == "email":
            table.setdefault("emails", []).append(value)
        else:
            table[key] = value
    return {"id": next(short_names(str(table.get("name", "")))), **table}


def keep_password(path: Path, password: str) -> None:
    """Write the password into a new file that only its owner can read."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(password + "\n")


def system_timezone(environ: Mapping[str, str], etc: Path = Path("/etc")) -> str:
    """The IANA zone of this system, from $TZ, /etc/timezone or /etc/localtime; "" when none of them tells."""
    written, linked = etc / "timezone", etc / "localtime"
    candidates = [
        environ.get("TZ", "").removeprefix(":"),
        written.read_text("utf-8", "replace").strip() if written.is_file() else "",
        str(linked.resolve()).rpartition("zoneinfo/")[2],
    ]
    return next((zone for zone in candidates if zone and _is_zone(zone)), "")


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _checked(kind: Any) -> Callable[[str], str]:
    def check(value: str) -> str:
        try:
            return str(TypeAdapter(kind).validate_python(value.strip()))
        except ValidationError as error:
            raise typer.BadParameter(str(error.errors()[0]["msg"])) from None

    return check


def _one_of(known: Mapping[str, str]) -> Callable[[str], str]:
    def check(value: str) -> str:
        if value not in known:
            raise typer.BadParameter(f"expected one of {', '.join(known)}")
        return value

    return check
