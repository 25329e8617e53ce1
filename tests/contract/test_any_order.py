"""Meetings, mails, faults and kills in any order, for hundreds of steps: the end is what a plain model says (P01, P02).

Both servers are reached through a proxy that slows, cuts, halves and freezes what goes through, at any byte and either
way. Passes are killed at any of their steps. In the end everything is mended, a few passes are made, and what stands in
the mailbox is compared with the model: nothing lost, nothing twice, nothing of anybody else's changed, and no hand was
needed. A failure prints its steps as a program; the choices are the same in every run.
"""

from __future__ import annotations

import email
import email.policy
import re
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from mentorup_daemon.service.tend import tend
from tests.contract.test_crashes import Killed, Steps
from tests.servers.caldav import CalDavServer
from tests.servers.imap import Mailserver
from tests.servers.proxy import Fault, Kind, Proxy, Way
from tests.servers.world import ANA, BEN, MONDAY, SAM, ZONE, World, body

ALWAYS = {"working_hours": "00:00-24:00"}
UIDS = ("one", "two", "three", "four", "five")
WAYS: tuple[Way, ...] = ("up", "down")
KINDS: tuple[Kind, ...] = ("cut", "reset", "delay", "cut", "reset", "delay", "cut", "reset", "freeze")
Draw = Callable[[st.SearchStrategy[Any]], Any]


@dataclass(slots=True)
class Expected:
    """What has to have come of it all. `meetings`: uid -> start; `questions`: Message-ID of the reply -> text."""

    meetings: dict[str, datetime] = field(default_factory=dict)
    feedback: list[str] = field(default_factory=list)
    questions: dict[str, str] = field(default_factory=dict)
    foreign: dict[str, tuple[frozenset[str], bytes]] = field(default_factory=dict)

    def compare(self, world: World) -> None:
        """Asserts that it has: each once, in the mailbox and in the records."""
        records = world.records()
        assert sorted(item.text for item in records.feedback) == sorted(self.feedback)
        assert sorted(topic.text for topic in records.topics) == sorted(self.questions.values())
        notes, drafts = world.notes, world.drafts
        answered = Counter(str(note["In-Reply-To"]) for note in notes if note["In-Reply-To"])
        assert {mail: answered[mail] for mail in self.questions} == dict.fromkeys(self.questions, 1)
        clocks = sorted(f"{start.astimezone(ZONE):%H:%M}" for start in self.meetings.values())
        assert (
            sorted(re.findall(r"\d\d:\d\d", " ".join(str(one["Subject"]).split(": ")[0] for one in drafts))) == clocks
        )
        agendas = [
            body(one)
            for one in notes
            if re.search("what do you want|agenda", str(one["Subject"])) and not str(one["Subject"]).startswith("Re:")
        ]
        assert len(agendas) == len(clocks)
        assert all(sum(clock in agenda for agenda in agendas) == 1 for clock in clocks)
        ids = [str(one["Message-ID"]) for one in (*notes, *drafts)]
        assert len(ids) == len(set(ids))
        others = {
            str(email.message_from_bytes(raw, policy=email.policy.default)["Message-ID"]): (flags, raw)
            for _, flags, raw in world.mail.messages()
        }
        assert {message_id: others.get(message_id) for message_id in self.foreign} == self.foreign


class AnyOrder(RuleBasedStateMachine):
    """Sam's world, and beside it what is expected of it."""

    def __init__(self, world: World, turns: Counter[str]) -> None:
        super().__init__()
        self.world, self.turns = world, turns
        self.world.changes |= {"owner": ALWAYS}
        self.imap, self.caldav = Proxy(self.world.mail.port), Proxy(urlsplit(self.world.dav.url).port or 0)
        self.expected = Expected()
        self.count = 0

    @initialize()
    def start(self) -> None:
        world = self.world
        self.imap.__enter__()
        self.caldav.__enter__()
        url = urlsplit(world.dav.calendar_url)
        world.changes["imap"] = {"port": self.imap.port, "timeout": "1s"}
        world.changes["caldav"] = {
            "url": f"http://127.0.0.1:{self.caldav.port}/",
            "calendars": [f"http://127.0.0.1:{self.caldav.port}{url.path}"],
            "timeout": "1s",
        }
        world.tend()

    def _number(self) -> int:
        self.count += 1
        return self.count

    @rule(data=st.data())
    def turn(self, data: st.DataObject) -> None:
        """Something happens, and then a pass is made, mostly one that goes wrong."""
        happens = [self.meet, self.meet, self.advice, self.other_mail, self.answer, self.cancel]
        data.draw(st.sampled_from(happens))(data.draw)
        passes = [self.spoiled, self.killed, self.spoiled_and_killed, self.whole, self.away, self.spoiled]
        data.draw(st.sampled_from(passes))(data.draw)

    # What happens in the calendar and in the mail.

    def meet(self, draw: Draw) -> None:
        """A meeting is booked or moved; no two begin at the same minute."""
        uid = draw(st.sampled_from(UIDS))
        start = MONDAY + timedelta(hours=draw(st.integers(20, 44)), minutes=self._number() % 60)
        if start not in self.expected.meetings.values():
            self.world.meet(uid, start)
            self.expected.meetings[uid] = start
            self.turns["meetings"] += 1

    def cancel(self, draw: Draw) -> None:
        """A meeting is off."""
        if self.expected.meetings:
            uid = draw(st.sampled_from(sorted(self.expected.meetings)))
            self.world.dav.delete_event(uid)
            del self.expected.meetings[uid]
            self.turns["cancelled"] += 1

    def advice(self, draw: Draw) -> None:
        """A mail that is tagged by its subject or its folder, or both, in one or two places."""
        text, tagged = f"Advice {self._number()}.", draw(st.booleans())
        places = draw(st.sampled_from([("INBOX", "MentorUp/Feedback"), ("MentorUp/Feedback",), ("INBOX",)]))
        subject = "Talk #feedback" if tagged or "MentorUp/Feedback" not in places else "Talk"
        for place in places:
            message_id = f"<advice-{self.count}@example.org>"
            self.world.write(text, to=SAM, sender=ANA, subject=subject, folder=place, Message_ID=message_id)
        self.expected.feedback.append(text)

    def other_mail(self, draw: Draw) -> None:
        """A mail that is none of our business, perhaps one that Sam has read."""
        sender = draw(st.sampled_from([ANA, BEN, "someone@example.com"]))
        message_id = self.world.write("Lunch?", to=SAM, sender=sender, subject=f"Lunch {self._number()}")
        uid, flags, raw = self.world.mail.messages()[-1]
        assert message_id.encode() in raw
        if draw(st.booleans()):
            self.world.mail.flag(uid, "\\Seen")
            flags |= {"\\Seen"}
        self.expected.foreign[message_id] = (flags, raw)

    def answer(self, draw: Draw) -> None:
        """Sam answers a note with a command."""
        notes = self.world.notes
        if notes:
            text = f"Question number {self._number()}?"
            self.expected.questions[self.world.reply(draw(st.sampled_from(notes)), f"ADD {text}")] = text

    # What we do about it, and what goes wrong with it.

    def whole(self, draw: Draw) -> None:
        """A pass after everything was mended."""
        self._mend()
        self._pass()

    def spoiled(self, draw: Draw) -> None:
        """A pass on a line that goes bad at some byte, and is mended behind it or not."""
        proxy = draw(st.sampled_from([self.imap, self.caldav]))
        proxy.spoil(Fault(draw(st.sampled_from(WAYS)), draw(st.sampled_from(KINDS)), draw(st.integers(0, 3000))))
        self._pass()
        if draw(st.booleans()):
            self._mend()

    def killed(self, draw: Draw) -> None:
        """A pass that dies at one of its steps or commits, and a new process after it."""
        try:
            tend(self.world.account, self.world.now, step=Steps(draw(st.integers(0, 60)), commits_of=self.world))
        except Killed:
            self.turns["killed"] += 1
        self.world.restart()

    def spoiled_and_killed(self, draw: Draw) -> None:
        """Both."""
        self.spoiled(draw)
        self.killed(draw)

    def away(self, draw: Draw) -> None:
        """A pass while a server is down."""
        draw(st.sampled_from([self.imap, self.caldav])).refuse()
        self._pass()
        self._mend()

    def _pass(self) -> None:
        self.world.now += timedelta(seconds=20)
        self.turns["passes"] += 1
        self.turns["failed"] += bool(tend(self.world.account, self.world.now).failures)

    def _mend(self) -> None:
        self.imap.heal()
        self.caldav.heal()

    # What must have come of it.

    def teardown(self) -> None:
        try:
            self._mend()
            self.world.restart()
            for _ in range(2):
                tend(self.world.account, self.world.now)  # a server may have to be connected to anew
            self.world.now += timedelta(minutes=65)  # by then a calendar that was emptied is believed
            self.world.tend()
            self.world.tend()
            self.expected.compare(self.world)
        finally:
            self.world.restart()
            self.turns["faults"] += self.imap.came + self.caldav.came
            self.imap.__exit__(None, None, None)
            self.caldav.__exit__(None, None, None)


@pytest.mark.slow
@pytest.mark.debian
@pytest.mark.timeout(1200)
def test_p01_p02_in_any_order_nothing_is_lost_or_comes_twice(
    dovecot: Mailserver, radicale: CalDavServer, tmp_path: Path
) -> None:
    def fresh() -> World:
        name = uuid.uuid4().hex[:10]
        state = tmp_path / name
        state.mkdir()
        dav = replace(radicale, calendar_url=radicale.make_calendar(name))
        return World(replace(dovecot, username=f"o{name}"), dav, state)

    turns: Counter[str] = Counter()
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        lambda: AnyOrder(fresh(), turns),
        settings=settings(
            max_examples=6,
            stateful_step_count=50,
            derandomize=True,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert turns["passes"] + turns["killed"] > 150
    assert turns["faults"] > 50
    assert turns["killed"] > 20
