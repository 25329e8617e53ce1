"""The owner's templates before the shipped ones, and the shipped ones whenever the owner's fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from mentorup_daemon.errors import ConfigError, Malformed
from mentorup_daemon.letters.private import PrivateLeak
from mentorup_daemon.letters.sample_letters import contexts
from mentorup_daemon.letters.templates import Templates, shipped_templates

CONTEXTS = contexts()
NOTE = CONTEXTS["agenda/note"][0]
DRAFT = CONTEXTS["agenda/draft"][0]


def own(directory: Path, **files: str) -> Templates:
    (directory / "agenda").mkdir(exist_ok=True)
    for name, source in files.items():
        (directory / "agenda" / f"{name}.j2").write_text(source)
    return Templates(directory)


def with_own(directory: Path, name: str, source: str) -> Templates:
    return own(directory, **{name: source})


def test_every_shipped_letter_has_both_parts_and_samples() -> None:
    names = Templates(None).names()
    assert set(names) == set(CONTEXTS)
    assert all((shipped_templates() / f"{name}.html.j2").exists() for name in names)


@pytest.mark.parametrize("name", CONTEXTS)
def test_every_shipped_letter_renders_rich_and_bare(name: str) -> None:
    for context in CONTEXTS[name]:
        rendered = Templates(None).render(name, context)
        assert rendered.subject
        assert rendered.text.strip()
        assert rendered.html.strip()
        assert rendered.fallbacks == ()


@pytest.mark.parametrize("name", CONTEXTS)
def test_no_line_is_ragged(name: str) -> None:
    for context in CONTEXTS[name]:
        text = Templates(None).render(name, context).text
        lines = text.split("\n")
        assert all(len(line) <= 72 and line == line.rstrip() for line in lines)
        assert "\n\n\n" not in text
        assert text == text.strip("\n") + "\n"


def test_the_owners_template_comes_first(tmp_path: Path) -> None:
    templates = own(
        tmp_path, **{"note.txt": "Subject: Mine\n\nHi {{ person.given_name }}\n", "note.html": "<p>mine</p>"}
    )
    rendered = templates.render("agenda/note", NOTE)
    assert (rendered.subject, rendered.text, rendered.html) == ("Mine", "Hi Ana\n", "<p>mine</p>\n")


def test_with_only_a_text_of_ones_own_the_html_says_the_same(tmp_path: Path) -> None:
    rendered = with_own(tmp_path, "note.txt", "Subject: Mine\n\nHi <Ana>\n").render("agenda/note", NOTE)
    assert "Hi &lt;Ana&gt;" in rendered.html
    assert "K award" not in rendered.html


FAULTS = {
    "syntax": ("Subject: x\n\n{% if %}", "agenda/note.txt.j2, line 3"),
    "undefined": ("Subject: x\n\n\n{{ persson.name }}", "agenda/note.txt.j2, line 4: 'persson' is undefined"),
    "undefined field": ("Subject: x\n\n{{ person.nam }}", "'nam'"),
    "no subject": ("Hello\n", "Subject"),
    "another header": ("Subject: x\nBcc: eve@example.net\n\nHi", "Subject"),
    "an empty subject": ("Subject:\n\nHi", "Subject"),
    "runaway": ("Subject: x\n\n{% for i in range(10**9) %}{% endfor %}", "line 3: a range runs"),
    "recursion": ("Subject: x\n\n{% include 'agenda/note.txt.j2' %}", "itself"),
    "no such parent": ("{% extends 'base.j2' %}", "base.j2, which doesn't exist"),
    "division": ("Subject: x\n\n{{ 1 / 0 }}", "line 3"),
    "too long": ("Subject: x\n\n" + "a" * 70_000, "longer than"),
}


@pytest.mark.parametrize(("source", "told"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_in_the_owners_template_costs_no_letter(tmp_path: Path, source: str, told: str) -> None:
    rendered = with_own(tmp_path, "note.txt", source).render("agenda/note", NOTE)
    assert rendered.text == Templates(None).render("agenda/note", NOTE).text
    assert len(rendered.fallbacks) == 1
    assert rendered.fallbacks[0].startswith("agenda/note.txt.j2")
    assert told in rendered.fallbacks[0]


def test_a_file_that_is_no_text_is_a_fault_like_any_other(tmp_path: Path) -> None:
    templates = with_own(tmp_path, "note.txt", "")
    (tmp_path / "agenda" / "note.txt.j2").write_bytes(b"Subject: \xff\xfe\n\n\xff")
    assert "UTF-8" in templates.render("agenda/note", NOTE).fallbacks[0]


def test_a_mended_template_is_used_at_once(tmp_path: Path) -> None:
    import os

    templates = with_own(tmp_path, "note.txt", "Subject: {{ nope }}\n\nHi")
    assert templates.render("agenda/note", NOTE).fallbacks
    path = tmp_path / "agenda" / "note.txt.j2"
    path.write_text("Subject: Mended\n\nHi")
    os.utime(path, (1, 1))
    assert templates.render("agenda/note", NOTE).subject == "Mended"


def test_t10_a_private_text_cannot_be_printed_into_a_draft(tmp_path: Path) -> None:
    source = "Subject: x\n\n{{ private | join }}"
    rendered = with_own(tmp_path, "draft.txt", source).render("agenda/draft", DRAFT)
    assert "department" not in rendered.text + rendered.html
    assert "private" in rendered.fallbacks[0]


@pytest.mark.parametrize(
    "expression",
    [
        "{{ private[0] }}",
        "{{ private[0]|upper }}",
        "{{ 'x' ~ private[0] }}",
        "{{ private|join }}",
        "{{ private|map('string')|join }}",
        "{{ private[0]|string|length }}",
        "{{ private|map('lower')|list|length }}",
        "{{ private[0]|trim }}",
        "{{ private[0]._text }}",
        "{{ private[0].__str__() }}",
        "{% if private[0]|string == 'x' %}{% endif %}",
    ],
)
def test_t10_however_a_template_goes_about_it(tmp_path: Path, expression: str) -> None:
    rendered = with_own(tmp_path, "draft.txt", f"Subject: x\n\nLEAK {expression}").render("agenda/draft", DRAFT)
    assert rendered.fallbacks
    assert "department" not in rendered.text + rendered.html


def test_t10_the_render_itself_fails() -> None:
    (private, *_) = DRAFT["private"]  # type: ignore[misc]
    with pytest.raises(PrivateLeak):
        str(private)
    assert "department" not in repr(private)


def test_a_note_to_the_owner_may_show_what_is_private() -> None:
    assert "Ana's department" in " ".join(Templates(None).render("agenda/note", NOTE).text.split())


def test_check_names_every_fault_of_the_owners(tmp_path: Path) -> None:
    templates = own(
        tmp_path,
        **{
            "note.txt": "Subject: x\n\n{% if %}",
            "draft.txt": "Subject: x\n\n{{ nobody }}",
            "extra.txt": "Subject: x\n\n",
        },
    )
    problems = templates.check(CONTEXTS)
    assert [problem.partition(":")[0] for problem in problems] == [
        "agenda/extra.txt.j2",
        "agenda/note.txt.j2, line 3",
        "agenda/draft.txt.j2, line 3",
    ]


def test_check_is_silent_when_all_is_well(tmp_path: Path) -> None:
    assert Templates(None).check(CONTEXTS) == []
    assert Templates(tmp_path).check(CONTEXTS) == []


def test_a_directory_that_is_none_is_a_fault_of_the_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no directory"):
        Templates(tmp_path / "nowhere")


def test_a_letter_that_does_not_exist_is_a_fault_of_ours() -> None:
    with pytest.raises(Malformed, match="nonsense/note"):
        Templates(None).render("nonsense/note", {})
