"""The words of the field as frozen dataclasses.

Here lives what the program talks about: people, meetings, topics, feedback, what is due. Values only, no behaviour
beyond what follows from the value itself: no input or output, no clock, no library but the standard one.
Every other room imports from here; this room imports from none.
"""

from mentorup_daemon.records.due import Due, Entry, Lands, Mark, Outcome, Receipt, Snapshot, Trouble
from mentorup_daemon.records.growth import Candidate, Compact, FitAnswer, ProfileEntry, Request, Win, everyone
from mentorup_daemon.records.mail import Command, MessageHeaders, Understood
from mentorup_daemon.records.meetings import Meeting, Occurrence, Recognition, key_part
from mentorup_daemon.records.people import Mentor, Owner, PersonState, WorkingHours
from mentorup_daemon.records.practice import Practice, Tags
from mentorup_daemon.records.reminders import Reminder, WrittenReminder
from mentorup_daemon.records.work import ActionItem, Contact, Feedback, Goal, Note, Thanks, Topic

__all__ = [
    "ActionItem",
    "Candidate",
    "Command",
    "Compact",
    "Contact",
    "Due",
    "Entry",
    "Feedback",
    "FitAnswer",
    "Goal",
    "Lands",
    "Mark",
    "Meeting",
    "Mentor",
    "MessageHeaders",
    "Note",
    "Occurrence",
    "Outcome",
    "Owner",
    "PersonState",
    "Practice",
    "ProfileEntry",
    "Receipt",
    "Recognition",
    "Reminder",
    "Request",
    "Snapshot",
    "Tags",
    "Thanks",
    "Topic",
    "Trouble",
    "Understood",
    "Win",
    "WorkingHours",
    "WrittenReminder",
    "everyone",
    "key_part",
]
