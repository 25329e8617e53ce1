"""The commands of a reply, each a short function: what it does to the records, and what the receipt says of it.

A command gets what it is about (`about.py`) and itself, changes records through the journal only, so that UNDO can take
it back, and returns lines for the receipt; or it raises `Cannot` with how to mend the line.
"""

from __future__ import annotations

from collections.abc import Callable

from mentorup_daemon.records import Command
from mentorup_daemon.service.commands.about import About, Cannot, Line
from mentorup_daemon.service.commands.candidate import candidate, fit, helped, recommended
from mentorup_daemon.service.commands.growth import compact, gap, style, value, win
from mentorup_daemon.service.commands.note import explain, list_commands, list_pending, skip, snooze, undo
from mentorup_daemon.service.commands.person import close, pause, resume
from mentorup_daemon.service.commands.work import (
    add,
    done,
    drop,
    heard,
    i_promised,
    letter,
    move,
    name_mentor,
    next_meeting,
    plan,
    talked,
    thanks,
    they_promised,
)

__all__ = ["COMMANDS", "About", "Cannot", "Line"]

COMMANDS: dict[str, Callable[[About, Command], list[Line]]] = {
    "ADD": add,
    "DONE": done,
    "DROP": drop,
    "MOVE": move,
    "SNOOZE": snooze,
    "SKIP": skip,
    "PLAN": plan,
    "THANKS": thanks,
    "HEARD": heard,
    "I PROMISED": i_promised,
    "THEY PROMISED": they_promised,
    "TALKED": talked,
    "NEXT": next_meeting,
    "LETTER": letter,
    "WIN": win,
    "COMPACT": compact,
    "VALUE": value,
    "STYLE": style,
    "GAP": gap,
    "CANDIDATE": candidate,
    "RECOMMENDED": recommended,
    "HELPED": helped,
    "FIT": fit,
    "MENTOR": name_mentor,
    "PAUSE": pause,
    "RESUME": resume,
    "CLOSE": close,
    "PENDING": list_pending,
    "WHY": explain,
    "UNDO": undo,
    "HELP": list_commands,
}
