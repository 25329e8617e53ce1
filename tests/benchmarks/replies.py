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
from tests.data import adversarial

CORPUS = Path(__file__).parent.parent / "data" / "replies"
READERS = ("mentorup", "mail-parser-reply", "email-reply-parser")
CORPUS_LIMIT = 120.0  # seconds for a reader to read the corpus
HOSTILE_LIMIT = 5.0  # seconds for one hostile body


@dataclass(frozen=True)
class Score:
    """One reader on the corpus: counts of mails and of words."""

    mails: int
    exact: int
    kept: int
    lost: int
    leaked: int
    mails_with_loss: int
    per_second: float

    @property
    def f1(self) -> float:
        return 2 * self.kept / max(1, 2 * self.kept + self.lost + self.leaked)


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


def score(expected: list[str], found: list[str], seconds: float) -> Score:
    """Compare what was found with what was expected, mail by mail."""
    exact = kept = lost = leaked = hurt = 0
    for want, got in zip(expected, found, strict=True):
        exact += _words(want) == _words(got)
        wanted, given = Counter(_words(want)), Counter(_words(got))
        missing = sum((wanted - given).values())
        kept += sum((wanted & given).values())
        lost += missing
        hurt += missing > 0
        leaked += sum((given - wanted).values())
    return Score(len(expected), exact, kept, lost, leaked, hurt, len(expected) / max(seconds, 1e-9))


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


def _worst_of_ours() -> tuple[float, str]:
    worst = (0.0, "")
    for kind, read, inputs in (
        ("plain", visible_text_of_plain, adversarial.plain()),
        ("html", visible_text_of_html, adversarial.html()),
        ("message", visible_text, adversarial.messages()),
    ):
        for name, body in inputs.items():
            started = time.perf_counter()
            read(body)  # type: ignore[operator]
            worst = max(worst, (time.perf_counter() - started, f"{kind}: {name}"))
    return worst


def _worst_of(name: str) -> tuple[float, str]:
    worst = (0.0, "")
    for body, text in adversarial.plain().items():
        answer = _in_process(name, [text], HOSTILE_LIMIT)
        worst = max(worst, (answer[1] if answer else float("inf"), f"plain: {body}"))
    return worst


def run() -> None:
    """Measure and print."""
    mails = sorted(CORPUS.glob("*.eml"))
    expected = [mail.with_suffix(".txt").read_text(encoding="utf-8") for mail in mails]
    raw = [mail.read_bytes() for mail in mails]
    started = time.perf_counter()
    ours = [visible_text(message).text for message in raw]
    rows = [("mentorup", score(expected, ours, time.perf_counter() - started), _worst_of_ours())]
    texts = [body_text(message) for message in raw]
    for name in READERS[1:]:
        answer = _in_process(name, texts, CORPUS_LIMIT)
        if answer is None:
            print(f"{name}: did not come back from the corpus within {CORPUS_LIMIT:.0f} s")
            continue
        rows.append((name, score(expected, *answer), _worst_of(name)))
    hostile = len(adversarial.plain())
    print(f"{len(mails)} replies; the worst of {hostile} hostile bodies of 1 MB ({HOSTILE_LIMIT:.0f} s limit)")
    print(f"{'':20}{'exact':>12}{'F1':>8}{'lost':>7}{'mails':>7}{'leaked':>8}{'a second':>10}  worst")
    for name, result, (seconds, body) in rows:
        share = f"{result.exact} ({result.exact / result.mails:.0%})"
        slowest = f"{seconds:.2f} s" if seconds < HOSTILE_LIMIT else "never returned"
        print(
            f"{name:20}{share:>12}{result.f1:>8.3f}{result.lost:>7}{result.mails_with_loss:>7}{result.leaked:>8}"
            f"{result.per_second:>10.0f}  {slowest} ({body})"
        )


if __name__ == "__main__":
    _answer()
