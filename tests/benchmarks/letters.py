"""Due notes to bytes that are ready to append, text and HTML, on one core.

Each letter is composed whole: what it says is gathered from the records, its templates are rendered in their bounded
sandbox, its message is built. Beside it two bounds: the standard library's EmailMessage making a message of words that
are there already, and the rendering of the same templates alone.
"""

from __future__ import annotations

import time
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from mentorup_daemon.letters.compose import Letter, compose
from mentorup_daemon.letters.occasion import Occasion
from mentorup_daemon.letters.templates import Templates
from mentorup_daemon.records import Due, Snapshot
from mentorup_daemon.rules.plan import upcoming
from tests.benchmarks.kit.events import NOW, OWNER
from tests.benchmarks.kit.figures import Figure, Report, Row
from tests.benchmarks.kit.records import snapshot
from tests.benchmarks.kit.stage import Stage


def run(stage: Stage) -> Report:
    report = Report("letters")
    view = snapshot(6, 400)
    due = [one for one in upcoming(view, NOW, NOW.replace(year=NOW.year + 1)) if one.rule in _MEASURED]
    assert {one.lands for one in due} >= {"inbox", "drafts"}, "nothing is due"
    templates = Templates(None)
    letters = [_write(one, view, templates) for one in due]  # which compiles the templates
    mine = Figure(tuple(_rate(stage, due, lambda one: _write(one, view, templates)) for _ in range(_RUNS)), "/s")
    bare = Figure(tuple(_rate(stage, letters, _by_email_message) for _ in range(_RUNS)), "/s")
    report.add(Row("agendas, questions and check-ins", mine, "EmailMessage alone", bare, goal="at least 500/s",
                   holds=mine.median >= 500))  # fmt: skip
    for rule in sorted({(one.rule, one.lands) for one in due}):
        some = [one for one in due if (one.rule, one.lands) == rule]
        rates = tuple(_rate(stage, some, lambda one: _write(one, view, templates)) for _ in range(_RUNS))
        report.add(Row(f"{rule[0]}, for {rule[1]}", Figure(rates, "/s")))
    return report


_RUNS = 5
_MEASURED = ("agenda", "questions", "check_in", "contact", "digest", "next_meeting")


def _write(one: Due, view: Snapshot, templates: Templates) -> Letter:
    state = "fresh" if one.rule == "agenda" else "none"
    occasion = Occasion(message_id=f"<{one.key.replace('/', '.')}@example.org>", draft_state=state)
    return compose(one, view, now=one.due_at, templates=templates, occasion=occasion)


def _rate(stage: Stage, inputs: list[object], work: object) -> float:
    """How many a second of processor time, over as many as the size says."""
    started = time.process_time()
    for number in range(stage.size.letters):
        work(inputs[number % len(inputs)])  # type: ignore[operator]
    return stage.size.letters / (time.process_time() - started)


def _by_email_message(letter: Letter) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = message["To"] = OWNER
    message["Subject"], message["Message-ID"], message["Date"] = letter.subject, letter.message_id, format_datetime(NOW)
    message.set_content(letter.text)
    message.add_alternative(letter.text, subtype="html")
    return message.as_bytes()
