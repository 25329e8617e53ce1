"""Answers as they come are the same as answers read whole."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from mentorup_daemon.calendars.multistatus import Answer, C, D, Garbled, answers_in, multistatus

URL = "https://dav.example.org/cal/"
NAMES = st.text(
    st.characters(min_codepoint=32, exclude_categories=["Cs", "Cn"], exclude_characters="/?#[]"), min_size=1
)


def answer_of(name: str, text: str, status: str) -> etree._Element:
    response = etree.Element(f"{D}response")
    etree.SubElement(response, f"{D}href").text = f"/cal/{name}"
    for number, prop in ((200, "calendar-data"), (404, "schedule-tag")):
        propstat = etree.SubElement(response, f"{D}propstat")
        etree.SubElement(etree.SubElement(propstat, f"{D}prop"), f"{C}{prop}").text = text
        etree.SubElement(propstat, f"{D}status").text = f"HTTP/1.1 {number} As said"
    if status:
        etree.SubElement(response, f"{D}status").text = status
    return response


def facts(answers: Iterable[Answer]) -> list[tuple[str, str, int, str, set[str]]]:
    return [(one.href, one.raw_href, one.status, one.text(f"{C}calendar-data"), set(one.props)) for one in answers]


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    tree = etree.Element(f"{D}multistatus")
    statuses = st.sampled_from(["", "HTTP/1.1 404 Not Found", "HTTP/1.1 507 Insufficient Storage"])
    for name, text, status in draw(st.lists(st.tuples(NAMES, NAMES, statuses), max_size=5)):
        tree.append(answer_of(name, text, status))
    return etree.tostring(tree, encoding="utf-8", xml_declaration=True)


@given(body=bodies(), size=st.integers(1, 50))
def test_however_an_answer_is_cut_it_says_the_same(body: bytes, size: int) -> None:
    chunks = [body[start : start + size] for start in range(0, len(body), size)]
    whole = facts(multistatus("host", URL, etree.fromstring(body)).answers)
    assert facts(answers_in("host", URL, chunks, 100_000)) == whole


@given(body=bodies(), share=st.floats(0, 0.99))
def test_what_ends_too_early_is_told_after_what_was_whole(body: bytes, share: float) -> None:
    whole = facts(multistatus("host", URL, etree.fromstring(body)).answers)
    told = []

    def read() -> None:
        for answer in answers_in("host", URL, [body[: int(len(body) * share)]], 100_000):
            told.extend(facts([answer]))

    with pytest.raises(Garbled):
        read()
    assert told == whole[: len(told)]


def test_one_answer_has_an_end() -> None:
    chunks = (b"<multistatus xmlns='DAV:'><response><href>", *(b"/" * 1_000 for _ in range(1_000)))
    with pytest.raises(Garbled, match="more than 50,000 bytes"):
        list(answers_in("host", URL, chunks, 50_000))


@pytest.mark.parametrize("body", [b"", b"<html><body>Log in</body></html>", b"<response xmlns='DAV:'/>"])
def test_what_is_no_multistatus_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(Garbled):
        list(answers_in("host", URL, [body], 100_000))
