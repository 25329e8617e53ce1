"""What may go into an IMAP command (I09).

The client library puts flags, search values and folder names into the command line as they are: a CR LF inside one
ends the command, and what follows runs as the next. So everything that comes from outside passes here, and is refused
or quoted. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from mentorup_daemon.errors import ConfigError

# RFC 9051 9: atom-specials are ( ) { SP CTL % * " \ ]; a flag may begin with a backslash, a keyword may not.
_KEYWORD = re.compile(r"[!#$&'+,\-./0-9:;<=>?@A-Z\[^_`a-z|}~]{1,100}\Z")
_SYSTEM_FLAGS = frozenset({"\\Answered", "\\Deleted", "\\Draft", "\\Flagged", "\\Seen"})
_BREAKS = re.compile(r"[\r\n\0]")
UIDS_PER_COMMAND = 200


def plain(value: str, what: str) -> str:
    """`value`, unless it holds a CR, LF or NUL; `what` names it in the error.

    Raises:
        ConfigError: it does.
    """
    if _BREAKS.search(value):
        raise ConfigError(f"{what} holds a line break or a NUL, which can't go into an IMAP command: {value!r}")
    return value


def keyword(value: str) -> str:
    """An IMAP keyword that is safe as an atom (RFC 9051 2.3.2).

    Raises:
        ConfigError: it is none.
    """
    if not _KEYWORD.match(value):
        raise ConfigError(
            f"{value!r} can't be an IMAP keyword: letters, digits and most signs, without blanks, "
            "brackets, quotes, %, *, \\ and line breaks, and no more than 100 characters"
        )
    return value


def flags(values: Sequence[str]) -> tuple[str, ...]:
    """Flags for APPEND: the system's own, or keywords.

    Raises:
        ConfigError: one is neither.
    """
    return tuple(value if value in _SYSTEM_FLAGS else keyword(value) for value in values)


def quoted(value: str, what: str) -> str:
    """`value` as a quoted string (RFC 9051 4.3). Only for ASCII: the rest has to go as a literal."""
    escaped = plain(value, what).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def any_of(criteria: Sequence[str]) -> str:
    """Search keys joined so that one of them is enough: OR takes exactly two (RFC 9051 6.4.4)."""
    joined = criteria[-1]
    for criterion in reversed(criteria[:-1]):
        joined = f"OR {criterion} {joined}"
    return joined


def batches(uids: Iterable[int], size: int = UIDS_PER_COMMAND) -> list[list[int]]:
    """The UIDs in rising order, cut so that no command line grows past what servers take (I08)."""
    ordered = sorted(set(uids))
    return [ordered[start : start + size] for start in range(0, len(ordered), size)]
