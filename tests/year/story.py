"""What happens in Sam's 2027, in order. What MentorUp makes of it is the transcript.

Ana is met weekly, Ruth four times a year, Ben as a peer, Mia as Sam's mentee, Otto until June, and Kim turns up in
April. There are holidays, an outage of two weeks in August, and both changes of the clocks.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from mentorup_daemon.records import Goal
from mentorup_daemon.store import work
from tests.year.cast import ANA, BEN, KIM, MIA, OTTO, RUTH, at, moved, series
from tests.year.life import Happening, Life

WEEKLY = series(
    "ana-weekly",
    "Ana and Sam",
    ANA,
    at(1, 7, 14),
    30,
    "FREQ=WEEKLY;BYDAY=TH;UNTIL=20271217T000000Z",
    "EXDATE;TZID=America/Los_Angeles:20271125T140000",
)
WITH_BEN = series("ben-monthly", "Coffee with Ben", BEN, at(1, 12, 12), 45, "FREQ=MONTHLY;BYDAY=2TU;COUNT=11")
WITH_OTTO = series("otto", "Otto", OTTO, at(1, 20, 10), 45, "FREQ=MONTHLY;INTERVAL=2;BYDAY=3WE;COUNT=6")
WITH_MIA = series("mia", "Mia and Sam", MIA, at(2, 3, 16), 30, "FREQ=MONTHLY;BYDAY=1WE;COUNT=10")

WEEKLY_MOVED = moved(WEEKLY, "ana-weekly", "Ana and Sam", ANA, at(3, 11, 14), at(3, 12, 9), 30)
WEEKLY_OFF = WEEKLY_MOVED.replace("20271125T140000", "20271125T140000,20270902T140000")
WITH_RUTH = series("ruth-spring", "Ruth, by video", RUTH, at(2, 17, 9), 60, "")
RUTH_SHORT = series("ruth-short", "Ruth, a quarter of an hour", RUTH, at(5, 20, 10), 15, "")
RUTH_AUTUMN = series("ruth-autumn", "Ruth, by video", RUTH, at(11, 8, 9), 60, "")
WITH_KIM = series("kim-intro", "Kim Lee, a first talk", KIM, at(5, 12, 11), 30, "")

OUTAGE = (at(8, 1, 12), at(8, 15, 12))

AIM_1 = "ADD Aim 1 of the K award: is the comparison too broad? I'd cut the second cohort. (decision, 15 min)"
CUT_IT = "Cut the second cohort, you can't power it. And bring the reviewers' comments on Thursday."
READ_FUNDED = "HEARD read one grant a week that was funded\nI PROMISED the revised aim 1 by 29 January"
THIRD_COMMITTEE = "ADD How do I say no to a third committee? I'd ask what it would replace. (view, 20 min)"
ONE_THING = "HEARD say yes to one thing a year, and say it in January\nPLAN write down my one thing by Friday"
HAVE_YOU_MET_KIM = "Have you met Kim Lee? She did what you plan to do."
PROFILE = "VALUE honest numbers\nSTYLE I think best in writing, before noon\nGAP saying no 2/5"
COMPACT = "COMPACT aims: a K award by October\nCOMPACT drives: Sam, with an agenda two days ahead\nCOMPACT agreed"
KIM_LEE = f"CANDIDATE Kim Lee <{KIM}> for the cohort study she ran"
NOT_READY = "The talk wasn't ready, and people noticed. You lost them in the first five minutes."


def year() -> Iterator[tuple[datetime, Happening]]:
    """Every happening with its moment, in order."""
    yield at(1, 4, 10), starts
    yield from _winter()
    yield from _spring()
    yield from _summer()
    yield OUTAGE[1], back_again
    yield from _autumn()
    yield at(12, 31, 23, 30), lambda life: life.happens("The year ends.")


def _winter() -> Iterator[tuple[datetime, Happening]]:
    """Ana's weekly meetings begin, the profile is written, Ruth is met in February."""
    yield at(1, 5, 15), answers("Ana on Thursday", AIM_1)
    yield at(1, 6, 10), sends("Aim 1")
    yield at(1, 6, 18), hears("Ana Ortiz", ANA, CUT_IT, about="Aim 1")
    yield at(1, 7, 15), answers("What Ana wrote", "PLAN rewrite aim 1 with one cohort by 22 January")
    yield at(1, 7, 18), sends("Thank you for Thursday")
    yield at(1, 11, 12), answers("A few lines about you", PROFILE)
    yield at(1, 14, 18), answers("Ana today", READ_FUNDED)
    yield at(1, 19, 8, 30), answers("Ana on Thursday", "SKIP")
    yield at(1, 28, 16), answers("Ana today", "WIN aim 1 is through the internal review\nDONE {revised aim 1}")
    yield at(2, 1, 10), plans("Sam books the talk with Ruth.", "ruth-spring", WITH_RUTH)
    yield at(2, 12, 12), answers("Ruth on Wednesday", THIRD_COMMITTEE)
    yield at(2, 16, 10), sends("How do I say no")
    yield at(2, 17, 17, 30), answers("Ruth today", ONE_THING)
    yield at(2, 18, 9), sends("Thank you for Wednesday")
    yield at(3, 9, 10), plans("Ana travels: 11 March moves to Friday the 12th, 9:00.", "ana-weekly", WEEKLY_MOVED)


def _spring() -> Iterator[tuple[datetime, Happening]]:
    """Kim turns up; Ben is paused; a meeting is booked for tomorrow."""
    yield at(4, 6, 10), answers("Ana and you", COMPACT)
    yield at(4, 6, 11), hears("Ben Lindqvist", BEN, HAVE_YOU_MET_KIM, subject="Your plan #feedback")
    yield at(4, 7, 12), answers("What Ben wrote", KIM_LEE)
    yield at(4, 20, 9), plans("Kim has time on 12 May.", "kim-intro", WITH_KIM)
    yield at(5, 3, 10), answers("Your week", "PAUSE ben until 7 June")
    yield at(5, 13, 17, 30), answers("Kim", "FIT 1 an hour every two months\nFIT 4 two doctoral students so far")
    yield at(5, 19, 18), answers("Otto today", "THANKS for the introduction to the chair")
    yield at(5, 19, 18, 30), plans("Ruth finds a quarter of an hour for tomorrow.", "ruth-short", RUTH_SHORT)


def _summer() -> Iterator[tuple[datetime, Happening]]:
    """Otto is closed; the machine is off for two weeks."""
    yield at(6, 21, 12), answers("Your week", "CLOSE otto")
    yield at(6, 23, 9), sends("Thank you, and how to stay in touch")


def _autumn() -> Iterator[tuple[datetime, Happening]]:
    """A hard word from Ruth, a meeting that is off, a goal that is reached, a letter."""
    yield at(9, 1, 9), plans("Ana is ill: 2 September is off.", "ana-weekly", WEEKLY_OFF)
    yield at(9, 6, 12), plans("Sam books the autumn with Ruth.", "ruth-autumn", RUTH_AUTUMN)
    yield at(9, 14, 20), hears("Ruth Adeyemi", RUTH, NOT_READY, subject="Your talk #feedback #sting")
    yield at(9, 17, 12), answers("What Ruth wrote", "PLAN rehearse the first five minutes with Ben by 1 October")
    yield at(10, 5, 15), answers("Ana", "DONE {Submit the K award}")
    yield at(10, 12, 15), answers("Ana", "LETTER")


def starts(life: Life) -> None:
    """Sam sets MentorUp up on the first Monday of the year."""
    life.happens("Sam starts MentorUp, with one goal: Submit the K award, by 12 October.")
    for uid, text in (("ana-weekly", WEEKLY), ("ben-monthly", WITH_BEN), ("otto", WITH_OTTO), ("mia", WITH_MIA)):
        life.world.dav.put_event(uid, text)
    store = life.world.account.store
    store.first_start(life.now)
    with store.writing() as scope:
        work.add(
            scope, Goal(id=0, text="Submit the K award", mentor="ana", due=date(2027, 10, 12), created_at=life.now)
        )
    life.look()


def back_again(life: Life) -> None:
    """The machine was off for two weeks."""
    life.happens("The machine that MentorUp runs on was off since Sunday 1 August.")
    life.look()


def answers(subject: str, text: str) -> Happening:
    """Sam replies to the latest note with this in its subject; `{words}` stands for the number of what has them."""
    return lambda life: life.answers(subject, text)


def sends(subject: str) -> Happening:
    """Sam sends the draft with this in its subject."""
    return lambda life: life.sends(subject)


def hears(name: str, address: str, text: str, *, about: str = "", subject: str = "") -> Happening:
    """Somebody writes to Sam."""
    return lambda life: life.hears(name, address, text, about=about, subject=subject)


def plans(what: str, uid: str, text: str) -> Happening:
    """Sam's calendar changes."""
    return lambda life: life.plans(what, uid, text)
