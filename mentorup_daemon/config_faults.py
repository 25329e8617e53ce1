"""How the faults of a config are told: one a line, with key path, value, expectation and the nearest known key.

Takes what pydantic found in single values, adds what only shows across sections (checked on the raw table, so that one
wrong value doesn't hide it), and joins a misspelt key with the "missing" that it caused: one slip of the pen, one line.
The one hard thing is to show values without ever showing a secret: whatever stands under a password, in an address's
user part, in a feed's path or under a key that nobody knows is hidden unless it is plainly harmless.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, get_args
from urllib.parse import urlsplit

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from mentorup_daemon.config_oauth import across as oauth_across

Path = tuple[str | int, ...]

_LONGEST_VALUE = 70
_SECRETS = ("password", "client_secret", "token", "keys")  # keys under which a secret may have been written by mistake
_TYPES = {
    "string_type": "expected a text in quotes",
    "int_type": "expected a whole number, without quotes",
    "float_type": "expected a number, without quotes",
    "bool_type": "expected true or false, without quotes",
    "tuple_type": 'expected a list, like ["..."]',
    "model_type": "expected a section with keys of its own",
    "int_parsing_size": "expected a smaller number",
}
_SYNTAX = {
    "Invalid value": "after = comes a text in quotes, a number, true, false, a [list] or a {table}",
    "Expected '=' after a key": "expected key = value (a key that isn't letters, digits, - and _ stands in quotes)",
    "Expected ']' at the end of a table declaration": "a section's name ends with ]",
    "Expected ']]' at the end of an array declaration": "the name of a list of sections ends with ]]",
    "Expected newline or end of document after a statement": "one key = value a line: something follows the value",
    "Invalid statement": "expected key = value, [section] or # comment",
    "Invalid initial character for a key part": "expected a key of letters, digits, - and _",
    "Unterminated string": "a text's closing quote is missing",
    "Expected \"'''\"": "a text's closing ''' is missing",
    'Expected \'"""\'': 'a text\'s closing """ is missing',
    'Expected "\'"': "a text's closing ' is missing",
    "Illegal character '\\n'": "a text's closing quote is missing on this line",
    "Illegal character": "a control character stands where none may",
    "Found invalid character": "a character stands where none may",
    "Unescaped '\\' in a string": "a \\ in a text in \"double quotes\" is written \\\\, or use 'single quotes'",
    "Invalid hex value": "a \\u in a text needs four hexadecimal digits",
    "Escaped character is not a Unicode scalar value": "a \\u in a text names no character",
    "Cannot overwrite a value": "this key stands twice in its section",
    "Cannot declare": "this section stands twice",
    "Duplicate inline table key": "a key stands twice in the same {table}",
    "Cannot mutate immutable namespace": "this section was closed above, as a {table} or a [list]",
    "Cannot redefine namespace": "this section stands twice",
    "Unclosed array": "a list's ] is missing",
    "Unclosed inline table": "a table's } is missing",
    "Invalid date or datetime": "this date doesn't exist",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where, the value as it may be shown ("" for none), and what is expected."""

    path: Path
    expected: str
    value: str = ""
    missing: bool = False
    instead_of: Path | None = None  # for an unknown key: the known one that was probably meant

    def __str__(self) -> str:
        shown = f" = {self.value}" if self.value else ""
        return f"{dotted(self.path)}{shown}: {self.expected}"


Across = Callable[[Mapping[str, Any]], Iterable[Fault]]
"""Finds, in the raw table, what only shows across sections."""


def dotted(path: Path) -> str:
    """`mentors[2].emails[1]`: people count from one."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{_key(part)}" if text else _key(part)
    return text


def told(found: Sequence[Fault], source: str) -> str:
    """The text of the ConfigError: what and how many, then one line a fault."""
    counted = " ([1] is the first of a list)" if any(isinstance(part, int) for f in found for part in f.path) else ""
    return lines_told([str(fault) for fault in found], source, counted)


def lines_told(found: Sequence[str], source: str, counted: str = "") -> str:
    """The same for faults that are in words already."""
    count = "1 fault" if len(found) == 1 else f"{len(found)} faults"
    return "\n".join([f"{source}: {count}{counted}:", *(f"  {fault}" for fault in found)])


def syntax_fault(error: Exception, source: str) -> str:
    """What is wrong with a text that isn't TOML at all, by line and column, in words."""
    message = str(error)
    reason = next((told for start, told in _SYNTAX.items() if message.startswith(start)), "this can't be read as TOML")
    where = re.search(r"\(at (?:line (\d+), column (\d+)|end of document)\)$", message)
    if where is None:
        reason = "a number or a nesting is too large"
        place = "somewhere in the file"
    else:
        place = f"line {where[1]}, column {where[2]}" if where[1] else "at the end of the file"
    return f"{source}: 1 fault:\n  {place}: {reason}"


def faults(
    root: type[BaseModel], given: Mapping[str, Any], error: ValidationError | None, across: Across
) -> list[Fault]:
    """All faults of the table `given`, in the order of the models' keys, then across sections."""
    found: list[Fault] = []
    if error is not None:
        details = error.errors(include_url=False)
        found += [_fault(root, given, detail) for detail in details if not _follows(detail)]
    found += [fault for fault in across(given) if all(fault.path != known.path for known in found)]
    meant = {fault.instead_of for fault in found}
    return [fault for fault in found if not (fault.missing and fault.path in meant)]


def _follows(detail: ErrorDetails) -> bool:
    """True for what only follows from a fault that is told already.

    A default that hangs on a faulty value; a list called too short because pydantic counts its faultless items.
    """
    return detail["type"] == "default_factory_not_called" or (detail["type"] == "too_short" and bool(detail["input"]))


def _fault(root: type[BaseModel], given: Mapping[str, Any], detail: ErrorDetails) -> Fault:
    path: Path = detail["loc"]
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown(root, given, path)
    if kind == "missing":
        return Fault(path, f"missing; expected {_description(root, path)}", missing=True)
    if kind == "expected":
        wanted = str(context["text"])
    elif kind == "literal_error":
        wanted = _choice(str(context["expected"]), detail["input"])
    elif kind in ("greater_than_equal", "less_than_equal"):
        wanted = _bounds(root, path)
    elif kind == "too_short":
        wanted = "expected at least one entry"
    else:
        wanted = _TYPES.get(kind, "expected another kind of value")
    return Fault(path, wanted, _shown(path, detail["input"]))


def _choice(options: str, value: object) -> str:
    known = [option for option in re.findall(r"'([^']*)'", options) if option]
    near = get_close_matches(value.lower(), known, 1) if isinstance(value, str) else []
    hint = f'; did you mean "{near[0]}"?' if near else ""
    return "expected " + _or(f'"{option}"' for option in known) + hint


def _bounds(root: type[BaseModel], path: Path) -> str:
    model, name = _model_at(root, path[:-1]), str(path[-1])
    limits: dict[str, Any] = {}
    for rule in model.model_fields[name].metadata if model else ():
        limits |= {bound: getattr(rule, bound) for bound in ("ge", "le") if hasattr(rule, bound)}
    return f"expected a number from {limits.get('ge')} to {limits.get('le')}"


def _description(root: type[BaseModel], path: Path) -> str:
    model = _model_at(root, path[:-1])
    return (model and model.model_fields[str(path[-1])].description) or "a value"


# Unknown keys


def _unknown(root: type[BaseModel], given: Mapping[str, Any], path: Path) -> Fault:
    name, parent = str(path[-1]), path[:-1]
    model = _model_at(root, parent)
    known = list(model.model_fields) if model else []
    taken = _at(given, parent)
    free = [key for key in known if not isinstance(taken, Mapping) or key not in taken]
    near = get_close_matches(name.lower(), free, 1) or get_close_matches(name.lower(), known, 1)
    inside_password = any(part in _SECRETS for part in parent)
    elsewhere = _key_elsewhere(root, name) if not inside_password else None
    if elsewhere and (not near or elsewhere[-1] == name):
        near = []
        hint = f"did you mean {dotted(elsewhere)}?"
    elif near:
        hint = f"did you mean {dotted((*parent, near[0]))}?"
    else:
        hint = f"known here: {', '.join(known)}"
    meant: Path = (*parent, *near) if near else ()
    if inside_password and not near:
        return Fault(parent, f"unknown key; {hint}")  # a password typed as a key isn't shown
    harmless = bool(near) and not any(part in _SECRETS for part in (*near, *parent))
    value = _shown(meant, _at(given, path)) if harmless else "(not shown)"
    return Fault(path, f"unknown key; {hint}", value, instead_of=meant or None)


def _key_elsewhere(root: type[BaseModel], name: str) -> Path | None:
    """The known key of another section that `name` is, or nearly is: `timezone` under [imap] is `owner.timezone`."""
    leaves: dict[str, Path] = {}
    for section, field in root.model_fields.items():
        model = _submodel(field.annotation)
        for leaf in model.model_fields if model else ():
            leaves.setdefault(leaf, (section, leaf))
    near = get_close_matches(name.lower(), leaves, 1, 0.8)
    return leaves[near[0]] if near else None


def _model_at(root: type[BaseModel], path: Path) -> type[BaseModel] | None:
    model: type[BaseModel] | None = root
    for part in path:
        if isinstance(part, int):
            continue
        field = model.model_fields.get(part) if model else None
        model = _submodel(field.annotation) if field else None
    return model


def _submodel(annotation: Any) -> type[BaseModel] | None:
    """The model in `Model`, `Model | None` or `tuple[Model, ...]`."""
    for candidate in (annotation, *get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def _at(given: Any, path: Path) -> Any:
    for part in path:
        try:
            given = given[part]
        except (KeyError, IndexError, TypeError):
            return None
    return given


# Across sections


def across(given: Mapping[str, Any]) -> Iterator[Fault]:
    """What only shows across the sections of an account's config."""
    if "caldav" not in given and not given.get("feeds"):
        yield Fault(
            ("caldav",), "missing; expected [caldav] with url, username and password, or [[feeds]]", missing=True
        )
    caldav = given.get("caldav")
    if isinstance(caldav, dict):
        secret = next((key for key in ("password", "oauth") if key in caldav), "")
        if caldav.get("username") and not secret:
            yield Fault(("caldav", "password"), "missing; expected where the password is kept", missing=True)
        if secret and not caldav.get("username"):
            yield Fault(("caldav", "username"), "missing; expected the name you log in with", missing=True)
        reminders = caldav.get("reminders_calendar")
        if reminders and reminders in _listed(caldav.get("calendars")):
            wanted = "expected a calendar of its own: no meetings are looked for in it, and calendars names it too"
            yield Fault(("caldav", "reminders_calendar"), wanted, _shown(("caldav",), reminders))
    imap = given.get("imap")
    if isinstance(imap, dict) and not {"password", "oauth"} & imap.keys():
        wanted = 'missing; expected where the password is kept, like { file = "..." }'
        yield Fault(("imap", "password"), wanted, missing=True)
    if isinstance(imap, dict) and imap.get("security") == "starttls" and imap.get("port") == 993:
        wanted = 'expected port 143 with "starttls", or security = "tls": port 993 speaks TLS from the start'
        yield Fault(("imap", "port"), wanted, "993")
    for path, wanted in oauth_across(given):
        yield Fault(path, wanted, missing=wanted.startswith("missing"))
    yield from _people(given)


def _people(given: Mapping[str, Any]) -> Iterator[Fault]:
    ids: dict[str, int] = {}
    holders: dict[str, str] = {}
    owner = given.get("owner")
    if isinstance(owner, dict):
        for address in (owner.get("email"), *_listed(owner.get("aliases"))):
            if isinstance(address, str):
                holders[address.lower()] = "yours, in [owner]"
    for number, mentor in enumerate(_listed(given.get("mentors"))):
        if not isinstance(mentor, dict):
            continue
        path: Path = ("mentors", number)
        name = mentor.get("id")
        if isinstance(name, str) and ids.setdefault(name, number) != number:
            wanted = f"expected an id of its own: {dotted(('mentors', ids[name]))} has it already"
            yield Fault((*path, "id"), wanted, _shown(path, name))
        for index, address in enumerate(_listed(mentor.get("emails"))):
            holder = holders.setdefault(address.lower(), dotted(path)) if isinstance(address, str) else dotted(path)
            if holder != dotted(path):
                wanted = f"expected an address of theirs alone: this one is {_of(holder)}"
                yield Fault((*path, "emails", index), wanted, _shown(path, address))


def _of(holder: str) -> str:
    return holder if holder.startswith("yours") else f"that of {holder} too"


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


# Values, as they may be shown


def _shown(path: Path, value: object) -> str:
    """The value as TOML would have it, shortened; "(not shown)" for what is or may hold a secret."""
    if any(part in _SECRETS for part in path):
        return "(not shown)"
    match value:
        case Mapping():
            text = "{...}"
        case list():
            text = _short("[" + ", ".join(_shown(path, item) for item in value[:10]) + "]")
        case bool():
            text = str(value).lower()
        case str():
            text = _quoted(_without_credentials(value, whole="feeds" not in path))
        case int() if abs(value) >= 10**20:
            text = "a very large number"  # Python refuses to print more than 4,300 digits
        case _:
            text = _short(str(value))
    return text


def _without_credentials(value: str, *, whole: bool) -> str:
    """An address without its user part, and unless `whole` without its path: many feeds' paths are their password."""
    if "://" not in value and whole:
        return value
    try:
        parts = urlsplit(value)
    except ValueError:
        return "..."
    host = parts.netloc.rpartition("@")[2]
    if not parts.scheme or not host:
        return "..."
    user = "...@" if "@" in value else ""
    if whole and "@" not in value and not parts.query:
        return value
    return f"{parts.scheme}://{user}{host}/..."


def _quoted(text: str) -> str:
    escaped = "".join(
        char if char.isprintable() and char not in '"\\' else f"\\{char}" if char in '"\\' else _escape(char)
        for char in text
    )
    return f'"{_short(escaped)}"'


def _escape(char: str) -> str:
    known = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return known.get(char) or (f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}")


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]{1,60}", name) else _quoted(name)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."


def _or(options: Iterable[str]) -> str:
    *most, last = options
    return f"{', '.join(most)} or {last}" if most else last
