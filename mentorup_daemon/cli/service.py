"""`mentorup service install` and `uninstall`: unit, credentials and config, put where systemd looks for them.

All that will be done is worked out first and shown, then asked for, then done; `--dry-run` stops after the showing. A
machine's service can't see anybody's home, so its config names credentials only: passwords, and logins by OAuth, are
read once, from wherever the given config keeps them, and put into systemd's credential store. A user's service runs
where its command and its config are. What the service has come to know, its state, is never touched here.
"""

from __future__ import annotations

import grp
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import mentorup_daemon
from mentorup_daemon.cli.login import CREDENTIALS
from mentorup_daemon.cli.output import ConfigOption, errors_told
from mentorup_daemon.errors import ConfigError, MentorUpError

if TYPE_CHECKING:
    from mentorup_daemon.config import CalDavSettings, ImapSettings, Settings
    from mentorup_daemon.secrets import Secret

_UNIT = "mentorup.service"
_CONFIG = Path("/etc/mentorup/config.toml")
_HOMES = (Path("/home"), Path("/root"), Path("/run/user"))  # hidden from the service by ProtectHome=
_GROUP = "mentorup-config"  # who may read the config: the service, as its unit says
_STORE = "sqlite:////var/lib/mentorup/mentorup.db"  # named in the config, so that root's `mentorup status` finds it
_HEAD = "# Written by `mentorup service install`; the passwords are in /etc/credstore.\n\n"
_KINDS = ("", "-client-secret", "-token")  # of credentials: imap, imap-client-secret, imap-token
_MINUTES = 5  # until systemctl must be back: a start waits for the first pass

service_app = typer.Typer(help="Install MentorUp as a service of systemd, or take it away again.", no_args_is_help=True)

UserOption = Annotated[bool, typer.Option("--user", help="A service of yours, instead of one of the machine.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show what would be done, and do nothing.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Don't ask.")]


@dataclass(frozen=True, slots=True)
class _File:
    """A file to be written. `content` is asked for when it is: a password is read no earlier."""

    path: Path
    what: str
    mode: int
    content: Callable[[], str]
    group: str = ""

    @property
    def shown(self) -> str:
        """What it will be, for the owner."""
        return f"{self.path}  ({self.what}, mode {self.mode:o}{f', group {self.group}' if self.group else ''})"


@dataclass(slots=True)
class _Work:
    """What is to be done, in order: away with files, write files, run commands."""

    first: list[list[str]] = field(default_factory=list)
    remove: list[Path] = field(default_factory=list)
    write: list[_File] = field(default_factory=list)
    last: list[list[str]] = field(default_factory=list)

    def shown(self) -> list[str]:
        """One line for each step."""
        verbs = [(one, "replace" if one.path.exists() else "write") for one in self.write]
        return [
            *(f"run      {' '.join(command)}" for command in self.first),
            *(f"remove   {path}" for path in self.remove),
            *(f"{verb:<8} {one.shown}" for one, verb in verbs),
            *(f"run      {' '.join(command)}" for command in self.last),
        ]

    def done(self) -> None:
        """Does it. Raises MentorUpError with the step that failed."""
        for command in self.first:
            _run(command)
        for path in self.remove:
            path.unlink(missing_ok=True)
        for one in self.write:
            _write(one)
        for command in self.last:
            _run(command)


@service_app.command("install")
def service_install(
    config: ConfigOption = None, user: UserOption = False, dry_run: DryRunOption = False, yes: YesOption = False
) -> None:
    """Install and start the service. What is done is shown first."""
    from mentorup_daemon.config import find_config, load

    with errors_told():
        source = find_config(config, os.environ)
        if source is None:
            raise ConfigError("There is no config yet. `mentorup init` writes one; then name it with --config.")
        source = source.absolute()
        settings = load(source)
        work = _for_user(settings, source) if user else _for_machine(settings, source)
        if _agreed(work, user=user, dry_run=dry_run, yes=yes):
            work.done()
            typer.echo(f"Installed and started. `{' '.join(_systemctl(user))} status mentorup` tells how it is.")
            for path in [] if user else _handed_over(settings):
                typer.echo(
                    f"The login in {path} is the service's now: `mentorup login` again before you use it yourself."
                )
            typer.echo(
                "It runs while you are logged in; always, after `loginctl enable-linger`."
                if user
                else f"Its config is {_CONFIG}; `sudo mentorup status` tells what it has done and what comes."
            )


@service_app.command("uninstall")
def service_uninstall(user: UserOption = False, dry_run: DryRunOption = False, yes: YesOption = False) -> None:
    """Stop the service and take away what install wrote. Its records stay."""
    with errors_told():
        unit, state = _unit_path(user), "~/.local/state/mentorup" if user else "/var/lib/private/mentorup"
        names = [f"{section}{kind}" for section in ("imap", "caldav") for kind in _KINDS]
        ours = [unit] if user else [unit, *map(_credential, names), _CONFIG]
        work = _Work(remove=[path for path in ours if path.exists()])
        if not work.remove:
            typer.echo("There is nothing to take away.")
            return
        if unit.exists():
            work.first = [[*_systemctl(user), "disable", "--now", "mentorup"]]
        work.last = [[*_systemctl(user), "daemon-reload"]]
        if not user and _is_group(_GROUP):
            work.last.append(["groupdel", _GROUP])
        if _agreed(work, user=user, dry_run=dry_run, yes=yes):
            work.done()
            typer.echo(f"Taken away. The records stay in {state}; remove that too if you don't want them any more.")


def _for_machine(settings: Settings, source: Path) -> _Work:
    """The steps for a service of the machine. Raises ConfigError when it couldn't see what it needs."""
    paths = {"imap.ca_file": settings.imap.ca_file, "templates.directory": settings.templates.directory}
    sections: dict[str, ImapSettings | CalDavSettings] = {"imap": settings.imap}
    if settings.caldav is not None:
        sections["caldav"] = settings.caldav
        paths["caldav.ca_file"] = settings.caldav.ca_file
    paths |= {f"{name}.oauth.ca_file": given.oauth.ca_file for name, given in sections.items() if given.oauth}
    for key, named in paths.items():
        if named and _in_a_home(Path(named)):
            raise ConfigError(f"{key}: {named} is in a home, which the service can't see: move it to {_CONFIG.parent}.")
    command = _command()
    for path in (command, command.resolve(), Path(sys.base_prefix)):
        if _in_a_home(path):
            raise MentorUpError(
                f"{path} is in a home, which the machine's service can't see. Install MentorUp elsewhere "
                "(python3 -m venv /opt/mentorup), or take --user."
            )
    work = _Work(first=[["groupadd", "--system", "--force", _GROUP]])
    for name, section in sections.items():
        work.write += _secrets(name, section, settings)
    given = source.read_text("utf-8-sig")
    text = _as_the_service_needs(given, sections)
    if source != _CONFIG or text != given:
        work.write.append(_File(_CONFIG, f"the config, from {source}", 0o640, lambda: text, _GROUP))
    work.write.append(_unit(user=False, shipped="/usr/local/bin/mentorup", command=_quoted(command)))
    work.last = _starting(user=False)
    return work


def _for_user(settings: Settings, source: Path) -> _Work:
    """The steps for a service of this user, the config staying where it is. Raises ConfigError when it can't work."""
    from mentorup_daemon.config import user_config

    for name, section in (("imap", settings.imap), ("caldav", settings.caldav)):
        oauth = section.oauth if section else None
        places = {
            "password": section.password if section else None,
            "oauth.client_secret": oauth.client_secret if oauth else None,
            "oauth.token": oauth.token if oauth else None,
        }
        for key, place in places.items():
            if place is not None and place.kind in ("credential", "env"):
                others = "a file or a keyring" if key == "oauth.token" else "a file, a command or a keyring"
                raise ConfigError(f"{name}.{key}: your service won't have this {place.kind}: use {others}.")
    command = _quoted(_command())
    if source != user_config(os.environ).absolute():
        command += f" --config {_quoted(source)}"
    return _Work(write=[_unit(user=True, shipped="%h/.local/bin/mentorup", command=command)], last=_starting(user=True))


def _unit(*, user: bool, shipped: str, command: str) -> _File:
    """The shipped unit, with the command as it is on this machine."""
    package = Path(mentorup_daemon.__file__).parent
    inside = package / "_shipped"
    folder = (inside if inside.is_dir() else package.parent) / "systemd"
    text = (folder / "user" / _UNIT if user else folder / _UNIT).read_text("utf-8")
    return _File(_unit_path(user), "the unit", 0o644, lambda: text.replace(f"={shipped} ", f"={command} "))


def _unit_path(user: bool) -> Path:
    from mentorup_daemon.config import user_config

    if user:
        return user_config(os.environ).parents[1] / "systemd" / "user" / _UNIT
    return Path("/etc/systemd/system") / _UNIT


def _credential(name: str) -> Path:
    return CREDENTIALS / f"mentorup.{name}"


def _secrets(name: str, section: ImapSettings | CalDavSettings, settings: Settings) -> Iterator[_File]:
    """The credentials that a section needs, those that are there already left out."""
    oauth = section.oauth
    wanted = [
        (name, f"{name}.password", section.password),
        (f"{name}-client-secret", f"{name}.oauth.client_secret", oauth.client_secret if oauth else None),
    ]
    for credential, key, secret in wanted:
        path = _credential(credential)
        if secret is not None and not (secret.kind == "credential" and path.exists()):
            yield _File(path, "password", 0o600, _password(key, secret, section.username))
    if oauth is not None and not (oauth.token.kind == "credential" and _credential(f"{name}-token").exists()):
        yield _File(_credential(f"{name}-token"), "login", 0o600, _login(name, settings))


def _password(key: str, secret: Secret, username: str) -> Callable[[], str]:
    """Reads it from where the config keeps it; asks for it where that is a credential, which only a service has."""
    if secret.kind == "credential":
        return lambda: str(typer.prompt(f"{key} of {username}", hide_input=True, err=True))
    return lambda: secret.read(key=key, username=username)


def _login(name: str, settings: Settings) -> Callable[[], str]:
    """Reads the login by OAuth that is handed over to the service. Raises ConfigError when there is none."""
    from mentorup_daemon.service.doors import oauth_login

    found = oauth_login(settings, "imap" if name == "imap" else "caldav")

    def read() -> str:
        token = found[1].read() if found else ""
        if not token:
            raise ConfigError(f"{name}.oauth: nobody has logged in yet: run `mentorup login --{name}` first.")
        return token

    return read


def _handed_over(settings: Settings) -> list[str]:
    """The files of logins by OAuth that the service goes on with: many servers take a second user for a thief."""
    logins = (section.oauth for section in (settings.imap, settings.caldav) if section is not None)
    return [login.token.where for login in logins if login is not None and login.token.kind == "file"]


def _as_the_service_needs(text: str, sections: Mapping[str, ImapSettings | CalDavSettings]) -> str:
    """The config with each secret as a credential of the unit, and the store named; word for word where it is so."""
    table: dict[str, Any] = tomllib.loads(text)
    wanted: dict[str, Any] = {}
    for name, section in sections.items():
        wanted[name] = dict(table[name])
        if section.password is not None:
            wanted[name]["password"] = {"credential": name}
        if section.oauth is not None:
            wanted[name]["oauth"] = {**table[name]["oauth"], "token": {"credential": f"{name}-token"}}
            if section.oauth.client_secret is not None:
                wanted[name]["oauth"]["client_secret"] = {"credential": f"{name}-client-secret"}
    store = table.get("store", {})
    wanted["store"] = {**store, "url": store.get("url") or _STORE}
    if all(table.get(section) == values for section, values in wanted.items()):
        return text
    import tomli_w

    return _HEAD + tomli_w.dumps(table | wanted)


def _agreed(work: _Work, *, user: bool, dry_run: bool, yes: bool) -> bool:
    """Shows the work; whether it is to be done. Raises MentorUpError when this user may not."""
    for line in work.shown():
        typer.echo(f"  {line}")
    if dry_run:
        return False
    if not user and os.geteuid() != 0:
        raise MentorUpError("A service of the machine takes root: run this with sudo, or take --user.")
    return yes or typer.confirm("Do that?")


def _starting(*, user: bool) -> list[list[str]]:
    control = _systemctl(user)
    return [[*control, "daemon-reload"], [*control, "enable", "mentorup"], [*control, "restart", "mentorup"]]


def _systemctl(user: bool) -> list[str]:
    return ["systemctl", "--user"] if user else ["systemctl"]


def _command() -> Path:
    """Where the `mentorup` command of this installation is."""
    beside = Path(sys.executable).with_name("mentorup")
    found = beside if beside.exists() else shutil.which("mentorup")
    if found is None:
        raise MentorUpError("The mentorup command isn't found: is this an installed package (pip install)?")
    return Path(found).absolute()


def _quoted(path: Path) -> str:
    """As a word in a unit's command line (systemd.service(5), COMMAND LINES)."""
    word = str(path).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{word}"' if any(char.isspace() or char in "\"'\\;" for char in word) else word


def _is_group(name: str) -> bool:
    try:
        grp.getgrnam(name)
    except KeyError:
        return False
    return True


def _in_a_home(path: Path) -> bool:
    return any(path.is_relative_to(home) for home in _HOMES)


def _write(file: _File) -> None:
    """The whole file or nothing, never readable to more than it says."""
    content = file.content()
    try:
        # /etc/credstore is for root alone; the others are made, if at all, as their users expect them.
        directory = file.path.parent
        if not directory.exists():
            directory.mkdir(parents=True)
            directory.chmod(0o700 if file.mode == 0o600 else 0o755)
        descriptor, draft = tempfile.mkstemp(prefix=".mentorup-", dir=directory)  # mode 0600
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as out:
                out.write(content)
                if file.group:
                    shutil.chown(draft, group=file.group)
                os.fchmod(out.fileno(), file.mode)
            Path(draft).replace(file.path)
        finally:
            Path(draft).unlink(missing_ok=True)
    except LookupError as error:
        raise MentorUpError(f"{file.path} can't be given to the group {file.group}: there is none.") from error
    except OSError as error:
        raise MentorUpError(f"{file.path} can't be written: {error.strerror}.") from error


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=_MINUTES * 60)  # noqa: S603 - ours
    except FileNotFoundError:
        raise MentorUpError(f"There is no {command[0]} here: does this machine run systemd?") from None
    except subprocess.TimeoutExpired:
        raise MentorUpError(f"{' '.join(command)} isn't done after {_MINUTES} minutes: see journalctl.") from None
    if done.returncode:
        said = " ".join((done.stderr or done.stdout).split())
        raise MentorUpError(f"{' '.join(command)} failed: {said}")
