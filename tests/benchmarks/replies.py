"""How well, and how fast, the writer's words are read out of replies, beside two libraries that do the same.

The corpus is `tests/data/replies`. Exact means equal after blanks and blank lines are made one; lost words are those
expected that are missing, leaked ones those that should have gone, in the words counted with their repetitions. The
libraries read plain text only, so they get the text of the body as decoded here, quote marks and all. Each reader runs
in a process of its own with a limit of time, since some of the hostile bodies never let them return.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mentorup_daemon.replies.bodies import bodies
from mentorup_daemon.replies.html_text import html_text
from mentorup_daemon.replies.visible_text import visible_text, visible_text_of_html, visible_text_of_plain
from tests.benchmarks.kit.figures import Figure, Report, Row
from tests.benchmarks.kit.stage import Stage
from tests.data import adversarial

CORPUS = Path(__file__).parent.parent / "data" / "replies"
READERS = ("mentorup", "mail-parser-reply", "email-reply-parser")
CORPUS_LIMIT = 120.0  # seconds for a reader to read the corpus
_SIZE = 2_000  # characters of a reply when it comes to speed
HOSTILE_LIMIT = 5.0  # seconds for one hostile body


@dataclass(frozen=True)
class Score:
    """One reader on the corpus: counts of mails and of words."""

    mails: int
    exact: int
    kept: int
    lost: int
    leaked: int


def body_text(raw: bytes) -> str:
    """What a reader of plain text gets to see of a message."""
    return "\n\n".join(html_text(body.text, whole=True) if body.html else body.text for body in bodies(raw))


def reader(name: str) -> Callable[[str], str]:
    """A reader of plain text, by the name of its library."""
    if name == "mail-parser-reply":
        from mailparser_reply import EmailReplyParser
        from mailparser_reply.constants import MAIL_LANGUAGES

        parser = EmailReplyParser(languages=[language for language in MAIL_LANGUAGES if len(language) == 2])
        return lambda text: parser.read(text).latest_reply or ""
    if name == "email-reply-parser":
        from email_reply_parser import EmailReplyParser as Parser

        return Parser.parse_reply
    return lambda text: visible_text_of_plain(text).text


def _words(text: str) -> list[str]:
    return text.split()


def score(expected: list[str], found: list[str]) -> Score:
    """Compare what was found with what was expected, mail by mail."""
    exact = kept = lost = leaked = 0
    for want, got in zip(expected, found, strict=True):
        exact += _words(want) == _words(got)
        wanted, given = Counter(_words(want)), Counter(_words(got))
        missing = sum((wanted - given).values())
        kept += sum((wanted & given).values())
        lost += missing
        leaked += sum((given - wanted).values())
    return Score(len(expected), exact, kept, lost, leaked)


def _in_process(name: str, texts: list[str], limit: float) -> tuple[list[str], float] | None:
    """(what the reader made of the texts, seconds), or None when it did not come back in time."""
    command = [sys.executable, "-m", "tests.benchmarks.replies", name]
    try:
        done = subprocess.run(
            command, input=json.dumps(texts), capture_output=True, text=True, timeout=limit, check=True
        )
    except subprocess.TimeoutExpired:
        return None
    found, seconds = json.loads(done.stdout)
    return found, seconds


def _answer() -> None:
    """The process of one reader: texts as JSON in, what it makes of them and the seconds out."""
    read = reader(sys.argv[1])
    texts = json.load(sys.stdin)
    started = time.perf_counter()
    found = []
    for text in texts:
        try:
            found.append(read(text))
        except Exception:
            found.append("")
    json.dump([found, time.perf_counter() - started], sys.stdout)


def _worst_of_ours(bodies_at_most: int) -> tuple[float, str]:
    worst = (0.0, "")
    for kind, read, inputs in (
        ("plain", visible_text_of_plain, adversarial.plain()),
        ("html", visible_text_of_html, adversarial.html()),
        ("message", visible_text, adversarial.messages()),
    ):
        for name, body in list(inputs.items())[:bodies_at_most]:
            started = time.perf_counter()
            read(body)  # type: ignore[operator]
            worst = max(worst, (time.perf_counter() - started, f"{kind}: {name}"))
    return worst


def _worst_of(name: str, bodies_at_most: int) -> tuple[float, str]:
    worst = (0.0, "")
    for body, text in list(adversarial.plain().items())[:bodies_at_most]:
        answer = _in_process(name, [text], HOSTILE_LIMIT)
        worst = max(worst, (answer[1] if answer else float("inf"), f"plain: {body}"))
        if answer is None:
            break  # it never returned: there is nothing worse
    return worst


def of_two_kilobytes(text: str) -> str:
    """The reply with its quoted text drawn out, or cut, to 2 KB."""
    quoted = "> and here goes on what was written before, some lines of it, as replies have it\n"
    return (text + "\n" + quoted * (1 + _SIZE // len(quoted)))[:_SIZE]


def run(stage: Stage) -> Report:
    report = Report("replies")
    mails = sorted(CORPUS.glob("*.eml"))[: stage.size.replies]
    expected = [mail.with_suffix(".txt").read_text(encoding="utf-8") for mail in mails]
    raw = [mail.read_bytes() for mail in mails]
    texts = [body_text(message) for message in raw]
    long = [of_two_kilobytes(text) for text in texts]
    ours = score(expected, [visible_text(message).text for message in raw])
    rate = _rate(stage, "mentorup", long)
    assert rate is not None, "we hang on our own corpus"
    hostile, body = _worst_of_ours(stage.size.hostile)
    report.add(
        Row(f"1 MB of anything, {body} the slowest", Figure((hostile * 1000,), "ms"), goal="under 500 ms",
            holds=hostile < 0.5)
    )  # fmt: skip
    for name in READERS[1:]:
        theirs = _rate(stage, name, long)
        if theirs is None:
            absent = f"doesn't come back within {CORPUS_LIMIT:.0f} s"
            report.add(Row("replies of 2 KB", rate, name, absent=absent))
            continue
        reference = name == "email-reply-parser"
        report.add(
            Row("replies of 2 KB", rate, name, theirs, goal="not slower" if reference else "",
                holds=rate.median >= theirs.median if reference else None)
        )  # fmt: skip
        found = _in_process(name, texts, CORPUS_LIMIT)
        if found is not None:
            other = score(expected, found[0])
            what = f"of {ours.mails} labelled replies"
            report.add(Row(f"{what}: exact", Figure((ours.exact,), ""), name, Figure((other.exact,), "")))
            report.add(Row(f"{what}: words lost", Figure((ours.lost,), ""), name, Figure((other.lost,), "")))
            report.add(Row(f"{what}: words leaked", Figure((ours.leaked,), ""), name, Figure((other.leaked,), "")))
        seconds, body = _worst_of(name, stage.size.hostile)
        slowest = f"{seconds:.2f} s" if seconds < HOSTILE_LIMIT else f"no answer within {HOSTILE_LIMIT:.0f} s"
        report.remark(f"{name}, 1 MB of {body}: {slowest}.")
    return report


def _rate(stage: Stage, name: str, texts: list[str]) -> Figure | None:
    """Replies a second; None when the reader does not come back."""
    rates = []
    for _ in range(stage.size.runs):
        answer = _in_process(name, texts, CORPUS_LIMIT)
        if answer is None:
            return None
        rates.append(len(texts) / max(answer[1], 1e-9))
    return Figure(tuple(rates), "/s")


if __name__ == "__main__":
    _answer()
