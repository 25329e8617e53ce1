"""`mentorup init`: plain questions, or flags, become a config that `mentorup check` accepts.

Every question has a flag; what no flag answers is asked for, or guessed with `--yes`. The config goes through our own
loader before it is written, and the logins are tried, so that a slip shows now. A config that is there is never
overwritten without `--force`, and none is ever half written. Servers that no flag names are looked for.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mentorup_daemon.cli.output import ConfigOption, errors_told
from mentorup_daemon.errors import ConfigError, MentorUpError

if TYPE_CHECKING:
    from mentorup_daemon.cli.questions import Interview, OAuthAnswers, Table
    from mentorup_daemon.config import CalDavSettings, ImapSettings, Settings
    from mentorup_daemon.service.checks import Finding

_HEAD = "# Written by `mentorup init`. config.example.toml shows every other key there is, and what it does.\n\n"

Answer = str | None


def _flag(name: str, words: str) -> Any:
    return typer.Option(name, help=words, show_default=False, metavar="PORT" if name.endswith("port") else "TEXT")


def init_command(
    config: ConfigOption = None,
    name: Annotated[Answer, _flag("--name", "Your name, as you sign.")] = None,
    email: Annotated[Answer, _flag("--email", "Your email address.")] = None,
    timezone: Annotated[Answer, _flag("--timezone", "Your IANA time zone; the system's by default.")] = None,
    imap_host: Annotated[Answer, _flag("--imap-host", "Your IMAP server; by default it is looked for.")] = None,
    imap_port: Annotated[int | None, _flag("--imap-port", "Its port, where it isn't the usual one.")] = None,
    imap_security: Annotated[Answer, _flag("--imap-security", "tls (by default), starttls or none.")] = None,
    imap_username: Annotated[Answer, _flag("--imap-username", "Your login; your address by default.")] = None,
    imap_password_env: Annotated[Answer, _flag("--imap-password-env", "The variable that holds it.")] = None,
    imap_password_file: Annotated[Answer, _flag("--imap-password-file", "The file that holds it.")] = None,
    imap_password_command: Annotated[Answer, _flag("--imap-password-command", "The command that prints it.")] = None,
    imap_password_credential: Annotated[Answer, _flag("--imap-password-credential", "A systemd credential.")] = None,
    imap_password_keyring: Annotated[Answer, _flag("--imap-password-keyring", "A keyring's service name.")] = None,
    imap_oauth: Annotated[Answer, _flag("--imap-oauth", "google or microsoft: their login, no password.")] = None,
    imap_client_id: Annotated[Answer, _flag("--imap-client-id", "The client ID that you have from them.")] = None,
    imap_client_secret_file: Annotated[Answer, _flag("--imap-client-secret-file", "The file with its secret.")] = None,
    caldav_url: Annotated[
        Answer, _flag("--caldav-url", "Your CalDAV server, or the domain it is found by; by default it is looked for.")
    ] = None,
    caldav_username: Annotated[Answer, _flag("--caldav-username", "Your login; as for IMAP by default.")] = None,
    caldav_password_env: Annotated[Answer, _flag("--caldav-password-env", "As for IMAP by default.")] = None,
    caldav_password_file: Annotated[Answer, _flag("--caldav-password-file", "The file that holds it.")] = None,
    caldav_password_command: Annotated[
        Answer, _flag("--caldav-password-command", "The command that prints it.")
    ] = None,
    caldav_password_credential: Annotated[
        Answer, _flag("--caldav-password-credential", "A systemd credential.")
    ] = None,
    caldav_password_keyring: Annotated[Answer, _flag("--caldav-password-keyring", "A keyring's service name.")] = None,
    caldav_oauth: Annotated[Answer, _flag("--caldav-oauth", "google: their login, no password.")] = None,
    caldav_client_id: Annotated[Answer, _flag("--caldav-client-id", "The client ID that you have from them.")] = None,
    caldav_client_secret_file: Annotated[
        Answer, _flag("--caldav-client-secret-file", "The file with its secret.")
    ] = None,
    feed: Annotated[Answer, _flag("--feed", "Instead of CalDAV: the ICS address of a published calendar.")] = None,
    mentor: Annotated[
        list[str] | None,
        typer.Option(metavar="TEXT", help="A mentor: 'id=ana,name=Ana Ortiz,email=ana@example.org'. Repeat for more."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing; guess what no flag answers.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a config that is there.")] = False,
    no_try: Annotated[bool, typer.Option("--no-try", help="Don't try the logins.")] = False,
) -> None:
    """Ask what is needed, try the logins, write the config."""
    from mentorup_daemon.cli.questions import Answers, Interview, mentor_table
    from mentorup_daemon.config import user_config

    path = (config or Path(os.environ.get("MENTORUP_CONFIG") or user_config(os.environ))).absolute()
    with errors_told():
        if path.exists() and not force:
            raise ConfigError(f"{path} is there already: edit it, or overwrite it with --force.")
        answers = Answers(
            name=name,
            email=email,
            timezone=timezone,
            imap_host=imap_host,
            imap_port=imap_port,
            imap_security=imap_security,
            imap_username=imap_username,
            imap_password=_source(
                env=imap_password_env,
                file=imap_password_file,
                command=imap_password_command,
                credential=imap_password_credential,
                keyring=imap_password_keyring,
            ),
            imap_oauth=_oauth(imap_oauth, imap_client_id, imap_client_secret_file),
            caldav_url=caldav_url,
            caldav_username=caldav_username,
            caldav_password=_source(
                env=caldav_password_env,
                file=caldav_password_file,
                command=caldav_password_command,
                credential=caldav_password_credential,
                keyring=caldav_password_keyring,
            ),
            caldav_oauth=_oauth(caldav_oauth, caldav_client_id, caldav_client_secret_file),
            feed=feed,
            mentors=tuple(mentor_table(text) for text in mentor or ()),
        )
        interview = Interview(answers, path.parent, silent=yes)
        text, settings = _validated(interview.table(), path)
        code = 0 if no_try else _try_logins(settings, interview)
        write_config(path, text, overwrite=force)
    by_oauth = settings.imap.oauth or (settings.caldav and settings.caldav.oauth)
    typer.echo(f"Written to {path}. Next: mentorup {'login' if by_oauth else 'check'}")
    if code:
        raise typer.Exit(code)


def write_config(path: Path, text: str, *, overwrite: bool) -> None:
    """Write the whole file or nothing, for its owner only. Raises ConfigError when it is there and must stay."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(prefix=".config-", dir=path.parent)  # mode 0600
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            if overwrite:
                Path(draft).replace(path)
            else:
                path.hardlink_to(draft)  # fails when another program was quicker, unlike a rename
        finally:
            Path(draft).unlink(missing_ok=True)
    except FileExistsError:
        raise ConfigError(f"{path} is there already: edit it, or overwrite it with --force.") from None
    except OSError as error:
        raise MentorUpError(f"{path} can't be written: {error.strerror}. Name another place with --config.") from error


def _source(**given: str | None) -> Table | None:
    """The password's table that one of the five flags stands for; None without any."""
    from mentorup_daemon.cli.questions import password_table

    named = {source: value for source, value in given.items() if value is not None}
    if len(named) > 1:
        raise typer.BadParameter(f"a password is kept in one place, not in {' and '.join(named)}")
    return next((password_table(source, value) for source, value in named.items()), None)


def _oauth(provider: str | None, client_id: str | None, secret_file: str | None) -> OAuthAnswers | None:
    """What the three flags say; None without any."""
    from mentorup_daemon.cli.questions import OAuthAnswers

    if provider is None and client_id is None and secret_file is None:
        return None
    return OAuthAnswers(provider=provider, client_id=client_id, secret_file=secret_file)


def _validated(table: Table, path: Path) -> tuple[str, Settings]:
    """The config as text, and as our own loader understands it. Raises ConfigError with all its faults."""
    import tomli_w

    from mentorup_daemon.config import parse

    text = _HEAD + tomli_w.dumps(table)
    return text, parse(text, "These answers", base=path.parent)


def _try_logins(settings: Settings, interview: Interview) -> int:
    """The exit code that the failed logins stand for; ends the command when the owner would rather not write."""
    from mentorup_daemon.cli.check import print_finding
    from mentorup_daemon.logs import configure
    from mentorup_daemon.service import checks, doors

    configure(settings.log.level, settings.log.format)
    email = settings.owner.email
    found = [_not_yet(settings.imap, "imap") or checks.imap_login(doors.imap_account(settings), email=email)]
    print_finding(found[0])
    account = doors.caldav_account(settings)
    if account is not None:
        found.append(_not_yet(settings.caldav, "caldav") or checks.caldav_login(account, email=email))
        print_finding(found[1])
    code = checks.exit_code(found)
    if code and not interview.confirm("Write the config all the same?"):
        raise typer.Exit(code)
    return code


def _not_yet(section: ImapSettings | CalDavSettings | None, name: str) -> Finding | None:
    """Why a login can't be tried now: nobody has logged in by OAuth; a credential is there for the service only."""
    from mentorup_daemon.service.checks import Finding

    if section is not None and section.oauth is not None:
        return Finding("login", "warning", f"not tried: `mentorup login --{name}` comes first")
    secret = section.password if section is not None else None
    if secret is None or secret.kind != "credential" or os.environ.get("CREDENTIALS_DIRECTORY"):
        return None
    return Finding("login", "warning", f"not tried: the credential {secret.credential} is there for the service only")
