"""`mentorup explain`: how mails and calendars would be understood, and why. Reads files only, writes nothing.

It is how a user finds out why something was not filed, or which event is taken for a meeting. No store is asked, so
that what depends on the past (does this answer a note of ours?) is said to be open. Without a config it works with the
defaults, as for a stranger's mailbox.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from mentorup_daemon.cli.output import ConfigOption, JsonOption, errors_told, print_json
from mentorup_daemon.errors import Malformed

if TYPE_CHECKING:
    from mentorup_daemon.config import Settings
    from mentorup_daemon.records import Occurrence, Understood

_MOST_BYTES = 26 * 1024 * 1024  # more of a mail is refused anyway
_WINDOW = timedelta(days=90)
_MAILDIR = ("new", "cur")

Paths = Annotated[
    list[Path], typer.Argument(metavar="PATH...", help="Mails (.eml), folders of mails, calendars (.ics).")
]
From = Annotated[str, typer.Option("--from", metavar="DATE", help="For calendars: first day or time; today otherwise.")]
To = Annotated[
    str, typer.Option("--to", metavar="DATE", help="For calendars: up to but not with it; 90 days otherwise.")
]


def explain_command(
    paths: Paths,
    config: ConfigOption = None,
    date_from: From = "",
    date_to: To = "",
    as_json: JsonOption = False,
) -> None:
    """Show how mails and calendar files would be understood, and why; reads no account, writes nothing."""
    with errors_told():
        if code := explain(paths, as_json=as_json, config=config, date_from=date_from, date_to=date_to):
            raise typer.Exit(code)


def explain(
    paths: Sequence[Path], *, as_json: bool, config: Path | None, date_from: str = "", date_to: str = ""
) -> int:
    """Explain every path on standard output, faults on standard error; 1 when a file could not be read, else 0.

    Mails come first, in the order of the paths; then the occurrences of all calendars, in the order of their start.
    Raises ConfigError for a config that is named and wrong, `typer.BadParameter` for dates that are none.
    """
    from mentorup_daemon.config import find_config, load

    found = find_config(config, os.environ)
    settings = load(found) if found else None
    now = datetime.now(UTC)
    mails = _Mails(settings, now)
    events = _Events(settings, *_window(date_from, date_to, settings, now))
    for path in paths:
        for file in _files(path):
            (events if _is_calendar(file) else mails).read(file)
    if as_json:
        print_json([*mails.objects, *events.objects()])
    else:
        sys.stdout.write("\n".join(_block(one) for one in (*mails.objects, *events.objects())) or "Nothing found.\n")
    if events.errors:
        sys.stderr.write(json.dumps({"errors": events.errors}, ensure_ascii=False) + "\n")
    return 1 if mails.failed or events.failed else 0


class _Mails:
    """What the mails are taken for."""

    def __init__(self, settings: Settings | None, now: datetime) -> None:
        self._settings = settings
        self._now = now
        self.objects: list[dict[str, object]] = []
        self.failed = False

    def read(self, path: Path) -> None:
        """One mail, as one object; what can't be read says so in its reason."""
        try:
            self.objects.append({"path": _name(path), **_mail_object(self._understood(_content(path)))})
        except Malformed as error:
            self.objects.append(_unread(path, f"it can't be understood: {error}"))
        except OSError as error:
            self.failed = True
            self.objects.append(_unread(path, f"the file can't be read: {error.strerror or error}"))

    def _understood(self, raw: bytes) -> Understood:
        from mentorup_daemon.records import Tags
        from mentorup_daemon.replies.understand import understand

        settings = self._settings
        return understand(
            raw,
            owner=settings.owner_record() if settings else None,
            people=settings.people() if settings else (),
            tags=settings.tags_record() if settings else Tags(),
            now=self._now,
            answers_note=lambda _: None,
            answers_draft=lambda _: False,
            trusted_authserv_id=settings.imap.trusted_authserv_id if settings else "",
        )


class _Events:
    """The occurrences in the window, and whose meetings they are."""

    def __init__(self, settings: Settings | None, start: datetime, end: datetime) -> None:
        self._settings = settings
        self._window = (start, end)
        self._found: list[tuple[datetime, dict[str, object]]] = []
        self.errors: list[dict[str, str]] = []
        self.failed = False

    def read(self, path: Path) -> None:
        """One calendar; a component that is broken, or all of it, becomes an error."""
        from mentorup_daemon.events import expand

        owner = self._settings.owner_record() if self._settings else None
        try:
            found = expand(
                _content(path),
                zone=_zone(self._settings),
                start=self._window[0],
                end=self._window[1],
                owner_addresses=owner.addresses if owner else (),
            )
        except (Malformed, OSError) as error:
            self.failed = True
            reason = str(error.strerror or error) if isinstance(error, OSError) else str(error)
            self.errors.append({"component": _name(path), "reason": reason})
            return
        self.errors.extend({"component": fault.component, "reason": fault.reason} for fault in found.faults)
        self._found.extend((one.start.astimezone(UTC), self._object(one)) for one in found.occurrences)

    def objects(self) -> list[dict[str, object]]:
        """All occurrences, in the order of their start."""
        return [found for _, found in sorted(self._found, key=lambda pair: pair[0])]

    def _object(self, occurrence: Occurrence) -> dict[str, object]:
        from mentorup_daemon.events import recognise
        from mentorup_daemon.records import Recognition

        settings = self._settings
        recognised = recognise(
            occurrence,
            owner=settings.owner_record() if settings else None,
            people=settings.people() if settings else (),
            recognition=settings.recognition_record() if settings else Recognition(),
        )
        start, end = occurrence.start, occurrence.end
        return {
            "uid": occurrence.uid,
            "recurrence_id": occurrence.recurrence_id or None,
            "start": start.date() if occurrence.all_day else start,
            "end": end.date() if occurrence.all_day else end,
            "status": occurrence.status,
            "recognised_by": recognised.by if recognised else None,
            "mentor": recognised.mentor if recognised else None,
        }


def _mail_object(mail: Understood) -> dict[str, object]:
    return {
        "kind": mail.kind,
        "reason": mail.reason,
        "from": mail.headers.from_address,
        "mentor": mail.mentor,
        "visible_text": mail.visible_text,
        "commands": list(mail.commands),
        "action_items": list(mail.action_items),
        "tags": list(mail.tags),
    }


def _unread(path: Path, reason: str) -> dict[str, object]:
    empty: dict[str, object] = {"from": "", "mentor": None, "visible_text": ""}
    return {
        "path": _name(path),
        "kind": "ignored",
        "reason": reason,
        **empty,
        "commands": [],
        "action_items": [],
        "tags": [],
    }


def _files(path: Path) -> Iterator[Path]:
    """The path itself; for a folder its mails: what ends in .eml, and what lies in a Maildir's `new` and `cur`."""
    if not path.is_dir():
        yield path
        return
    for file in sorted(path.rglob("*")):
        if file.is_file() and (file.suffix.lower() == ".eml" or file.parent.name in _MAILDIR):
            yield file


def _is_calendar(path: Path) -> bool:
    return path.suffix.lower() in (".ics", ".ical", ".ifb", ".icalendar")


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_MOST_BYTES)


def _name(path: Path) -> str:
    return os.fsencode(path).decode("utf-8", "replace")


def _zone(settings: Settings | None) -> ZoneInfo:
    return settings.owner_record().zone if settings else ZoneInfo("UTC")


def _window(date_from: str, date_to: str, settings: Settings | None, now: datetime) -> tuple[datetime, datetime]:
    zone = _zone(settings)
    today = datetime.combine(now.astimezone(zone).date(), time(), tzinfo=zone)
    start = _moment(date_from, zone, "--from") if date_from else today
    end = _moment(date_to, zone, "--to") if date_to else start + _WINDOW
    if end <= start:
        raise typer.BadParameter("--to must be later than --from")
    return start, end


def _moment(text: str, zone: ZoneInfo, option: str) -> datetime:
    """A date (its first moment) or an RFC 3339 time, in `zone` where it has no offset."""
    try:
        found = datetime.combine(date.fromisoformat(text), time()) if len(text) <= 10 else datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no date: write 2026-12-01 or 2026-12-01T14:00:00Z", param_hint=option
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=zone)


def _block(one: dict[str, object]) -> str:
    """One object for people to read: a line a field, what is empty left out, longer text below its name."""
    lines = []
    for name, value in one.items():
        if value in (None, "", []):
            continue
        shown = "\n".join(_row(each) for each in value) if isinstance(value, list) else str(value)
        label = name.replace("_", " ")
        indented = "\n    ".join(shown.splitlines())
        lines.append(f"{label}:\n    {indented}" if isinstance(value, list) or "\n" in shown else f"{label}: {shown}")
    return "\n".join(lines) + "\n"


def _row(each: object) -> str:
    """A command or an action item on one line."""
    from mentorup_daemon.records import Command

    if not isinstance(each, Command):
        return str(each)
    facts = (each.name, each.number, each.text, each.when and f"({each.when:%a %d %b %Y %H:%M})")
    told = " ".join(str(fact) for fact in facts if fact not in (None, ""))
    return f"{told or each.line}  -> {each.problem}" if each.problem else told
