"""`mentorup check`: is everything there that the service needs; one line each, with the remedy."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from mentorup_daemon.cli.output import ConfigOption, JsonOption, print_json
from mentorup_daemon.errors import ConfigError

if TYPE_CHECKING:
    from mentorup_daemon.service.checks import Finding

_COLOURS = {"ok": typer.colors.GREEN, "warning": typer.colors.YELLOW, "problem": typer.colors.RED}


def check_command(
    config: ConfigOption = None,
    config_only: Annotated[
        bool, typer.Option("--config-only", help="The config file alone: no password is read, no server asked.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check config, credentials, logins, capabilities, folders, calendars, templates; one line each."""
    from mentorup_daemon.service.checks import exit_code

    findings = []
    for finding in _findings(config, config_only=config_only):
        findings.append(finding)
        if not as_json:
            print_finding(finding)
    if as_json:
        print_json([{"name": one.name, "state": one.state, "message": one.message} for one in findings])
    if code := exit_code(findings):
        raise typer.Exit(code)


def _findings(config: ConfigOption, *, config_only: bool) -> Iterator[Finding]:
    from mentorup_daemon.cli.opened import settings_of
    from mentorup_daemon.logs import configure
    from mentorup_daemon.service import checks

    try:
        settings = settings_of(config)
    except ConfigError as error:
        yield from checks.faults(error)
        return
    configure(settings.log.level, settings.log.format)
    yield checks.Finding("config", "ok", "no faults")
    if not config_only:
        yield from checks.everything(settings, os.environ)


def print_finding(finding: Finding) -> None:
    """One line, the state in front, coloured on a terminal."""
    typer.echo(f"{typer.style(f'{finding.state:<8}', fg=_COLOURS[finding.state])} {finding.name}: {finding.message}")
