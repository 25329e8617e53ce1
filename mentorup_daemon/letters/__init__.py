"""A due note and the records in, an email message out. Pure, but for reading template files.

Templates are sandboxed and bounded Jinja2; every word that is sent is in `templates/`, none in here. The few words of a
reminder in the calendar, which is no letter, are in `reminder`.
What is for a mentor is a draft of the owner's and carries no trace of us.
Imports records, and from rules what makes a good question and what else has come by now; where the bytes go is the
business of mailbox.
"""

from mentorup_daemon.letters.compose import Letter, compose
from mentorup_daemon.letters.digest import content_digest
from mentorup_daemon.letters.identity import message_id, reminder_uid
from mentorup_daemon.letters.occasion import DraftState, Occasion
from mentorup_daemon.letters.private import Private, PrivateLeak
from mentorup_daemon.letters.reminder import ReminderWords, reminder_words
from mentorup_daemon.letters.templates import Rendered, Templates

__all__ = [
    "DraftState",
    "Letter",
    "Occasion",
    "Private",
    "PrivateLeak",
    "ReminderWords",
    "Rendered",
    "Templates",
    "compose",
    "content_digest",
    "message_id",
    "reminder_uid",
    "reminder_words",
]
