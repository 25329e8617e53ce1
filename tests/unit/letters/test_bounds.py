"""T01: what a template of the owner's may cost, and that nothing slips past the bounds."""

from __future__ import annotations

from datetime import date

import pytest
from jinja2 import DictLoader, TemplateError

from mentorup_daemon.letters import bounds
from mentorup_daemon.letters.bounds import BoundedEnvironment, Budget, Overspent, render_bounded, spending


def rendered(source: str, others: dict[str, str] | None = None, file: str = "x.txt.j2", **context: object) -> str:
    environment = BoundedEnvironment(DictLoader({file: source, **(others or {})}), {})
    budget = Budget()
    with spending(budget):
        template = environment.get_template(file)
    return render_bounded(template, context, budget)


GREEDY = {
    "repeated text": "{{ 'a' * 10**9 }}",
    "repeated list": "{% set x = [1] * 10**9 %}",
    "doubled text": "{% set n = namespace(s='aaaaaaa') %}{% for _ in range(60) %}{% set n.s = n.s + n.s %}{% endfor %}",
    "joined text": "{% set n = namespace(s='aaaaaaa') %}{% for i in range(60) %}{% set n.s = n.s ~ n.s %}{% endfor %}",
    "captured text": (
        "{% set n = namespace(s='aaaaaaaaaa') %}"
        "{% for i in range(60) %}{% set t %}{{ n.s }}{{ n.s }}{% endset %}{% set n.s = t %}{% endfor %}"
    ),
    "doubled list": "{% set n = namespace(l=[1]) %}{% for i in range(60) %}{% set n.l = n.l + n.l %}{% endfor %}",
    "nested lists": "{% set n = namespace(l=[1]) %}{% for i in range(60) %}{% set n.l = [n.l, n.l] %}{% endfor %}",
    "nested tuples": "{% set n = namespace(l=(1, 2)) %}{% for i in range(60) %}{% set n.l = (n.l, n.l) %}{% endfor %}",
    "nested by map": "{% set l = [1] %}{{ (range(9)|map(attribute='x', default=l)|list) == [] }}",
    "long range": "{% for i in range(10**9) %}{% endfor %}",
    "range of a range": "{% for i in range(999) %}{% for j in range(999) %}{% endfor %}{% endfor %}",
    "list of a range": "{{ range(10**8)|list|length }}",
    "power": "{{ 10**10**8 }}",
    "power tower": "{% set n = namespace(x=99) %}{% for i in range(40) %}{% set n.x = n.x * n.x %}{% endfor %}",
    "width by %": "{{ '%999999999d' % 1 }}",
    "width by format": "{{ '{:999999999}'.format(1) }}",
    "width by the filter": "{{ '%999999999d'|format(1) }}",
    "center": "{{ 'a'|center(10**9) }}",
    "center method": "{{ 'a'.center(10**9) }}",
    "ljust": "{{ 'a'.ljust(10**9) }}",
    "zfill": "{{ 'a'.zfill(10**9) }}",
    "expandtabs": "{{ '\t'.expandtabs(10**9) }}",
    "replace method": "{{ 'aaaa'.replace('a', 'bbbbbbbb') }}",
    "indent": "{{ 'a'|indent(10**9) }}",
    "join": "{{ range(999)|join('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa') }}",
    "lipsum": "{{ lipsum(10**9) }}",
    "strftime": "{{ day.strftime('%999999999d') }}",
    "to_bytes": "{{ (1).to_bytes(10**9, 'big') }}",
    "truncate": "{{ 'a'|truncate(10**9) }}",
    "many words out": "{% for i in range(1000) %}{{ word }}{% endfor %}",
    "macro without end": "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "macro tree": "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(40) }}",
    "includes itself": "{% include 'x.txt.j2' %}",
    "include tree": (
        "{% if depth is not defined %}{% set depth = 40 %}{% endif %}"
        "{% if depth %}{% set depth = depth - 1 %}{% include 'x.txt.j2' %}{% include 'x.txt.j2' %}{% endif %}"
    ),
    "extends itself": "{% extends 'x.txt.j2' %}",
    "block calls itself": "{% block a %}{{ self.a() }}{% endblock %}",
    "recursive loop": "{% for i in [1] recursive %}{{ loop([1]) }}{% endfor %}",
    "deep parentheses": "{{ " + "(" * 5_000 + "1" + ")" * 5_000 + " }}",
    "deep sum": "{{ " + "1+" * 20_000 + "1 }}",
}


@pytest.mark.parametrize("source", GREEDY.values(), ids=GREEDY.keys())
def test_t01_a_greedy_template_is_stopped(source: str) -> None:
    with pytest.raises((TemplateError, RecursionError, SyntaxError, MemoryError)):
        rendered(source, day=date(2026, 12, 1), word="w" * 1000)


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__ }}",
        "{{ record.__init__ }}",
        "{{ record._secret }}",
        "{{ ''.join.__self__ }}",
        "{{ range.__globals__ }}",
        "{{ record.open() }}",
        "{{ [1].append(2) }}",
        "{{ cycler }}",
        "{{ self.__init__.__globals__ }}",
    ],
)
def test_t01_python_is_out_of_reach(source: str) -> None:
    class Record:
        _secret = "s3cret"

        def open(self) -> str:
            return "s3cret"

    with pytest.raises(TemplateError):
        rendered(source, record=Record())


def test_t01_the_clock_stops_what_the_count_of_steps_lets_through() -> None:
    times = iter(range(1000))
    budget = Budget(clock=lambda: float(next(times)))
    budget.step()
    with pytest.raises(Overspent, match="seconds"):
        [budget.step() for _ in range(10)]


def test_what_letters_need_still_works() -> None:
    source = (
        "{% macro greet(name) %}Dear {{ name }},{% endmacro %}{{ greet('Ana') }}"
        "{% for k in names if k != 'Ben' %}{{ loop.index }}/{{ loop.length }} {{ k|upper }} {% endfor %}"
        "{{ names|join(', ') }} {{ 2 + 3 * 4 }} {{ 'a' ~ 1 }} {{ 'x' if names else 'y' }} {{ 'A b'.lower() }}"
        "{{ ' '.join is defined }}"
    )
    assert rendered(source, names=("Ana", "Ben", "Cyd")) == "Dear Ana,1/2 ANA 2/2 CYD Ana, Ben, Cyd 14 a1 x a bFalse"


def test_html_is_escaped_and_stays_escaped_through_joins_and_macros() -> None:
    source = "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(name) }} {{ 'a' ~ name }} {{ [name]|join }} {{ name|upper }}"
    shown = rendered(source, None, "x.html.j2", name="<b>")
    assert "<b>" not in shown.lower()
    assert shown.count("&lt;") == 4


def test_words_shared_with_a_text_are_escaped_in_html() -> None:
    words = "{% macro hello(x) %}Hi {{ x }} & {{ name }}{% endmacro %}"
    for how in ("with context", "without context"):
        source = "{% from 'words.j2' import hello " + how + " %}{{ hello('<i>') }}"
        shown = rendered(source, {"words.j2": words.replace("name", "'<b>'")}, "x.html.j2")
        assert shown == "Hi &lt;i&gt; &amp; &lt;b&gt;"
        assert rendered(source, {"words.j2": words.replace("name", "'<b>'")}) == "Hi <i> & <b>"


def test_lists_and_records_cannot_be_printed_by_mistake() -> None:
    with pytest.raises(TemplateError, match="prints a whole list"):
        rendered("{{ names }}", names=["Ana"])
    with pytest.raises(TemplateError, match="nothing at all"):
        rendered("{{ name }}", name=None)


def test_a_sandbox_without_the_bounds_would_not_stop_these(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound on steps is what stops a loop in a loop: without it the clock has to."""
    monkeypatch.setattr(bounds, "MAX_STEPS", 10**9)
    monkeypatch.setattr(bounds, "MAX_SECONDS", 0.05)
    with pytest.raises(Overspent, match="seconds"):
        rendered(GREEDY["range of a range"])
