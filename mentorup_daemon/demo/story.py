"""The story of Sam's December, from top to bottom: what MentorUp sees, writes and remembers, and what Sam does.

Each scene is one function, at one reading of the clock; `SCENES` puts them in order. What is shown is what lies in the
mailbox, the calendar and the store; a scene that doesn't find what it tells of fails rather than tell it all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from mentorup_daemon.demo import people
from mentorup_daemon.demo.people import ANA, BEN, at
from mentorup_daemon.demo.show import Show
from mentorup_daemon.demo.stage import Change, Mail, Stage
from mentorup_daemon.errors import MentorUpError
from mentorup_daemon.records import Feedback, Meeting
from mentorup_daemon.store import work


@dataclass(slots=True)
class Tale:
    """The stage, the teller, and what one scene leaves for a later one."""

    stage: Stage
    show: Show
    kept: dict[str, Mail] = field(default_factory=dict)

    def look(self) -> Change:
        """The service makes one pass."""
        with self.show.working("MentorUp looks at calendar and mail"):
            return self.stage.look()


def tell(stage: Stage, show: Show, days: int | None) -> None:
    """Lives the first `days` days of the story, all of them when None."""
    end = at(30, 11, "00:00") + timedelta(days=days) if days is not None else SCENES[-1][0] + timedelta(days=1)
    lived = [scene for scene in SCENES if scene[0] < end]
    tale = Tale(stage, show)
    for moment, headline, scene in lived:
        _until(tale, moment)
        stage.now = moment
        show.scene(moment, headline, len(lived))
        scene(tale)
    if len(lived) < len(SCENES):
        show.say(f"The story stops here; it goes on to {SCENES[-1][0].day} {SCENES[-1][0]:%B}.")


def _until(tale: Tale, moment: datetime) -> None:
    """Time goes by: MentorUp looks whenever something falls due, as the service does, and what came is told."""
    stage = tale.stage
    came: list[tuple[str, str, str]] = []
    while stage.next_look is not None and stage.next_look < moment:
        stage.now = max(stage.now, stage.next_look)
        when = f"{stage.now:%a} {stage.now.day} {stage.now:%b %H:%M}"
        came += [(when, _place(mail), str(mail.message["Subject"])) for mail in tale.look().came]
    if came:
        tale.show.table("In the meantime", ("", "where", "subject"), came)


def first_look(tale: Tale) -> None:
    """The calendar is read: what counts as a mentoring meeting, what doesn't."""
    stage, show = tale.stage, tale.show
    for event in people.CALENDAR:
        stage.put_event(event)
    stage.account.store.first_start(stage.now)
    with stage.account.store.writing() as scope:
        work.add(scope, people.GOAL)
        work.add(scope, people.TOPIC)
    show.say(
        f"Sam has told MentorUp one goal ({people.GOAL.text}, with Ana) and one question for Ben. "
        "Now MentorUp reads Sam's calendar for the first time."
    )
    change = tale.look()
    _show_calendar(tale)
    show.mail("In the inbox", change.note)


def two_days_before(tale: Tale) -> None:
    """The agenda: a note to Sam, a draft that isn't complete."""
    change = tale.look()
    tale.kept["ana's note"] = change.note
    tale.show.mail("In the inbox", change.note)
    tale.show.mail("In Drafts, unsent", change.draft)


def sam_adds(tale: Tale) -> None:
    """Sam answers the note; the draft is completed."""
    stage, show = tale.stage, tale.show
    answer = (
        "ADD K award: this cycle or next? I lean towards waiting for the revision. (decision, 15 min)\n"
        "ADD Aim 2: is the comparison too broad? (view, 15 min)\n"
    )
    stage.reply(tale.kept["ana's note"], answer)
    show.words("Sam replies from the phone", answer)
    change = tale.look()
    show.mail("In the inbox, one minute later", change.note)
    tale.kept["ana's draft"] = change.draft
    show.mail("In Drafts, in place of the first", tale.kept["ana's draft"])


def look_again(tale: Tale) -> None:
    """A second look changes nothing."""
    stage = tale.stage
    before = (stage.mailbox(), stage.calendar(), stage.records())
    tale.look()
    if (stage.mailbox(), stage.calendar(), stage.records()) != before:
        raise MentorUpError("A second look changed something, which it must not; please report this.")
    tale.show.say(
        f"MentorUp looks again. Nothing is new, so nothing changes: the same {len(before[0])} messages, the same "
        "calendar, the same records. However often it looks, and wherever it is interrupted, each note comes once."
    )


def sam_sends(tale: Tale) -> None:
    """Sam sends the draft."""
    sent = tale.kept["ana's mail"] = tale.stage.send(tale.kept["ana's draft"])
    tale.look()
    tale.show.say(
        f'Sam reads the draft once more and sends it: "{sent.message["Subject"]}" is out of Drafts and lies in Sent. '
        "Only Sam sends; MentorUp has no way to. It sees in Sent that the agenda went out."
    )


def ana_answers(tale: Tale) -> None:
    """What Ana answers is filed."""
    stage, show = tale.stage, tale.show
    mail = stage.answer(ANA, tale.kept["ana's mail"], people.ANA_ANSWERS, people.ANA_SIGNS)
    show.mail("In the inbox, from Ana", mail)
    tale.look()
    show.say("She answers a mail that began as a draft of MentorUp's, so her own words are filed:")
    _show_feedback(tale)


def after_ana(tale: Tale) -> None:
    """After the meeting Sam says what came of it; the thank-you names it."""
    stage, show = tale.stage, tale.show
    numbers = ", ".join(str(topic.id) for topic in stage.records().topics if topic.mentor == "ana")
    answer = (
        f"DONE {numbers}\n"
        "PLAN cut the second cohort from aim 2\n"
        "I PROMISED send the revised aim 2 by 11 December\n"
        "THANKS for the frank word on the second cohort\n"
    )
    stage.reply(tale.kept["ana's note"], answer)
    show.words("On the way out, Sam answers the same note once more", answer)
    change = tale.look()
    show.mail("In the inbox", change.note)
    show.mail("In Drafts, unsent", change.draft)


def before_ben(tale: Tale) -> None:
    """The next agenda, complete at once."""
    change = tale.look()
    agenda, week = change.notes
    tale.kept["ben's draft"] = change.draft
    tale.show.say("Ben is next. Sam's question for him was known from the start, so this draft is complete.")
    tale.show.mail("In the inbox", agenda)
    tale.show.mail("In the inbox, on Mondays", week)


def ben_moves(tale: Tale) -> None:
    """The meeting moves; note and draft follow."""
    stage, show = tale.stage, tale.show
    stage.put_event(replace(people.BEN_IN_DECEMBER, start=at(9, 12, "10:00")))
    change = tale.look()
    tale.kept["ben's note"] = change.note
    tale.kept["ben's draft"] = change.draft
    show.say("Ben can't make Tuesday; Sam drags the event to Wednesday at 10:00. Nobody had touched the draft:")
    moves = [("taken away", change.went), ("in its place", change.came)]
    rows = [(what, _place(mail), str(mail.message["Subject"])) for what, mails in moves for mail in mails]
    show.table("What became of note and draft", ("", "where", "subject"), rows)


def sam_edits(tale: Tale) -> None:
    """A draft that Sam has changed is Sam's."""
    stage, show = tale.stage, tale.show
    draft = tale.kept["ben's draft"]
    edited = stage.edit(draft, "Dear Ben,", "Hi Ben,\n\nthe coffee is on me this time.")
    show.mail("Sam changes the draft for Ben in the mail program", edited)
    stage.now = at(8, 12, "09:00")
    stage.put_event(replace(people.BEN_IN_DECEMBER, start=at(9, 12, "11:00")))
    change = tale.look()
    show.say("On Tuesday at 9:00 Ben asks for one hour later. The draft is Sam's by now:")
    show.mail("In the inbox", change.note)
    tale.kept["ben's note"] = change.note
    tale.kept["ben's draft"] = edited


def after_ben(tale: Tale) -> None:
    """Nothing concrete is known, so Sam is asked; THANKS makes the draft."""
    stage, show = tale.stage, tale.show
    change = tale.look()
    show.say("Of this meeting MentorUp knows nothing but that it took place. So it asks, and makes nothing up.")
    show.mail("In the inbox", change.note)
    records = stage.records()
    topics = [topic.id for topic in records.topics if topic.state == "open"]
    done = topics + [action.id for action in records.actions if action.state == "open"]
    answer = f"THANKS for the introduction to Kim\nDONE {', '.join(map(str, done))}\n"
    stage.now += timedelta(minutes=10)
    stage.reply(change.note, answer)
    show.words("Sam replies: the question is answered, and the revised aim 2 went to Ana", answer)
    change = tale.look()
    show.mail("In the inbox", change.note)
    show.mail("In Drafts, unsent", change.draft)


def ben_writes(tale: Tale) -> None:
    """Mail that isn't tagged is left alone; a tag files it."""
    stage, show = tale.stage, tale.show
    mail = stage.write(BEN, people.SAM, "one more thing", people.BEN_WRITES)
    tale.look()
    show.mail("In the inbox, from Ben", mail)
    if len(stage.records().feedback) != 1:
        raise MentorUpError("An untagged mail was filed, which must not be; please report this.")
    show.say(
        "Of such mail MentorUp reads no more than the headers. "
        "Sam wants to keep this one and drags it into the folder MentorUp/Feedback:"
    )
    stage.move(mail, "MentorUp/Feedback")
    tale.look()
    _show_feedback(tale)


def the_quarter(tale: Tale) -> None:
    """The quarterly check-in: one note, a draft for each mentor."""
    change = tale.look()
    tale.show.mail("In the inbox", change.note)
    for draft in change.drafts:
        tale.show.mail("In Drafts, unsent", draft)


Scene = Callable[[Tale], None]

SCENES: tuple[tuple[datetime, str, Scene], ...] = (
    (at(30, 11, "09:00"), "MentorUp reads the calendar", first_look),
    (at(1, 12, "14:00"), "two days before Ana", two_days_before),
    (at(1, 12, "14:20"), "Sam adds two questions", sam_adds),
    (at(1, 12, "14:25"), "nothing new", look_again),
    (at(1, 12, "14:40"), "Sam sends the draft", sam_sends),
    (at(2, 12, "09:10"), "Ana answers", ana_answers),
    (at(3, 12, "15:05"), "after the meeting with Ana", after_ana),
    (at(7, 12, "08:00"), "before Ben", before_ben),
    (at(7, 12, "10:15"), "the meeting moves", ben_moves),
    (at(7, 12, "16:00"), "Sam changes a draft, the meeting moves again", sam_edits),
    (at(9, 12, "17:00"), "after the meeting with Ben", after_ben),
    (at(10, 12, "11:30"), "Ben writes unasked", ben_writes),
    (at(1, 1, "09:00"), "a new quarter", the_quarter),
)


def _show_calendar(tale: Tale) -> None:
    """Every event, and why it counts or doesn't."""
    records = tale.stage.records()
    rows = []
    for event in sorted(people.CALENDAR, key=lambda each: (each.counts_not != "", each.start)):
        found = [meeting for meeting in records.meetings if meeting.uid == event.uid and meeting.on]
        if bool(found) == bool(event.counts_not):
            raise MentorUpError(f"{event.title!r} was not understood as the story says; please report this.")
        when = f"{event.start:%a} {event.start.day} {event.start:%b %H:%M}"
        rows.append((when, event.title, f"yes: {_why(found[0])}" if found else f"no: {event.counts_not}"))
    tale.show.table("What stands in the calendar", ("when", "event", "a mentoring meeting?"), rows)
    more = len([meeting for meeting in records.meetings if meeting.uid == "ana-monthly"]) - 1
    tale.show.say(f"Ana's meeting comes back every month: {more} more of it are in sight.")


def _why(meeting: Meeting) -> str:
    return {
        "attendee": "a mentor of Sam's takes part",
        "category": "its category says so, its title names Ben",
        "title": "its title says so, and names Ben",
    }[meeting.recognised_by]


def _place(mail: Mail) -> str:
    return "the inbox" if mail.folder == "INBOX" else mail.folder


def _show_feedback(tale: Tale) -> None:
    """What was filed last, from the store."""
    records = tale.stage.records()
    filed: Feedback = records.feedback[-1]
    person, meeting = records.person(filed.mentor), records.meeting(filed.meeting or "")
    met = f"{meeting.title}, {meeting.start.astimezone(people.ZONE):%a %d %b}" if meeting else "none"
    source = {"reply": "a reply to an agenda that Sam sent", "folder": "the folder that Sam dragged it into"}
    tale.show.facts(
        f"Filed as feedback, number {filed.id}",
        (
            ("from", person.name if person else "nobody of Sam's people"),
            ("words", filed.text),
            ("source", source.get(filed.source, filed.source)),
            ("meeting", met),
            ("original", f"mail/{filed.original}"),
        ),
    )
