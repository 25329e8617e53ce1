"""A Jinja2 sandbox that also bounds what a render may cost (T01).

Jinja2's own sandbox keeps a template away from Python's insides, but lets `'a' * 10**9` and an endless loop through.
Here every render spends a *budget*: a number of steps, a number of characters and some seconds. The template's syntax
tree is rewritten before it is compiled, so that each turn of a loop, each `~` and each list passes through this module;
calls, operators, filters, includes, captured blocks and printed values have hooks of Jinja2's own. What can grow
without bound (`'a'.center(9**9)`, `'%999d' % 1`, lists in lists) has no business in a letter and isn't offered, so that
each single step is cheap, and the number of steps and the clock bound the whole. No thread, no signal, no process.

The one hard thing is that nothing may slip past: only filters and methods named here exist, and only words and numbers
can be printed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from types import GeneratorType
from typing import Any, cast

from jinja2 import BaseLoader, StrictUndefined, Template, Undefined, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import SecurityError, TemplateSyntaxError
from jinja2.filters import FILTERS
from jinja2.runtime import BlockReference, Context, LoopContext, Macro, markup_join, str_join
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace, pass_context
from jinja2.visitor import NodeTransformer
from markupsafe import Markup, escape

from mentorup_daemon.letters.private import Private

MAX_STEPS = 20_000
MAX_SECONDS = 2.0
MAX_OUTPUT = 200_000  # characters of one rendered part
MAX_TEXT = 20_000  # characters of any one value built on the way
MAX_ITEMS = 1_000  # of a range or a list
MAX_NUMBER = 2**63
MAX_SOURCE = 64_000  # characters of one template file

_FILTERS = (
    "abs capitalize count d default e escape first float forceescape int last length list lower map max min reject "
    "rejectattr reverse round select selectattr sort string striptags title trim truncate unique upper wordcount"
).split()
_METHODS: dict[type, frozenset[str]] = {
    str: frozenset(
        "capitalize count endswith find isdigit islower isupper lower lstrip rstrip split splitlines startswith strip "
        "title upper".split()
    ),
    Mapping: frozenset("get items keys values".split()),
    date: frozenset("date isoformat isoweekday time weekday".split()),
    LoopContext: frozenset("cycle changed".split()),
}
_EACH, _JOINED, _FLAT = "each turn", "joined", "flat list"  # no template can name these: they hold a blank


class Overspent(SecurityError):
    """The template wants more steps, characters or time than any letter needs."""


class Budget:
    """What is left to one render. `clock` returns seconds and only ever runs forward."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._deadline = clock() + MAX_SECONDS
        self._steps = MAX_STEPS

    def step(self) -> None:
        """One turn of a loop, call, operation or filter; raises `Overspent`."""
        self._steps -= 1
        if self._steps < 0:
            raise Overspent(f"it takes more than {MAX_STEPS} steps: is there a loop that doesn't end?")
        if self._clock() > self._deadline:
            raise Overspent(f"it takes longer than {MAX_SECONDS:.0f} seconds")


_budget: ContextVar[Budget] = ContextVar("budget of the render")


@contextmanager
def spending(budget: Budget) -> Iterator[None]:
    """Charge all that is compiled or rendered in this block to `budget`."""
    token = _budget.set(budget)
    try:
        yield
    finally:
        _budget.reset(token)


def _checked(value: Any) -> Any:
    """The value, when it is of a size that a letter can need; generators are counted as they run."""
    if isinstance(value, str) and len(value) > MAX_TEXT:
        raise Overspent(f"it builds a text of more than {MAX_TEXT} characters")
    if isinstance(value, int) and abs(value) > MAX_NUMBER:
        raise Overspent("it reckons with a number of more than 19 digits")
    if isinstance(value, list | tuple | range | dict) and len(value) > MAX_ITEMS:
        raise Overspent(f"it builds a list of more than {MAX_ITEMS} entries")
    if isinstance(value, list):
        _no_nesting(value)
    if isinstance(value, GeneratorType):
        return _turns(value)
    return value


def _no_nesting(values: Iterable[Any]) -> None:
    """Lists that hold one list twice, level upon level, would take for ever to compare."""
    if any(isinstance(entry, list | tuple | dict | GeneratorType) for entry in values):
        raise SecurityError("it puts a list into a list, which templates can't do here")


def _turns(values: Iterable[Any]) -> Iterator[Any]:
    budget = _budget.get()
    for value in values:
        budget.step()
        yield value


@pass_context
def _each(_context: Context, values: Any) -> Any:
    """Count the turns of a loop; what isn't defined stays so, for Jinja2 to say it by name."""
    return values if isinstance(values, Undefined) else _turns(values)


@pass_context
def _joined(context: Context, values: list[Any]) -> str:
    words = [_printable(value) for value in values]
    if sum(len(word) for word in words if isinstance(word, str)) > MAX_TEXT:
        raise Overspent(f"it builds a text of more than {MAX_TEXT} characters")
    _budget.get().step()
    return markup_join(words) if context.eval_ctx.autoescape else str_join(words)


@pass_context
def _flat(_context: Context, values: Any) -> Any:
    _budget.get().step()
    _no_nesting(values)
    return _checked(values)


def _printable(value: Any) -> Any:
    """Only words and numbers can be printed: a list's or a record's Python form is never meant for a reader."""
    if isinstance(value, str | int | float | Undefined | Private):
        if not isinstance(value, Private | Undefined):
            _budget.get().step()
        return value
    what = "nothing at all (None)" if value is None else f"a whole {type(value).__name__}"
    raise SecurityError(f"it prints {what} where a word is meant")


def _bounded(function: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, counted as a step, with what goes in and comes out checked for size."""
    wants = getattr(getattr(function, "jinja_pass_arg", None), "name", "")

    @pass_context
    def counted(context: Context, value: Any, *args: Any, **kwargs: Any) -> Any:
        _budget.get().step()
        for entry in (value, *args, *kwargs.values()):
            _checked(entry)
        if any(isinstance(entry, int) and entry > MAX_TEXT for entry in (*args, *kwargs.values())):
            raise Overspent(f"a filter is given a number beyond {MAX_TEXT}")
        first = {"context": (context,), "eval_context": (context.eval_ctx,), "environment": (context.environment,)}
        values = _turns(value) if isinstance(value, GeneratorType) else value
        return _checked(function(*first.get(wants, ()), values, *args, **kwargs))

    return counted


def _join(values: Iterable[Any], separator: str = "") -> str:
    """`list|join(', ')`; markup stays markup, and what isn't is escaped beside it."""
    words = [_printable(value) for value in values]
    if sum(len(str(word)) + len(separator) for word in words) > MAX_TEXT:
        raise Overspent(f"it builds a text of more than {MAX_TEXT} characters")
    if any(isinstance(word, Markup) for word in (separator, *words)):
        return escape(separator).join(words)
    return separator.join(str(word) for word in words)


def _range(*bounds: int) -> range:
    numbers = range(*bounds)
    if any(abs(bound) > MAX_NUMBER for bound in bounds) or len(numbers) > MAX_ITEMS:
        raise Overspent(f"a range runs over more than {MAX_ITEMS} numbers")
    return numbers


class _Rewritten(NodeTransformer):
    """Sends loops, `~` and lists through the functions above."""

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 - named after the node
        if node.recursive:
            raise TemplateSyntaxError("recursive loops aren't available here", node.lineno)
        self.generic_visit(node)
        node.iter = _through(_EACH, cast("nodes.Expr", node.iter))  # declared wider than the parser ever makes it
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802 - named after the node
        self.generic_visit(node)
        return _through(_JOINED, nodes.List(node.nodes, lineno=node.lineno))

    def visit_List(self, node: nodes.List) -> nodes.Node:  # noqa: N802 - named after the node
        self.generic_visit(node)
        return _through(_FLAT, node)

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:  # noqa: N802 - named after the node
        self.generic_visit(node)
        return _through(_FLAT, node) if node.ctx == "load" else node

    def visit_Dict(self, node: nodes.Dict) -> nodes.Node:  # noqa: N802 - named after the node
        raise TemplateSyntaxError("dictionaries aren't available here", node.lineno)


def _through(name: str, node: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


class _Generator(CodeGenerator):
    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:  # noqa: N802 - as above
        rewritten = _Rewritten().visit(node)
        rewritten.set_environment(self.environment)
        super().visit_Template(rewritten, frame)


def _concat(chunks: Iterable[str]) -> str:
    """Join what a macro, a block or a template printed, as long as it stays below the bound."""
    size = 0
    kept = []
    for chunk in chunks:
        _budget.get().step()
        size += len(chunk)
        if size > MAX_OUTPUT:
            raise Overspent(f"it writes more than {MAX_OUTPUT} characters")
        kept.append(chunk)
    return "".join(kept)


class BoundedEnvironment(ImmutableSandboxedEnvironment):
    """The sandbox in which every letter is rendered, ours and the owner's alike."""

    code_generator_class = _Generator
    concat = staticmethod(_concat)
    intercepted_binops = frozenset("+ - * / // % **".split())

    def __init__(self, loader: BaseLoader, filters: Mapping[str, Callable[..., Any]]) -> None:
        super().__init__(
            loader=loader,
            undefined=StrictUndefined,
            autoescape=lambda name: bool(name and name.endswith(".html.j2")),
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=_printable,
        )
        offered = {name: FILTERS[name] for name in _FILTERS} | {"join": _join} | dict(filters)
        self.filters = {name: _bounded(function) for name, function in offered.items()}
        self.filters |= {_EACH: _each, _JOINED: _joined, _FLAT: _flat}
        self.globals = {"range": _range, "namespace": Namespace}

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """`left operator right`, refused before it is reckoned when the result would be out of bounds."""
        _budget.get().step()
        numbers = isinstance(left, int | float) and isinstance(right, int | float)
        if operator == "+" and not numbers:
            if isinstance(left, str) and isinstance(right, str):
                return _checked(left + right)
            if isinstance(left, list) and isinstance(right, list):
                return _checked([*left, *right])
        if not numbers and not isinstance(left, Undefined) and not isinstance(right, Undefined):
            raise SecurityError(f"it reckons with {operator} on what isn't a number")
        if operator == "**" and numbers and (abs(left) > MAX_TEXT or abs(right) > 10):
            raise Overspent("it raises a number to a power that no letter needs")
        return _checked(super().call_binop(context, operator, left, right))

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """True for fields of records, and for those methods of words, dates and mappings that cannot grow anything."""
        if not super().is_safe_attribute(obj, attr, value):
            return False
        return not callable(value) or isinstance(value, Macro | BlockReference) or _is_offered(obj, attr)

    def is_safe_callable(self, obj: Any) -> bool:
        """True for macros, blocks and what this environment offers by name."""
        if isinstance(obj, Macro | BlockReference) or obj is _range or obj is Namespace:
            return True
        return _is_offered(getattr(obj, "__self__", None), getattr(obj, "__name__", ""))

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805 - as in Jinja2
        """One step, then the call, with its result checked for size.

        A macro is called without the caller's autoescaping, which would declare what a macro of a text template printed
        as safe HTML without anything having escaped it; so it goes by the template it was written in.
        """
        _budget.get().step()
        if isinstance(__obj, Macro):
            for ours in ("_loop_vars", "_block_vars"):  # the compiler's own, which Context.call takes out otherwise
                kwargs.pop(ours, None)
            return _checked(__obj(*args, **kwargs))
        return _checked(super().call(__context, __obj, *args, **kwargs))

    def join_path(self, template: str, parent: str) -> str:
        """Counts includes, imports and parents: a template that includes itself comes by here each time."""
        _budget.get().step()
        return super().join_path(template, parent)


def _is_offered(obj: Any, name: str) -> bool:
    return any(isinstance(obj, kind) and name in names for kind, names in _METHODS.items())


def render_bounded(template: Template, context: Mapping[str, object], budget: Budget) -> str:
    """The template's text, at most `MAX_OUTPUT` characters; raises what Jinja2 raises, and `Overspent`."""
    with spending(budget):
        return _concat(template.generate(context))
