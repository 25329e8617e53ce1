"""Feedback as one document: Markdown to read, CSV for a table, JSON for scripts. Pure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from mentorup_daemon.records import Feedback, Mentor

_COLUMNS = ("id", "mentor", "received_at", "source", "text", "plan", "plan_due", "state", "meeting", "message_id")


def exported(items: Sequence[Feedback], people: Sequence[Mentor], form: str, zone: ZoneInfo) -> str:
    """The document; `form` is markdown, csv or json. Times are told in `zone`."""
    rows = [_row(item, zone) for item in items]
    if form == "json":
        return json.dumps(rows, indent=2, ensure_ascii=False) + "\n"
    if form == "csv":
        sheet = io.StringIO()
        writer = csv.DictWriter(sheet, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: _harmless(value) for name, value in row.items()} for row in rows)
        return sheet.getvalue()
    names = {person.id: person.name for person in people}
    parts = ["# Feedback\n"]
    for item in items:
        told = item.received_at.astimezone(zone)
        parts.append(f"## {names.get(item.mentor or '', item.mentor or 'Unknown')}, {told.day} {told:%B %Y}\n")
        parts.append("\n".join(f"> {line}".rstrip() for line in item.text.splitlines()) + "\n")
        if item.plan:
            by = f" (by {item.plan_due.day} {item.plan_due:%B %Y})" if item.plan_due else ""
            parts.append(f"Plan: {item.plan}{by}\n")
    return "\n".join(parts)


def _row(item: Feedback, zone: ZoneInfo) -> dict[str, object]:
    values: dict[str, object] = {name: getattr(item, name) for name in _COLUMNS}
    values["received_at"] = item.received_at.astimezone(zone).isoformat()
    values["plan_due"] = item.plan_due.isoformat() if item.plan_due else None
    return values


def _harmless(value: object) -> object:
    """A cell that a spreadsheet would take for a formula is made plain text (CWE-1236)."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
