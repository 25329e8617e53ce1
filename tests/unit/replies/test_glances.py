"""The glances that spare most texts a reader: what they turn away is nothing that the reader would take for something.

The examples come from the readers' own patterns, so that one that is added there is tried here as well.
"""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from mentorup_daemon.replies import attribution, history, notices, signature
from mentorup_daemon.replies.quotes import divide, may_hold_history
from mentorup_daemon.replies.visible_text import _Mill
from tests.unit.replies.test_visible_text import MAILS
from tests.unit.replies.test_visible_text_properties import BODY, LINE, WORD

MAILED = sorted({line for mail in MAILS for line in mail.read_text(encoding="utf-8", errors="replace").splitlines()})
LINES = st.lists(st.one_of(LINE, st.sampled_from(MAILED), st.text(max_size=60)), max_size=12)


def matching(*patterns: object) -> st.SearchStrategy[str]:
    return st.one_of(*(st.from_regex(pattern, fullmatch=True) for pattern in patterns))  # type: ignore[arg-type]


@given(LINES)
def test_lines_that_hold_no_history_are_the_writers(lines: list[str]) -> None:
    lines = "\n".join(lines).splitlines()
    if not may_hold_history("\n".join(lines)):
        kept = [line for segment in divide(lines).segments for line in segment.lines]
        assert kept == ["" if line.isspace() else line for line in lines]


@given(
    matching(history._SEPARATOR, history._GROUPWISE, history._FIELD_LINE)
    | st.sampled_from(sorted(history._FORWARD_OPENERS)).map("{}:".format)
)
def test_a_line_that_begins_history_is_seen(line: str) -> None:
    assert may_hold_history(line)


@given(BODY | LINES.map("\n".join))
@example("Fine.")
def test_a_text_that_stands_is_left_alone_by_another_round(body: str) -> None:
    mill = _Mill("Ana Ortiz <ana@example.org>")
    text = mill.once(body).text
    if mill.stands(text):
        assert mill.once(text).text == text


@given(matching(notices._LIST) | matching(notices._ENVIRONMENT), LINES)
def test_words_of_a_footer_are_seen(words: str, above: list[str]) -> None:
    assert notices.may_hold_footer([*above, notices._small(words)])


@given(
    st.lists(LINE | st.sampled_from(MAILED) | matching(*notices._LEGAL_PATTERNS, notices._LEGAL_OPENING), max_size=9)
)
def test_a_paragraph_that_is_a_notice_or_a_footer_is_seen(lines: list[str]) -> None:
    lines = [line for line in lines if line.strip()]
    paragraph = "\n".join(lines)
    if notices.is_notice(paragraph) or notices.is_list_footer(paragraph):
        assert notices.may_hold_footer(["So it is.", "", *lines])


@given(st.sampled_from(["", "\n", "\n \n"]), matching(notices._BANNER_OPENING), WORD)
def test_a_banner_is_seen(blank: str, opening: str, word: str) -> None:
    assert notices.may_be_banner(f"{blank}{opening} {word}: don't click\n\n{word}")


@given(matching(notices._REPLY_ABOVE), st.sampled_from(["--", "##", "==", "__"]), WORD)
def test_a_line_to_reply_above_is_seen(line: str, mark: str, word: str) -> None:
    if notices.is_reply_above_line(f"{line} {mark}"):
        assert notices.may_say_reply_above(f"{word}\n{line} {mark}\n{word}")


@given(
    matching(signature._PHONE, signature._ADDRESS, signature._SITE) | st.sampled_from("0¹²³٣５").map("Tel. {}".format)
)
def test_a_way_to_reach_someone_is_seen(line: str) -> None:
    assert signature._REACH.search(line)


@given(
    st.lists(WORD | st.sampled_from(attribution._PHRASES), max_size=6),
    st.sampled_from([*attribution._PHRASES, *attribution._FOLLOWING.split("|")]),
    st.sampled_from(["", " ", ".", "9", ",", "x"]),
)
@example(["Ana", "a"], "écrit", "")
@example(["Ana", "ha"], "scritto", "")
def test_the_verb_at_the_end_begins_where_the_pattern_finds_it(words: list[str], verb: str, end: str) -> None:
    line = f"{' '.join([*words, verb])}{end}"
    found = attribution._VERB_AT_END.search(line, max(0, len(line) - attribution._LONGEST_VERB))
    assert attribution._verb_at_end(line) == (found.start() if found else None)
