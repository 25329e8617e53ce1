"""One set of templates serves the threads of a whole fleet."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from mentorup_daemon.letters.private import Private, PrivateLeak
from mentorup_daemon.letters.rendered import Rendered
from mentorup_daemon.letters.sample_letters import contexts
from mentorup_daemon.letters.templates import Templates


def test_i8_threads_that_render_at_once_get_what_each_would_get_alone() -> None:
    samples = [(name, context) for name, several in contexts().items() for context in several[:1]]
    alone = [Templates(None).render(name, context) for name, context in samples]
    shared, together = Templates(None), threading.Barrier(4)
    got: list[list[Rendered]] = []

    def render() -> None:
        together.wait()  # all of them compile at once
        got.append([shared.render(name, context) for name, context in samples])

    threads = [threading.Thread(target=render) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [alone] * 4


def test_i8_a_note_that_is_rendered_beside_it_lets_no_private_text_into_a_draft(tmp_path: Path) -> None:
    (tmp_path / "agenda").mkdir()
    words = "Subject: x\n\n{% for i in range(50) %}{{ text }}{% endfor %}"
    for name in ("note", "draft"):
        (tmp_path / "agenda" / f"{name}.txt.j2").write_text(words)
    templates, end = Templates(tmp_path), threading.Event()
    shown: list[bool] = []

    def rendered(name: str) -> str:
        _, own = templates._sets
        assert own is not None
        return own.rendered(name, {"text": Private("hidden")}).text

    def notes() -> None:
        while not end.is_set():
            shown.append("hidden" in rendered("agenda/note"))

    beside = threading.Thread(target=notes)
    beside.start()
    try:
        for _ in range(50):
            with pytest.raises(PrivateLeak):
                rendered("agenda/draft")
    finally:
        end.set()
        beside.join()
    assert shown
    assert all(shown)
