"""One set of templates, rendered in the bounded sandbox. Whose turn it is, ours or the owner's, `templates` decides.

The first line of a letter's text reads `Subject: ...`, the second is empty. A name that ends in `/draft` is for what a
mentor will read: private texts can't be printed there. What goes wrong is told by file and line, to the one who has
written the template.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, TemplateError, TemplateNotFound, TemplateSyntaxError

from mentorup_daemon.errors import Malformed
from mentorup_daemon.letters.bounds import MAX_SOURCE, BoundedEnvironment, Budget, render_bounded, spending
from mentorup_daemon.letters.private import shown_to_owner
from mentorup_daemon.letters.rendered import Rendered
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


class TemplateSet:
    """Templates by their files' names, from the first directory that has one. Compiled ones are kept until it changes.

    `own` is the directory, if any, that is the owner's.
    """

    def __init__(self, directories: Sequence[Path], own: Path | None = None) -> None:
        self._environment = BoundedEnvironment(
            _Loader(directories), {"paragraph": paragraph, "shorten": shorten, "column": column}
        )
        self._own = own

    def render(self, name: str, context: Mapping[str, object]) -> Rendered:
        """The letter `name`. Raises `Malformed` for what is wrong with a template, which is a fault of ours."""
        try:
            return self.rendered(name, context)
        except TemplateError as error:
            raise Malformed(f"{_told(error, name)}. This is a fault of MentorUp's: please report it.") from error

    def tried(self, name: str, context: Mapping[str, object]) -> Rendered | str:
        """The letter `name`, or in one line what is wrong with the owner's template."""
        try:
            return self.rendered(name, context)
        except _FAULTS as error:
            return _told(error, name)

    def compiled(self, file: str) -> str:
        """What is wrong with the file of a template, in one line; "" when it compiles."""
        try:
            with spending(Budget()):
                self._environment.get_template(file)
        except _FAULTS as error:
            return _told(error, file)
        return ""

    def files(self) -> list[str]:
        """The names of all files of templates."""
        return self._environment.list_templates()

    def rendered(self, name: str, context: Mapping[str, object]) -> Rendered:
        """The letter `name`. Raises whatever comes out of a template."""
        mentor_bound = name.endswith("/draft")
        with nullcontext() if mentor_bound else shown_to_owner():
            whole = self._part(f"{name}.txt.j2", context)
            match = _SUBJECT.match(whole)
            if match is None:
                raise Malformed("the first line must read `Subject: ...`, the second must be empty")
            text = reflow(whole[match.end() :])
            if self._only_text_is_own(name):
                html = self._part("plain.html.j2", {"text": text})
            else:
                html = self._part(f"{name}.html.j2", context)
        return Rendered(" ".join(match.group(1).split()), text, html.strip() + "\n")

    def _only_text_is_own(self, name: str) -> bool:
        """Then the HTML part is made of that text: a mail program would show the shipped words otherwise."""
        root = self._own
        return root is not None and (root / f"{name}.txt.j2").exists() and not (root / f"{name}.html.j2").exists()

    def _part(self, file: str, context: Mapping[str, object]) -> str:
        budget = Budget()
        with spending(budget):
            template = self._environment.get_template(file)
        return render_bounded(template, context, budget)


class _Loader(FileSystemLoader):
    """Files of a size that a letter's template can have; `..` in a name is refused by Jinja2."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        source, path, fresh = super().get_source(environment, template)
        if len(source) > MAX_SOURCE:
            raise TemplateSyntaxError(f"it is longer than {MAX_SOURCE} characters", 1, template, path)
        return source, path, fresh


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
