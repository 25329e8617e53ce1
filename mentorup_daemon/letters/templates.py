"""Names of letters in, their words out: the owner's templates first, the shipped ones behind them.

A letter NAME is two files: `NAME.txt.j2`, which begins with a line `Subject: ...` and an empty line, and
`NAME.html.j2`. When anything is wrong with a template of the owner's, the shipped pair is used instead, so that a slip
of the pen never costs a letter, and `fallbacks` says where the slip is. A fault in a shipped template is ours, and
raises. Jinja2 is loaded (`rendering`) for the first letter: an account at rest has none to write.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import mentorup_daemon
from mentorup_daemon.errors import ConfigError
from mentorup_daemon.letters.rendered import Rendered

if TYPE_CHECKING:
    from mentorup_daemon.letters.rendering import TemplateSet


def shipped_templates() -> Path:
    """Where our own templates are: beside the package in a checkout, inside it in a wheel."""
    package = Path(mentorup_daemon.__file__).parent
    inside = package / "_shipped" / "templates"
    return inside if inside.is_dir() else package.parent / "templates"


class Templates:
    """The templates of one account."""

    def __init__(self, directory: Path | None) -> None:
        if directory is not None and not directory.is_dir():
            raise ConfigError(f"[templates] directory: {directory} is no directory. Create it, or leave the key empty.")
        self.directory = directory

    @cached_property
    def _sets(self) -> tuple[TemplateSet, TemplateSet | None]:
        """The shipped ones, and the owner's if there are any."""
        from mentorup_daemon.letters.rendering import TemplateSet  # noqa: PLC0415 - Jinja2: for the first letter

        own, shipped = self.directory, shipped_templates()
        return TemplateSet([shipped]), TemplateSet([own, shipped], own) if own is not None else None

    def render(self, name: str, context: Mapping[str, object]) -> Rendered:
        """The letter `name` ("agenda/note") with `context` as its variables. Raises `Malformed` for a fault of ours."""
        shipped, own = self._sets
        if own is None:
            return shipped.render(name, context)
        tried = own.tried(name, context)
        if isinstance(tried, Rendered):
            return tried
        fallbacks = (f"{tried}. The template shipped with MentorUp was used instead.",)
        return replace(shipped.render(name, context), fallbacks=fallbacks)

    def names(self) -> tuple[str, ...]:
        """The letters that are shipped, in alphabetical order."""
        root = shipped_templates()
        return tuple(sorted(str(path.relative_to(root))[: -len(".txt.j2")] for path in root.glob("*/*.txt.j2")))

    def check(self, samples: Mapping[str, Iterable[Mapping[str, object]]]) -> list[str]:
        """What is wrong with the owner's templates, one line each: all compiled, the letters rendered with `samples`.

        `samples` holds contexts by letter, as `letters.samples.contexts` makes them.
        """
        shipped, own = self._sets
        if own is None or self.directory is None:
            return []
        problems = []
        known = shipped.files()
        for path in sorted(self.directory.rglob("*.j2")):
            name = path.relative_to(self.directory).as_posix()
            if fault := own.compiled(name):
                problems.append(fault)
            elif "/" in name and name not in known:
                problems.append(f"{name}: MentorUp has no letter of that name, so it is never used.")
        for name, contexts in samples.items():
            tried = [own.tried(name, context) for context in contexts]
            found = [fault for fault in tried if isinstance(fault, str)]
            problems += [fault for fault in dict.fromkeys(found) if fault not in problems]
        return problems
