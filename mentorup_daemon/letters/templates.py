"""Names of letters in, their words out: the owner's templates first, the shipped ones behind them.

A letter NAME is two files: `NAME.txt.j2`, which begins with a line `Subject: ...` and an empty line, and
`NAME.html.j2`. Both are rendered in the bounded sandbox. When anything is wrong with a template of the owner's, the
shipped pair is used instead, so that a slip of the pen never costs a letter, and `fallbacks` says where the slip is. A
fault in a shipped template is ours, and raises. NAME ends in `/draft` for what a mentor will read: private texts can't
be printed there.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, TemplateError, TemplateNotFound, TemplateSyntaxError

import mentorup_daemon
from mentorup_daemon.errors import ConfigError, Malformed
from mentorup_daemon.letters.bounds import MAX_SOURCE, BoundedEnvironment, Budget, render_bounded, spending
from mentorup_daemon.letters.private import shown_to_owner
from mentorup_daemon.letters.wrap import column, paragraph, reflow, shorten

_FAULTS = (
    TemplateError,
    Malformed,
    OSError,
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)
"""All that a template's author can bring about; anything else is a fault of ours and must show."""

_SUBJECT = re.compile(r"Subject:[ \t]*(\S[^\n]*)\n[ \t]*\n")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A letter's words. `text` has LF line ends and ends in one. `fallbacks` names the owner's templates left aside."""

    subject: str
    text: str
    html: str
    fallbacks: tuple[str, ...] = ()


def shipped_templates() -> Path:
    """Where our own templates are: beside the package in a checkout, inside it in a wheel."""
    package = Path(mentorup_daemon.__file__).parent
    inside = package / "_shipped" / "templates"
    return inside if inside.is_dir() else package.parent / "templates"


class Templates:
    """The templates of one account. Compiled ones are kept, and compiled again when their file changes."""

    def __init__(self, directory: Path | None) -> None:
        if directory is not None and not directory.is_dir():
            raise ConfigError(f"[templates] directory: {directory} is no directory. Create it, or leave the key empty.")
        self.directory = directory
        self._shipped = _environment([shipped_templates()])
        self._own = _environment([directory, shipped_templates()]) if directory else None

    def render(self, name: str, context: Mapping[str, object]) -> Rendered:
        """The letter `name` ("agenda/note") with `context` as its variables. Raises `Malformed` for a fault of ours."""
        fallbacks: tuple[str, ...] = ()
        if self._own is not None:
            try:
                return self._rendered(self._own, name, context)
            except _FAULTS as error:
                fallbacks = (f"{_told(error, name)}. The template shipped with MentorUp was used instead.",)
        try:
            shipped = self._rendered(self._shipped, name, context)
        except TemplateError as error:
            raise Malformed(f"{_told(error, name)}. This is a fault of MentorUp's: please report it.") from error
        return Rendered(shipped.subject, shipped.text, shipped.html, fallbacks)

    def names(self) -> tuple[str, ...]:
        """The letters that are shipped, in alphabetical order."""
        root = shipped_templates()
        return tuple(sorted(str(path.relative_to(root))[: -len(".txt.j2")] for path in root.glob("*/*.txt.j2")))

    def check(self, samples: Mapping[str, Iterable[Mapping[str, object]]]) -> list[str]:
        """What is wrong with the owner's templates, one line each: all compiled, the letters rendered with `samples`.

        `samples` holds contexts by letter, as `letters.samples.contexts` makes them.
        """
        if self._own is None or self.directory is None:
            return []
        problems = []
        known = self._shipped.list_templates()
        for path in sorted(self.directory.rglob("*.j2")):
            name = path.relative_to(self.directory).as_posix()
            try:
                with spending(Budget()):
                    self._own.get_template(name)
            except _FAULTS as error:
                problems.append(_told(error, name))
                continue
            if "/" in name and name not in known:
                problems.append(f"{name}: MentorUp has no letter of that name, so it is never used.")
        for name, contexts in samples.items():
            found = [fault for context in contexts for fault in self._faults(name, context)]
            problems += [fault for fault in dict.fromkeys(found) if fault not in problems]
        return problems

    def _faults(self, name: str, context: Mapping[str, object]) -> list[str]:
        if self._own is not None:
            try:
                self._rendered(self._own, name, context)
            except _FAULTS as error:
                return [_told(error, name)]
        return []

    def _rendered(self, environment: BoundedEnvironment, name: str, context: Mapping[str, object]) -> Rendered:
        mentor_bound = name.endswith("/draft")
        with nullcontext() if mentor_bound else shown_to_owner():
            whole = self._part(environment, f"{name}.txt.j2", context)
            match = _SUBJECT.match(whole)
            if match is None:
                raise Malformed("the first line must read `Subject: ...`, the second must be empty")
            text = reflow(whole[match.end() :])
            if self._only_text_is_own(environment, name):
                html = self._part(environment, "plain.html.j2", {"text": text})
            else:
                html = self._part(environment, f"{name}.html.j2", context)
        return Rendered(" ".join(match.group(1).split()), text, html.strip() + "\n")

    def _only_text_is_own(self, environment: BoundedEnvironment, name: str) -> bool:
        """Then the HTML part is made of that text: a mail program would show the shipped words otherwise."""
        root = self.directory
        if root is None or environment is self._shipped:
            return False
        return (root / f"{name}.txt.j2").exists() and not (root / f"{name}.html.j2").exists()

    @staticmethod
    def _part(environment: BoundedEnvironment, file: str, context: Mapping[str, object]) -> str:
        budget = Budget()
        with spending(budget):
            template = environment.get_template(file)
        return render_bounded(template, context, budget)


class _Loader(FileSystemLoader):
    """Files of a size that a letter's template can have; `..` in a name is refused by Jinja2."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        source, path, fresh = super().get_source(environment, template)
        if len(source) > MAX_SOURCE:
            raise TemplateSyntaxError(f"it is longer than {MAX_SOURCE} characters", 1, template, path)
        return source, path, fresh


def _environment(directories: Sequence[Path]) -> BoundedEnvironment:
    return BoundedEnvironment(_Loader(directories), {"paragraph": paragraph, "shorten": shorten, "column": column})


def _told(error: BaseException, name: str) -> str:
    """File, line and what is wrong, in one line for the owner."""
    file, line = f"{name.removesuffix('.j2')}.txt.j2" if not name.endswith(".j2") else name, 0
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename.endswith(".j2"):
            file, line = _below(frame.filename), frame.lineno or 0
    if isinstance(error, TemplateSyntaxError):
        file, line = error.name or file, error.lineno
    place = f"{file}, line {line}" if line else file
    what = " ".join(str(error).split("\n", maxsplit=1)[0].split()) or type(error).__name__
    if isinstance(error, TemplateNotFound):
        what = f"it needs the template {error.name}, which doesn't exist"
    elif isinstance(error, RecursionError):
        what = "it calls or includes itself without end"
    elif isinstance(error, UnicodeDecodeError):
        what = "the file isn't UTF-8 text"
    return f"{place}: {what[:300].rstrip('.')}"


def _below(path: str) -> str:
    """The template's name as its folder and file: `agenda/note.txt.j2`."""
    return "/".join(Path(path).parts[-2:])
