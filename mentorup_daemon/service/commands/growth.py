"""The commands about what the owner learns: WIN, COMPACT, VALUE, STYLE, GAP."""

from __future__ import annotations

import re
from datetime import timedelta

from mentorup_daemon.letters.wording import listing
from mentorup_daemon.records import Command, Compact, Goal, ProfileEntry, Win
from mentorup_daemon.records.standing import standing_compact
from mentorup_daemon.replies.command_shapes import AGREED
from mentorup_daemon.rules.compact import EVERY
from mentorup_daemon.service.commands.about import About, Cannot, Line, in_full
from mentorup_daemon.store import work

_THANKS_TO = re.compile(r"\s(?:with\s)?thanks to\s", re.IGNORECASE)

_FIELDS = {
    "aims": "what it is for",
    "rhythm": "how often you meet",
    "drives": "who drives the content",
    "mine": "what you expect",
    "theirs": "what they expect",
    "ends": "when it should end",
}


def win(about: About, command: Command) -> list[Line]:
    """Good news, with whoever it is thanks to in its credit trail, else the note's person (T9)."""
    text, named = _thanks_to(about, command.text)
    credit = named or ((about.mentor,) if about.mentor is not None else ())
    kept = about.journal.add(Win(id=0, text=text, credit=credit, created_at=about.now))
    if not credit:
        whose = f"whose help is in it? DROP {kept.id} and write it again with: thanks to, and a name"
        return [("WIN", text, f"kept, number {kept.id}; {whose}")]
    resting = [one for one in credit if (state := about.state_of(one)) is not None and state.quiet_until > about.now]
    told = [about.name_of(one) for one in credit if one not in resting]
    if not told:
        names = listing([about.name_of(one) for one in resting])
        return [("WIN", text, f"kept, number {kept.id}; no draft to {names}, paused or closed")]
    draft = f"a few lines to {listing(told)}, whose help is in it, come into your Drafts on the next working morning"
    return [("WIN", text, f"kept, number {kept.id}; {draft}")]


def _thanks_to(about: About, text: str) -> tuple[str, tuple[str, ...]]:
    """The text without `thanks to Ana and Ben` at its end, and their ids; as it is where one of them isn't known."""
    last = next(reversed(list(_THANKS_TO.finditer(text))), None)
    if last is None or not last.start():
        return text, ()
    ids: list[str] = []
    for name in re.split(r",|\band\b|&", text[last.end() :]):
        wanted = " ".join(name.strip(" .").casefold().split())
        named = [
            one.id
            for one in about.people
            if wanted in (one.id.casefold(), one.name.casefold(), one.given_name.casefold())
        ]
        if wanted and len(named) != 1:
            return text, ()
        ids += named
    return text[: last.start()].rstrip(" ,;:."), tuple(dict.fromkeys(ids))


def compact(about: About, command: Command) -> list[Line]:
    """One field of what the owner and the note's person expect of each other, or that they agree on it (T4, C16)."""
    person = about.their_person("COMPACT")
    standing = standing_compact(work.items(about.scope, Compact), person.id)
    if command.text == AGREED:
        if standing is None:
            raise Cannot(f"nothing is written down with {person.given_name} yet; begin with COMPACT aims: and the text")
        return agree(about, standing)
    field, _, text = command.text.partition(": ")
    if standing is None:
        kept = about.journal.add(Compact(id=0, mentor=person.id, created_at=about.now))
        about.journal.change(Compact, kept.id, **{field: text})
    else:
        about.journal.change(Compact, standing.id, **{field: text})
    return [("COMPACT", text, f"{_FIELDS[field]}, kept for {person.given_name} and you")]


def agree(about: About, standing: Compact) -> list[Line]:
    """Both stand by the compact as it is."""
    about.journal.change(Compact, standing.id, agreed_at=about.now)
    again = in_full(about.local_date(about.now + timedelta(days=EVERY.days)))
    return [("COMPACT", f"agreed with {about.name_of(standing.mentor)}", f"I come back to it around {again}")]


def value(about: About, command: Command) -> list[Line]:
    """What the owner cares about (C1)."""
    kept = about.journal.add(ProfileEntry(id=0, kind="value", text=command.text, created_at=about.now))
    return [("VALUE", command.text, f"kept in your profile, number {kept.id}")]


def style(about: About, command: Command) -> list[Line]:
    """How the owner works best (C2)."""
    kept = about.journal.add(ProfileEntry(id=0, kind="style", text=command.text, created_at=about.now))
    return [("STYLE", command.text, f"kept in your profile, number {kept.id}")]


def gap(about: About, command: Command) -> list[Line]:
    """What the owner wants to get better at, which becomes a goal; or a new rating of what is on the list (C3)."""
    rating = command.number
    known = _gap_called(about, command.text)
    stands = f", where you see yourself at {rating} of 5" if rating else ""
    if known is not None:
        if rating is None:
            raise Cannot(
                f"that is on the list as number {known.id}; say where you stand, for example GAP {known.id} 3/5"
            )
        before = f"; it was {known.rating}" if known.rating else ""
        about.journal.change(ProfileEntry, known.id, rating=rating)
        return [("GAP", known.text, f"now at {rating} of 5{before}")]
    goal = about.journal.add(Goal(id=0, text=f"get better at {command.text}", created_at=about.now))
    kept = about.journal.add(
        ProfileEntry(id=0, kind="gap", text=command.text, rating=rating, goal=goal.id, created_at=about.now)
    )
    became = f"number {kept.id}{stands}; it is a goal now, number {goal.id}, without a date yet"
    return [("GAP", command.text, became)]


def _gap_called(about: About, text: str) -> ProfileEntry | None:
    """The gap with this number, or these very words."""
    gaps = [one for one in work.items(about.scope, ProfileEntry) if one.kind == "gap" and one.state == "kept"]
    bare = text.lstrip("#").strip()
    if bare.isdecimal():
        found = next((one for one in gaps if one.id == int(bare[:9])), None)
        if found is None:
            raise Cannot(f"no gap has the number {bare[:9]}; `mentorup profile` lists them")
        return found
    return next((one for one in gaps if one.text.casefold() == text.casefold()), None)
