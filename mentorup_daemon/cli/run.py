"""`mentorup run`, `status` and `rehearse`: the service, how it fares, and what it would do."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mentorup_daemon.cli.opened import Opened, opened, rehearsed, settings_of
from mentorup_daemon.cli.output import ConfigOption, JsonOption, errors_told, print_json, print_table
from mentorup_daemon.errors import ConfigError, CredentialsError, Malformed, MentorUpError
from mentorup_daemon.process import without

if TYPE_CHECKING:
    from mentorup_daemon.records import Due, Snapshot


def run_command(
    config: ConfigOption = None,
    once: Annotated[bool, typer.Option("--once", help="One full pass over everything due, then exit.")] = False,
) -> None:
    """Run the service until told to stop."""
    with without("rich"):  # structlog would load it, for tracebacks that show variables and so may show secrets
        from mentorup_daemon.logs import configure

    with errors_told():
        settings = settings_of(config)
        configure(settings.log.level, settings.log.format)
        if once:
            _run_once(config)
            return
        gc.disable()  # what is imported stays: to look through it for rubbish takes a fifth of the start
        from mentorup_daemon.service.daemon import Daemon

        gc.freeze()
        gc.enable()
        Daemon(lambda: settings_of(config), os.environ).run()


def _run_once(config: ConfigOption) -> None:
    """One pass; the worst of what failed decides the exit code."""
    from mentorup_daemon.service.account import open_account
    from mentorup_daemon.service.pulse import exclusive
    from mentorup_daemon.service.tend import tend

    account = open_account(settings_of(config), os.environ)
    try:
        with exclusive(account.store):
            account.store.check()
            done = tend(account, datetime.now(UTC))
    finally:
        account.close()
    if done.failures:
        raise _worst(list(done.failures.values()))


def _worst(failures: list[MentorUpError]) -> MentorUpError:
    """The failure that the owner has to mend first; the texts of all."""
    for family in (ConfigError, CredentialsError):
        for failure in failures:
            if isinstance(failure, family):
                return family("; ".join(str(one) for one in failures))
    return failures[0] if len(failures) == 1 else type(failures[0])("; ".join(str(one) for one in failures))


def status_command(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Health, last contact with each server, what came last and what comes next."""
    with errors_told(), opened(config) as account:
        facts = _status(account)
        if as_json:
            print_json(facts)
            return
        _print_status(facts)


def _status(account: Opened) -> dict[str, Any]:
    from mentorup_daemon.rules.plan import upcoming
    from mentorup_daemon.store import health, ledger, mail

    view = account.snapshot()
    zone = view.owner.zone
    with account.store.reading() as scope:
        servers = health.all_servers(scope)
        broken = mail.quarantined(scope)
        delivered = ledger.delivered(scope, 10)
        last = health.last_pass(scope)
    ahead = upcoming(view, account.now, account.now + timedelta(days=92))[:10]
    return {
        "healthy": bool(last) and not any(row.failed_at for row in servers),
        "servers": [
            {
                "server": row.server,
                "reached_at": _told(row.reached_at, zone),
                "failed_at": _told(row.failed_at, zone),
                "failure": row.failure or None,
            }
            for row in servers
        ],
        "last_pass": _told(last, zone),
        "delivered": [
            {
                "key": entry.key,
                "rule": entry.rule,
                "mentor": entry.mentor,
                "subject": entry.subject,
                "lands": entry.lands,
                "outcome": entry.outcome,
                "at": _told(entry.outcome_at, zone),
            }
            for entry in delivered
        ],
        "next": [
            {"key": one.key, "rule": one.rule, "due_at": _told(one.due_at, zone), "mentor": one.mentor} for one in ahead
        ],
        "quarantine": [
            {"place": row.place, "what": row.what, "reason": row.reason, "since": _told(row.since, zone)}
            for row in broken
        ],
    }


def _told(moment: datetime | None, zone: object) -> datetime | None:
    return None if moment is None else moment.astimezone(zone)  # type: ignore[arg-type]  # a ZoneInfo


def _print_status(facts: dict[str, Any]) -> None:
    """For people: one thing a line, and every key whole, so that it can be copied into `why`."""
    last = facts["last_pass"]
    print(f"Last pass: {_minute(last)}" if last else "No pass yet: `mentorup run` starts the service.")
    for row in facts["servers"]:
        reached = f"last reached {_minute(row['reached_at'])}" if row["reached_at"] else "never reached"
        print(f"  {row['server']}: {reached}" + (f"; {row['failure']}" if row["failure"] else ""))
    _print_section("Came last", [(row["at"], row["subject"], row["outcome"], row["key"]) for row in facts["delivered"]])
    _print_section("Comes next", [(row["due_at"], "", "", row["key"]) for row in facts["next"]])
    if facts["quarantine"]:
        print("\nSet aside")
        for row in facts["quarantine"]:
            print(f"  {row['place']} ({row['what']})\n    {row['reason']}")


def _print_section(title: str, rows: list[tuple[datetime, str, str, str]]) -> None:
    print(f"\n{title}" if rows else f"\n{title}: nothing")
    for at, subject, outcome, key in rows:
        print(f"  {_minute(at)}  {subject}" + (f" ({outcome})" if outcome not in ("", "delivered") else ""))
        print(f"    {key}")


def _minute(moment: object) -> str:
    return f"{moment:%a %d %b %Y %H:%M}" if isinstance(moment, datetime) else ""


def rehearse_command(
    config: ConfigOption = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="How far to look ahead.")] = 90,
    as_json: JsonOption = False,
) -> None:
    """Every note and draft that would come, from the calendar as it is; touches nothing."""
    from mentorup_daemon.rules.plan import upcoming

    with errors_told(), rehearsed(config) as account:
        view = account.snapshot()
        ahead = upcoming(view, account.now, account.now + timedelta(days=days))
        if as_json:
            print_json([_rehearsed(one, view, account.now) for one in ahead])
            return
        print_table(
            f"The next {days} days",
            ["day", "time", "who", "what", "where"],
            list(_by_day([_row(one, view, account.now) for one in ahead])),
            "Nothing is in sight.",
        )


def _rehearsed(one: Due, view: Snapshot, now: datetime) -> dict[str, object]:
    return {
        "key": one.key,
        "rule": one.rule,
        "due_at": one.due_at.astimezone(view.owner.zone),
        "mentor": one.mentor,
        "subject": _subject(one, view, now),
        "lands": one.lands,
    }


def _row(one: Due, view: Snapshot, now: datetime) -> tuple[str, ...]:
    from mentorup_daemon.cli.why import arrives

    at = arrives(one, view, now)
    person = view.person(one.mentor)
    return f"{at:%a %d %b}", f"{at:%H:%M}", person.name if person else "", _subject(one, view, now), one.lands


def _by_day(rows: list[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """The rows, each day named once."""
    before = ""
    for day, *rest in rows:
        yield ("" if day == before else day, *rest)
        before = day


def _subject(one: Due, view: Snapshot, now: datetime) -> str:
    """The subject it would have, written from the records as they are now."""
    from mentorup_daemon.letters.compose import compose
    from mentorup_daemon.letters.occasion import Occasion
    from mentorup_daemon.letters.reminder import reminder_words
    from mentorup_daemon.letters.templates import Templates
    from mentorup_daemon.records.standing import AGENDAS
    from mentorup_daemon.rules.reminders import standing

    if one.lands == "calendar":
        found = standing(view, now, one.due_at - now + timedelta(days=7))
        return next(reminder_words(each, view).summary for each in found if each.key == one.key)
    drafted = one.rule in AGENDAS and "drafts" in view.practice.delivery
    occasion = Occasion(message_id="<rehearsal@localhost>", draft_state="fresh" if drafted else "none")
    try:
        return compose(one, view, now=max(one.due_at, now), templates=Templates(None), occasion=occasion).subject
    except Malformed:
        return one.reason
