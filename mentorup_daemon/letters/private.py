"""Words that are the owner's alone.

A private text travels as `Private`, which is no string: whatever would make it one (printing, joining, formatting, a
filter) passes through `__str__`, and that raises outside `shown_to_owner()`. So a template for a mentor that touches it
fails, however it goes about it, rather than a reviewer having to look for the leak (T10).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from mentorup_daemon.errors import Malformed

_to_owner: ContextVar[bool] = ContextVar("rendering for the owner's eyes", default=False)


class PrivateLeak(Malformed):
    """A template for a mentor tried to print what is private."""


class Private:
    """A text that only the owner may see."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> str:
        if not _to_owner.get():
            raise PrivateLeak("it prints a private text into something meant for a mentor")
        return self._text

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __repr__(self) -> str:
        return "Private(...)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Private) and other._text == self._text

    def __hash__(self) -> int:
        return hash((Private, self._text))


@contextmanager
def shown_to_owner() -> Iterator[None]:
    """Within this block private texts can be printed: it is a note to the owner."""
    token = _to_owner.set(True)
    try:
        yield
    finally:
        _to_owner.reset(token)
