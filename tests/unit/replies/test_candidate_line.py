"""Somebody named on one line, and the commands of candidates (T1, C9 to C13)."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentorup_daemon.records import Command
from mentorup_daemon.replies.candidate_line import CandidateLine, candidate_line
from mentorup_daemon.replies.commands import ParsedReply, parse_commands
from tests.unit.replies.mails import PEOPLE

NOW = datetime(2026, 11, 25, 18, 0, tzinfo=UTC)
KIM = "kim@example.org"


def parse(text: str) -> ParsedReply:
    return parse_commands(text, zone=ZoneInfo("America/Los_Angeles"), now=NOW, people=PEOPLE)


def only(text: str) -> Command:
    [command] = parse(text).commands
    return command


@pytest.mark.parametrize(
    ("text", "name", "address", "why"),
    [
        ("Kim Okafor <kim@example.org>", "Kim Okafor", KIM, ""),
        ("Kim Okafor <Kim@Example.org>: your work on data", "Kim Okafor", KIM, "your work on data"),
        ("Kim Okafor <kim@example.org> for your work on data", "Kim Okafor", KIM, "your work on data"),
        ("Kim Okafor kim@example.org because of your talk", "Kim Okafor", KIM, "your talk"),
        ("Kim Okafor, kim@example.org, for your data", "Kim Okafor", KIM, "your data"),
        ('"Okafor, Kim" <kim@example.org>', "Okafor, Kim", KIM, ""),
        ("Kim <mailto:kim@example.org>", "Kim", KIM, ""),
        ("Kim <kim@example.org<mailto:kim@example.org>> for your data", "Kim", KIM, "your data"),
        ("Kim kim@example.org [mailto:kim@example.org]: your data", "Kim", KIM, "your data"),
        ("Kim: your data: all of it", "Kim", "", "your data: all of it"),
        ("Kim for your data", "Kim", "", "your data"),
        ("Dr. Kim O'Neill-Okafor", "Dr. Kim O'Neill-Okafor", "", ""),
        ("kim@example.org", "", KIM, ""),
        ("  ", "", "", ""),
    ],
)
def test_t1_a_candidate_in_the_forms_people_type(text: str, name: str, address: str, why: str) -> None:
    assert candidate_line(text) == CandidateLine(name, address, why)


@given(st.text(max_size=120))
def test_t1_what_was_read_is_written_in_a_form_that_reads_the_same_again(text: str) -> None:
    read = candidate_line(text)
    if read.name:
        assert candidate_line(f"{read}") == read


@given(
    st.sampled_from(["Kim Okafor", "Dr. Lee Park", "Zoë"]), st.sampled_from(["", KIM]), st.sampled_from(["", "her: x"])
)
def test_t1_a_written_candidate_reads_as_it_was_meant(name: str, address: str, why: str) -> None:
    meant = CandidateLine(name, address, why)
    assert candidate_line(f"{meant}") == meant


@pytest.mark.parametrize(
    ("line", "name", "text", "number"),
    [
        ("CANDIDATE Kim Okafor <kim@example.org>: your data", "CANDIDATE", f"Kim Okafor <{KIM}>: your data", None),
        ("candidate Kim kim@example.org for your data", "CANDIDATE", f"Kim <{KIM}>: your data", None),
        ("CANDIDATE Kim Okafor", "CANDIDATE", "Kim Okafor", None),
        ("candidate ana for your data", "CANDIDATE", "ana: your data", None),
        ("RECOMMENDED by Ana.", "RECOMMENDED", "Ana", None),
        ("Recommended by: Ana Ortiz", "RECOMMENDED", "Ana Ortiz", None),
        ("HELPED your talk made me cut aim 2", "HELPED", "your talk made me cut aim 2", None),
        ("FIT 1 an hour a month", "FIT", "an hour a month", 1),
        ("fit 4: two postdocs", "FIT", "two postdocs", 4),
        ("Fit #2 - much, and little risk", "FIT", "much, and little risk", 2),
    ],
)
def test_t1_the_commands_of_candidates(line: str, name: str, text: str, number: int | None) -> None:
    command = only(line)
    assert (command.name, command.text, command.number, command.problem) == (name, text, number, "")


@pytest.mark.parametrize(
    "prose",
    [
        "Candidate talks went well",
        "candidate Kim would be good",
        "Recommended reading: the book",
        "Fit for purpose, I think",
        "Fit 5 more people in",
        "Helped",
    ],
)
def test_prose_that_begins_like_one_of_them_is_a_note(prose: str) -> None:
    assert parse(prose) == ParsedReply(note=prose)


@pytest.mark.parametrize(
    ("line", "mend"),
    [
        ("CANDIDATE", "write whom: CANDIDATE Kim Okafor <kim@example.org>"),
        ("CANDIDATE kim@example.org", "write whom"),
        ("RECOMMENDED Ana", "RECOMMENDED by Ana"),
        ("FIT no time", "1 to 4"),
        ("FIT 5 no", "1 to 4"),
        ("HELPED", "HELPED your talk"),
    ],
)
def test_what_was_meant_as_one_and_isnt_says_how_to_mend_it(line: str, mend: str) -> None:
    assert mend in only(line).problem
