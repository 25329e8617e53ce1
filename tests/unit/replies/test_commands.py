"""Commands at the top of a reply, and the note below them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentorup_daemon.records import Command
from mentorup_daemon.replies.commands import Asked, ParsedReply, parse_commands, topic_of
from tests.unit.replies.mails import PEOPLE

ZONE = ZoneInfo("America/Los_Angeles")
NOW = datetime(2026, 11, 25, 18, 0, tzinfo=UTC)  # a Wednesday, 10:00


def parse(text: str) -> ParsedReply:
    return parse_commands(text, zone=ZONE, now=NOW, people=PEOPLE)


def only(text: str) -> Command:
    found = parse(text)
    assert len(found.commands) == 1, found
    assert found.note == ""
    return found.commands[0]


@pytest.mark.parametrize(
    ("line", "name", "text", "number", "when"),
    [
        ("ADD K award: this cycle or next?", "ADD", "K award: this cycle or next?", None, None),
        ("add me to the list please", "ADD", "me to the list please", None, None),
        ("Add: K award", "ADD", "K award", None, None),
        ("DONE 3", "DONE", "", 3, None),
        ("done #3.", "DONE", "", 3, None),
        ("Drop 7!", "DROP", "", 7, None),
        ("SNOOZE 3d", "SNOOZE", "", None, "2026-11-28T10:00:00-08:00"),
        ("snooze 48h", "SNOOZE", "", None, "2026-11-27T10:00:00-08:00"),
        ("SNOOZE until Friday", "SNOOZE", "", None, "2026-11-27T00:00:00-08:00"),
        ("Skip.", "SKIP", "", None, None),
        ("PLAN cut the second cohort", "PLAN", "cut the second cohort", None, None),
        ("PLAN cut it by 1 Sep", "PLAN", "cut it", None, "2027-09-01T00:00:00-07:00"),
        ("Thanks for the introduction to Kim", "THANKS", "the introduction to Kim", None, None),
        ("THANKS FOR “the intro”", "THANKS", "“the intro”", None, None),
        ("HEARD Cut the second cohort.", "HEARD", "Cut the second cohort.", None, None),
        (
            "I promised the revised aim 2, by Friday.",
            "I PROMISED",
            "the revised aim 2",
            None,
            "2026-11-27T00:00:00-08:00",
        ),
        ("THEY PROMISED a letter signed by Kim", "THEY PROMISED", "a letter signed by Kim", None, None),
        ("I PROMISED to pass it by Ana", "I PROMISED", "to pass it by Ana", None, None),
        ("NEXT 2026-12-11", "NEXT", "", None, "2026-12-11T00:00:00-08:00"),
        ("Next Thursday at 2pm", "NEXT", "", None, "2026-11-26T14:00:00-08:00"),
        ("MOVE 9 to 11 Dec", "MOVE", "", 9, "2026-12-11T00:00:00-08:00"),
        ("move #9 to 1 September.", "MOVE", "", 9, "2027-09-01T00:00:00-07:00"),
        ("WIN The pilot was funded.", "WIN", "The pilot was funded.", None, None),
        ("VALUE time for people", "VALUE", "time for people", None, None),
        ("Style: in writing, before noon", "STYLE", "in writing, before noon", None, None),
        ("GAP saying no", "GAP", "saying no", None, None),
        ("gap saying no (2/5)", "GAP", "saying no", 2, None),
        ("GAP saying no, 3 of 5", "GAP", "saying no", 3, None),
        ("GAP 12 4/5", "GAP", "12", 4, None),
        ("GAP getting to 2/3 of it", "GAP", "getting to 2/3 of it", None, None),
        ("COMPACT aims: a K award: by February", "COMPACT", "aims: a K award: by February", None, None),
        ("compact I expect: a frank word", "COMPACT", "mine: a frank word", None, None),
        ("Compact they expect: drafts a week ahead", "COMPACT", "theirs: drafts a week ahead", None, None),
        ("COMPACT who drives: I do", "COMPACT", "drives: I do", None, None),
        ("COMPACT agreed.", "COMPACT", "agreed", None, None),
        ("LETTER", "LETTER", "", None, None),
        ("letter for the K award by 15 Jan", "LETTER", "the K award", None, "2027-01-15T00:00:00-08:00"),
        ("LETTER for: a fellowship", "LETTER", "a fellowship", None, None),
        ("MENTOR ana", "MENTOR", "ana", None, None),
        ("mentor Ben Li", "MENTOR", "ben", None, None),
        ("PAUSE Ana until 1 Sep", "PAUSE", "ana", None, "2027-09-01T00:00:00-07:00"),
        ("pause ben", "PAUSE", "ben", None, None),
        ("RESUME Ana", "RESUME", "ana", None, None),
        ("CLOSE ben.", "CLOSE", "ben", None, None),
        ("Pending", "PENDING", "", None, None),
        ("why?", "WHY", "", None, None),
        ("UNDO", "UNDO", "", None, None),
        ("help!", "HELP", "", None, None),
        ("- ADD one", "ADD", "one", None, None),
        ("* *ADD* one", "ADD", "one", None, None),
        ("1. add one", "ADD", "one", None, None),
        ("“ADD one”", "ADD", "one", None, None),
        ("ADD\u00a0one", "ADD", "one", None, None),
        ("\ufeffADD one", "ADD", "one", None, None),
        ("ADD one\x1b[31m two", "ADD", "one [31m two", None, None),
    ],
)
def test_every_command_in_the_forms_people_type(
    line: str, name: str, text: str, number: int | None, when: str | None
) -> None:
    command = only(line)
    assert command.problem == ""
    told = command.when.isoformat() if command.when else None
    assert (command.name, command.text, command.number, told) == (name, text, number, when)


@pytest.mark.parametrize("line", ["DONE 3, 4", "DONE 3 and 4", "Done 3, and 4.", "done 3 4 3", "DONE #3 & #4"])
def test_several_numbers_are_several_commands(line: str) -> None:
    assert [(command.name, command.number) for command in parse(line).commands] == [("DONE", 3), ("DONE", 4)]


@pytest.mark.parametrize(
    "prose",
    [
        "Thanks Ana, that was great",
        "Done with it all",
        "Done",
        "Next week is fine for me",
        "Next Friday works",
        "Move on with aim 2",
        "Letter from the dean came",
        "Letter for you in the office",
        "Move 9 people to the other room",
        "Close call today",
        "Compact is what it should be: short",
        "Compact and agreed, as we said",
        "Pause for a minute",
        "Mentor meetings are hard",
        "Help me with this one",
        "Skip the second part, I'd say",
        "Why not both",
        "I promise to be on time",
        "Add-on costs are high",
        "Additional thoughts",
        "AND THEN THERE IS THE BUDGET",
        "THANKS SO MUCH FOR ALL OF IT",
        "ONE more thing",
        "OK",
        "👍",
    ],
)
def test_prose_that_begins_like_a_command_is_a_note(prose: str) -> None:
    assert parse(prose) == ParsedReply(note=prose)


@pytest.mark.parametrize(
    ("line", "name", "mend"),
    [
        ("SNOZE 3d", "", "did you mean SNOOZE"),
        ("ADDD the K award", "", "did you mean ADD"),
        ("I PROMISE aim 2", "", "did you mean I PROMISED"),
        ("SHE PROMISED to ask", "", "did you mean THEY PROMISED"),
        ("COMPACT goals: a K award", "COMPACT", "aims, rhythm, drives, mine, theirs, ends"),
        ("compact aims:", "COMPACT", "behind the colon"),
        ("GAP", "GAP", "GAP saying no 2/5"),
        ("ADD", "ADD", "write the text behind it"),
        ("DONE it", "DONE", "number"),
        ("DONE 99999999999", "DONE", "number"),
        ("SNOOZE", "SNOOZE", "for how long"),
        ("MOVE 9", "MOVE", "MOVE 3 to Friday"),
        ("LETTER from Ana", "LETTER", "says what for"),
        ("MOVE 9 to whenever", "MOVE", "to which day"),
        ("Move 9 to 1 Jan 2020", "MOVE", "has passed"),
        ("SKIP this", "SKIP", "stands alone"),
        ("THANKS Ana", "THANKS", "THANKS for"),
        ("NEXT whenever", "NEXT", "2026-12-11"),
        ("Next 11/12", "NEXT", "two different days"),
        ("I promised aim 2 by 1 Jan 2020", "I PROMISED", "has passed"),
        ("MENTOR zoe", "MENTOR", "ana, ben"),
        ("PAUSE", "PAUSE", "whom"),
        ("PAUSE Ana until whenever", "PAUSE", "until when"),
        ("ADD " + "x" * 3000, "ADD", "2,000"),
    ],
)
def test_a_command_that_was_meant_says_how_to_mend_it(line: str, name: str, mend: str) -> None:
    command = only(line)
    assert command.name == name
    assert mend in command.problem


def test_commands_stand_at_the_top_and_the_first_other_line_ends_them() -> None:
    found = parse("\nADD one\n\n- DONE 3\nSKIP\n\nShe was in a hurry.\nADD two\n")
    assert [command.name for command in found.commands] == ["ADD", "DONE", "SKIP"]
    assert found.note == "She was in a hurry.\nADD two"


def test_a_text_that_was_broken_at_the_margin_is_joined() -> None:
    found = parse(
        "I PROMISED to send the revised version of the second aim to Kim and to\n"
        "everybody on the committee by Friday\n"
        "SKIP\n"
    )
    assert [command.name for command in found.commands] == ["I PROMISED", "SKIP"]
    promise = found.commands[0]
    assert promise.text == "to send the revised version of the second aim to Kim and to everybody on the committee"
    assert promise.when is not None


@pytest.mark.parametrize(
    "below",
    [
        "ADD a short line\nIt went well.",  # nothing made the program break there
        "ADD a line that is long enough to have been broken by a program here\nIt went well.",  # `It` would have fitted
        "ADD a line that is long enough to have been broken by a program here ok\n\nEverything went well.",
    ],
)
def test_a_note_right_below_is_not_joined(below: str) -> None:
    found = parse(below)
    assert len(found.commands) == 1
    assert found.note.endswith("went well.")


def test_two_people_of_one_name_are_asked_about() -> None:
    from mentorup_daemon.records import Mentor

    twins = (Mentor(id="ana", name="Ana Ortiz"), Mentor(id="ana2", name="Ana Lee"))
    found = parse_commands("CLOSE Ana Lee\nPAUSE lee\nclose Ana", zone=ZONE, now=NOW, people=twins)
    assert found.commands[0].text == "ana2"
    assert "nobody is called lee" in found.commands[1].problem
    assert parse_commands("Pause ANA", zone=ZONE, now=NOW, people=twins).commands[0].text == "ana"  # the id is exact


def test_names_are_taken_as_typed_when_nobody_is_known() -> None:
    found = parse_commands("MENTOR ana", zone=ZONE, now=NOW)
    assert found.commands[0].text == "ana"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("K award (decision, 15 min)", Asked("K award", "decision", 15)),
        ("Aim 2 (her view; 10m).", Asked("Aim 2", "view", 10)),
        ("Kim (an intro)", Asked("Kim", "introduction", None)),
        ("Slides (5 minutes)", Asked("Slides", "view", 5)),
        ("Talk went well (fyi)", Asked("Talk went well", "nothing", None)),
        ("Grant (NIH, 2027)", Asked("Grant (NIH, 2027)", "view", None)),
        ("(decision)", Asked("(decision)", "view", None)),
        ("K award (15 min) or not", Asked("K award (15 min) or not", "view", None)),
        ("Aim 2 (view, read: the aims page)", Asked("Aim 2", "view", None, "the aims page")),
        ("Aim 2 (to read: https://x.example/a,b; 5 min)", Asked("Aim 2", "view", None, "https://x.example/a,b; 5 min")),
        ("K (decision, 15 min, read beforehand: pages 3 and 4)", Asked("K", "decision", 15, "pages 3 and 4")),
        ("K award (which I read: twice)", Asked("K award (which I read: twice)")),
        ("K award (read: )", Asked("K award (read: )")),
        ("K award", Asked("K award", "view", None)),
    ],
)
def test_t5_what_a_topic_wants(text: str, expected: Asked) -> None:
    assert topic_of(text) == expected


_WORDS = st.sampled_from(
    "ADD add Done DONE 3 4, SNOOZE 3d next NEXT Friday I PROMISED THEY by until Ana MENTOR skip SKIP WHY? the a cohort "
    "- * 1. “x” (decision) SNOZE \u2028 \0 \x0b é 👍 . --".split(" ")
)
_LINES = st.lists(st.lists(_WORDS, max_size=8).map(" ".join), max_size=8).map("\n".join)


@settings(deadline=None)
@given(st.one_of(_LINES, st.text(max_size=400)))
def test_no_word_is_lost_between_commands_and_note(text: str) -> None:
    found = parse(text)
    kept: list[str] = []
    more_of_the_line = 0  # `DONE 3, 4` is one line and two commands
    for command in found.commands:
        if more_of_the_line:
            more_of_the_line -= 1
            continue
        kept.append(command.line)
        if command.number is not None:
            numbers = re.findall(r"\d+", command.line.lstrip("-* ").removeprefix("1. "))
            more_of_the_line = len({int(number) for number in numbers}) - 1
    assert _letters("".join(kept) + found.note) == _letters(text)


def _letters(text: str) -> str:
    return "".join(char for char in text if char.isalnum())


@settings(deadline=None)
@given(st.one_of(_LINES, st.text(max_size=400)))
def test_texts_hold_no_line_ends_and_are_bounded(text: str) -> None:
    for command in parse(text).commands:
        for value in (command.text, command.line):
            assert value.splitlines() in ([value], [])
            assert "\0" not in value
            assert len(value) <= 2_000
        assert command.name or command.problem
        assert command.when is None or command.when.utcoffset() is not None


@pytest.mark.parametrize(
    "text", ["ADD x\n" * 100_000, "ADD" + "“" * 300_000, "ADD " + "by " * 300_000, "*" * 1_000_000, "I" * 500_000]
)
def test_long_input_is_read_at_once(text: str) -> None:
    assert len(parse(text).commands) <= 100
